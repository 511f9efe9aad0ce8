//! Planted copies against the findings and the outcome; nothing is measured.

use std::path::Path;

use orbit_engine::Mechanism;

use super::*;
use crate::clock::{Times, Usage};
use crate::gate::Verdict;
use crate::gate::outcome::{Compared, Outcome};
use crate::gate::samples::Quad;
use crate::plan::{self, Case};
use crate::scenario::{Allowance, Counter as Counted, Scenario};

fn case() -> Case {
    let text =
        "schema = \"orbit.scenario/1\"\nname = \"t\"\nquestion = \"?\"\n[matrix]\nsize = 5\n".to_owned();
    plan::cases(&Scenario::parse(text, Path::new("t.toml")).unwrap()).remove(0)
}

fn copy(milliseconds: u64) -> Measurement {
    let wall_ns = milliseconds * 1_000_000;
    let times = Times { wall_ns, cpu_ns: Some(wall_ns), steal_ns: 0, usage: Usage::default() };
    Measurement {
        mechanism: Some(Mechanism::Reflink),
        system_calls: Some(20),
        retries: Some(0),
        ..Measurement::new(times, 5)
    }
}

/// Enough blocks of these two.
fn samples(base: &Measurement, head: &Measurement) -> CaseSamples {
    let quads = |count: u64| -> Vec<Quad> {
        let later = |one: &Measurement, ns: u64| Measurement {
            wall_ns: one.wall_ns + ns,
            cpu_ns: one.cpu_ns.map(|own| own + ns),
            ..one.clone()
        };
        let quad = |index: u64| {
            let (early, late) = if index.is_multiple_of(2) { (0, 100 + index) } else { (100 + index, 0) };
            let copies = |one: &Measurement| [later(one, early), later(one, late)];
            Quad { base: copies(base), head: copies(head) }
        };
        (0..count).map(quad).collect()
    };
    CaseSamples { screen: quads(16), confirm: quads(64), ..CaseSamples::new(case()) }
}

fn told(head: &Measurement, budgets: &[CaseBudget]) -> Vec<(bool, String)> {
    let found = findings(&samples(&copy(100), head), budgets);
    found.into_iter().map(|Finding { is_regression, what }| (is_regression, what)).collect()
}

#[test]
fn what_is_alike_is_not_told() {
    assert_eq!(told(&copy(100), &[]), []);
}

#[test]
fn a_lost_fast_path_is_a_regression_with_its_reason() {
    let refusals = vec!["reflink: EOPNOTSUPP".to_owned()];
    let head = Measurement { mechanism: Some(Mechanism::ReadWrite), refusals, ..copy(100) };
    let expected = [
        (true, "mechanism: reflink on the base, read-write on the head".to_owned()),
        (true, "refused on the head alone: reflink: EOPNOTSUPP".to_owned()),
    ];
    assert_eq!(told(&head, &[]), expected);
    let other = Measurement { mechanism: Some(Mechanism::CopyFileRange), ..copy(100) };
    assert!(!told(&other, &[])[0].0);
}

/// The engine does not try again what was refused between the same two mounts: samples of later copies do not tell.
#[test]
fn what_was_refused_before_the_copies_explains_them() {
    let head = Measurement { mechanism: Some(Mechanism::ReadWrite), ..copy(100) };
    let mut planted = samples(&copy(100), &head);
    let both = "copy-file-range: EXDEV".to_owned();
    planted.refused = vec![(Side::Head, vec![both.clone(), "reflink: EOPNOTSUPP".to_owned()])];
    // The base does not say what it was refused.
    assert_eq!(findings(&planted, &[]).len(), 1);
    planted.refused.push((Side::Base, vec![both]));
    let found: Vec<String> = findings(&planted, &[]).into_iter().map(|finding| finding.what).collect();
    let expected = [
        "mechanism: reflink on the base, read-write on the head",
        "refused on the head alone: reflink: EOPNOTSUPP",
    ];
    assert_eq!(found, expected);
}

#[test]
fn counters_are_held_against_the_budget_and_against_the_base() {
    let more = || Measurement { system_calls: Some(21), retries: Some(1), ..copy(100) };
    let budget = |max| CaseBudget { case: case().id, counter: Counted::SystemCalls, max };
    let grown = "system calls: 20 on the base, 21 on the head".to_owned();
    let retried = (true, "retries: 0 on the base, 1 on the head".to_owned());
    assert_eq!(told(&more(), &[budget(21)]), [retried.clone(), (false, grown.clone())]);
    let broken = (true, "system_calls: 21 on the head, the budget is 20".to_owned());
    assert_eq!(told(&more(), &[budget(20)]), [broken, retried, (false, grown)]);
    let fewer = Measurement { system_calls: Some(19), ..copy(100) };
    assert_eq!(told(&fewer, &[]), [(false, "system calls: 20 on the base, 19 on the head".to_owned())]);
}

fn outcome(samples: CaseSamples) -> Outcome {
    let (started, host) = ("2026-01-02T03:04:05Z".into(), "h".into());
    let compared = Compared { base: None, head: "h".into(), scenario: "t".into(), started, host, seed: 1 };
    Outcome::of(compared, &[samples], Allowance::default(), &[], Vec::new())
}

#[test]
fn the_worst_of_clocks_and_counters_is_the_verdict() {
    let verdict = |head: Measurement| {
        let found = outcome(samples(&copy(100), &head));
        assert_eq!(found.verdict, found.cases[0].verdict);
        found.verdict
    };
    assert_eq!(verdict(copy(100)), Verdict::Pass);
    assert_eq!(verdict(copy(80)), Verdict::Improved);
    assert_eq!(verdict(copy(115)), Verdict::Regression);
    // One clock alone is enough.
    let mut wall = copy(115);
    wall.cpu_ns = copy(100).cpu_ns;
    assert_eq!(verdict(wall), Verdict::Regression);
    let mut cpu = copy(115);
    cpu.wall_ns = copy(100).wall_ns;
    assert_eq!(verdict(cpu), Verdict::Regression);
    assert_eq!(verdict(Measurement { retries: Some(1), ..copy(100) }), Verdict::Regression);
}

#[test]
fn without_processor_time_wall_time_alone_is_judged_and_that_is_said() {
    let without = |milliseconds| Measurement { cpu_ns: None, ..copy(milliseconds) };
    for (head, expected) in [(100, Verdict::Pass), (80, Verdict::Improved), (115, Verdict::Regression)] {
        let measured = samples(&without(100), &without(head));
        assert_eq!(measured.series(Allowance::default()).len(), 1);
        let found = outcome(measured);
        let case = &found.cases[0];
        assert_eq!((found.verdict, case.wall_only, &case.cpu), (expected, true, &None));
        assert_eq!(case.wall.as_ref().map(|wall| wall.verdict), Some(expected));
        assert!(found.caution.is_some_and(|why| why.starts_with("judged by wall time alone: ")));
    }
    let found = outcome(samples(&copy(100), &copy(100)));
    assert!(!found.cases[0].wall_only && found.caution.is_none());
}

#[test]
fn a_slower_case_is_explained() {
    let with_faults = |one: Measurement, faults| {
        let usage = Usage { minor_faults: Some(faults), voluntary_switches: Some(10), ..Usage::default() };
        Measurement { usage, ..one }
    };
    let of = |head| outcome(samples(&with_faults(copy(100), 10), &head)).cases.remove(0).explanations;
    assert_eq!(of(with_faults(copy(150), 30)), ["minor faults: 10 on the base, 30 on the head"]);
    assert_eq!(of(with_faults(copy(100), 30)), [""; 0]);
}

#[test]
fn a_side_that_cannot_copy_is_told() {
    let failed = |sides: &[Side]| {
        let mut samples = CaseSamples::new(case());
        samples.failed = sides.iter().map(|side| (*side, "no room".to_owned())).collect();
        outcome(samples)
    };
    let head = failed(&[Side::Head]);
    assert_eq!(head.verdict, Verdict::Regression);
    assert_eq!(head.cases[0].findings[0].what, "the head cannot copy it, and the base can: no room");
    let base = failed(&[Side::Base]);
    assert_eq!((base.cases.len(), base.skipped[0].reason.as_str()), (0, "the base cannot copy it: no room"));
    let both = failed(&[Side::Base, Side::Head]);
    assert_eq!(
        (both.verdict, both.skipped[0].reason.as_str()),
        (Verdict::Inconclusive, "neither side can copy it: no room")
    );
}
