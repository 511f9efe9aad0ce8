//! The table of all that was measured of every subject, one line for each.

use super::super::cell::{self, Cell, or_missing};
use super::super::table::Table;
use super::Pair;
use crate::summary::CaseSummary;

/// Behind what names the row.
const HEADINGS: [&str; 8] = [
    "Subject",
    ">Samples (invalid)",
    ">Median wall",
    ">95 % from",
    ">to",
    ">Throughput",
    ">Median CPU",
    ">Max RSS",
];

/// What files with holes have beside it.
const OF_SPARSE: &str = ">Allocated";

/// What trees have beside it.
const OF_TREES: [&str; 2] = [">Wall per file", ">System calls per file"];

pub(super) fn table(pair: &Pair<'_>) -> Table {
    let mut headings = vec![pair.rows()[0].heading()];
    headings.extend(HEADINGS);
    let is_sparse = pair.cases.iter().any(|summary| summary.case.sparse.is_some());
    headings.extend(is_sparse.then_some(OF_SPARSE));
    headings.extend(if pair.is_of_trees() { &OF_TREES[..] } else { &[] });
    let mut lines = Vec::new();
    for row in pair.rows() {
        for column in pair.columns() {
            let Some(summary) = pair.cell(column, row) else { continue };
            let mut line = vec![row.label(), pair.label(column).into()];
            line.extend(measured(summary));
            line.extend(is_sparse.then(|| or_missing(summary.allocated_bytes_max, cell::about)));
            line.extend(per_file(summary));
            lines.push(line);
        }
    }
    Table::new(&headings, lines)
}

fn measured(summary: &CaseSummary) -> [Cell; 7] {
    [
        cell::samples(summary.samples, summary.invalid),
        cell::time(summary.wall_median_ns),
        or_missing(summary.wall_lower_ns, cell::time),
        or_missing(summary.wall_upper_ns, cell::time),
        cell::rate(summary.throughput_bytes_per_s),
        or_missing(summary.cpu_median_ns, cell::time),
        or_missing(summary.max_rss_bytes, cell::about),
    ]
}

/// Empty for single files.
fn per_file(summary: &CaseSummary) -> Vec<Cell> {
    let Some(tree) = &summary.case.tree else { return Vec::new() };
    let files = tree.workload.files.max(1);
    let calls = |calls: u64| cell::ratio(calls as f64 / files as f64, 1);
    vec![cell::time(summary.wall_median_ns / files), or_missing(summary.system_calls_max, calls)]
}
