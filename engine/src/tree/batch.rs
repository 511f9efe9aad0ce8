//! Small files of a directory in which several workers are: read one by one, then made in a row by one worker at a time, then
//! written. A directory lets one name be made at a time; workers that take turns for each file would wait for each other's
//! processor to hand on what it knows.

use std::ffi::OsString;
use std::fs::File;
use std::hint::spin_loop;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use super::file::Item;
use super::node::Called;
use super::small::fill_and_close;
use super::worker::{Here, Worker};
use crate::entry::Entry;
use crate::inspect::Source;
use crate::platform::{self, At, Status};
use crate::strategy::Mechanism;

/// So often is looked whether it is this worker's turn before it sleeps: some ten microseconds, less than waking takes.
const LOOKS: u32 = 1000;

/// A file that was read.
struct Read {
    source: OsString,
    destination: OsString,
    file: File,
    status: Status,
    mode: u32,
    /// Where in the buffer its content begins.
    begin: usize,
}

/// Files that were read and are not made yet.
pub(super) struct Batch {
    most: usize,
    read: Vec<Read>,
    /// Bytes of the buffer that are taken.
    taken: usize,
    /// Whether the worker is in another directory meanwhile: then the buffer is not to be touched.
    pub(super) rests: bool,
}

impl Batch {
    /// Of at most `most` files.
    pub(super) fn new(most: usize) -> Self {
        Self { most, read: Vec::new(), taken: 0, rests: false }
    }
}

impl Worker<'_> {
    /// Whether a file is put together with others.
    pub(super) fn is_batched(&self, here: Here<'_>) -> bool {
        self.batch.most > 1 && here.node.is_shared()
    }

    /// Reads a file that is to be made with others; gives it back where it is not as long as it was.
    pub(super) fn read_for_later<'s>(
        &mut self,
        item: Item<'_>,
        source: Source<'s>,
        mode: u32,
    ) -> Option<Source<'s>> {
        let Ok(size) = usize::try_from(source.status.size) else { return Some(source) };
        if self.batch.read.len() == self.batch.most || self.batch.taken + size >= self.buffer.len() {
            self.write_batch(item.here);
        }
        let begin = self.batch.taken;
        // One byte more shows a file that grew.
        let read = platform::read_at(&self.calls, &source.file, &mut self.buffer[begin..=begin + size], 0);
        if !read.is_ok_and(|read| read == size) {
            return Some(source);
        }
        self.batch.taken += size;
        let (file, status) = (source.file, source.status);
        let (source, destination) = (item.source.to_os_string(), item.destination.to_os_string());
        self.batch.read.push(Read { source, destination, file, status, mode, begin });
        None
    }

    /// Makes and writes what was read.
    pub(super) fn write_batch(&mut self, here: Here<'_>) {
        let read = std::mem::take(&mut self.batch.read);
        self.batch.taken = 0;
        if read.is_empty() || self.tree.is_stopped() {
            return;
        }
        let turn = take_turn(&here.node.turn);
        let made: Vec<Option<File>> = read.iter().map(|read| self.make(here, read)).collect();
        drop(turn);
        let mut left = Vec::new();
        for (read, made) in read.into_iter().zip(made) {
            left.extend(self.write(here, read, made));
        }
        // Whatever was in the way, one by one it is found.
        let most = std::mem::take(&mut self.batch.most);
        for name in left {
            if let Err(error) = self.again(here, &name) {
                self.tree.fail(error);
            }
        }
        self.batch.most = most;
    }

    fn make(&self, here: Here<'_>, read: &Read) -> Option<File> {
        let at = here.to(&read.destination)?;
        platform::create_exclusive(&self.calls, at, read.mode).ok()
    }

    /// Gives the name of a file that must be copied otherwise.
    fn write(&mut self, here: Here<'_>, read: Read, made: Option<File>) -> Option<OsString> {
        let Read { source: name, destination, file, status, begin, .. } = read;
        let called = Called { root: self.tree.source, node: here.node };
        let size = status.size;
        let source = Source { entry: Entry::below(&called, here.from(&name)), file, status };
        let (Some(made), Some(at), Ok(length)) = (made, here.to(&destination), usize::try_from(size)) else {
            source.close(&self.calls);
            return Some(name);
        };
        let is_done = self.fill_by_buffer(made, at, begin..begin + length, &source);
        source.close(&self.calls);
        if !is_done {
            return Some(name);
        }
        self.done.note_small(Mechanism::ReadWrite, size);
        self.tree.meter.add(size, 0);
        None
    }

    /// Whether the file has this part of the buffer as its content now.
    pub(super) fn fill_by_buffer(
        &self,
        file: File,
        at: At<'_>,
        part: std::ops::Range<usize>,
        source: &Source<'_>,
    ) -> bool {
        let (calls, bytes) = (&self.calls, &self.buffer[part]);
        let write = |file: &File| {
            platform::write_at(calls, file, bytes, 0).is_ok_and(|written| written == bytes.len())
        };
        fill_and_close(file, at, source, write, calls)
    }
}

/// Waits until no other worker makes names in the directory.
fn take_turn(turn: &Mutex<()>) -> MutexGuard<'_, ()> {
    for _ in 0..LOOKS {
        match turn.try_lock() {
            Ok(turn) => return turn,
            Err(TryLockError::Poisoned(turn)) => return turn.into_inner(),
            Err(TryLockError::WouldBlock) => spin_loop(),
        }
    }
    turn.lock().unwrap_or_else(PoisonError::into_inner)
}
