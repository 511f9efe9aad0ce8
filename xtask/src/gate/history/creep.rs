//! Where a history became slower, and for good.

use std::collections::BTreeMap;
use std::fmt;

use orbit_engine::Machine;

use super::{Entry, Point};
use crate::stats;

/// How often a history in which nothing changes has a change all the same, over all its series together.
const ALPHA: f64 = 0.01;

/// Of the permutations: equal histories give equal answers.
const SEED: u64 = 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    Cpu,
    Wall,
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Cpu => "cpu",
            Self::Wall => "wall",
        })
    }
}

/// What was found in all series.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Creep {
    pub(crate) series: Vec<TimeSeries>,
    pub(crate) counted: Vec<CountedChange>,
}

/// One clock of one case on one class of machines.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TimeSeries {
    pub(crate) machine: Machine,
    /// As the newest run calls it.
    pub(crate) case: String,
    pub(crate) clock: Clock,
    /// The runs that have it, from the oldest.
    pub(crate) runs: Vec<Run>,
    /// Never empty.
    pub(crate) levels: Vec<Level>,
    /// Between one level and the next.
    pub(crate) shifts: Vec<Shift>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) date: String,
    pub(crate) commit: String,
    pub(crate) ns: u64,
}

/// A stretch without a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Level {
    /// Of its first run.
    pub(crate) from: usize,
    pub(crate) median_ns: u64,
}

/// A change of the level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shift {
    /// The first run of the new level.
    pub(crate) at: usize,
    /// Between which runs that is in 95 of 100 cases.
    pub(crate) earliest: usize,
    pub(crate) latest: usize,
    pub(crate) slower_pct: f64,
    /// Slower, and no later level took back half of that or more.
    pub(crate) stays_worse: bool,
}

/// Something that is counted without noise, and changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CountedChange {
    pub(crate) case: String,
    pub(crate) what: String,
    /// The commits before and behind it.
    pub(crate) commits: [String; 2],
}

/// What is compared with each other: the class of machines, the case's meaning, the file systems.
type Key = (Machine, String, String, String);

/// Looks for changes in every series of `entries`, which are in the order of their dates.
pub(crate) fn creep(entries: &[Entry]) -> Creep {
    let mut grouped: BTreeMap<Key, Vec<(&Entry, &Point)>> = BTreeMap::new();
    for entry in entries {
        for point in &entry.cases {
            let key =
                (entry.machine(), point.hash.clone(), point.source_fs.clone(), point.destination_fs.clone());
            grouped.entry(key).or_default().push((entry, point));
        }
    }
    let mut random = fastrand::Rng::with_seed(SEED);
    let level = ALPHA / stats::float((2 * grouped.len()).max(1) as u64);
    let mut creep = Creep { series: Vec::new(), counted: Vec::new() };
    for ((machine, ..), points) in &grouped {
        for clock in [Clock::Cpu, Clock::Wall] {
            creep.series.extend(time_series(machine, clock, points, level, &mut random));
        }
        creep.counted.extend(points.windows(2).flat_map(|pair| counted(pair[0], pair[1])));
    }
    creep.series.sort_by(|a, b| (&a.machine, &a.case).cmp(&(&b.machine, &b.case)));
    creep
}

fn time_series(
    machine: &Machine,
    clock: Clock,
    points: &[(&Entry, &Point)],
    level: f64,
    random: &mut fastrand::Rng,
) -> Option<TimeSeries> {
    let run = |(entry, point): &(&Entry, &Point)| {
        let ns = match clock {
            Clock::Cpu => point.cpu_median_ns?,
            Clock::Wall => point.wall_median_ns,
        };
        Some(Run { date: entry.date.clone(), commit: entry.commit.clone(), ns })
    };
    let runs: Vec<Run> = points.iter().filter_map(run).collect();
    let times: Vec<f64> = runs.iter().map(|run| stats::float(run.ns)).collect();
    let changes = stats::changes(&times, level, random)?;
    let starts: Vec<usize> = std::iter::once(0).chain(changes.iter().map(|change| change.at)).collect();
    let ends = starts.iter().skip(1).copied().chain([times.len()]);
    let medians: Vec<f64> =
        starts.iter().zip(ends).map(|(&from, to)| stats::median(&times[from..to])).collect::<Option<_>>()?;
    let shift = |(index, change): (usize, &stats::Change)| {
        let (before, after) = (medians[index], medians[index + 1]);
        let least_later = medians[index + 1..].iter().copied().fold(f64::INFINITY, f64::min);
        Shift {
            at: change.at,
            earliest: change.earliest,
            latest: change.latest,
            slower_pct: (after / before - 1.0) * 100.0,
            stays_worse: after > before && least_later > f64::midpoint(before, after),
        }
    };
    Some(TimeSeries {
        machine: machine.clone(),
        case: points.last()?.1.case.clone(),
        clock,
        shifts: changes.iter().enumerate().map(shift).collect(),
        levels: starts
            .iter()
            .zip(&medians)
            .map(|(&from, &median)| Level { from, median_ns: stats::whole(median) })
            .collect(),
        runs,
    })
}

impl TimeSeries {
    /// What made it slower and was not taken back.
    pub(crate) fn worse(&self) -> impl Iterator<Item = &Shift> {
        self.shifts.iter().filter(|shift| shift.stays_worse)
    }
}

/// What the later of two runs counts otherwise.
fn counted((before, old): (&Entry, &Point), (after, new): (&Entry, &Point)) -> Vec<CountedChange> {
    let number =
        |count: Option<u64>| count.map_or_else(|| "not counted".to_owned(), |count| count.to_string());
    let list = |set: &std::collections::BTreeSet<String>| {
        if set.is_empty() { "none".to_owned() } else { set.iter().cloned().collect::<Vec<_>>().join("; ") }
    };
    let all = [
        ("mechanism", list(&old.mechanisms), list(&new.mechanisms)),
        ("refused", list(&old.refusals), list(&new.refusals)),
        ("system calls", number(old.system_calls_max), number(new.system_calls_max)),
        ("retries", number(old.retries_max), number(new.retries_max)),
    ];
    let changed = all.into_iter().filter(|(_, was, is)| was != is);
    changed
        .map(|(what, was, is)| CountedChange {
            case: new.case.clone(),
            what: format!("{what}: {was}, then {is}"),
            commits: [before.commit.clone(), after.commit.clone()],
        })
        .collect()
}
