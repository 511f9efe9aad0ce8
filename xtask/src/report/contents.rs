//! What is said of a run, in the order of its page. It shows what the summary holds and reckons nothing of its own but
//! the crossover.

use crate::comparison::{Comparison, Ratio};
use crate::plan::Skipped;
use crate::record::RunRecord;
use crate::sample::Sample;
use crate::scenario::ChunkChoice;
use crate::summary::{CaseSummary, Summary};

use super::cell::{self, Cell, or_missing};
use super::group::{Group, groups};
use super::page::{Block, Page, Plot, Section};
use super::table::Table;
use super::{agreement, budgets, conditions, crossover, durable, invalid, known, peers, units, values};

const HEADINGS: [&str; 11] = [
    ">Size",
    "Strategy",
    ">Chunk",
    "Mechanism",
    ">Samples (invalid)",
    ">Median wall",
    ">95 % from",
    ">to",
    ">Throughput",
    ">Median CPU",
    ">System calls",
];

/// Of the times: below 1 zero-copy is the faster one.
const RATIO_HEADINGS: [&str; 6] =
    [">Size", ">Chunk", ">Zero-copy / buffered", ">95 % from", ">to", "Zero-copy is"];

const RATIO_NOTE: &str = "Ratios are paired, not quotients of the medians above. An interval is that of one size alone; \
                          a verdict holds over all sizes of one chunk together.";

const INDICATIVE: &str = "Indicative: `--quick` measures too few blocks to decide anything by.";

pub(super) fn page(record: &RunRecord, summary: &Summary, samples: &[Sample], plots: Vec<Plot>) -> Page {
    let mut conditions = vec![Block::Table(environment(record))];
    if record.indicative {
        conditions.insert(0, Block::Text(INDICATIVE.to_owned()));
    }
    let mut sections = vec![Section::new("Environment", conditions)];
    sections.extend(peers::sections(summary));
    sections.extend(groups(summary).iter().map(measured));
    sections.extend(values::section(summary));
    sections.extend(durable::section(summary));
    sections.extend(budgets::section(summary));
    sections.extend(known::section(summary));
    sections.extend(agreement::section(summary));
    sections.push(invalid::section(samples));
    sections.push(skipped(summary));
    if !plots.is_empty() {
        sections.push(Section::new("Plots", plots.into_iter().map(Block::Plot).collect()));
    }
    sections.push(reproduce(record));
    Page { title: summary.run.clone(), lead: record.scenario.question.clone(), sections }
}

fn environment(record: &RunRecord) -> Table {
    let host = &record.host;
    let dirty = if host.dirty == Some(true) { ", with local changes" } else { "" };
    let mut rows = vec![
        ("Started", Some(record.started.clone())),
        ("Host", Some(host.name.clone())),
        ("Kernel", Some(host.kernel.clone())),
        ("CPU", Some(format!("{}, {} usable", host.cpu, host.cpus))),
        ("Memory", conditions::memory(record)),
        ("Governor", host.governor.clone()),
        ("Hypervisor", host.hypervisor.clone()),
        ("Compiler", host.rustc.as_ref().map(|rustc| format!("{rustc}, {}", host.profile))),
        ("Engine", Some(record.engine.clone())),
        ("Revision", host.revision.as_ref().map(|revision| format!("{revision}{dirty}"))),
        ("Scenario", Some(format!("{}, {}", record.scenario.name, conditions::blocks(record)))),
        ("Measuring", record.overhead.map(conditions::overhead)),
        ("Tuned by", record.scenario.tuned.clone()),
    ];
    let places: Vec<(String, String)> = record
        .places
        .iter()
        .map(|(name, place)| {
            let device = if place.same_device { "same device" } else { "two devices" };
            (
                format!("File systems, {name}"),
                format!("{} to {}, {device}", place.source_fs, place.destination_fs),
            )
        })
        .collect();
    let programs: Vec<(String, String)> = record
        .programs
        .iter()
        .map(|(subject, program)| (format!("Program, {subject}"), program.version.clone()))
        .collect();
    let storages = conditions::storages(record);
    let named = places.iter().chain(&storages).chain(&programs);
    rows.extend(named.map(|(name, text)| (name.as_str(), Some(text.clone()))));
    let told = rows.into_iter().filter_map(|(what, value)| Some(vec![what.into(), value?.into()])).collect();
    Table::new(&["What", "Value"], told)
}

fn measured(group: &Group<'_>) -> Section {
    let mut cases = group.cases.clone();
    let strategies = group.strategies();
    cases.sort_by_key(|summary| {
        let case = &summary.case;
        let strategy = strategies.iter().position(|strategy| *strategy == case.strategy);
        (case.size_bytes, strategy, case.chunk)
    });
    let first = &group.cases[0].case;
    let mut blocks = vec![
        Block::Text(format!("Cache: {}. Durability: {}.", first.cache, first.durability)),
        Block::Table(Table::new(&HEADINGS, cases.into_iter().map(row).collect())),
    ];
    let answers = crossover::sentences(&crossover::of_group(group));
    if !answers.is_empty() {
        blocks.push(Block::Text(format!("By paired samples: {}.", answers.join("; "))));
        blocks.push(Block::Table(compared(&group.comparisons)));
        blocks.push(Block::Text(RATIO_NOTE.to_owned()));
    }
    Section::new(format!("File systems: {}, verification: {}", first.filesystems, first.verify), blocks)
}

fn compared(comparisons: &[&Comparison]) -> Table {
    let bound = |bound| or_missing(bound, |bound| cell::ratio(bound, 3));
    let row = |one: &&Comparison| {
        let Ratio { ratio, ratio_lower, ratio_upper, verdict } = one.ratio;
        vec![
            cell::size(one.size_bytes),
            chunk(one.chunk),
            cell::ratio(ratio, 3),
            bound(ratio_lower),
            bound(ratio_upper),
            verdict.to_string().into(),
        ]
    };
    Table::new(&RATIO_HEADINGS, comparisons.iter().map(row).collect())
}

fn row(summary: &CaseSummary) -> Vec<Cell> {
    vec![
        cell::size(summary.case.size_bytes),
        summary.case.strategy.to_string().into(),
        chunk(summary.case.chunk),
        or_missing(summary.mechanism, |mechanism| mechanism.to_string().into()),
        cell::samples(summary.samples, summary.invalid),
        cell::time(summary.wall_median_ns),
        or_missing(summary.wall_lower_ns, cell::time),
        or_missing(summary.wall_upper_ns, cell::time),
        cell::rate(summary.throughput_bytes_per_s),
        or_missing(summary.cpu_median_ns, cell::time),
        or_missing(summary.system_calls_max, |calls| Cell::number(calls.to_string(), calls as f64)),
    ]
}

/// The engine's own stands before all sizes.
fn chunk(choice: ChunkChoice) -> Cell {
    Cell::number(units::chunk(choice), choice.bytes().map_or(0.0, |bytes| bytes as f64))
}

fn skipped(summary: &Summary) -> Section {
    let rows = || {
        let row = |skipped: &Skipped| vec![skipped.case.as_str().into(), skipped.reason.as_str().into()];
        summary.skipped.iter().map(row).collect()
    };
    let block = if summary.skipped.is_empty() {
        Block::Text("No case was skipped.".to_owned())
    } else {
        Block::Table(Table::new(&["Case", "Reason"], rows()))
    };
    Section::new("Skipped", vec![block])
}

fn reproduce(record: &RunRecord) -> Section {
    let mut argv: Vec<String> = record.argv.iter().map(|argument| quoted(argument)).collect();
    if !argv.iter().any(|argument| argument.starts_with("--seed")) {
        argv.push(format!("--seed {}", record.seed));
    }
    let hashes = [
        ("Scenario file", record.scenario.sha256.as_str()),
        ("Program that measured", record.program_sha256.as_str()),
    ];
    let hashes = hashes.map(|(what, sha256)| vec![what.into(), sha256.into()]).to_vec();
    let blocks = vec![Block::Command(argv.join(" ")), Block::Table(Table::new(&["What", "SHA-256"], hashes))];
    Section::new("Reproduce", blocks)
}

/// The argument as a POSIX shell reads it back.
fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "%+,-./:=@_".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use orbit_engine::Strategy;

    use super::super::{markdown, planted};
    use super::*;

    #[test]
    fn the_page_is_as_expected() {
        let (record, mut summary, samples) =
            planted::run(&[1 << 20, 4096], &[Strategy::Buffered, Strategy::ZeroCopy], &[1 << 20], 15);
        summary.cases[0].wall_lower_ns = None;
        summary.cases[0].wall_upper_ns = None;
        let plot = Plot {
            path: "plots/throughput-same-none.svg".to_owned(),
            caption: "throughput, same, none".to_owned(),
            svg: String::new(),
        };
        assert_eq!(markdown::render(&page(&record, &summary, &samples, vec![plot])), EXPECTED);
    }

    #[test]
    fn nothing_measured_is_a_page_too() {
        let (record, mut summary, _) = planted::run(&[], &[], &[], 0);
        summary.skipped.clear();
        let page = markdown::render(&page(&record, &summary, &[], Vec::new()));
        assert!(page.contains("No case was skipped.") && !page.contains("## Plots"), "{page}");
    }

    #[test]
    fn arguments_survive_a_shell() {
        assert_eq!(quoted("--seed=4"), "--seed=4");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }

    const EXPECTED: &str = "\
# 20260102T030405Z-host-abc

From which size does zero-copy win?

## Environment

| What               | Value                   |
| ------------------ | ----------------------- |
| Started            | 2026-01-02T03:04:05Z    |
| Host               | host                    |
| Kernel             | Linux 6.12.0            |
| CPU                | Planted CPU, 2 usable   |
| Memory             | 8 GiB                   |
| Hypervisor         | kvm                     |
| Compiler           | rustc 1.95.0, release   |
| Engine             | 0.1.0                   |
| Revision           | abc, with local changes |
| Scenario           | planted, 15 blocks      |
| File systems, same | xfs to xfs, same device |

## File systems: same, verification: none

Cache: warm. Durability: none.

|  Size | Strategy  | Chunk | Mechanism       | Samples (invalid) | Median wall | 95 % from |      to | Throughput | Median CPU | System calls |
| ----: | --------- | ----: | --------------- | ----------------: | ----------: | --------: | ------: | ---------: | ---------: | -----------: |
| 4 KiB | zero-copy | 1 MiB | copy-file-range |            15 (1) |     32.5 µs |   31.6 µs | 32.9 µs |   126 MB/s |    16.2 µs |            7 |
| 4 KiB | buffered  | 1 MiB | read-write      |            15 (1) |     14.5 µs |   14.2 µs | 14.7 µs |   282 MB/s |    7.27 µs |            7 |
| 1 MiB | zero-copy | 1 MiB | copy-file-range |            15 (1) |      305 µs |    300 µs |  312 µs |  3.44 GB/s |     152 µs |            7 |
| 1 MiB | buffered  | 1 MiB | read-write      |            15 (1) |      522 µs |         – |       – |  2.01 GB/s |     261 µs |            7 |

By paired samples: zero-copy is faster from about 111 KiB.

|  Size | Chunk | Zero-copy / buffered | 95 % from |    to | Zero-copy is |
| ----: | ----: | -------------------: | --------: | ----: | ------------ |
| 4 KiB | 1 MiB |                2.232 |     2.231 | 2.234 | slower       |
| 1 MiB | 1 MiB |                0.584 |     0.584 | 0.584 | faster       |

Ratios are paired, not quotients of the medians above. An interval is that of one size alone; a verdict holds over all sizes of one chunk together.

## Invalid samples

These are not counted.

| Case                                            | Reason  | Samples | Blocks |
| ----------------------------------------------- | ------- | ------: | ------ |
| planted/size=1MiB/strategy=buffered/chunk=1MiB  | planted |       1 | 15     |
| planted/size=1MiB/strategy=zero-copy/chunk=1MiB | planted |       1 | 15     |
| planted/size=4KiB/strategy=buffered/chunk=1MiB  | planted |       1 | 15     |
| planted/size=4KiB/strategy=zero-copy/chunk=1MiB | planted |       1 | 15     |

## Skipped

| Case              | Reason      |
| ----------------- | ----------- |
| planted/size=1TiB | needs 1 TiB |

## Plots

![throughput, same, none](plots/throughput-same-none.svg)

## Reproduce

```sh
cargo xtask bench 'planted scenario.toml' --seed 42
```

| What                  | SHA-256                                                          |
| --------------------- | ---------------------------------------------------------------- |
| Scenario file         | 0000000000000000000000000000000000000000000000000000000000000000 |
| Program that measured | 0000000000000000000000000000000000000000000000000000000000000000 |
";
}
