//! Content that changes its form on the way: compressed to zstd frames, or taken out of them. Reads the source and
//! writes the target in constant memory; the one loop ([`drive`]) still owns progress.

mod codec;
mod decoded;
mod press;

use std::borrow::Cow;
use std::path::Path;

use crate::attempt::{Failure, Step, Zeros, failed};
use crate::buffer::{Buffer, PAGE};
use crate::drive::{Driven, Goal, Position, drive};
use crate::error::{CopyError, Operation};
use crate::ladder::{Climb, End, Job};
use crate::limit::Limit;
use crate::options::Compression;
use crate::outcome::Moved;
use crate::platform::{self, Calls};
use crate::select::Plan;
use crate::strategy::Mechanism;

pub(crate) use decoded::{Decoded, Unread};
pub(crate) use press::{Frames, compress};

/// Whether this build can compress and decompress.
pub(crate) const BUILT_IN: bool = cfg!(feature = "zstd");

/// What was moved, and how long either file is.
#[derive(Debug, Default)]
pub(crate) struct Carried {
    /// Its bytes are those of the content.
    pub(crate) climb: Climb,
    /// Bytes of the source that were taken.
    pub(crate) taken: u64,
    /// Length of the new file.
    pub(crate) length: u64,
}

impl Carried {
    /// What the ladder moved has the same length everywhere.
    pub(crate) fn unchanged(climb: Climb) -> Self {
        Self { taken: climb.bytes, length: climb.bytes, climb }
    }

    /// What was read and written, in another form, as far as `position` of the content.
    fn driven(driven: Driven, position: Position, taken: u64, length: u64) -> Self {
        let Position { offset: bytes, moved: data_bytes } = position;
        let moved = vec![Moved { mechanism: Mechanism::ReadWrite, bytes: data_bytes }];
        let climb = Climb { bytes, data_bytes, moved, threads: 1, end: End::of(driven), ..Climb::default() };
        Self { climb, taken, length }
    }
}

/// The path of the new file; an error where this build cannot give it the form that is wanted.
pub(crate) fn new_name(destination: &Path, compression: Compression) -> Result<Cow<'_, Path>, CopyError> {
    check_built_in(compression)?;
    Ok(compression.new_name(destination))
}

/// An error where this build has no such compression.
pub(crate) fn check_built_in(compression: Compression) -> Result<(), CopyError> {
    if compression != Compression::None && !BUILT_IN {
        return Err(CopyError::NotBuiltIn { feature: "zstd" });
    }
    Ok(())
}

/// Writes the content of the frames that the source holds.
pub(crate) fn decompress(plan: &Plan, job: Job<'_>, calls: &Calls) -> Result<Carried, Failure> {
    if plan.rungs.is_empty() {
        return Ok(Carried::default());
    }
    let (ends, limit, watch) = (job.ends, Limit::new(job.is_limited), job.watch);
    let mut decoded = Decoded::new(ends.from, u64::MAX, 1).map_err(failed(Operation::Decompress))?;
    let set_length = |length| {
        limit.admit(length, calls)?;
        platform::set_length(calls, ends.to, length).map_err(failed(Operation::SetLength))
    };
    if job.skip_zeros {
        platform::allow_holes(calls, ends.to);
    }
    if job.skip_zeros
        && let Some(length) = decoded.announced(watch, calls).map_err(unreadable)?
    {
        // A file system that sees a file grow allocates ahead of it (XFS), into what is to be a hole.
        set_length(length)?;
    }
    let mut zeros = Zeros::new(Buffer::aligned(buffer_bytes(plan), PAGE));
    let mut position = Position::default();
    let step = |offset, left| {
        let most = |buffer: &[u8]| usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        if !zeros.refill(|buffer| {
            let most = most(buffer);
            decoded.fill(&mut buffer[..most], watch, calls).map_err(unreadable)
        })? {
            return Ok(Step::End);
        }
        limit.admit_byte(offset, calls)?;
        zeros.give(ends, offset, job.skip_zeros, calls)
    };
    let manner = job.manner(Mechanism::ReadWrite, Goal::End);
    let driven = drive(manner, &mut position, step, |_| Ok(false))?;
    if job.skip_zeros && driven == Driven::Ended {
        set_length(position.offset)?;
    }
    Ok(Carried::driven(driven, position, decoded.taken(), position.offset))
}

fn buffer_bytes(plan: &Plan) -> usize {
    usize::try_from(plan.values.buffered_chunk.bytes()).unwrap_or(usize::MAX)
}

fn unreadable(unread: Unread) -> Failure {
    match unread {
        Unread::File(error) => Failure { operation: Operation::Read, error },
        Unread::Damaged(damage) => Failure { operation: Operation::Decompress, error: damage.into() },
    }
}

#[cfg(test)]
mod tests;
