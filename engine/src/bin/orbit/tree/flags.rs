//! The flags that speak of trees alone. None of them is a setting: what they say fits one tree.

use std::ffi::OsString;
use std::path::Path;

use clap::{ArgAction, Args};
use orbit_engine::{Globs, OnError, Overwrite, Symlinks, shown};

use crate::args::one_of;
use crate::failure::Failure;

/// All need `--recursive`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Trees")]
pub(crate) struct TreeFlags {
    /// Copy the directory SRC, with all that lies in it, to DST: the new directory, or the one to fill. A SRC that is
    /// a file is copied as one
    #[arg(short = 'R', long)]
    pub(crate) recursive: bool,
    /// Symbolic links in SRC: `preserve` (the default; stay links), `follow` (copy what they lead to) or `skip`
    #[arg(long, value_name = "WHAT", hide_possible_values = true,
        value_parser = one_of::<Symlinks>(Symlinks::ALL.iter().map(|symlinks| symlinks.name())))]
    symlinks: Option<Symlinks>,
    /// Files that stand in DST: `always` (the default; replace them), `never` (keep them) or `newer` (replace those
    /// that are older than their source)
    #[arg(long, value_name = "WHEN", hide_possible_values = true,
        value_parser = one_of::<Overwrite>(Overwrite::ALL.iter().map(|overwrite| overwrite.name())))]
    overwrite: Option<Overwrite>,
    /// Leave out what has this name, or, where it has a `/`, this path below SRC: `*.o`, `/doc/*`, `**/[a-c]?`,
    /// `{old,tmp}`; `cache/` means directories alone. May be given again
    #[arg(long, value_name = "GLOB", action = ArgAction::Append, allow_hyphen_values = true)]
    exclude: Vec<OsString>,
    /// Copy what this matches although an --exclude does too; without any --exclude, copy no other files. May be given
    /// again
    #[arg(long, value_name = "GLOB", action = ArgAction::Append, allow_hyphen_values = true)]
    include: Vec<OsString>,
    /// Copy the rest when something cannot be copied, and say all of it
    #[arg(long)]
    keep_going: bool,
}

impl TreeFlags {
    pub(crate) fn symlinks(&self) -> Symlinks {
        self.symlinks.unwrap_or_default()
    }

    pub(crate) fn overwrite(&self) -> Overwrite {
        self.overwrite.unwrap_or_default()
    }

    pub(crate) fn on_error(&self) -> OnError {
        if self.keep_going { OnError::Continue } else { OnError::Stop }
    }

    /// What is asked for must not be without effect on a SRC that is a file.
    ///
    /// # Errors
    /// Where a flag that speaks of trees is given.
    pub(crate) fn fit_file(&self, source: &Path) -> Result<(), Failure> {
        match self.given() {
            None => Ok(()),
            Some(flag) => Err(Failure::usage(format!(
                "{} is no directory, and {flag} speaks of trees; leave it out",
                shown(source)
            ))),
        }
    }

    /// None where there are no patterns.
    ///
    /// # Errors
    /// A pattern that is broken.
    pub(crate) fn filter(&self) -> Result<Option<Globs>, Failure> {
        if self.include.is_empty() && self.exclude.is_empty() {
            return Ok(None);
        }
        let globs = Globs::new(texts(&self.include)?, texts(&self.exclude)?);
        globs.map(Some).map_err(|error| Failure::usage(error.to_string()))
    }

    /// The flag that was given in vain, since trees are not asked for.
    pub(crate) fn without_recursive(&self) -> Option<&'static str> {
        self.given().filter(|_| !self.recursive)
    }

    /// The first flag that was given, beside `--recursive`.
    fn given(&self) -> Option<&'static str> {
        let Self { recursive: _, symlinks, overwrite, exclude, include, keep_going } = self;
        let given = [
            (symlinks.is_some(), "--symlinks"),
            (overwrite.is_some(), "--overwrite"),
            (!exclude.is_empty(), "--exclude"),
            (!include.is_empty(), "--include"),
            (*keep_going, "--keep-going"),
        ];
        given.into_iter().find(|(is_given, _)| *is_given).map(|(_, flag)| flag)
    }
}

fn texts(patterns: &[OsString]) -> Result<Vec<&str>, Failure> {
    patterns.iter().map(text).collect()
}

/// The library reads patterns as text, though not names.
fn text(pattern: &OsString) -> Result<&str, Failure> {
    pattern.to_str().ok_or_else(|| {
        let pattern = shown(pattern);
        Failure::usage(format!("the pattern `{pattern}` is no UTF-8; `?` stands for any byte of a name"))
    })
}
