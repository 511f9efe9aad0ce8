//! What was measured of one case, on both sides.

use serde::{Deserialize, Serialize};

use super::block::{Block, Side};
use super::judge::Series;
use crate::plan::Case;
use crate::sample::Measurement;
use crate::scenario::Allowance;

/// A copy by each of the four programs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Quad {
    pub(crate) base: [Measurement; 2],
    pub(crate) head: [Measurement; 2],
}

impl Quad {
    /// None where a copy has no such time.
    fn block(&self, clock: Clock) -> Option<Block> {
        let times = |side: &[Measurement; 2]| Some([clock(&side[0])?, clock(&side[1])?]);
        Some(Block::new(times(&self.base)?, times(&self.head)?))
    }
}

/// The blocks of a case.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CaseSamples {
    pub(crate) case: Case,
    /// Before anything is timed, in each process.
    pub(crate) warm_up: Vec<Quad>,
    pub(crate) screen: Vec<Quad>,
    pub(crate) confirm: Vec<Quad>,
    /// Blocks that were left out, because the cache was not as the case asks.
    pub(crate) invalid_blocks: u32,
    /// Mechanisms that a side was refused when it was set up, with the reason; of a side that says it.
    pub(crate) refused: Vec<(Side, Vec<String>)>,
    /// Why a side cannot copy it; nothing of it is measured any more.
    pub(crate) failed: Vec<(Side, String)>,
}

impl CaseSamples {
    pub(crate) fn new(case: Case) -> Self {
        let (warm_up, screen, confirm) = (Vec::new(), Vec::new(), Vec::new());
        let (refused, failed) = (Vec::new(), Vec::new());
        Self { case, warm_up, screen, confirm, invalid_blocks: 0, refused, failed }
    }

    /// By processor time, unless it is not known, and by wall time.
    pub(crate) fn series(&self, allowance: Allowance) -> Vec<Series> {
        let of_clock = |clock: Clock| {
            let blocks = |quads: &[Quad]| quads.iter().filter_map(|quad| quad.block(clock)).collect();
            let (screen, confirm) = (blocks(&self.screen), blocks(&self.confirm));
            Series { allowed: allowance.share(), allowed_ns: allowance.at_least_ns, screen, confirm }
        };
        clocks(self.wall_only()).map(of_clock).collect()
    }

    /// Whether the system tells no processor time, so that wall time alone is judged.
    pub(super) fn wall_only(&self) -> bool {
        [Side::Base, Side::Head].into_iter().any(|side| has_no_processor_time(&self.of(side)))
    }

    /// Every copy of a side.
    pub(super) fn of(&self, side: Side) -> Vec<&Measurement> {
        let quads = self.warm_up.iter().chain(&self.screen).chain(&self.confirm);
        quads
            .flat_map(|quad| match side {
                Side::Base => &quad.base,
                Side::Head => &quad.head,
            })
            .collect()
    }

    pub(super) fn failure(&self, side: Side) -> Option<&str> {
        self.failed.iter().find(|(failed, _)| *failed == side).map(|(_, why)| why.as_str())
    }
}

/// What is read of a copy; none where it has no such time.
pub(super) type Clock = fn(&Measurement) -> Option<u64>;

/// Processor time, unless wall time alone is judged, and wall time.
pub(super) fn clocks(wall_only: bool) -> impl Iterator<Item = Clock> {
    let clocks: [Clock; 2] = [|one| one.cpu_ns, |one| Some(one.wall_ns)];
    clocks.into_iter().skip(usize::from(wall_only))
}

/// Whether there is a copy without it.
pub(super) fn has_no_processor_time(copies: &[&Measurement]) -> bool {
    copies.iter().any(|one| one.cpu_ns.is_none())
}
