//! Paths of any length, and names that look like those of files and are none.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::windows::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf, Prefix};

use super::super::At;

/// Calls take paths up to 259 units, and directories need room for a short name; the standard library begins here too.
const LONG: usize = 247;

impl At<'_> {
    /// The whole path. As the system does it, `..` is taken from the text and not from what stands there.
    pub(super) fn whole(self) -> PathBuf {
        let Some(directory) = self.directory.path() else { return self.path.to_path_buf() };
        if self.path == Path::new("..") {
            return above(directory);
        }
        if self.path == Path::new(".") { directory.to_path_buf() } else { directory.join(self.path) }
    }

    /// The whole path of what is to be written; an error where its name is that of no file.
    pub(super) fn writable(self) -> io::Result<PathBuf> {
        let path = self.whole();
        let name = path.file_name().unwrap_or_default();
        match why_no_file(name).filter(|_| !is_verbatim(&path)) {
            None => Ok(path),
            Some(why) => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("`{}` names no file: {why}; choose another name", name.to_string_lossy()),
            )),
        }
    }
}

fn above(directory: &Path) -> PathBuf {
    match directory.components().next_back() {
        Some(Component::Normal(_)) => match directory.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
            _ => PathBuf::from("."),
        },
        Some(Component::RootDir | Component::Prefix(_)) => directory.to_path_buf(),
        _ => directory.join(".."),
    }
}

fn prefix(path: &Path) -> Option<Prefix<'_>> {
    match path.components().next() {
        Some(Component::Prefix(prefix)) => Some(prefix.kind()),
        _ => None,
    }
}

/// Whether the system takes the path as it is, without looking for special names in it.
fn is_verbatim(path: &Path) -> bool {
    prefix(path).is_some_and(|prefix| prefix.is_verbatim())
}

/// The path in a form that may have any length, where it needs that.
pub(super) fn long(path: &Path) -> io::Result<PathBuf> {
    if is_verbatim(path) {
        return Ok(path.to_path_buf());
    }
    let whole = std::path::absolute(path)?;
    if whole.as_os_str().encode_wide().count() < LONG {
        return Ok(path.to_path_buf());
    }
    let (begin, skipped) = match prefix(&whole) {
        Some(Prefix::Disk(_)) => (r"\\?\", 0),
        Some(Prefix::UNC(..)) => (r"\\?\UNC\", 2),
        _ => return Ok(path.to_path_buf()),
    };
    let mut units: Vec<u16> = OsStr::new(begin).encode_wide().collect();
    units.extend(whole.as_os_str().encode_wide().skip(skipped));
    Ok(OsString::from_wide(&units).into())
}

/// Names of devices, in every directory and whatever follows behind a dot.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// Why a file cannot have this name.
fn why_no_file(name: &OsStr) -> Option<&'static str> {
    let name = name.to_string_lossy();
    if name.is_empty() {
        return None;
    }
    let stem = name.split('.').next().unwrap_or_default().trim_end_matches(' ').to_ascii_uppercase();
    let is_port = ["COM", "LPT"].iter().any(|port| {
        let number = stem.strip_prefix(port).map(|rest| rest.chars().collect::<Vec<_>>());
        matches!(number.as_deref(), Some(['1'..='9' | '¹' | '²' | '³']))
    });
    if is_port || DEVICES.contains(&&*stem) {
        return Some("Windows keeps it for a device");
    }
    if name.contains(':') {
        return Some("a colon separates the name of an alternate stream");
    }
    if name.ends_with(['.', ' ']) {
        return Some("Windows drops the dot or space at its end");
    }
    let is_forbidden = |letter: char| letter < ' ' || r#"<>"/\|?*"#.contains(letter);
    name.contains(is_forbidden).then_some("it has a character that Windows forbids in names")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_devices_streams_and_wildcards_are_no_files() {
        for name in [
            "NUL",
            "nul",
            "con.txt",
            "Aux.tar.gz",
            "COM1",
            "lpt9.log",
            "COM\u{b2}",
            "nul ",
            "nul .txt",
            "CONIN$",
            "file:stream",
            "file.",
            "file ",
            "a<b",
            "a?b",
            "a\u{1}b",
        ] {
            assert!(why_no_file(OsStr::new(name)).is_some(), "{name:?}");
        }
        for name in
            ["null", "COM0", "COM10", "LPT", "console.txt", ".nul", "a.nul", ".a.orbit-0123", "é", "..."]
        {
            let expected = name.ends_with('.');
            assert_eq!(why_no_file(OsStr::new(name)).is_some(), expected, "{name:?}");
        }
    }

    #[test]
    fn long_paths_get_the_form_that_may_have_any_length() {
        let name = "x".repeat(200);
        let disk = format!(r"C:\{name}\{name}");
        assert_eq!(long(Path::new(&disk)).unwrap(), Path::new(&format!(r"\\?\{disk}")));
        let share = format!(r"\\server\share\{name}\{name}");
        assert_eq!(
            long(Path::new(&share)).unwrap(),
            Path::new(&format!(r"\\?\UNC\server\share\{name}\{name}"))
        );
        let verbatim = format!(r"\\?\C:\{name}\{name}");
        assert_eq!(long(Path::new(&verbatim)).unwrap(), Path::new(&verbatim));
        assert_eq!(long(Path::new(r"C:\short")).unwrap(), Path::new(r"C:\short"));
    }

    #[test]
    fn what_is_above_is_found_in_the_text() {
        for (directory, expected) in [
            (r"C:\a\b", r"C:\a"),
            (r"C:\a", r"C:\"),
            (r"C:\", r"C:\"),
            ("a", "."),
            (".", r".\.."),
            (r"..\..", r"..\..\.."),
            (r"\\?\C:\a\b", r"\\?\C:\a"),
        ] {
            assert_eq!(above(Path::new(directory)), Path::new(expected), "{directory}");
        }
    }
}
