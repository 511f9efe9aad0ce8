//! Lines over file sizes with their intervals, and a legend beside them where no data is. What is drawn is decided by
//! who calls.

use anyhow::Result;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axes::{self, Axis, Plot};
use super::chart::{self, Area};
use super::look::Look;
use super::marks::{self, Mark};

/// In pixels, as all of these. A legend of many or long rows makes the plot larger.
const WIDTH: i32 = 900;
const HEIGHT: i32 = 560;
/// Where the plot ends and the legend begins.
const SPLIT: i32 = 690;
/// From there to the legend.
const GAP: i32 = 18;
/// Height of a row of the legend.
const ENTRY: i32 = 21;
/// Width of a letter.
const LETTER: i32 = 8;

pub(super) struct Line {
    pub(super) label: String,
    pub(super) look: Look,
    pub(super) points: Vec<Point>,
}

/// A case; its value is the decimal logarithm that the upright axis is linear in.
pub(super) struct Point {
    pub(super) bytes: u64,
    pub(super) value: f64,
    /// Lower and upper end of the interval.
    pub(super) interval: Option<(f64, f64)>,
}

/// A row of the legend: indentation, text, and the line that it explains.
pub(super) type Entry = (i32, String, Option<Look>);

/// What stands around the lines.
pub(super) struct Frame<'a> {
    pub(super) title: &'a str,
    pub(super) subtitle: Vec<String>,
    pub(super) entries: Vec<Entry>,
    pub(super) x: Axis,
    pub(super) y: Axis,
    /// Of the axes, with their units.
    pub(super) titles: [&'a str; 2],
    pub(super) marks: Vec<Mark>,
}

/// The axis for all points of these lines.
pub(super) fn sizes(lines: &[Line]) -> Axis {
    Axis::sizes(lines.iter().flat_map(|line| &line.points).map(|point| point.bytes))
}

/// Every value that the upright axis must hold.
pub(super) fn values(lines: &[Line]) -> impl Iterator<Item = f64> {
    lines.iter().flat_map(|line| &line.points).flat_map(|point| {
        let (low, high) = point.interval.unwrap_or((point.value, point.value));
        [point.value, low, high]
    })
}

/// The legend's rows for these lines.
pub(super) fn keys(heading: &str, lines: &[Line]) -> Vec<Entry> {
    let mut entries = vec![(0, heading.to_owned(), None)];
    entries.extend(lines.iter().map(|line| (46, line.label.clone(), Some(line.look))));
    entries
}

pub(super) fn draw(frame: &Frame<'_>, lines: &[Line]) -> Result<String> {
    let top = chart::heading_height(frame.subtitle.len());
    let height = HEIGHT.max(top + ENTRY * i32::try_from(frame.entries.len())? + 30);
    let width = |(indent, text, _): &Entry| {
        i32::try_from(text.chars().count()).map_or(WIDTH, |letters| indent + LETTER * letters)
    };
    let width = WIDTH.max(SPLIT + GAP + frame.entries.iter().map(width).max().unwrap_or(0) + GAP);
    chart::svg((width, height), |area| {
        chart::heading(area, frame.title, &frame.subtitle)?;
        legend(area, &frame.entries, top + 14)?;
        let mut chart = ChartBuilder::on(area)
            .margin_top(top + marks::height(&frame.marks))
            .margin_right(width - SPLIT)
            .margin_bottom(12)
            .margin_left(14)
            .x_label_area_size(52)
            .y_label_area_size(88)
            .build_cartesian_2d(frame.x.clone(), frame.y.clone())?;
        axes::mesh(&mut chart, frame.titles, chart::SMALL)?;
        marks::draw(area, &chart, &frame.marks, top)?;
        lines.iter().try_for_each(|line| self::line(area, &mut chart, line))
    })
}

fn legend(area: &Area<'_>, entries: &[Entry], top: i32) -> Result<()> {
    let (x, mut y) = (SPLIT + GAP, top);
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

fn line(area: &Area<'_>, chart: &mut Plot<'_, '_>, line: &Line) -> Result<()> {
    let size = |point: &Point| (point.bytes as f64).log2();
    for point in &line.points {
        if let Some((low, high)) = point.interval {
            let pixel = |value| chart.backend_coord(&(size(point), value));
            bar(area, pixel(low), pixel(high), line.look)?;
        }
    }
    let path: Vec<(f64, f64)> = line.points.iter().map(|point| (size(point), point.value)).collect();
    line.look.path(chart, &path)?;
    path.iter().try_for_each(|at| line.look.mark(area, chart.backend_coord(at)))
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
