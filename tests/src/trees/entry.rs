//! One entry of a tree, and in what two of them differ.

use std::ffi::OsString;
use std::fs::File;
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use rustix::fs::{FileType, Mode, OFlags, openat, readlinkat};

use super::Aspect;
use super::walk::Found;
use crate::metadata::Metadata;

/// What an entry is, with what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File {
        /// Bytes of its content.
        size: u64,
        /// Two files of different content have different ones, but for one in 2^64.
        digest: u64,
    },
    /// A directory.
    Directory,
    /// A symbolic link, and where it leads to.
    Symlink(PathBuf),
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A character device and its number.
    CharacterDevice(u64),
    /// A block device and its number.
    BlockDevice(u64),
}

/// One entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// What it has beside its content.
    pub metadata: Metadata,
    /// Device and number of the inode.
    pub inode: (u64, u64),
    /// How many names it has, in the tree or elsewhere.
    pub names: u64,
    /// Of a file with several names in the tree the first one, for all but that one.
    pub first_name: Option<PathBuf>,
}

/// Processors differ in how wide some fields are.
fn number(field: impl Into<u64>) -> u64 {
    field.into()
}

impl Entry {
    /// # Panics
    /// When it cannot be read.
    pub(super) fn of(found: &Found<'_>) -> Self {
        // A path that is never too long, and leads to the entry itself.
        let path = PathBuf::from(format!("/proc/self/fd/{}", found.directory.as_raw_fd())).join(found.name);
        let kind =
            kind(found).unwrap_or_else(|error| panic!("cannot read {}: {error}", super::shown(found.path)));
        let status = &found.status;
        Self {
            kind,
            metadata: Metadata::of(&path),
            inode: (status.st_dev, status.st_ino),
            names: number(status.st_nlink),
            first_name: None,
        }
    }

    /// Whether it is a regular file.
    #[must_use]
    pub fn is_file(&self) -> bool {
        matches!(self.kind, Kind::File { .. })
    }

    /// Bytes of its content; 0 for what is no regular file.
    #[must_use]
    pub fn size(&self) -> u64 {
        if let Kind::File { size, .. } = self.kind { size } else { 0 }
    }

    /// In what the other one is not this one.
    pub(super) fn difference(&self, other: &Self, aspect: Aspect) -> Option<String> {
        if self.kind != other.kind {
            return Some(format!("{:?} instead of {:?}", other.kind, self.kind));
        }
        if self.first_name != other.first_name {
            return Some(format!("a name of {:?} instead of {:?}", other.first_name, self.first_name));
        }
        let (expected, found) = (&self.metadata, &other.metadata);
        let bits = if aspect == Aspect::Content { 0o777 } else { 0o7777 };
        let is_link = matches!(self.kind, Kind::Symlink(_));
        if !is_link && expected.mode & bits != found.mode & bits {
            return Some(format!("mode {:o} instead of {:o}", found.mode & bits, expected.mode & bits));
        }
        if aspect == Aspect::Content {
            return None;
        }
        let beside = |metadata: &Metadata| (metadata.owner, metadata.modified, metadata.attributes.clone());
        let (expected, found) = (beside(expected), beside(found));
        (expected != found).then(|| format!("{found:?} instead of {expected:?}"))
    }
}

fn kind(found: &Found<'_>) -> io::Result<Kind> {
    Ok(match FileType::from_raw_mode(found.status.st_mode) {
        FileType::RegularFile => {
            let (size, digest) = digest(found)?;
            Kind::File { size, digest }
        }
        FileType::Directory => Kind::Directory,
        FileType::Symlink => {
            let target = readlinkat(found.directory, found.name, Vec::new())?;
            Kind::Symlink(OsString::from_vec(target.into_bytes()).into())
        }
        FileType::Fifo => Kind::Fifo,
        FileType::Socket => Kind::Socket,
        FileType::CharacterDevice => Kind::CharacterDevice(found.status.st_rdev),
        FileType::BlockDevice => Kind::BlockDevice(found.status.st_rdev),
        FileType::Unknown => return Err(io::Error::other("it is of no known kind")),
    })
}

/// Size and digest of what is read.
fn digest(found: &Found<'_>) -> io::Result<(u64, u64)> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = File::from(openat(found.directory, found.name, flags, Mode::empty())?);
    let (mut hasher, mut size, mut chunk) = (DefaultHasher::new(), 0, vec![0; 64 << 10]);
    loop {
        let read = file.read(&mut chunk)?;
        if read == 0 {
            return Ok((size, hasher.finish()));
        }
        // By bytes and not by chunks: a short read changes nothing.
        hasher.write(&chunk[..read]);
        size += read as u64;
    }
}
