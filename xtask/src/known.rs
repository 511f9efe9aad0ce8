//! What subjects take whose time is known beforehand, and how far the suite's figures are from it. Pure.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::plan::Case;
use crate::sample::{Measurement, Sample};
use crate::scenario::Subject;
use crate::stats;

/// The most that a median may be off, in percent of what is known.
pub(crate) const MOST_OFF_PCT: f64 = 2.0;

/// Long beside the fifty to a hundred microseconds in which a processor that sleeps is woken.
const SLEEP_NS: u64 = 20_000_000;

/// What a case is known to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) wall_ns: u64,
    /// None where it is only known to be little.
    pub(crate) cpu_ns: Option<u64>,
}

/// None for what is measured because nobody knows.
pub(crate) fn cost(case: &Case) -> Option<Cost> {
    match case.subject {
        Subject::KnownSleep => Some(Cost { wall_ns: SLEEP_NS, cpu_ns: None }),
        Subject::KnownRate => Some(Cost { wall_ns: case.size_bytes, cpu_ns: Some(case.size_bytes) }),
        _ => None,
    }
}

/// Which clock showed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Shown {
    Wall,
    Cpu,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Wall => "wall",
            Self::Cpu => "CPU",
        })
    }
}

/// A known time beside the measured one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Deviation {
    pub(crate) case: String,
    pub(crate) clock: Shown,
    pub(crate) known_ns: u64,
    /// The median of the valid samples.
    pub(crate) measured_ns: u64,
    /// Of what is known; above 0 where too much was measured.
    pub(crate) off_pct: f64,
    /// Whether that is at most [`MOST_OFF_PCT`].
    pub(crate) holds: bool,
}

/// Of every case with a known cost that has a valid sample.
pub(crate) fn deviations(cases: &[Case], samples: &[Sample]) -> Vec<Deviation> {
    let mut by_case: BTreeMap<&str, Vec<&Measurement>> = BTreeMap::new();
    for sample in samples {
        by_case.entry(&sample.case).or_default().extend(sample.measurement());
    }
    let of_case = |case: &Case| {
        let (cost, own) = (cost(case)?, by_case.get(case.id.as_str())?);
        let wall = deviation(case, Shown::Wall, cost.wall_ns, own, |one| Some(one.wall_ns));
        let cpu = cost.cpu_ns.and_then(|known| deviation(case, Shown::Cpu, known, own, |one| one.cpu_ns));
        Some(wall.into_iter().chain(cpu))
    };
    cases.iter().filter_map(of_case).flatten().collect()
}

fn deviation(
    case: &Case,
    clock: Shown,
    known_ns: u64,
    own: &[&Measurement],
    of: fn(&Measurement) -> Option<u64>,
) -> Option<Deviation> {
    let values: Vec<f64> = own.iter().filter_map(|one| of(one)).map(stats::float).collect();
    let (measured, known) = (stats::median(&values)?, stats::float(known_ns));
    let off_pct = (measured - known) / known * 100.0;
    Some(Deviation {
        case: case.id.clone(),
        clock,
        known_ns,
        measured_ns: stats::whole(measured),
        off_pct,
        holds: off_pct.abs() <= MOST_OFF_PCT,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::clock::{Times, Usage};
    use crate::plan;
    use crate::sample::Trial;
    use crate::scenario::Scenario;

    fn cases() -> Vec<Case> {
        let text = "schema = \"orbit.scenario/1\"\nname = \"t\"\nquestion = \"?\"\n[matrix]\nsize = \"1MB\"\n\
                    subject = [\"known-sleep\", \"known-rate\", \"engine\"]\n";
        plan::cases(&Scenario::parse(text.to_owned(), Path::new("t.toml")).unwrap())
    }

    fn samples(case: &Case, wall_ns: u64, cpu_ns: u64) -> Vec<Sample> {
        let sample = |(block, wall_ns)| {
            let times = Times { wall_ns, cpu_ns: Some(cpu_ns), steal_ns: 0, usage: Usage::default() };
            let result = Trial::Measured(Measurement::new(times, case.size_bytes));
            Sample { case: case.id.clone(), block, position: 0, result }
        };
        // One sample that was disturbed moves no median.
        (0..).zip([wall_ns, wall_ns, 10 * wall_ns]).map(sample).collect()
    }

    #[test]
    fn two_percent_hold_and_more_do_not_on_either_side_and_clock() {
        let cases = cases();
        let holds = |case: &Case, wall_ns, cpu_ns| {
            let found = deviations(&cases, &samples(case, wall_ns, cpu_ns));
            found.into_iter().map(|one| one.holds).collect::<Vec<bool>>()
        };
        let [sleep, rate, engine] = &cases[..] else { panic!("three cases") };
        for (wall_ns, expected) in [
            (20_000_000, true),
            (20_400_000, true),
            (19_600_000, true),
            (20_400_001, false),
            (19_599_999, false),
        ] {
            assert_eq!(holds(sleep, wall_ns, 1), [expected], "{wall_ns}");
        }
        assert_eq!(holds(rate, 1_000_000, 1_020_000), [true, true]);
        assert_eq!(holds(rate, 1_020_001, 979_999), [false, false]);
        assert!(holds(engine, 1, 1).is_empty());
    }

    #[test]
    fn the_deviation_is_of_the_median() {
        let cases = cases();
        let found = deviations(&cases, &samples(&cases[1], 1_030_000, 990_000));
        assert_eq!(
            (found[0].clock, found[0].measured_ns, found[1].clock),
            (Shown::Wall, 1_030_000, Shown::Cpu)
        );
        assert!((found[0].off_pct - 3.0).abs() < 1e-9 && (found[1].off_pct + 1.0).abs() < 1e-9, "{found:?}");
    }
}
