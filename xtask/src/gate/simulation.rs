//! The gate's own error rates, on planted times with the noise of shared machines.

use super::block::{Block, Side, order};
use super::judge::{Series, Verdict, is_suspect, judge};
use super::{BLOCKS_PER_PROCESS, CONFIRM_BLOCKS, SCREEN_BLOCKS};
use crate::stats;

/// Noise of one sample, on logarithms.
#[derive(Debug, Clone, Copy)]
struct Noise {
    sd: f64,
    /// How often a sample is held up, to half as long again or three times as long.
    spikes: f64,
    /// Even growth from sample to sample.
    drift: f64,
    /// How much of a sample's noise the next one has too.
    memory: f64,
    /// How far equal programs are apart, for as long as they run.
    bias: f64,
}

const CALM: Noise = Noise { sd: 0.06, spikes: 0.0, drift: 0.0, memory: 0.0, bias: 0.0 };

/// What a pull request measures: two clocks of twelve cases.
const FAMILY: usize = 24;

struct Machine {
    noise: Noise,
    random: fastrand::Rng,
    before: f64,
    drifted: f64,
}

impl Machine {
    fn new(noise: Noise, seed: u64) -> Self {
        Self { noise, random: fastrand::Rng::with_seed(seed), before: 0.0, drifted: 0.0 }
    }

    /// Box and Muller's.
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.random.f64()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.random.f64()).cos()
    }

    fn sample(&mut self, log: f64) -> u64 {
        let Noise { sd, spikes, drift, memory, .. } = self.noise;
        let fresh = self.normal() * sd * (1.0 - memory * memory).sqrt();
        self.before = memory * self.before + fresh;
        self.drifted += drift;
        let spike = if self.random.f64() < spikes { (1.5 + 1.5 * self.random.f64()).ln() } else { 0.0 };
        stats::whole((17.7 + log + self.before + self.drifted + spike).exp())
    }

    /// Blocks of one process of each copy after the other.
    fn blocks(&mut self, slower: f64, count: u32) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut bias = [[0.0; 2]; 2];
        for index in 0..count {
            if index % BLOCKS_PER_PROCESS == 0 {
                bias = [[(); 2]; 2].map(|side| side.map(|()| self.normal() * self.noise.bias));
            }
            let mut times = [[0; 2]; 2];
            for place in order(&mut self.random) {
                let side = usize::from(place.side == Side::Head);
                let effect = if place.side == Side::Head { slower.ln() } else { 0.0 };
                times[side][place.copy] = self.sample(effect + bias[side][place.copy]);
            }
            blocks.push(Block::new(times[0], times[1]));
        }
        blocks
    }

    fn series(&mut self, slower: f64) -> Series {
        let screen = self.blocks(slower, SCREEN_BLOCKS);
        let mut series = Series { allowed: 0.03, allowed_ns: 1_000_000, screen, confirm: Vec::new() };
        if is_suspect(&series) {
            series.confirm = self.blocks(slower, CONFIRM_BLOCKS);
        }
        series
    }
}

/// What came out of families whose first series is slower by the factor `first` and whose other ones by `others`.
#[derive(Debug, Default)]
struct Rates {
    families: u32,
    /// Families in which some other series than the first is a regression.
    alarms: u32,
    /// In which the first is one.
    found: u32,
    /// Series of all families.
    inconclusive: usize,
}

fn rates(noise: Noise, families: u32, first: f64, others: f64) -> Rates {
    let mut rates = Rates { families, ..Rates::default() };
    for seed in 0..families {
        let mut machine = Machine::new(noise, u64::from(seed));
        let family: Vec<Series> =
            (0..FAMILY).map(|index| machine.series(if index == 0 { first } else { others })).collect();
        let verdicts: Vec<Verdict> = judge(&family).into_iter().map(|one| one.unwrap().verdict).collect();
        rates.found += u32::from(verdicts[0] == Verdict::Regression);
        rates.alarms += u32::from(verdicts[1..].contains(&Verdict::Regression));
        rates.inconclusive += verdicts.iter().filter(|verdict| **verdict == Verdict::Inconclusive).count();
    }
    rates
}

/// Families a machine and slowdown. The seeds are fixed, so that the same come out every time.
const FAMILIES: u32 = 40;

#[track_caller]
fn keeps_its_promise(noise: Noise) {
    for (slower, of_hundred) in [(1.1, 80), (1.2, 95)] {
        let rates = rates(noise, FAMILIES, slower, 1.0);
        assert!(100 * rates.found >= of_hundred * rates.families, "{slower}: {rates:?}");
        assert_eq!(rates.alarms, 0, "{slower}: {rates:?}");
    }
}

#[test]
fn a_calm_machine() {
    keeps_its_promise(CALM);
}

#[test]
fn a_noisy_machine() {
    keeps_its_promise(Noise { sd: 0.12, ..CALM });
}

#[test]
fn samples_that_are_held_up() {
    keeps_its_promise(Noise { spikes: 0.05, ..CALM });
}

#[test]
fn a_machine_that_slows_down() {
    keeps_its_promise(Noise { drift: 0.004, ..CALM });
}

#[test]
fn noise_that_lasts() {
    keeps_its_promise(Noise { sd: 0.08, memory: 0.8, ..CALM });
}

#[test]
fn equal_programs_that_are_not_alike() {
    keeps_its_promise(Noise { bias: 0.005, ..CALM });
}

/// Where luck of a process is most of the noise, as with copies of a few milliseconds.
#[test]
fn processes_that_are_not_alike() {
    keeps_its_promise(Noise { sd: 0.02, bias: 0.06, ..CALM });
}

/// Where everything is exactly as slow as is allowed, which is where alarms are most likely.
#[test]
fn one_family_in_a_hundred_at_most_is_a_false_alarm() {
    let rates = rates(CALM, 120, 1.03, 1.03);
    // At 1 % chance has more than 4 of 120 in fewer than one of a hundred trials.
    assert!(rates.alarms <= 4, "{rates:?}");
}

/// What is too noisy to say is said, and rarely.
#[test]
fn a_pass_is_one_where_it_can_be() {
    let rates = |sd| rates(Noise { sd, ..CALM }, 10, 1.0, 1.0).inconclusive;
    let (calm, wild) = (rates(0.06), rates(0.6));
    assert!(calm <= 3 && wild >= 200, "of {} series {calm} and {wild}", 10 * FAMILY);
}
