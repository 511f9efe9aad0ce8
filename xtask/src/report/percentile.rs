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

/// The steps of the empirical distribution: the k-th of n times holds from (k − 1)/n to k/n. The last one would run to
/// infinity and is only begun.
pub(super) fn steps(wall_ns: &[u64]) -> Vec<(f64, f64)> {
    let at = |rank: usize| -(1.0 - rank as f64 / wall_ns.len() as f64).log10();
    let mut steps = Vec::new();
    for (rank, &wall) in wall_ns.iter().enumerate() {
        steps.push((at(rank), wall as f64));
        if rank + 1 < wall_ns.len() {
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
