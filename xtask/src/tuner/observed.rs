//! What a run says of one pair of file systems: its cases of the engine, with the values that each ran with.

use std::collections::BTreeMap;

use orbit_engine::{Mechanism, Strategy, Values, Verification};

use crate::plan::Case;
use crate::sample::Sample;
use crate::scenario::{FileSystems, Knob, Setting, Subject, Workers};
use crate::stats;

/// A run, seen from one of its pairs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Observed<'a> {
    pub(crate) cases: &'a [Case],
    pub(crate) samples: &'a [Sample],
    /// As the run calls the pair.
    pub(crate) filesystems: &'a FileSystems,
    /// What the run's tuned file says of the pair, or the defaults.
    pub(crate) tuned: Values,
}

/// A case with its times.
#[derive(Debug, Clone)]
pub(super) struct Arm<'a> {
    pub(super) case: &'a Case,
    pub(super) values: Values,
    /// By block, the logarithm of the wall time in nanoseconds; of valid samples.
    pub(super) logs: BTreeMap<u32, f64>,
    /// What moved the bytes.
    pub(super) mechanism: Option<Mechanism>,
}

impl<'a> Observed<'a> {
    /// The cases that say what the engine does by itself: of the engine and of its single mechanisms, without proof,
    /// compression or holes.
    pub(super) fn arms(&self) -> Vec<Arm<'a>> {
        let mut times: BTreeMap<&str, (BTreeMap<u32, f64>, Option<Mechanism>)> = BTreeMap::new();
        for sample in self.samples {
            if let Some(measured) = sample.measurement() {
                let (logs, mechanism) = times.entry(&sample.case).or_default();
                logs.insert(sample.block, stats::float(measured.wall_ns.max(1)).ln());
                *mechanism = mechanism.or(measured.mechanism);
            }
        }
        let is_plain = |case: &&Case| {
            (case.subject == Subject::Engine || case.subject.only().is_some())
                && case.filesystems == *self.filesystems
                && case.verify == Verification::None
                && (case.tree.is_some() || case.is_plain_file())
        };
        let arm = |case: &'a Case| {
            let (logs, mechanism) = times.remove(case.id.as_str())?;
            Some(Arm { case, values: self.values(case), logs, mechanism })
        };
        self.cases.iter().filter(is_plain).filter_map(arm).collect()
    }

    fn values(&self, case: &Case) -> Values {
        let values = case.tuning.as_ref().map_or(self.tuned, |set| set.values(&self.tuned));
        let values = match case.chunk.chunk() {
            Some(chunk) => values.with_chunk(chunk),
            None => values,
        };
        match case.tree.as_ref().map(|tree| tree.workers) {
            Some(Workers::Number(number)) => values.with_tree_workers(number),
            Some(Workers::Auto) | None => values,
        }
    }
}

impl Arm<'_> {
    pub(super) fn is_file(&self, subject: Subject, strategy: Strategy) -> bool {
        self.case.tree.is_none() && self.case.subject == subject && self.case.strategy == strategy
    }

    pub(super) fn is_tree(&self, strategy: Strategy) -> bool {
        self.case.tree.is_some() && self.case.strategy == strategy
    }

    /// Median time in nanoseconds over these blocks.
    pub(super) fn median_ns(&self, blocks: &[u32]) -> Option<f64> {
        stats::median(&blocks.iter().filter_map(|block| self.logs.get(block).copied()).collect::<Vec<_>>())
            .map(f64::exp)
    }

    /// The values without what plays no part in this case, and without `free`.
    pub(super) fn bare(&self, free: &[Knob]) -> Values {
        bare(self.case, self.values, free)
    }

    /// How far its values are from `wanted`, but for `free`: the sum over what plays a part.
    pub(super) fn distance(&self, wanted: &Values, free: &[Knob]) -> f64 {
        let (own, wanted) = (self.bare(free), bare(self.case, *wanted, free));
        let apart = |knob: &Knob| match (Setting::of(*knob, &own), Setting::of(*knob, &wanted)) {
            (own, wanted) if own == wanted => 0.0,
            (Setting::KernelChunk(own), Setting::KernelChunk(wanted))
            | (Setting::PipeSize(own), Setting::PipeSize(wanted))
            | (Setting::BufferedChunk(own), Setting::BufferedChunk(wanted)) => {
                (stats::float(own.bytes()) / stats::float(wanted.bytes())).ln().abs()
            }
            _ => 1.0,
        };
        Knob::ALL.iter().map(apart).sum()
    }
}

/// `values` with the defaults in place of `free` and of what plays no part in `case`.
fn bare(case: &Case, values: Values, free: &[Knob]) -> Values {
    let is_file = case.tree.is_none();
    let is_idle = |knob: Knob| match case.strategy {
        _ if knob.is_of_trees() => is_file,
        Strategy::Buffered | Strategy::ZeroCopy
            if is_file && matches!(knob, Knob::ZeroCopyThreshold | Knob::ReflinkThreshold) =>
        {
            true
        }
        Strategy::Buffered => is_file && matches!(knob, Knob::KernelChunk | Knob::PipeSize),
        Strategy::ZeroCopy => is_file && knob == Knob::BufferedChunk,
        _ => false,
    };
    let default = |values, knob: &Knob| Setting::of(*knob, &Values::default()).put(values);
    Knob::ALL.iter().filter(|knob| is_idle(**knob) || free.contains(knob)).fold(values, default)
}

/// The blocks in which every arm has a valid sample.
pub(super) fn whole_blocks(arms: &[&Arm<'_>]) -> Vec<u32> {
    let Some((first, others)) = arms.split_first() else { return Vec::new() };
    first.logs.keys().filter(|block| others.iter().all(|arm| arm.logs.contains_key(block))).copied().collect()
}
