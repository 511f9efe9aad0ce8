//! Planted runs against the verdicts; nothing is measured.

use super::*;
use crate::clock::{Times, Usage};
use crate::report::planted;

const SECOND: f64 = 1e9;

fn noise(random: &mut fastrand::Rng, sd: f64) -> f64 {
    // About normal, with a variance of one.
    sd * ((0..12).map(|_| random.f64()).sum::<f64>() - 6.0)
}

/// Two runs of `count` samples, the second slower by the factor, each `drift` slower as a whole and noisy.
fn series(seed: u64, slower: f64, drift: f64, sd: f64, count: usize) -> Series {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut run = |level: f64| -> Vec<f64> {
        let whole = noise(&mut random, drift);
        (0..count).map(|_| SECOND.ln() + level + whole + noise(&mut random, sd)).collect()
    };
    let (base, head) = (run(0.0), run(slower.ln()));
    Series { allowed: 0.03, allowed_ns: 1_000_000, base, head }
}

fn verdict(series: &Series) -> (Verdict, String) {
    let judged = judge(std::slice::from_ref(series)).remove(0).unwrap();
    (judged.verdict, judged.reason.unwrap_or_default())
}

#[test]
fn verdicts_are_those_of_the_gate_with_more_allowed() {
    assert_eq!(verdict(&series(1, 1.0, 0.0, 0.02, 20)).0, Verdict::Pass);
    assert_eq!(verdict(&series(1, 1.25, 0.0, 0.02, 20)).0, Verdict::Regression);
    assert_eq!(verdict(&series(1, 0.7, 0.0, 0.02, 20)).0, Verdict::Improved);
    let (found, why) = verdict(&series(1, 1.08, 0.0, 0.01, 20));
    assert!(
        found == Verdict::Inconclusive && why.starts_with("slower than the 3.0 % that are allowed"),
        "{why}"
    );
    let (found, why) = verdict(&series(2, 1.0, 0.0, 0.5, 12));
    assert!(found == Verdict::Inconclusive && why.starts_with("too noisy"), "{why}");
    assert_eq!(judge(&[series(1, 2.0, 0.0, 0.02, 5)]), [None]);
}

#[test]
fn figures_are_those_of_the_runs() {
    let judged = judge(&[series(3, 1.25, 0.0, 0.02, 20)]).remove(0).unwrap();
    assert!((judged.slower_pct - 25.0).abs() < 3.0, "{judged:?}");
    assert!(judged.slower_lower_pct < judged.slower_pct && judged.slower_pct < judged.slower_upper_pct);
    // 3 % of the scenario and 10 % between runs.
    assert!((judged.allowed_pct - 13.3).abs() < 1e-9, "{judged:?}");
    assert!(judged.detectable_pct > 13.3 && judged.detectable_pct < 17.0, "{judged:?}");
    assert_eq!((judged.screen_blocks, judged.confirm_blocks, judged.confirm_p), (20, 0, None));
    let absolute = Series { allowed_ns: 300_000_000, ..series(3, 1.25, 0.0, 0.02, 20) };
    assert_eq!(verdict(&absolute).0, Verdict::Pass);
}

/// A run that changed its level half way says what the machine can do.
#[test]
fn what_one_run_does_by_itself_is_allowed_too() {
    let mut wavering = series(4, 1.25, 0.0, 0.01, 20);
    for log in &mut wavering.base[10..] {
        *log += 0.3;
    }
    assert_ne!(verdict(&wavering).0, Verdict::Regression);
    let judged = judge(&[wavering]).remove(0).unwrap();
    assert!(judged.placebo_pct > 30.0 && judged.allowed_pct > 34.0, "{judged:?}");
}

/// Runs that are a few percent apart as a whole: a family in a hundred at most may have an alarm.
#[test]
fn runs_of_one_program_are_no_regression() {
    let mut alarms = 0;
    for family in 0..100 {
        let all: Vec<Series> =
            (0..24).map(|index| series(family * 24 + index, 1.0, 0.02, 0.06, 20)).collect();
        let found = judge(&all).into_iter().flatten().any(|one| one.verdict == Verdict::Regression);
        alarms += u32::from(found);
    }
    assert!(alarms <= 3, "{alarms} of 100 families");
    let found = (0..100).filter(|&seed| verdict(&series(seed, 1.3, 0.02, 0.06, 20)).0 == Verdict::Regression);
    assert!(found.count() >= 95);
}

/// What a case has of two clocks, and what it has of one.
#[test]
fn cases_are_suspects_by_either_clock() {
    let (record, _, _) = planted::run(&[4096], &[orbit_engine::Strategy::Buffered], &[1 << 20], 3);
    let copies = |wall_ns, cpu_ns| {
        let times = Times { wall_ns, cpu_ns, steal_ns: 0, usage: Usage::default() };
        vec![Measurement::new(times, 4096); 20]
    };
    let second = 1_000_000_000;
    let base = copies(second, Some(second));
    let heads = [
        copies(second, Some(second)),
        copies(second, Some(2 * second)),
        copies(2 * second, None),
        copies(second, None),
        copies(2 * second, Some(second)),
    ];
    let case = heads.iter().map(|head| StoredCase {
        case: &record.cases[0],
        base: base.iter().collect(),
        head: head.iter().collect(),
        invalid: 0,
        failed: None,
    });
    let cases: Vec<StoredCase<'_>> = case.collect();
    assert_eq!(suspects(&cases, Allowance::default()), [false, true, true, false, true]);
}

#[test]
fn counters_are_exact() {
    let (record, _, _) = planted::run(&[4096], &[orbit_engine::Strategy::Buffered], &[1 << 20], 3);
    let copy = |system_calls, refusals: &[&str]| {
        let times =
            Times { wall_ns: 1_000_000, cpu_ns: Some(1_000_000), steal_ns: 0, usage: Usage::default() };
        let mut one = Measurement::new(times, 4096);
        (one.system_calls, one.mechanism) = (Some(system_calls), Some(orbit_engine::Mechanism::ReadWrite));
        one.refusals = refusals.iter().map(|&text| text.to_owned()).collect();
        one
    };
    let (old, new) = (vec![copy(9, &[]); 6], vec![copy(10, &["reflink: EXDEV"]); 6]);
    let compared = Compared {
        base: Some("run".into()),
        head: "h".into(),
        scenario: "t".into(),
        started: "2026-01-02T03:04:05Z".into(),
        host: "m".into(),
        seed: 1,
    };
    let told = |head: &[Measurement], failed| {
        let case = StoredCase {
            case: &record.cases[0],
            base: old.iter().collect(),
            head: head.iter().collect(),
            invalid: 0,
            failed,
        };
        outcome(compared.clone(), &[case], Allowance::default(), &[], Vec::new())
    };
    let same = told(&old, None);
    assert_eq!((same.verdict, same.cases[0].findings.len()), (Verdict::Pass, 0));
    assert!(same.caution.unwrap().ends_with("10 % more are allowed for that"));
    let worse = told(&new, None);
    let whats: Vec<&str> = worse.cases[0].findings.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(
        whats,
        ["refused on the head alone: reflink: EXDEV", "system calls: 9 on the base, 10 on the head"]
    );
    assert_eq!(worse.verdict, Verdict::Regression);
    let failed = told(&[], Some("no"));
    assert_eq!(failed.cases[0].findings[0].what, "the head cannot copy it, and the base can: no");
}
