//! Decisions about a pair from cases and samples, with times that were planted.

use std::path::Path;

use orbit_engine::{ByteSize, Decision, Mechanism, Strategy, Threshold, Values};

use super::*;
use crate::clock::{Times, Usage};
use crate::plan::{self, Case};
use crate::sample::{Measurement, Sample, Trial};
use crate::scenario::{FileSystems, Knob, Scenario, Setting, Subject};

/// What a case takes, in nanoseconds, and what moved its bytes.
type Planted = fn(&Case, &Values) -> (f64, Mechanism);

struct Planting {
    cases: Vec<Case>,
    samples: Vec<Sample>,
}

/// Blocks of the scenario with this matrix, with noise of a hundredth.
fn planted(matrix: &str, blocks: u32, planted: Planted) -> Planting {
    let text = format!("schema = \"orbit.scenario/1\"\nname = \"t\"\nquestion = \"?\"\n[matrix]\n{matrix}");
    let cases = plan::cases(&Scenario::parse(text, Path::new("t.toml")).unwrap());
    let mut random = fastrand::Rng::with_seed(9);
    let mut samples = Vec::new();
    for block in 0..blocks {
        for (position, case) in (0..).zip(&cases) {
            let set = case.tuning.as_ref();
            let values = set.map_or_else(Values::default, |set| set.values(&Values::default()));
            let (ns, mechanism) = planted(case, &values);
            let wall_ns = stats::whole(ns * (1.0 + 0.02 * (random.f64() - 0.5)));
            let times = Times { wall_ns, cpu_ns: Some(wall_ns), steal_ns: 0, usage: Usage::default() };
            let measured =
                Measurement { mechanism: Some(mechanism), ..Measurement::new(times, case.size_bytes) };
            samples.push(Sample {
                case: case.id.clone(),
                block,
                position,
                result: Trial::Measured(measured),
            });
        }
    }
    Planting { cases, samples }
}

fn decided(planting: &Planting, reflink: bool, kept: Values) -> Findings {
    let observed = vec![Observed {
        cases: &planting.cases,
        samples: &planting.samples,
        filesystems: &FileSystems::Same,
        tuned: Values::default(),
    }];
    tuned(&Pair { observed, zero_copy: true, reflink, kept, memory_bytes_per_s: Some(10e9), seed: 3 })
}

fn of(findings: &Findings, knob: Knob) -> &Found {
    findings.knobs.iter().find(|found| found.knob() == knob).unwrap()
}

const MATRIX: &str = "size = [\"16KiB\", \"64KiB\", \"256KiB\", \"1MiB\", \"16MiB\"]\n\
                      strategy = [\"zero-copy\", \"buffered\"]\nsubject = [\"engine\", \"by-splice\"]\n";

fn size(case: &Case) -> f64 {
    stats::float(case.size_bytes)
}

/// Zero-copy overtakes at 200 kB.
fn crossing(case: &Case, _: &Values) -> (f64, Mechanism) {
    match case.strategy {
        Strategy::ZeroCopy => (60e3 + 0.3 * size(case), Mechanism::Splice),
        _ => (20e3 + 0.5 * size(case), Mechanism::ReadWrite),
    }
}

#[test]
fn what_loses_is_withdrawn_to_the_defaults() {
    let mut findings = decided(&planted(MATRIX, 30, crossing), false, Values::default());
    let adopted = of(&findings, Knob::ZeroCopyThreshold).value;
    assert_eq!(findings.moves, None, "nothing was copied by copy_file_range");
    assert_ne!(findings.values, Values::default());
    findings.withdraw(Knob::is_of_trees);
    assert_eq!(of(&findings, Knob::ZeroCopyThreshold).withdrawn, None);
    findings.withdraw(|knob| knob == Knob::ZeroCopyThreshold);
    assert_eq!(findings.values, Values::default());
    let found = of(&findings, Knob::ZeroCopyThreshold);
    assert_eq!((found.decision, found.withdrawn), (Decision::KeptDefault, Some(adopted)));
    assert_eq!(found.value, Setting::of(Knob::ZeroCopyThreshold, &Values::default()));
    assert_eq!(findings.knobs.iter().filter(|found| found.withdrawn.is_some()).count(), 1);
}

/// `auto` gives them to threads whatever the threshold says.
#[test]
fn what_threads_take_tells_nothing_of_the_zero_copy_threshold() {
    let matrix = MATRIX.replace("\"16MiB\"", "\"16MiB\", \"64MiB\"");
    let findings = decided(&planted(&matrix, 30, crossing), false, Values::default());
    let Some(Figures { shown: Shown::Sizes(rows), .. }) = &of(&findings, Knob::ZeroCopyThreshold).figures
    else {
        panic!("sizes are compared")
    };
    assert_eq!(rows.last().unwrap().size_bytes, 16 << 20);
}

#[test]
fn a_threshold_is_adopted_and_then_kept() {
    let planting = planted(MATRIX, 30, crossing);
    let findings = decided(&planting, false, Values::default());
    let found = of(&findings, Knob::ZeroCopyThreshold);
    let expected = Setting::ZeroCopyThreshold(Threshold::AtLeast(256 << 10));
    assert_eq!((found.value, found.decision), (expected, Decision::Accepted), "{found:?}");
    assert_eq!(Setting::of(Knob::ZeroCopyThreshold, &findings.values), expected);
    assert_eq!(of(&findings, Knob::ReflinkThreshold).decision, Decision::Unsupported);
    assert_eq!(of(&findings, Knob::TreeBatch).decision, Decision::NotMeasured);
    // Against a tuned file that says so nothing changes, and it is still what was accepted.
    let again = decided(&planting, false, findings.values);
    let found = of(&again, Knob::ZeroCopyThreshold);
    assert_eq!((found.kept, found.value, found.decision), (expected, expected, Decision::Accepted));
}

#[test]
fn a_clone_is_compared_with_what_it_would_replace_and_never_taken_for_a_copy() {
    let sharing: Planted = |case, _| match (case.subject, case.strategy) {
        (Subject::BySplice, _) => (20e3 + 0.3 * size(case), Mechanism::Splice),
        (_, Strategy::ZeroCopy) => (90e3, Mechanism::Reflink),
        _ => (20e3 + 2.0 * size(case), Mechanism::ReadWrite),
    };
    let findings = decided(&planted(MATRIX, 30, sharing), true, Values::default());
    assert_eq!(of(&findings, Knob::ZeroCopyThreshold).decision, Decision::NotMeasured);
    let found = of(&findings, Knob::ReflinkThreshold);
    // 90 µs are reached at 34 KiB by reading and writing; by splice, which nobody would take, it would be 228 KiB.
    assert_eq!(found.value, Setting::ReflinkThreshold(Threshold::AtLeast(64 << 10)), "{found:?}");
    let Some(Figures { shown: Shown::Sizes(rows), .. }) = &found.figures else { panic!("{found:?}") };
    let row = rows.iter().find(|row| row.size_bytes == 1 << 20).unwrap();
    assert!((row.below_ns / (20e3 + 2.0 * 1_048_576.0) - 1.0).abs() < 0.02, "{row:?}");
}

#[test]
fn copy_file_range_that_takes_no_longer_for_larger_files_is_a_clone() {
    let clones: Planted = |case, _| match case.strategy {
        Strategy::ZeroCopy => (90e3, Mechanism::CopyFileRange),
        _ => (20e3 + 0.5 * size(case), Mechanism::ReadWrite),
    };
    let planting = planted(MATRIX, 30, clones);
    let findings = decided(&planting, true, Values::default());
    assert_eq!(findings.moves, Some(Moves::Clones));
    assert_eq!(of(&findings, Knob::ZeroCopyThreshold).decision, Decision::NotMeasured);
    let findings = decided(&planting, false, Values::default());
    // Where nothing can be shared, such times are no copy's.
    assert_eq!((findings.moves, findings.implausible.is_empty()), (Some(Moves::Copies), false));
}

const RACE: &str = "size = \"16MiB\"\nstrategy = [\"zero-copy\", \"buffered\"]\n\
    tuning = [\"default\", \"small\", \"pipe\"]\n\
    [[tuning]]\nname = \"small\"\nbuffered_chunk = \"64KiB\"\nkernel_chunk = \"1MiB\"\n\
    [[tuning]]\nname = \"pipe\"\npipe_size = \"64KiB\"\n";

#[test]
fn values_race_where_they_play_a_part() {
    let times: Planted = |case, values| match case.strategy {
        Strategy::ZeroCopy => {
            let narrow = if values.pipe_size.bytes() == 64 << 10 { 1.3 } else { 1.0 };
            (narrow * 0.3 * size(case), Mechanism::Splice)
        }
        _ => {
            let small = if values.buffered_chunk.bytes() == 64 << 10 { 0.8 } else { 1.0 };
            (small * 0.5 * size(case), Mechanism::ReadWrite)
        }
    };
    let findings = decided(&planted(RACE, 40, times), false, Values::default());
    let said = |knob| {
        let found = of(&findings, knob);
        (found.value.to_string(), found.decision)
    };
    assert_eq!(said(Knob::BufferedChunk), ("64KiB".to_owned(), Decision::Accepted));
    assert_eq!(said(Knob::KernelChunk), ("16MiB".to_owned(), Decision::NoEffect));
    assert_eq!(said(Knob::PipeSize), ("1MiB".to_owned(), Decision::KeptDefault));
}

#[test]
fn nothing_is_decided_by_what_cannot_be() {
    let impossible: Planted = |case, _| match case.strategy {
        Strategy::ZeroCopy => (0.01 * size(case), Mechanism::Splice),
        _ => (0.5 * size(case), Mechanism::ReadWrite),
    };
    let findings = decided(&planted(MATRIX, 30, impossible), false, Values::default());
    let what = format!("zero-copy engine same copies {} at 100.", ByteSize::new(16 << 20));
    assert!(findings.implausible[0].starts_with(&what), "{:?}", findings.implausible);
    assert_eq!(findings.values, Values::default());
    assert!(findings.knobs.iter().all(|found| found.figures.is_none()));
}
