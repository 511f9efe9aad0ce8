//! Planted outcomes against what is counted; nothing is measured.

use super::*;
use crate::gate::Finding;

#[test]
fn each_round_has_every_difference_in_an_order_of_its_own() {
    let schedule = Plant::schedule(3, 200);
    assert_eq!((schedule.len(), Plant::schedule(3, 197).len()), (450, 450));
    assert_eq!(schedule, Plant::schedule(3, 200));
    // A greater number adds to the end.
    assert_eq!(schedule, Plant::schedule(3, 400)[..450]);
    let rounds: Vec<&[Plant]> = schedule.chunks(ROUND.len()).collect();
    for plant in ROUND {
        let count = |round: &[Plant]| round.iter().filter(|one| **one == plant).count();
        assert!(rounds.iter().all(|round| count(round) == count(&ROUND)), "{plant:?}");
    }
    assert!(rounds.windows(2).any(|pair| pair[0] != pair[1]));
}

fn judged(verdict: Verdict) -> Option<Judgement> {
    Some(Judgement {
        verdict,
        reason: None,
        base_ns: 1,
        slower_pct: 0.0,
        slower_lower_pct: 0.0,
        slower_upper_pct: 0.0,
        allowed_pct: 3.0,
        detectable_pct: 5.0,
        placebo_pct: 0.0,
        screen_blocks: 16,
        screen_p: 0.5,
        confirm_blocks: 0,
        confirm_p: None,
    })
}

fn case(name: &str, cpu: Verdict, wall: Verdict, finding: Option<&str>) -> CaseOutcome {
    let finding = finding.map(|what| Finding { is_regression: true, what: what.to_owned() });
    let verdict = if finding.is_some() { Verdict::Regression } else { cpu.max(wall) };
    CaseOutcome {
        case: name.to_owned(),
        verdict,
        findings: finding.into_iter().collect(),
        wall_only: false,
        cpu: judged(cpu),
        wall: judged(wall),
        invalid_blocks: 0,
        explanations: Vec::new(),
    }
}

fn family(plant: Plant, cases: Vec<CaseOutcome>) -> Family {
    let outcome = Outcome {
        schema: String::new(),
        verdict: Verdict::Pass,
        notice: None,
        caution: None,
        base: None,
        head: String::new(),
        scenario: String::new(),
        started: String::new(),
        host: String::new(),
        seed: 1,
        cases,
        skipped: Vec::new(),
    };
    let planted = (plant != Plant::Nothing).then(|| "a".to_owned());
    Family::of(plant, planted, &outcome, 1500)
}

#[test]
fn a_difference_is_found_by_what_it_is_and_where_it_is() {
    use Verdict::{Inconclusive, Pass, Regression};
    let found = |plant, cpu, wall, finding| family(plant, vec![case("a", cpu, wall, finding)]).found;
    for plant in [Plant::TenPercent, Plant::TwentyPercent] {
        assert!(found(plant, Pass, Regression, None));
        assert!(
            !found(plant, Regression, Inconclusive, None) && !found(plant, Pass, Pass, Some("mechanism"))
        );
    }
    assert!(found(Plant::OtherStrategy, Pass, Pass, Some("mechanism: a on the base")));
    assert!(!found(Plant::OtherStrategy, Pass, Regression, Some("retries: 0 on the base")));
    let beside = vec![
        case("a", Pass, Pass, None),
        case("b", Regression, Pass, None),
        case("c", Pass, Inconclusive, None),
    ];
    let beside = family(Plant::TenPercent, beside);
    assert_eq!((beside.found, beside.alarms.as_slice()), (false, &["b".to_owned()][..]));
    assert_eq!((beside.equal_cases, beside.inconclusive), (2, 1));
    let nothing = family(Plant::Nothing, vec![case("a", Regression, Pass, None)]);
    assert_eq!((nothing.found, nothing.alarms.len(), nothing.equal_cases), (false, 1, 1));
}

/// So many families of each kind, all found, and then those of `others`.
fn rates(count: usize, others: &[Family]) -> Vec<Rate> {
    use Verdict::{Pass, Regression};
    let mut families = others.to_vec();
    for _ in 0..count {
        families.push(family(Plant::Nothing, vec![case("a", Pass, Pass, None)]));
        families.push(family(Plant::TenPercent, vec![case("a", Pass, Regression, None)]));
        families.push(family(Plant::TwentyPercent, vec![case("a", Pass, Regression, None)]));
        families.push(family(Plant::OtherStrategy, vec![case("a", Pass, Pass, Some("mechanism"))]));
    }
    Count::ALL.map(|count| Rate::of(count, &families)).to_vec()
}

fn broken(rates: &[Rate]) -> Vec<Count> {
    rates.iter().filter(|rate| !rate.holds).map(|rate| rate.count).collect()
}

#[test]
fn every_promise_can_be_broken() {
    use Verdict::{Pass, Regression};
    assert_eq!(broken(&rates(20, &[])), []);
    assert_eq!(broken(&rates(0, &[])), Count::ALL);
    let alarm = family(Plant::Nothing, vec![case("b", Pass, Regression, None)]);
    assert_eq!(broken(&rates(98, std::slice::from_ref(&alarm))), [Count::FalseAlarms]);
    assert_eq!(broken(&rates(99, &[alarm])), []);
    let missed = |plant| family(plant, vec![case("a", Pass, Pass, None)]);
    let of_twenty = |plant, missed_ones: usize| {
        broken(&rates(20 - missed_ones, &vec![missed(plant); missed_ones]))
            .into_iter()
            .filter(|count| !matches!(count, Count::FalseAlarms | Count::FalseAlarmsBeside))
            .collect::<Vec<_>>()
    };
    // The other two kinds are complete whatever is missed of the third.
    assert_eq!(of_twenty(Plant::TenPercent, 4), []);
    assert_eq!(of_twenty(Plant::TenPercent, 5), [Count::TenPercentFound]);
    assert_eq!(of_twenty(Plant::TwentyPercent, 1), []);
    assert_eq!(of_twenty(Plant::TwentyPercent, 2), [Count::TwentyPercentFound]);
    assert_eq!(of_twenty(Plant::OtherStrategy, 1), [Count::OtherStrategyFound]);
    let beside =
        family(Plant::TenPercent, vec![case("a", Pass, Regression, None), case("b", Regression, Pass, None)]);
    assert_eq!(broken(&rates(20, &[beside])), [Count::FalseAlarmsBeside]);
}

#[test]
fn an_interval_stands_beside_the_rate() {
    let rates = rates(200, &[]);
    let alarms = &rates[0];
    assert_eq!((alarms.families, alarms.found, alarms.lower_pct), (200, 0, Some(0.0)));
    assert!((alarms.upper_pct.unwrap() - 1.828).abs() < 0.001, "{alarms:?}");
    assert_eq!(Rate::of(Count::FalseAlarms, &[]).upper_pct, None);
}
