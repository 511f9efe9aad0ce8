//! Bars that begin at zero, with intervals: one panel a row of a table, one bar a column. The number stands beside each
//! bar. What is drawn is decided by who calls.

use anyhow::Result;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axes::Axis;
use super::chart::{self, Area};
use super::look::Look;

/// In pixels, as all of these.
const WIDTH: i32 = 900;
/// Height that a bar takes, with the space around it.
const BAR: i32 = 22;
/// Above and below the bars of a panel: title, and labels of the axis.
const ABOVE: i32 = 34;
const BELOW: i32 = 44;
/// Room for the number beside the longest bar.
const NUMBER: i32 = 84;
/// Width of a letter.
const LETTER: i32 = 7;

pub(super) struct Bar {
    pub(super) label: String,
    pub(super) look: Look,
    pub(super) value: u64,
    pub(super) interval: Option<(u64, u64)>,
    /// The value as it is read.
    pub(super) text: String,
}

pub(super) struct Panel {
    pub(super) title: String,
    pub(super) bars: Vec<Bar>,
}

/// What stands around the panels.
pub(super) struct Frame<'a> {
    pub(super) title: &'a str,
    pub(super) subtitle: Vec<String>,
    /// The axis from zero to the longest value.
    pub(super) axis: fn(u64) -> Axis,
    pub(super) axis_title: &'a str,
}

/// The SVG; panels stand in two columns where their labels leave room.
pub(super) fn draw(frame: &Frame<'_>, panels: &[Panel]) -> Result<String> {
    let bars = || panels.iter().flat_map(|panel| &panel.bars);
    let longest = bars().map(|bar| bar.label.chars().count()).max().unwrap_or(0);
    let label = i32::try_from(longest)? * LETTER + 14;
    let columns: usize = if panels.len() > 1 && label < 200 { 2 } else { 1 };
    let most = panels.iter().map(|panel| panel.bars.len()).max().unwrap_or(0);
    let height = ABOVE + BAR * i32::try_from(most)? + BELOW;
    let top = chart::heading_height(frame.subtitle.len()) + 8;
    let rows = i32::try_from(panels.len().div_ceil(columns))?;
    let width = (WIDTH - 2 * chart::MARGIN) / i32::try_from(columns)?;
    chart::svg((WIDTH, top + rows * height + 6), |area| {
        chart::heading(area, frame.title, &frame.subtitle)?;
        for (index, panel) in panels.iter().enumerate() {
            let (column, row) = (i32::try_from(index % columns)?, i32::try_from(index / columns)?);
            let at = Place { left: chart::MARGIN + column * width, top: top + row * height, label, width };
            self::panel(area, frame, panel, &at)?;
        }
        Ok(())
    })
}

/// Of a panel; `label` is the width of the labels at its left.
struct Place {
    left: i32,
    top: i32,
    label: i32,
    width: i32,
}

fn panel(area: &Area<'_>, frame: &Frame<'_>, panel: &Panel, at: &Place) -> Result<()> {
    let end = |bar: &Bar| bar.interval.map_or(bar.value, |(_, upper)| bar.value.max(upper));
    let axis = (frame.axis)(panel.bars.iter().map(end).max().unwrap_or(0));
    let (zero, right) = (at.left + at.label, at.left + at.width - NUMBER);
    let x = |value: f64| axis.map(&value, (zero, right));
    let first = at.top + ABOVE;
    let last = first + BAR * i32::try_from(panel.bars.len())?;
    let title = chart::anchored(chart::BODY, chart::INK, HPos::Left);
    area.draw(&Text::new(panel.title.clone(), (zero, at.top + 16), title))?;
    for (value, label) in &axis.ticks {
        area.draw(&PathElement::new(vec![(x(*value), first), (x(*value), last)], chart::MESH))?;
        let style = chart::anchored(chart::SMALL, chart::INK, HPos::Center);
        area.draw(&Text::new(label.clone(), (x(*value), last + 10), style))?;
    }
    let style = chart::anchored(chart::SMALL, chart::GREY, HPos::Center);
    area.draw(&Text::new(frame.axis_title.to_owned(), ((zero + right) / 2, last + 28), style))?;
    for (bar, row) in panel.bars.iter().zip(0..) {
        self::bar(area, bar, (zero, first + BAR * row + BAR / 2), x)?;
    }
    area.draw(&PathElement::new(vec![(zero, first), (zero, last)], chart::GREY.stroke_width(1)))?;
    Ok(())
}

/// A bar from `zero` to the right, with what stands on both of its sides.
fn bar(area: &Area<'_>, bar: &Bar, (zero, y): (i32, i32), x: impl Fn(f64) -> i32) -> Result<()> {
    let label = chart::anchored(chart::SMALL, chart::INK, HPos::Right);
    area.draw(&Text::new(bar.label.clone(), (zero - 6, y), label))?;
    let end = x(bar.value as f64);
    area.draw(&Rectangle::new([(zero, y - 7), (end.max(zero + 1), y + 7)], bar.look.fill()))?;
    let mut after = end;
    if let Some((lower, upper)) = bar.interval {
        let (low, high) = (x(lower as f64), x(upper as f64));
        // Paper around the ink, so that a whisker is seen on a bar of any colour.
        for style in [chart::PAPER.stroke_width(3), chart::INK.stroke_width(1)] {
            area.draw(&PathElement::new(vec![(low, y), (high, y)], style))?;
            for end in [low, high] {
                area.draw(&PathElement::new(vec![(end, y - 4), (end, y + 4)], style))?;
            }
        }
        after = after.max(high);
    }
    let number = chart::anchored(chart::SMALL, chart::INK, HPos::Left);
    Ok(area.draw(&Text::new(bar.text.clone(), (after + 7, y), number))?)
}
