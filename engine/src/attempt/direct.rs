//! Reading and writing past the page cache: an aligned body, and a tail through the cache.

use std::io;

use crate::buffer::Buffer;
use crate::platform::{self, Calls};
use crate::tuning::Values;

use super::{Ends, Failure, Step, read, write};

/// Which of the two files goes past the cache. At least one does.
#[derive(Debug)]
pub(crate) struct Direct {
    buffer: Buffer,
    alignment: u64,
    from: bool,
    to: bool,
}

/// What is read and written at a time: a device waits for each request, so that small ones are slow.
const BYTES: usize = 1024 * 1024;

impl Direct {
    pub(super) fn new(ends: Ends<'_>, values: &Values, calls: &Calls) -> io::Result<Self> {
        let from = platform::direct_alignment(calls, ends.from)?;
        let to = platform::direct_alignment(calls, ends.to)?;
        let alignment = from.max(to).ok_or_else(platform::unsupported)?;
        let length = usize::try_from(values.buffered_chunk.bytes()).unwrap_or(BYTES).max(BYTES);
        let length = length.next_multiple_of(alignment);
        let mut direct = Self {
            buffer: Buffer::aligned(length, alignment),
            alignment: alignment as u64,
            from: false,
            to: false,
        };
        direct.from = from.is_some() && platform::set_direct(calls, ends.from, true).is_ok();
        direct.to = to.is_some() && platform::set_direct(calls, ends.to, true).is_ok();
        if direct.from || direct.to { Ok(direct) } else { Err(platform::unsupported()) }
    }

    pub(super) fn step(
        &mut self,
        ends: Ends<'_>,
        offset: u64,
        left: u64,
        calls: &Calls,
    ) -> Result<Step, Failure> {
        // Asked for whole blocks, the last read comes back short.
        let asked = left.min(self.buffer.len() as u64).next_multiple_of(self.alignment);
        let read = read(&mut self.buffer, ends, offset, asked, calls)?;
        let read = read.min(usize::try_from(left).unwrap_or(usize::MAX));
        if read == 0 {
            return Ok(Step::End);
        }
        if self.to && !(read as u64).is_multiple_of(self.alignment) {
            self.cache_destination(ends, calls);
        }
        write(&self.buffer[..read], ends, offset, calls).map(Step::Moved)
    }

    fn cache_destination(&mut self, ends: Ends<'_>, calls: &Calls) {
        if std::mem::take(&mut self.to) {
            // Refused, it makes the next write fail, which is told.
            let _ = platform::set_direct(calls, ends.to, false);
        }
    }

    pub(super) fn leave(&mut self, ends: Ends<'_>, calls: &Calls) {
        self.cache_destination(ends, calls);
        if std::mem::take(&mut self.from) {
            let _ = platform::set_direct(calls, ends.from, false);
        }
    }
}
