//! One copy in a process of its own, for tests that trace it, limit it or kill it.
//!
//! `copy-once [--strategy S] [--verify V] [--durability D] [--reflink R] [--sparse S] [--placement P] [--preserve B]
//! [--accept-changed B] [--direct-io B] [--io-uring B] [--only MECHANISM] [--max-bandwidth RATE] [--retries N]
//! [--cancel-after MS] [--tuned FILE] [--compress zstd:LEVEL] [--decompress B] [--] SRC DST`,
//! where B is `true` or `false`.
//!
//! The copy alone runs between the marks of [`orbit_tests::calls`]. Standard output gets one `key=value` line for each
//! fact of the outcome. Exit code 1 is a failed copy, 2 a wrong command line or tuned file.

#[path = "flags/each_file.rs"]
mod each_file;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use orbit_engine::{CopyError, CopyOptions, CopyOutcome, copy_file};

fn main() -> ExitCode {
    let request = match parse(env::args_os().skip(1)) {
        Ok(request) => request,
        Err(problem) => return fail(2, &problem),
    };
    match marked(|| copy_file(&request.source, &request.destination, &request.options)) {
        Ok(outcome) => {
            report(&outcome).map_or_else(|error| fail(1, &error.to_string()), |()| ExitCode::SUCCESS)
        }
        Err(error) => fail(1, &error.to_string()),
    }
}

fn fail(code: u8, problem: &str) -> ExitCode {
    // With standard error closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "{problem}");
    ExitCode::from(code)
}

struct Request {
    options: CopyOptions,
    source: PathBuf,
    destination: PathBuf,
}

fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Request, String> {
    let (mut options, mut paths) = (CopyOptions::new(), Vec::new());
    while let Some(argument) = arguments.next() {
        let Some(flag) = argument.to_str().filter(|text| text.starts_with("--")) else {
            paths.push(PathBuf::from(argument));
            continue;
        };
        if flag == "--" {
            paths.extend(arguments.by_ref().map(PathBuf::from));
            break;
        }
        let value = arguments.next().ok_or_else(|| format!("{flag} needs a value"))?;
        options =
            each_file::with_flag(&options, flag, &value)?.ok_or_else(|| format!("unknown flag {flag}"))?;
    }
    let [source, destination] = <[PathBuf; 2]>::try_from(paths)
        .map_err(|paths| format!("needs SRC and DST, got {} paths", paths.len()))?;
    Ok(Request { options, source, destination })
}

fn marked(body: impl FnOnce() -> Result<CopyOutcome, CopyError>) -> Result<CopyOutcome, CopyError> {
    #[cfg(unix)]
    orbit_tests::calls::mark_begin();
    let result = body();
    #[cfg(unix)]
    orbit_tests::calls::mark_end();
    result
}

fn report(outcome: &CopyOutcome) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "mechanism={}", outcome.mechanism)?;
    writeln!(out, "destination={}", outcome.destination.display())?;
    writeln!(out, "bytes={}", outcome.bytes)?;
    writeln!(out, "content_bytes={}", outcome.content_bytes)?;
    if let Some(peak) = orbit_tests::memory::peak_memory_bytes() {
        writeln!(out, "peak_memory={peak}")?;
    }
    writeln!(out, "data_bytes={}", outcome.data_bytes)?;
    writeln!(out, "threads={}", outcome.threads)?;
    writeln!(out, "resumed={}", outcome.resumed)?;
    writeln!(out, "retries={}", outcome.retries)?;
    writeln!(out, "source_changed={}", outcome.source_changed)?;
    writeln!(out, "system_calls={}", outcome.system_calls)?;
    writeln!(out, "verified={}", outcome.verified)?;
    writeln!(out, "durability={}", outcome.durability)?;
    for moved in &outcome.moved {
        writeln!(out, "moved={} {}", moved.mechanism, moved.bytes)?;
    }
    for refusal in &outcome.refusals {
        writeln!(out, "refusal={refusal}")?;
    }
    for lost in &outcome.not_preserved {
        writeln!(out, "not_preserved={lost}")?;
    }
    for omission in &outcome.omissions {
        writeln!(out, "omission={omission}")?;
    }
    out.flush()
}
