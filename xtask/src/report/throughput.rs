//! The plot of throughput against file size, one line per strategy and chunk. It draws medians and their intervals as
//! the summary gives them, and marks where zero-copy overtakes.

use anyhow::Result;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axes::{self, Axis};
use super::chart::{self, Area};
use super::crossover::{self, Crossover};
use super::group::Group;
use super::look::{Look, look};
use super::marks::{self, Mark};
use super::units;
use crate::summary::CaseSummary;

/// In pixels, as all of these. A long legend makes the plot higher.
const WIDTH: i32 = 900;
const HEIGHT: i32 = 560;
/// Where the plot ends and the legend begins.
const SPLIT: i32 = 690;
/// Height of a row of the legend.
const ENTRY: i32 = 21;

/// One line of the plot.
struct Line {
    label: String,
    look: Look,
    points: Vec<Point>,
}

/// A case; size and throughput as the logarithms that the plot's axes are linear in.
struct Point {
    bytes: u64,
    size: f64,
    rate: f64,
    /// Lower and upper end of the interval.
    interval: Option<(f64, f64)>,
}

/// The SVG, unless no case of the group has a throughput.
pub(super) fn draw(group: &Group<'_>) -> Result<Option<String>> {
    let lines = lines(group);
    if lines.is_empty() {
        return Ok(None);
    }
    let crossovers = crossover::of_group(group);
    let marks = marks::of(&crossovers);
    let mut subtitle = vec![group.conditions(), "Medians; bars are 95 % intervals.".to_owned()];
    subtitle.extend(
        crossover::sentences(&crossovers).into_iter().map(|answer| format!("By paired samples, {answer}.")),
    );
    let entries = entries(&lines, group);
    let top = chart::heading_height(subtitle.len());
    let height = HEIGHT.max(top + ENTRY * i32::try_from(entries.len())? + 30);
    let svg = chart::svg((WIDTH, height), |area| {
        chart::heading(area, title(&crossovers), &subtitle)?;
        legend(area, &entries, top + 14)?;
        frame(area, &lines, &marks, top)
    })?;
    Ok(Some(svg))
}

fn title(crossovers: &[(String, Crossover)]) -> &'static str {
    if crossovers.is_empty() {
        "How fast is a copy at each file size?"
    } else {
        "At which file sizes is zero-copy faster than buffered?"
    }
}

fn lines(group: &Group<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    for strategy in group.strategies() {
        for (index, chunk) in group.chunks().into_iter().enumerate() {
            let points: Vec<Point> = group.line(strategy, chunk).into_iter().filter_map(point).collect();
            if !points.is_empty() {
                let label = format!("{strategy}, {}", units::chunk(chunk));
                lines.push(Line { label, look: look(strategy, index), points });
            }
        }
    }
    lines
}

/// None when size or time is zero, which has no logarithm.
fn point(summary: &CaseSummary) -> Option<Point> {
    let bytes = summary.case.size_bytes as f64;
    let rate = |wall_ns: u64| Some((bytes * 1e9 / wall_ns as f64).log10()).filter(|rate| rate.is_finite());
    let interval = summary.wall_upper_ns.and_then(rate).zip(summary.wall_lower_ns.and_then(rate));
    Some(Point {
        bytes: summary.case.size_bytes,
        size: bytes.log2(),
        rate: rate(summary.wall_median_ns)?,
        interval,
    })
}

/// A row of the legend: indentation, text, and the line that it explains.
type Entry = (i32, String, Option<Look>);

fn entries(lines: &[Line], group: &Group<'_>) -> Vec<Entry> {
    let heading = |text: &str| (0, text.to_owned(), None);
    let mut entries = vec![heading("strategy, chunk")];
    entries.extend(lines.iter().map(|line| (46, line.label.clone(), Some(line.look))));
    entries.extend([heading(""), heading("what moved the bytes")]);
    for strategy in group.strategies() {
        entries.push((8, format!("{strategy}:"), None));
        let mechanisms = group.mechanisms(strategy).into_iter();
        entries.extend(mechanisms.map(|mechanism| (24, mechanism.to_string(), None)));
    }
    entries
}

fn legend(area: &Area<'_>, entries: &[Entry], top: i32) -> Result<()> {
    let (x, mut y) = (SPLIT + 18, top);
    for (indent, text, look) in entries {
        if let Some(look) = look {
            look.key(area, (x, y), 38)?;
        }
        if !text.is_empty() {
            let colour = if *indent == 0 { chart::GREY } else { chart::INK };
            let style = chart::anchored(chart::BODY, colour, HPos::Left);
            area.draw(&Text::new(text.clone(), (x + indent, y), style))?;
        }
        y += ENTRY;
    }
    Ok(())
}

fn frame(area: &Area<'_>, lines: &[Line], marks: &[Mark], top: i32) -> Result<()> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let x = Axis::sizes(points().map(|point| point.bytes));
    let y = Axis::rates(points().flat_map(|point| {
        let (low, high) = point.interval.unwrap_or((point.rate, point.rate));
        [point.rate, low, high]
    }));
    let above = top + marks::height(marks);
    let mut chart = ChartBuilder::on(area)
        .margin_top(above)
        .margin_right(WIDTH - SPLIT)
        .margin_bottom(12)
        .margin_left(14)
        .x_label_area_size(52)
        .y_label_area_size(88)
        .build_cartesian_2d(x, y)?;
    axes::mesh(&mut chart, ["file size (log scale)", "throughput (log scale)"], chart::SMALL)?;
    marks::draw(area, &chart, marks, top)?;
    for line in lines {
        for point in &line.points {
            if let Some((low, high)) = point.interval {
                let pixel = |rate| chart.backend_coord(&(point.size, rate));
                bar(area, pixel(low), pixel(high), line.look)?;
            }
        }
        let path: Vec<(f64, f64)> = line.points.iter().map(|point| (point.size, point.rate)).collect();
        line.look.path(&mut chart, &path)?;
        for at in &path {
            line.look.mark(area, chart.backend_coord(at))?;
        }
    }
    Ok(())
}

/// An interval with a short bar across each end.
fn bar(area: &Area<'_>, low: (i32, i32), high: (i32, i32), look: Look) -> Result<()> {
    let style = look.stroke(1);
    area.draw(&PathElement::new(vec![low, high], style))?;
    for (x, y) in [low, high] {
        area.draw(&PathElement::new(vec![(x - 4, y), (x + 4, y)], style))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use orbit_engine::Strategy;

    use super::super::{group, planted};
    use super::*;

    fn drawn(sizes: &[u64], strategies: &[Strategy], chunks: &[u64]) -> String {
        let (_, summary, _) = planted::run(sizes, strategies, chunks, 15);
        draw(&group::groups(&summary)[0]).unwrap().unwrap()
    }

    const BOTH: [Strategy; 2] = [Strategy::ZeroCopy, Strategy::Buffered];

    #[test]
    fn every_case_is_drawn_and_named() {
        let svg = drawn(&[4096, 1 << 20, 64 << 20], Strategy::ALL, &[256 << 10, 1 << 20]);
        for strategy in Strategy::ALL {
            for chunk in ["256 KiB", "1 MiB"] {
                assert!(svg.contains(&format!("\n{strategy}, {chunk}\n")), "{strategy} {chunk}");
            }
        }
        for text in
            ["\n4 KiB\n", "\n64 MiB\n", "\n1 GB/s\n", "copy-file-range", "read-write", "verification: none"]
        {
            assert!(svg.contains(text), "{text}");
        }
        // One round marker for each case and key of the first chunk size, one square for those of the second.
        assert_eq!(svg.matches("<circle").count(), 3 * (3 + 1));
        assert_eq!(svg.matches("<polygon").count(), 3 * (3 + 1));
    }

    #[test]
    fn intervals_are_drawn_where_there_are_any() {
        let thin = |svg: &str| svg.matches("stroke=\"#0072B2\" stroke-width=\"1\"").count();
        assert_eq!(thin(&drawn(&[4096, 8192], &BOTH, &[1 << 20])), 2 * 3);
        let (_, few, _) = planted::run(&[4096, 8192], &BOTH, &[1 << 20], 5);
        assert_eq!(thin(&draw(&group::groups(&few)[0]).unwrap().unwrap()), 0);
    }

    #[test]
    fn a_planted_crossover_is_marked() {
        let svg = drawn(&[4096, 65536, 1 << 20], &BOTH, &[1 << 20]);
        assert!(svg.contains("At which file sizes is zero-copy faster than buffered?"), "{svg}");
        assert!(svg.contains("\nBy paired samples, zero-copy is faster from about 92 KiB.\n"), "{svg}");
        assert!(svg.contains("\n≈ 92 KiB at chunk 1 MiB\n"), "{svg}");
    }

    #[test]
    fn no_crossover_is_said() {
        let slower = drawn(&[4096, 8192], &BOTH, &[1 << 20]);
        assert!(slower.contains("zero-copy is slower wherever they differ") && !slower.contains("at chunk"));
        let faster = drawn(&[16 << 20, 64 << 20], &BOTH, &[1 << 20]);
        assert!(faster.contains("zero-copy is faster wherever they differ") && !faster.contains("at chunk"));
        let alone = drawn(&[4096, 64 << 20], &BOTH[..1], &[1 << 20]);
        assert!(
            alone.contains("How fast is a copy at each file size?") && !alone.contains("By paired samples")
        );
    }
}
