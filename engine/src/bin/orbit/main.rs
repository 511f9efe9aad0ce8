//! The command `orbit`: parses, calls one function per command, owns the exit code.
#![forbid(unsafe_code)]

mod args;
mod capabilities;
mod copying;
mod destination;
mod explained;
mod failure;
mod flags;
mod manual;
mod presets;
mod print;
mod progress;
mod remedy;
mod report;
mod settings;
mod signals;
mod story;
mod tree;
mod units;
mod usage;
mod words;

use std::process::ExitCode;

use crate::args::Command;

fn main() -> ExitCode {
    let arguments = match args::parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage::told(&error),
    };
    let done = match &arguments.command {
        None => copying::run(&arguments.copy),
        Some(Command::Capabilities(arguments)) => capabilities::run(arguments),
        Some(Command::Presets(arguments)) => presets::run(arguments),
        Some(Command::Completions { shell }) => manual::completions(*shell),
        Some(Command::Man) => manual::page(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            print::say(&format!("orbit: {}", failure.message));
            ExitCode::from(failure.exit.code())
        }
    }
}
