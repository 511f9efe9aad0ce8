//! Percentiles on the axis that gives each next nine as much room: log10 of 1 / (1 − p). No percentile is drawn that the
//! samples cannot tell.

use super::axes::Axis;

/// Pixels that a label needs.
const ROOM: f64 = 18.0;

/// Percentiles that may be labelled; the first ones win when there is too little room.
const LABELLED: [(f64, &str); 8] = [
    (0.0, "0"),
    (90.0, "90"),
    (99.0, "99"),
    (99.9, "99.9"),
    (50.0, "50"),
    (75.0, "75"),
    (95.0, "95"),
    (99.99, "99.99"),
];

/// The axis up to where `samples` samples tell, for a panel of this width in pixels.
pub(super) fn axis(samples: usize, width: i32) -> Axis {
    let last = (samples as f64).log10();
    let high = last.max(0.4) * 1.06;
    let room = ROOM * high / f64::from(width - 90);
    let mut ticks: Vec<(f64, String)> = Vec::new();
    for (percent, label) in LABELLED {
        let at = -(1.0 - percent / 100.0).log10();
        if at <= last && ticks.iter().all(|tick| (tick.0 - at).abs() >= room) {
            ticks.push((at, label.to_owned()));
        }
    }
    Axis { low: 0.0, high, ticks }
}

/// Parts of the axis that are finer than any screen: steps that lie within one are drawn as one.
const PARTS: f64 = 4000.0;

/// The steps of the empirical distribution: the k-th of n times holds from (k − 1)/n to k/n. The last one would run to
/// infinity and is only begun.
pub(super) fn steps(wall_ns: &[u64]) -> Vec<(f64, f64)> {
    let count = wall_ns.len();
    let at = |rank: usize| -(1.0 - rank as f64 / count as f64).log10();
    let least = (count as f64).log10() / PARTS;
    let mut steps: Vec<(f64, f64)> = Vec::new();
    for (rank, &wall) in wall_ns.iter().enumerate() {
        let is_last = rank + 1 == count;
        if !is_last && steps.last().is_some_and(|(before, _)| at(rank + 1) - before < least) {
            continue;
        }
        steps.push((at(rank), wall as f64));
        if !is_last {
            steps.push((at(rank + 1), wall as f64));
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_follow_the_ranks() {
        let log = |p: f64| -(1.0 - p).log10();
        assert_eq!(steps(&[5, 7]), [(0.0, 5.0), (log(0.5), 5.0), (log(0.5), 7.0)]);
        assert_eq!(steps(&[5]), [(0.0, 5.0)]);
    }

    #[test]
    fn many_steps_are_drawn_as_few_and_few_are_all_drawn() {
        let of = |count: u64| steps(&(0..count).collect::<Vec<_>>());
        assert_eq!(of(300).len(), 2 * 300 - 1);
        let many = of(100_000);
        assert!((1000..9000).contains(&many.len()), "{}", many.len());
        assert_eq!((many[0], many[many.len() - 1].1), ((0.0, 0.0), 99_999.0));
        assert!(many.is_sorted_by(|a, b| a.0 <= b.0 && a.1 <= b.1));
    }

    #[test]
    fn percentiles_that_the_samples_cannot_tell_are_not_labelled() {
        let labels = |samples| {
            let mut ticks = axis(samples, 900).ticks;
            ticks.sort_by(|a, b| a.0.total_cmp(&b.0));
            ticks.into_iter().map(|tick| tick.1).collect::<Vec<_>>()
        };
        assert_eq!(labels(1), ["0"]);
        assert_eq!(labels(15), ["0", "50", "75", "90"]);
        assert_eq!(labels(100), ["0", "50", "75", "90", "95", "99"]);
    }
}
