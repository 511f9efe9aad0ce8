//! Known costs beside what was measured of them.

use crate::known::{Deviation, MOST_OFF_PCT};
use crate::summary::Summary;

use super::cell::{self, Cell};
use super::page::{Block, Section};
use super::table::Table;

const HEADINGS: [&str; 6] = ["Case", "Clock", ">Known", ">Median", ">Off", "Holds"];

/// None where no cost is known.
pub(super) fn section(summary: &Summary) -> Option<Section> {
    if summary.known.is_empty() {
        return None;
    }
    let table = Table::new(&HEADINGS, summary.known.iter().map(row).collect());
    let note = format!(
        "Medians that are at most {MOST_OFF_PCT} % off hold; on a machine that has other work they may not."
    );
    Some(Section::new("Known costs", vec![Block::Table(table), Block::Text(note)]))
}

fn row(one: &Deviation) -> Vec<Cell> {
    vec![
        one.case.as_str().into(),
        one.clock.to_string().into(),
        cell::time(one.known_ns),
        cell::time(one.measured_ns),
        Cell::number(format!("{:+.2} %", one.off_pct), one.off_pct),
        if one.holds { "yes" } else { "no" }.into(),
    ]
}

#[cfg(test)]
mod tests {
    use orbit_engine::Strategy;

    use super::super::{markdown, planted};
    use super::*;
    use crate::known::Shown;

    #[test]
    fn every_known_cost_says_whether_it_holds() {
        let (_, mut summary, _) = planted::run(&[4096], &[Strategy::Buffered], &[1 << 20], 6);
        assert!(section(&summary).is_none());
        let deviation = |off_pct, holds| Deviation {
            case: "c".to_owned(),
            clock: Shown::Cpu,
            known_ns: 5_000_000,
            measured_ns: 5_060_000,
            off_pct,
            holds,
        };
        summary.known = vec![deviation(1.2, true), deviation(-20.0, false)];
        let text = markdown::section(&section(&summary).unwrap());
        assert!(text.contains("| c    | CPU   | 5.00 ms | 5.06 ms |  +1.20 % | yes   |"), "{text}");
        assert!(text.contains("| -20.00 % | no    |"), "{text}");
    }
}
