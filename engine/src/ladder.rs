//! The only place that falls back: rung after rung, each going on where the one before it stopped.

use crate::attempt::{Ends, Failure, Rung};
use crate::drive::{Driven, Goal, drive};
use crate::error::Operation;
use crate::outcome::{Moved, Refusal, RefusalReason};
use crate::platform::{self, Calls, Meaning, Volume};
use crate::select::Plan;
use crate::strategy::Mechanism;

/// What the ladder did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Climb {
    /// Bytes in the destination.
    pub(crate) bytes: u64,
    /// Who moved them.
    pub(crate) moved: Vec<Moved>,
    /// Who could not.
    pub(crate) refusals: Vec<Refusal>,
    /// Whether a rung finished the file. Otherwise every rung was refused.
    pub(crate) complete: bool,
}

/// Between which mounts the ladder stands, to remember what is refused there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Volumes {
    pub(crate) from: Volume,
    pub(crate) to: Volume,
}

/// Copies `size` bytes (0: up to the end) by the rungs of `plan`.
pub(crate) fn climb(
    plan: &Plan,
    ends: Ends<'_>,
    volumes: Volumes,
    size: u64,
    calls: &Calls,
) -> Result<Climb, Failure> {
    let goal = if size == 0 { Goal::End } else { Goal::Size(size) };
    let mut climb = Climb::default();
    for &mechanism in &plan.rungs {
        let start = climb.bytes;
        let driven = match Rung::new(mechanism, &plan.values, size, calls) {
            Ok(mut rung) => drive(
                goal,
                &mut climb.bytes,
                |offset, left| rung.step(ends, offset, left, calls),
                |offset| has_more(ends, offset, calls),
            )?,
            Err(failure) => cannot_start(failure)?,
        };
        if climb.bytes > start || driven == Driven::Complete || driven == Driven::Ended {
            climb.moved.push(Moved { mechanism, bytes: climb.bytes - start });
        }
        match driven {
            Driven::Complete | Driven::Ended => {
                climb.complete = true;
                break;
            }
            Driven::Refused { reason, every_file } => {
                if let (true, RefusalReason::Errno(errno)) = (every_file, reason) {
                    crate::memory::note_refusal(volumes.from, volumes.to, mechanism, errno);
                }
                climb.refusals.push(Refusal { mechanism, reason, at: climb.bytes });
            }
        }
    }
    Ok(climb)
}

/// A rung that cannot get what it needs (a pipe, when descriptors are scarce) is one that cannot work here.
fn cannot_start(failure: Failure) -> Result<Driven, Failure> {
    match platform::meaning(&failure.error, false) {
        Meaning::Failed | Meaning::Interrupted => Err(failure),
        Meaning::Refused { .. } => Ok(Driven::Refused { reason: failure.reason(), every_file: false }),
    }
}

/// An in-kernel call that moved nothing may mean the end, or a file (procfs, some FUSE) that only answers reads.
fn has_more(ends: Ends<'_>, offset: u64, calls: &Calls) -> Result<bool, Failure> {
    loop {
        match platform::read_at(calls, ends.from, &mut [0], offset) {
            Ok(read) => return Ok(read > 0),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Failure { operation: Operation::Read, error }),
        }
    }
}

impl Climb {
    /// The mechanism that moved most of the bytes, the last one where none was moved.
    pub(crate) fn mechanism(&self) -> Option<Mechanism> {
        self.moved.iter().max_by_key(|moved| moved.bytes).map(|moved| moved.mechanism)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mechanism_named_is_the_one_that_moved_most() {
        let moved = |mechanism, bytes| Moved { mechanism, bytes };
        let climb = Climb {
            moved: vec![moved(Mechanism::CopyFileRange, 9), moved(Mechanism::ReadWrite, 1)],
            ..Climb::default()
        };
        assert_eq!(climb.mechanism(), Some(Mechanism::CopyFileRange));
        assert_eq!(Climb::default().mechanism(), None);
    }
}
