//! The command line. Parsed here once; commands see plain values.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use globset::{GlobBuilder, GlobMatcher};
use orbit_engine::{ByteSize, InvalidSize};

use crate::scenario::TargetName;

/// Where gates are recorded.
const HISTORY: &str = "results/history.jsonl";

/// Measures and tunes orbit-engine.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, arg_required_else_help = true)]
pub(crate) struct Flags {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs a scenario: measured copies, histograms, plots and a summary under `results/`
    Bench(Box<BenchFlags>),
    /// Turns a run into tuned thresholds that the engine loads, or says that the defaults stay
    Tune(Box<TuneFlags>),
    /// Compares a revision with an earlier one, both built here and measured in turns; fails where it is slower
    Gate(Box<GateFlags>),
    /// Measures what `gate` asks for, line by line
    #[command(hide = true)]
    GateWorker,
    /// Writes the report of a run again, or compares several runs case by case
    Report(ReportFlags),
    /// Writes the samples of runs into one Parquet file, which databases and data frames query
    Export(ExportFlags),
    /// Makes xfs, btrfs, ext4 and a tmpfs under `target/lab`, for scenarios that copy between them; needs root
    Lab(LabFlags),
    /// Writes the tables of figures in README.md and docs/ anew from the curated runs that they name
    Tables,
    /// Checks the repository's own rules
    Tidy,
}

#[derive(Debug, Args)]
pub(crate) struct BenchFlags {
    /// A name under `bench-scenarios/`, or the path of a scenario file
    #[arg(default_value = "default")]
    pub(crate) scenario: String,
    /// Print the cases and stop
    #[arg(long)]
    pub(crate) list: bool,
    /// Print the scenarios under `bench-scenarios/` with their tags and questions, and stop
    #[arg(long, conflicts_with_all = ["list", "dry_run", "filter"])]
    pub(crate) list_scenarios: bool,
    /// Of these only scenarios with this tag; may be given again
    #[arg(long = "tag", value_name = "TAG", requires = "list_scenarios")]
    pub(crate) tags: Vec<String>,
    /// Print how many bytes the run would write, and about how long it would take, and stop
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Only cases whose id matches this glob, such as `*/size=*KiB/*`
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    pub(crate) filter: Option<GlobMatcher>,
    /// Measure so many blocks instead of what the scenario says
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) blocks: Option<u32>,
    /// Measure three blocks: a first impression, by which `tune` decides nothing
    #[arg(long, conflicts_with = "blocks")]
    pub(crate) quick: bool,
    /// Begin no block that would end later than this after the start: `90s`, `10m`, `1h`. One is always measured
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) time_budget: Option<Duration>,
    /// Before each sample of a scenario with `cache = "cold"`, make the kernel forget all files; needs root
    #[arg(long)]
    pub(crate) drop_caches: bool,
    /// Order and contents from this number; random and recorded when absent
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Let the engine obey this tuned file
    #[arg(long, value_name = "FILE")]
    pub(crate) tuned: Option<PathBuf>,
    /// Let cases copy from and to this directory by this name: `--target ext4=/mnt/disk`; may be given again
    #[arg(long = "target", value_name = "NAME=DIR", value_parser = target)]
    pub(crate) targets: Vec<(TargetName, PathBuf)>,
    /// Where runs are kept
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub(crate) results: PathBuf,
    /// Then tune by the run, as `cargo xtask tune RUN` does
    #[arg(long, conflicts_with_all = ["list", "list_scenarios", "dry_run", "quick"])]
    pub(crate) tune: bool,
    /// Go on with an interrupted run; its scenario, seed, blocks and targets are kept
    #[arg(long, value_name = "RUN", conflicts_with_all = ["scenario", "list", "list_scenarios", "dry_run", "filter", "blocks", "quick", "time_budget", "drop_caches", "seed", "tuned", "targets"])]
    pub(crate) resume: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct TuneFlags {
    /// The folders of runs to tune by; without any the machine is measured
    pub(crate) runs: Vec<PathBuf>,
    /// Tune the copies from, to and within this directory: `--target disk=/mnt/disk`; may be given again. Without any:
    /// within the workspace's file system, and from there to `/dev/shm`
    #[arg(long = "target", value_name = "NAME=DIR", value_parser = target, conflicts_with = "runs")]
    pub(crate) targets: Vec<(TargetName, PathBuf)>,
    /// Measure each pair of file systems for about this long at most: `90s`, `5m`
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = time)]
    pub(crate) time_budget: Duration,
    /// The tuned file so far, whose values stay unless others are better beyond noise; without it the defaults do
    #[arg(long, value_name = "FILE")]
    pub(crate) tuned: Option<PathBuf>,
    /// Where runs are kept
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub(crate) results: PathBuf,
    /// Where to write the tuned file; `tuned.toml` in the first run's folder, or that of the tuning, when absent. For several classes of machines: the
    /// folder of one file each
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Say whether a tuned file holds on this machine, now, for this engine; exit code 5 where it does not
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "tuned.toml",
        conflicts_with_all = ["runs", "targets", "output", "tuned", "seed"])]
    pub(crate) check: Option<PathBuf>,
    /// Say what a tuned file was decided by, or what would be decided by a run
    #[arg(long, value_name = "FILE|RUN", num_args = 0..=1, default_missing_value = "tuned.toml",
        conflicts_with_all = ["runs", "targets", "output", "check"])]
    pub(crate) explain: Option<PathBuf>,
    /// Say which values two tuned files differ in; exit code 3 where their intervals have nothing in common
    #[arg(long, value_names = ["OLD", "NEW"], num_args = 2,
        conflicts_with_all = ["runs", "targets", "output", "tuned", "seed", "check", "explain"])]
    pub(crate) compare: Vec<PathBuf>,
    /// Try the tuner on planted timings, whose truth is known, and fail if it is worse than it claims
    #[arg(long, conflicts_with_all = ["runs", "targets", "output", "tuned", "check", "explain", "compare"])]
    pub(crate) self_test: bool,
    /// Order, contents and intervals from this number; random, or that of the runs, when absent
    #[arg(long)]
    pub(crate) seed: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct GateFlags {
    /// What to compare with: a git revision. The merge base with `main` when absent; of `main` itself the commit before, or
    /// the last commit where the working copy has changes
    #[arg(long, value_name = "REV")]
    pub(crate) base: Option<String>,
    /// What to judge: a git revision. The working copy as it is when absent
    #[arg(long, value_name = "REV")]
    pub(crate) head: Option<String>,
    /// Compare with the samples of this run of `cargo xtask bench gate` instead, and build nothing: weaker, as times of
    /// different days are. The head is the working copy; another kind of machine is refused
    #[arg(long, value_name = "RUN", conflicts_with_all = ["base", "head", "resume"])]
    pub(crate) baseline: Option<PathBuf>,
    /// Add a line with the head's times and counters to this file
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = HISTORY, conflicts_with = "baseline")]
    pub(crate) record: Option<PathBuf>,
    /// Measure nothing: say where the times in this file became slower and stayed so, and draw them beside it
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = HISTORY, conflicts_with_all = ["base", "head", "baseline", "record", "scenarios", "time_budget", "self_test", "resume", "format", "junit", "sarif", "markdown", "fail_on_inconclusive", "seed", "targets"])]
    pub(crate) history: Option<PathBuf>,
    /// The cases: a name under `bench-scenarios/`, or the path of a scenario file; with `--self-test` `gate-self-test` when absent
    #[arg(
        long,
        value_name = "SCENARIO",
        default_value = "gate",
        default_value_if("self_test", "true", "gate-self-test")
    )]
    pub(crate) scenarios: String,
    /// Only cases whose id matches this glob
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    pub(crate) filter: Option<GlobMatcher>,
    /// Begin no block later than this after the builds: `90s`, `4m`. What is then not sure is inconclusive
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) time_budget: Option<Duration>,
    /// Measure how often the gate is wrong here: this program against itself, with known differences planted in some
    /// families of cases. Writes `results/calibration.json`; ends with 3 where a rate is worse than promised
    #[arg(long, conflicts_with_all = ["base", "head", "baseline", "record", "junit", "sarif", "markdown", "fail_on_inconclusive"])]
    pub(crate) self_test: bool,
    /// Families with nothing planted; beside four of them two are 10 % slower, two 20 %, and one has another mechanism
    #[arg(long, value_name = "N", default_value_t = 200, requires = "self_test", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) runs: u32,
    /// Go on with what an interrupted gate or self-test has measured; a complete self-test goes on by a greater `--runs`
    #[arg(long, conflicts_with = "seed")]
    pub(crate) resume: bool,
    /// How the outcome is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: GateFormat,
    /// Write the outcome as tests to this file, too
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write what is slower, or too noisy to say, as SARIF 2.1.0 to this file, too
    #[arg(long, value_name = "FILE")]
    pub(crate) sarif: Option<PathBuf>,
    /// Write what a job's summary shows to this file, too
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
    /// End with 4 where nothing is slower and something is too noisy to say
    #[arg(long)]
    pub(crate) fail_on_inconclusive: bool,
    /// Order and contents from this number; random and told when absent
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Let cases copy from and to this directory by this name; may be given again
    #[arg(long = "target", value_name = "NAME=DIR", value_parser = target)]
    pub(crate) targets: Vec<(TargetName, PathBuf)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GateFormat {
    Table,
    Markdown,
    /// One object (`orbit.gate/1`)
    Json,
    /// Annotations of GitHub Actions; nothing for what passes
    Github,
}

#[derive(Debug, Args)]
pub(crate) struct ReportFlags {
    /// The folder of a run, whose report is written again; the newest run when absent. Of several runs, those behind the
    /// first are compared with it, case by case, and nothing is written
    pub(crate) runs: Vec<PathBuf>,
    /// How a comparison of several runs is printed
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
    /// Where runs are kept
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub(crate) results: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Markdown,
    /// One object (`orbit.run-comparison/1`)
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct ExportFlags {
    /// The folders of complete runs
    #[arg(required = true)]
    pub(crate) runs: Vec<PathBuf>,
    /// The file to write, over what is there
    #[arg(long, value_name = "FILE")]
    pub(crate) parquet: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct LabFlags {
    #[command(subcommand)]
    pub(crate) action: LabAction,
    /// Where the lab is; `bench` finds it by itself only where it is by default
    #[arg(long, global = true, value_name = "DIR", default_value = "target/lab")]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LabAction {
    /// Makes and mounts what is not there yet
    Up {
        /// Of each file system. The images grow with what is written to them
        #[arg(long, value_name = "SIZE", default_value = "4GiB", value_parser = lab_size)]
        size: ByteSize,
    },
    /// Says what is mounted
    Status,
    /// Unmounts and removes all that `up` made
    Down,
}

fn time(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time; write a number and s, m or h, such as `90s`");
    let units = [('s', 1), ('m', 60), ('h', 3600)];
    let split = units.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(*unit)?, seconds)));
    let (number, seconds) = split.ok_or_else(wrong)?;
    let number = number.parse::<u32>().ok().filter(|number| *number > 0).ok_or_else(wrong)?;
    Ok(Duration::from_secs(u64::from(number) * seconds))
}

fn lab_size(text: &str) -> Result<ByteSize, String> {
    /// The smallest that every `mkfs` takes, with some room in it.
    const LEAST: u64 = 512 << 20;
    let size: ByteSize = text.parse().map_err(|error: InvalidSize| error.to_string())?;
    if size.bytes() < LEAST { Err("write at least 512MiB".to_owned()) } else { Ok(size) }
}

fn target(text: &str) -> Result<(TargetName, PathBuf), String> {
    let (name, directory) = text.split_once('=').ok_or("write NAME=DIR")?;
    if directory.is_empty() {
        return Err("write NAME=DIR".to_owned());
    }
    Ok((name.parse()?, directory.into()))
}

fn glob(pattern: &str) -> Result<GlobMatcher, globset::Error> {
    Ok(GlobBuilder::new(pattern).build()?.compile_matcher())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        for (text, seconds) in [("90s", 90), ("10m", 600), ("1h", 3600)] {
            assert_eq!(time(text), Ok(Duration::from_secs(seconds)));
        }
        for text in ["", "s", "10", "0s", "-1m", "1.5h", "10 m", "1d", "5µ"] {
            assert!(time(text).unwrap_err().contains("is no time"), "{text}");
        }
    }
}
