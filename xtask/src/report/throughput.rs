//! The plot of throughput against file size, one line per strategy and chunk. It draws medians and their intervals as
//! the summary gives them, and marks where zero-copy overtakes.

use anyhow::Result;

use super::axes::Axis;
use super::crossover::{self, Crossover};
use super::curves::{self, Entry, Frame, Line, Point};
use super::group::Group;
use super::look;
use super::{marks, units};
use crate::summary::CaseSummary;

/// The SVG, unless no case of the group has a throughput. Where there are more lines than colours, of one chunk size.
pub(super) fn draw(group: &Group<'_>) -> Result<Option<String>> {
    let all = lines(group);
    if all.len() <= look::SERIES.len() {
        return drawn(group, &all, "");
    }
    let Some(chunk) = group.nearest_chunk(|_| true) else { return Ok(None) };
    let group = group.at(chunk);
    drawn(&group, &lines(&group), " Other chunk sizes have a plot of their own.")
}

fn drawn(group: &Group<'_>, lines: &[Line], note: &str) -> Result<Option<String>> {
    if lines.is_empty() {
        return Ok(None);
    }
    let crossovers = crossover::of_group(group);
    let mut subtitle = vec![group.conditions(), format!("Medians; bars are 95 % intervals.{note}")];
    subtitle.extend(
        crossover::sentences(&crossovers).into_iter().map(|answer| format!("By paired samples, {answer}.")),
    );
    let frame = Frame {
        title: title(&crossovers),
        subtitle,
        entries: entries(lines, group),
        x: curves::sizes(lines),
        y: Axis::rates(curves::values(lines)),
        titles: ["file size (log scale)", "throughput (log scale)"],
        marks: marks::of(&crossovers),
    };
    let svg = curves::draw(&frame, lines)?;
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
                lines.push(Line { label, look: look::look(strategy, index), points });
            }
        }
    }
    lines
}

/// Over the size of the file; none when size or time is zero, which has no logarithm.
fn point(summary: &CaseSummary) -> Option<Point> {
    over(summary.case.size_bytes, summary)
}

/// The throughput of a case over so many bytes.
pub(super) fn over(at: u64, summary: &CaseSummary) -> Option<Point> {
    let bytes = summary.case.size_bytes as f64;
    let rate = |wall_ns: u64| Some((bytes * 1e9 / wall_ns as f64).log10()).filter(|rate| rate.is_finite());
    let interval = summary.wall_upper_ns.and_then(rate).zip(summary.wall_lower_ns.and_then(rate));
    Some(Point { bytes: at, value: rate(summary.wall_median_ns)?, interval })
}

fn entries(lines: &[Line], group: &Group<'_>) -> Vec<Entry> {
    let heading = |text: &str| (0, text.to_owned(), None);
    let mut entries = curves::keys("strategy, chunk", lines);
    entries.extend([heading(""), heading("what moved the bytes")]);
    for strategy in group.strategies() {
        entries.push((8, format!("{strategy}:"), None));
        let mechanisms = group.mechanisms(strategy).into_iter();
        entries.extend(mechanisms.map(|mechanism| (24, mechanism.to_string(), None)));
    }
    entries
}

#[cfg(test)]
mod tests {
    use orbit_engine::Strategy;

    use super::super::{group, planted};
    use super::*;

    fn planted(sizes: &[u64], strategies: &[Strategy], chunks: &[u64]) -> String {
        let (_, summary, _) = planted::run(sizes, strategies, chunks, 15);
        draw(&group::groups(&summary)[0]).unwrap().unwrap()
    }

    const BOTH: [Strategy; 2] = [Strategy::ZeroCopy, Strategy::Buffered];

    #[test]
    fn every_case_is_drawn_and_named() {
        let svg = planted(&[4096, 1 << 20, 64 << 20], Strategy::ALL, &[256 << 10, 1 << 20]);
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
    fn more_lines_than_colours_are_those_of_one_chunk() {
        let svg = planted(&[4096, 1 << 20], Strategy::ALL, &[256 << 10, 1 << 20, 4 << 20]);
        assert!(svg.contains("\nauto, 1 MiB\n") && !svg.contains("\nauto, 4 MiB\n"), "{svg}");
        assert!(svg.contains("Other chunk sizes have a plot of their own."), "{svg}");
    }

    #[test]
    fn intervals_are_drawn_where_there_are_any() {
        let thin = |svg: &str| svg.matches("stroke=\"#0072B2\" stroke-width=\"1\"").count();
        assert_eq!(thin(&planted(&[4096, 8192], &BOTH, &[1 << 20])), 2 * 3);
        let (_, few, _) = planted::run(&[4096, 8192], &BOTH, &[1 << 20], 5);
        assert_eq!(thin(&draw(&group::groups(&few)[0]).unwrap().unwrap()), 0);
    }

    #[test]
    fn a_planted_crossover_is_marked() {
        let svg = planted(&[4096, 65536, 1 << 20], &BOTH, &[1 << 20]);
        assert!(svg.contains("At which file sizes is zero-copy faster than buffered?"), "{svg}");
        assert!(svg.contains("\nBy paired samples, zero-copy is faster from about 92 KiB.\n"), "{svg}");
        assert!(svg.contains("\n≈ 92 KiB at chunk 1 MiB\n"), "{svg}");
    }

    #[test]
    fn no_crossover_is_said() {
        let slower = planted(&[4096, 8192], &BOTH, &[1 << 20]);
        assert!(slower.contains("zero-copy is slower wherever they differ") && !slower.contains("at chunk"));
        let faster = planted(&[16 << 20, 64 << 20], &BOTH, &[1 << 20]);
        assert!(faster.contains("zero-copy is faster wherever they differ") && !faster.contains("at chunk"));
        let alone = planted(&[4096, 64 << 20], &BOTH[..1], &[1 << 20]);
        assert!(
            alone.contains("How fast is a copy at each file size?") && !alone.contains("By paired samples")
        );
    }
}
