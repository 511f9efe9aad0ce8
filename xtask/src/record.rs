//! What is written once a run, `run.json`, and the folder of a run on the disk. Schema `orbit.run/1`.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::clock::Overhead;
use crate::host::Host;
use crate::mounts::Storage;
use crate::owner::Owner;
use crate::plan::{Case, CaseBudget, Skipped};
use crate::program::Program;
use crate::sample::Sample;
use crate::scenario::{Check, Subject, TargetName};
use crate::system;

/// The first version, so that nothing older is to be read. What came to it since is absent in earlier runs; a version 2
/// is for what version 1 cannot say, and its reader reads both.
pub(crate) const SCHEMA: &str = "orbit.run/1";

/// Extension of a run's folder until the run is complete. Nothing but `--resume` looks at such a folder.
const PARTIAL: &str = "partial";

/// The conditions of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RunRecord {
    pub(crate) schema: String,
    /// Name of the run's folder.
    pub(crate) run: String,
    /// When the run began, RFC 3339 in UTC.
    pub(crate) started: String,
    /// The command line.
    pub(crate) argv: Vec<String>,
    /// Orders the cases within the blocks and fills the fixtures.
    pub(crate) seed: u64,
    /// Whether `--quick` measured fewer blocks than anything may be decided by.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) indicative: bool,
    /// After so many seconds no further block was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) time_budget_s: Option<u64>,
    /// Known once the run is complete; fewer than the scenario asks for where the time budget was spent before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) blocks_measured: Option<u32>,
    /// What measuring itself cost; earlier runs did not look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) overhead: Option<Overhead>,
    /// When the run began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) memory_available_bytes: Option<u64>,
    /// Version of the engine that was measured.
    pub(crate) engine: String,
    /// SHA-256 of the program that measured, in hexadecimal: only the same program may go on with a run.
    pub(crate) program_sha256: String,
    pub(crate) host: Host,
    pub(crate) scenario: ScenarioRecord,
    /// By the name that cases use: `same`, `cross`, `ext4-to-xfs`.
    pub(crate) places: BTreeMap<String, PlaceRecord>,
    /// The directories of the targets that cases name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) targets: BTreeMap<TargetName, PathBuf>,
    /// The programs that were measured.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) programs: BTreeMap<Subject, Program>,
    /// What runs, in the order of the plan.
    pub(crate) cases: Vec<Case>,
    /// The most that each case may count, where the scenario says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) budgets: Vec<CaseBudget>,
    /// What does not, and why.
    pub(crate) skipped: Vec<Skipped>,
}

/// The scenario that was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ScenarioRecord {
    pub(crate) name: String,
    pub(crate) question: String,
    pub(crate) blocks: u32,
    pub(crate) check: Check,
    /// SHA-256 of the scenario file, in hexadecimal.
    pub(crate) sha256: String,
    /// Text of the tuned file that the engine obeyed, if any.
    pub(crate) tuned: Option<String>,
}

/// From where to where the copies of one kind went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PlaceRecord {
    /// Types of file system, as the engine names them.
    pub(crate) source_fs: String,
    pub(crate) destination_fs: String,
    pub(crate) same_device: bool,
    /// The mechanism that zero-copy copies run; none where none works.
    pub(crate) zero_copy: Option<String>,
    /// Each zero-copy mechanism with what the probe said: `works`, or why not.
    pub(crate) mechanisms: BTreeMap<String, String>,
    pub(crate) free_bytes: u64,
    /// Earlier runs did not look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<Storage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) destination: Option<Storage>,
}

/// A run as it stands on the disk.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Run {
    pub(crate) folder: PathBuf,
    pub(crate) record: RunRecord,
    pub(crate) samples: Vec<Sample>,
}

impl Run {
    /// Reads the run in `folder`, complete or not. Of an interrupted run, whole blocks only.
    pub(crate) fn load(folder: &Path) -> Result<Self> {
        let path = folder.join("run.json");
        // Without links and trailing slashes, so that its name says whether it is complete.
        let found = system::follow(folder).and_then(|folder| {
            let text = fs::read_to_string(folder.join("run.json"))?;
            Ok((folder, text))
        });
        let (folder, text) =
            found.with_context(|| format!("cannot read {}; name the folder of a run", path.display()))?;
        let record = parse(&text).with_context(|| path.display().to_string())?;
        let samples = whole_blocks(read_samples(&folder.join("samples.jsonl"))?, record.cases.len());
        Ok(Self { folder, record, samples })
    }

    /// The newest complete run under `results`.
    pub(crate) fn newest(results: &Path) -> Result<Self> {
        let latest = results.join("latest");
        let folder = system::follow(&latest).with_context(|| {
            format!("no run in {}; measure one with `cargo xtask bench`", results.display())
        })?;
        Self::load(&folder)
    }

    /// Fails for a run that was interrupted.
    pub(crate) fn complete(self) -> Result<Self> {
        if self.is_partial() {
            let folder = self.folder.display();
            bail!("{folder} is not complete; go on with `cargo xtask bench --resume {folder}`");
        }
        Ok(self)
    }

    pub(crate) fn is_partial(&self) -> bool {
        self.folder.extension().is_some_and(|extension| extension == PARTIAL)
    }

    /// Blocks that are whole.
    pub(crate) fn blocks(&self) -> u32 {
        self.samples.last().map_or(0, |sample| sample.block + 1)
    }
}

/// The version comes first: of another one nothing else is known.
fn parse(text: &str) -> Result<RunRecord> {
    #[derive(Deserialize)]
    struct Version {
        schema: String,
    }
    let Version { schema } = serde_json::from_str(text)?;
    if schema != SCHEMA {
        bail!("schema is `{schema}`; this suite reads `{SCHEMA}`, update it to read later ones");
    }
    Ok(serde_json::from_str(text)?)
}

/// A line that was being written when the run was killed is no sample.
fn read_samples(path: &Path) -> Result<Vec<Sample>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    (1..)
        .zip(whole.lines())
        .map(|(number, line)| {
            serde_json::from_str(line).with_context(|| format!("{}:{number}", path.display()))
        })
        .collect()
}

fn whole_blocks(mut samples: Vec<Sample>, cases: usize) -> Vec<Sample> {
    samples.truncate(samples.len() - samples.len() % cases.max(1));
    samples
}

/// The folder of a run that is being measured.
#[derive(Debug)]
pub(crate) struct OpenRun {
    partial: PathBuf,
    samples: File,
    /// Locked while this process measures; the system gives the lock back however that ends.
    _owner: Owner,
}

impl OpenRun {
    /// Makes the folder of a new run, under a name that no run has: `record.run`, with a number where that is taken.
    pub(crate) fn create(results: &Path, record: &mut RunRecord) -> Result<Self> {
        let name = record.run.clone();
        // By itself: a file of this name is no run of that name.
        fs::create_dir_all(results).with_context(|| format!("cannot make {}", results.display()))?;
        for number in 2.. {
            let folder = results.join(&record.run);
            let partial = folder.with_extension(PARTIAL);
            let made = fs::create_dir(&partial);
            let taken = made.as_ref().is_err_and(|error| error.kind() == ErrorKind::AlreadyExists);
            if !taken {
                made.with_context(|| format!("cannot make {}", partial.display()))?;
                if !folder.exists() {
                    return Self::begin(partial.clone(), record)
                        .inspect_err(|_| drop(fs::remove_dir_all(&partial)));
                }
                fs::remove_dir(&partial).with_context(|| format!("cannot remove {}", partial.display()))?;
            }
            record.run = format!("{name}-{number}");
        }
        bail!("{} has a run of every name", results.display())
    }

    fn begin(partial: PathBuf, record: &RunRecord) -> Result<Self> {
        write_json(&partial.join("run.json"), record)?;
        Self::open(partial)
    }

    /// Goes on with an interrupted run: its whole blocks are kept, what follows them is dropped.
    pub(crate) fn resume(run: &Run) -> Result<Self> {
        let open = Self::open(run.folder.clone())?;
        let whole = lines(&run.samples)?.len();
        open.samples
            .set_len(whole as u64)
            .with_context(|| format!("cannot write {}", run.folder.join("samples.jsonl").display()))?;
        Ok(open)
    }

    fn open(partial: PathBuf) -> Result<Self> {
        let open = |name: &str| {
            let path = partial.join(name);
            open_growing(&path).with_context(|| cannot_write(&path))
        };
        let owner = Owner::of(open("owner")?)
            .with_context(|| format!("{} is being measured by another process", partial.display()))?;
        let samples = open("samples.jsonl")?;
        Ok(Self { partial, samples, _owner: owner })
    }

    /// Adds the samples of a block, in one write.
    pub(crate) fn append(&mut self, samples: &[Sample]) -> Result<()> {
        let lines = lines(samples)?;
        self.samples
            .seek(SeekFrom::End(0))
            .and_then(|_| self.samples.write_all(&lines))
            .with_context(|| format!("cannot write {}", self.partial.join("samples.jsonl").display()))
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.partial
    }

    /// Writes down how many blocks were measured, which are all that `run` has.
    pub(crate) fn count_blocks(&self, run: &mut Run) -> Result<()> {
        run.record.blocks_measured = Some(run.blocks());
        write_json(&self.partial.join("run.json"), &run.record)
    }

    /// Gives the folder its final name and points `latest` at it.
    pub(crate) fn complete(self) -> Result<PathBuf> {
        let Self { partial, samples, _owner: owner } = self;
        let folder = partial.with_extension("");
        let rename = || {
            fs::remove_file(partial.join("owner"))?;
            // Owned until it has its name, where the system allows that.
            let owned = system::RENAMES_WHAT_IS_OPEN.then_some((samples, owner));
            fs::rename(&partial, &folder)?;
            drop(owned);
            Ok::<_, std::io::Error>(())
        };
        rename().with_context(|| format!("cannot rename {}", partial.display()))?;
        point_latest(&folder)?;
        Ok(folder)
    }

    /// Removes the folder of a run that has nothing to keep.
    pub(crate) fn discard(self) -> Result<()> {
        let Self { partial, samples, _owner: owner } = self;
        // Some systems remove no folder while a file in it is open.
        drop((samples, owner));
        fs::remove_dir_all(&partial).with_context(|| format!("cannot remove {}", partial.display()))
    }
}

fn lines(samples: &[Sample]) -> Result<Vec<u8>> {
    let mut lines = Vec::new();
    for sample in samples {
        serde_json::to_writer(&mut lines, sample)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

/// In one instant, so that `latest` always leads to a complete run.
fn point_latest(folder: &Path) -> Result<()> {
    let results = folder.parent().unwrap_or_else(|| Path::new("."));
    let latest = results.join("latest");
    let name = folder.file_name().context("a run has a name")?;
    system::point(name, &latest).with_context(|| format!("cannot point {} at the run", latest.display()))
}

/// Opens a file that grows, or makes it. Not for appending, since some systems neither lock nor cut such a file: who writes goes
/// to its end first.
pub(crate) fn open_growing(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)
}

/// Writes `value` as JSON that people can read.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    write_whole(path, &(serde_json::to_string_pretty(value)? + "\n"))
}

/// Writes a file that a reader finds whole or not at all.
pub(crate) fn write_whole(path: &Path, text: &str) -> Result<()> {
    replace(path, |new| new.write_all(text.as_bytes()).with_context(|| cannot_write(path)))
}

/// Gives what `write` writes the name `path`, once all of it is written. What goes wrong in `write` is its own to tell.
pub(crate) fn replace<T>(path: &Path, write: impl FnOnce(&mut File) -> Result<T>) -> Result<T> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // The mode of an ordinary new file.
    let new = system::files_of_mode(0o666).tempfile_in(folder);
    let mut new = new.with_context(|| cannot_write(path))?;
    let written = write(new.as_file_mut())?;
    new.persist(path).map_err(|error| error.error).with_context(|| cannot_write(path))?;
    Ok(written)
}

pub(crate) fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", path.display())
}

#[cfg(test)]
mod tests;
