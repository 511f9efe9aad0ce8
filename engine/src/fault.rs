//! Where a file that people write is at fault: path, line, key and the nearest valid key, in one printable line.

use std::fmt;
use std::path::{Path, PathBuf};

/// Why a file was not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    path: PathBuf,
    line: Option<usize>,
    message: String,
}

/// The longest message: what a file holds may be of any length.
const LONGEST: usize = 500;

/// What a file says, as a part of one printable line.
pub(crate) fn line(text: &str) -> String {
    let mut chars = text.chars().map(|char| if char.is_control() { ' ' } else { char });
    let mut line: String = chars.by_ref().take(LONGEST).collect();
    if chars.next().is_some() {
        line.push('…');
    }
    line
}

impl Fault {
    /// An error in one printable line, whatever the file made of the message.
    pub(crate) fn new(path: &Path, line: Option<usize>, message: &str) -> Self {
        Self { path: path.into(), line, message: self::line(message) }
    }

    /// An error at a byte of the text.
    pub(crate) fn at(path: &Path, text: &str, byte: usize, message: &str) -> Self {
        Self::new(path, Some(1 + text[..byte].matches('\n').count()), message)
    }

    pub(crate) fn in_text(path: &Path, text: &str, error: &toml::de::Error) -> Self {
        let unknown = unknown_key(error.message());
        let message = unknown.as_deref().unwrap_or(error.message());
        let Some(span) = error.span() else { return Self::new(path, None, message) };
        match key_of_value(text, span.start) {
            Some(key) if !message.contains(&format!("`{key}`")) => {
                Self::at(path, text, span.start, &format!("{key}: {message}"))
            }
            _ => Self::at(path, text, span.start, message),
        }
    }
}

/// An unknown key with the valid one that is nearest, or with all of them where none is near. Serde words it
/// "unknown field `a`, expected one of `b`, `c`"; tests pin that.
fn unknown_key(message: &str) -> Option<String> {
    let (unknown, valid) = message.strip_prefix("unknown field `")?.rsplit_once("`, expected ")?;
    let names = valid.split('`').skip(1).step_by(2);
    let nearest = names
        .map(|name| (strsim::damerau_levenshtein(unknown, name), name))
        .min()
        .filter(|(distance, name)| *distance <= name.len().max(3) / 2);
    Some(match nearest {
        Some((_, name)) => format!("unknown key `{unknown}`; did you mean `{name}`?"),
        None => format!("unknown key `{unknown}`; write {valid}"),
    })
}

/// The key whose value is at fault at `at`: the one directly before, since toml's spans cover the value alone, or the
/// one that begins the line of a value which is no TOML. Of a dotted key the part that is known; none where there is no
/// plain key.
fn key_of_value(text: &str, at: usize) -> Option<&str> {
    let is_part = |char: char| char.is_ascii_alphanumeric() || "_-".contains(char);
    let is_quote = |char: char| "\"'".contains(char);
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line = &text[start..at];
    let key = match line.trim_end().strip_suffix('=') {
        Some(before) => before.trim_end().trim_end_matches(is_quote).rsplit(|char| !is_part(char)).next()?,
        // At a key itself (one that is there twice, or has parts) nothing stands before.
        None if line.trim().is_empty() => text[at..].lines().next()?.split_once('=')?.0.split('.').next()?,
        None => line.split_once('=')?.0,
    };
    let key = key.trim().trim_matches(is_quote);
    (!key.is_empty() && key.chars().all(is_part)).then_some(key)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path.display().to_string().replace(char::is_control, " "))?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.message)
    }
}
