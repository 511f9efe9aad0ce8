//! The file system as the kernel calls it: each request is put to the world, and its answer sent.

use std::ffi::OsStr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use fuser::{
    BsdFileFlags, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo,
    LockOwner, OpenAccMode, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory,
    ReplyEmpty, ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};

use super::store::Change;
use super::world::World;

/// The kernel asks again each time: what it is told may change.
const AT_ONCE: Duration = Duration::ZERO;

/// No name or number is used twice.
const ONLY: Generation = Generation(0);

fn outcome(failure: Option<i32>) -> Result<(), Errno> {
    failure.map_or(Ok(()), |errno| Err(Errno::from_i32(errno)))
}

fn empty(reply: ReplyEmpty, result: Result<(), Errno>) {
    match result {
        Ok(()) => reply.ok(),
        Err(errno) => reply.error(errno),
    }
}

fn entry(reply: ReplyEntry, found: Result<FileAttr, Errno>) {
    match found {
        Ok(attributes) => reply.entry(&AT_ONCE, &attributes, ONLY),
        Err(errno) => reply.error(errno),
    }
}

fn status(reply: ReplyAttr, found: Result<FileAttr, Errno>) {
    match found {
        Ok(attributes) => reply.attr(&AT_ONCE, &attributes),
        Err(errno) => reply.error(errno),
    }
}

/// One for files opened for writing, one for the others: all that has to be known when a file is closed.
const WRITING: FileHandle = FileHandle(1);
const READING: FileHandle = FileHandle(0);

/// The file system as the kernel sees it.
pub(super) struct Server {
    world: Arc<World>,
}

impl Server {
    pub(super) fn new(world: Arc<World>) -> Self {
        Self { world }
    }
}

impl Filesystem for Server {
    fn lookup(&self, _: &Request, directory: INodeNo, name: &OsStr, reply: ReplyEntry) {
        entry(reply, self.world.state().found(|store| store.named(directory, name)));
    }

    fn getattr(&self, _: &Request, number: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        status(reply, self.world.state().found(|store| store.node(number)));
    }

    fn setattr(
        &self,
        _: &Request,
        number: INodeNo,
        mode: Option<u32>,
        user: Option<u32>,
        group: Option<u32>,
        size: Option<u64>,
        accessed: Option<TimeOrNow>,
        modified: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let change = Change { mode, user, group, size, accessed, modified };
        let mut state = self.world.state();
        if let Ok(node) = state.store.node(number) {
            node.change(&change);
        }
        status(reply, state.found(|store| store.node(number)));
    }

    fn create(
        &self,
        by: &Request,
        directory: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        let mut state = self.world.state();
        let (place, mode) = ((directory, name), mode & !umask);
        match state.found(|store| Ok(store.create(place, FileType::RegularFile, mode, by))) {
            Ok(made) => reply.created(&AT_ONCE, &made, ONLY, WRITING, FopenFlags::FOPEN_DIRECT_IO),
            Err(errno) => reply.error(errno),
        }
    }

    fn mkdir(
        &self,
        by: &Request,
        directory: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        reply: ReplyEntry,
    ) {
        let mut state = self.world.state();
        let (place, mode) = ((directory, name), mode & !umask);
        entry(reply, state.found(|store| Ok(store.create(place, FileType::Directory, mode, by))));
    }

    fn rmdir(&self, _: &Request, directory: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        empty(reply, self.world.state().store.remove_directory(directory, name));
    }

    fn open(&self, _: &Request, _: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
        let handle = if flags.acc_mode() == OpenAccMode::O_RDONLY { READING } else { WRITING };
        reply.opened(handle, FopenFlags::FOPEN_DIRECT_IO);
    }

    fn read(
        &self,
        _: &Request,
        number: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let (delay, data) = {
            let mut state = self.world.state();
            (state.lies.read_delay, state.read(number, offset, size))
        };
        thread::sleep(delay);
        match data {
            Ok(data) => reply.data(&data),
            Err(errno) => reply.error(errno),
        }
    }

    fn write(
        &self,
        _: &Request,
        number: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let (delay, taken) = {
            let mut state = self.world.state();
            (state.lies.write_delay, state.write(number, offset, data))
        };
        thread::sleep(delay);
        match taken {
            Ok(taken) => reply.written(taken),
            Err(errno) => reply.error(errno),
        }
    }

    fn flush(&self, _: &Request, _: INodeNo, handle: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        if handle == READING {
            return reply.ok();
        }
        let mut state = self.world.state();
        state.served.flushes += 1;
        empty(reply, outcome(state.lies.fail_flush));
    }

    fn fsync(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        let mut state = self.world.state();
        state.served.fsyncs += 1;
        empty(reply, outcome(state.lies.fail_fsync));
    }

    fn fsyncdir(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        reply.ok();
    }

    fn unlink(&self, _: &Request, directory: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        empty(reply, self.world.state().store.unlink(directory, name));
    }

    fn rename(
        &self,
        _: &Request,
        old_directory: INodeNo,
        old: &OsStr,
        new_directory: INodeNo,
        new: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let mut state = self.world.state();
        let is_taken = state.store.named(new_directory, new).is_ok();
        let result = if flags == RenameFlags::RENAME_NOREPLACE && is_taken {
            Err(Errno::EEXIST)
        } else if flags.difference(RenameFlags::RENAME_NOREPLACE).is_empty() {
            state.store.rename((old_directory, old), (new_directory, new))
        } else {
            Err(Errno::EINVAL)
        };
        empty(reply, result);
    }

    fn readdir(
        &self,
        _: &Request,
        directory: INodeNo,
        _: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        let state = self.world.state();
        // The kernel knows itself where the dots lead to.
        let dots = [".", ".."].map(|name| (OsStr::new(name), directory, FileType::Directory));
        let entries =
            state.store.list(directory).map(|(name, number, kind)| (name.as_os_str(), number, kind));
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        for (index, (name, number, kind)) in dots.into_iter().chain(entries).enumerate().skip(offset) {
            if reply.add(number, index as u64 + 1, kind, name) {
                break;
            }
        }
        reply.ok();
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        // As large and as empty as the file systems that the lab makes.
        const BLOCKS: u64 = super::super::CAPACITY / 4096;
        reply.statfs(BLOCKS, BLOCKS, BLOCKS, BLOCKS, BLOCKS, 4096, 255, 4096);
    }
}
