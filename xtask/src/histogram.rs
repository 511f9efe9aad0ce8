//! Wall times in a histogram of fixed relative resolution (`HdrHistogram`), and the percentiles read from it. Pure:
//! it must not read or write files. A percentile that the samples cannot tell is left out, never interpolated.

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// A quantile of the wall time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Percentile {
    /// In percent, 50 is the median.
    pub(crate) pct: f64,
    pub(crate) wall_ns: u64,
}

/// Significant decimal digits that the histogram keeps: an error of at most 0.1 %.
const DIGITS: u8 = 3;

/// Percentiles worth naming, in tenths of a percent so that the limit below is exact.
const PER_MILLE: [u16; 6] = [500, 750, 900, 950, 990, 999];

/// The histogram of these wall times, in nanoseconds. It grows to hold whatever is recorded.
pub(crate) fn of(wall_ns: impl IntoIterator<Item = u64>) -> Result<Histogram<u64>> {
    let mut histogram = Histogram::new(DIGITS).context("no histogram with these digits")?;
    for wall in wall_ns {
        histogram.record(wall).with_context(|| format!("cannot record {wall} ns"))?;
    }
    Ok(histogram)
}

/// The percentiles that this many samples can tell (at most 100·(1 − 1/n)), then the maximum as 100. Empty without
/// samples.
pub(crate) fn percentiles(histogram: &Histogram<u64>) -> Vec<Percentile> {
    let samples = histogram.len();
    if samples == 0 {
        return Vec::new();
    }
    let told = |per_mille: &&u16| samples.saturating_mul(u64::from(1000 - **per_mille)) >= 1000;
    let mut found: Vec<_> = PER_MILLE
        .iter()
        .filter(told)
        .map(|&per_mille| Percentile {
            pct: f64::from(per_mille) / 10.0,
            wall_ns: histogram.value_at_quantile(f64::from(per_mille) / 1000.0),
        })
        .collect();
    found.push(Percentile { pct: 100.0, wall_ns: histogram.max() });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(samples: u64) -> Vec<f64> {
        percentiles(&of(1..=samples).unwrap()).iter().map(|percentile| percentile.pct).collect()
    }

    #[test]
    fn only_percentiles_that_the_samples_tell_are_given() {
        assert!(told(0).is_empty());
        assert_eq!(told(1), [100.0]);
        assert_eq!(told(2), [50.0, 100.0]);
        assert_eq!(told(3), [50.0, 100.0]);
        assert_eq!(told(4), [50.0, 75.0, 100.0]);
        assert_eq!(told(9), [50.0, 75.0, 100.0]);
        assert_eq!(told(10), [50.0, 75.0, 90.0, 100.0]);
        assert_eq!(told(15), [50.0, 75.0, 90.0, 100.0]);
        assert_eq!(told(20), [50.0, 75.0, 90.0, 95.0, 100.0]);
        assert_eq!(told(100), [50.0, 75.0, 90.0, 95.0, 99.0, 100.0]);
        assert_eq!(told(999), [50.0, 75.0, 90.0, 95.0, 99.0, 100.0]);
        assert_eq!(told(1000), [50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 100.0]);
    }

    #[test]
    fn values_are_order_statistics_within_a_thousandth() {
        let histogram = of((1..=1000).map(|k| k * 1_000_000)).unwrap();
        let expected = [500.0, 750.0, 900.0, 950.0, 990.0, 999.0, 1000.0];
        for (percentile, milliseconds) in percentiles(&histogram).iter().zip(expected) {
            let ratio = percentile.wall_ns as f64 / (milliseconds * 1e6);
            assert!((0.999..1.001).contains(&ratio), "{percentile:?}");
        }
    }

    #[test]
    fn any_wall_time_can_be_recorded() {
        assert_eq!(of([0, 1, 3_600_000_000_000, u64::MAX / 2]).unwrap().len(), 4);
    }
}
