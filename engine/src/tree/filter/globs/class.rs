//! Classes of a pattern, written out so that none of them matches a slash or a part of a character. The crate that
//! matches lets a class cross slashes, and takes a character of several bytes for several members.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::Chars;

/// The pattern with each class replaced by one of single ASCII members without `/`. What is not closed stays as it is.
///
/// # Errors
/// Why a class means nothing.
pub(super) fn narrowed(pattern: &str) -> Result<String, String> {
    let mut narrowed = String::with_capacity(pattern.len());
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => narrowed.extend(std::iter::once('\\').chain(characters.next())),
            '[' => narrowed.push_str(&class(&mut characters)?),
            other => narrowed.push(other),
        }
    }
    Ok(narrowed)
}

/// The class whose `[` was read.
fn class(characters: &mut Peekable<Chars<'_>>) -> Result<String, String> {
    let is_negated = characters.next_if(|next| matches!(next, '!' | '^')).is_some();
    // In the first place it is a member.
    let mut text: Vec<char> = characters.next_if_eq(&']').into_iter().collect();
    loop {
        match characters.next() {
            None => return Err("a `[` is not closed; `[[]` matches one".to_owned()),
            Some(']') => break,
            Some(member) => text.push(member),
        }
    }
    let mut members = members(&text)?;
    if is_negated {
        members.insert('/');
    } else if members.remove(&'/') && members.is_empty() {
        return Err("no name has a `/`".to_owned());
    }
    Ok(written(&members, is_negated))
}

/// Every character that the text between the brackets means.
fn members(text: &[char]) -> Result<BTreeSet<char>, String> {
    if !text.iter().all(char::is_ascii) {
        return Err("between `[` and `]` stand ASCII characters, as names are bytes; use {…,…}".to_owned());
    }
    let mut members = BTreeSet::new();
    let mut rest = text;
    while let [first, behind @ ..] = rest {
        if let ['-', last, behind @ ..] = behind {
            if first > last {
                return Err(format!("nothing lies between `{first}` and `{last}`"));
            }
            members.extend(*first..=*last);
            rest = behind;
        } else {
            members.insert(*first);
            rest = behind;
        }
    }
    Ok(members)
}

/// The class with those members at its ends that mean something else at others.
fn written(members: &BTreeSet<char>, is_negated: bool) -> String {
    let at_ends = |member: &char| matches!(member, ']' | '!' | '^' | '-');
    let mut class = String::from(if is_negated { "[!" } else { "[" });
    class.extend(members.get(&']'));
    class.extend(members.iter().filter(|member| !at_ends(member)));
    class.extend(members.get(&'^').into_iter().chain(members.get(&'!')).chain(members.get(&'-')));
    class.push(']');
    class
}
