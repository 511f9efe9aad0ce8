//! The rungs: one call, or one pair of calls, of a mechanism at an offset. No rung loops, retries or falls back.

mod direct;
mod new_file;
#[cfg(all(feature = "io-uring", target_os = "linux", not(orbit_portable)))]
mod ring;
mod zeros;

use std::fs::File;
use std::io;

use crate::buffer::Buffer;
use crate::error::Operation;
use crate::observe::Watch;
use crate::platform::{self, At, Calls, Pipe};
use crate::staging::Staging;
use crate::strategy::Mechanism;
use crate::tuning::Values;

pub(crate) use crate::failure::{Failure, failed};
use direct::Direct;
use new_file::{Make, NewFile};
pub(crate) use zeros::Zeros;

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
    /// So many bytes are zeros that need not be in the destination.
    Skipped(u64),
    /// The whole file is now in the destination.
    Whole,
    /// A read found the end of the source.
    End,
    /// Nothing moved; whether the source has ended is unknown.
    Nothing,
    /// The kernel claims to have moved more than it was asked to: what really arrived is unknown.
    Excess,
}

/// What a rung is to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task<'a> {
    /// Length of the source; 0 where only reading tells it.
    pub(crate) size: u64,
    /// Whether the steps are to be short ones, for an observer or for cancellation.
    pub(crate) watched: bool,
    /// Whether blocks of zeros are to be left out.
    pub(crate) skip_zeros: bool,
    /// Beside what a mechanism that makes the new file itself may do so; none where the file that there is must be written.
    pub(crate) beside: Option<At<'a>>,
}

/// A mechanism at work on one copy, with what it needs.
#[derive(Debug)]
pub(crate) enum Rung {
    Reflink {
        in_ranges: bool,
    },
    CopyFileRange {
        chunk: u64,
    },
    Splice {
        pipe: Pipe,
        chunk: u64,
    },
    Sendfile {
        chunk: u64,
        stands_at: u64,
    },
    /// The system makes a file of its own, which takes the place of the one that there is.
    NewFile(NewFile),
    DirectIo(Direct),
    #[cfg(all(feature = "io-uring", target_os = "linux", not(orbit_portable)))]
    IoUring(Box<ring::Ring>),
    ReadWrite {
        buffer: Buffer,
    },
    SkipZeros(Zeros),
}

/// A whole clone may flush the source first; from here on a watched one is made range by range.
pub(crate) const LONG_CLONE: u64 = 64 * 1024 * 1024;

/// Clones end at multiples of every file system's block.
const CLONE_BLOCK: u64 = 64 * 1024;

/// What is read at a time from a file that does not tell its length.
const UNKNOWN_SIZE: u64 = 64 * 1024;

impl Rung {
    /// Takes what `mechanism` needs for `task`.
    pub(crate) fn new(
        mechanism: Mechanism,
        values: &Values,
        task: Task<'_>,
        ends: Ends<'_>,
        calls: &Calls,
    ) -> Result<Self, Failure> {
        let chunk = values.kernel_chunk.bytes();
        let size = if task.size == 0 { UNKNOWN_SIZE } else { task.size };
        let buffer = || Buffer::for_file(size, values.buffered_chunk.bytes());
        Ok(match mechanism {
            Mechanism::Reflink if platform::CLONES_ARE_NEW => {
                Self::NewFile(NewFile::new(Make::Clone, task).map_err(failed(Operation::Copy))?)
            }
            Mechanism::Reflink => Self::Reflink { in_ranges: task.watched && size >= LONG_CLONE },
            Mechanism::CopyFileRange => Self::CopyFileRange { chunk },
            Mechanism::Splice => {
                let pipe = Pipe::new(calls, values.pipe_size.bytes()).map_err(failed(Operation::Copy))?;
                Self::Splice { pipe, chunk }
            }
            Mechanism::Sendfile => Self::Sendfile { chunk, stands_at: 0 },
            Mechanism::CopyFileEx | Mechanism::Fcopyfile => {
                Self::NewFile(NewFile::new(Make::Copy, task).map_err(failed(Operation::Copy))?)
            }
            Mechanism::DirectIo => {
                Self::DirectIo(Direct::new(ends, values, calls).map_err(failed(Operation::Copy))?)
            }
            #[cfg(all(feature = "io-uring", target_os = "linux", not(orbit_portable)))]
            Mechanism::IoUring => Self::IoUring(Box::new(
                ring::Ring::new(values, size, calls).map_err(failed(Operation::Copy))?,
            )),
            #[cfg(not(all(feature = "io-uring", target_os = "linux", not(orbit_portable))))]
            Mechanism::IoUring => {
                return Err(failed(Operation::Copy)(platform::unsupported()));
            }
            Mechanism::ReadWrite if task.skip_zeros => Self::SkipZeros(Zeros::new(buffer())),
            Mechanism::ReadWrite => Self::ReadWrite { buffer: buffer() },
        })
    }

    /// Moves at most `left` bytes at `offset` of both files.
    pub(crate) fn step(
        &mut self,
        ends: Ends<'_>,
        offset: u64,
        left: u64,
        watch: &Watch<'_>,
        calls: &Calls,
    ) -> Result<Step, Failure> {
        match self {
            Self::Reflink { in_ranges: false } => platform::reflink(calls, ends.from, ends.to)
                .map(|()| Step::Whole)
                .map_err(failed(Operation::Copy)),
            Self::Reflink { in_ranges: true } => {
                let length = if left > CLONE_BLOCK { left - left % CLONE_BLOCK } else { left };
                platform::reflink_range(calls, ends.from, ends.to, offset, length)
                    .map(|()| Step::Moved(length))
                    .map_err(failed(Operation::Copy))
            }
            Self::CopyFileRange { chunk } => {
                let asked = left.min(*chunk);
                platform::copy_file_range(calls, ends.from, ends.to, offset, asked)
                    .map(|bytes| moved(bytes, asked))
                    .map_err(failed(Operation::Copy))
            }
            Self::Splice { pipe, chunk } => {
                splice(pipe, ends, offset, left.min(*chunk), calls).map_err(failed(Operation::Copy))
            }
            Self::Sendfile { chunk, stands_at } => {
                send(stands_at, ends, offset, left.min(*chunk), calls).map_err(failed(Operation::Copy))
            }
            Self::NewFile(new) => new.step(ends.from, offset, watch, calls).map_err(failed(Operation::Copy)),
            Self::DirectIo(direct) => direct.step(ends, offset, left, calls),
            #[cfg(all(feature = "io-uring", target_os = "linux", not(orbit_portable)))]
            Self::IoUring(ring) => ring.step(ends, offset, left, calls),
            Self::ReadWrite { buffer } => read_write(buffer, ends, offset, left, calls),
            Self::SkipZeros(zeros) => zeros.step(ends, offset, left, calls),
        }
    }

    /// Leaves both files as other rungs expect them. Gives the file that the mechanism made itself.
    pub(crate) fn leave(self, ends: Ends<'_>, calls: &Calls) -> Option<Staging> {
        match self {
            Self::DirectIo(mut direct) => {
                direct.leave(ends, calls);
                None
            }
            Self::NewFile(new) => new.made(),
            _ => None,
        }
    }
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

/// The call writes where the destination stands, which is where the last one ended.
fn send(stands_at: &mut u64, ends: Ends<'_>, offset: u64, asked: u64, calls: &Calls) -> io::Result<Step> {
    if *stands_at != offset {
        platform::seek(calls, ends.to, offset)?;
        *stands_at = offset;
    }
    let bytes = platform::send_file(calls, ends.from, ends.to, offset, asked)?;
    *stands_at = stands_at.saturating_add(bytes);
    Ok(moved(bytes, asked))
}

fn read_write(
    buffer: &mut [u8],
    ends: Ends<'_>,
    offset: u64,
    left: u64,
    calls: &Calls,
) -> Result<Step, Failure> {
    let read = read(buffer, ends, offset, left, calls)?;
    if read == 0 {
        return Ok(Step::End);
    }
    write(&buffer[..read], ends, offset, calls).map(Step::Moved)
}

/// At most `left` bytes, and no more than the buffer holds; 0 at the end.
pub(crate) fn read(
    buffer: &mut [u8],
    ends: Ends<'_>,
    offset: u64,
    left: u64,
    calls: &Calls,
) -> Result<usize, Failure> {
    let asked = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
    platform::read_at(calls, ends.from, &mut buffer[..asked], offset)
        .and_then(|read| believed(read, asked))
        .map_err(failed(Operation::Read))
}

/// How many of the bytes were written; never 0.
pub(crate) fn write(bytes: &[u8], ends: Ends<'_>, offset: u64, calls: &Calls) -> Result<u64, Failure> {
    let written = platform::write_at(calls, ends.to, bytes, offset)
        .and_then(|written| believed(written, bytes.len()))
        .map_err(failed(Operation::Write))?;
    if written == 0 {
        return Err(failed(Operation::Write)(io::ErrorKind::WriteZero.into()));
    }
    Ok(written as u64)
}

/// There is no rung below reading and writing, so that an impossible count ends the copy.
pub(crate) fn believed<N: PartialOrd + Copy>(count: N, asked: N) -> io::Result<N> {
    if count <= asked {
        return Ok(count);
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidData,
        "the system claims to have moved more than it was asked to",
    ))
}
