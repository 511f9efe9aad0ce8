//! Files and directories in memory, by number and by name. It never lies.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::time::SystemTime;

use fuser::{Errno, FileAttr, FileType, INodeNo, Request, TimeOrNow};

/// One file or directory. It outlives its name: a program may have it open.
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

/// A name as it is looked up, in the directory of this number.
type Key = (u64, OsString);

#[derive(Debug)]
pub(super) struct Store {
    nodes: BTreeMap<u64, Node>,
    /// The name as it was given, and what has it.
    names: BTreeMap<Key, (OsString, u64)>,
    /// Whether names that differ in the case of ASCII letters are one.
    pub(super) folds_names: bool,
}

impl Default for Store {
    fn default() -> Self {
        let root = Node::new(attributes(INodeNo::ROOT, FileType::Directory, 0o755, (0, 0)));
        Self { nodes: BTreeMap::from([(INodeNo::ROOT.0, root)]), names: BTreeMap::new(), folds_names: false }
    }
}

impl Store {
    pub(super) fn node(&mut self, number: INodeNo) -> Result<&mut Node, Errno> {
        self.nodes.get_mut(&number.0).ok_or(Errno::ENOENT)
    }

    pub(super) fn named(&mut self, directory: INodeNo, name: &OsStr) -> Result<&mut Node, Errno> {
        let number = self.number(directory, name)?;
        self.node(number)
    }

    fn number(&self, directory: INodeNo, name: &OsStr) -> Result<INodeNo, Errno> {
        let (_, number) = self.names.get(&self.key(directory, name)).ok_or(Errno::ENOENT)?;
        Ok(INodeNo(*number))
    }

    fn key(&self, directory: INodeNo, name: &OsStr) -> Key {
        let looked_up = if self.folds_names { name.to_ascii_lowercase() } else { name.to_owned() };
        (directory.0, looked_up)
    }

    /// What lies in a directory.
    pub(super) fn list(&self, directory: INodeNo) -> impl Iterator<Item = (&OsString, INodeNo, FileType)> {
        let named = self.names.range((directory.0, OsString::new())..(directory.0 + 1, OsString::new()));
        named.filter_map(|(_, (name, number))| {
            let kind = self.nodes.get(number)?.attributes.kind;
            Some((name, INodeNo(*number), kind))
        })
    }

    pub(super) fn create(
        &mut self,
        (directory, name): (INodeNo, &OsStr),
        kind: FileType,
        mode: u32,
        by: &Request,
    ) -> &mut Node {
        let number = INodeNo::ROOT.0 + self.nodes.len() as u64;
        let node = Node::new(attributes(INodeNo(number), kind, mode, (by.uid(), by.gid())));
        let key = self.key(directory, name);
        self.names.insert(key, (name.to_owned(), number));
        self.nodes.entry(number).or_insert(node)
    }

    pub(super) fn unlink(&mut self, directory: INodeNo, name: &OsStr) -> Result<(), Errno> {
        let number = self.number(directory, name)?;
        let key = self.key(directory, name);
        self.names.remove(&key);
        self.node(number)?.attributes.nlink = 0;
        Ok(())
    }

    pub(super) fn remove_directory(&mut self, directory: INodeNo, name: &OsStr) -> Result<(), Errno> {
        let number = self.number(directory, name)?;
        if self.list(number).next().is_some() {
            return Err(Errno::ENOTEMPTY);
        }
        self.unlink(directory, name)
    }

    pub(super) fn rename(
        &mut self,
        (old_directory, old): (INodeNo, &OsStr),
        (new_directory, new): (INodeNo, &OsStr),
    ) -> Result<(), Errno> {
        let number = self.number(old_directory, old)?;
        let (from, to) = (self.key(old_directory, old), self.key(new_directory, new));
        if from != to {
            if self.number(new_directory, new).is_ok_and(|replaced| self.list(replaced).next().is_some()) {
                return Err(Errno::ENOTEMPTY);
            }
            // What it replaces, if anything, goes.
            let _ = self.unlink(new_directory, new);
        }
        self.names.remove(&from);
        self.names.insert(to, (new.to_owned(), number.0));
        Ok(())
    }
}

impl Node {
    fn new(attributes: FileAttr) -> Self {
        Self { bytes: Vec::new(), modified: attributes.mtime, attributes }
    }

    pub(super) fn is_file(&self) -> bool {
        self.attributes.kind == FileType::RegularFile
    }

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
