//! All subjects of a pair of file systems in plots: processor time against size, wall times beside each other, and the
//! memory of programs. No plot has more lines or bars than eyes tell apart; where there are more, several plots begin
//! with the same subject.

use anyhow::Result;

use super::super::axes::Axis;
use super::super::bars::{self, Bar, Panel};
use super::super::curves::{self, Line, Point};
use super::super::page::Plot;
use super::super::{look, units};
use super::row::Row;
use super::{Column, Pair};
use crate::scenario::Kind;
use crate::summary::CaseSummary;

/// Of one plot, in the order of the plan; at most as many as there are colours.
struct Share {
    kind: Kind,
    /// From 1.
    number: usize,
    columns: Vec<Column>,
}

impl Share {
    /// Part of a file's name.
    fn name(&self) -> String {
        let kind = match self.kind {
            Kind::Library => "calls",
            Kind::Process => "programs",
        };
        if self.number == 1 { kind.to_owned() } else { format!("{kind}-{}", self.number) }
    }

    fn subjects(&self) -> &'static str {
        match self.kind {
            Kind::Library => "calls within the suite's process",
            Kind::Process => "programs, from start to end",
        }
    }
}

/// Calls and programs apart: starting a program takes longer than many a copy.
fn shares(pair: &Pair<'_>) -> Vec<Share> {
    let of_kind = |kind: Kind| {
        let columns: Vec<Column> =
            pair.columns().into_iter().filter(|column| column.subject.kind() == kind).collect();
        split(&columns, look::SERIES.len())
            .into_iter()
            .zip(1..)
            .map(move |(columns, number)| Share { kind, number, columns })
            .collect::<Vec<_>>()
    };
    [Kind::Library, Kind::Process].into_iter().flat_map(of_kind).collect()
}

/// In parts of at most `most`; every part but the first begins with the first of all again.
fn split<T: Copy>(all: &[T], most: usize) -> Vec<Vec<T>> {
    let Some((&first, rest)) = all.split_first() else { return Vec::new() };
    rest.chunks(most - 1)
        .map(|part| std::iter::once(first).chain(part.iter().copied()).collect())
        .chain(rest.is_empty().then(|| vec![first]))
        .collect()
}

/// Those that say something: lines need two sizes, bars a peer.
pub(super) fn draw(pair: &Pair<'_>) -> Result<Vec<Plot>> {
    let mut plots = Vec::new();
    for share in shares(pair) {
        plots.extend(cpu(pair, &share)?);
        if pair.has_peers() {
            plots.extend(walls(pair, &share)?);
        }
    }
    plots.extend(memory(pair)?);
    Ok(plots)
}

fn plot(pair: &Pair<'_>, name: &str, what: &str, svg: String) -> Plot {
    let filesystems = &pair.cases[0].case.filesystems;
    Plot::new(&format!("{name}-{filesystems}"), format!("{what}; file systems: {filesystems}"), svg)
}

fn conditions(pair: &Pair<'_>, more: &str) -> String {
    let case = &pair.cases[0].case;
    format!("file systems: {} · cache: {} · {more}", case.filesystems, case.cache)
}

fn cpu(pair: &Pair<'_>, share: &Share) -> Result<Option<Plot>> {
    let line = |(index, &column): (usize, &Column)| {
        let rows = pair.rows().into_iter().filter(|row| matches!(row, Row::Size(_)));
        let cases = rows.filter_map(|row| pair.cell(column, row));
        let points: Vec<Point> = cases.filter_map(cpu_point).collect();
        let line = Line { label: pair.label(column), look: look::of_series(index), points };
        (line.points.len() > 1).then_some(line)
    };
    let lines: Vec<Line> = share.columns.iter().enumerate().filter_map(line).collect();
    if pair.is_of_trees() || lines.is_empty() {
        return Ok(None);
    }
    let frame = curves::Frame {
        title: "How much processor time does a copy take?",
        subtitle: vec![
            conditions(pair, share.subjects()),
            "User and system time together; medians.".to_owned(),
        ],
        entries: curves::keys("subject", &lines),
        x: curves::sizes(&lines),
        y: Axis::durations(curves::values(&lines)),
        titles: ["file size (log scale)", "processor time of a copy (log scale)"],
        marks: Vec::new(),
    };
    let what = format!("Processor time against file size, {}", share.subjects());
    Ok(Some(plot(pair, &format!("cpu-{}", share.name()), &what, curves::draw(&frame, &lines)?)))
}

/// None when the time is not known, and when size or time is zero, which has no logarithm.
fn cpu_point(summary: &CaseSummary) -> Option<Point> {
    let (bytes, ns) = (summary.case.size_bytes, summary.cpu_median_ns?);
    (bytes > 0 && ns > 0).then(|| Point { bytes, value: (ns as f64).log10(), interval: None })
}

fn walls(pair: &Pair<'_>, share: &Share) -> Result<Option<Plot>> {
    if share.columns.len() < 2 {
        return Ok(None);
    }
    let panel = |row: Row<'_>| {
        let bar = |(index, &column): (usize, &Column)| {
            let summary = pair.cell(column, row)?;
            Some(Bar {
                label: pair.label(column),
                look: look::of_series(index),
                value: summary.wall_median_ns,
                interval: summary.wall_lower_ns.zip(summary.wall_upper_ns),
                text: units::time(summary.wall_median_ns),
            })
        };
        let bars: Vec<Bar> = share.columns.iter().enumerate().filter_map(bar).collect();
        (!bars.is_empty()).then(|| Panel { title: row.label().text, bars })
    };
    let panels: Vec<Panel> = pair.rows().into_iter().filter_map(panel).collect();
    let frame = bars::Frame {
        title: "How long does each subject take?",
        subtitle: vec![
            conditions(pair, share.subjects()),
            "Medians; whiskers are 95 % intervals. Every panel has its own scale.".to_owned(),
        ],
        axis: Axis::times,
        axis_title: "median wall time",
    };
    let what = format!("Median wall times beside each other, {}", share.subjects());
    Ok(Some(plot(pair, &format!("wall-{}", share.name()), &what, bars::draw(&frame, &panels)?)))
}

/// The most of any size or tree.
fn memory(pair: &Pair<'_>) -> Result<Option<Plot>> {
    let most = |column: Column| {
        let cases = pair.rows().into_iter().filter_map(|row| pair.cell(column, row));
        cases.filter_map(|summary| summary.max_rss_bytes).max()
    };
    let known = pair.columns().into_iter().filter_map(|column| Some((column, most(column)?)));
    let bar = |(index, (column, bytes)): (usize, (Column, u64))| Bar {
        label: pair.label(column),
        look: look::of_series(index),
        value: bytes,
        interval: None,
        text: units::about(bytes as f64),
    };
    let bars: Vec<Bar> = known.enumerate().map(bar).collect();
    if bars.is_empty() {
        return Ok(None);
    }
    let frame = bars::Frame {
        title: "How much memory does each program take?",
        subtitle: vec![
            conditions(pair, "programs and their children"),
            "The most that was resident in any copy.".to_owned(),
        ],
        axis: Axis::amounts,
        axis_title: "most memory resident",
    };
    let panels = [Panel { title: String::new(), bars }];
    Ok(Some(plot(pair, "memory", "Most memory resident by program", bars::draw(&frame, &panels)?)))
}

#[cfg(test)]
mod tests {
    use orbit_engine::{Strategy, Verification};

    use super::super::super::planted;
    use super::super::pairs;
    use super::*;
    use crate::scenario::{Standing, Subject};
    use crate::summary::Summary;

    fn drawn(summary: &Summary) -> Vec<(String, String)> {
        let plots = pairs(summary).iter().flat_map(|pair| draw(pair).unwrap()).collect::<Vec<_>>();
        plots.into_iter().map(|plot| (plot.path, plot.svg)).collect()
    }

    fn names(summary: &Summary) -> Vec<String> {
        drawn(summary).into_iter().map(|(name, _)| name).collect()
    }

    /// `sizes` by every one of these subjects.
    fn run(sizes: &[u64], subjects: &[Subject]) -> Summary {
        let (_, mut summary, _) = planted::run(sizes, &[Strategy::Auto], &[1 << 20], 12);
        let planted = std::mem::take(&mut summary.cases);
        for one in planted {
            for &subject in subjects {
                let mut one = one.clone();
                one.case.subject = subject;
                one.max_rss_bytes = (subject.kind() == Kind::Process).then_some(5 << 20);
                summary.cases.push(one);
            }
        }
        summary
    }

    #[test]
    fn parts_begin_with_the_same() {
        assert_eq!(split::<u32>(&[], 3), [[0; 0]; 0]);
        assert_eq!(split(&[1], 3), [[1]]);
        assert_eq!(split(&[1, 2, 3], 3), [[1, 2, 3]]);
        assert_eq!(split(&[1, 2, 3, 4], 3), [vec![1, 2, 3], vec![1, 4]]);
    }

    #[test]
    fn calls_and_programs_have_their_own_plots() {
        use Subject::{Cp, Engine, EngineProcess, StdFsCopy};
        let summary = run(&[4096, 1 << 20], &[Engine, StdFsCopy, EngineProcess, Cp]);
        let expected = ["cpu-calls", "wall-calls", "cpu-programs", "wall-programs", "memory"]
            .map(|name| format!("plots/{name}-same.svg"));
        assert_eq!(names(&summary), expected);
        let svgs = drawn(&summary);
        let (walls, memory) = (&svgs[1].1, &svgs[4].1);
        for text in ["\nstd-fs-copy\n", "\n4 KiB\n", "\n1 MiB\n", "\nmedian wall time\n"] {
            assert!(walls.contains(text), "{text}: {walls}");
        }
        assert!(!walls.contains("\ncp\n") && memory.contains("\ncp\n") && memory.contains("\n5 MiB\n"));
        // Two sizes of two subjects: a whisker and both of its ends each.
        assert_eq!(walls.matches("stroke=\"#222222\" stroke-width=\"1\"").count(), 4 * 3);
    }

    #[test]
    fn more_than_seven_are_several_plots() {
        let summary = run(
            &[4096, 8192],
            &Subject::ALL.into_iter().filter(|one| one.kind() == Kind::Library).collect::<Vec<_>>(),
        );
        let names = names(&summary);
        assert_eq!(names.iter().filter(|name| name.starts_with("plots/cpu-calls")).count(), 3, "{names:?}");
        for (name, svg) in drawn(&summary).iter().filter(|(name, _)| name.contains("cpu")) {
            assert!(svg.contains("\nengine\n"), "{name}");
        }
    }

    #[test]
    fn the_engine_alone_has_processor_time_and_no_bars() {
        let (_, mut summary, _) =
            planted::run(&[4096, 8192], &[Strategy::ZeroCopy, Strategy::Buffered], &[1 << 20], 6);
        assert_eq!(names(&summary), ["plots/cpu-calls-same.svg"]);
        summary.cases.retain(|case| case.case.size_bytes == 4096);
        assert_eq!(names(&summary), [""; 0]);
        summary.cases[0].case.verify = Verification::Sha256;
        assert_eq!(names(&summary), [""; 0]);
    }

    #[test]
    fn trees_have_bars_and_memory() {
        let summary = planted::trees(&[
            (Subject::EngineProcess, Standing::New, 800_000_000),
            (Subject::Cp, Standing::New, 900_000_000),
        ]);
        assert_eq!(names(&summary), ["plots/wall-programs-same.svg", "plots/memory-same.svg"]);
        assert!(drawn(&summary)[0].1.contains("\nsmall, new\n"));
    }
}
