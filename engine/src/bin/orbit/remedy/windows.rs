//! What is different elsewhere: commands of a shell, and permissions.

use std::path::Path;

use orbit_engine::Operation;

pub(super) const MAKE_DIRECTORY: &str = "mkdir";

/// The path as a shell takes it for one word. No path has a quotation mark.
pub(super) fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |char: char| char.is_alphanumeric() || r"\/._-+:".contains(char);
    if text.chars().all(is_plain) { text } else { format!("\"{text}\"") }
}

pub(super) fn denied(operation: Operation, path: &Path, _: Option<i32>) -> Option<&'static str> {
    let is_read_only = path.metadata().is_ok_and(|there| there.permissions().readonly());
    Some(match operation {
        Operation::OpenSource => "you need the right to read it",
        Operation::OpenDestination if is_read_only => {
            "it is read-only; make it writable first (attrib -R), or remove it"
        }
        Operation::OpenDestination => "you need the right to write to it",
        Operation::CreateStaging => {
            "you need the right to make files in its directory; --in-place needs only the one to write to the file"
        }
        Operation::Rename => "another program may have the old file open; close it, or use --in-place",
        Operation::CreateSymlink => {
            "links take developer mode or an administrator; --symlinks follow copies what they lead to"
        }
        Operation::OpenForWriting | Operation::CreateDirectory | Operation::CreateHardLink => {
            "you need the right to make files in its directory"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_in_a_command_is_one_word() {
        assert_eq!(shell_word(Path::new(r"C:\a\b-c.d")), r"C:\a\b-c.d");
        assert_eq!(shell_word(Path::new("a b")), "\"a b\"");
    }

    #[test]
    fn who_may_not_is_told_what_to_change() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "").unwrap();
        let set = |read_only| {
            let mut permissions = path.metadata().unwrap().permissions();
            permissions.set_readonly(read_only);
            std::fs::set_permissions(&path, permissions).unwrap();
        };
        set(true);
        assert!(denied(Operation::OpenDestination, &path, None).unwrap().contains("attrib -R"));
        set(false);
        assert!(denied(Operation::OpenDestination, &path, None).unwrap().contains("the right"));
    }
}
