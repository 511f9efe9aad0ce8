//! The rungs: one call, or one pair of calls, of a mechanism at an offset. No rung loops, retries or falls back.

use std::fs::File;
use std::io;

use crate::error::Operation;
use crate::outcome::RefusalReason;
use crate::platform::{self, Calls, Pipe};
use crate::strategy::Mechanism;
use crate::tuning::Values;

/// The two files of a copy, open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends<'a> {
    pub(crate) from: &'a File,
    pub(crate) to: &'a File,
}

/// What one step did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// So many bytes are now in the destination.
    Moved(u64),
    /// The whole file is now in the destination.
    Whole,
    /// A read found the end of the source.
    End,
    /// Nothing moved; whether the source has ended is unknown.
    Nothing,
    /// The kernel claims to have moved more than it was asked to: what really arrived is unknown.
    Excess,
}

/// A failed call: what it was to do, and the system's answer.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) operation: Operation,
    pub(crate) error: io::Error,
}

impl Failure {
    /// Why the rung cannot work, where the failure means that it cannot.
    pub(crate) fn reason(&self) -> RefusalReason {
        RefusalReason::Errno(self.error.raw_os_error().unwrap_or(0))
    }
}

fn failed(operation: Operation) -> impl Fn(io::Error) -> Failure {
    move |error| Failure { operation, error }
}

/// A mechanism at work on one copy, with what it needs.
#[derive(Debug)]
pub(crate) enum Rung {
    Reflink,
    CopyFileRange { chunk: u64 },
    Splice { pipe: Pipe, chunk: u64 },
    ReadWrite { buffer: Vec<u8> },
}

impl Rung {
    /// Takes what `mechanism` needs to copy a file of `size` bytes.
    pub(crate) fn new(
        mechanism: Mechanism,
        values: &Values,
        size: u64,
        calls: &Calls,
    ) -> Result<Self, Failure> {
        let chunk = values.kernel_chunk.bytes();
        Ok(match mechanism {
            Mechanism::Reflink => Self::Reflink,
            Mechanism::CopyFileRange => Self::CopyFileRange { chunk },
            Mechanism::Splice => {
                Self::Splice { pipe: Pipe::new(calls).map_err(failed(Operation::Copy))?, chunk }
            }
            Mechanism::ReadWrite => Self::ReadWrite { buffer: buffer(values.buffered_chunk.bytes(), size) },
        })
    }

    /// Moves at most `left` bytes at `offset` of both files.
    pub(crate) fn step(
        &mut self,
        ends: Ends<'_>,
        offset: u64,
        left: u64,
        calls: &Calls,
    ) -> Result<Step, Failure> {
        match self {
            Self::Reflink => platform::reflink(calls, ends.from, ends.to)
                .map(|()| Step::Whole)
                .map_err(failed(Operation::Copy)),
            Self::CopyFileRange { chunk } => {
                let asked = left.min(*chunk);
                platform::copy_file_range(calls, ends.from, ends.to, offset, asked)
                    .map(|bytes| moved(bytes, asked))
                    .map_err(failed(Operation::Copy))
            }
            Self::Splice { pipe, chunk } => {
                splice(pipe, ends, offset, left.min(*chunk), calls).map_err(failed(Operation::Copy))
            }
            Self::ReadWrite { buffer } => read_write(buffer, ends, offset, left, calls),
        }
    }
}

/// No larger than the file, so that a small one costs no more memory than it holds.
fn buffer(chunk: u64, size: u64) -> Vec<u8> {
    const UNKNOWN_SIZE: u64 = 64 * 1024;
    let wanted = if size == 0 { UNKNOWN_SIZE } else { size };
    vec![0; usize::try_from(wanted.min(chunk)).unwrap_or(usize::MAX)]
}

/// What a count of bytes means for a call that was asked for `asked`.
fn moved(bytes: u64, asked: u64) -> Step {
    match bytes {
        0 => Step::Nothing,
        _ if bytes > asked => Step::Excess,
        _ => Step::Moved(bytes),
    }
}

/// Bytes that a short drain leaves in the pipe are the next ones to drain: the source is read behind them.
fn splice(pipe: &mut Pipe, ends: Ends<'_>, offset: u64, length: u64, calls: &Calls) -> io::Result<Step> {
    if pipe.held() == 0 {
        let asked = length.min(pipe.capacity());
        let filled = pipe.fill(calls, ends.from, offset, asked)?;
        // Draining what was never put in would wait for ever.
        if filled == 0 || filled > asked {
            return Ok(moved(filled, asked));
        }
    }
    let asked = pipe.held();
    pipe.drain(calls, ends.to, offset).map(|bytes| moved(bytes, asked))
}

fn read_write(
    buffer: &mut [u8],
    ends: Ends<'_>,
    offset: u64,
    left: u64,
    calls: &Calls,
) -> Result<Step, Failure> {
    let asked = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
    let read = platform::read_at(calls, ends.from, &mut buffer[..asked], offset)
        .and_then(|read| believed(read, asked))
        .map_err(failed(Operation::Read))?;
    if read == 0 {
        return Ok(Step::End);
    }
    match platform::write_at(calls, ends.to, &buffer[..read], offset)
        .and_then(|written| believed(written, read))
        .map_err(failed(Operation::Write))?
    {
        0 => Err(failed(Operation::Write)(io::ErrorKind::WriteZero.into())),
        written => Ok(Step::Moved(written as u64)),
    }
}

/// There is no rung below reading and writing, so that an impossible count ends the copy.
fn believed(count: usize, asked: usize) -> io::Result<usize> {
    if count <= asked {
        return Ok(count);
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidData,
        "the system claims to have moved more than it was asked to",
    ))
}
