//! Writes down, while a copy runs, which blocks of it have arrived: a thread of its own reads each block back from the
//! partial file and appends its digest to the sidecar. Never ends a copy: without a sidecar it only cannot be resumed.
//!
//! A copy that fills a disk may leave no room for the sidecar either: what is to stand in it waits then, and gets the room
//! of what the partial file has behind its last whole block.

mod clerk;

use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::buffer::{Buffer, PAGE};
use crate::platform::{self, Calls};

pub(crate) use clerk::Book;
use clerk::{Clerk, Landed};

/// A copy that ends early waits so long for blocks to be read back; cancelling is to take no longer than 300 ms.
const LAST_MOMENT: Duration = Duration::from_millis(150);

/// What is read at a time.
const BUFFER_BYTES: usize = 256 * 1024;

/// What blocks are read into. A file that goes past the page cache takes whole blocks only.
pub(crate) fn block_buffer() -> Buffer {
    Buffer::aligned(BUFFER_BYTES, PAGE)
}

/// The digest of `range` of `file`, as a record has it. Fails where the file ends before, and when it is stopped.
pub(crate) fn digest(
    file: &File,
    range: Range<u64>,
    buffer: &mut [u8],
    is_stopped: impl Fn() -> bool,
    calls: &Calls,
) -> io::Result<[u8; 32]> {
    let mut hasher = Sha256::new();
    let mut offset = range.start;
    while offset < range.end {
        if is_stopped() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let asked = usize::try_from(range.end - offset).unwrap_or(usize::MAX).min(buffer.len());
        match platform::read_at(calls, file, &mut buffer[..asked], offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                hasher.update(&buffer[..read]);
                offset += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(hasher.finalize().into())
}

/// Keeps the sidecar of one copy.
#[derive(Debug)]
pub(crate) struct Keeper {
    block: u64,
    cursor: Mutex<Cursor>,
    has_records: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<Clerk>>>,
}

/// How far the copy is.
#[derive(Debug)]
struct Cursor {
    /// Where the block begins that has not arrived yet.
    block_begin: u64,
    /// Whether anything of it is data.
    has_data: bool,
    /// As many blocks as there are may wait: hashing is slower than copying in memory, and a copy that ends well needs
    /// nothing of it.
    to: Option<Sender<Landed>>,
}

impl Keeper {
    /// Begins to keep `book`, whose blocks are in `partial`. None where there is no thread to be had.
    pub(crate) fn new(partial: &File, book: Book) -> Option<Self> {
        let has_records = Arc::new(AtomicBool::new(book.file.is_some()));
        let stop = Arc::new(AtomicBool::new(false));
        let (block, block_begin) = (book.block, book.last.0);
        let partial = partial.try_clone().ok()?;
        let clerk = Clerk::new(partial, book, Arc::clone(&has_records), Arc::clone(&stop));
        let (to, landed) = channel();
        let thread = thread::Builder::new().spawn(move || clerk.work(&landed)).ok()?;
        let cursor = Mutex::new(Cursor { block_begin, has_data: false, to: Some(to) });
        Some(Self { block, cursor, has_records, stop, thread: Mutex::new(Some(thread)) })
    }

    /// Bytes of content in one block.
    pub(crate) fn block(&self) -> u64 {
        self.block
    }

    /// A frame that holds the content up to `content_end` ends at `file_end` of the partial file. One that is shorter than
    /// a block is the last one and not written down.
    pub(crate) fn framed(&self, content_end: u64, file_end: u64) {
        if content_end.is_multiple_of(self.block) {
            self.cursor().send(Landed { content_end, file_end, is_hole: false });
        }
    }

    /// Where the block that holds the byte at `offset` ends.
    pub(crate) fn block_end(&self, offset: u64) -> u64 {
        (offset / self.block + 1).saturating_mul(self.block)
    }

    /// All before `offset` of the content has arrived at the same place of the partial file, the last stretch as data.
    pub(crate) fn arrived(&self, offset: u64) {
        self.advance(offset, true);
    }

    /// The stretch up to `offset` is a hole.
    pub(crate) fn passed(&self, offset: u64) {
        self.advance(offset, false);
    }

    fn advance(&self, offset: u64, is_data: bool) {
        let mut cursor = self.cursor();
        while offset - cursor.block_begin.min(offset) >= self.block {
            let is_hole = !is_data && !cursor.has_data;
            // A hole may have more blocks than there is memory to send them one by one.
            let blocks = if is_hole { (offset - cursor.block_begin) / self.block } else { 1 };
            let end = cursor.block_begin + blocks * self.block;
            cursor.send(Landed { content_end: end, file_end: end, is_hole });
            cursor.block_begin = end;
            cursor.has_data = false;
        }
        cursor.has_data |= is_data && offset > cursor.block_begin;
    }

    /// Whether an earlier or this copy has written anything down.
    pub(crate) fn has_records(&self) -> bool {
        self.has_records.load(Ordering::Relaxed)
    }

    /// Ends the thread of a copy that has failed when it is done, or soon. Nobody may write to the partial file any more.
    pub(crate) fn end_soon(&self) {
        let begin = Instant::now();
        self.cursor().to = None;
        let is_at_work = || self.thread().as_ref().is_some_and(|thread| !thread.is_finished());
        while is_at_work() && begin.elapsed() < LAST_MOMENT {
            thread::sleep(LAST_MOMENT / 50);
        }
        if let Some(mut clerk) = self.join() {
            clerk.make_room();
            clerk.close();
        }
    }

    /// Ends the thread; what it has not read back yet is left out. Gives how many system calls it made.
    pub(crate) fn end(&self) -> u64 {
        self.join().map_or(0, Clerk::close)
    }

    fn join(&self) -> Option<Clerk> {
        self.stop.store(true, Ordering::Relaxed);
        self.cursor().to = None;
        let thread = self.thread().take()?;
        Some(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    }

    fn thread(&self) -> MutexGuard<'_, Option<JoinHandle<Clerk>>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cursor(&self) -> MutexGuard<'_, Cursor> {
        self.cursor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.end();
    }
}

impl Cursor {
    fn send(&mut self, landed: Landed) {
        // The thread ends early where the sidecar cannot be written.
        if self.to.as_ref().is_some_and(|to| to.send(landed).is_err()) {
            self.to = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::path::Path;

    use super::*;
    use crate::sidecar::{Header, Identity, Record, Scribe, parse};

    fn keeper(folder: &Path, partial: &File) -> Keeper {
        let source = Identity { device: 1, inode: 2, size: 1000, modified: (0, 0), changed: (0, 0) };
        let header = Header { source, partial: (1, 2), boot: None, form: "none".into(), block: 10 };
        let (scribe, head) = Scribe::begin(&header);
        let spot = platform::At::path(&folder.join("sidecar")).to_spot();
        Keeper::new(partial, Book { spot, file: None, length: 0, head, scribe, block: 10, last: (0, 0) })
            .unwrap()
    }

    /// What is written down once everything was read back.
    fn records(folder: &Path) -> Vec<Record> {
        let text = std::fs::read_to_string(folder.join("sidecar")).unwrap_or_default();
        parse(&text).map(|(sidecar, ..)| sidecar.records).unwrap_or_default()
    }

    fn wait_for(folder: &Path, count: usize) -> Vec<Record> {
        for _ in 0..1000 {
            if records(folder).len() >= count {
                break;
            }
            thread::sleep(Duration::from_millis(5));
        }
        records(folder)
    }

    #[test]
    fn blocks_are_written_down_when_they_are_whole_and_holes_as_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut partial = tempfile::tempfile().unwrap();
        partial.write_all(&[7; 15]).unwrap();
        partial.set_len(95).unwrap();
        let keeper = keeper(folder.path(), &partial);
        assert!(!keeper.has_records());
        keeper.arrived(9);
        keeper.arrived(15);
        keeper.passed(67);
        keeper.arrived(95);
        let records = wait_for(folder.path(), 6);
        let ends: Vec<_> =
            records.iter().map(|record| (record.content_end, record.digest.is_none())).collect();
        assert_eq!(ends, [(10, false), (20, false), (60, true), (70, false), (80, false), (90, false)]);
        let digest: [u8; 32] = Sha256::digest([7; 10]).into();
        assert_eq!(records[0].digest, Some(digest));
        assert!(keeper.has_records());
        assert!(keeper.end() > 0);
    }

    /// 8 EiB are 922 quadrillion blocks of this size.
    #[test]
    fn a_hole_of_any_length_is_one_record() {
        let folder = tempfile::tempdir().unwrap();
        let mut partial = tempfile::tempfile().unwrap();
        partial.write_all(&[7; 15]).unwrap();
        let keeper = keeper(folder.path(), &partial);
        keeper.arrived(15);
        keeper.passed(i64::MAX.unsigned_abs());
        assert_eq!(keeper.cursor().block_begin, i64::MAX.unsigned_abs() / 10 * 10);
        keeper.end();
    }

    #[test]
    fn blocks_end_at_multiples() {
        let folder = tempfile::tempdir().unwrap();
        let keeper = keeper(folder.path(), &tempfile::tempfile().unwrap());
        assert_eq!([keeper.block_end(0), keeper.block_end(9), keeper.block_end(10)], [10, 10, 20]);
    }

    /// The partial file is shorter than it should be; the copy goes on all the same.
    #[test]
    fn what_cannot_be_read_back_is_not_written_down() {
        let folder = tempfile::tempdir().unwrap();
        let keeper = keeper(folder.path(), &tempfile::tempfile().unwrap());
        for end in 1..100 {
            keeper.arrived(end * 10);
        }
        keeper.end();
        assert!(!keeper.has_records() && records(folder.path()).is_empty());
    }
}
