//! The copy of the standard library, by this engine: one function with the same signature.

use std::io;
use std::path::Path;

use crate::copy::copy_file;
use crate::error::{CopyError, FileKind, Operation};
use crate::options::{CopyOptions, Placement};

/// Copies a file as [`std::fs::copy`] does: same signature, same permission bits, so that a program switches by changing
/// one import. Gives the number of bytes copied.
///
/// Like there, the new file has the source's permission bits, an existing file is replaced, a symbolic link at the
/// destination is followed (to a new file where it leads to none), a device takes the bytes, and a source that grows
/// meanwhile is no error.
///
/// Unlike there
/// - the new content takes its name in one instant when it is whole; a copy that fails leaves the old content. Only where
///   the directory takes no new file is an existing file written in place;
/// - source and destination that are one file are an error instead of an empty file;
/// - a file that is replaced becomes another one: its other hard links keep the old content, its owner is this process;
/// - holes stay holes, extents are shared where the file system can;
/// - set-user-id and set-group-id are never copied, since the owner is not;
/// - named pipes are refused as a destination.
///
/// # Errors
/// An error of the kind that the system gave, whose [`io::Error::get_ref`] is a [`CopyError`] with path and operation.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let (source, destination) = (folder.path().join("a"), folder.path().join("b"));
/// # std::fs::write(&source, "content")?;
/// use orbit_engine::copy; // was: use std::fs::copy;
/// assert_eq!(copy(&source, &destination)?, 7);
/// let error = copy(&source, &source).unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn copy<P: AsRef<Path>, Q: AsRef<Path>>(from: P, to: Q) -> io::Result<u64> {
    let (from, to) = (from.as_ref(), to.as_ref());
    let options = CopyOptions::new().accept_changed_source(true).like_std();
    let copied = match copy_file(from, to, &options) {
        Err(error) if is_for_in_place(&error, to) => {
            copy_file(from, to, &options.placement(Placement::InPlace))
        }
        copied => copied,
    };
    Ok(copied?.bytes)
}

/// Whether writing in place may do what staging could not.
fn is_for_in_place(error: &CopyError, to: &Path) -> bool {
    match error {
        CopyError::DestinationNotRegular { kind: FileKind::Device, .. } => true,
        CopyError::Io { operation: Operation::CreateStaging, error, .. } => {
            let is_closed =
                matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem);
            is_closed && to.exists()
        }
        _ => false,
    }
}
