//! The page of a tuning, `tune.md` and `tune.html`: what was decided for each pair of file systems, by which figures, and
//! what came of it on sizes that decided nothing.

use std::path::{Path, PathBuf};

use anyhow::Result;
use orbit_engine::{Decision, Threshold, TunedFile};

use super::axes::Axis;
use super::cell::{self, Cell, or_missing};
use super::curves::{self, Frame, Line, Point};
use super::marks::{self, Mark};
use super::page::{Block, Page, Plot, Section};
use super::table::Table;
use super::{html, look, markdown};
use crate::comparison::Ratio;
use crate::scenario::{Knob, Setting};
use crate::tuner::{Figures, Findings, Found, HeldOut, Item, Moves, Row, Shown};

/// A tuned file with what it was decided by.
pub(crate) struct Tuning<'a> {
    pub(crate) file: &'a TunedFile,
    pub(crate) pairs: Vec<Pair<'a>>,
}

/// A pair of file systems.
pub(crate) struct Pair<'a> {
    pub(crate) heading: String,
    /// As its runs call it.
    pub(crate) name: &'a str,
    pub(crate) findings: &'a Findings,
    /// For each knob, what came of it and why.
    pub(crate) sentences: Vec<String>,
    /// What was found on held-out sizes and trees, with all of it in one sentence.
    pub(crate) validated: Option<(String, &'a [HeldOut])>,
}

/// Writes both pages and the plots beside the tuned file at `path`; their paths.
pub(crate) fn write(path: &Path, tuning: &Tuning<'_>) -> Result<[PathBuf; 2]> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let page = page(tuning)?;
    for block in page.sections.iter().flat_map(|section| &section.blocks) {
        if let Block::Plot(plot) = block {
            super::put(folder, &plot.path, &plot.svg)?;
        }
    }
    let stem = path.file_stem().map_or_else(|| "tuned".into(), |stem| stem.to_string_lossy().into_owned());
    let stem = if stem == "tuned" { "tune".to_owned() } else { format!("{stem}-tune") };
    let names = [format!("{stem}.md"), format!("{stem}.html")];
    super::put(folder, &names[0], &markdown::render(&page))?;
    super::put(folder, &names[1], &html::render(&page))?;
    Ok(names.map(|name| folder.join(name)))
}

fn page(tuning: &Tuning<'_>) -> Result<Page> {
    let mut sections = vec![Section::new("Where it holds", vec![Block::Table(provenance(tuning.file))])];
    for pair in &tuning.pairs {
        sections.push(section(pair)?);
    }
    Ok(Page {
        title: "Tuning".to_owned(),
        lead: "Which values are fastest on this machine, and how far is that known?".to_owned(),
        sections,
    })
}

fn provenance(file: &TunedFile) -> Table {
    let rows = file.provenance.iter().flat_map(|provenance| {
        let machine = &provenance.machine;
        [
            ("Processor", format!("{}, {} usable", machine.cpu, machine.processors)),
            ("Kernel", machine.kernel.clone()),
            ("Engine", provenance.engine.clone()),
            ("Made", provenance.created.to_string()),
            ("Valid until", provenance.valid_until.to_string()),
            ("Runs", format!("{}, named in the tuned file", provenance.runs.len())),
        ]
    });
    Table::new(&["What", "Value"], rows.map(|(what, value)| vec![what.into(), value.into()]).collect())
}

fn section(pair: &Pair<'_>) -> Result<Section> {
    let mut blocks = Vec::new();
    let text = |text: &str| Block::Text(text.to_owned());
    match pair.findings.moves {
        Some(Moves::Clones) => blocks.push(text("copy_file_range shares extents here.")),
        Some(Moves::Copies) => blocks.push(text("copy_file_range copies here.")),
        None => {}
    }
    blocks.extend(
        pair.findings
            .implausible
            .iter()
            .map(|what| Block::Text(format!("Cannot be, so that nothing is decided: {what}."))),
    );
    blocks.push(Block::Table(decisions(pair)));
    blocks.extend(plot(pair)?.map(Block::Plot));
    blocks.extend(pair.findings.knobs.iter().filter_map(figures).flatten());
    if let Some((sentence, rows)) = &pair.validated {
        blocks.push(Block::Text(format!("Held-out sizes and trees, in a later process. {sentence}.")));
        blocks.push(Block::Table(held_out(rows)));
    }
    Ok(Section::new(pair.heading.clone(), blocks))
}

fn decisions(pair: &Pair<'_>) -> Table {
    let row = |(found, sentence): (&Found, &String)| {
        vec![
            Cell::from(found.knob().name()),
            found.value.to_string().into(),
            decision(found.decision).into(),
            sentence.as_str().into(),
        ]
    };
    let rows = pair.findings.knobs.iter().zip(&pair.sentences).map(row).collect();
    Table::new(&["Value", "Decided", "Decision", "Why"], rows)
}

fn decision(decision: Decision) -> &'static str {
    match decision {
        Decision::Accepted => "accepted",
        Decision::KeptDefault => "default kept",
        Decision::NoEffect => "no effect",
        Decision::Unsupported => "unsupported",
        Decision::NotMeasured => "not measured",
    }
}

/// What was measured for a knob.
fn figures(found: &Found) -> Option<[Block; 2]> {
    let Figures { shown, blocks, .. } = found.figures.as_ref()?;
    let bound = |bound| or_missing(bound, |bound| cell::ratio(bound, 3));
    let ratio = |ratio: &Ratio| {
        vec![
            cell::ratio(ratio.ratio, 3),
            bound(ratio.ratio_lower),
            bound(ratio.ratio_upper),
            ratio.verdict.to_string().into(),
        ]
    };
    let table = match shown {
        Shown::Sizes(rows) => {
            let headings = [">Size", ">Above", ">Below", ">Above / below", ">95 % from", ">to", "Above is"];
            let row = |row: &Row| {
                let mut cells = vec![cell::size(row.size_bytes), time(row.above_ns), time(row.below_ns)];
                cells.extend(ratio(&row.ratio));
                cells
            };
            Table::new(&headings, rows.iter().map(row).collect())
        }
        Shown::Values(values) => {
            let headings = ["Value", ">Over the kept one", ">95 % from", ">to", "It is"];
            let row = |(setting, of): &(Setting, Ratio)| {
                let mut cells = vec![Cell::from(setting.to_string())];
                cells.extend(ratio(of));
                cells
            };
            Table::new(&headings, values.iter().map(row).collect())
        }
    };
    let what = match shown {
        Shown::Sizes(_) => format!(
            "{}: {} against {}, {blocks} blocks.",
            found.knob(),
            above(found.knob()).0,
            above(found.knob()).1
        ),
        Shown::Values(_) => format!("{}: times over that of {}, {blocks} blocks.", found.knob(), found.kept),
    };
    Some([Block::Text(what), Block::Table(table)])
}

fn above(knob: Knob) -> (&'static str, &'static str) {
    match knob {
        Knob::ReflinkThreshold => ("sharing extents (above)", "buffered (below)"),
        Knob::ParallelThreshold => ("threads (above)", "one thread (below)"),
        _ => ("zero-copy (above)", "buffered (below)"),
    }
}

fn time(ns: f64) -> Cell {
    cell::time(crate::stats::whole(ns))
}

fn held_out(rows: &[HeldOut]) -> Table {
    let percent = |fraction: f64| Cell::number(format!("{:.2} %", 100.0 * fraction), fraction);
    let bound = |bound| or_missing(bound, |bound| cell::ratio(bound, 3));
    let row = |row: &HeldOut| {
        vec![
            match &row.item {
                Item::Size(bytes) => cell::size(*bytes),
                Item::Tree(..) => row.item.to_string().into(),
            },
            cell::ratio(row.ratio.ratio, 3),
            bound(row.ratio.ratio_lower),
            bound(row.ratio.ratio_upper),
            row.ratio.verdict.to_string().into(),
            percent(row.regret),
            percent(row.default_regret),
        ]
    };
    let headings =
        [">Held out", ">Tuned / default", ">95 % from", ">to", "Tuned is", ">Regret of tuned", ">of default"];
    Table::new(&headings, rows.iter().map(row).collect())
}

/// The ratios over file size behind each threshold, with the thresholds that were decided on.
fn plot(pair: &Pair<'_>) -> Result<Option<Plot>> {
    let curves: Vec<(&Found, &Vec<Row>)> = pair
        .findings
        .knobs
        .iter()
        .filter_map(|found| match &found.figures.as_ref()?.shown {
            Shown::Sizes(rows) => Some((found, rows)),
            Shown::Values(_) => None,
        })
        .collect();
    if curves.is_empty() {
        return Ok(None);
    }
    let point = |row: &Row| Point {
        bytes: row.size_bytes,
        value: row.ratio.ratio.log10(),
        interval: row
            .ratio
            .ratio_lower
            .zip(row.ratio.ratio_upper)
            .map(|(low, high)| (low.log10(), high.log10())),
    };
    let lines: Vec<Line> = (0..)
        .zip(&curves)
        .map(|(index, (found, rows))| Line {
            label: found.knob().name().replace('_', " "),
            look: look::of_series(index),
            points: rows.iter().map(point).collect(),
        })
        .collect();
    let frame = Frame {
        title: "From which size on does it pay?",
        subtitle: vec![
            pair.heading.clone(),
            "Paired ratios of times, above the threshold over below it; bars are 95 % intervals.".to_owned(),
            "Below 1 the way above the threshold is the faster one.".to_owned(),
        ],
        entries: curves::keys("threshold", &lines),
        x: curves::sizes(&lines),
        y: Axis::ratios(curves::values(&lines).chain([0.0])),
        titles: ["file size (log scale)", "ratio of times (log scale)"],
        marks: curves.iter().filter_map(|(found, _)| mark(found)).collect(),
    };
    let svg = curves::draw(&frame, &lines)?;
    let caption = format!("Ratios of times over file size; {}", pair.heading);
    Ok(Some(Plot::new(&format!("tune-{}", pair.name), caption, svg)))
}

fn mark(found: &Found) -> Option<Mark> {
    let (Setting::ZeroCopyThreshold(threshold)
    | Setting::ReflinkThreshold(threshold)
    | Setting::ParallelThreshold(threshold)
    | Setting::TreeZeroCopyThreshold(threshold)) = found.value
    else {
        return None;
    };
    match threshold {
        Threshold::AtLeast(bytes) if bytes > 0 => Some(marks::at(
            bytes,
            format!(
                "{}: {} ({})",
                found.knob().name().replace('_', " "),
                found.value,
                decision(found.decision)
            ),
        )),
        _ => None,
    }
}
