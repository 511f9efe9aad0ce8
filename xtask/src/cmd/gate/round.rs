//! One round: a block of every case of a pass, as it is kept so that an interrupted gate goes on.

use serde::{Deserialize, Serialize};

use crate::gate::{CaseSamples, Quad, Side};

/// What the blocks of a round are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Pass {
    /// Before anything is timed, in each process.
    WarmUp,
    Screen,
    Confirm,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Round {
    pub(super) pass: Pass,
    /// By the place of the case.
    quads: Vec<(usize, Quad)>,
    /// Of every case, in all rounds until now: blocks that were left out, and sides that cannot copy.
    left_out: Vec<(u32, Vec<(Side, String)>)>,
}

impl Round {
    pub(super) fn of(pass: Pass, quads: Vec<(usize, Quad)>, samples: &[CaseSamples]) -> Self {
        let left_out = samples.iter().map(|one| (one.invalid_blocks, one.failed.clone())).collect();
        Self { pass, quads, left_out }
    }

    /// Adds what it measured to the samples that it is of.
    pub(super) fn add_to(self, samples: &mut [CaseSamples]) {
        for (one, (invalid_blocks, failed)) in samples.iter_mut().zip(self.left_out) {
            (one.invalid_blocks, one.failed) = (invalid_blocks, failed);
        }
        for (index, quad) in self.quads {
            let Some(one) = samples.get_mut(index) else { continue };
            match self.pass {
                Pass::WarmUp => one.warm_up.push(quad),
                Pass::Screen => one.screen.push(quad),
                Pass::Confirm => one.confirm.push(quad),
            }
        }
    }
}
