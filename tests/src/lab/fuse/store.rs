//! Files in memory, by number and by name. It never lies.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::time::SystemTime;

use fuser::{Errno, FileAttr, FileType, INodeNo, Request, TimeOrNow};

/// One file. It outlives its name: a program may have it open.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) bytes: Vec<u8>,
    pub(super) modified: SystemTime,
    attributes: FileAttr,
}

/// What `chmod`, `chown` and the like ask for.
#[derive(Debug, Default)]
pub(super) struct Change {
    pub(super) mode: Option<u32>,
    pub(super) user: Option<u32>,
    pub(super) group: Option<u32>,
    pub(super) size: Option<u64>,
    pub(super) accessed: Option<TimeOrNow>,
    pub(super) modified: Option<TimeOrNow>,
}

#[derive(Debug, Default)]
pub(super) struct Store {
    nodes: BTreeMap<u64, Node>,
    names: BTreeMap<OsString, u64>,
}

impl Store {
    pub(super) fn node(&mut self, number: INodeNo) -> Result<&mut Node, Errno> {
        self.nodes.get_mut(&number.0).ok_or(Errno::ENOENT)
    }

    pub(super) fn named(&mut self, name: &OsStr) -> Result<&mut Node, Errno> {
        let number = *self.names.get(name).ok_or(Errno::ENOENT)?;
        self.node(INodeNo(number))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = (&OsString, INodeNo)> {
        self.names.iter().map(|(name, &number)| (name, INodeNo(number)))
    }

    pub(super) fn create(&mut self, name: &OsStr, mode: u32, by: &Request) -> &mut Node {
        let number = INodeNo::ROOT.0 + 1 + self.nodes.len() as u64;
        let attributes = attributes(INodeNo(number), FileType::RegularFile, mode, (by.uid(), by.gid()));
        self.names.insert(name.to_owned(), number);
        let node = Node { bytes: Vec::new(), modified: attributes.mtime, attributes };
        self.nodes.entry(number).or_insert(node)
    }

    pub(super) fn unlink(&mut self, name: &OsStr) -> Result<(), Errno> {
        let number = self.names.remove(name).ok_or(Errno::ENOENT)?;
        self.node(INodeNo(number))?.attributes.nlink = 0;
        Ok(())
    }

    pub(super) fn rename(&mut self, old: &OsStr, new: &OsStr) -> Result<(), Errno> {
        let number = *self.names.get(old).ok_or(Errno::ENOENT)?;
        if old != new {
            // What it replaces, if anything, goes.
            let _ = self.unlink(new);
            self.names.remove(old);
            self.names.insert(new.to_owned(), number);
        }
        Ok(())
    }
}

impl Node {
    /// As `stat` tells it.
    pub(super) fn attributes(&self) -> FileAttr {
        let size = self.bytes.len() as u64;
        FileAttr { size, blocks: size.div_ceil(512), mtime: self.modified, ..self.attributes }
    }

    pub(super) fn change(&mut self, change: &Change) {
        let attributes = &mut self.attributes;
        attributes.ctime = SystemTime::now();
        if let Some(mode) = change.mode {
            attributes.perm = permissions(mode);
        }
        attributes.uid = change.user.unwrap_or(attributes.uid);
        attributes.gid = change.group.unwrap_or(attributes.gid);
        attributes.atime = change.accessed.map_or(attributes.atime, time);
        if let Some(size) = change.size {
            self.resize(size);
        }
        self.modified = change.modified.map_or(self.modified, time);
    }

    /// Cuts off or adds zeros.
    pub(super) fn resize(&mut self, size: u64) {
        self.bytes.resize(index(size), 0);
        self.modified = SystemTime::now();
    }

    pub(super) fn write(&mut self, offset: u64, data: &[u8]) {
        let range = index(offset)..index(offset) + data.len();
        if self.bytes.len() < range.end {
            self.bytes.resize(range.end, 0);
        }
        self.bytes[range].copy_from_slice(data);
        self.modified = SystemTime::now();
    }

    /// The stored bytes from `offset` to `end` or the end.
    pub(super) fn read(&self, offset: u64, end: u64) -> &[u8] {
        let end = index(end).min(self.bytes.len());
        &self.bytes[index(offset).min(end)..end]
    }
}

/// Of the directory.
pub(super) fn root() -> FileAttr {
    attributes(INodeNo::ROOT, FileType::Directory, 0o755, (0, 0))
}

fn attributes(ino: INodeNo, kind: FileType, mode: u32, owner: (u32, u32)) -> FileAttr {
    let now = SystemTime::now();
    FileAttr {
        ino,
        size: 0,
        blocks: 0,
        atime: now,
        mtime: now,
        ctime: now,
        crtime: now,
        kind,
        perm: permissions(mode),
        nlink: 1,
        uid: owner.0,
        gid: owner.1,
        rdev: 0,
        blksize: 4096,
        flags: 0,
    }
}

fn permissions(mode: u32) -> u16 {
    u16::try_from(mode & 0o7777).expect("twelve bits")
}

fn time(time: TimeOrNow) -> SystemTime {
    match time {
        TimeOrNow::SpecificTime(time) => time,
        TimeOrNow::Now => SystemTime::now(),
    }
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).expect("a file that fits in memory")
}
