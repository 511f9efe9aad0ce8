//! The gate's verdicts: whether the head of a history is slower than its base, from blocks of paired times and from what
//! the engine counts. Pure: it reads no run, starts nothing and prints nothing; the random numbers are given.

mod block;
mod calibration;
mod counters;
pub(crate) mod history;
mod judge;
mod noise;
mod outcome;
mod samples;
#[cfg(test)]
mod simulation;
mod stored;

pub(crate) use block::{Place, Side, order};
#[cfg(test)]
pub(crate) use calibration::CALIBRATION_SCHEMA;
pub(crate) use calibration::{Bound, Calibrated, Calibration, Count, Family, Plant, Rate};
pub(crate) use counters::Finding;
pub(crate) use judge::{Judgement, Verdict, is_suspect};
pub(crate) use noise::{BLOCKS_PER_PROCESS, CONFIRM_BLOCKS, SCREEN_BLOCKS};
#[cfg(test)]
pub(crate) use outcome::SCHEMA;
pub(crate) use outcome::{CaseOutcome, Compared, Outcome};
pub(crate) use samples::{CaseSamples, Quad};
pub(crate) use stored::{StoredCase, outcome as stored_outcome, suspects as stored_suspects};
