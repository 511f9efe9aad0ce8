//! One copy in a process of its own, for tests that trace it, limit it or kill it.
//!
//! `copy-once [--strategy S] [--verify V] [--durability D] [--reflink R] [--sparse S] [--placement P] [--preserve B]
//! [--accept-changed B] [--direct-io B] [--io-uring B] [--only MECHANISM] [--max-bandwidth RATE] [--cancel-after MS]
//! [--tuned FILE] [--compress zstd:LEVEL] [--decompress B] [--] SRC DST`,
//! where B is `true` or `false`.
//!
//! The copy alone runs between the marks of [`orbit_tests::calls`]. Standard output gets one `key=value` line for each
//! fact of the outcome. Exit code 1 is a failed copy or tuned file, 2 a wrong command line.

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::thread;
use std::time::Duration;

use orbit_engine::{Cancel, Compression, CopyError, CopyOptions, CopyOutcome, Tuning, copy_file};

fn main() -> ExitCode {
    let request = match parse(env::args_os().skip(1)) {
        Ok(request) => request,
        Err(problem) => return fail(2, &problem),
    };
    match copy(&request) {
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
    tuned: Option<PathBuf>,
    source: PathBuf,
    destination: PathBuf,
}

fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Request, String> {
    let (mut options, mut tuned, mut paths) = (CopyOptions::new(), None, Vec::new());
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
        options = match flag {
            "--strategy" => options.strategy(named(flag, &value)?),
            "--verify" => options.verification(named(flag, &value)?),
            "--durability" => options.durability(named(flag, &value)?),
            "--reflink" => options.reflink(named(flag, &value)?),
            "--sparse" => options.sparse(named(flag, &value)?),
            "--placement" => options.placement(named(flag, &value)?),
            "--preserve" => options.preserve_metadata(named(flag, &value)?),
            "--accept-changed" => options.accept_changed_source(named(flag, &value)?),
            "--direct-io" => options.direct_io(named(flag, &value)?),
            "--io-uring" => options.io_uring(named(flag, &value)?),
            "--compress" => options.compression(named(flag, &value)?),
            "--decompress" => match named(flag, &value)? {
                true => options.compression(Compression::Decompress),
                false => options,
            },
            "--only" => options.only(named(flag, &value)?),
            "--max-bandwidth" => options.max_bandwidth(named(flag, &value)?),
            "--retries" => options.retries(named(flag, &value)?),
            "--cancel-after" => {
                let cancel = Cancel::new();
                cancel_after(&cancel, Duration::from_millis(named(flag, &value)?));
                options.cancel(cancel)
            }
            "--tuned" => {
                tuned = Some(PathBuf::from(value));
                options
            }
            _ => return Err(format!("unknown flag {flag}")),
        };
    }
    let [source, destination] = <[PathBuf; 2]>::try_from(paths)
        .map_err(|paths| format!("needs SRC and DST, got {} paths", paths.len()))?;
    Ok(Request { options, tuned, source, destination })
}

fn cancel_after(cancel: &Cancel, time: Duration) {
    let cancel = cancel.clone();
    thread::spawn(move || {
        thread::sleep(time);
        cancel.cancel();
    });
}

fn named<T: FromStr<Err: std::fmt::Display>>(flag: &str, value: &OsString) -> Result<T, String> {
    value.to_string_lossy().parse().map_err(|error| format!("{flag}: {error}"))
}

fn copy(request: &Request) -> Result<CopyOutcome, Box<dyn std::error::Error>> {
    let mut options = request.options.clone();
    if let Some(path) = &request.tuned {
        options = options.tuning(Tuning::load(path)?);
    }
    Ok(marked(|| copy_file(&request.source, &request.destination, &options))?)
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
