//! The plot of wall times by percentile, one panel per file size. It draws every valid sample, as far as a screen tells them
//! apart, and reckons no percentile beyond those that the samples tell.

use std::collections::BTreeSet;

use anyhow::Result;
use orbit_engine::Strategy;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axes::{self, Axis};
use super::chart::{self, Area};
use super::group::Group;
use super::look::look;
use super::walls::Walls;
use super::{percentile, units};
use crate::plan::Case;
use crate::scenario::ChunkChoice;

const WIDTH: i32 = 900;

/// The wall times of one case, ascending and never empty.
struct Line {
    strategy: Strategy,
    chunk: ChunkChoice,
    wall_ns: Vec<u64>,
}

struct Panel {
    title: String,
    lines: Vec<Line>,
}

/// The SVG, unless there is no sample.
pub(super) fn draw(group: &Group<'_>, walls: &Walls<'_>) -> Result<Option<String>> {
    let panels = panels(group, walls);
    let most = panels.iter().flat_map(|panel| &panel.lines).map(|line| line.wall_ns.len()).max();
    let Some(most) = most else { return Ok(None) };
    let (columns, rows) = grid(panels.len());
    let (top, panel_height, bottom) = (128, if columns < 3 { 340 } else { 240 }, 44);
    let height = top + panel_height * i32::try_from(rows)? + bottom;
    let svg = chart::svg((WIDTH, height), |area| {
        let lines = [group.conditions(), format!("{} The dot is the slowest copy.", chunks(&panels))];
        chart::heading(area, "How long does one copy take, and how much does that vary?", &lines)?;
        legend(area, group, chart::heading_height(lines.len()) + 16)?;
        titles(area, height, most)?;
        let cells = area.margin(top, bottom, 26, 8).split_evenly((rows, columns));
        let x = percentile::axis(most, WIDTH / i32::try_from(columns)?);
        for (panel, cell) in panels.iter().zip(&cells) {
            frame(area, cell, panel, x.clone())?;
        }
        Ok(())
    })?;
    Ok(Some(svg))
}

/// The titles that all panels share.
fn titles(area: &Area<'_>, height: i32, samples: usize) -> Result<()> {
    let told = if samples == 1 { "one sample tells".to_owned() } else { format!("{samples} samples tell") };
    let x = format!("percentile: share of copies that took at most this long, in %, as far as {told}");
    let style = chart::anchored(chart::BODY, chart::INK, HPos::Center);
    area.draw(&Text::new(x, (WIDTH / 2, height - 22), style.clone()))?;
    let upwards = style.transform(FontTransform::Rotate270);
    Ok(area.draw(&Text::new("wall time", (20, (height + 80) / 2), upwards))?)
}

/// Columns and rows.
fn grid(panels: usize) -> (usize, usize) {
    let columns = match panels {
        0..=3 => panels.max(1),
        4 => 2,
        5 | 6 => 3,
        _ => 4,
    };
    (columns, panels.div_ceil(columns))
}

fn panels(group: &Group<'_>, walls: &Walls<'_>) -> Vec<Panel> {
    let panel = |size: u64| {
        let lines: Vec<Line> = group
            .strategies()
            .into_iter()
            .filter_map(|strategy| line(group, walls, strategy, size))
            .collect();
        (!lines.is_empty()).then(|| Panel { title: units::size(size), lines })
    };
    group.sizes().into_iter().filter_map(panel).collect()
}

fn line(group: &Group<'_>, walls: &Walls<'_>, strategy: Strategy, size: u64) -> Option<Line> {
    let same = |case: &Case| case.strategy == strategy && case.size_bytes == size;
    let chunk = group.nearest_chunk(same)?;
    let nearest =
        group.cases.iter().map(|summary| &summary.case).find(|case| same(case) && case.chunk == chunk)?;
    let mut wall_ns = walls.case(&nearest.id).to_vec();
    wall_ns.sort_unstable();
    (!wall_ns.is_empty()).then_some(Line { strategy, chunk: nearest.chunk, wall_ns })
}

/// Says at which chunk sizes the lines were measured.
fn chunks(panels: &[Panel]) -> String {
    let lines = panels.iter().flat_map(|panel| &panel.lines);
    let drawn: BTreeSet<ChunkChoice> = lines.map(|line| line.chunk).collect();
    let names: Vec<String> = drawn.into_iter().map(units::chunk).collect();
    match names.join(" or ") {
        own if own == "engine" => "Chunk: the engine's own.".to_owned(),
        exact if exact == "1 MiB" => "Chunk 1 MiB.".to_owned(),
        nearest => format!("Chunk {nearest}, the nearest to 1 MiB that was measured."),
    }
}

fn legend(area: &Area<'_>, group: &Group<'_>, y: i32) -> Result<()> {
    let mut x = chart::MARGIN;
    for strategy in group.strategies() {
        look(strategy, 0).key(area, (x, y), 38)?;
        let mechanisms: Vec<String> = group.mechanisms(strategy).iter().map(ToString::to_string).collect();
        let label = format!("{strategy} ({})", mechanisms.join(", "));
        let step = 46 + 7 * i32::try_from(label.chars().count())?;
        area.draw(&Text::new(label, (x + 46, y), chart::anchored(chart::BODY, chart::INK, HPos::Left)))?;
        x += step + 24;
    }
    Ok(())
}

fn frame(area: &Area<'_>, cell: &Area<'_>, panel: &Panel, x: Axis) -> Result<()> {
    let longest = panel.lines.iter().filter_map(|line| line.wall_ns.last()).max();
    let y = Axis::times(longest.copied().unwrap_or(0));
    let mut plot = ChartBuilder::on(cell)
        .margin(6)
        .margin_top(30)
        .x_label_area_size(26)
        .y_label_area_size(58)
        .build_cartesian_2d(x, y)?;
    axes::mesh(&mut plot, ["", ""], chart::SMALL)?;
    let (columns, rows) = plot.plotting_area().get_pixel_range();
    let title = chart::anchored(chart::BODY, chart::INK, HPos::Center);
    area.draw(&Text::new(panel.title.clone(), ((columns.start + columns.end) / 2, rows.start - 14), title))?;
    for line in &panel.lines {
        let look = look(line.strategy, 0);
        let steps = percentile::steps(&line.wall_ns);
        look.path(&mut plot, &steps)?;
        if let Some(slowest) = steps.last() {
            look.mark(area, plot.backend_coord(slowest))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{group, planted};
    use super::*;

    fn drawn(sizes: &[u64], strategies: &[Strategy], chunks: &[u64], samples: u32) -> String {
        let (_, summary, samples) = planted::run(sizes, strategies, chunks, samples);
        draw(&group::groups(&summary)[0], &Walls::of(&samples)).unwrap().unwrap()
    }

    #[test]
    fn every_size_and_strategy_is_drawn_and_named() {
        let sizes = [4096, 1 << 20, 64 << 20];
        let svg = drawn(&sizes, Strategy::ALL, &[256 << 10, 1 << 20, 4 << 20], 15);
        for text in ["4 KiB", "1 MiB", "64 MiB", "zero-copy (copy-file-range)", "buffered (read-write)"] {
            assert!(svg.contains(&format!("\n{text}\n")), "{text}");
        }
        assert!(svg.contains("auto (copy-file-range, read-write)") && svg.contains("\nChunk 1 MiB. The dot"));
        // The slowest copy of each line, and the keys.
        assert_eq!(svg.matches("<circle").count(), 3 * 3 + 3);
        assert!(svg.contains("as far as 15 samples tell"));
    }

    #[test]
    fn the_nearest_chunk_is_named() {
        let svg = drawn(&[4096], &[Strategy::Buffered], &[64 << 10, 256 << 10], 6);
        assert!(svg.contains("Chunk 256 KiB, the nearest"), "{svg}");
    }

    #[test]
    fn a_line_has_its_own_samples_in_ascending_order() {
        let (_, summary, samples) = planted::run(&[4096, 8192], Strategy::ALL, &[1 << 20], 15);
        let group = &group::groups(&summary)[0];
        let line = line(group, &Walls::of(&samples), Strategy::Buffered, 8192).unwrap();
        assert!(line.wall_ns.is_sorted());
        let case = group.line(Strategy::Buffered, planted::chunk(1 << 20))[1];
        let ends = (line.wall_ns[0], line.wall_ns[14], line.wall_ns.len());
        assert_eq!(ends, (case.wall_min_ns, case.wall_max_ns, 15));
    }

    #[test]
    fn panels_fill_a_grid() {
        assert_eq!([1, 3, 4, 6, 8, 9].map(grid), [(1, 1), (3, 1), (2, 2), (3, 2), (4, 2), (4, 3)]);
    }
}
