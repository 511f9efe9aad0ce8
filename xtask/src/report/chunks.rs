//! The plot of throughput against chunk size, one line per strategy and file size, where several chunk sizes were measured.

use anyhow::Result;

use super::axes::Axis;
use super::curves::{self, Frame, Line, Point};
use super::group::Group;
use super::{look, throughput, units};
use crate::scenario::ChunkChoice;

/// Fewer chunk sizes than this are lines in the plot of throughput against file size.
const FEWEST: usize = 3;

/// The SVG, unless there are too few chunk sizes.
pub(super) fn draw(group: &Group<'_>) -> Result<Option<String>> {
    let lines = lines(group);
    if lines.iter().all(|line| line.points.len() < FEWEST) {
        return Ok(None);
    }
    let frame = Frame {
        title: "What does the chunk size change?",
        subtitle: vec![group.conditions(), "Medians; bars are 95 % intervals.".to_owned()],
        entries: curves::keys("strategy, file size", &lines),
        x: curves::sizes(&lines),
        y: Axis::rates(curves::values(&lines)),
        titles: ["chunk size (log scale)", "throughput (log scale)"],
        marks: Vec::new(),
    };
    Ok(Some(curves::draw(&frame, &lines)?))
}

/// Of the largest files, as many as there are colours for.
fn lines(group: &Group<'_>) -> Vec<Line> {
    let strategies = group.strategies();
    let most = look::SERIES.len() / strategies.len().max(1);
    let sizes: Vec<u64> = group.sizes().into_iter().rev().take(most).collect();
    let mut lines = Vec::new();
    for strategy in strategies {
        for (index, &size) in sizes.iter().enumerate() {
            let point = |chunk: ChunkChoice| {
                let line = group.line(strategy, chunk);
                let summary = line.into_iter().find(|summary| summary.case.size_bytes == size)?;
                throughput::over(chunk.bytes()?, summary)
            };
            let points: Vec<Point> = group.chunks().into_iter().filter_map(point).collect();
            let label = format!("{strategy}, {}", units::size(size));
            lines.push(Line { label, look: look::look(strategy, index), points });
        }
    }
    lines.retain(|line| !line.points.is_empty());
    lines
}

#[cfg(test)]
mod tests {
    use orbit_engine::Strategy;

    use super::super::{group, planted};
    use super::*;

    fn drawn(sizes: &[u64], chunks: &[u64]) -> Option<String> {
        let (_, summary, _) = planted::run(sizes, &[Strategy::ZeroCopy, Strategy::Buffered], chunks, 6);
        draw(&group::groups(&summary)[0]).unwrap()
    }

    #[test]
    fn chunk_sizes_are_the_axis_and_the_largest_files_the_lines() {
        let chunks = [64 << 10, 256 << 10, 1 << 20];
        assert_eq!(drawn(&[1 << 20], &chunks[..2]), None);
        let svg = drawn(&[4096, 1 << 20, 16 << 20, 64 << 20], &chunks).unwrap();
        for text in
            ["\n64 KiB\n", "\nbuffered, 64 MiB\n", "\nzero-copy, 1 MiB\n", "\nchunk size (log scale)\n"]
        {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        assert!(!svg.contains("buffered, 4 KiB"), "{svg}");
    }
}
