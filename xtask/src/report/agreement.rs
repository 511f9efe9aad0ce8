//! The engine against itself.

use crate::agreement::{Coverage, Repetition};
use crate::summary::Summary;

use super::cell::{self, Cell};
use super::page::{Block, Section};
use super::table::Table;

const HEADINGS: [&str; 5] = ["Case", ">Again / first", ">95 % from", ">to", "Contains 1"];

/// None where nothing was measured twice.
pub(super) fn section(summary: &Summary) -> Option<Section> {
    let agreement = summary.agreement.as_ref()?;
    let table = Table::new(&HEADINGS, agreement.repetitions.iter().map(row).collect());
    Some(Section::new(
        "The engine against itself",
        vec![
            Block::Text(format!("The true ratio of each pair is 1. {}", sentence(agreement.coverage))),
            Block::Table(table),
        ],
    ))
}

/// How many intervals contain 1, and whether that is as many as they promise.
pub(super) fn sentence(coverage: Coverage) -> String {
    let Coverage { intervals, contain_one, fewest, gap_pct } = coverage;
    let verdict = if coverage.holds() {
        "which is as promised".to_owned()
    } else {
        format!(
            "which is fewer than promised: 95 in 100 would if each reached {gap_pct:.1} % further, so differences of less mean nothing"
        )
    };
    format!(
        "{contain_one} of {intervals} intervals contain 1, {verdict} (95 in 100 are expected; were each independent of the \
         others, fewer than {fewest} would be rarer than 1 in 100)."
    )
}

fn row(one: &Repetition) -> Vec<Cell> {
    let contains = (one.ratio_lower..=one.ratio_upper).contains(&1.0);
    vec![
        one.case.as_str().into(),
        cell::ratio(one.ratio, 3),
        cell::ratio(one.ratio_lower, 3),
        cell::ratio(one.ratio_upper, 3),
        if contains { "yes" } else { "no" }.into(),
    ]
}

#[cfg(test)]
mod tests {
    use orbit_engine::Strategy;

    use super::super::{markdown, planted};
    use super::*;
    use crate::agreement::Agreement;

    #[test]
    fn pairs_and_their_count_are_shown() {
        let (_, mut summary, _) = planted::run(&[4096], &[Strategy::Buffered], &[1 << 20], 6);
        assert!(section(&summary).is_none());
        let pair = |ratio, ratio_lower, ratio_upper| Repetition {
            case: "c".to_owned(),
            ratio,
            ratio_lower,
            ratio_upper,
        };
        let coverage = Coverage { intervals: 2, contain_one: 1, fewest: 1, gap_pct: 10.0 };
        summary.agreement =
            Some(Agreement { coverage, repetitions: vec![pair(1.0, 0.9, 1.1), pair(1.2, 1.1, 1.3)] });
        let text = markdown::section(&section(&summary).unwrap());
        assert!(text.contains("1 of 2 intervals contain 1, which is as promised"), "{text}");
        assert!(text.contains("1.100 | yes") && text.contains("1.300 | no "), "{text}");
        let broken = sentence(Coverage { fewest: 2, ..coverage });
        assert!(
            broken.contains("which is fewer than promised: 95 in 100 would if each reached 10.0 % further"),
            "{broken}"
        );
    }
}
