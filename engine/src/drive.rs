//! The one loop that owns progress: short, zero, interrupted and excessive steps, early ends and cancellation are handled
//! here and nowhere else.

use std::io;

use crate::attempt::{Failure, Step};
use crate::observe::{Stride, Watch};
use crate::outcome::RefusalReason;
use crate::pace::Pace;
use crate::platform::{Meaning, meaning};

/// Where a drive is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    /// At this offset.
    At(u64),
    /// Where a read finds the end.
    End,
}

impl Goal {
    fn left(self, offset: u64) -> u64 {
        match self {
            Self::At(end) => end.saturating_sub(offset),
            Self::End => u64::MAX,
        }
    }
}

/// How a rung is to be driven.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner<'a> {
    pub(crate) goal: Goal,
    /// Whether no rung is below, so that this one fails where others are refused.
    pub(crate) last: bool,
    /// How many bytes the first step is asked for, where somebody watches.
    pub(crate) first_step: u64,
    pub(crate) watch: &'a Watch<'a>,
    /// The limit that the steps keep.
    pub(crate) pace: Option<&'a Pace>,
}

/// How far a copy is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// All before this offset has arrived.
    pub(crate) offset: u64,
    /// Bytes that were moved to get there.
    pub(crate) moved: u64,
}

/// How a drive ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Driven {
    /// The goal is reached.
    Complete,
    /// The source ended before the goal.
    Ended,
    /// The caller wants no more.
    Cancelled,
    /// The rung cannot work here.
    Refused {
        reason: RefusalReason,
        /// Whether every file between these two mounts would be refused alike.
        every_file: bool,
    },
}

/// Takes steps from `position` until the goal, the end, a refusal, a failure or the caller's wish. `has_more` tells by a
/// read whether the source has a byte at an offset. `position` is always what has arrived in the destination.
pub(crate) fn drive(
    manner: Manner<'_>,
    position: &mut Position,
    mut step: impl FnMut(u64, u64) -> Result<Step, Failure>,
    has_more: impl Fn(u64) -> Result<bool, Failure>,
) -> Result<Driven, Failure> {
    let Manner { goal, last, first_step, watch, pace } = manner;
    let most = pace.map_or(u64::MAX, Pace::chunk);
    let start = position.offset;
    let refused = |reason| Ok(Driven::Refused { reason, every_file: false });
    let mut stride = Stride::new(watch, first_step);
    while goal.left(position.offset) > 0 {
        if watch.is_cancelled() {
            return Ok(Driven::Cancelled);
        }
        let asked = stride.begin(goal.left(position.offset)).min(most);
        let taken = step(position.offset, asked);
        stride.end();
        match taken {
            Ok(Step::Moved(bytes)) => {
                position.offset += bytes;
                position.moved += bytes;
                watch.advance(bytes);
                if let Some(pace) = pace {
                    pace.charge(bytes, watch);
                }
            }
            Ok(Step::Skipped(bytes)) => {
                position.offset += bytes;
                watch.advance(bytes);
            }
            Ok(Step::Excess) => return refused(RefusalReason::MovedTooMuch),
            Ok(Step::Whole) => {
                if let Goal::At(end) = goal {
                    *position = Position { offset: end, moved: position.moved + end - position.offset };
                }
                return Ok(Driven::Complete);
            }
            Ok(Step::Nothing) => match has_more(position.offset) {
                Ok(true) => return refused(RefusalReason::MovedNothing),
                Ok(false) => return Ok(Driven::Ended),
                Err(failure) if failure.error.kind() == io::ErrorKind::Interrupted => {}
                Err(failure) => return Err(failure),
            },
            Ok(Step::End) => return Ok(Driven::Ended),
            Err(failure) => match meaning(&failure.error, position.offset > start) {
                Meaning::Interrupted => {}
                Meaning::Failed => return Err(failure),
                Meaning::Refused { .. } if last => return Err(failure),
                Meaning::Refused { every_file } => {
                    return Ok(Driven::Refused { reason: failure.reason(), every_file });
                }
            },
        }
    }
    Ok(Driven::Complete)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Operation;
    use crate::observe::{Cancel, FIRST_STEP};

    fn manner<'a>(goal: Goal, watch: &'a Watch<'a>) -> Manner<'a> {
        Manner { goal, last: false, first_step: FIRST_STEP, watch, pace: None }
    }

    #[cfg(all(target_os = "linux", not(orbit_portable)))]
    fn errno(number: i32) -> Result<Step, Failure> {
        Err(Failure { operation: Operation::Copy, error: io::Error::from_raw_os_error(number) })
    }

    fn interrupted() -> Result<Step, Failure> {
        Err(Failure { operation: Operation::Copy, error: interruption() })
    }

    /// EINTR, where the system has it.
    fn interruption() -> io::Error {
        if cfg!(unix) { io::Error::from_raw_os_error(4) } else { io::ErrorKind::Interrupted.into() }
    }

    /// Drives through a script; gives the end, the offset, and what was asked for at each step.
    fn play(
        goal: Goal,
        script: Vec<Result<Step, Failure>>,
        more: bool,
    ) -> (Result<Driven, Failure>, u64, Vec<(u64, u64)>) {
        let (mut position, mut asked, mut script) = (Position::default(), Vec::new(), script.into_iter());
        let step = |at, left| {
            asked.push((at, left));
            script.next().expect("the loop asked for more steps than the script has")
        };
        let end = drive(manner(goal, &Watch::new(None, None, 0)), &mut position, step, |_| Ok(more));
        (end, position.offset, asked)
    }

    #[test]
    fn short_steps_add_up_and_nothing_is_asked_beyond_the_goal() {
        let (end, offset, asked) =
            play(Goal::At(10), vec![Ok(Step::Moved(3)), Ok(Step::Moved(1)), Ok(Step::Moved(6))], true);
        assert_eq!((end.unwrap(), offset), (Driven::Complete, 10));
        assert_eq!(asked, [(0, 10), (3, 7), (4, 6)]);
    }

    #[test]
    fn holes_are_passed_and_not_counted_as_moved() {
        let mut position = Position::default();
        let mut script = [Step::Moved(3), Step::Skipped(5), Step::Moved(2)].into_iter();
        let step = |_, _| Ok(script.next().unwrap());
        drive(manner(Goal::At(10), &Watch::new(None, None, 0)), &mut position, step, |_| Ok(true)).unwrap();
        assert_eq!(position, Position { offset: 10, moved: 5 });
    }

    #[test]
    fn an_interrupted_step_is_tried_again_where_it_was() {
        let script = vec![Ok(Step::Moved(4)), interrupted(), interrupted(), Ok(Step::Moved(6))];
        let (end, offset, asked) = play(Goal::At(10), script, true);
        assert_eq!((end.unwrap(), offset), (Driven::Complete, 10));
        assert_eq!(asked[1..], [(4, 6), (4, 6), (4, 6)]);
    }

    #[test]
    fn interruptions_without_end_end_when_the_caller_wants_no_more() {
        let cancel = Cancel::new();
        let (mut position, mut tries) = (Position::default(), 0);
        let step = |_, _| {
            tries += 1;
            if tries == 1000 {
                cancel.cancel();
            }
            interrupted()
        };
        let watch = Watch::new(None, Some(&cancel), 0);
        let end = drive(manner(Goal::At(10), &watch), &mut position, step, |_| Ok(true));
        assert_eq!((end.unwrap(), position.offset, tries), (Driven::Cancelled, 0, 1000));
    }

    #[test]
    fn moving_nothing_is_the_end_only_when_a_read_says_so() {
        let (end, offset, _) = play(Goal::At(10), vec![Ok(Step::Moved(4)), Ok(Step::Nothing)], false);
        assert_eq!((end.unwrap(), offset), (Driven::Ended, 4));
        let (end, _, _) = play(Goal::At(10), vec![Ok(Step::Nothing)], true);
        let reason = RefusalReason::MovedNothing;
        assert_eq!(end.unwrap(), Driven::Refused { reason, every_file: false });
    }

    #[test]
    fn a_read_that_is_interrupted_without_end_ends_when_the_caller_wants_no_more() {
        let cancel = Cancel::new();
        let (mut position, tries) = (Position::default(), std::cell::Cell::new(0));
        let has_more = |_| {
            tries.set(tries.get() + 1);
            if tries.get() == 1000 {
                cancel.cancel();
            }
            interrupted().map(|_| true)
        };
        let watch = Watch::new(None, Some(&cancel), 0);
        let end = drive(manner(Goal::At(10), &watch), &mut position, |_, _| Ok(Step::Nothing), has_more);
        assert_eq!((end.unwrap(), tries.get()), (Driven::Cancelled, 1000));
    }

    #[test]
    fn a_count_beyond_what_was_asked_is_not_believed() {
        let (end, offset, _) = play(Goal::At(10), vec![Ok(Step::Moved(4)), Ok(Step::Excess)], true);
        let reason = RefusalReason::MovedTooMuch;
        assert_eq!((end.unwrap(), offset), (Driven::Refused { reason, every_file: false }, 4));
    }

    #[test]
    fn an_unknown_length_ends_where_a_read_ends() {
        let (end, offset, asked) = play(Goal::End, vec![Ok(Step::Moved(4)), Ok(Step::End)], false);
        assert_eq!((end.unwrap(), offset), (Driven::Ended, 4));
        assert_eq!(asked[1], (4, u64::MAX));
    }

    #[test]
    fn an_empty_goal_takes_no_step() {
        let (end, _, asked) = play(Goal::At(0), Vec::new(), true);
        assert_eq!((end.unwrap(), asked.len()), (Driven::Complete, 0));
    }

    #[cfg(all(target_os = "linux", not(orbit_portable)))]
    #[test]
    fn an_unsupported_errno_refuses_at_the_offset_reached_and_others_fail_there() {
        let (end, offset, _) = play(Goal::At(10), vec![Ok(Step::Moved(4)), errno(95)], true);
        let reason = RefusalReason::Errno(95);
        assert_eq!((end.unwrap(), offset), (Driven::Refused { reason, every_file: true }, 4));
        let (end, offset, _) = play(Goal::At(10), vec![Ok(Step::Moved(4)), errno(28)], true);
        assert_eq!((end.unwrap_err().error.raw_os_error(), offset), (Some(28), 4));
        let (end, _, _) = play(Goal::At(10), vec![errno(111)], true);
        let reason = RefusalReason::Errno(111);
        assert_eq!(end.unwrap(), Driven::Refused { reason, every_file: false });
    }
}
