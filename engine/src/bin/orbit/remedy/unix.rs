//! What is different from Windows: commands of a shell, and permissions.

use std::io::ErrorKind;
use std::path::Path;

use orbit_engine::Operation;

pub(super) const MAKE_DIRECTORY: &str = "mkdir -p";

/// The path as a shell takes it for one word.
pub(super) fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |char: char| char.is_alphanumeric() || "/._-+,:@%".contains(char);
    if text.starts_with('-') {
        return shell_word(&Path::new(".").join(path));
    }
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// How the system says that an operation is for nobody, or for others: a file system that has no links, a sticky directory.
const NOT_PERMITTED: i32 = 1;

pub(super) fn denied(operation: Operation, path: &Path, errno: Option<i32>) -> Option<&'static str> {
    let is_closed = path.metadata().is_err_and(|error| error.kind() == ErrorKind::PermissionDenied);
    Some(match operation {
        _ if is_closed => "each directory on the way to it must let you pass (chmod +x)",
        Operation::OpenSource if path.is_dir() => {
            "make it readable first (chmod u+rx), or copy as a user who may read it"
        }
        Operation::OpenSource => "make it readable first (chmod u+r), or copy as a user who may read it",
        Operation::OpenDestination => "make it writable first (chmod u+w), or remove it",
        Operation::CreateStaging => "its directory must be writable; --in-place needs only the file to be",
        Operation::Rename if errno == Some(NOT_PERMITTED) => {
            "where its directory is sticky, the old file must be yours; --in-place writes into the old file"
        }
        // A message of the library's own says what it is.
        Operation::Rename if errno.is_none() => return None,
        _ if errno == Some(NOT_PERMITTED) => return None,
        Operation::OpenForWriting
        | Operation::CreateDirectory
        | Operation::CreateSymlink
        | Operation::CreateHardLink
        | Operation::Rename => "its directory must be writable (chmod u+wx)",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_in_a_command_is_one_word() {
        let word = |path: &str| shell_word(Path::new(path));
        assert_eq!(word("/a/b-c.d"), "/a/b-c.d");
        assert_eq!(word("a b"), "'a b'");
        assert_eq!(word("it's"), r"'it'\''s'");
        assert_eq!(word("-x"), "./-x");
    }

    #[test]
    fn who_may_not_is_told_what_to_change() {
        let of = |operation| denied(operation, Path::new("some/dir/file"), None).unwrap_or_default();
        assert!(of(Operation::OpenDestination).contains("chmod u+w"));
        assert!(of(Operation::OpenSource).contains("chmod u+r"));
        assert!(of(Operation::CreateDirectory).contains("chmod u+wx"));
        assert_eq!(of(Operation::Rename), "");
    }
}
