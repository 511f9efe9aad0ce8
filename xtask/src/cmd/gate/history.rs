//! `cargo xtask gate --record` and `--history`: the file of the history, which grows by a line a run.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use sha2::{Digest, Sha256};

use crate::cmd::{Done, below, hex};
use crate::flags::GateFlags;
use crate::gate::history::{self, Entry, History, Point, SCHEMA, creep};
use crate::gate::{CaseSamples, Compared};
use crate::host::Host;
use crate::record::{PlaceRecord, open_growing, write_whole};
use crate::report;

/// What the head took, as a line.
pub(super) fn entry(
    commit: String,
    compared: &Compared,
    host: &Host,
    scenario_text: &str,
    places: &BTreeMap<String, PlaceRecord>,
    samples: &[CaseSamples],
) -> Entry {
    let point = |one: &CaseSamples| {
        let place = places.get(&one.case.filesystems.to_string())?;
        Point::of(one, &place.source_fs, &place.destination_fs)
    };
    let machine = host.machine();
    Entry {
        schema: SCHEMA.to_owned(),
        date: compared.started.clone(),
        commit,
        cpu: machine.cpu,
        processors: machine.processors,
        kernel: machine.kernel,
        scenario: compared.scenario.clone(),
        scenario_sha256: hex(&Sha256::digest(scenario_text)),
        cases: samples.iter().filter_map(point).collect(),
    }
}

/// Adds the line in one write, so that two gates at once do not mix theirs. What a cut left of an earlier line is removed first:
/// behind it the new line would be broken, too.
pub(super) fn append(path: &Path, entry: &Entry) -> Result<()> {
    let line = serde_json::to_string(entry)? + "\n";
    let cut = append_line(path, &line).with_context(|| format!("cannot write {}", path.display()))?;
    if cut > 0 {
        let name = path.display();
        let _ = writeln!(io::stderr(), "{name}: its last line was cut short; its {cut} bytes are removed");
    }
    Ok(())
}

/// How many bytes of a cut line were removed.
fn append_line(path: &Path, line: &str) -> io::Result<u64> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = open_growing(path)?;
    file.lock()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let cut = (bytes.len() - whole) as u64;
    if cut > 0 {
        file.set_len(whole as u64)?;
    }
    file.seek(SeekFrom::End(0))?;
    file.write_all(line.as_bytes())?;
    file.sync_data()?;
    Ok(cut)
}

/// Prints what became slower, and writes page and plot beside the file.
pub(super) fn show(path: &Path, flags: &GateFlags, root: &Path, out: &mut impl Write) -> Result<Done> {
    let path = &below(root, path);
    let text = fs::read_to_string(path).with_context(|| {
        format!("cannot read {}; `cargo xtask gate --record` begins a history", path.display())
    })?;
    let History { mut entries, is_cut } = history::parse(&text)
        .map_err(|broken| anyhow!("{}:{}: {}; remove the line", path.display(), broken.number, broken.why))?;
    if is_cut {
        let _ = writeln!(io::stderr(), "{}: its last line was cut short and is left out", path.display());
    }
    if let Some(filter) = &flags.filter {
        entries.iter_mut().for_each(|entry| entry.cases.retain(|point| filter.is_match(&point.case)));
    }
    let creep = creep(&entries);
    let plot = path.with_extension("svg");
    let name = plot.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (page, svg) = report::gate_history(&creep, &name)?;
    write_whole(&plot, &svg)?;
    write_whole(&path.with_extension("md"), &page)?;
    write!(out, "{page}")?;
    let worse = creep.series.iter().filter(|one| one.worse().next().is_some()).count();
    Ok(if worse == 0 {
        Done::Complete
    } else {
        Done::Regressed(format!("{worse} of {} series became slower and stayed so", creep.series.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::flags;
    use super::*;
    use crate::gate::history::tests::{noisy, planted};

    fn kept(folder: &Path, level: fn(u32) -> f64) -> std::path::PathBuf {
        let path = folder.join("made").join("history.jsonl");
        for entry in planted(40, |run, _| noisy(run, 1e6 * level(run))) {
            append(&path, &entry).unwrap();
        }
        path
    }

    fn shown(path: &Path, more: &[&str]) -> (Result<Done>, String) {
        let mut out = Vec::new();
        let asked = [&["--history", path.to_str().unwrap()], more].concat();
        let done = super::super::run(&flags(&asked), Path::new("/nonexistent"), &mut out);
        (done, String::from_utf8(out).unwrap())
    }

    #[test]
    fn what_was_recorded_is_shown_and_fails_where_it_became_slower() {
        let folder = tempfile::tempdir().unwrap();
        let path = kept(folder.path(), |run| if run >= 20 { 1.2 } else { 1.0 });
        let (done, page) = shown(&path, &[]);
        assert!(
            matches!(done, Ok(Done::Regressed(line)) if line == "4 of 4 series became slower and stayed so")
        );
        assert_eq!(fs::read_to_string(path.with_extension("md")).unwrap(), page);
        assert!(fs::read_to_string(path.with_extension("svg")).unwrap().starts_with("<svg "));
        let (done, _) = shown(&path, &["--filter", "*/size=4KiB"]);
        assert!(
            matches!(done, Ok(Done::Regressed(line)) if line == "2 of 2 series became slower and stayed so")
        );
        let path = kept(&folder.path().join("even"), |_| 1.0);
        assert!(matches!(shown(&path, &[]).0, Ok(Done::Complete)));
    }

    #[test]
    fn a_line_is_added_behind_whole_ones() {
        let folder = tempfile::tempdir().unwrap();
        let path = kept(folder.path(), |_| 1.0);
        let whole = fs::read(&path).unwrap();
        // Killed while it wrote.
        fs::write(&path, &whole[..whole.len() - 30]).unwrap();
        let (done, _) = shown(&path, &[]);
        assert!(matches!(done, Ok(Done::Complete)));
        let last = planted(40, |run, _| noisy(run, 1e6)).pop().unwrap();
        append(&path, &last).unwrap();
        assert_eq!(fs::read(&path).unwrap(), whole);
        assert_eq!(append_line(&path, "x\n").unwrap(), 0);
    }

    #[test]
    fn what_is_no_history_is_named_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = kept(folder.path(), |_| 1.0);
        let text = fs::read_to_string(&path).unwrap().replacen("\"commit\"", "\"comment\"", 1);
        fs::write(&path, text).unwrap();
        let error = format!("{:#}", shown(&path, &[]).0.unwrap_err());
        assert!(error.starts_with(&format!("{}:1: missing field `commit`", path.display())), "{error}");
        let error = format!("{:#}", shown(&folder.path().join("none"), &[]).0.unwrap_err());
        assert!(error.contains("`cargo xtask gate --record` begins a history"), "{error}");
    }
}
