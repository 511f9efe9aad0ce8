//! Samples that were not counted, by case and reason.

use std::collections::BTreeMap;

use super::cell::Cell;
use super::page::{Block, Section};
use super::table::Table;
use crate::sample::{Sample, Trial};

/// Blocks that are named before the rest is only counted.
const NAMED: usize = 12;

/// Cases with the reason and the blocks in which it was met, in the order of their names.
pub(super) fn by_case(samples: &[Sample]) -> BTreeMap<(&str, &str), Vec<u32>> {
    let mut found: BTreeMap<(&str, &str), Vec<u32>> = BTreeMap::new();
    for sample in samples {
        if let Trial::Invalid { reason } = &sample.result {
            found.entry((&sample.case, reason)).or_default().push(sample.block);
        }
    }
    found
}

pub(super) fn section(samples: &[Sample]) -> Section {
    let found = by_case(samples);
    let rows: Vec<Vec<Cell>> =
        found.iter().map(|((case, reason), blocks)| row(case, reason, blocks)).collect();
    let blocks = if rows.is_empty() {
        vec![Block::Text("Every sample was valid.".to_owned())]
    } else {
        let table = Table::new(&["Case", "Reason", ">Samples", "Blocks"], rows);
        vec![Block::Text("These are not counted.".to_owned()), Block::Table(table)]
    };
    Section::new("Invalid samples", blocks)
}

fn row(case: &str, reason: &str, blocks: &[u32]) -> Vec<Cell> {
    let count = Cell::number(blocks.len().to_string(), blocks.len() as f64);
    vec![case.into(), reason.into(), count, numbers(blocks).into()]
}

fn numbers(blocks: &[u32]) -> String {
    let named: Vec<String> = blocks.iter().take(NAMED).map(u32::to_string).collect();
    let more = blocks.len().saturating_sub(NAMED);
    if more == 0 { named.join(", ") } else { format!("{} and {more} more", named.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invalid(case: &str, block: u32, reason: &str) -> Sample {
        let result = Trial::Invalid { reason: reason.to_owned() };
        Sample { case: case.to_owned(), block, position: 0, result }
    }

    #[test]
    fn reasons_are_kept_apart_and_many_blocks_are_counted() {
        let mut samples: Vec<Sample> = (0..14).map(|block| invalid("b", block, "cold")).collect();
        samples.push(invalid("a", 3, "warm"));
        samples.push(invalid("b", 14, "warm"));
        let Block::Table(table) = section(&samples).blocks.remove(1) else { panic!("no table") };
        let texts: Vec<Vec<&str>> =
            table.rows.iter().map(|row| row.iter().map(|cell| cell.text.as_str()).collect()).collect();
        assert_eq!(
            texts,
            [
                ["a", "warm", "1", "3"],
                ["b", "cold", "14", "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more"],
                ["b", "warm", "1", "14"],
            ]
        );
    }
}
