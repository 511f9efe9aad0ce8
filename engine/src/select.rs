//! Which rungs a copy tries, in which order, and why the others are left out. Pure: no file is touched here.

use crate::facts::Facts;
use crate::options::{CopyOptions, Reflink, Sparse};
use crate::outcome::{Omission, OmissionReason};
use crate::strategy::{Mechanism, Strategy};
use crate::tuning::{FileSystemPair, Threshold, Values};

/// The rungs of one copy.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plan {
    /// What is tried, in this order.
    pub rungs: Vec<Mechanism>,
    /// What is not tried, and why.
    pub omissions: Vec<Omission>,
    /// How many threads splice or read and write, where these rungs come to run.
    pub threads: u32,
    /// The values that the copy runs with.
    pub values: Values,
}

impl Plan {
    /// Whether nothing but reading and writing is to be tried.
    pub(crate) fn is_read_write(&self) -> bool {
        self.rungs == [Mechanism::ReadWrite]
    }
}

/// From here on a pipe of its own pays for a copy: before, its four calls cost more than its larger steps save.
pub(crate) const PIPE_PAYS: u64 = 512 * 1024;

/// Threads beyond these wait for the destination's lock.
const THREADS: u32 = 2;

/// File systems whose `copy_file_range` shares extents or else copies page by page as splice does, in smaller steps.
/// Others may answer it on a server (nfs, cifs, fuse, …), which no other mechanism can.
const COPIES_ITSELF: [&str; 4] = ["ext4", "tmpfs", "xfs", "btrfs"];

/// Chooses the rungs of a copy from what is known and what is wanted.
///
/// ```
/// use orbit_engine::{CopyOptions, Facts, Mechanism, Strategy, select};
/// let small = select(&Facts::of_size(4096), &CopyOptions::new());
/// assert_eq!(small.rungs, [Mechanism::ReadWrite]);
/// println!("{}", small.omissions[0]); // reflink: 4096 bytes is below the threshold of 8192
/// ```
#[must_use]
pub fn select(facts: &Facts, options: &CopyOptions) -> Plan {
    let values = match &facts.pair {
        Some(pair) => *options.tuning.values(pair),
        None => *options.tuning.default_values(),
    };
    let choice = Choice { facts, options, values, threads: threads(facts, &values) };
    let rungs = Vec::with_capacity(Mechanism::ALL.len());
    let mut plan = Plan { rungs, omissions: Vec::new(), threads: choice.threads, values };
    for mechanism in choice.order() {
        match choice.omission(mechanism) {
            None => plan.rungs.push(mechanism),
            Some(reason) => plan.omissions.push(Omission { mechanism, reason }),
        }
    }
    plan
}

/// How many threads a file of this size pays for.
fn threads(facts: &Facts, values: &Values) -> u32 {
    if !values.parallel_threshold.admits(facts.size.min(facts.allocated)) {
        return 1;
    }
    match values.parallel_threads {
        0 => facts.processors.clamp(1, THREADS),
        threads => threads,
    }
}

/// What one choice is made from.
struct Choice<'a> {
    facts: &'a Facts,
    options: &'a CopyOptions,
    values: Values,
    threads: u32,
}

impl Choice<'_> {
    /// Every mechanism that may be meant, the most promising first. Direct access and `io_uring` are for those who ask.
    fn order(&self) -> impl Iterator<Item = Mechanism> {
        use Mechanism::{CopyFileRange, DirectIo, IoUring, ReadWrite, Reflink, Sendfile, Splice};
        let kernel = match (self.may_offload(), self.facts.size >= PIPE_PAYS) {
            (true, true) => [CopyFileRange, Splice, Sendfile],
            (false, true) => [Splice, CopyFileRange, Sendfile],
            (_, false) => [CopyFileRange, Sendfile, Splice],
        };
        let asked = [
            (Reflink, true),
            (kernel[0], true),
            (kernel[1], true),
            (kernel[2], true),
            (DirectIo, self.options.direct_io || self.options.only == Some(DirectIo)),
            (IoUring, self.options.io_uring || self.options.only == Some(IoUring)),
            (ReadWrite, true),
        ];
        asked.into_iter().filter(|(_, asked)| *asked).map(|(mechanism, _)| mechanism)
    }

    /// Whether a server may copy on its own. Two file systems of different types never do that for each other.
    fn may_offload(&self) -> bool {
        self.facts.pair.as_ref().is_none_or(|FileSystemPair { source, destination, .. }| {
            source == destination && !COPIES_ITSELF.contains(&source.as_str())
        })
    }

    fn omission(&self, mechanism: Mechanism) -> Option<OmissionReason> {
        if let Some(only) = self.options.only {
            return match mechanism == only {
                true if self.facts.built_in.contains(&mechanism) => None,
                true => Some(OmissionReason::NotBuiltIn),
                false => Some(OmissionReason::OnlyAnother(only)),
            };
        }
        if self.options.reflink == Reflink::Always && mechanism != Mechanism::Reflink {
            return Some(OmissionReason::ReflinkAlways);
        }
        if mechanism == Mechanism::ReadWrite {
            return None;
        }
        if !self.facts.built_in.contains(&mechanism) {
            return Some(OmissionReason::NotBuiltIn);
        }
        if !mechanism.is_zero_copy() {
            return self.cannot_be_special();
        }
        let reason = self.unwanted(mechanism);
        if self.options.reflink == Reflink::Always {
            return reason;
        }
        reason.or_else(|| self.does_not_pay(mechanism)).or_else(|| self.refused_before(mechanism))
    }

    /// Why direct access and `io_uring`, although asked for, will not do.
    fn cannot_be_special(&self) -> Option<OmissionReason> {
        if self.options.sparse == Sparse::Always {
            return Some(OmissionReason::SparseAlways);
        }
        (self.facts.size == 0).then_some(OmissionReason::UnknownLength)
    }

    fn unwanted(&self, mechanism: Mechanism) -> Option<OmissionReason> {
        if self.options.strategy == Strategy::Buffered {
            return Some(OmissionReason::BufferedStrategy);
        }
        if self.options.sparse == Sparse::Always {
            return Some(OmissionReason::SparseAlways);
        }
        if !matches!(mechanism, Mechanism::Reflink | Mechanism::CopyFileRange) {
            return None;
        }
        if self.options.reflink == Reflink::Never {
            return Some(OmissionReason::ReflinkNever);
        }
        (self.options.sparse == Sparse::Never).then_some(OmissionReason::SparseNever)
    }

    fn does_not_pay(&self, mechanism: Mechanism) -> Option<OmissionReason> {
        let size = self.facts.size;
        if size == 0 {
            return Some(OmissionReason::UnknownLength);
        }
        if self.options.strategy != Strategy::Auto {
            return None;
        }
        let threshold = match mechanism {
            Mechanism::Reflink => self.values.reflink_threshold,
            _ => self.values.zero_copy_threshold,
        };
        if !threshold.admits(size) {
            return Some(match threshold {
                Threshold::AtLeast(threshold) => OmissionReason::BelowThreshold { size, threshold },
                Threshold::Always | Threshold::Never => OmissionReason::TunedNever,
            });
        }
        if mechanism == Mechanism::Reflink {
            return None;
        }
        if self.options.direct_io || self.options.io_uring {
            return Some(OmissionReason::ReadWriteAsked);
        }
        let threads_pay = self.threads > 1 && !self.may_offload();
        threads_pay.then_some(OmissionReason::ThreadsPay(self.threads))
    }

    fn refused_before(&self, mechanism: Mechanism) -> Option<OmissionReason> {
        let mut refused = self.facts.refused_before.iter();
        let (_, errno) = refused.find(|(refused, _)| *refused == mechanism)?;
        Some(OmissionReason::RefusedBefore(*errno))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tuning::Tuning;

    const KERNEL: [Mechanism; 4] =
        [Mechanism::Reflink, Mechanism::CopyFileRange, Mechanism::Sendfile, Mechanism::Splice];

    fn linux(size: u64) -> Facts {
        Facts { built_in: Mechanism::ALL, ..Facts::of_size(size) }
    }

    fn between(source: &str, destination: &str, size: u64, processors: u32) -> Facts {
        let same_device = source == destination;
        let pair = FileSystemPair { source: source.into(), destination: destination.into(), same_device };
        Facts { pair: Some(pair), processors, ..linux(size) }
    }

    fn reason(plan: &Plan, mechanism: Mechanism) -> Option<OmissionReason> {
        plan.omissions.iter().find(|omission| omission.mechanism == mechanism).map(|omission| omission.reason)
    }

    fn with_read_write(rungs: &[Mechanism]) -> Vec<Mechanism> {
        [rungs, &[Mechanism::ReadWrite]].concat()
    }

    #[test]
    fn auto_turns_at_each_threshold() {
        let options = CopyOptions::new();
        assert_eq!(select(&linux(65_536), &options).rungs, with_read_write(&KERNEL));
        let below = select(&linux(65_535), &options);
        assert_eq!(below.rungs, [Mechanism::Reflink, Mechanism::ReadWrite]);
        let expected = OmissionReason::BelowThreshold { size: 65_535, threshold: 65_536 };
        assert_eq!(reason(&below, Mechanism::CopyFileRange), Some(expected));
        let small = select(&linux(8191), &options);
        assert_eq!(small.rungs, [Mechanism::ReadWrite]);
        let expected = OmissionReason::BelowThreshold { size: 8191, threshold: 8192 };
        assert_eq!(reason(&small, Mechanism::Reflink), Some(expected));
    }

    #[test]
    fn the_tuned_thresholds_move_the_turns() {
        for (threshold, size, pays) in [
            (Threshold::Always, 1, true),
            (Threshold::AtLeast(10), 10, true),
            (Threshold::AtLeast(10), 9, false),
            (Threshold::Never, 1 << 17, false),
        ] {
            let values = Values::default()
                .with_zero_copy_threshold(threshold)
                .with_reflink_threshold(Threshold::Never);
            let rungs = select(&linux(size), &CopyOptions::new().tuning(Tuning::uniform(values))).rungs;
            let expected = if pays { with_read_write(&KERNEL[1..]) } else { with_read_write(&[]) };
            assert_eq!(rungs, expected, "{threshold} {size}");
            let values = Values::default()
                .with_zero_copy_threshold(Threshold::Never)
                .with_reflink_threshold(threshold);
            let rungs = select(&linux(size), &CopyOptions::new().tuning(Tuning::uniform(values))).rungs;
            assert_eq!(rungs.contains(&Mechanism::Reflink), pays, "{threshold} {size}");
        }
    }

    #[test]
    fn an_explicit_strategy_beats_the_thresholds() {
        let zero_copy = CopyOptions::new().strategy(Strategy::ZeroCopy);
        assert_eq!(select(&linux(1), &zero_copy).rungs, with_read_write(&KERNEL));
        let buffered = CopyOptions::new().strategy(Strategy::Buffered);
        let plan = select(&linux(1 << 30), &buffered);
        assert_eq!(plan.rungs, [Mechanism::ReadWrite]);
        assert_eq!(reason(&plan, Mechanism::Splice), Some(OmissionReason::BufferedStrategy));
    }

    #[test]
    fn large_files_go_through_a_pipe_of_their_own_unless_a_server_may_copy() {
        let second = |facts: Facts| select(&facts, &CopyOptions::new()).rungs[1];
        assert_eq!(second(between("ext4", "ext4", 1 << 20, 2)), Mechanism::Splice);
        assert_eq!(second(between("nfs", "nfs", 1 << 20, 2)), Mechanism::CopyFileRange);
        assert_eq!(second(between("nfs", "ext4", 1 << 20, 2)), Mechanism::Splice);
        assert_eq!(second(between("ext4", "ext4", 1 << 17, 2)), Mechanism::CopyFileRange);
        assert_eq!(second(linux(1 << 20)), Mechanism::CopyFileRange);
    }

    #[test]
    fn two_processors_take_large_files_by_reading_and_writing() {
        let large = 64 << 20;
        let plan = select(&between("ext4", "tmpfs", large, 16), &CopyOptions::new());
        assert_eq!((plan.rungs, plan.threads), (vec![Mechanism::Reflink, Mechanism::ReadWrite], 2));
        let one = select(&between("ext4", "tmpfs", large, 1), &CopyOptions::new());
        assert_eq!((one.rungs[1], one.threads), (Mechanism::Splice, 1));
        let server = select(&between("nfs", "nfs", large, 2), &CopyOptions::new());
        assert_eq!(server.rungs[1], Mechanism::CopyFileRange);
        let zero_copy = CopyOptions::new().strategy(Strategy::ZeroCopy);
        let kernel = select(&between("ext4", "tmpfs", large, 2), &zero_copy);
        assert_eq!((kernel.rungs[1], kernel.threads), (Mechanism::Splice, 2));
        let holes = Facts { allocated: 4096, ..between("ext4", "tmpfs", large, 2) };
        assert_eq!(select(&holes, &CopyOptions::new()).threads, 1);
    }

    #[test]
    fn tuned_threads_are_taken_whatever_the_processors() {
        let values = Values::default().with_parallel(Threshold::AtLeast(10), 5);
        let options = CopyOptions::new().tuning(Tuning::uniform(values));
        assert_eq!(select(&linux(10), &options).threads, 5);
        assert_eq!(select(&linux(9), &options).threads, 1);
    }

    #[test]
    fn size_zero_is_read() {
        let plan = select(&linux(0), &CopyOptions::new().strategy(Strategy::ZeroCopy).direct_io(true));
        assert_eq!(plan.rungs, [Mechanism::ReadWrite]);
        assert_eq!(reason(&plan, Mechanism::Reflink), Some(OmissionReason::UnknownLength));
    }

    #[test]
    fn reflink_policies_keep_their_word() {
        let never = select(&linux(1 << 20), &CopyOptions::new().reflink(Reflink::Never));
        assert_eq!(never.rungs, [Mechanism::Splice, Mechanism::Sendfile, Mechanism::ReadWrite]);
        let always = select(&linux(1), &CopyOptions::new().reflink(Reflink::Always));
        assert_eq!(always.rungs, [Mechanism::Reflink]);
    }

    #[test]
    fn sparse_policies_keep_their_word() {
        let never = select(&linux(1 << 20), &CopyOptions::new().sparse(Sparse::Never));
        assert_eq!(never.rungs, [Mechanism::Splice, Mechanism::Sendfile, Mechanism::ReadWrite]);
        assert_eq!(reason(&never, Mechanism::Reflink), Some(OmissionReason::SparseNever));
        let options = CopyOptions::new().sparse(Sparse::Always).direct_io(true).io_uring(true);
        let always = select(&linux(1 << 20), &options);
        assert_eq!(always.rungs, [Mechanism::ReadWrite]);
        assert_eq!(reason(&always, Mechanism::DirectIo), Some(OmissionReason::SparseAlways));
    }

    #[test]
    fn special_ways_of_reading_and_writing_are_for_those_who_ask() {
        let plan = select(&linux(1 << 20), &CopyOptions::new());
        let named = |special| plan.rungs.contains(&special) || reason(&plan, special).is_some();
        assert!(![Mechanism::DirectIo, Mechanism::IoUring].into_iter().any(named));
        let direct = select(&linux(1 << 20), &CopyOptions::new().direct_io(true));
        assert_eq!(direct.rungs, [Mechanism::Reflink, Mechanism::DirectIo, Mechanism::ReadWrite]);
        let ring = select(&linux(1 << 20), &CopyOptions::new().strategy(Strategy::Buffered).io_uring(true));
        assert_eq!(ring.rungs, [Mechanism::IoUring, Mechanism::ReadWrite]);
    }

    #[test]
    fn one_mechanism_alone_is_one_rung_whatever_else_is_asked() {
        for &only in Mechanism::ALL {
            let options = CopyOptions::new().strategy(Strategy::Buffered).only(only);
            let plan = select(&linux(1), &options);
            assert_eq!(plan.rungs, [only]);
            assert!(plan.omissions.iter().all(|left| left.reason == OmissionReason::OnlyAnother(only)));
        }
        let none = Facts { built_in: &[Mechanism::ReadWrite], ..Facts::of_size(1) };
        let plan = select(&none, &CopyOptions::new().only(Mechanism::Splice));
        assert_eq!(plan.rungs, []);
        assert_eq!(reason(&plan, Mechanism::Splice), Some(OmissionReason::NotBuiltIn));
    }

    #[test]
    fn what_was_refused_before_is_not_asked_again() {
        let facts = Facts { refused_before: vec![(Mechanism::CopyFileRange, 18)], ..linux(1 << 20) };
        let plan = select(&facts, &CopyOptions::new());
        let expected = [Mechanism::Reflink, Mechanism::Splice, Mechanism::Sendfile, Mechanism::ReadWrite];
        assert_eq!(plan.rungs, expected);
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
