//! The file format of scenarios, `orbit.scenario/1` in TOML. Errors name file, line, key and the nearest valid key.

mod budget;
mod gate;
mod place;
mod selection;
mod sparse;
mod tuning;
mod value;
mod workload;

use std::path::Path;

use anyhow::{Result, anyhow, bail};
use orbit_engine::{ByteSize, Compression, Durability, Strategy, Verification};
use serde::Deserialize;

use super::{
    Budget, Cache, Check, ChunkChoice, Content, Durable, FileSystems, Matrix, Scenario, Selection,
    SparseFile, Standing, Subject, ValueSet, Workers, Workload,
};
use selection::SelectionTable;
use value::{Many, One};

const SCHEMA: &str = "orbit.scenario/1";

/// Every key of the language, for the rule that each is documented.
pub(crate) const KEYS: &[&str] = &[
    "schema",
    "name",
    "question",
    "tags",
    "defaults.blocks",
    "defaults.cache",
    "defaults.durability",
    "defaults.check",
    "defaults.content",
    "matrix.size",
    "matrix.sparse",
    "matrix.workload",
    "matrix.destination",
    "matrix.workers",
    "matrix.strategy",
    "matrix.filesystems",
    "matrix.verify",
    "matrix.chunk",
    "matrix.compression",
    "matrix.subject",
    "matrix.tuning",
    "matrix.exclude",
    "workload.name",
    "workload.files",
    "workload.size",
    "workload.size.median",
    "workload.size.sigma",
    "workload.size.max",
    "workload.files_per_directory",
    "workload.fan_out",
    "sparse.name",
    "sparse.extents",
    "sparse.extent_size",
    "sparse.hole_size",
    "tuning.name",
    "tuning.kernel_chunk",
    "tuning.pipe_size",
    "tuning.buffered_chunk",
    "tuning.parallel_threads",
    "tuning.parallel_threshold",
    "tuning.zero_copy_threshold",
    "tuning.reflink_threshold",
    "tuning.tree_workers",
    "tuning.tree_batch",
    "tuning.tree_zero_copy_threshold",
    "gate.threshold_pct",
    "gate.min_abs",
    "budget.counter",
    "budget.max",
    "budget.max_per_file",
    "budget.cases",
    "budget.system",
];

const NAME_RULE: &str = "write lower-case letters, digits and `-`";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    name: String,
    question: String,
    #[serde(default)]
    tags: Many<String>,
    #[serde(default)]
    defaults: Defaults,
    matrix: Axes,
    #[serde(default)]
    workload: Vec<workload::Table>,
    #[serde(default)]
    sparse: Vec<sparse::Table>,
    #[serde(default)]
    tuning: Vec<tuning::Table>,
    #[serde(default)]
    gate: gate::Table,
    #[serde(default)]
    budget: Vec<budget::Table>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Defaults {
    blocks: u32,
    cache: Cache,
    durability: One<Durable>,
    check: Check,
    content: Content,
}

impl Default for Defaults {
    fn default() -> Self {
        let (blocks, cache, durability) = (15, Cache::Warm, One(Durable::NONE));
        Self { blocks, cache, durability, check: Check::Every, content: Content::Random }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Axes {
    #[serde(default)]
    size: Many<ByteSize>,
    #[serde(default)]
    sparse: Many<String>,
    #[serde(default)]
    workload: Many<String>,
    #[serde(default)]
    destination: Many<Standing>,
    #[serde(default)]
    workers: Many<Workers>,
    #[serde(default)]
    strategy: Many<Strategy>,
    #[serde(default)]
    filesystems: Many<FileSystems>,
    #[serde(default)]
    verify: Many<Verification>,
    #[serde(default)]
    chunk: Many<ChunkChoice>,
    #[serde(default)]
    compression: Many<Compression>,
    #[serde(default)]
    subject: Many<Subject>,
    #[serde(default)]
    tuning: Many<String>,
    #[serde(default)]
    exclude: Vec<SelectionTable>,
}

pub(super) fn parse(text: String, path: &Path) -> Result<Scenario> {
    let file: File = toml::from_str(&text).map_err(|error| locate(&text, path, &error))?;
    if file.schema != SCHEMA {
        bail!("{}: schema is `{}`; this suite reads `{SCHEMA}`", path.display(), file.schema);
    }
    let refuse = |(key, remedy): (&str, String)| {
        let line = place::line(&text, key).map_or_else(String::new, |line| format!(":{line}"));
        anyhow!("{}{line}: {key}: {remedy}", path.display())
    };
    file.check().map_err(refuse)?;
    let workloads = file.workload.into_iter().map(workload::Table::validated);
    let workloads: Vec<Workload> = workloads.collect::<Result<_, _>>().map_err(refuse)?;
    let sparse = file.sparse.into_iter().map(sparse::Table::validated);
    let sparse: Vec<SparseFile> = sparse.collect::<Result<_, _>>().map_err(refuse)?;
    let Defaults { blocks, cache, durability: One(durability), check, content } = file.defaults;
    let gate = file.gate.validated().map_err(refuse)?;
    let tunings = file.tuning.into_iter().map(tuning::Table::validated);
    let tunings: Vec<ValueSet> = tunings.collect::<Result<_, _>>().map_err(refuse)?;
    let matrix = file.matrix.validated(&workloads, &sparse, &tunings).map_err(refuse)?;
    let budgets = file.budget.into_iter().map(budget::Table::validated);
    let budgets: Vec<Budget> = budgets.collect::<Result<_, _>>().map_err(refuse)?;
    check_matrix(&matrix, durability).map_err(refuse)?;
    matrix
        .exclude
        .iter()
        .try_for_each(|cases| selection::check_names("matrix.exclude", cases, &matrix))
        .map_err(refuse)?;
    budgets
        .iter()
        .try_for_each(|budget| selection::check_names("budget.cases", &budget.cases, &matrix))
        .map_err(refuse)?;
    let (name, question, tags) = (file.name, file.question, file.tags.0);
    Ok(Scenario {
        name,
        question,
        tags,
        blocks,
        cache,
        durability,
        check,
        content,
        matrix,
        gate,
        budgets,
        text,
    })
}

/// A key, and what to write there.
type Refusal = (&'static str, String);

impl File {
    fn check(&self) -> Result<(), Refusal> {
        if !is_name(&self.name) {
            return Err(("name", format!("{NAME_RULE}; it begins every case id")));
        }
        if self.question.trim().is_empty() {
            return Err(("question", "say what the scenario is to answer".into()));
        }
        if !self.tags.0.iter().all(|tag| is_name(tag)) {
            return Err(("tags", NAME_RULE.into()));
        }
        if self.defaults.cache == Cache::Dropped {
            return Err(("defaults.cache", "write `cold`, and run it with --drop-caches".into()));
        }
        if !(1..=10_000).contains(&self.defaults.blocks) {
            return Err(("defaults.blocks", "write a number from 1 to 10000".into()));
        }
        Ok(())
    }
}

fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(plain)
}

fn check_matrix(matrix: &Matrix, durability: Durable) -> Result<(), Refusal> {
    if let Some((key, value)) = matrix.repeated() {
        return Err((key, format!("{value} is there twice; its samples would count double")));
    }
    if matrix.exclude.iter().any(Selection::is_empty) {
        return Err(("matrix.exclude", "an empty table leaves out every case; name a key".into()));
    }
    if matrix.sizes.contains(&0) {
        return Err(("matrix.size", "an empty file has no throughput; write a size above 0".into()));
    }
    if let Some(peer) = matrix.subjects.iter().find(|one| !one.has_options())
        && durability.of_engine() != Durability::None
    {
        let remedy =
            format!("{peer} does not wait for the disk and would win by that; write none, or syncfs");
        return Err(("defaults.durability", remedy));
    }
    if let Some(subject) = matrix.subjects.iter().find(|one| one.sends())
        && durability == Durable::SyncFs
    {
        let remedy = format!("{subject} leaves nothing on a disk that could be synced; write none");
        return Err(("defaults.durability", remedy));
    }
    if matrix.compressions.contains(&Compression::Decompress) {
        return Err(("matrix.compression", "write none, zstd, or zstd:1 to zstd:22".into()));
    }
    if matrix.subjects.iter().any(|subject| subject.sends())
        && let Some(pair) = matrix.filesystems.iter().find(|pair| pair.source() != pair.destination())
    {
        let remedy =
            format!("what sends reads from one file system; write `same` or `A-to-A` instead of {pair}");
        return Err(("matrix.filesystems", remedy));
    }
    let tree = matrix.workloads.first();
    if let Some((subject, tree)) = matrix.subjects.iter().find(|one| !one.copies_trees()).zip(tree) {
        return Err((
            "matrix.subject",
            format!("{subject} copies single files, and {} is a tree", tree.name),
        ));
    }
    Ok(())
}

impl Axes {
    /// With the documented defaults in place of lists that the file does not give.
    fn validated(
        self,
        known: &[Workload],
        sparse: &[SparseFile],
        tunings: &[ValueSet],
    ) -> Result<Matrix, Refusal> {
        let trees_only = [
            ("matrix.destination", self.destination.0.is_empty()),
            ("matrix.workers", self.workers.0.is_empty()),
        ];
        match (self.size.0.is_empty() && self.sparse.0.is_empty(), self.workload.0.is_empty()) {
            (true, true) => {
                let remedy = "write at least one size, or a `sparse` file, or a `workload`";
                return Err(("matrix.size", remedy.into()));
            }
            (false, false) => {
                let remedy = "a scenario copies files or trees; leave out `size` and `sparse`";
                return Err(("matrix.workload", remedy.into()));
            }
            (true, false) if !self.compression.0.is_empty() => {
                return Err(("matrix.compression", "only single files have it; leave it out".into()));
            }
            (false, true) => {
                if let Some((key, _)) = trees_only.into_iter().find(|(_, is_empty)| !is_empty) {
                    return Err((key, "only trees have it, and no `workload` is copied".into()));
                }
            }
            (true, false) => {}
        }
        Ok(Matrix {
            sizes: self.size.bytes(),
            sparse: chosen(["matrix.sparse", "sparse.name"], &self.sparse.0, sparse, |file| &file.name)?,
            workloads: chosen(["matrix.workload", "workload.name"], &self.workload.0, known, |tree| {
                &tree.name
            })?,
            standings: self.destination.or(Standing::New),
            workers: self.workers.or(Workers::Auto),
            strategies: self.strategy.or(Strategy::Auto),
            filesystems: self.filesystems.or(FileSystems::Same),
            verify: self.verify.or(Verification::None),
            chunks: self.chunk.or(ChunkChoice::Engine),
            compressions: self.compression.0,
            subjects: self.subject.0,
            tunings: tuning::chosen(&self.tuning.0, tunings)?,
            exclude: self.exclude.into_iter().map(SelectionTable::validated).collect(),
        })
    }
}

/// What is described under these names; `keys` are where it is named and where it is described. Every name has its table,
/// and every table is named.
fn chosen<T: Clone>(
    [axis, table]: [&'static str; 2],
    names: &[String],
    known: &[T],
    name_of: impl Fn(&T) -> &String,
) -> Result<Vec<T>, Refusal> {
    let twice =
        |(index, one): &(usize, &T)| known[..*index].iter().any(|other| name_of(other) == name_of(one));
    if let Some((_, one)) = known.iter().enumerate().find(twice) {
        return Err((table, format!("two are called {}", name_of(one))));
    }
    if let Some(one) = known.iter().find(|one| !names.contains(name_of(one))) {
        return Err((axis, format!("{} is described, and in no case", name_of(one))));
    }
    let find = |name: &String| {
        let one = known.iter().find(|one| name_of(one) == name).cloned();
        one.ok_or_else(|| (axis, format!("no table describes {name}")))
    };
    names.iter().map(find).collect()
}

/// `file:line: message`, with the nearest valid key where the key is unknown.
fn locate(text: &str, path: &Path, error: &toml::de::Error) -> anyhow::Error {
    let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
    let message = error.message().replace('\n', " ");
    let nearest = nearest_key(&message).map_or_else(String::new, |key| format!("; did you mean `{key}`?"));
    anyhow!("{}:{line}: {}{message}{nearest}", path.display(), key_at(text, error, &message))
}

/// The key of the faulty line, unless the message names it.
fn key_at(text: &str, error: &toml::de::Error, message: &str) -> String {
    let key = error.span().and_then(|span| {
        let start = text[..span.start].rfind('\n').map_or(0, |newline| newline + 1);
        text[start..].lines().next()?.split_once('=').map(|(key, _)| key.trim().to_owned())
    });
    key.filter(|key| !message.contains(&format!("`{key}`")))
        .map_or_else(String::new, |key| format!("{key}: "))
}

/// Serde words it "unknown field `a`, expected one of `b`, `c`"; a test pins that.
fn nearest_key(message: &str) -> Option<&str> {
    let mut names = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let unknown = names.next()?;
    names
        .map(|name| (strsim::damerau_levenshtein(unknown, name), name))
        .min()
        .filter(|(distance, name)| *distance <= name.len().max(3) / 2)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests;
