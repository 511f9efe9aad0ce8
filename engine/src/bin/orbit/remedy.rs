//! What a person can do about a copy that failed. Says nothing where the error says it all. Looks at what stands at the path
//! where one error has several reasons, and changes nothing.

use std::io::{self, ErrorKind};
use std::path::Path;

use orbit_engine::{CopyError, FileKind, Operation};

#[cfg(not(windows))]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(not(windows))]
use unix::{MAKE_DIRECTORY, denied, shell_word};
#[cfg(windows)]
use windows::{MAKE_DIRECTORY, denied, shell_word};

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
            format!("make the directory first: {MAKE_DIRECTORY} {}", shell_word(path))
        }
        // What is shown of such a name is another name.
        _ => "make the directory first".to_owned(),
    }
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
        _ if cfg!(windows) && operation == Operation::CreateSymlink => {
            denied(operation, path, error.raw_os_error())?
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(operation: Operation, kind: ErrorKind) -> Option<String> {
        let error = CopyError::Io { operation, path: "some/dir/file".into(), error: kind.into() };
        remedy(&error, false)
    }

    #[test]
    fn no_command_is_told_for_a_name_that_cannot_be_shown() {
        let told = format!("make the directory first: {MAKE_DIRECTORY} {}", shell_word(Path::new("a b")));
        assert_eq!(make_directory(Path::new("a b")), told);
        assert_eq!(make_directory(Path::new("a\nb")), "make the directory first");
    }

    #[test]
    fn remedies_fit_what_was_being_done() {
        let mkdir = Some(make_directory(Path::new("some/dir")));
        assert_eq!(of(Operation::CreateStaging, ErrorKind::NotFound), mkdir);
        assert_eq!(of(Operation::OpenForWriting, ErrorKind::NotFound), mkdir);
        assert_eq!(of(Operation::OpenSource, ErrorKind::NotFound), None);
        assert!(of(Operation::Write, ErrorKind::StorageFull).unwrap().contains("free space"));
        assert!(of(Operation::CreateStaging, ErrorKind::PermissionDenied).unwrap().contains("--in-place"));
        assert!(of(Operation::OpenSource, ErrorKind::TimedOut).unwrap().contains("--retries"));
        assert_eq!(of(Operation::Read, ErrorKind::Other), None);
    }
}
