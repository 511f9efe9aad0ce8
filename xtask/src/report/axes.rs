//! Axes of the plots: range, ticks and labels, and the mesh behind the data. Ranges come from the data; nothing is cut
//! off.

use std::ops::Range;

use anyhow::Result;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::{chart, units};

pub(super) type Plot<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Axis, Axis>>;

/// Labels of file sizes need this share of the axis each.
const SIZE_LABEL: f64 = 0.075;

/// A linear axis: its range, and what is written where.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) ticks: Vec<(f64, String)>,
}

impl Axis {
    /// File sizes by their binary logarithm. Labelled where they were measured, at powers of two when those are too
    /// close together.
    pub(super) fn sizes(bytes: impl Iterator<Item = u64>) -> Self {
        let mut sizes: Vec<u64> = bytes.filter(|bytes| *bytes > 0).collect();
        sizes.sort_unstable();
        sizes.dedup();
        let at: Vec<f64> = sizes.iter().map(|bytes| (*bytes as f64).log2()).collect();
        let (low, high) = padded(&at, 0.04, 2.0);
        let least = SIZE_LABEL * (high - low);
        if at.windows(2).any(|pair| pair[1] - pair[0] < least) {
            sizes = powers_of_two(low, high, least);
        }
        let ticks = sizes.into_iter().map(|bytes| ((bytes as f64).log2(), units::size(bytes))).collect();
        Self { low, high, ticks }
    }

    /// Throughputs by their decimal logarithm.
    pub(super) fn rates(log10: impl Iterator<Item = f64>) -> Self {
        Self::logarithmic(log10, units::rate_tick)
    }

    /// Numbers of things by their decimal logarithm, labelled at powers of ten.
    pub(super) fn counts(counts: impl Iterator<Item = u64>) -> Self {
        let at: Vec<f64> = counts.map(|count| (count as f64).log10()).collect();
        let (low, high) = padded(&at, 0.06, 0.7);
        let powers = (0..20_i32)
            .map(|power| (f64::from(power), units::count(10_u64.saturating_pow(power.unsigned_abs()))));
        Self { low, high, ticks: powers.filter(|(at, _)| (low..=high).contains(at)).collect() }
    }

    /// Times by the decimal logarithm of nanoseconds.
    pub(super) fn durations(log10: impl Iterator<Item = f64>) -> Self {
        Self::logarithmic(log10, units::time_tick)
    }

    /// Amounts of memory by the decimal logarithm of bytes.
    pub(super) fn memory(log10: impl Iterator<Item = f64>) -> Self {
        let at: Vec<f64> = log10.collect();
        let (low, high) = padded(&at, 0.06, 0.7);
        let powers = (0..50).map(|power| 2_f64.powi(power));
        let ticks = powers.map(|bytes| (bytes.log10(), units::about(bytes)));
        Self { low, high, ticks: ticks.filter(|(at, _)| (low..=high).contains(at)).collect() }
    }

    fn logarithmic(log10: impl Iterator<Item = f64>, label: impl Fn(f64) -> String) -> Self {
        let at: Vec<f64> = log10.collect();
        let (low, high) = padded(&at, 0.06, 0.7);
        let ticks = decades(low, high).into_iter().map(|log10| (log10, label(10_f64.powf(log10))));
        Self { low, high, ticks: ticks.collect() }
    }

    /// Times from zero to the longest, in nanoseconds.
    pub(super) fn times(longest_ns: u64) -> Self {
        let high = (longest_ns as f64).max(1.0) * 1.1;
        let ticks = round_steps(high, 4.0).into_iter().map(|ns| (ns, units::time_tick(ns))).collect();
        Self { low: 0.0, high, ticks }
    }

    /// Ratios of times by their decimal logarithm, so that half and twice are as far from one.
    pub(super) fn ratios(log10: impl Iterator<Item = f64>) -> Self {
        /// Labels, those that are wanted most first.
        const WANTED: [f64; 23] = [
            1.0, 2.0, 0.5, 10.0, 0.1, 5.0, 0.2, 1.5, 0.75, 1.2, 0.9, 1.1, 0.8, 3.0, 0.3, 100.0, 0.01, 20.0,
            50.0, 0.05, 0.02, 1000.0, 0.001,
        ];
        let at: Vec<f64> = log10.collect();
        let (low, high) = padded(&at, 0.06, 0.1);
        let mut ticks: Vec<(f64, String)> = Vec::new();
        for ratio in WANTED {
            let at = ratio.log10();
            let is_free = ticks.iter().all(|(other, _)| (other - at).abs() >= 0.06 * (high - low));
            if (low..=high).contains(&at) && is_free {
                ticks.push((at, ratio.to_string()));
            }
        }
        Self { low, high, ticks }
    }

    /// Amounts of memory from zero to the most, in bytes, labelled at round numbers of the unit that fits.
    pub(super) fn amounts(most_bytes: u64) -> Self {
        let high = (most_bytes as f64).max(1.0) * 1.1;
        let unit = 1024_f64.powf(high.log(1024.0).floor());
        let steps = round_steps(high / unit, 4.0).into_iter().map(|step| step * unit);
        Self { low: 0.0, high, ticks: steps.map(|bytes| (bytes, units::about(bytes))).collect() }
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        RangedCoordf64::from(self.range()).map(value, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<f64> {
        self.ticks.iter().map(|(at, _)| *at).collect()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        let tick = self.ticks.iter().find(|(at, _)| at.total_cmp(value).is_eq());
        tick.map_or_else(String::new, |(_, label)| label.clone())
    }
}

/// Draws both axes with their titles, and thin lines through their ticks.
pub(super) fn mesh(plot: &mut Plot<'_, '_>, titles: [&str; 2], size: i32) -> Result<()> {
    plot.configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(chart::MESH)
        .axis_style(chart::GREY)
        .label_style(chart::font(size, chart::INK))
        .axis_desc_style(chart::font(chart::BODY, chart::INK))
        .x_desc(titles[0])
        .y_desc(titles[1])
        .draw()?;
    Ok(())
}

/// The range of the values with a margin on both sides, at least `least` wide.
fn padded(values: &[f64], margin: f64, least: f64) -> (f64, f64) {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if low > high {
        return (0.0, least);
    }
    let more = ((least - (high - low)) / 2.0).max((high - low) * margin);
    (low - more, high + more)
}

/// Powers of two in the range whose logarithms are `least` or more apart.
fn powers_of_two(low: f64, high: f64, least: f64) -> Vec<u64> {
    let within: Vec<u32> = (0..64).filter(|power| (low..=high).contains(&f64::from(*power))).collect();
    let apart = |step: &usize| *step as f64 >= least;
    let step = (1..64).find(apart).unwrap_or(64);
    within.into_iter().step_by(step).map(|power| 1 << power).collect()
}

/// Round multiples of the powers of ten between two exponents: as many kinds of multiple as give at most eight ticks.
fn decades(low: f64, high: f64) -> Vec<f64> {
    const MULTIPLES: [&[f64]; 3] = [
        &[1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0],
        &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0],
        &[1.0, 2.0, 5.0],
    ];
    let steps = |multiples: &[f64]| -> Vec<f64> {
        std::iter::successors(Some(low.floor()), |power| Some(power + 1.0))
            .take_while(|power| *power <= high)
            .flat_map(|power| multiples.iter().map(move |multiple| power + multiple.log10()))
            .filter(|at| (low..=high).contains(at))
            .collect()
    };
    let few = MULTIPLES.iter().map(|multiples| steps(multiples)).find(|ticks| ticks.len() <= 8);
    few.unwrap_or_else(|| steps(&[1.0]))
}

/// Round steps from zero to `high`, at most `most` of them besides zero.
fn round_steps(high: f64, most: f64) -> Vec<f64> {
    let power = 10_f64.powf((high / most).log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|multiple| multiple * power);
    let step = steps.into_iter().find(|step| high / step <= most).unwrap_or(high);
    (0..=10).map(|count| f64::from(count) * step).take_while(|at| *at <= high).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn sizes_are_labelled_where_measured_unless_crowded() {
        let measured = Axis::sizes([1_000_000, 64_000_000, 1_000_000, 0].into_iter());
        assert_eq!(labels(&measured), ["1 MB", "64 MB"]);
        let crowded = Axis::sizes((0..40).map(|k| 1024 + 1024 * k));
        assert_eq!(labels(&crowded), ["1 KiB", "2 KiB", "4 KiB", "8 KiB", "16 KiB", "32 KiB"]);
        let wide = Axis::sizes([1, 2, 1 << 40].into_iter());
        assert!(wide.ticks.len() < 14, "{:?}", labels(&wide));
    }

    #[test]
    fn ticks_are_round() {
        let rates = |low, high| labels(&Axis::rates([low, high].into_iter())).join(" ");
        assert_eq!(rates(8.0, 8.6), "100 MB/s 120 MB/s 150 MB/s 200 MB/s 250 MB/s 300 MB/s 400 MB/s");
        assert_eq!(rates(8.0, 10.0), "100 MB/s 200 MB/s 500 MB/s 1 GB/s 2 GB/s 5 GB/s 10 GB/s");
        assert_eq!(rates(5.0, 10.0), "100 kB/s 1 MB/s 10 MB/s 100 MB/s 1 GB/s 10 GB/s");
        assert_eq!(labels(&Axis::times(9_000)), ["0", "2.5 µs", "5 µs", "7.5 µs"]);
        assert_eq!(labels(&Axis::times(0)).first(), Some(&"0"));
        let ratios =
            |low: f64, high: f64| labels(&Axis::ratios([low.log10(), high.log10()].into_iter())).join(" ");
        assert_eq!(ratios(0.85, 1.1), "1 0.9 1.1");
        assert_eq!(ratios(0.5, 10.0), "1 2 0.5 10 5 1.5 0.75 3");
        assert_eq!(labels(&Axis::amounts(9 << 20)), ["0 B", "2.5 MiB", "5 MiB", "7.5 MiB"]);
    }

    #[test]
    fn one_value_has_a_range_too() {
        let one = Axis::sizes([4096].into_iter());
        assert_eq!((one.low, one.high), (11.0, 13.0));
        assert_eq!(Axis::rates(std::iter::empty()).low, 0.0);
    }
}
