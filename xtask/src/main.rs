//! `cargo xtask`: measures and tunes orbit-engine. Parses, calls one function per command, owns the exit code.
#![forbid(unsafe_code)]

mod agreement;
mod budget;
mod cache;
mod clock;
mod cmd;
mod comparison;
mod export;
mod fixture;
mod flags;
mod gate;
mod histogram;
mod host;
mod interrupt;
mod known;
mod lab;
mod launcher;
mod mounts;
mod owner;
mod plan;
mod program;
mod record;
mod report;
mod run_comparison;
mod runner;
mod sample;
mod scenario;
#[cfg(test)]
mod schemas;
mod stats;
mod subject;
mod summary;
mod system;
mod targets;
mod text;
mod tuner;
mod worker;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::cmd::Done;
use crate::flags::{Command, Flags};

fn main() -> ExitCode {
    let mut out = io::stdout().lock();
    // Before anything else takes memory.
    let done =
        launcher::called(&mut out).map_or_else(|| commanded(&mut out), |done| done.map(|()| Done::Complete));
    match done.and_then(|done| Ok(out.flush().map(|()| done)?)) {
        Ok(Done::Complete) => ExitCode::SUCCESS,
        Ok(Done::Interrupted(message)) => {
            say(&message);
            ExitCode::from(interrupt::EXIT_CODE)
        }
        Ok(Done::Unlike(message)) => {
            say(&message);
            ExitCode::from(cmd::USAGE)
        }
        Ok(Done::Stale(message)) => {
            say(&message);
            ExitCode::from(cmd::STALE)
        }
        Ok(Done::Missed(bounds)) => {
            bounds.iter().for_each(|line| say(line));
            ExitCode::from(cmd::MISSED)
        }
        Ok(Done::Regressed(message)) => {
            say(&message);
            ExitCode::from(cmd::MISSED)
        }
        Ok(Done::Undecided(message)) => {
            say(&message);
            ExitCode::from(cmd::UNDECIDED)
        }
        // Whoever closed the pipe has read enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {}", format!("{error:#}").replace('\n', " ")));
            ExitCode::FAILURE
        }
    }
}

/// What the command line asks for.
fn commanded(out: &mut impl Write) -> Result<Done> {
    let flags = Flags::parse();
    let root = workspace_root();
    match &flags.command {
        Command::Bench(flags) => cmd::bench::run(flags, &root, out),
        Command::Tune(flags) => cmd::tune::run(flags, &root, out),
        Command::Gate(flags) => cmd::gate::run(flags, &root, out),
        Command::GateWorker => cmd::gate_worker::run(out),
        Command::Report(flags) => cmd::report::run(flags, &root, out),
        Command::Export(flags) => cmd::export::run(flags, out),
        Command::Lab(flags) => cmd::lab::run(flags, &root, out),
        Command::Tables => cmd::tables::run(&root, out),
        Command::Tidy => cmd::tidy::run(&root, scenario::KEYS, out),
    }
}

/// A closed stderr is nobody to tell about.
fn say(message: &str) {
    let _ = writeln!(io::stderr(), "{message}");
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// The checkout that this program was built from.
fn workspace_root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_path_buf()
}
