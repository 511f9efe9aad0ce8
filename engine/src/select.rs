//! Which rungs a copy tries, in which order, and why the others are left out. Pure: no file is touched here.

use crate::facts::Facts;
use crate::options::{Compression, CopyOptions, Placement, Reflink, Sparse};
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
    let choice = Choice { facts, options, values, threads: threads(facts, options, &values) };
    let rungs = Vec::with_capacity(Mechanism::ALL.len());
    let omissions = Vec::with_capacity(Mechanism::ALL.len());
    let mut plan = Plan { rungs, omissions, threads: choice.threads, values };
    for mechanism in choice.order() {
        match choice.omission(mechanism) {
            None => plan.rungs.push(mechanism),
            Some(reason) => plan.omissions.push(Omission { mechanism, reason }),
        }
    }
    plan
}

/// How many threads a file of this size pays for.
fn threads(facts: &Facts, options: &CopyOptions, values: &Values) -> u32 {
    let is_one_stream = options.compression != Compression::None;
    if is_one_stream || !values.parallel_threshold.admits(facts.size.min(facts.allocated)) {
        return 1;
    }
    let wanted = if options.threads > 0 { options.threads } else { values.parallel_threads };
    match wanted {
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
        use Mechanism::{
            CopyFileEx, CopyFileRange, DirectIo, Fcopyfile, IoUring, ReadWrite, Reflink, Sendfile, Splice,
        };
        let kernel = match (self.may_offload(), self.facts.size >= PIPE_PAYS) {
            (true, true) => [CopyFileRange, Splice, Sendfile],
            (false, true) => [Splice, CopyFileRange, Sendfile],
            (_, false) => [CopyFileRange, Sendfile, Splice],
        };
        let asked = [
            (Reflink, true),
            (CopyFileEx, self.has_or_wants(CopyFileEx)),
            (Fcopyfile, self.has_or_wants(Fcopyfile)),
            (kernel[0], true),
            (kernel[1], true),
            (kernel[2], true),
            (DirectIo, self.options.direct_io || self.options.only == Some(DirectIo)),
            (IoUring, self.options.io_uring || self.options.only == Some(IoUring)),
            (ReadWrite, true),
        ];
        asked.into_iter().filter(|(_, asked)| *asked).map(|(mechanism, _)| mechanism)
    }

    fn has_or_wants(&self, mechanism: Mechanism) -> bool {
        self.facts.built_in.contains(&mechanism) || self.options.only == Some(mechanism)
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
                true if self.needs_bytes() && mechanism != Mechanism::ReadWrite => {
                    Some(OmissionReason::Compression)
                }
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
        if self.needs_bytes() {
            return Some(OmissionReason::Compression);
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

    /// Whether the content is to be changed on its way, which no mechanism but reading and writing can.
    fn needs_bytes(&self) -> bool {
        self.options.compression != Compression::None
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
        if let Some(reason) = self.needs_care(mechanism) {
            return Some(reason);
        }
        if mechanism.is_of_one_system()
            && let Some(reason) = self.cannot_be_new()
        {
            return Some(reason);
        }
        if matches!(mechanism, Mechanism::Splice | Mechanism::Sendfile | Mechanism::Fcopyfile) {
            return None;
        }
        if self.options.reflink == Reflink::Never {
            return Some(OmissionReason::ReflinkNever);
        }
        (self.options.sparse == Sparse::Never).then_some(OmissionReason::SparseNever)
    }

    /// Why the system cannot make the new file itself.
    fn cannot_be_new(&self) -> Option<OmissionReason> {
        let Facts { size, allocated, is_replaceable, .. } = *self.facts;
        if self.options.pace.is_some() {
            return Some(OmissionReason::BandwidthLimit);
        }
        if !is_replaceable {
            return Some(OmissionReason::MakesOwnFile);
        }
        let has_holes = allocated < size && self.options.sparse != Sparse::Never;
        has_holes.then_some(OmissionReason::FillsHoles)
    }

    /// Why a copy by blocks, or one that keeps a limit, does without the mechanism. Who asks for zero-copy or for shared
    /// extents gets them all the same where they can be had.
    fn needs_care(&self, mechanism: Mechanism) -> Option<OmissionReason> {
        let clones = mechanism == Mechanism::Reflink;
        if clones && self.facts.resumes_at > 0 {
            return Some(OmissionReason::GoesOn);
        }
        if self.options.reflink == Reflink::Always {
            return None;
        }
        let is_auto = self.options.strategy == Strategy::Auto;
        if self.options.pace.is_some() && (is_auto || clones) {
            return Some(OmissionReason::BandwidthLimit);
        }
        let is_resumable = self.options.placement == Placement::Resumable;
        (is_auto && is_resumable).then_some(OmissionReason::Resumable)
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
mod tests;
