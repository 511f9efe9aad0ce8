//! Copies one file: `copy SOURCE DESTINATION [--in-place]`. Prints nothing when it worked, and one line when it did not.
//!
//! The suite measures it beside `cp` and its like, so it does what such a program does and no more.

use std::env;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use orbit_engine::{CopyOptions, Placement, copy_file};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let (source, destination, placement) = match arguments.as_slice() {
        [source, destination] => (source, destination, Placement::Staged),
        [source, destination, flag] if flag == "--in-place" => (source, destination, Placement::InPlace),
        _ => return fail("usage: copy SOURCE DESTINATION [--in-place]", 2),
    };
    match copy_file(source, destination, &CopyOptions::new().placement(placement)) {
        Ok(_outcome) => ExitCode::SUCCESS,
        // The error names the path and what was being done.
        Err(error) => fail(&format!("copy: {error}"), 1),
    }
}

fn fail(message: &str, code: u8) -> ExitCode {
    // A closed stderr is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{message}");
    ExitCode::from(code)
}
