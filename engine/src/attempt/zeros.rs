//! Reading and writing that leaves out blocks of zeros, so that they become holes.

use crate::buffer::{Buffer, PAGE};
use crate::platform::Calls;

use super::{Ends, Failure, Step, read, write};

/// Bytes that were read and wait to be written or left out.
#[derive(Debug)]
pub(crate) struct Zeros {
    buffer: Buffer,
    /// The part of the buffer that waits.
    begin: usize,
    end: usize,
}

impl Zeros {
    pub(crate) fn new(buffer: Buffer) -> Self {
        Self { buffer, begin: 0, end: 0 }
    }

    pub(super) fn step(
        &mut self,
        ends: Ends<'_>,
        offset: u64,
        left: u64,
        calls: &Calls,
    ) -> Result<Step, Failure> {
        if !self.refill(|buffer| read(buffer, ends, offset, left, calls))? {
            return Ok(Step::End);
        }
        self.give(ends, offset, true, calls)
    }

    /// Has `read` bring more bytes unless some wait; false where there are no more.
    pub(crate) fn refill(
        &mut self,
        read: impl FnOnce(&mut [u8]) -> Result<usize, Failure>,
    ) -> Result<bool, Failure> {
        if self.begin == self.end {
            (self.begin, self.end) = (0, read(&mut self.buffer)?);
        }
        Ok(self.end > 0)
    }

    /// Writes bytes that wait to `offset`, or leaves them out where they are blocks of zeros and `skip` allows it.
    pub(crate) fn give(
        &mut self,
        ends: Ends<'_>,
        offset: u64,
        skip: bool,
        calls: &Calls,
    ) -> Result<Step, Failure> {
        let waiting = &self.buffer[self.begin..self.end];
        // Only whole blocks of the destination can be holes.
        let to_edge = PAGE - usize::try_from(offset % PAGE as u64).unwrap_or(0);
        let (run, zeros) = if skip { run(waiting, to_edge % PAGE) } else { (waiting.len(), false) };
        if zeros {
            self.begin += run;
            return Ok(Step::Skipped(run as u64));
        }
        let written = write(&waiting[..run], ends, offset, calls)?;
        self.begin += usize::try_from(written).unwrap_or(run);
        Ok(Step::Moved(written))
    }
}

/// Length of the run of blocks that `bytes` begin with, all zeros or none, and which of both. The first block ends
/// after `first` bytes where that is not 0.
fn run(bytes: &[u8], first: usize) -> (usize, bool) {
    let is_zero = |block: &[u8]| block.iter().all(|byte| *byte == 0);
    let (head, tail) = bytes.split_at(first.min(bytes.len()));
    let blocks = || std::iter::once(head).filter(|head| !head.is_empty()).chain(tail.chunks(PAGE));
    let zeros = blocks().next().is_some_and(is_zero);
    (blocks().take_while(|block| is_zero(block) == zeros).map(<[u8]>::len).sum(), zeros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_end_where_blocks_change() {
        let bytes = [vec![0; 2 * PAGE], vec![1; PAGE], vec![0; 100]].concat();
        assert_eq!(run(&bytes, 0), (2 * PAGE, true));
        assert_eq!(run(&bytes[2 * PAGE..], 0), (PAGE, false));
        assert_eq!(run(&bytes[3 * PAGE..], 0), (100, true));
    }

    #[test]
    fn an_unaligned_begin_is_a_block_of_its_own() {
        let bytes = [vec![0; 10], vec![1; PAGE]].concat();
        assert_eq!(run(&bytes, 10), (10, true));
        assert_eq!(run(&bytes, 11), (10 + PAGE, false));
        assert_eq!(run(&[0; 5], 10), (5, true));
    }
}
