//! `orbit -R SRC DST`: one tree, or what it would be. Settings in, one call of the library, one report out.

pub(crate) mod flags;
mod progress;
mod report;
mod story;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use orbit_engine::{
    Compression, CopyError, CopyOptions, Effective, Globs, OnError, Operation, Placement, Symlinks,
    TreeError, TreeOptions, TreeOutcome, copy_tree,
};

use self::progress::Shown;
use crate::args::{CopyArguments, Output};
use crate::failure::{Exit, Failure};
use crate::print;
use crate::remedy::{remedy, with_remedy};
use crate::signals::Signals;
use crate::units::{count, size};

/// What is to be copied where.
pub(crate) struct Task<'a> {
    pub(crate) source: &'a Path,
    pub(crate) destination: &'a Path,
    pub(crate) arguments: &'a CopyArguments,
    pub(crate) effective: &'a Effective,
}

/// How a copy ended.
struct Ended {
    copied: Result<TreeOutcome, TreeError>,
    took: Duration,
    signal: Option<u8>,
}

impl Task<'_> {
    /// Copies, or counts what it would copy. `each` says how each file is copied, `filter` which.
    ///
    /// # Errors
    /// What was not copied, with the exit code. Of several failures each is said by then.
    pub(crate) fn run(&self, each: CopyOptions, filter: Option<Globs>) -> Result<(), Failure> {
        let signals = Signals::listen()?;
        let mut options = self.options(each.cancel(signals.cancel()), filter);
        // To count what is only counted would take as long again.
        let shown = if self.output().dry_run { None } else { Shown::new(self.output()).map(Arc::new) };
        if let Some(shown) = &shown {
            options = options.count_ahead(true).observer(Arc::<Shown>::clone(shown));
        }
        let begun = Instant::now();
        let copied = copy_tree(self.source, self.destination, &options);
        let took = begun.elapsed();
        if let Some(shown) = shown {
            shown.end(copied.is_ok());
        }
        let ended = Ended { copied, took, signal: signals.caught() };
        let told = self.tell(&ended);
        self.fail(&ended, told)
    }

    fn options(&self, each: CopyOptions, filter: Option<Globs>) -> TreeOptions {
        let flags = &self.arguments.trees;
        let options = TreeOptions::new(each)
            .workers(self.effective.parallel())
            .symlinks(flags.symlinks())
            .overwrite(flags.overwrite())
            .on_error(flags.on_error())
            .dry_run(self.output().dry_run);
        match filter {
            Some(filter) => options.filter(Arc::new(filter)),
            None => options,
        }
    }

    /// Everything but failures.
    fn tell(&self, ended: &Ended) -> Result<(), Failure> {
        let Output { quiet, verbose, json, dry_run, .. } = *self.output();
        let (outcome, took) = (ended.outcome(), ended.took);
        if !quiet {
            let warnings = story::warnings(outcome, verbose);
            warnings.iter().for_each(|line| print::say(&format!("orbit: {line}")));
        }
        let is_coded = self.effective.compress() != Compression::None;
        if !dry_run {
            let lines = story::of(self.source, outcome, took, is_coded, verbose);
            lines.iter().for_each(|line| print::say(line));
        }
        match (json, dry_run) {
            (true, _) => {
                let report = report::of(self.source, ended, dry_run, |error| self.remedy(error));
                print::out(&format!("{report}\n"))
            }
            // Of what is refused there is nothing that would be done.
            (false, true) if ended.was_begun() => {
                print::lines(&story::counted(self.source, outcome, self.arguments, self.effective))
            }
            (false, _) => Ok(()),
        }
    }

    /// Says every failure but the last, which the caller says. `told` is what became of the report.
    fn fail(&self, ended: &Ended, told: Result<(), Failure>) -> Result<(), Failure> {
        let Some((last, others)) = ended.failures().split_last() else { return told };
        if let Err(unwritten) = told {
            print::say(&format!("orbit: {}", unwritten.message));
        }
        others.iter().for_each(|error| print::say(&format!("orbit: {}", self.line(error))));
        let mut message = self.line(last);
        let number = ended.failures().iter().filter(|error| !is_cancelled(error)).count();
        if number > 1 {
            print::say(&format!("orbit: {message}"));
            let TreeOutcome { files, bytes, .. } = *ended.outcome();
            let copied = if self.output().dry_run { "would be copied" } else { "copied" };
            message = format!("{number} failures; {} of {} {copied}", count(files, "file"), size(bytes));
        }
        if self.could_go_on(ended) {
            message += "; --keep-going copies the rest";
        }
        Err(Failure { message, exit: ended.exit() })
    }

    /// Whether there is a rest that was not begun because of a failure.
    fn could_go_on(&self, ended: &Ended) -> bool {
        let is_stopped = self.arguments.trees.on_error() == OnError::Stop;
        // The whole tree has its name last.
        let is_named_last = |error: &CopyError| matches!(error, CopyError::Io { operation: Operation::Rename, path, .. } if path == self.destination);
        let mut failures = ended.failures().iter();
        is_stopped && ended.was_begun() && !failures.clone().any(is_cancelled) && !failures.all(is_named_last)
    }

    fn line(&self, error: &CopyError) -> String {
        with_remedy(error.to_string(), self.remedy(error))
    }

    fn remedy(&self, error: &CopyError) -> Option<String> {
        self.leaves_out(error).or_else(|| remedy(error, true)).or_else(|| self.goes_on(error))
    }

    /// What can be done about a link that leads to what holds the copy.
    fn leaves_out(&self, error: &CopyError) -> Option<String> {
        let CopyError::IntoItself { source, .. } = error else { return None };
        let is_by_link = self.arguments.trees.symlinks() == Symlinks::Follow && source != self.source;
        let told = "name a DST outside of SRC, or leave out the link that leads there (--exclude)";
        is_by_link.then(|| told.to_owned())
    }

    /// What becomes of a copy that was ended.
    fn goes_on(&self, error: &CopyError) -> Option<String> {
        let told = match self.effective.placement() {
            Placement::Resumable => "what was copied is kept, the same command goes on there",
            Placement::Staged | Placement::InPlace => "the files that were finished stay",
        };
        is_cancelled(error).then(|| told.to_owned())
    }

    fn output(&self) -> &Output {
        &self.arguments.output
    }
}

impl Ended {
    fn outcome(&self) -> &TreeOutcome {
        match &self.copied {
            Ok(outcome) => outcome,
            Err(error) => &error.outcome,
        }
    }

    /// Whether anything was done: the root is the first directory that is counted.
    fn was_begun(&self) -> bool {
        let TreeOutcome { directories, merged, .. } = *self.outcome();
        directories + merged > 0
    }

    /// None where all was copied.
    fn failures(&self) -> &[CopyError] {
        self.copied.as_ref().err().map_or(&[], |error| &error.failures)
    }

    fn exit(&self) -> Exit {
        let is_unverified = |error: &CopyError| matches!(error, CopyError::ChecksumMismatch { .. });
        match self.signal {
            Some(signal) if self.failures().iter().any(is_cancelled) => Exit::Signal(signal),
            _ if self.failures().iter().any(is_unverified) => Exit::Unverified,
            _ => Exit::Failed,
        }
    }
}

fn is_cancelled(error: &CopyError) -> bool {
    matches!(error, CopyError::Cancelled { .. })
}
