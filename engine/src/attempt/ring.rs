//! Reading and writing through `io_uring(7)`: several chunks at a time, each batch with one system call.

use std::io;

use crate::error::Operation;
use crate::ffi::{Queue, Request};
use crate::platform::Calls;
use crate::tuning::Values;

use super::{Ends, Failure, Step, believed, failed};

/// Chunks that are under way at a time.
const SLOTS: u32 = 4;

#[derive(Debug)]
pub(crate) struct Ring {
    queue: Queue,
}

impl Ring {
    pub(super) fn new(values: &Values, size: u64, calls: &Calls) -> io::Result<Self> {
        // Setting up, mapping two areas, and taking all that down.
        calls.add(SETUP_CALLS);
        let chunk = values.buffered_chunk.bytes().min(size);
        Ok(Self { queue: Queue::new(SLOTS, usize::try_from(chunk).unwrap_or(usize::MAX))? })
    }

    pub(super) fn step(
        &mut self,
        ends: Ends<'_>,
        offset: u64,
        left: u64,
        calls: &Calls,
    ) -> Result<Step, Failure> {
        let wanted = self.requests(offset, left);
        calls.count();
        let read = self.queue.read(ends.from, &wanted).map_err(failed(Operation::Read))?;
        let read = gapless(&wanted, read).map_err(failed(Operation::Read))?;
        if read.is_empty() {
            return Ok(Step::End);
        }
        calls.count();
        let written = self.queue.write(ends.to, &read).map_err(failed(Operation::Write))?;
        let written = gapless(&read, written).map_err(failed(Operation::Write))?;
        match written.iter().map(|request| request.length as u64).sum() {
            0 => Err(failed(Operation::Write)(io::ErrorKind::WriteZero.into())),
            bytes => Ok(Step::Moved(bytes)),
        }
    }

    fn requests(&self, offset: u64, left: u64) -> Vec<Request> {
        let (slots, bytes) = (self.queue.slots() as u64, self.queue.slot_bytes() as u64);
        let end = offset.saturating_add(left);
        let begins = (0..slots).map(|slot| offset.saturating_add(slot * bytes));
        let request = |begin: u64| Request {
            offset: begin,
            length: usize::try_from((end - begin).min(bytes)).unwrap_or(usize::MAX),
        };
        begins.take_while(|begin| *begin < end).map(request).collect()
    }
}

/// What was done without a gap from the first request on. An error counts where it is the first answer; later ones are met
/// again by the next step.
fn gapless(wanted: &[Request], results: Vec<io::Result<usize>>) -> io::Result<Vec<Request>> {
    let mut done = Vec::with_capacity(wanted.len());
    for (request, result) in wanted.iter().zip(results) {
        match result.and_then(|count| believed(count, request.length)) {
            Ok(0) => break,
            Ok(length) => {
                done.push(Request { length, ..*request });
                if length < request.length {
                    break;
                }
            }
            Err(error) if done.is_empty() => return Err(error),
            Err(_) => break,
        }
    }
    Ok(done)
}

/// `io_uring_setup`, two `mmap`s of which no count is kept elsewhere, and the closing of its descriptor.
const SETUP_CALLS: u64 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Vec<Request> {
        (0..4).map(|slot| Request { offset: slot * 10, length: 10 }).collect()
    }

    #[test]
    fn a_gap_ends_what_counts() {
        let lengths = |results| {
            gapless(&wanted(), results).unwrap().iter().map(|request| request.length).collect::<Vec<_>>()
        };
        assert_eq!(lengths(vec![Ok(10), Ok(10), Ok(10), Ok(3)]), [10, 10, 10, 3]);
        assert_eq!(lengths(vec![Ok(10), Ok(3), Ok(10), Ok(10)]), [10, 3]);
        assert_eq!(lengths(vec![Ok(10), Err(io::ErrorKind::Other.into()), Ok(10), Ok(10)]), [10]);
        assert_eq!(lengths(vec![Ok(0), Ok(10), Ok(10), Ok(10)]), [0; 0]);
        assert!(gapless(&wanted(), vec![Err(io::ErrorKind::Other.into())]).is_err());
        assert!(gapless(&wanted(), vec![Ok(11)]).is_err());
    }
}
