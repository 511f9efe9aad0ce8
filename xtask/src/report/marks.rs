//! Crossovers as thin vertical lines, labelled in rows above the plot where no data is. Where they are is not decided
//! here.

use anyhow::Result;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axes::Plot;
use super::chart::{self, Area};
use super::crossover::Crossover;
use super::units;

/// Height of a label in pixels.
const ROW: i32 = 18;
/// Space above and between labels and plot.
const GAP: i32 = 6;

/// A vertical line and what it says.
pub(super) struct Mark {
    log2_size: f64,
    label: String,
}

/// One at this size.
pub(super) fn at(bytes: u64, label: String) -> Mark {
    Mark { log2_size: (bytes as f64).log2(), label }
}

/// Those crossovers that have a place, from small to large.
pub(super) fn of(crossovers: &[(String, Crossover)]) -> Vec<Mark> {
    let mark = |(chunk, crossover): &(String, Crossover)| match crossover {
        Crossover::At { bytes, .. } => Some(Mark {
            log2_size: bytes.log2(),
            label: format!("≈ {} at chunk {}", units::about(*bytes), chunk),
        }),
        _ => None,
    };
    let mut marks: Vec<Mark> = crossovers.iter().filter_map(mark).collect();
    marks.sort_by(|a, b| a.log2_size.total_cmp(&b.log2_size));
    marks
}

/// What the labels take above the plot.
pub(super) fn height(marks: &[Mark]) -> i32 {
    i32::try_from(marks.len()).map_or(0, |rows| ROW * rows + GAP)
}

/// Draws the lines from the labels, of which the first is at `top`, to the bottom of the plot.
pub(super) fn draw(area: &Area<'_>, plot: &Plot<'_, '_>, marks: &[Mark], top: i32) -> Result<()> {
    let (columns, rows) = plot.plotting_area().get_pixel_range();
    let mut at = Vec::new();
    let mut y = top + GAP + ROW / 2;
    for mark in marks {
        let (x, _) = plot.backend_coord(&(mark.log2_size, 0.0));
        area.draw(&PathElement::new(vec![(x, y), (x, rows.end)], chart::GREY.stroke_width(1)))?;
        at.push((x, y));
        y += ROW;
    }
    for (mark, at) in marks.iter().zip(at) {
        label(area, &mark.label, at, at.0 > (columns.start + columns.end) * 3 / 5)?;
    }
    Ok(())
}

/// Text beside a line, over the lines of others.
fn label(area: &Area<'_>, text: &str, (x, y): (i32, i32), to_the_left: bool) -> Result<()> {
    let (side, direction) = if to_the_left { (HPos::Right, -1) } else { (HPos::Left, 1) };
    let width = i32::try_from(text.chars().count())? * 7;
    let (near, far) = (x + 3 * direction, x + (5 + width) * direction);
    let ends = [(near.min(far), y - ROW / 2), (near.max(far), y + ROW / 2)];
    area.draw(&Rectangle::new(ends, chart::PAPER.filled()))?;
    let style = chart::anchored(chart::SMALL, chart::INK, side);
    Ok(area.draw(&Text::new(text.to_owned(), (x + 5 * direction, y), style))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stand_in_the_order_of_their_lines() {
        let at = |bytes| Crossover::At { bytes, above: true };
        let marks = of(&[
            ("4 KiB".to_owned(), at(65536.0)),
            ("8 KiB".to_owned(), Crossover::Several),
            ("16 KiB".to_owned(), at(2048.0)),
            ("32 KiB".to_owned(), at(8192.0)),
        ]);
        let labels: Vec<&str> = marks.iter().map(|mark| mark.label.as_str()).collect();
        assert_eq!(labels, ["≈ 2 KiB at chunk 16 KiB", "≈ 8 KiB at chunk 32 KiB", "≈ 64 KiB at chunk 4 KiB"]);
    }
}
