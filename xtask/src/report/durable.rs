//! How long copies take until they are on the disk, beside the time until they return. Only for runs that synced after
//! each copy.

use crate::summary::{CaseSummary, Summary};

use super::cell::{self, Cell};
use super::page::{Block, Section};
use super::table::Table;

const HEADINGS: [&str; 4] = ["Case", ">Until it returns", ">Until it is on the disk", ">Of that the sync"];

const NOTE: &str = "Medians. After each copy the destination's file system was synced; the time until it is on the disk is \
                    that of the copy and of the sync together.";

/// The section of the page; none where nothing was synced.
pub(super) fn section(summary: &Summary) -> Option<Section> {
    let rows: Vec<Vec<Cell>> = summary.cases.iter().filter_map(row).collect();
    (!rows.is_empty()).then(|| {
        let blocks = vec![Block::Table(Table::new(&HEADINGS, rows)), Block::Text(NOTE.to_owned())];
        Section::new("Until it is on the disk", blocks)
    })
}

fn row(summary: &CaseSummary) -> Option<Vec<Cell>> {
    let durable = summary.durable_median_ns?;
    let sync = durable.saturating_sub(summary.wall_median_ns);
    let times = [summary.wall_median_ns, durable, sync].map(cell::time);
    Some(std::iter::once(summary.case.id.as_str().into()).chain(times).collect())
}

#[cfg(test)]
mod tests {
    use orbit_engine::Strategy;

    use super::super::{markdown, planted};
    use super::*;

    #[test]
    fn only_what_was_synced_is_shown() {
        let (_, mut summary, _) = planted::run(&[4096], &[Strategy::Auto, Strategy::Buffered], &[1 << 20], 6);
        assert!(section(&summary).is_none());
        let case = &mut summary.cases[1];
        (case.wall_median_ns, case.durable_median_ns) = (2_000, Some(5_000));
        let section = markdown::section(&section(&summary).unwrap());
        assert!(
            section.contains("2.00 µs") && section.contains("5.00 µs") && section.contains("3.00 µs"),
            "{section}"
        );
        assert!(!section.contains("strategy=auto"), "{section}");
    }
}
