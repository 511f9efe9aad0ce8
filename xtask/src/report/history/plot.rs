//! A panel for each series that changed: every run, the levels, and where they change. Where they change is not decided here.

use std::collections::BTreeSet;

use anyhow::Result;
use orbit_engine::Machine;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::super::axes::{self, Axis, Plot};
use super::super::chart::{self, Area};
use super::super::look;
use crate::gate::history::{Clock, Creep, TimeSeries};

pub(super) const CAPTION: &str = "Times of each run against the first level, with the levels that were found";

const WIDTH: i32 = 980;
const PANEL: i32 = 250;

/// Most labels of an axis of percentages.
const TICKS: f64 = 6.0;

pub(super) fn draw(creep: &Creep) -> Result<String> {
    let shown = shown(creep);
    let machines: Vec<&Machine> =
        creep.series.iter().map(|one| &one.machine).collect::<BTreeSet<_>>().into_iter().collect();
    let mut lines = vec![
        "A dot is the median of a run, a line a level without a change. Where levels meet, the shift is named.".to_owned(),
    ];
    lines.extend(machines.iter().enumerate().map(|(index, machine)| {
        format!(
            "Machine {}: {}, {} processors, kernel {}",
            index + 1,
            machine.cpu,
            machine.processors,
            machine.kernel
        )
    }));
    let columns = if shown.len() < 2 { 1 } else { 2 };
    let rows = shown.len().div_ceil(columns).max(1);
    let top = chart::heading_height(lines.len());
    let height = top + PANEL * i32::try_from(rows)? + 12;
    chart::svg((WIDTH, height), |area| {
        chart::heading(area, "Did copies become slower, little by little?", &lines)?;
        let cells = area.margin(top, 8, 8, 8).split_evenly((rows, columns));
        for (series, cell) in shown.iter().zip(&cells) {
            let number = machines.iter().position(|machine| **machine == series.machine);
            let machine =
                number.filter(|_| machines.len() > 1).map(|index| format!(", machine {}", index + 1));
            let title = format!("{}, {}{}", short(&series.case), series.clock, machine.unwrap_or_default());
            panel(area, cell, series, title)?;
        }
        Ok(())
    })
}

/// What changed; all wall times where nothing did.
fn shown(creep: &Creep) -> Vec<&TimeSeries> {
    let changed: Vec<&TimeSeries> = creep.series.iter().filter(|one| !one.shifts.is_empty()).collect();
    if changed.is_empty() {
        creep.series.iter().filter(|one| one.clock == Clock::Wall).collect()
    } else {
        changed
    }
}

/// Without the scenario's name and what most cases share.
fn short(case: &str) -> String {
    let axes = case.split('/').skip(1).filter(|axis| !["verify=none", "chunk=engine"].contains(axis));
    axes.collect::<Vec<_>>().join(" ")
}

fn panel(area: &Area<'_>, cell: &Area<'_>, series: &TimeSeries, title: String) -> Result<()> {
    let first = series.levels.first().map_or(1, |level| level.median_ns.max(1));
    let percent = |ns: u64| (ns as f64 / first as f64 - 1.0) * 100.0;
    let points: Vec<(f64, f64)> =
        series.runs.iter().enumerate().map(|(index, run)| (index as f64, percent(run.ns))).collect();
    let mut plot = ChartBuilder::on(cell)
        .margin(8)
        .margin_top(30)
        .margin_right(24)
        .x_label_area_size(30)
        .y_label_area_size(64)
        .build_cartesian_2d(dates(series), percents(points.iter().map(|(_, y)| *y)))?;
    axes::mesh(&mut plot, ["", ""], chart::SMALL)?;
    let (columns, rows) = plot.plotting_area().get_pixel_range();
    let style = chart::anchored(chart::SMALL, chart::INK, HPos::Center);
    area.draw(&Text::new(title, ((columns.start + columns.end) / 2, rows.start - 14), style))?;
    for point in &points {
        area.draw(&Circle::new(plot.backend_coord(point), 3, look::SERIES[6].mix(0.6).filled()))?;
    }
    levels(area, &plot, series, percent)
}

/// Each from its first run to its last, and the shift to it above the data.
fn levels(
    area: &Area<'_>,
    plot: &Plot<'_, '_>,
    series: &TimeSeries,
    percent: impl Fn(u64) -> f64,
) -> Result<()> {
    let (columns, rows) = plot.plotting_area().get_pixel_range();
    for (index, level) in series.levels.iter().enumerate() {
        let end = series.levels.get(index + 1).map_or(series.runs.len(), |next| next.from);
        let ends = [level.from, end.saturating_sub(1)];
        let line = ends.map(|run| plot.backend_coord(&(run as f64, percent(level.median_ns))));
        area.draw(&PathElement::new(line.to_vec(), look::SERIES[2].stroke_width(3)))?;
    }
    for (index, shift) in series.shifts.iter().enumerate() {
        let colour = if shift.slower_pct > 0.0 { look::SERIES[1] } else { look::SERIES[0] };
        let (x, _) = plot.backend_coord(&(shift.at as f64 - 0.5, 0.0));
        area.draw(&PathElement::new(vec![(x, rows.start), (x, rows.end)], colour.stroke_width(1)))?;
        let is_right = x > (columns.start + columns.end) / 2;
        let (side, step) = if is_right { (HPos::Right, -6) } else { (HPos::Left, 6) };
        let label = format!("{:+.1} %", shift.slower_pct);
        // In two rows, as changes may be close.
        let y = rows.start + if index.is_multiple_of(2) { 10 } else { 26 };
        area.draw(&Text::new(label, (x + step, y), chart::anchored(chart::SMALL, colour, side)))?;
    }
    Ok(())
}

/// The runs in their order, labelled by date at both ends and in the middle.
fn dates(series: &TimeSeries) -> Axis {
    let last = series.runs.len().saturating_sub(1);
    let places: BTreeSet<usize> = [0, last / 2, last].into();
    let label = |index: usize| {
        let run = series.runs.get(index)?;
        Some((index as f64, run.date.get(..10)?.to_owned()))
    };
    Axis { low: -1.0, high: last as f64 + 1.0, ticks: places.into_iter().filter_map(label).collect() }
}

/// With room above for the labels of shifts.
fn percents(values: impl Iterator<Item = f64>) -> Axis {
    let (low, high) =
        values.fold((-1.0_f64, 1.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    let (low, high) = (low - 0.08 * (high - low), high + 0.2 * (high - low));
    let power = 10_f64.powf(((high - low) / TICKS).log10().floor());
    let step = [1.0, 2.0, 5.0]
        .map(|multiple| multiple * power)
        .into_iter()
        .find(|step| (high - low) / step <= TICKS);
    let step = step.unwrap_or(10.0 * power);
    let mut ticks = Vec::new();
    let mut at = (low / step).ceil() * step;
    while at <= high {
        ticks.push((at, if at.abs() < step / 2.0 { "0 %".to_owned() } else { format!("{at:+} %") }));
        at += step;
    }
    Axis { low, high, ticks }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_have_round_labels() {
        let labels = |low, high| -> Vec<String> {
            percents([low, high].into_iter()).ticks.into_iter().map(|(_, label)| label).collect()
        };
        assert_eq!(labels(-2.0, 11.0), ["0 %", "+5 %", "+10 %"]);
        assert_eq!(labels(0.0, 0.0), ["-1 %", "-0.5 %", "0 %", "+0.5 %", "+1 %"]);
        assert!(labels(-40.0, 900.0).len() < 8);
    }
}
