//! The command line. Parsed here once; commands see plain values.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use globset::{GlobBuilder, GlobMatcher};

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
    Bench(BenchFlags),
    /// Turns a run into tuned thresholds that the engine loads, or says that the defaults stay
    Tune(TuneFlags),
    /// Draws histograms, plots and summary of a run again
    Report(ReportFlags),
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
    /// Print how many bytes the run would write, and about how long it would take, and stop
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Only cases whose id matches this glob, such as `*/size=*KiB/*`
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    pub(crate) filter: Option<GlobMatcher>,
    /// Measure so many blocks instead of what the scenario says
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) blocks: Option<u32>,
    /// Order and contents from this number; random and recorded when absent
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Let the engine obey this tuned file
    #[arg(long, value_name = "FILE")]
    pub(crate) tuned: Option<PathBuf>,
    /// Where runs are kept
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub(crate) results: PathBuf,
    /// Go on with an interrupted run; its scenario, seed and blocks are kept
    #[arg(long, value_name = "RUN", conflicts_with_all = ["scenario", "list", "dry_run", "filter", "blocks", "seed", "tuned"])]
    pub(crate) resume: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct TuneFlags {
    /// The folder of a run; the newest one when absent
    pub(crate) run: Option<PathBuf>,
    /// Where runs are kept
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub(crate) results: PathBuf,
    /// Where to write the tuned file; `tuned.toml` in the run's folder when absent
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ReportFlags {
    /// The folder of a run; the newest one when absent
    pub(crate) run: Option<PathBuf>,
    /// Where runs are kept
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub(crate) results: PathBuf,
}

fn glob(pattern: &str) -> Result<GlobMatcher, globset::Error> {
    Ok(GlobBuilder::new(pattern).build()?.compile_matcher())
}
