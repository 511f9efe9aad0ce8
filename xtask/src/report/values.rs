//! Cases that run with values of their own: where a scenario compares what the engine can be tuned by.

use super::cell::{self, Cell, or_missing};
use super::page::{Block, Section};
use super::table::Table;
use crate::summary::{CaseSummary, Summary};

const HEADINGS: [&str; 6] = ["Case", "Mechanism", ">Samples (invalid)", ">Median wall", ">95 % from", ">to"];

/// Those cases with the ones that they are to be compared with; none where the scenario has no such axis.
pub(super) fn section(summary: &Summary) -> Option<Section> {
    let cases: Vec<&CaseSummary> = summary.cases.iter().filter(|one| one.case.tuning.is_some()).collect();
    let table = Table::new(&HEADINGS, cases.iter().map(|one| row(one)).collect());
    (!cases.is_empty()).then(|| Section::new("Values", vec![Block::Table(table)]))
}

fn row(summary: &CaseSummary) -> Vec<Cell> {
    vec![
        summary.case.id.as_str().into(),
        or_missing(summary.mechanism, |mechanism| mechanism.to_string().into()),
        cell::samples(summary.samples, summary.invalid),
        cell::time(summary.wall_median_ns),
        or_missing(summary.wall_lower_ns, cell::time),
        or_missing(summary.wall_upper_ns, cell::time),
    ]
}
