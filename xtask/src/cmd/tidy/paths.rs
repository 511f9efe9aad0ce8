//! Rust paths: which module a file is, and which modules of its own crate its code names.

use std::collections::BTreeSet;

use super::lex;
use super::tree::Tree;

/// A top-level module named at a byte offset; an item of the crate's root stands under its own name.
#[derive(Debug, PartialEq)]
pub(super) struct Target {
    pub(super) module: String,
    pub(super) at: usize,
}

/// The module path of a file below `src/`; None for roots and binaries, which may use all.
pub(super) fn module_of(below_src: &str) -> Option<Vec<String>> {
    let path = below_src.strip_suffix(".rs")?;
    if matches!(path, "lib" | "main") || path.starts_with("bin/") {
        return None;
    }
    Some(path.split('/').map(str::to_owned).collect())
}

/// What `crate::` and `super::` lead to in the code of `module`.
pub(super) fn crate_paths(code: &str, module: &[String]) -> Vec<Target> {
    let inline = inline_modules(code);
    let mut found = Vec::new();
    for start in path_starts(code) {
        let inner = inline.iter().filter(|(from, to, _)| (*from..*to).contains(&start));
        let here: Vec<String> =
            module.iter().cloned().chain(inner.map(|(_, _, name)| name.clone())).collect();
        follow(code, start, here, &mut found);
    }
    found.sort_by_key(|target| target.at);
    found
}

/// Offsets of paths that begin with a keyword; a keyword behind `::` belongs to a path already met.
fn path_starts(code: &str) -> Vec<usize> {
    let offsets = ["crate", "super", "self"].map(|word| (word, lex::find_words(code, word)));
    let begins =
        |word: &str, at: usize| code[at + word.len()..].starts_with("::") && !code[..at].ends_with("::");
    offsets.iter().flat_map(|(word, all)| all.iter().copied().filter(|&at| begins(word, at))).collect()
}

/// Walks one path from `at`, `here` being the module it is relative to.
fn follow(code: &str, at: usize, mut here: Vec<String>, found: &mut Vec<Target>) {
    let rest = &code[at..];
    let word = lex::leading_word(rest);
    let next = at + word.len();
    match word {
        "crate" => here.clear(),
        "super" => drop(here.pop()),
        "self" if code[next..].starts_with("::") => {}
        "" if rest.starts_with('{') => {
            return elements(code, at)
                .into_iter()
                .for_each(|element| follow(code, element, here.clone(), found));
        }
        // `::*`, a name, or the `self` of a group.
        _ => {
            let last = if word.is_empty() { rest.chars().take(1).collect() } else { word.to_owned() };
            let module = here.first().cloned().unwrap_or(last);
            return found.push(Target { module, at });
        }
    }
    if code[next..].starts_with("::") {
        follow(code, next + 2, here, found);
    }
}

/// Offsets at which the elements of the group at `open` begin.
fn elements(code: &str, open: usize) -> Vec<usize> {
    let close = lex::closing(code, open);
    let mut starts = Vec::new();
    let mut at = open + 1;
    let mut expected = true;
    while at < close {
        let char = code[at..].chars().next().unwrap_or(' ');
        if expected && !char.is_whitespace() {
            starts.push(at);
            expected = false;
        }
        match char {
            '{' => at = lex::closing(code, at),
            ',' => expected = true,
            _ => {}
        }
        at += char.len_utf8();
    }
    starts
}

/// `mod name { … }`: where the body begins and ends, and the name; outer ones first.
fn inline_modules(code: &str) -> Vec<(usize, usize, String)> {
    let body = |(at, name): (usize, &str)| {
        let open = at + code[at..].find('{').filter(|&open| code[at..at + open].trim().is_empty())?;
        Some((open, lex::closing(code, open), name.to_owned()))
    };
    named_modules(code).into_iter().filter_map(body).collect()
}

/// Offset behind the name, and the name, of every `mod name`.
fn named_modules(code: &str) -> Vec<(usize, &str)> {
    let named = |at: usize| {
        let rest = &code[at + "mod".len()..];
        let name = lex::leading_word(rest.trim_start());
        (at + "mod".len() + (rest.len() - rest.trim_start().len()) + name.len(), name)
    };
    lex::find_words(code, "mod").into_iter().map(named).collect()
}

/// Files that a parent declares by `#[cfg(test)] mod name;`.
pub(super) fn files_for_tests_only(tree: &Tree) -> BTreeSet<String> {
    let mut exempt = BTreeSet::new();
    for file in tree.rust() {
        let kept = declared(&file.product);
        let folder = match file.path.strip_suffix(".rs").unwrap_or_default() {
            root if root.ends_with("/lib") || root.ends_with("/main") => {
                &root[..root.rfind('/').unwrap_or(0)]
            }
            module => module,
        };
        exempt.extend(declared(&file.code).difference(&kept).map(|name| format!("{folder}/{name}.rs")));
    }
    exempt
}

fn declared(code: &str) -> BTreeSet<&str> {
    let declarations = named_modules(code).into_iter().filter(|(at, _)| code[*at..].starts_with(';'));
    declarations.map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modules(code: &str, module: &[&str]) -> Vec<String> {
        let module: Vec<_> = module.iter().map(|&part| part.to_owned()).collect();
        crate_paths(code, &module).into_iter().map(|target| target.module).collect()
    }

    #[test]
    fn groups_renames_and_globs_are_followed() {
        let code = "use crate::{a::{b, c}, d as e, f::*};\nuse {crate::g, std::h};\nfn i(x: crate::j::K) {}";
        assert_eq!(modules(code, &["m"]), ["a", "d", "f", "g", "j"]);
        assert_eq!(modules("use crate::*; use crate::{self};", &["m"]), ["*", "self"]);
    }

    #[test]
    fn super_counts_inline_modules() {
        assert_eq!(modules("mod t { use super::a; }", &["m"]), ["m"]);
        assert_eq!(modules("mod t { use super::super::a; } use super::b;", &["m"]), ["a", "b"]);
        assert_eq!(modules("use super::{a, b}; use self::super::super::c;", &["m", "n"]), ["m", "m", "c"]);
    }

    #[test]
    fn visibility_is_no_path() {
        assert_eq!(
            modules("pub(crate) fn f(self) { self.x } pub(super) mod a;", &["m"]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn roots_and_binaries_are_no_modules() {
        assert_eq!(module_of("lib.rs"), None);
        assert_eq!(module_of("bin/orbit/args.rs"), None);
        assert_eq!(module_of("a/b.rs"), Some(vec!["a".to_owned(), "b".to_owned()]));
    }
}
