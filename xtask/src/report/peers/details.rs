//! The table of all that was measured of every subject, one line for each.

use super::super::{table, units};
use super::{Pair, missing};
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

pub(super) fn table(pair: &Pair<'_>) -> String {
    let mut headings = vec![pair.rows()[0].heading()];
    headings.extend(HEADINGS);
    let is_sparse = pair.cases.iter().any(|summary| summary.case.sparse.is_some());
    headings.extend(is_sparse.then_some(OF_SPARSE));
    headings.extend(if pair.is_of_trees() { &OF_TREES[..] } else { &[] });
    let mut lines = Vec::new();
    for row in pair.rows() {
        for column in pair.columns() {
            let Some(summary) = pair.cell(column, row) else { continue };
            let mut line = vec![row.label(), pair.label(column)];
            line.extend(measured(summary));
            line.extend(is_sparse.then(|| {
                summary.allocated_bytes_max.map_or_else(missing, |bytes| units::about(bytes as f64))
            }));
            line.extend(per_file(summary));
            lines.push(line);
        }
    }
    table::render(&headings, &lines)
}

fn measured(summary: &CaseSummary) -> [String; 7] {
    let bound = |wall: Option<u64>| wall.map_or_else(missing, units::time);
    [
        format!("{} ({})", summary.samples, summary.invalid),
        units::time(summary.wall_median_ns),
        bound(summary.wall_lower_ns),
        bound(summary.wall_upper_ns),
        units::rate(summary.throughput_bytes_per_s),
        units::time(summary.cpu_median_ns),
        summary.max_rss_bytes.map_or_else(missing, |bytes| units::about(bytes as f64)),
    ]
}

/// Empty for single files.
fn per_file(summary: &CaseSummary) -> Vec<String> {
    let Some(tree) = &summary.case.tree else { return Vec::new() };
    let files = tree.workload.files.max(1);
    let calls = summary.system_calls_max;
    vec![
        units::time(summary.wall_median_ns / files),
        calls.map_or_else(missing, |calls| format!("{:.1}", calls as f64 / files as f64)),
    ]
}
