//! One copy of a tree in a process of its own, for tests that trace it, limit it, kill it or run it as another user.
//!
//! `copy-tree-once [FLAG VALUE]... [--] SRC DST`, with the flags of `copy-once` for each file and, for the tree,
//! `--workers N`, `--symlinks P`, `--overwrite P`, `--on-error P`, `--dry-run B`, `--count-ahead B` and
//! `--exclude NAME`, which leaves out every entry of that name; B is `true` or `false`.
//!
//! The copy alone runs between the marks of [`orbit_tests::calls`]. Standard output gets one `key=value` line for each
//! fact of the outcome, also where the copy failed, then a line `failure=` for each failure, as Rust's `Debug` writes
//! it, which is one line whatever the names. Exit code 1 is a failed copy, 2 a wrong command line or tuned file.

#[path = "flags/each_file.rs"]
mod each_file;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use orbit_engine::{CopyError, CopyOptions, FileKind, TreeError, TreeOptions, TreeOutcome, copy_tree};

use self::each_file::named;

fn main() -> ExitCode {
    let request = match parse(env::args_os().skip(1)) {
        Ok(request) => request,
        Err(problem) => return fail(2, &problem),
    };
    let (outcome, failures) = match marked(&request) {
        Ok(outcome) => (Box::new(outcome), Vec::new()),
        Err(TreeError { outcome, failures, .. }) => (outcome, failures),
    };
    match report(&outcome, &failures) {
        Err(error) => fail(1, &error.to_string()),
        Ok(()) if failures.is_empty() => ExitCode::SUCCESS,
        Ok(()) => ExitCode::from(1),
    }
}

fn fail(code: u8, problem: &str) -> ExitCode {
    // With standard error closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "{problem}");
    ExitCode::from(code)
}

struct Request {
    options: TreeOptions,
    source: PathBuf,
    destination: PathBuf,
}

fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Request, String> {
    let (mut each, mut tree_flags, mut paths) = (CopyOptions::new(), Vec::new(), Vec::new());
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
        match each_file::with_flag(&each, flag, &value)? {
            Some(with_flag) => each = with_flag,
            None => tree_flags.push((flag.to_owned(), value)),
        }
    }
    let mut options = TreeOptions::new(each);
    for (flag, value) in &tree_flags {
        options = with_tree_flag(options, flag, value)?;
    }
    let [source, destination] = <[PathBuf; 2]>::try_from(paths)
        .map_err(|paths| format!("needs SRC and DST, got {} paths", paths.len()))?;
    Ok(Request { options, source, destination })
}

fn with_tree_flag(options: TreeOptions, flag: &str, value: &OsString) -> Result<TreeOptions, String> {
    Ok(match flag {
        "--workers" => options.workers(named(flag, value)?),
        "--symlinks" => options.symlinks(named(flag, value)?),
        "--overwrite" => options.overwrite(named(flag, value)?),
        "--on-error" => options.on_error(named(flag, value)?),
        "--dry-run" => options.dry_run(named(flag, value)?),
        "--count-ahead" => options.count_ahead(named(flag, value)?),
        "--exclude" => {
            let name = value.clone();
            options
                .filter(Arc::new(move |path: &Path, _: FileKind| path.file_name() != Some(name.as_os_str())))
        }
        _ => return Err(format!("unknown flag {flag}")),
    })
}

fn marked(request: &Request) -> Result<TreeOutcome, TreeError> {
    #[cfg(unix)]
    orbit_tests::calls::mark_begin();
    let result = copy_tree(&request.source, &request.destination, &request.options);
    #[cfg(unix)]
    orbit_tests::calls::mark_end();
    result
}

fn report(outcome: &TreeOutcome, failures: &[CopyError]) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for (key, count) in [
        ("files", outcome.files),
        ("bytes", outcome.bytes),
        ("data_bytes", outcome.data_bytes),
        ("written_bytes", outcome.written_bytes),
        ("directories", outcome.directories),
        ("merged", outcome.merged),
        ("symlinks", outcome.symlinks),
        ("hard_links", outcome.hard_links),
        ("special", outcome.special),
        ("kept", outcome.kept),
        ("kept_bytes", outcome.kept_bytes),
        ("filtered", outcome.filtered),
        ("skipped_symlinks", outcome.skipped_symlinks),
        ("verified", outcome.verified),
        ("resumed", outcome.resumed),
        ("retries", outcome.retries),
        ("changed", outcome.changed),
        ("system_calls", outcome.system_calls),
        ("workers", outcome.workers.into()),
    ] {
        writeln!(out, "{key}={count}")?;
    }
    for skipped in &outcome.skipped_special {
        writeln!(out, "skipped_special={} {:?}", skipped.kind, skipped.path)?;
    }
    for moved in &outcome.moved {
        writeln!(out, "moved={} {}", moved.mechanism, moved.bytes)?;
    }
    for refused in &outcome.refusals {
        writeln!(out, "refusal={refused}")?;
    }
    for lost in &outcome.not_preserved {
        writeln!(out, "not_preserved={} {}", lost.attribute, lost.entries)?;
    }
    if let Some(peak) = orbit_tests::memory::peak_memory_bytes() {
        writeln!(out, "peak_memory={peak}")?;
    }
    for failure in failures {
        writeln!(out, "failure={failure:?}")?;
    }
    out.flush()
}
