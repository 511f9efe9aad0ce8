//! The file systems of the lab and the one table of what each pair of them can do.
//!
//! The table is a declaration, checked against the kernel by this package's own tests. Nothing is probed at run
//! time: code under test that quietly stops using what is declared here must fail its test.

use std::fmt;

use rustix::io::Errno;

/// A file system that tests run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileSystem {
    /// Whatever holds the build directory. Needs no privilege.
    Workspace,
    /// XFS with reflinks.
    Xfs,
    /// Btrfs, default options.
    Btrfs,
    /// Ext4, 4 KiB blocks, no background initialisation.
    Ext4,
    /// Tmpfs.
    Tmpfs,
}

/// What the kernel answers to an operation between two file systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// It is done.
    Works,
    /// It is refused with this errno, nothing changed.
    Refused(Errno),
    /// Depends on the machine; a test must not rely on either.
    Undeclared,
}

impl FileSystem {
    /// Every file system, [`Self::Workspace`] first.
    pub const ALL: [Self; 5] = [Self::Workspace, Self::Xfs, Self::Btrfs, Self::Ext4, Self::Tmpfs];

    /// The name in messages, and the kernel's name of all but [`Self::Workspace`].
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Xfs => "xfs",
            Self::Btrfs => "btrfs",
            Self::Ext4 => "ext4",
            Self::Tmpfs => "tmpfs",
        }
    }

    /// Sharing of extents (FICLONE) from a file here to one on `to`; the same file system means the same mount.
    #[must_use]
    pub fn reflink(self, to: Self) -> Capability {
        match (self, to) {
            (from, to) if from != to => Capability::Refused(Errno::XDEV),
            (Self::Xfs | Self::Btrfs, _) => Capability::Works,
            (Self::Ext4 | Self::Tmpfs, _) => Capability::Refused(Errno::OPNOTSUPP),
            (Self::Workspace, _) => Capability::Undeclared,
        }
    }

    /// `copy_file_range` from a file here to one on `to`; the same file system means the same mount.
    #[must_use]
    pub fn copy_file_range(self, to: Self) -> Capability {
        // Since Linux 5.19 no local file system copies to another, and all copy within themselves.
        if self == to { Capability::Works } else { Capability::Refused(Errno::XDEV) }
    }

    /// `splice` through a pipe from a file here to one on `to`.
    #[must_use]
    pub fn splice(self, _to: Self) -> Capability {
        Capability::Works
    }

    /// The smallest size in bytes that can be made; `None` where a size cannot be chosen.
    #[must_use]
    pub const fn smallest(self) -> Option<u64> {
        match self {
            Self::Workspace => None,
            Self::Xfs => Some(300 << 20),
            Self::Btrfs => Some(128 << 20),
            Self::Ext4 => Some(1 << 20),
            Self::Tmpfs => Some(64 << 10),
        }
    }
}

impl fmt::Display for FileSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
