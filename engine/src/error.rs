//! Why a copy failed: which operation, on which path, with which error of the system.

mod operation;
mod shown;

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::outcome::{Digest, Omission, OmissionReason, Refusal};

pub use operation::Operation;
pub use shown::shown;

/// Why a copy failed. A staged copy ([`crate::Placement::Staged`]) leaves the destination as it was before, and no
/// staging file. Only when the directory could not be synced ([`Operation::Sync`], asked for by
/// [`crate::Durability::FileAndDirectory`]) is the whole new file in place already.
#[derive(Debug)]
#[non_exhaustive]
pub enum CopyError {
    /// A system call failed.
    Io {
        /// What was being done.
        operation: Operation,
        /// What it was being done to.
        path: PathBuf,
        /// What the system answered.
        error: io::Error,
    },
    /// Source and destination are one file, by whatever names; it was not touched.
    SameFile {
        /// The source as given.
        source: PathBuf,
        /// The destination as given.
        destination: PathBuf,
    },
    /// The source is no regular file.
    SourceNotRegular {
        /// The source as given.
        path: PathBuf,
        /// What it is.
        kind: FileKind,
    },
    /// The destination exists and is no regular file.
    DestinationNotRegular {
        /// The destination as given.
        path: PathBuf,
        /// What it is.
        kind: FileKind,
    },
    /// The destination is a symbolic link to nothing; writing through it would create a file elsewhere.
    DanglingSymlink {
        /// The destination as given.
        path: PathBuf,
    },
    /// The options ask for zero-copy without fallback, and every zero-copy mechanism was refused.
    ZeroCopyUnsupported {
        /// The source as given.
        source: PathBuf,
        /// The destination as given.
        destination: PathBuf,
        /// What was tried, and why it was refused.
        refusals: Vec<Refusal>,
        /// What was not even tried, and why.
        omissions: Vec<Omission>,
    },
    /// The destination, read back, is not the source.
    ChecksumMismatch {
        /// The destination as given. It was not replaced.
        destination: PathBuf,
        /// How they differ.
        mismatch: Mismatch,
    },
    /// The source changed while it was copied, so that the copy may be torn.
    SourceChanged {
        /// The source as given.
        path: PathBuf,
    },
    /// The source of a tree is no directory.
    SourceNotDirectory {
        /// The source as given.
        path: PathBuf,
        /// What it is.
        kind: FileKind,
    },
    /// What stands where a directory is to go is none, or a symbolic link, which is never followed below the root.
    DestinationNotDirectory {
        /// Where it stands.
        path: PathBuf,
        /// What it is.
        kind: FileKind,
    },
    /// A directory would be copied into itself, by whatever names: the one is, or holds, the other.
    IntoItself {
        /// The directory.
        source: PathBuf,
        /// Where it would go.
        destination: PathBuf,
    },
    /// A directory is, by a symbolic link or a mount, one of those that hold it.
    Loop {
        /// The path by which it was met.
        path: PathBuf,
    },
    /// Another entry of the source has got this name already, so that one would replace the other: on a file system that
    /// takes two names for one, or where names change on their way.
    NameTaken {
        /// The entry.
        source: PathBuf,
        /// The name.
        destination: PathBuf,
    },
    /// The options ask for what this build does not have.
    NotBuiltIn {
        /// The feature of the crate that brings it.
        feature: &'static str,
    },
    /// Another copy to the same destination is at work on the partial file.
    InProgress {
        /// The partial file.
        partial: PathBuf,
    },
    /// The caller wanted no more ([`crate::Cancel`]).
    Cancelled {
        /// The destination as given.
        destination: PathBuf,
    },
}

impl CopyError {
    pub(crate) fn io(operation: Operation, path: impl Into<PathBuf>, error: impl Into<io::Error>) -> Self {
        Self::Io { operation, path: path.into(), error: error.into() }
    }

    /// Whether the same call will fail again until someone repairs something (space, permissions, the path, the
    /// device). The others may succeed when tried again: a source that changed, an interrupted or timed-out call, a
    /// busy or locked file, and a missing mechanism, which [`crate::Reflink::Auto`] does without.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::ZeroCopyUnsupported { .. } | Self::Cancelled { .. } | Self::InProgress { .. } => false,
            _ => !self.is_transient(),
        }
    }

    /// Whether the reason may pass by itself, so that [`crate::CopyOptions::retries`] tries again: the system says that it
    /// was interrupted, that a resource is busy, that it would have to wait, that time ran out, that a program's file is
    /// being executed, or that a network file handle is stale (EINTR, EBUSY, EAGAIN, ETIMEDOUT, ETXTBSY, ESTALE); or the
    /// source changed while it was copied.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Io { error, .. } => is_transient(error.kind()),
            Self::SourceChanged { .. } => true,
            _ => false,
        }
    }

    /// Whether the copy failed only because zero-copy was demanded and is not to be had between these files.
    #[must_use]
    pub const fn is_zero_copy_unsupported(&self) -> bool {
        matches!(self, Self::ZeroCopyUnsupported { .. })
    }
}

fn is_transient(kind: io::ErrorKind) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        kind,
        Kind::Interrupted
            | Kind::WouldBlock
            | Kind::TimedOut
            | Kind::ResourceBusy
            | Kind::ExecutableFileBusy
            | Kind::StaleNetworkFileHandle
    )
}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { operation, path, error } => {
                write!(f, "cannot {operation} {}: {error}", shown(path))
            }
            Self::SameFile { source, destination } => {
                write!(f, "{} and {} are the same file", shown(source), shown(destination))
            }
            Self::SourceNotRegular { path, kind } => {
                write!(f, "cannot copy {}: it is a {kind}, not a regular file", shown(path))
            }
            Self::DestinationNotRegular { path, kind } => {
                write!(f, "cannot replace {}: it is a {kind}, not a regular file", shown(path))
            }
            Self::DanglingSymlink { path } => {
                write!(f, "cannot replace {}: it is a symbolic link to a missing file", shown(path))
            }
            Self::ZeroCopyUnsupported { source, destination, refusals, omissions } => {
                write!(f, "no zero-copy from {} to {}", shown(source), shown(destination))?;
                refusals.iter().try_for_each(|refusal| write!(f, "; {refusal}"))?;
                let mut told =
                    omissions.iter().filter(|omission| omission.reason != OmissionReason::ReflinkAlways);
                told.try_for_each(|omission| write!(f, "; {omission}"))
            }
            Self::ChecksumMismatch { destination, mismatch } => {
                write!(f, "verification of {} failed: {mismatch}", shown(destination))
            }
            Self::SourceNotDirectory { path, kind } => {
                write!(f, "cannot copy {} as a tree: it is a {kind}, not a directory", shown(path))
            }
            Self::DestinationNotDirectory { path, kind } => {
                write!(f, "cannot copy a directory to {}: there is a {kind}", shown(path))
            }
            Self::IntoItself { source, destination } => {
                write!(f, "cannot copy {} into itself, to {}", shown(source), shown(destination))
            }
            Self::Loop { path } => {
                write!(f, "cannot enter {}: it is one of the directories that hold it", shown(path))
            }
            Self::NameTaken { source, destination } => {
                let (source, destination) = (shown(source), shown(destination));
                write!(f, "cannot copy {source}: another entry has got the name {destination} already")
            }
            Self::NotBuiltIn { feature } => {
                write!(f, "this build cannot do that: it lacks the feature `{feature}`")
            }
            Self::InProgress { partial } => {
                write!(f, "another copy is at work on {}", shown(partial))
            }
            Self::Cancelled { destination } => {
                write!(f, "copying to {} was cancelled", shown(destination))
            }
            Self::SourceChanged { path } => write!(f, "{} changed while it was copied", shown(path)),
        }
    }
}

impl std::error::Error for CopyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl From<CopyError> for io::Error {
    /// The error's kind is the system's where there is one; [`io::Error::get_ref`] gives the [`CopyError`].
    fn from(error: CopyError) -> Self {
        let kind = match &error {
            CopyError::Io { error, .. } => error.kind(),
            CopyError::DestinationNotRegular { kind: FileKind::Directory, .. } => io::ErrorKind::IsADirectory,
            CopyError::SourceNotDirectory { .. } | CopyError::DestinationNotDirectory { .. } => {
                io::ErrorKind::NotADirectory
            }
            CopyError::NameTaken { .. } => io::ErrorKind::AlreadyExists,
            CopyError::SameFile { .. }
            | CopyError::IntoItself { .. }
            | CopyError::Loop { .. }
            | CopyError::SourceNotRegular { .. }
            | CopyError::DestinationNotRegular { .. } => io::ErrorKind::InvalidInput,
            CopyError::DanglingSymlink { .. } => io::ErrorKind::NotFound,
            CopyError::ZeroCopyUnsupported { .. } | CopyError::NotBuiltIn { .. } => {
                io::ErrorKind::Unsupported
            }
            CopyError::InProgress { .. } => io::ErrorKind::ResourceBusy,
            CopyError::ChecksumMismatch { .. } => io::ErrorKind::InvalidData,
            CopyError::SourceChanged { .. } => io::ErrorKind::Other,
            CopyError::Cancelled { .. } => io::ErrorKind::Interrupted,
        };
        Self::new(kind, error)
    }
}

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileKind {
    /// A regular file.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A block or character device.
    Device,
    /// Something this system has no other name for.
    Other,
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Regular => "regular file",
            Self::Directory => "directory",
            Self::Symlink => "symbolic link",
            Self::Fifo => "named pipe",
            Self::Socket => "socket",
            Self::Device => "device",
            Self::Other => "special file",
        })
    }
}

/// How a destination, read back, differs from its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mismatch {
    /// The first differing byte, or the end of the shorter file.
    Offset(u64),
    /// Both SHA-256 digests.
    Digests {
        /// Of the source.
        source: Digest,
        /// Of the destination as read back.
        destination: Digest,
    },
    /// The destination, as read back, is no longer what can be decompressed.
    Undecodable {
        /// A clause that says why, whose subject is the destination.
        reason: &'static str,
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Offset(offset) => write!(f, "the files differ at byte {offset}"),
            Self::Digests { source, destination } => write!(f, "sha256 {destination} instead of {source}"),
            Self::Undecodable { reason } => f.write_str(reason),
        }
    }
}
