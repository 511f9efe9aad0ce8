//! What users choose (strategies) and what moves the bytes (mechanisms). Names only: no decision is taken here.

use crate::names::named;

/// How a copy should move bytes. Every strategy falls back to reading and writing when the kernel cannot do better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Strategy {
    /// Zero-copy from the tuned size threshold on, reading and writing below it.
    #[default]
    Auto,
    /// Zero-copy at every size.
    ZeroCopy,
    /// Reading and writing through a buffer, always.
    Buffered,
}

named!(Strategy { Auto => "auto", ZeroCopy => "zero-copy", Buffered => "buffered" });

/// One way of moving the bytes of a file: a rung of the ladder. [`crate::select`] orders them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Mechanism {
    /// `FICLONE`, on Windows `FSCTL_DUPLICATE_EXTENTS_TO_FILE`: the destination shares the source's extents, no byte is moved.
    Reflink,
    /// `copy_file_range(2)`: the kernel copies, on one file system or between files of one type.
    CopyFileRange,
    /// `splice(2)` through a pipe: the kernel copies, also across file systems.
    Splice,
    /// `sendfile(2)`: as splice, through a small pipe of the kernel's own.
    Sendfile,
    /// `CopyFileExW` of Windows: the system, or the server, copies the whole file by its names, with its attributes and
    /// alternate streams.
    CopyFileEx,
    /// `fcopyfile(3)` of macOS: the system's library copies the content of the whole file.
    Fcopyfile,
    /// Reading and writing past the page cache (`O_DIRECT`, `F_NOCACHE`), where [`crate::CopyOptions::direct_io`] asks for it.
    DirectIo,
    /// Reads and writes queued through `io_uring(7)`, where [`crate::CopyOptions::io_uring`] asks for it.
    IoUring,
    /// `pread(2)` and `pwrite(2)` through a buffer of this process.
    ReadWrite,
}

named!(Mechanism {
    Reflink => "reflink",
    CopyFileRange => "copy-file-range",
    Splice => "splice",
    Sendfile => "sendfile",
    CopyFileEx => "copy-file-ex",
    Fcopyfile => "fcopyfile",
    DirectIo => "direct-io",
    IoUring => "io-uring",
    ReadWrite => "read-write",
});

impl Mechanism {
    /// Whether the bytes stay out of this process.
    #[must_use]
    pub const fn is_zero_copy(self) -> bool {
        use Mechanism::{CopyFileEx, CopyFileRange, Fcopyfile, Reflink, Sendfile, Splice};
        matches!(self, Reflink | CopyFileRange | Splice | Sendfile | CopyFileEx | Fcopyfile)
    }

    /// Whether the whole file is copied by one call, or nothing.
    pub(crate) const fn is_whole(self) -> bool {
        matches!(self, Self::Reflink) || self.is_of_one_system()
    }

    /// Whether one system alone has the mechanism, which makes the new file itself. Elsewhere nobody is told that it is missing.
    pub(crate) const fn is_of_one_system(self) -> bool {
        matches!(self, Self::CopyFileEx | Self::Fcopyfile)
    }
}
