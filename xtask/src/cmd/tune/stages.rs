//! The scenarios by which a pair is tuned, in the order of the decisions. Each is an ordinary scenario, written with what
//! was decided before it.

use std::fmt::Write as _;

use orbit_engine::Values;

use crate::scenario::{FileSystems, Knob, Setting};
use crate::tuner::{RACE_BLOCKS, THRESHOLD_BLOCKS};

/// A step of tuning a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Chunks,
    Threads,
    Thresholds,
    Trees,
    /// On sizes that decided nothing.
    Validation,
    /// On trees that decided nothing.
    TreeValidation,
}

impl Stage {
    pub(super) const DECIDING: [Self; 4] = [Self::Chunks, Self::Threads, Self::Thresholds, Self::Trees];
    pub(super) const VALIDATING: [Self; 2] = [Self::Validation, Self::TreeValidation];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Chunks => "chunks",
            Self::Threads => "threads",
            Self::Thresholds => "thresholds",
            Self::Trees => "trees",
            Self::Validation => "validation",
            Self::TreeValidation => "validation-trees",
        }
    }

    /// Its share of the time for a pair, in percent; some is left for what is not measuring.
    pub(super) fn share(self) -> u32 {
        match self {
            Self::Chunks => 12,
            Self::Threads | Self::Validation => 15,
            Self::Thresholds => 22,
            Self::Trees => 17,
            Self::TreeValidation => 9,
        }
    }

    /// The text of the scenario for `pair`, with `values` decided on so far and so many processors.
    pub(super) fn scenario(self, pair: &FileSystems, values: &Values, processors: u32) -> String {
        match self {
            Self::Chunks => chunks(pair, values),
            Self::Threads => threads(pair, values, processors),
            Self::Thresholds => thresholds(pair, values),
            Self::Trees => trees(pair, values, processors),
            Self::Validation => validation(pair),
            Self::TreeValidation => tree_validation(pair),
        }
    }
}

/// Value sets that differ from the values so far in a few settings.
struct Sets<'a> {
    base: &'a Values,
    tables: String,
    names: Vec<String>,
}

impl<'a> Sets<'a> {
    /// With the values so far as `base`.
    fn new(base: &'a Values) -> Self {
        let mut sets = Self { base, tables: String::new(), names: Vec::new() };
        sets.add("base", &[]);
        sets
    }

    /// One more set, which is the base but for `own`; the keys of a set that is the engine's defaults need no table.
    fn add(&mut self, name: &str, own: &[Setting]) {
        let values = own.iter().fold(*self.base, |values, setting| setting.put(values));
        let default = Values::default();
        let differs = |knob: &&Knob| Setting::of(**knob, &values) != Setting::of(**knob, &default);
        let settings: Vec<Setting> =
            Knob::ALL.iter().filter(differs).map(|knob| Setting::of(*knob, &values)).collect();
        if settings.is_empty() {
            self.names.push("default".to_owned());
            return;
        }
        self.names.push(name.to_owned());
        // Writing to a string cannot fail.
        let _ = writeln!(self.tables, "[[tuning]]\nname = \"{name}\"");
        for setting in settings {
            let _ = writeln!(self.tables, "{} = \"{setting}\"", setting.knob());
        }
    }

    /// A set for each of these values of `knob` but the base's; their names.
    fn race(&mut self, knob: Knob, values: &[String]) -> Vec<String> {
        let kept = Setting::of(knob, self.base);
        let before = self.names.len();
        for value in values {
            if let Some(setting) = Setting::parse(knob, value).ok().filter(|setting| *setting != kept) {
                let name = format!("{}-{value}", knob.name().replace('_', "-")).to_lowercase();
                self.add(&name, &[setting]);
            }
        }
        self.names[before..].to_vec()
    }
}

fn list<T: AsRef<str>>(items: &[T]) -> String {
    format!("[{}]", items.iter().map(|item| format!("\"{}\"", item.as_ref())).collect::<Vec<_>>().join(", "))
}

fn head(name: &str, question: &str, blocks: u32) -> String {
    format!(
        "schema = \"orbit.scenario/1\"\nname = \"tune-{name}\"\nquestion = \"{question}\"\n\
         [defaults]\nblocks = {blocks}\ncheck = \"once\"\n[matrix]\n"
    )
}

/// Cases that say nothing of what is asked.
fn exclude(tunings: &[String], key: &str, values: &[&str]) -> String {
    if tunings.is_empty() {
        return String::new();
    }
    format!("[[matrix.exclude]]\ntuning = {}\n{key} = {}\n", list(tunings), list(values))
}

fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

fn chunks(pair: &FileSystems, values: &Values) -> String {
    let mut sets = Sets::new(values);
    let mut kernel = sets.race(Knob::KernelChunk, &texts(&["256KiB", "1MiB", "4MiB"]));
    kernel.extend(sets.race(Knob::PipeSize, &texts(&["64KiB", "256KiB"])));
    let buffered = sets.race(Knob::BufferedChunk, &texts(&["64KiB", "128KiB", "512KiB", "1MiB"]));
    format!(
        "{}size = [\"1MiB\", \"16MiB\"]\nstrategy = [\"zero-copy\", \"buffered\"]\nfilesystems = \"{pair}\"\n\
         subject = [\"engine\", \"by-copy-file-range\"]\ntuning = {}\n{}{}{}",
        head("chunks", "Which chunk and which pipe is fastest, and does copy_file_range copy?", RACE_BLOCKS),
        list(&sets.names),
        exclude(&kernel, "strategy", &["buffered"]),
        exclude(&buffered, "strategy", &["zero-copy"]),
        sets.tables
    )
}

fn threads(pair: &FileSystems, values: &Values, processors: u32) -> String {
    use orbit_engine::Threshold::{Always, Never};
    let mut sets = Sets { base: values, tables: String::new(), names: Vec::new() };
    sets.add("one-thread", &[Setting::ParallelThreshold(Never)]);
    sets.add("threads", &[Setting::ParallelThreshold(Always)]);
    let more: Vec<u32> = [2, 3, 4, 8].into_iter().filter(|threads| *threads <= 2 * processors).collect();
    let mut others = Vec::new();
    for threads in more {
        // Two are what the engine takes by itself.
        if threads != values.parallel_threads && !(threads == 2 && values.parallel_threads == 0) {
            let name = format!("threads-{threads}");
            sets.add(&name, &[Setting::ParallelThreshold(Always), Setting::ParallelThreads(threads)]);
            others.push(name);
        }
    }
    format!(
        "{}size = [\"1MiB\", \"4MiB\", \"8MiB\", \"16MiB\", \"32MiB\", \"64MiB\"]\nfilesystems = \"{pair}\"\ntuning = {}\n{}{}",
        head("threads", "How many threads copy one file fastest, and from which size on?", RACE_BLOCKS / 2),
        list(&sets.names),
        exclude(&others, "size", &["1MiB", "4MiB", "8MiB", "16MiB"]),
        sets.tables
    )
}

fn thresholds(pair: &FileSystems, values: &Values) -> String {
    let sets = Sets::new(values);
    // The largest makes the others what they are among files of every size: what it leaves of caches and free memory decides
    // how long a small one takes.
    let sizes: Vec<String> = (12..=24).chain([26]).map(|power| (1_u64 << power).to_string()).collect();
    format!(
        "{}size = {}\nstrategy = [\"zero-copy\", \"buffered\"]\nfilesystems = \"{pair}\"\ntuning = {}\n{}",
        head("thresholds", "From which size does zero-copy win?", THRESHOLD_BLOCKS),
        list(&sizes),
        list(&sets.names),
        sets.tables
    )
}

/// Trees that are raced, and trees of files that are alike, by whose sizes a threshold is read.
const TREES: &str = "\
[[workload]]\nname = \"small\"\nfiles = 300\nsize = \"4KiB\"\n\
[[workload]]\nname = \"mix\"\nfiles = 200\nsize = { median = \"8KiB\", sigma = 1.5, max = \"1MiB\" }\n\
files_per_directory = 40\nfan_out = 4\n\
[[workload]]\nname = \"files-16k\"\nfiles = 150\nsize = \"16KiB\"\n\
[[workload]]\nname = \"files-64k\"\nfiles = 80\nsize = \"64KiB\"\n\
[[workload]]\nname = \"files-256k\"\nfiles = 30\nsize = \"256KiB\"\n";

fn trees(pair: &FileSystems, values: &Values, processors: u32) -> String {
    use orbit_engine::Threshold::{Always, Never};
    let mut sets = Sets::new(values);
    let workers =
        [1, 2, 4, 8].into_iter().filter(|workers| *workers <= 2 * processors && *workers != processors);
    let mut raced = vec![sets.names[0].clone()];
    raced.extend(sets.race(Knob::TreeWorkers, &workers.map(|number| number.to_string()).collect::<Vec<_>>()));
    raced.extend(sets.race(Knob::TreeBatch, &texts(&["1", "8", "64"])));
    let before = sets.names.len();
    sets.add("tree-always", &[Setting::TreeZeroCopyThreshold(Always)]);
    sets.add("tree-never", &[Setting::TreeZeroCopyThreshold(Never)]);
    let split = sets.names[before..].to_vec();
    format!(
        "{}workload = [\"small\", \"mix\", \"files-16k\", \"files-64k\", \"files-256k\"]\nstrategy = [\"auto\", \"zero-copy\"]\n\
         filesystems = \"{pair}\"\ntuning = {}\n{}{}{}{}{TREES}{}",
        head(
            "trees",
            "How many workers copy a tree fastest, and which of its files inside the kernel?",
            RACE_BLOCKS / 2
        ),
        list(&sets.names),
        exclude(&raced, "strategy", &["zero-copy"]),
        exclude(&raced, "workload", &["files-16k", "files-64k", "files-256k"]),
        exclude(&split, "strategy", &["auto"]),
        exclude(&split, "workload", &["mix"]),
        sets.tables
    )
}

/// Sizes between those that were measured: three times powers of two, primes, and neighbours of powers of two.
const HELD_OUT: [&str; 13] = [
    "6KiB", "10007", "24KiB", "65535", "65537", "96KiB", "100003", "384KiB", "1000003", "1536KiB", "4194305",
    "12MiB", "48MiB",
];

fn validation(pair: &FileSystems) -> String {
    format!(
        "{}size = {}\nstrategy = [\"auto\", \"zero-copy\", \"buffered\"]\nfilesystems = \"{pair}\"\n\
         tuning = [\"default\", \"tuned\"]\n{}",
        head(
            "validation",
            "Is what was tuned as fast as it seemed, on sizes that decided nothing?",
            RACE_BLOCKS
        ),
        list(&HELD_OUT),
        exclude(&["tuned".to_owned()], "strategy", &["zero-copy", "buffered"]),
    )
}

/// Trees between those that were measured: more files, of other sizes, in other directories.
const HELD_OUT_TREES: &str = "\
[[workload]]\nname = \"flat\"\nfiles = 1000\nsize = \"6KiB\"\n\
[[workload]]\nname = \"deep\"\nfiles = 700\nsize = { median = \"12KiB\", sigma = 1.2, max = \"1MiB\" }\n\
files_per_directory = 15\nfan_out = 3\n\
[[workload]]\nname = \"files-96k\"\nfiles = 60\nsize = \"96KiB\"\n";

fn tree_validation(pair: &FileSystems) -> String {
    format!(
        "{}workload = [\"flat\", \"deep\", \"files-96k\"]\nstrategy = [\"auto\", \"zero-copy\", \"buffered\"]\n\
         filesystems = \"{pair}\"\ntuning = [\"default\", \"tuned\"]\n{}{HELD_OUT_TREES}",
        head(
            "validation-trees",
            "Is what was tuned as fast as it seemed, on trees that decided nothing?",
            RACE_BLOCKS / 2
        ),
        exclude(&["tuned".to_owned()], "strategy", &["buffered"]),
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use orbit_engine::Chunk;

    use super::*;
    use crate::plan;
    use crate::scenario::Scenario;

    fn cases(stage: Stage, values: &Values) -> Vec<plan::Case> {
        let text = stage.scenario(&FileSystems::Same, values, 2);
        plan::cases(&Scenario::parse(text, Path::new("stage.toml")).unwrap())
    }

    #[test]
    fn every_stage_is_a_scenario_whatever_was_decided() {
        let mut tuned = Values::default();
        for knob in Knob::ALL {
            let other = Setting::parse(knob, "1MiB").or_else(|_| Setting::parse(knob, "3")).unwrap();
            tuned = other.put(tuned);
        }
        for stage in Stage::DECIDING.into_iter().chain(Stage::VALIDATING) {
            for values in [Values::default(), tuned] {
                let count = cases(stage, &values).len();
                assert!((15..=60).contains(&count), "{} {count}", stage.name());
            }
        }
        let stages = Stage::DECIDING.iter().chain(&Stage::VALIDATING);
        let shares: u32 = stages.map(|stage| stage.share()).sum();
        assert!(shares <= 90, "{shares}");
    }

    #[test]
    fn values_are_those_decided_before_but_for_the_one_that_races() {
        let values = Setting::KernelChunk(Chunk::new(1 << 20).unwrap()).put(Values::default());
        let found = cases(Stage::Thresholds, &values);
        assert!(found.iter().any(plan::Case::is_tuned));
        for case in found.iter().filter(|case| case.is_tuned()) {
            assert_eq!(case.tuning.as_ref().unwrap().values(&Values::default()), values);
        }
    }
}
