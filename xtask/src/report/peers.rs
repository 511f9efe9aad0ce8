//! The engine beside its peers: medians of every subject by size or by tree, and their ratios. Of single files only for
//! runs that measured more than the engine. Ratios are quotients of medians and say so; nothing here is tested for noise.

mod details;
mod plots;
mod row;

use anyhow::Result;
use orbit_engine::{Compression, Strategy, Verification};

use super::cell::{self, Cell, or_missing};
use super::page::{Block, Plot, Section};
use super::table::Table;
use super::units;
use crate::plan::Case;
use crate::scenario::{ChunkChoice, FileSystems, Subject, Workers};
use crate::summary::{CaseSummary, Summary};

use row::Row;

const NOTE: &str = "Times are medians. Ratios are quotients of these medians, not paired; below 1 the first is faster. \
                    Every copy goes to a new name; bare-write and bare-reflink are bounds and no copies of the kind.";

const TREE_NOTE: &str = "Times are medians. Ratios are quotients of these medians, not paired; below 1 the first is \
                         faster. The best program is the fastest of the peers in the same row.";

/// Peers that are programs, among which the fastest is looked for.
const PROGRAMS: &[Subject] = &[Subject::Cp, Subject::Xcp, Subject::Fcp, Subject::Rsync];

/// One pair of file systems, all subjects, and either all sizes or all trees.
struct Pair<'a> {
    cases: Vec<&'a CaseSummary>,
}

/// A subject, with the options that it obeyed.
#[derive(Clone, Copy, PartialEq)]
struct Column {
    subject: Subject,
    strategy: Strategy,
    verify: Verification,
    chunk: ChunkChoice,
    compression: Compression,
    /// Of trees.
    workers: Workers,
}

/// A subject against the fastest of others.
struct Rival {
    heading: String,
    own: Column,
    others: &'static [Subject],
}

/// The sections of the page, one for each pair of file systems.
pub(super) fn sections(summary: &Summary) -> Vec<Section> {
    let section = |pair: Pair<'_>| {
        let first = &pair.cases[0].case;
        let blocks = vec![
            Block::Text(format!("Cache: {}.", first.cache)),
            Block::Table(pair.medians()),
            Block::Text(pair.note().to_owned()),
            Block::Table(details::table(&pair)),
        ];
        let kind = if pair.is_of_trees() { "Trees" } else { "Peers" };
        Section::new(format!("{kind}, file systems: {}", first.filesystems), blocks)
    };
    told(summary).into_iter().map(section).collect()
}

/// The tables of medians alone, for a terminal; none where the engine had no peers.
pub(super) fn tables(summary: &Summary) -> Option<String> {
    let pairs = told(summary);
    let note = pairs.first()?.note();
    let table =
        |pair: &Pair<'_>| format!("{}\n\n{}\n", pair.cases[0].case.filesystems, pair.medians().markdown());
    Some(format!("{}{note}\n", pairs.iter().map(table).collect::<String>()))
}

/// The plots of all pairs of file systems.
pub(super) fn plots(summary: &Summary) -> Result<Vec<Plot>> {
    Ok(pairs(summary).iter().map(plots::draw).collect::<Result<Vec<_>>>()?.concat())
}

/// All pairs of file systems, in the order of the plan.
fn pairs(summary: &Summary) -> Vec<Pair<'_>> {
    let mut pairs: Vec<Pair<'_>> = Vec::new();
    for summary in &summary.cases {
        let filesystems = |pair: &Pair<'_>| -> FileSystems { pair.cases[0].case.filesystems.clone() };
        match pairs.iter_mut().find(|pair| filesystems(pair) == summary.case.filesystems) {
            Some(pair) => pair.cases.push(summary),
            None => pairs.push(Pair { cases: vec![summary] }),
        }
    }
    pairs
}

/// Those that have tables of their own.
fn told(summary: &Summary) -> Vec<Pair<'_>> {
    pairs(summary).into_iter().filter(|pair| pair.is_of_trees() || pair.has_peers()).collect()
}

impl Column {
    fn of(case: &Case) -> Self {
        let workers = case.tree.as_ref().map_or(Workers::Auto, |tree| tree.workers);
        let Case { subject, strategy, verify, chunk, compression, .. } = *case;
        Self { subject, strategy, verify, chunk, compression, workers }
    }
}

impl<'a> Pair<'a> {
    /// In the order of the plan.
    fn columns(&self) -> Vec<Column> {
        let mut columns = Vec::new();
        for summary in &self.cases {
            let column = Column::of(&summary.case);
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        columns
    }

    /// Whether more than the engine was measured, or what has no table of strategies.
    fn has_peers(&self) -> bool {
        let beside = |case: &Case| case.subject != Subject::Engine || !case.is_plain_file();
        self.cases.iter().any(|summary| beside(&summary.case))
    }

    /// A scenario copies either.
    fn is_of_trees(&self) -> bool {
        self.cases[0].case.tree.is_some()
    }

    fn note(&self) -> &'static str {
        if self.is_of_trees() { TREE_NOTE } else { NOTE }
    }

    /// Sizes ascending, trees in the order of the plan.
    fn rows(&self) -> Vec<Row<'a>> {
        let mut rows = Vec::new();
        for summary in &self.cases {
            let row = Row::of(&summary.case);
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
        rows.sort_by_key(Row::rank);
        rows
    }

    fn cell(&self, column: Column, row: Row<'_>) -> Option<&'a CaseSummary> {
        let wanted =
            |summary: &&&CaseSummary| Column::of(&summary.case) == column && Row::of(&summary.case) == row;
        self.cases.iter().find(wanted).copied()
    }

    /// The subject, and those of its options that differ between columns.
    fn label(&self, column: Column) -> String {
        let own: Vec<Column> =
            self.columns().into_iter().filter(|other| other.subject == column.subject).collect();
        let mut label = column.subject.to_string();
        let mut add = |differs: bool, text: String| {
            if differs {
                label += &format!(", {text}");
            }
        };
        add(own.iter().any(|other| other.strategy != column.strategy), column.strategy.to_string());
        add(own.iter().any(|other| other.verify != column.verify), column.verify.to_string());
        add(own.iter().any(|other| other.chunk != column.chunk), units::chunk(column.chunk));
        let compressed = own.iter().any(|other| other.compression != column.compression);
        add(compressed, format!("compression {}", column.compression));
        add(own.iter().any(|other| other.workers != column.workers), format!("workers {}", column.workers));
        label
    }

    /// What each column of the engine is set against: what gives the same proof, by the same kind of call.
    fn rivals(&self) -> Vec<Rival> {
        let mut rivals = Vec::new();
        for own in self.columns() {
            let label = self.label(own);
            let others: &[&'static [Subject]] = match (own.subject, own.verify) {
                (subject, _) if self.is_of_trees() => {
                    if PROGRAMS.contains(&subject) {
                        &[]
                    } else {
                        &[PROGRAMS]
                    }
                }
                (Subject::EngineSendFile, _) => &[&[Subject::BareSend]],
                // It does more than they.
                _ if own.compression != Compression::None => &[],
                (Subject::Engine, Verification::None) => {
                    &[&[Subject::StdFsCopy], &[Subject::BareWrite], &[Subject::BareReflink]]
                }
                (Subject::EngineInPlace, Verification::None) => &[&[Subject::StdFsCopy]],
                (Subject::Engine | Subject::EngineInPlace, _) => &[&[Subject::HashAfter]],
                (Subject::EngineProcess | Subject::EngineProcessFast, _) => &[PROGRAMS],
                _ => &[],
            };
            for &others in others {
                let name = match others {
                    [one] => one.to_string(),
                    _ => "best program".to_owned(),
                };
                rivals.push(Rival { heading: format!(">{label} / {name}"), own, others });
            }
        }
        rivals.retain(|rival| self.rows().into_iter().any(|row| self.ratio(rival, row).is_some()));
        rivals
    }

    /// Time of the column over time of the fastest rival, with its name where there were several to choose from.
    fn ratio(&self, rival: &Rival, row: Row<'_>) -> Option<Cell> {
        let own = self.cell(rival.own, row)?.wall_median_ns;
        let others = self
            .cases
            .iter()
            .filter(|summary| Row::of(&summary.case) == row && rival.others.contains(&summary.case.subject));
        let best = others.min_by_key(|summary| summary.wall_median_ns)?;
        let ratio = own as f64 / best.wall_median_ns.max(1) as f64;
        let name = if rival.others.len() > 1 { format!(" ({})", best.case.subject) } else { String::new() };
        Some(Cell::number(units::ratio(ratio, 2) + &name, ratio))
    }

    fn medians(&self) -> Table {
        let (columns, rivals) = (self.columns(), self.rivals());
        let mut headings = vec![self.rows()[0].heading().to_owned()];
        headings.extend(columns.iter().map(|column| format!(">{}", self.label(*column))));
        headings.extend(rivals.iter().map(|rival| rival.heading.clone()));
        let line = |row: Row<'_>| {
            let median =
                |column: &Column| or_missing(self.cell(*column, row), |one| cell::time(one.wall_median_ns));
            let mut line = vec![row.label()];
            line.extend(columns.iter().map(median));
            line.extend(rivals.iter().map(|rival| self.ratio(rival, row).unwrap_or_else(Cell::missing)));
            line
        };
        let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
        Table::new(&headings, self.rows().into_iter().map(line).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{markdown, planted};
    use super::*;
    use crate::scenario::Standing;

    /// A run of `sizes` with the subjects and their medians, the same at each size.
    fn run(sizes: &[u64], subjects: &[(Subject, Verification, u64)]) -> Summary {
        let (_, mut summary, _) = planted::run(sizes, &[Strategy::Auto], &[1 << 20], 6);
        let planted = std::mem::take(&mut summary.cases);
        for one in planted {
            for &(subject, verify, wall_median_ns) in subjects {
                let mut one = one.clone();
                (one.case.subject, one.case.verify, one.wall_median_ns) = (subject, verify, wall_median_ns);
                summary.cases.push(one);
            }
        }
        summary
    }

    #[test]
    fn a_run_of_the_engine_alone_has_no_peers() {
        let summary = run(&[4096], &[(Subject::Engine, Verification::None, 1)]);
        assert!(sections(&summary).is_empty() && tables(&summary).is_none());
    }

    #[test]
    fn every_kind_is_set_against_its_own() {
        let none = Verification::None;
        let summary = run(
            &[4096],
            &[
                (Subject::Engine, none, 20_000),
                (Subject::EngineInPlace, none, 15_000),
                (Subject::StdFsCopy, none, 25_000),
                (Subject::BareWrite, none, 10_000),
                (Subject::EngineProcess, none, 600_000),
                (Subject::Cp, none, 800_000),
                (Subject::Xcp, none, 500_000),
            ],
        );
        let expected = "\
|  Size |  engine | engine-in-place | std-fs-copy | bare-write | engine-process |     cp |    xcp | engine / std-fs-copy | engine / bare-write | engine-in-place / std-fs-copy | engine-process / best program |
| ----: | ------: | --------------: | ----------: | ---------: | -------------: | -----: | -----: | -------------------: | ------------------: | ----------------------------: | ----------------------------: |
| 4 KiB | 20.0 µs |         15.0 µs |     25.0 µs |    10.0 µs |         600 µs | 800 µs | 500 µs |                 0.80 |                2.00 |                          0.60 |                    1.20 (xcp) |
";
        assert!(tables(&summary).unwrap().contains(expected), "{}", tables(&summary).unwrap());
        let section = markdown::section(&sections(&summary).remove(0));
        assert!(section.starts_with("## Peers, file systems: same\n") && section.contains("not paired"));
        assert_eq!(section.matches("| 4 KiB |").count(), 1 + 7);
    }

    #[test]
    fn a_verified_copy_is_set_against_a_verified_one() {
        let summary = run(
            &[4096],
            &[
                (Subject::Engine, Verification::None, 10),
                (Subject::Engine, Verification::Sha256, 30),
                (Subject::HashAfter, Verification::None, 60),
            ],
        );
        let text = tables(&summary).unwrap();
        let heading = text.lines().nth(2).unwrap();
        assert!(
            heading.contains("| engine, none | engine, sha256 | hash-after | engine, sha256 / hash-after |"),
            "{text}"
        );
        assert!(text.contains(" 0.50 |"), "{text}");
    }

    #[test]
    fn what_was_not_measured_is_a_dash() {
        let none = Verification::None;
        let mut summary = run(&[4096, 8192], &[(Subject::Engine, none, 10), (Subject::StdFsCopy, none, 20)]);
        summary.cases.pop();
        let text = tables(&summary).unwrap();
        assert_eq!(text.matches('–').count(), 2, "{text}");
    }

    #[test]
    fn trees_stand_by_name_and_every_engine_beside_the_best_program() {
        let summary = planted::trees(&[
            (Subject::Engine, Standing::New, 800_000_000),
            (Subject::EngineProcessFast, Standing::New, 700_000_000),
            (Subject::Fcp, Standing::New, 1_000_000_000),
            (Subject::Cp, Standing::New, 1_500_000_000),
            (Subject::Engine, Standing::Existing, 1_800_000_000),
            (Subject::Cp, Standing::Existing, 1_500_000_000),
        ]);
        let expected = "\
| Workload        | engine | engine-process-fast |    fcp |     cp | engine / best program | engine-process-fast / best program |
| --------------- | -----: | ------------------: | -----: | -----: | --------------------: | ---------------------------------: |
| small, new      | 800 ms |              700 ms | 1.00 s | 1.50 s |            0.80 (fcp) |                         0.70 (fcp) |
| small, existing | 1.80 s |                   – |      – | 1.50 s |             1.20 (cp) |                                  – |
";
        assert!(tables(&summary).unwrap().contains(expected), "{}", tables(&summary).unwrap());
        let section = markdown::section(&sections(&summary).remove(0));
        assert!(section.starts_with("## Trees, file systems: same\n"), "{section}");
        assert!(section.contains(" 80.0 µs |") && section.contains(" 7.5 |"), "{section}");
        assert_eq!(section.matches(" 6 MiB |").count(), 4, "{section}");
    }

    #[test]
    fn the_engines_trees_are_shown_without_peers_and_by_workers() {
        let mut summary = planted::trees(&[
            (Subject::Engine, Standing::New, 800_000_000),
            (Subject::Engine, Standing::New, 900_000_000),
        ]);
        summary.cases[1].case.tree.as_mut().unwrap().workers = Workers::Number(4);
        let text = tables(&summary).unwrap();
        assert!(text.contains("| engine, workers auto | engine, workers 4 |"), "{text}");
    }
}
