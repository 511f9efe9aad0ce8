//! The one loop that owns progress: short, zero, interrupted and excessive steps, and early ends, are handled here and
//! nowhere else.

use crate::attempt::{Failure, Step};
use crate::outcome::RefusalReason;
use crate::platform::{Meaning, meaning};

/// Where a copy is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    /// After so many bytes.
    Size(u64),
    /// Where a read finds the end.
    End,
}

impl Goal {
    fn left(self, offset: u64) -> u64 {
        match self {
            Self::Size(size) => size.saturating_sub(offset),
            Self::End => u64::MAX,
        }
    }
}

/// How a drive ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Driven {
    /// The goal is reached.
    Complete,
    /// The source ended before the goal.
    Ended,
    /// The rung cannot work here.
    Refused {
        reason: RefusalReason,
        /// Whether every file between these two mounts would be refused alike.
        every_file: bool,
    },
}

/// Takes steps from `*offset` until the goal, the end, a refusal or a failure. `has_more` tells by a read whether the
/// source has a byte at an offset. `*offset` is always what has arrived in the destination.
pub(crate) fn drive(
    goal: Goal,
    offset: &mut u64,
    mut step: impl FnMut(u64, u64) -> Result<Step, Failure>,
    has_more: impl Fn(u64) -> Result<bool, Failure>,
) -> Result<Driven, Failure> {
    let start = *offset;
    let refused = |reason| Ok(Driven::Refused { reason, every_file: false });
    while goal.left(*offset) > 0 {
        let left = goal.left(*offset);
        match step(*offset, left) {
            Ok(Step::Moved(bytes)) => *offset += bytes,
            Ok(Step::Excess) => return refused(RefusalReason::MovedTooMuch),
            Ok(Step::Whole) => {
                if let Goal::Size(size) = goal {
                    *offset = size;
                }
                return Ok(Driven::Complete);
            }
            Ok(Step::Nothing) if has_more(*offset)? => return refused(RefusalReason::MovedNothing),
            Ok(Step::Nothing | Step::End) => return Ok(Driven::Ended),
            Err(failure) => match meaning(&failure.error, *offset > start) {
                Meaning::Interrupted => {}
                Meaning::Failed => return Err(failure),
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
    use std::io;

    use super::*;
    use crate::error::Operation;

    fn errno(number: i32) -> Result<Step, Failure> {
        Err(Failure { operation: Operation::Copy, error: io::Error::from_raw_os_error(number) })
    }

    /// Drives through a script; gives the end, the offset, and what was asked for at each step.
    fn play(
        goal: Goal,
        script: Vec<Result<Step, Failure>>,
        more: bool,
    ) -> (Result<Driven, Failure>, u64, Vec<(u64, u64)>) {
        let (mut offset, mut asked, mut script) = (0, Vec::new(), script.into_iter());
        let step = |at, left| {
            asked.push((at, left));
            script.next().expect("the loop asked for more steps than the script has")
        };
        let end = drive(goal, &mut offset, step, |_| Ok(more));
        (end, offset, asked)
    }

    #[test]
    fn short_steps_add_up_and_nothing_is_asked_beyond_the_goal() {
        let (end, offset, asked) =
            play(Goal::Size(10), vec![Ok(Step::Moved(3)), Ok(Step::Moved(1)), Ok(Step::Moved(6))], true);
        assert_eq!((end.unwrap(), offset), (Driven::Complete, 10));
        assert_eq!(asked, [(0, 10), (3, 7), (4, 6)]);
    }

    #[test]
    fn an_interrupted_step_is_tried_again_where_it_was() {
        let script = vec![Ok(Step::Moved(4)), errno(4), errno(4), Ok(Step::Moved(6))];
        let (end, offset, asked) = play(Goal::Size(10), script, true);
        assert_eq!((end.unwrap(), offset), (Driven::Complete, 10));
        assert_eq!(asked[1..], [(4, 6), (4, 6), (4, 6)]);
    }

    #[test]
    fn moving_nothing_is_the_end_only_when_a_read_says_so() {
        let (end, offset, _) = play(Goal::Size(10), vec![Ok(Step::Moved(4)), Ok(Step::Nothing)], false);
        assert_eq!((end.unwrap(), offset), (Driven::Ended, 4));
        let (end, _, _) = play(Goal::Size(10), vec![Ok(Step::Nothing)], true);
        let reason = RefusalReason::MovedNothing;
        assert_eq!(end.unwrap(), Driven::Refused { reason, every_file: false });
    }

    #[test]
    fn a_count_beyond_what_was_asked_is_not_believed() {
        let (end, offset, _) = play(Goal::Size(10), vec![Ok(Step::Moved(4)), Ok(Step::Excess)], true);
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
        let (end, _, asked) = play(Goal::Size(0), Vec::new(), true);
        assert_eq!((end.unwrap(), asked.len()), (Driven::Complete, 0));
    }

    #[cfg(all(target_os = "linux", not(orbit_portable)))]
    #[test]
    fn an_unsupported_errno_refuses_at_the_offset_reached_and_others_fail_there() {
        let (end, offset, _) = play(Goal::Size(10), vec![Ok(Step::Moved(4)), errno(95)], true);
        let reason = RefusalReason::Errno(95);
        assert_eq!((end.unwrap(), offset), (Driven::Refused { reason, every_file: true }, 4));
        let (end, offset, _) = play(Goal::Size(10), vec![Ok(Step::Moved(4)), errno(28)], true);
        assert_eq!((end.unwrap_err().error.raw_os_error(), offset), (Some(28), 4));
        let (end, _, _) = play(Goal::Size(10), vec![errno(111)], true);
        let reason = RefusalReason::Errno(111);
        assert_eq!(end.unwrap(), Driven::Refused { reason, every_file: false });
    }
}
