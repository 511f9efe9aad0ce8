//! Everything that is written to the two standard streams. A reader that went away is no error; nothing here panics.

use std::io::{self, Write};

use crate::failure::Failure;

/// Writes a whole text to standard output.
///
/// # Errors
/// When it could not be written, unless the reader has gone.
pub(crate) fn out(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        // Whoever closed the pipe has read enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes lines to standard output, each with what is not printable made visible.
///
/// # Errors
/// As [`out`].
pub(crate) fn lines(lines: &[String]) -> Result<(), Failure> {
    out(&lines.iter().map(|line| visible(line) + "\n").collect::<String>())
}

/// One line to standard error, with what is not printable made visible. A closed stderr is nobody to tell.
pub(crate) fn say(line: &str) {
    let _ = io::stderr().lock().write_all((visible(line) + "\n").as_bytes());
}

/// A text of the parser's to standard error, as it is: it has lines and colours of its own.
pub(crate) fn complain(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// As [`visible`], line by line.
pub(crate) fn visible_lines(text: &str) -> String {
    text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}

/// The text with control characters written as escapes: names of files must not move a terminal's cursor.
fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_control() {
            visible.extend(char.escape_default());
        } else {
            visible.push(char);
        }
    }
    visible
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_visible_and_others_stay() {
        assert_eq!(visible("é 名 a\\b"), "é 名 a\\b");
        assert_eq!(visible("a\nb\t\u{1b}[2J\u{9b}"), r"a\nb\t\u{1b}[2J\u{9b}");
    }
}
