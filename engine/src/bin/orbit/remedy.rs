//! What a person can do about a copy that failed. Says nothing where the error says it all. Looks at what stands at the path
//! where one error has several reasons, and changes nothing.

use std::io::{self, ErrorKind};
use std::path::Path;

use orbit_engine::{CopyError, FileKind, Operation};

/// A clause to put behind the error.
pub(crate) fn remedy(error: &CopyError, is_recursive: bool) -> Option<String> {
    let fixed = match error {
        CopyError::Io { operation, path, error } => return of_system(*operation, path, error),
        CopyError::SourceNotRegular { kind: FileKind::Directory, .. } if !is_recursive => {
            "-R copies directories"
        }
        CopyError::DestinationNotRegular { kind: FileKind::Device, .. } => "--in-place writes to a device",
        CopyError::DanglingSymlink { .. } => "remove the link, or name the file that it is to lead to",
        CopyError::ZeroCopyUnsupported { .. } => "without --reflink=always other mechanisms are tried",
        CopyError::ChecksumMismatch { .. } => "check memory, cables and disk before you copy again",
        CopyError::SourceChanged { .. } => "copy again when nobody writes to it",
        CopyError::NotBuiltIn { feature } => return Some(format!("build orbit with `--features {feature}`")),
        CopyError::DestinationNotRegular { kind: FileKind::Directory, .. } if is_recursive => {
            "move it away first; a directory is never replaced by a file"
        }
        CopyError::DestinationNotDirectory { kind: FileKind::Symlink, .. } => {
            "remove the link; links in DST are not followed"
        }
        CopyError::DestinationNotDirectory { .. } => "move it away first",
        CopyError::IntoItself { .. } => "name a DST outside of SRC",
        CopyError::Loop { .. } => "--symlinks preserve copies the link itself",
        CopyError::NameTaken { .. } => "rename one of them, or leave it out by --exclude",
        CopyError::InProgress { .. } => "wait for its end, or end it",
        _ => return None,
    };
    Some(fixed.to_owned())
}

/// What a person can do about a tuned file that is not used.
pub(crate) const OF_TUNING: &str = "make it anew with `cargo xtask tune`";

/// The error's line, with the clause behind it.
pub(crate) fn with_remedy(message: String, remedy: Option<String>) -> String {
    match remedy {
        Some(remedy) => format!("{message}; {remedy}"),
        None => message,
    }
}

/// How a missing directory is made.
pub(crate) fn make_directory(path: &Path) -> String {
    match path.to_str() {
        Some(text) if !text.contains(char::is_control) => {
            format!("make the directory first: mkdir -p {}", shell_word(path))
        }
        // What is shown of such a name is another name.
        _ => "make the directory first".to_owned(),
    }
}

/// The path as a shell takes it for one word.
fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |char: char| char.is_alphanumeric() || "/._-+,:@%".contains(char);
    if text.starts_with('-') {
        return shell_word(&Path::new(".").join(path));
    }
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

fn of_system(operation: Operation, path: &Path, error: &io::Error) -> Option<String> {
    let makes_file = matches!(
        operation,
        Operation::CreateStaging | Operation::OpenForWriting | Operation::CreateDirectory
    );
    let fixed = match error.kind() {
        ErrorKind::StorageFull => "free space there, or copy to another file system",
        ErrorKind::QuotaExceeded => "free space of your quota, or copy to another file system",
        ErrorKind::FileTooLarge => {
            "raise the limit (ulimit -f), or copy to a file system that takes such files"
        }
        ErrorKind::ReadOnlyFilesystem => "mount it writable, or copy to another file system",
        ErrorKind::NotFound if makes_file => {
            let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty())?;
            return Some(make_directory(directory));
        }
        ErrorKind::PermissionDenied => denied(operation, path, error.raw_os_error())?,
        ErrorKind::InvalidFilename if operation != Operation::OpenSource => {
            "give the new file a shorter name"
        }
        ErrorKind::StaleNetworkFileHandle
        | ErrorKind::TimedOut
        | ErrorKind::ResourceBusy
        | ErrorKind::ExecutableFileBusy => "it may pass; --retries N tries again",
        _ if operation == Operation::Inspect && path.is_symlink() && path.metadata().is_err() => {
            "the link leads nowhere; --symlinks preserve copies the link itself"
        }
        _ => return None,
    };
    Some(fixed.to_owned())
}

/// How the system says that an operation is for nobody, or for others: a file system that has no links, a sticky directory.
const NOT_PERMITTED: i32 = 1;

fn denied(operation: Operation, path: &Path, errno: Option<i32>) -> Option<&'static str> {
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

    fn of(operation: Operation, kind: ErrorKind) -> Option<String> {
        let error = CopyError::Io { operation, path: "some/dir/file".into(), error: kind.into() };
        remedy(&error, false)
    }

    #[test]
    fn a_path_in_a_command_is_one_word() {
        let word = |path: &str| shell_word(Path::new(path));
        assert_eq!(word("/a/b-c.d"), "/a/b-c.d");
        assert_eq!(word("a b"), "'a b'");
        assert_eq!(word("it's"), r"'it'\''s'");
        assert_eq!(word("-x"), "./-x");
    }

    #[test]
    fn no_command_is_told_for_a_name_that_cannot_be_shown() {
        assert_eq!(make_directory(Path::new("a b")), "make the directory first: mkdir -p 'a b'");
        assert_eq!(make_directory(Path::new("a\nb")), "make the directory first");
    }

    #[test]
    fn remedies_fit_what_was_being_done() {
        let mkdir = Some("make the directory first: mkdir -p some/dir".to_owned());
        assert_eq!(of(Operation::CreateStaging, ErrorKind::NotFound), mkdir);
        assert_eq!(of(Operation::OpenForWriting, ErrorKind::NotFound), mkdir);
        assert_eq!(of(Operation::OpenSource, ErrorKind::NotFound), None);
        assert!(of(Operation::Write, ErrorKind::StorageFull).unwrap().contains("free space"));
        assert!(of(Operation::OpenDestination, ErrorKind::PermissionDenied).unwrap().contains("chmod"));
        assert!(of(Operation::CreateStaging, ErrorKind::PermissionDenied).unwrap().contains("--in-place"));
        assert!(of(Operation::OpenSource, ErrorKind::TimedOut).unwrap().contains("--retries"));
        assert_eq!(of(Operation::Read, ErrorKind::Other), None);
        assert!(of(Operation::OpenSource, ErrorKind::PermissionDenied).unwrap().contains("chmod u+r"));
        assert!(of(Operation::CreateDirectory, ErrorKind::PermissionDenied).unwrap().contains("chmod u+wx"));
        assert_eq!(of(Operation::Rename, ErrorKind::PermissionDenied), None);
    }
}
