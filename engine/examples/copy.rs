//! Copies one file, or a tree: `copy [--tree] [--zero-copy | --buffered] [--in-place | --fast] SOURCE
//! DESTINATION`. Prints nothing when it worked, and one line when it did not.
//!
//! The suite measures it beside `cp` and its like, so it does what such a program does and no more.

use std::env;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use orbit_engine::{CopyOptions, Placement, Strategy, TreeOptions, copy_file, copy_tree};

const USAGE: &str =
    "usage: copy [--tree] [--zero-copy | --buffered] [--in-place | --fast] SOURCE DESTINATION";

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let [flags @ .., source, destination] = arguments.as_slice() else { return fail(USAGE, 2) };
    let (mut options, mut tree) = (CopyOptions::new(), false);
    for flag in flags {
        match flag.to_str() {
            Some("--tree") => tree = true,
            Some("--zero-copy") => options = options.strategy(Strategy::ZeroCopy),
            Some("--buffered") => options = options.strategy(Strategy::Buffered),
            Some("--in-place") => options = options.placement(Placement::InPlace),
            Some("--fast") => options = CopyOptions::fast(),
            _ => return fail(USAGE, 2),
        }
    }
    let done = if tree {
        copy_tree(source, destination, &TreeOptions::new(options))
            .map(drop)
            .map_err(|error| error.to_string())
    } else {
        copy_file(source, destination, &options).map(drop).map_err(|error| error.to_string())
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // The error names the path and what was being done.
        Err(error) => fail(&format!("copy: {error}"), 1),
    }
}

fn fail(message: &str, code: u8) -> ExitCode {
    // A closed stderr is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{message}");
    ExitCode::from(code)
}
