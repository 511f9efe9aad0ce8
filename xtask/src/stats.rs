//! Statistics of blocks and runs: robust summaries, exact intervals and tests, the bootstrap, planning.
//!
//! Everything here is a pure function of numbers. It must not read a run, know a scenario, print, or
//! draw from a random generator that the caller did not pass in. Results carry the unit of the values
//! given. There is no mean of samples and no outlier removal: both hide what a benchmark has to show.

mod binomial;
mod bootstrap;
mod change;
mod effect;
mod holm;
mod interval;
mod normal;
mod quantile;
mod rank_sum;
mod signed_rank;
mod slope;

pub(crate) use binomial::{binomial_interval, binomial_lower};
pub(crate) use bootstrap::{bootstrap_indices, ratio_of_medians_interval};
pub(crate) use change::{Change, changes};
pub(crate) use effect::minimum_detectable_effect;
pub(crate) use holm::holm;
pub(crate) use interval::{Interval, median_interval};
pub(crate) use normal::normal_quantile;
pub(crate) use quantile::{mad, median};
pub(crate) use rank_sum::rank_sum_p_greater;
pub(crate) use signed_rank::{hodges_lehmann, signed_rank_interval, signed_rank_p_greater};
pub(crate) use slope::theil_sen;

/// A count as a number to reckon with. Exact up to 2^53: 104 days in nanoseconds, 8 PiB in bytes.
#[expect(clippy::cast_precision_loss, reason = "times and sizes here are far below 2^53")]
pub(crate) fn float(number: u64) -> f64 {
    number as f64
}

/// To the nearest whole number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and 0 is the least"
)]
pub(crate) fn whole(number: f64) -> u64 {
    number.round() as u64
}
