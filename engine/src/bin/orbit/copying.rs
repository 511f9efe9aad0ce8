//! `orbit SRC DST`: one copy of a file, or what it would be. Settings in, one call of the library, one report out.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use orbit_engine::{
    Compression, CopyError, CopyOptions, CopyOutcome, Effective, Placement, copy_file, explain,
};
use serde_json::Value;

use crate::args::{CopyArguments, Output};
use crate::failure::{Exit, Failure};
use crate::progress::Shown;
use crate::remedy::{remedy, with_remedy};
use crate::signals::Signals;
use crate::{destination, explained, print, report, settings, story, tree};

/// Copies, or says what it would do.
///
/// # Errors
/// Why the file was not copied, with the exit code.
pub(crate) fn run(arguments: &CopyArguments) -> Result<(), Failure> {
    let Some((source, given)) = arguments.ends() else {
        return Err(Failure::usage("SRC and DST are missing"));
    };
    let effective = settings::gather(&arguments.settings)?;
    let tuning = settings::tuning(&effective)?;
    if let Some(line) = story::unused(&tuning).filter(|_| !arguments.output.quiet) {
        print::say(&format!("orbit: {line}"));
    }
    let options = effective.options().tuning(tuning);
    let filter = arguments.trees.filter()?;
    // What is not there is no file either.
    let is_file = source.metadata().is_ok_and(|there| !there.is_dir());
    if arguments.trees.recursive && !is_file {
        let (arguments, effective) = (arguments, &effective);
        // A slash at the end would hide what stands there.
        let destination = given.components().as_path();
        return tree::Task { source, destination, arguments, effective }.run(options, filter);
    }
    arguments.trees.fit_file(source)?;
    let decompress = effective.compress() == Compression::Decompress;
    let task = match destination::of(source, given, decompress) {
        Ok(destination) => Task { source, destination, arguments, effective: &effective },
        Err(nowhere) => {
            write_json(&arguments.output, || report::of_destination(source, given, &nowhere))?;
            return Err(Failure::failed(with_remedy(nowhere.message, nowhere.remedy)));
        }
    };
    if arguments.output.dry_run { task.explain(&options) } else { task.copy(options) }
}

/// What is to be copied where.
struct Task<'a> {
    source: &'a Path,
    destination: PathBuf,
    arguments: &'a CopyArguments,
    effective: &'a Effective,
}

impl Task<'_> {
    fn explain(&self, options: &CopyOptions) -> Result<(), Failure> {
        let told =
            explain(self.source, &self.destination, options).map_err(|error| self.failed(&error, None))?;
        if self.output().json {
            return print::out(&format!("{}\n", explained::json(&told, self.effective)));
        }
        print::lines(&explained::lines(&told, self.effective))
    }

    fn copy(&self, options: CopyOptions) -> Result<(), Failure> {
        let signals = Signals::listen()?;
        let mut options = options.cancel(signals.cancel());
        let shown = Shown::new(self.output()).map(Arc::new);
        if let Some(shown) = &shown {
            options = options.observer(Arc::<Shown>::clone(shown));
        }
        let begun = Instant::now();
        let copied = copy_file(self.source, &self.destination, &options);
        let took = begun.elapsed();
        if let Some(shown) = shown {
            shown.end(copied.is_ok());
        }
        match copied {
            Ok(outcome) => self.succeeded(&outcome, took),
            Err(error) => Err(self.failed(&error, signals.caught())),
        }
    }

    fn succeeded(&self, outcome: &CopyOutcome, took: Duration) -> Result<(), Failure> {
        let output = self.output();
        if !output.quiet {
            story::warnings(outcome).iter().for_each(|line| print::say(&format!("orbit: {line}")));
        }
        story::of(self.source, outcome, took, output.verbose).iter().for_each(|line| print::say(line));
        write_json(output, || report::of_outcome(self.source, outcome, took))
    }

    fn failed(&self, error: &CopyError, signal: Option<u8>) -> Failure {
        let exit = match (error, signal) {
            (CopyError::Cancelled { .. }, Some(signal)) => Exit::Signal(signal),
            (CopyError::ChecksumMismatch { .. }, _) => Exit::Unverified,
            _ => Exit::Failed,
        };
        // What cannot be reported is told in place of the report's own failure.
        let destination = self.effective.compress().new_name(&self.destination);
        let remedy = remedy(error, false).or_else(|| self.goes_on(error));
        let report = || report::of_error(self.source, &destination, report::error(error, &remedy), signal);
        if let Err(unwritten) = write_json(self.output(), report) {
            print::say(&format!("orbit: {}", unwritten.message));
        }
        Failure { message: with_remedy(error.to_string(), remedy), exit }
    }

    /// How a copy that was ended goes on.
    fn goes_on(&self, error: &CopyError) -> Option<String> {
        let is_kept = self.effective.placement() == Placement::Resumable;
        let is_ended = matches!(error, CopyError::Cancelled { .. });
        (is_kept && is_ended).then(|| "what was copied is kept, the same command goes on there".to_owned())
    }

    fn output(&self) -> &Output {
        &self.arguments.output
    }
}

fn write_json(output: &Output, report: impl FnOnce() -> Value) -> Result<(), Failure> {
    if output.json { print::out(&format!("{}\n", report())) } else { Ok(()) }
}
