//! The thread that writes the sidecar.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;

use super::{block_buffer, digest};
use crate::buffer::Buffer;
use crate::platform::{self, Calls, Spot};
use crate::sidecar::{Record, Scribe};

/// The sidecar as it is to be gone on with.
#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) spot: Spot,
    /// Open where it has records already.
    pub(crate) file: Option<File>,
    /// Where the next line goes.
    pub(crate) length: u64,
    /// What has to stand before the first record, where there is no file yet.
    pub(crate) head: String,
    pub(crate) scribe: Scribe,
    /// Bytes of content in one block.
    pub(crate) block: u64,
    /// The last record; at 0 where there is none.
    pub(crate) last: (u64, u64),
}

/// Blocks that have arrived.
#[derive(Debug, Clone, Copy)]
pub(super) struct Landed {
    pub(super) content_end: u64,
    pub(super) file_end: u64,
    pub(super) is_hole: bool,
}

/// A line of the sidecar that is not in it yet.
#[derive(Debug)]
struct Line {
    text: String,
    /// Where what it tells of ends in the partial file.
    file_end: u64,
}

/// The thread's part.
pub(super) struct Clerk {
    partial: File,
    book: Book,
    /// Where the next block begins in the partial file.
    begin: u64,
    /// A hole that is not written down yet, since it may go on.
    hole: Option<Record>,
    /// What a full disk has no room for.
    waiting: VecDeque<Line>,
    buffer: Buffer,
    has_records: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    calls: Calls,
}

impl Clerk {
    /// Writes down in `book` which blocks of `partial` are there, until `stop`, and tells of the first by `has_records`.
    pub(super) fn new(
        partial: File,
        book: Book,
        has_records: Arc<AtomicBool>,
        stop: Arc<AtomicBool>,
    ) -> Self {
        let calls = Calls::default();
        calls.count();
        let (begin, buffer) = (book.last.1, block_buffer());
        Self { partial, book, begin, hole: None, waiting: VecDeque::new(), buffer, has_records, stop, calls }
    }

    /// Takes what has landed until there is no more, and gives itself back.
    pub(super) fn work(mut self, landed: &Receiver<Landed>) -> Self {
        for landed in landed {
            // What was written down before still holds.
            if self.stop.load(Ordering::Relaxed) || self.keep(landed).is_err() {
                break;
            }
        }
        self
    }

    /// Closes the files. Gives how many system calls were made.
    pub(super) fn close(self) -> u64 {
        platform::discard(&self.calls, self.partial);
        if let Some(sidecar) = self.book.file {
            platform::discard(&self.calls, sidecar);
        }
        self.calls.total()
    }

    /// Writes what a full disk had no room for, in room that the partial file gives: nobody writes to it any more. What of
    /// it has no record is of no use, and where that is not enough, its last blocks go for the ones before.
    pub(super) fn make_room(&mut self) {
        while let Some(last) = self.waiting.back() {
            let cut = platform::set_length(&self.calls, &self.partial, last.file_end);
            match cut.and_then(|()| self.write_waiting()) {
                Err(error) if is_full(&error) => self.waiting.pop_back(),
                _ => return,
            };
        }
    }

    fn keep(&mut self, Landed { content_end, file_end, is_hole }: Landed) -> io::Result<()> {
        if is_hole {
            self.hole = Some(Record { content_end, file_end, digest: None });
            return Ok(());
        }
        let begin = self.hole.map_or(self.begin, |hole| hole.file_end);
        let is_stopped = || self.stop.load(Ordering::Relaxed);
        let digest = digest(&self.partial, begin..file_end, &mut self.buffer, is_stopped, &self.calls)?;
        if let Some(hole) = self.hole.take() {
            self.append(&hole);
        }
        self.append(&Record { content_end, file_end, digest: Some(digest) });
        match self.write_waiting() {
            // The copy is about to end by it, and leaves room when it does; or there is some later.
            Err(error) if is_full(&error) => Ok(()),
            written => written,
        }
    }

    fn append(&mut self, record: &Record) {
        let text = std::mem::take(&mut self.book.head) + &self.book.scribe.record(record);
        self.waiting.push_back(Line { text, file_end: record.file_end });
        self.begin = record.file_end;
    }

    fn write_waiting(&mut self) -> io::Result<()> {
        while let Some(line) = self.waiting.front() {
            let file = match self.book.file.take() {
                Some(file) => file,
                None => platform::create_exclusive(&self.calls, self.book.spot.at(), 0o600)?,
            };
            let file = self.book.file.insert(file);
            let mut left = line.text.as_bytes();
            let mut offset = self.book.length;
            while !left.is_empty() {
                let written = platform::write_at(&self.calls, file, left, offset)?;
                if written == 0 {
                    return Err(io::ErrorKind::WriteZero.into());
                }
                left = &left[written..];
                offset += written as u64;
            }
            self.book.length = offset;
            self.has_records.store(true, Ordering::Relaxed);
            self.waiting.pop_front();
        }
        Ok(())
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
