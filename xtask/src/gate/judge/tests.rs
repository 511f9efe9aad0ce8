//! Planted effects against the verdicts; nothing is measured, and chance has no part.

use super::*;

/// Blocks with these effects and next to no noise of their own.
fn blocks(effects: &[f64]) -> Vec<Block> {
    let ns = |log: f64| stats::whole(1e9 * log.exp());
    let block = |(index, effect): (usize, &f64)| {
        // Placebos of both signs, no two alike.
        let size = 1e-3 * (1.0 + index as f64 / 10.0);
        let noise = if index.is_multiple_of(2) { size } else { -size };
        Block::new([ns(noise), ns(-noise)], [ns(*effect), ns(*effect)])
    };
    effects.iter().enumerate().map(block).collect()
}

fn series(screen: &[f64], confirm: &[f64]) -> Series {
    Series { allowed: 0.03, allowed_ns: 1_000_000, screen: blocks(screen), confirm: blocks(confirm) }
}

/// Spread around `center`, no two alike.
fn around(center: f64, count: u32) -> Vec<f64> {
    (0..count).map(|index| center + 1e-4 * (f64::from(index) - f64::from(count) / 2.0)).collect()
}

fn verdict(screen: f64, confirm: f64) -> Verdict {
    judge(&[series(&around(screen, 12), &around(confirm, 24))]).remove(0).unwrap().verdict
}

#[test]
fn a_regression_is_one_twice() {
    assert_eq!(verdict(0.1, 0.1), Verdict::Regression);
    assert_eq!(verdict(0.1, 0.0), Verdict::Pass);
    // Not asked for, and not looked at.
    assert_eq!(verdict(0.0, 0.1), Verdict::Pass);
    assert_eq!(verdict(-0.1, 0.0), Verdict::Improved);
}

#[test]
fn what_is_allowed_is_a_share_and_at_least_an_absolute_time() {
    assert_eq!((verdict(0.028, 0.028), verdict(0.032, 0.032)), (Verdict::Pass, Verdict::Regression));
    let allowed = |allowed_ns| {
        let slower = Series { allowed_ns, ..series(&around(0.1, 12), &around(0.1, 24)) };
        let judged = judge(&[slower]).remove(0).unwrap();
        (judged.verdict, judged.allowed_pct.round())
    };
    // Of a second.
    assert_eq!(allowed(1_000_000), (Verdict::Regression, 3.0));
    assert_eq!(allowed(200_000_000), (Verdict::Pass, 20.0));
}

#[test]
fn figures_are_those_of_the_blocks() {
    let judged = judge(&[series(&around(0.1, 12), &around(0.2, 24))]).remove(0).unwrap();
    assert!((judged.slower_pct - 22.1).abs() < 0.1, "{judged:?}");
    assert!(judged.slower_lower_pct < judged.slower_pct && judged.slower_pct < judged.slower_upper_pct);
    // Every sign pattern but one has a lower rank sum.
    assert_eq!((judged.screen_p, judged.confirm_p), (0.5_f64.powi(12), Some(0.5_f64.powi(24))));
    assert_eq!((judged.screen_blocks, judged.confirm_blocks), (12, 24));
    assert!(judged.base_ns.abs_diff(1_000_000_000) < 1_000_000 && judged.placebo_pct < 0.2, "{judged:?}");
    assert!(judged.detectable_pct > 3.0 && judged.detectable_pct < 3.5, "{judged:?}");
}

#[test]
fn the_second_pass_is_corrected_for_its_suspects_alone() {
    // The least p of 7 blocks is 1/128 = 0.8 %, enough for one suspect and not for two.
    let weak = || series(&around(0.1, 12), &around(0.1, 7));
    let quiet = || series(&around(0.0, 12), &[]);
    let verdicts = |family: &[Series]| -> Vec<Verdict> {
        judge(family).into_iter().map(|one| one.unwrap().verdict).collect()
    };
    assert_eq!(verdicts(&[weak()]), [Verdict::Regression]);
    assert_eq!(verdicts(&[weak(), quiet(), quiet()]), [Verdict::Regression, Verdict::Pass, Verdict::Pass]);
    assert_eq!(verdicts(&[weak(), weak()]), [Verdict::Inconclusive; 2]);
}

#[test]
fn doubt_is_no_pass() {
    let reason = |series: Series| {
        let judged = judge(&[series]).remove(0).unwrap();
        (judged.verdict, judged.reason.unwrap_or_default())
    };
    let (verdict, why) = reason(series(&around(0.1, 12), &[]));
    assert!(verdict == Verdict::Inconclusive && why.contains("no time"), "{why}");
    let noisy: Vec<f64> = (0..12).map(|index| if index % 2 == 0 { 0.02 } else { -0.02 }).collect();
    let mut wild = series(&noisy, &[]);
    wild.screen =
        (0..12)
            .map(|index| {
                if index % 2 == 0 {
                    Block::new([50, 150], [150, 50])
                } else {
                    Block::new([150, 50], [50, 150])
                }
            })
            .collect();
    wild.allowed_ns = 0;
    let (verdict, why) = reason(wild.clone());
    assert!(verdict == Verdict::Inconclusive && why.starts_with("too noisy"), "{why}");
    // Twenty times what it takes: noise of what it takes says enough.
    wild.allowed_ns = 2_000;
    assert_eq!(reason(wild), (Verdict::Pass, String::new()));
}

#[test]
fn what_equal_programs_differ_by_is_no_regression() {
    let biased = |effect: f64| {
        let ns = |log: f64| stats::whole(1e9 * log.exp());
        let blocks = |count: u32| -> Vec<Block> {
            let block = |shift: f64| Block::new([ns(0.1), ns(0.0)], [ns(effect + shift), ns(effect - shift)]);
            around(0.0, count).into_iter().map(block).collect()
        };
        let series = Series { allowed: 0.03, allowed_ns: 0, screen: blocks(12), confirm: blocks(24) };
        judge(&[series]).remove(0).unwrap()
    };
    // One copy of the base is 10 % slower than the other: half of that is in every placebo.
    let judged = biased(0.12);
    assert_eq!(judged.verdict, Verdict::Inconclusive, "{judged:?}");
    assert!(judged.reason.unwrap().starts_with("equal programs differ by 5."));
    assert_eq!(biased(0.2).verdict, Verdict::Regression);
}

#[test]
fn too_few_blocks_say_nothing() {
    assert_eq!(judge(&[series(&around(0.1, 5), &[]), series(&[], &[])]), [None, None]);
    assert!(!is_suspect(&series(&around(0.1, 5), &[])));
}
