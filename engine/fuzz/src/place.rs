//! What holds of every error of a reader of files, in assertions.

/// `PATH: message` or `PATH:LINE: message`, in one line, LINE being one of the text's. Always false, for a text that is
/// refused.
///
/// # Panics
/// When it is something else.
pub(crate) fn has_place(path: &str, text: &str, error: &str) -> bool {
    let rest = error.strip_prefix(path).unwrap_or_else(|| panic!("the path is not named: {error:?}"));
    let (line, message) = rest.split_once(": ").unwrap_or_else(|| panic!("no message: {error:?}"));
    if let Some(line) = line.strip_prefix(':') {
        let line: usize = line.parse().unwrap_or_else(|_| panic!("no line number: {error:?}"));
        assert!((1..=1 + text.matches('\n').count()).contains(&line), "no line of the text: {error:?}");
    } else {
        assert_eq!(line, "", "{error:?}");
    }
    assert!(!message.trim().is_empty(), "{error:?}");
    assert!(!error.contains(char::is_control), "not one printable line: {error:?}");
    false
}
