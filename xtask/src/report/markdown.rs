//! `summary.md`: the run for a reader of the repository. It shows what the summary holds and reckons nothing of its own
//! but the crossover.

use crate::comparison::{Comparison, Ratio};
use crate::record::RunRecord;
use crate::summary::{CaseSummary, Summary};

use super::group::{Group, groups};
use super::{budgets, crossover, peers, table, units};

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

/// The page; `plots` are paths relative to the run's folder.
pub(super) fn render(record: &RunRecord, summary: &Summary, plots: &[String]) -> String {
    let mut sections = vec![
        format!("# {}\n", summary.run),
        format!("{}\n", record.scenario.question),
        format!("## Environment\n\n{}", environment(record)),
    ];
    sections.extend(peers::sections(summary));
    sections.extend(groups(summary).iter().map(measured));
    sections.extend(budgets::section(summary));
    sections.push(skipped(summary));
    if !plots.is_empty() {
        let images: Vec<String> =
            plots.iter().map(|path| format!("![{}]({path})\n", caption(path))).collect();
        sections.push(format!("## Plots\n\n{}", images.join("\n")));
    }
    sections.push(reproduce(record));
    sections.join("\n")
}

fn environment(record: &RunRecord) -> String {
    let host = &record.host;
    let dirty = if host.dirty == Some(true) { ", with local changes" } else { "" };
    let mut rows = vec![
        ("Started", Some(record.started.clone())),
        ("Host", Some(host.name.clone())),
        ("Kernel", Some(host.kernel.clone())),
        ("CPU", Some(format!("{}, {} usable", host.cpu, host.cpus))),
        ("Memory", Some(units::about(host.memory_bytes as f64))),
        ("Governor", host.governor.clone()),
        ("Hypervisor", host.hypervisor.clone()),
        ("Compiler", host.rustc.as_ref().map(|rustc| format!("{rustc}, {}", host.profile))),
        ("Engine", Some(record.engine.clone())),
        ("Revision", host.revision.as_ref().map(|revision| format!("{revision}{dirty}"))),
        ("Scenario", Some(format!("{}, {} blocks", record.scenario.name, record.scenario.blocks))),
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
    let named = places.iter().chain(&programs);
    rows.extend(named.map(|(name, text)| (name.as_str(), Some(text.clone()))));
    let told: Vec<Vec<String>> =
        rows.into_iter().filter_map(|(what, value)| Some(vec![what.to_owned(), value?])).collect();
    table::render(&["What", "Value"], &told)
}

fn measured(group: &Group<'_>) -> String {
    let mut cases = group.cases.clone();
    let strategies = group.strategies();
    cases.sort_by_key(|summary| {
        let case = &summary.case;
        let strategy = strategies.iter().position(|strategy| *strategy == case.strategy);
        (case.size_bytes, strategy, case.chunk)
    });
    let rows: Vec<Vec<String>> = cases.into_iter().map(row).collect();
    let first = &group.cases[0].case;
    let mut text = format!(
        "## File systems: {}, verification: {}\n\nCache: {}. Durability: {}.\n\n{}",
        first.filesystems,
        first.verify,
        first.cache,
        first.durability,
        table::render(&HEADINGS, &rows)
    );
    let answers = crossover::sentences(&crossover::of_group(group));
    if !answers.is_empty() {
        let answers = answers.join("; ");
        text +=
            &format!("\nBy paired samples: {answers}.\n\n{}\n{RATIO_NOTE}\n", compared(&group.comparisons));
    }
    text
}

fn compared(comparisons: &[&Comparison]) -> String {
    let bound = |ratio: Option<f64>| ratio.map_or_else(missing, |ratio| format!("{ratio:.3}"));
    let row = |one: &&Comparison| {
        let Ratio { ratio, ratio_lower, ratio_upper, verdict } = one.ratio;
        vec![
            units::size(one.size_bytes),
            units::chunk(one.chunk),
            format!("{ratio:.3}"),
            bound(ratio_lower),
            bound(ratio_upper),
            verdict.to_string(),
        ]
    };
    table::render(&RATIO_HEADINGS, &comparisons.iter().map(row).collect::<Vec<_>>())
}

fn row(summary: &CaseSummary) -> Vec<String> {
    let bound = |wall: Option<u64>| wall.map_or_else(missing, units::time);
    vec![
        units::size(summary.case.size_bytes),
        summary.case.strategy.to_string(),
        units::chunk(summary.case.chunk),
        summary.mechanism.map_or_else(missing, |mechanism| mechanism.to_string()),
        format!("{} ({})", summary.samples, summary.invalid),
        units::time(summary.wall_median_ns),
        bound(summary.wall_lower_ns),
        bound(summary.wall_upper_ns),
        units::rate(summary.throughput_bytes_per_s),
        units::time(summary.cpu_median_ns),
        summary.system_calls_max.map_or_else(missing, |calls| calls.to_string()),
    ]
}

fn missing() -> String {
    "–".to_owned()
}

fn skipped(summary: &Summary) -> String {
    if summary.skipped.is_empty() {
        return "## Skipped\n\nNo case was skipped.\n".to_owned();
    }
    let rows: Vec<Vec<String>> =
        summary.skipped.iter().map(|skipped| vec![skipped.case.clone(), skipped.reason.clone()]).collect();
    format!("## Skipped\n\n{}", table::render(&["Case", "Reason"], &rows))
}

/// `plots/throughput-same-none.svg` is `throughput, same, none`.
fn caption(path: &str) -> String {
    path.trim_start_matches("plots/").trim_end_matches(".svg").replacen('-', ", ", 2)
}

fn reproduce(record: &RunRecord) -> String {
    let mut argv: Vec<String> = record.argv.iter().map(|argument| quoted(argument)).collect();
    if !argv.iter().any(|argument| argument.starts_with("--seed")) {
        argv.push(format!("--seed {}", record.seed));
    }
    format!("## Reproduce\n\n```sh\n{}\n```\n", argv.join(" "))
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

    use super::super::planted;
    use super::*;

    #[test]
    fn the_page_is_as_expected() {
        let (record, mut summary, _) =
            planted::run(&[1 << 20, 4096], &[Strategy::Buffered, Strategy::ZeroCopy], &[1 << 20], 15);
        summary.cases[0].wall_lower_ns = None;
        summary.cases[0].wall_upper_ns = None;
        let page = render(&record, &summary, &["plots/throughput-same-none.svg".to_owned()]);
        assert_eq!(page, EXPECTED);
    }

    #[test]
    fn nothing_measured_is_a_page_too() {
        let (record, mut summary, _) = planted::run(&[], &[], &[], 0);
        summary.skipped.clear();
        let page = render(&record, &summary, &[]);
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
";
}
