//! What a copy was doing when it failed, as messages say it.

use std::fmt;

/// What was being done when a system call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Opening the source for reading.
    OpenSource,
    /// Reading the status of a file.
    Inspect,
    /// Looking at what stands at the destination.
    OpenDestination,
    /// Creating the staging file beside the destination.
    CreateStaging,
    /// Reading.
    Read,
    /// Writing.
    Write,
    /// Copying inside the kernel.
    Copy,
    /// Compressing.
    Compress,
    /// Decompressing: the frames are cut short, damaged, or none.
    Decompress,
    /// Reading or writing the sidecar of a resumable copy.
    KeepSidecar,
    /// Opening an existing destination for writing.
    OpenForWriting,
    /// Setting the length of the new file.
    SetLength,
    /// Setting the owner of the new file.
    SetOwner,
    /// Reading the extended attributes of the source.
    ReadAttributes,
    /// Setting an extended attribute of the new file.
    SetAttributes,
    /// Setting the mode of the new file.
    SetMode,
    /// Setting the times of the new file.
    SetTimes,
    /// Reading the new file back from the device.
    ReadBack,
    /// Waiting for the disk.
    Sync,
    /// Closing the new file.
    Close,
    /// Giving the new file its final name.
    Rename,
    /// Listing a directory.
    List,
    /// Reading what a symbolic link holds.
    ReadLink,
    /// Making a directory.
    CreateDirectory,
    /// Making a symbolic link.
    CreateSymlink,
    /// Giving a file that was copied a further name.
    CreateHardLink,
    /// Making a named pipe, a socket or a device.
    CreateSpecial,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OpenSource | Self::OpenDestination => "open",
            Self::Inspect => "inspect",
            Self::CreateStaging => "create a staging file for",
            Self::Read => "read",
            Self::Write => "write",
            Self::Copy => "copy in the kernel to",
            Self::Compress => "compress to",
            Self::Decompress => "decompress",
            Self::KeepSidecar => "keep the sidecar of",
            Self::OpenForWriting => "open for writing",
            Self::SetLength => "set the length of",
            Self::SetOwner => "set the owner of",
            Self::ReadAttributes => "read the extended attributes of",
            Self::SetAttributes => "set an extended attribute of",
            Self::SetMode => "set the mode of",
            Self::SetTimes => "set the times of",
            Self::ReadBack => "read back past the page cache",
            Self::Sync => "sync",
            Self::Close => "close",
            Self::Rename => "rename the staging file to",
            Self::List => "list",
            Self::ReadLink => "read the symbolic link",
            Self::CreateDirectory => "create the directory",
            Self::CreateSymlink => "create the symbolic link",
            Self::CreateHardLink => "create the hard link",
            Self::CreateSpecial => "create the special file",
        })
    }
}
