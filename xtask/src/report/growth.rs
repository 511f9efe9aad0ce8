//! How the time of a file and the memory of a program grow with the number of files in a tree: one plot for each pair of
//! file systems on which trees of one shape and several sizes were copied.

use std::collections::BTreeMap;

use anyhow::Result;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axes::{self, Axis};
use super::chart::{self, Area};
use super::look::{self, Look};
use super::page::Plot;
use crate::scenario::{Standing, Subject};
use crate::summary::{CaseSummary, Summary};

/// In pixels. The panels stand side by side.
const SIZE: (i32, i32) = (1000, 520);
const PANEL: i32 = SIZE.0 / 2;
/// Height of a row of the legend.
const ENTRY: i32 = 22;

/// Trees of one shape, copied between the same file systems.
struct Family<'a> {
    name: String,
    lines: Vec<Line<'a>>,
}

/// One subject, by number of files.
struct Line<'a> {
    subject: Subject,
    look: Look,
    cases: Cases<'a>,
}

/// File systems, what stands at the destination, and the shape of the trees.
type Key = (String, Standing, String);

/// Cases by numbers of files.
type Cases<'a> = Vec<(u64, &'a CaseSummary)>;

type Subjects<'a> = BTreeMap<Subject, Cases<'a>>;

pub(super) fn draw(summary: &Summary) -> Result<Vec<Plot>> {
    let plot = |family: Family<'_>| {
        let caption = format!("Time and memory against the number of files; {}", family.name);
        Ok(Plot::new(&family.name, caption, plot(&family)?))
    };
    families(summary).into_iter().map(plot).collect()
}

fn families(summary: &Summary) -> Vec<Family<'_>> {
    let mut found: BTreeMap<Key, Subjects<'_>> = BTreeMap::new();
    for case in &summary.cases {
        let Some(tree) = &case.case.tree else { continue };
        let workload = &tree.workload;
        let shape = format!(
            "{:?} {} {:?} {}",
            workload.size, workload.files_per_directory, workload.fan_out, tree.workers
        );
        let key = (case.case.filesystems.to_string(), tree.standing, shape);
        found.entry(key).or_default().entry(case.case.subject).or_default().push((workload.files, case));
    }
    found.into_iter().filter_map(|(key, subjects)| family(key, subjects)).collect()
}

/// None where no subject has copied trees of several sizes.
fn family<'a>((filesystems, standing, _): Key, subjects: Subjects<'a>) -> Option<Family<'a>> {
    let grown = subjects.into_iter().filter(|(_, cases)| cases.len() > 1).enumerate();
    let line = |(index, (subject, mut cases)): (usize, (Subject, Cases<'a>))| {
        cases.sort_by_key(|(files, _)| *files);
        Line { subject, look: look::of_series(index), cases }
    };
    let lines: Vec<Line<'a>> = grown.map(line).collect();
    let name = format!("growth-{filesystems}-{standing}");
    (!lines.is_empty()).then_some(Family { name, lines })
}

fn plot(family: &Family<'_>) -> Result<String> {
    let memory = points(family, |case| case.max_rss_bytes.map(|bytes| bytes as f64));
    let times = family.lines.iter().map(|line| {
        let each = |(files, case): &(u64, &CaseSummary)| (*files, case.wall_median_ns as f64 / *files as f64);
        line.cases.iter().map(each).collect()
    });
    let lines = ["Medians. Level lines mean that trees of any size cost the same by the file.".to_owned()];
    let top = chart::heading_height(lines.len()) + 10;
    let rows = i32::try_from(family.lines.len())?;
    let below = top + ENTRY * rows + 8;
    chart::svg((SIZE.0, SIZE.1 + ENTRY * rows), |area| {
        chart::heading(area, "How do time and memory grow with a tree?", &lines)?;
        for (line, row) in family.lines.iter().zip(0..) {
            let at = (chart::MARGIN, top + ENTRY * row);
            line.look.key(area, at, 38)?;
            let style = chart::anchored(chart::BODY, chart::INK, HPos::Left);
            area.draw(&Text::new(line.subject.to_string(), (at.0 + 48, at.1), style))?;
        }
        panel(area, family, &times.collect::<Vec<_>>(), (0, below), Kind::Time)?;
        panel(area, family, &memory, (PANEL, below), Kind::Memory)
    })
}

/// Of each line, what is known.
fn points(family: &Family<'_>, value: impl Fn(&CaseSummary) -> Option<f64>) -> Vec<Vec<(u64, f64)>> {
    let of = |line: &Line<'_>| {
        line.cases.iter().filter_map(|(files, case)| Some((*files, value(case)?))).collect()
    };
    family.lines.iter().map(of).collect()
}

#[derive(Clone, Copy)]
enum Kind {
    Time,
    Memory,
}

fn panel(
    area: &Area<'_>,
    family: &Family<'_>,
    points: &[Vec<(u64, f64)>],
    (left, top): (i32, i32),
    kind: Kind,
) -> Result<()> {
    let all = || points.iter().flatten().filter(|(_, value)| *value > 0.0);
    if all().next().is_none() {
        return Ok(());
    }
    let x = Axis::counts(all().map(|(files, _)| *files));
    let values = all().map(|(_, value)| value.log10());
    let (y, title) = match kind {
        Kind::Time => (Axis::durations(values), "time of a file (log scale)"),
        Kind::Memory => (Axis::memory(values), "most memory resident (log scale)"),
    };
    let mut chart = ChartBuilder::on(area)
        .margin_top(top)
        .margin_left(left + 10)
        .margin_right(PANEL - left + 14)
        .margin_bottom(10)
        .x_label_area_size(52)
        .y_label_area_size(86)
        .build_cartesian_2d(x, y)?;
    axes::mesh(&mut chart, ["files (log scale)", title], chart::SMALL)?;
    for (line, points) in family.lines.iter().zip(points) {
        let path: Vec<(f64, f64)> =
            points.iter().map(|(files, value)| ((*files as f64).log10(), value.log10())).collect();
        line.look.path(&mut chart, &path)?;
        for at in &path {
            line.look.mark(area, chart.backend_coord(at))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::planted;
    use super::*;

    #[test]
    fn trees_of_one_shape_and_several_sizes_are_drawn_by_subject() {
        let mut summary = planted::trees(&[
            (Subject::EngineProcess, Standing::New, 1_000_000_000),
            (Subject::Cp, Standing::New, 2_000_000_000),
        ]);
        assert!(draw(&summary).unwrap().is_empty(), "one size shows no growth");
        let larger = summary.cases.clone().into_iter().map(|mut case| {
            case.case.tree.as_mut().unwrap().workload.files *= 100;
            case.wall_median_ns *= 100;
            case
        });
        summary.cases.extend(larger.collect::<Vec<_>>());
        let drawn = draw(&summary).unwrap();
        let [Plot { path, svg, .. }] = &drawn[..] else { panic!("{}", drawn.len()) };
        assert_eq!(path, "plots/growth-same-new.svg");
        for text in ["\nengine-process\n", "\ncp\n", "\n10,000\n", "\n1,000,000\n", "100 µs", "8 MiB"] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
    }
}
