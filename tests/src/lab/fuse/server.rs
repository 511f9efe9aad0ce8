//! Answers the kernel's requests from the store, and lies where told to.

use std::ffi::OsStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use fuser::{
    BsdFileFlags, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo,
    LockOwner, OpenAccMode, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory,
    ReplyEmpty, ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};

use super::lies::{Lies, Resize, Served};
use super::store::{Change, Node, Store, root};

/// The kernel asks again each time: what it is told may change.
const AT_ONCE: Duration = Duration::ZERO;

/// No name or number is used twice.
const ONLY: Generation = Generation(0);

/// What the server shares with the test.
#[derive(Debug, Default)]
pub(super) struct World {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    store: Store,
    lies: Lies,
    served: Served,
}

impl World {
    pub(super) fn lie(&self, lies: Lies) {
        self.state().lies = lies;
    }

    pub(super) fn served(&self) -> Served {
        self.state().served
    }

    pub(super) fn stored(&self, name: &str) -> Option<Vec<u8>> {
        self.state().store.named(OsStr::new(name)).ok().map(|node| node.bytes.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A server that panicked is told by the requests that it no longer answers.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn told(&self, attributes: FileAttr) -> FileAttr {
        FileAttr { size: self.lies.told_size.unwrap_or(attributes.size), ..attributes }
    }

    fn found(
        &mut self,
        node: impl FnOnce(&mut Store) -> Result<&mut Node, Errno>,
    ) -> Result<FileAttr, Errno> {
        let attributes = node(&mut self.store)?.attributes();
        Ok(self.told(attributes))
    }

    fn attributes(&mut self, number: INodeNo) -> Result<FileAttr, Errno> {
        if number == INodeNo::ROOT { Ok(root()) } else { self.found(|store| store.node(number)) }
    }

    fn read(&mut self, number: INodeNo, offset: u64, size: u32) -> Result<Vec<u8>, Errno> {
        self.served.reads += 1;
        let lies = self.lies;
        let node = self.store.node(number)?;
        let size = u64::from(size.min(lies.most_per_read.unwrap_or(size)));
        let end = until(lies.fail_read_from, offset, offset + size)?;
        let mut data = node.read(offset, end.min(lies.ends_at.unwrap_or(end))).to_vec();
        if let Some(byte) = lies.flip_on_read.and_then(|flip| flip.checked_sub(offset)) {
            // Beyond what is read it is left for another read.
            let index = usize::try_from(byte).ok();
            index.and_then(|index| data.get_mut(index)).into_iter().for_each(|byte| *byte = !*byte);
        }
        match lies.on_read {
            Some(Resize::Grow(bytes)) => node.resize(node.bytes.len() as u64 + bytes),
            Some(Resize::Shrink(bytes)) => node.resize((node.bytes.len() as u64).saturating_sub(bytes)),
            None => {}
        }
        Ok(data)
    }

    fn write(&mut self, number: INodeNo, offset: u64, data: &[u8]) -> Result<u32, Errno> {
        self.served.writes += 1;
        let lies = self.lies;
        let node = self.store.node(number)?;
        let most = lies.most_per_write.map_or(data.len() as u64, u64::from).min(data.len() as u64);
        let taken = until(lies.fail_write_from, offset, offset + most)? - offset;
        let taken = u32::try_from(taken).expect("no request is that large");
        node.write(offset, &data[..taken as usize]);
        Ok(taken)
    }
}

/// Where a request from `offset` to `end` ends because of a failure from some offset on, or the failure.
fn until(failure: Option<(u64, rustix::io::Errno)>, offset: u64, end: u64) -> Result<u64, Errno> {
    match failure {
        Some((from, errno)) if offset >= from => Err(told(errno)),
        Some((from, _)) => Ok(end.min(from)),
        None => Ok(end),
    }
}

fn told(errno: rustix::io::Errno) -> Errno {
    Errno::from_i32(errno.raw_os_error())
}

fn outcome(failure: Option<rustix::io::Errno>) -> Result<(), Errno> {
    failure.map_or(Ok(()), |errno| Err(told(errno)))
}

fn empty(reply: ReplyEmpty, result: Result<(), Errno>) {
    match result {
        Ok(()) => reply.ok(),
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
    fn lookup(&self, _: &Request, _: INodeNo, name: &OsStr, reply: ReplyEntry) {
        match self.world.state().found(|store| store.named(name)) {
            Ok(attributes) => reply.entry(&AT_ONCE, &attributes, ONLY),
            Err(errno) => reply.error(errno),
        }
    }

    fn getattr(&self, _: &Request, number: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.world.state().attributes(number) {
            Ok(attributes) => reply.attr(&AT_ONCE, &attributes),
            Err(errno) => reply.error(errno),
        }
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
        // The directory stays as it is.
        if let Ok(node) = state.store.node(number) {
            node.change(&change);
        }
        match state.attributes(number) {
            Ok(attributes) => reply.attr(&AT_ONCE, &attributes),
            Err(errno) => reply.error(errno),
        }
    }

    fn create(
        &self,
        by: &Request,
        _: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        let mut state = self.world.state();
        let attributes = state.store.create(name, mode & !umask, by).attributes();
        let attributes = state.told(attributes);
        reply.created(&AT_ONCE, &attributes, ONLY, WRITING, FopenFlags::FOPEN_DIRECT_IO);
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

    fn unlink(&self, _: &Request, _: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        empty(reply, self.world.state().store.unlink(name));
    }

    fn rename(
        &self,
        _: &Request,
        _: INodeNo,
        old: &OsStr,
        _: INodeNo,
        new: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let mut state = self.world.state();
        let result = if flags == RenameFlags::RENAME_NOREPLACE && state.store.named(new).is_ok() {
            Err(Errno::EEXIST)
        } else if flags.difference(RenameFlags::RENAME_NOREPLACE).is_empty() {
            state.store.rename(old, new)
        } else {
            Err(Errno::EINVAL)
        };
        empty(reply, result);
    }

    fn readdir(&self, _: &Request, _: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let state = self.world.state();
        let dots = [".", ".."].map(|name| (OsStr::new(name), INodeNo::ROOT, FileType::Directory));
        let files =
            state.store.names().map(|(name, number)| (name.as_os_str(), number, FileType::RegularFile));
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        for (index, (name, number, kind)) in dots.into_iter().chain(files).enumerate().skip(offset) {
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
