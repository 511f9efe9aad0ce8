//! Which rungs a copy tries, in which order, and why the others are left out. Pure: no file is touched here.

use crate::facts::Facts;
use crate::options::{CopyOptions, Reflink};
use crate::outcome::{Omission, OmissionReason};
use crate::strategy::{Mechanism, Strategy};
use crate::tuning::{Threshold, Values};

/// The rungs of one copy.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plan {
    /// What is tried, in this order.
    pub rungs: Vec<Mechanism>,
    /// What is not tried, and why.
    pub omissions: Vec<Omission>,
    /// The values that the copy runs with.
    pub values: Values,
}

/// Chooses the rungs of a copy from what is known and what is wanted.
///
/// ```
/// use orbit_engine::{CopyOptions, Facts, Mechanism, Strategy, select};
/// let small = select(&Facts::of_size(4096), &CopyOptions::new());
/// assert_eq!(small.rungs, [Mechanism::ReadWrite]);
/// println!("{}", small.omissions[0]); // reflink: 4096 bytes is below the zero-copy threshold of 65536
/// ```
#[must_use]
pub fn select(facts: &Facts, options: &CopyOptions) -> Plan {
    let values = match &facts.pair {
        Some(pair) => *options.tuning.values(pair),
        None => *options.tuning.default_values(),
    };
    let mut plan = Plan { rungs: Vec::with_capacity(Mechanism::ALL.len()), omissions: Vec::new(), values };
    for &mechanism in Mechanism::ALL {
        match omission(mechanism, facts, options, &values) {
            None => plan.rungs.push(mechanism),
            Some(reason) => plan.omissions.push(Omission { mechanism, reason }),
        }
    }
    plan
}

fn omission(
    mechanism: Mechanism,
    facts: &Facts,
    options: &CopyOptions,
    values: &Values,
) -> Option<OmissionReason> {
    if options.reflink == Reflink::Always && mechanism != Mechanism::Reflink {
        return Some(OmissionReason::ReflinkAlways);
    }
    if !mechanism.is_zero_copy() {
        return None;
    }
    if !facts.built_in.contains(&mechanism) {
        return Some(OmissionReason::NotBuiltIn);
    }
    let reason = unwanted(mechanism, options);
    if options.reflink == Reflink::Always {
        return reason;
    }
    reason.or_else(|| does_not_pay(facts, options, values)).or_else(|| refused_before(mechanism, facts))
}

fn refused_before(mechanism: Mechanism, facts: &Facts) -> Option<OmissionReason> {
    let (_, errno) = facts.refused_before.iter().find(|(refused, _)| *refused == mechanism)?;
    Some(OmissionReason::RefusedBefore(*errno))
}

fn unwanted(mechanism: Mechanism, options: &CopyOptions) -> Option<OmissionReason> {
    if options.strategy == Strategy::Buffered {
        return Some(OmissionReason::BufferedStrategy);
    }
    let may_share = matches!(mechanism, Mechanism::Reflink | Mechanism::CopyFileRange);
    (options.reflink == Reflink::Never && may_share).then_some(OmissionReason::ReflinkNever)
}

fn does_not_pay(facts: &Facts, options: &CopyOptions, values: &Values) -> Option<OmissionReason> {
    let size = facts.size;
    if size == 0 {
        return Some(OmissionReason::UnknownLength);
    }
    if options.strategy != Strategy::Auto || values.zero_copy_threshold.admits(size) {
        return None;
    }
    Some(match values.zero_copy_threshold {
        Threshold::AtLeast(threshold) => OmissionReason::BelowThreshold { size, threshold },
        Threshold::Always | Threshold::Never => OmissionReason::TunedNever,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tuning::Tuning;

    fn linux(size: u64) -> Facts {
        Facts { built_in: Mechanism::ALL, ..Facts::of_size(size) }
    }

    fn reason(plan: &Plan, mechanism: Mechanism) -> Option<OmissionReason> {
        plan.omissions.iter().find(|omission| omission.mechanism == mechanism).map(|omission| omission.reason)
    }

    #[test]
    fn auto_turns_at_the_threshold() {
        let options = CopyOptions::new();
        assert_eq!(select(&linux(65_536), &options).rungs, Mechanism::ALL);
        let below = select(&linux(65_535), &options);
        assert_eq!(below.rungs, [Mechanism::ReadWrite]);
        let expected = OmissionReason::BelowThreshold { size: 65_535, threshold: 65_536 };
        assert_eq!(reason(&below, Mechanism::CopyFileRange), Some(expected));
    }

    #[test]
    fn the_tuned_threshold_moves_the_turn() {
        for (threshold, size, rungs) in [
            (Threshold::Always, 1, Mechanism::ALL),
            (Threshold::AtLeast(10), 10, Mechanism::ALL),
            (Threshold::AtLeast(10), 9, &[Mechanism::ReadWrite]),
            (Threshold::Never, 1 << 40, &[Mechanism::ReadWrite]),
        ] {
            let values = Values::default().with_zero_copy_threshold(threshold);
            let options = CopyOptions::new().tuning(Tuning::uniform(values));
            assert_eq!(select(&linux(size), &options).rungs, rungs, "{threshold} {size}");
        }
    }

    #[test]
    fn an_explicit_strategy_beats_the_threshold() {
        let zero_copy = CopyOptions::new().strategy(Strategy::ZeroCopy);
        assert_eq!(select(&linux(1), &zero_copy).rungs, Mechanism::ALL);
        let buffered = CopyOptions::new().strategy(Strategy::Buffered);
        let plan = select(&linux(1 << 30), &buffered);
        assert_eq!(plan.rungs, [Mechanism::ReadWrite]);
        assert_eq!(reason(&plan, Mechanism::Splice), Some(OmissionReason::BufferedStrategy));
    }

    #[test]
    fn size_zero_is_read() {
        let plan = select(&linux(0), &CopyOptions::new().strategy(Strategy::ZeroCopy));
        assert_eq!(plan.rungs, [Mechanism::ReadWrite]);
        assert_eq!(reason(&plan, Mechanism::Reflink), Some(OmissionReason::UnknownLength));
    }

    #[test]
    fn reflink_policies_keep_their_word() {
        let never = select(&linux(1 << 20), &CopyOptions::new().reflink(Reflink::Never));
        assert_eq!(never.rungs, [Mechanism::Splice, Mechanism::ReadWrite]);
        let always = select(&linux(1), &CopyOptions::new().reflink(Reflink::Always));
        assert_eq!(always.rungs, [Mechanism::Reflink]);
    }

    #[test]
    fn what_was_refused_before_is_not_asked_again() {
        let facts = Facts { refused_before: vec![(Mechanism::CopyFileRange, 18)], ..linux(1 << 20) };
        let plan = select(&facts, &CopyOptions::new());
        assert_eq!(plan.rungs, [Mechanism::Reflink, Mechanism::Splice, Mechanism::ReadWrite]);
        assert_eq!(reason(&plan, Mechanism::CopyFileRange), Some(OmissionReason::RefusedBefore(18)));
    }

    #[test]
    fn a_build_without_mechanisms_reads_and_writes() {
        let facts = Facts { built_in: &[Mechanism::ReadWrite], ..Facts::of_size(1 << 20) };
        let plan = select(&facts, &CopyOptions::new().strategy(Strategy::ZeroCopy));
        assert_eq!(plan.rungs, [Mechanism::ReadWrite]);
        assert_eq!(reason(&plan, Mechanism::Splice), Some(OmissionReason::NotBuiltIn));
    }
}
