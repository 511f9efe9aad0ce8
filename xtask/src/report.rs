//! The artefacts of a run that people and other tools read, drawn from a finished summary. It must not measure, decide
//! or look at a clock: equal input gives equal files.

mod agreement;
mod axes;
mod bars;
mod budgets;
mod calibration;
mod cell;
mod chart;
mod chunks;
mod compared;
mod conditions;
mod contents;
mod crossover;
mod curves;
mod document;
mod durable;
mod gate;
mod group;
mod growth;
mod hist;
mod history;
mod html;
mod invalid;
mod junit;
mod known;
mod latency;
mod look;
mod markdown;
mod marks;
mod page;
mod peers;
mod percentile;
#[cfg(test)]
pub(crate) mod planted;
mod plots;
mod table;
mod throughput;
pub(crate) mod tuning;
mod units;
mod values;
mod walls;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::clock::Overhead;
use crate::gate::history::Creep;
use crate::gate::{Calibration, Outcome};
use crate::record::{RunRecord, write_json};
use crate::run_comparison::RunComparison;
use crate::sample::Sample;
use crate::summary::Summary;

pub(crate) use document::document;
pub(crate) use gate::Origin;
use walls::Walls;

/// Writes `summary.json`, `summary.md`, `report.html`, `junit.xml`, `hist/` and `plots/` into the run's folder, over what
/// is there.
pub(crate) fn write(folder: &Path, record: &RunRecord, summary: &Summary, samples: &[Sample]) -> Result<()> {
    let walls = Walls::of(samples);
    write_json(&folder.join("summary.json"), summary)?;
    hist::write(folder, record, summary, &walls)?;
    put(folder, "junit.xml", &junit::render(record, summary, samples, &walls)?)?;
    let plots = plots::draw(summary, &walls)?;
    for plot in &plots {
        put(folder, &plot.path, &plot.svg)?;
    }
    let page = contents::page(record, summary, samples, plots);
    put(folder, "summary.md", &markdown::render(&page))?;
    put(folder, "report.html", &html::render(&page))
}

/// The engine beside its peers, as a terminal shows it; none where only the engine was measured.
pub(crate) fn peers(summary: &Summary) -> Option<String> {
    peers::tables(summary)
}

/// What measuring itself takes, as a terminal shows it.
pub(crate) fn overhead(overhead: Overhead) -> String {
    format!("measuring takes {}", conditions::overhead(overhead))
}

/// Several runs beside each other, as Markdown.
pub(crate) fn compared(comparison: &RunComparison) -> String {
    markdown::render(&compared::page(comparison))
}

/// What the gate says, as a terminal shows it.
pub(crate) fn gate_table(outcome: &Outcome) -> String {
    gate::terminal(outcome)
}

/// The same as Markdown, for a job's summary.
pub(crate) fn gate_markdown(outcome: &Outcome) -> String {
    gate::markdown(outcome)
}

/// The same as annotations of GitHub Actions.
pub(crate) fn gate_annotations(outcome: &Outcome) -> String {
    gate::annotations(outcome)
}

/// The same as `junit.xml` has it: a test a case.
pub(crate) fn gate_junit(outcome: &Outcome) -> Result<String> {
    gate::junit(outcome)
}

/// The same as SARIF has it: a result a finding.
pub(crate) fn gate_sarif(outcome: &Outcome, origin: &Origin) -> Result<String> {
    gate::sarif(outcome, origin)
}

/// The history of the gate: a page, and the plot that it shows under this name.
pub(crate) fn gate_history(creep: &Creep, plot: &str) -> Result<(String, String)> {
    history::render(creep, plot)
}

/// The gate's own error rates, as Markdown.
pub(crate) fn calibration(calibration: &Calibration) -> String {
    calibration::markdown(calibration)
}

/// A document with the gate's own error rates written anew, where it has them.
pub(crate) fn calibrated(text: &str, read: impl FnOnce() -> Result<Calibration>) -> Result<String> {
    calibration::document(text, read)
}

/// Those that are worse than the gate promises, a line each.
pub(crate) fn missed_bounds(calibration: &Calibration) -> Vec<String> {
    calibration::missed(calibration)
}

/// Writes a file of the run's folder, and the folder that it stands in.
fn put(folder: &Path, name: &str, content: &str) -> Result<()> {
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
    }
    crate::record::write_whole(&path, content)
}

#[cfg(test)]
mod tests {
    use orbit_engine::Strategy;

    use super::*;

    fn written(sizes: &[u64], strategies: &[Strategy], samples: u32) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let (record, summary, samples) = planted::run(sizes, strategies, &[1 << 20], samples);
        write(folder.path(), &record, &summary, &samples).unwrap();
        let back = fs::read_to_string(folder.path().join("summary.json")).unwrap();
        assert!(back.ends_with("}\n"));
        assert_eq!(serde_json::from_str::<Summary>(&back).unwrap(), summary);
        let page = fs::read_to_string(folder.path().join("summary.md")).unwrap();
        let html = fs::read_to_string(folder.path().join("report.html")).unwrap();
        assert_eq!(page.matches("](plots/").count(), html.matches("<svg ").count());
        assert!(fs::read_to_string(folder.path().join("junit.xml")).unwrap().ends_with("</testsuites>\n"));
        let mut names = Vec::new();
        for below in ["hist", "plots"].map(|name| folder.path().join(name)) {
            for entry in below.read_dir().into_iter().flatten() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                assert_eq!(page.contains(&format!("](plots/{name})")), name.ends_with(".svg"), "{name}");
                names.push(name);
            }
        }
        names.sort();
        names
    }

    #[test]
    fn every_artefact_is_written() {
        let names = written(&[4096], &[Strategy::Buffered], 15);
        let case = "planted-size=4KiB-strategy=buffered-chunk=1MiB-00000000a000";
        assert_eq!(
            names,
            [
                "latency-same-none.svg".to_owned(),
                format!("{case}.hgrm"),
                format!("{case}.hlog"),
                "throughput-same-none.svg".to_owned(),
            ]
        );
    }

    #[test]
    fn missing_data_is_no_panic() {
        let all = [Strategy::Auto, Strategy::ZeroCopy, Strategy::Buffered];
        for sizes in [&[][..], &[0], &[1], &[0, 4096], &[1 << 40]] {
            for strategies in [&all[..1], &all[1..2], &all] {
                for samples in [0, 1, 5, 6] {
                    written(sizes, strategies, samples);
                }
            }
        }
    }
}
