//! The programs that are measured: one of each side, that of a commit kept by its name, and two copies of each, equal byte
//! for byte.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::repository::Worktree;
use crate::gate::Side;
use crate::program;

const PROGRAM: &str = "xtask";

/// Such as some systems want of programs.
const ENDING: &str = std::env::consts::EXE_SUFFIX;

/// Where a gate keeps what it makes.
#[derive(Debug, Clone)]
pub(super) struct Workshop {
    root: PathBuf,
    folder: PathBuf,
}

/// The four programs, removed when dropped.
#[derive(Debug)]
pub(super) struct Programs {
    folder: TempDir,
}

impl Workshop {
    pub(super) fn in_checkout(root: &Path) -> Self {
        Self { root: root.to_owned(), folder: root.join("target/gate") }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The program of a commit; built only where it was not built before.
    pub(super) fn of_commit(&self, side: Side, commit: &str) -> Result<PathBuf> {
        let kept = self.folder.join("programs").join(commit).join(format!("{PROGRAM}{ENDING}"));
        if kept.is_file() {
            return Ok(kept);
        }
        let worktree = Worktree::add(&self.root, self.folder.join(name(side)), commit)?;
        // One folder for both sides, which lie at different paths: what they have in common is compiled once.
        let target = self.folder.join("build");
        let what = format!("the {} {}", name(side), short(commit));
        let built = build(&worktree.path, Some(&target), &what)?;
        keep(&built, &kept).with_context(|| format!("cannot keep {}", kept.display()))?;
        Ok(kept)
    }

    /// The program of the working copy, in cargo's own folder, where it is mostly built already: by `cargo xtask`.
    pub(super) fn of_working_copy(&self) -> Result<PathBuf> {
        build(&self.root, None, "the working copy")
    }

    /// Two copies of both.
    pub(super) fn copies(&self, base: &Path, head: &Path) -> Result<Programs> {
        let folder = tempfile::Builder::new().prefix("run-").tempdir_in(&self.folder);
        let folder = folder.with_context(|| format!("cannot make a folder in {}", self.folder.display()))?;
        let programs = Programs { folder };
        for (side, from) in [(Side::Base, base), (Side::Head, head)] {
            for copy in [0, 1] {
                let to = programs.path(side, copy);
                fs::copy(from, &to).with_context(|| format!("cannot write {}", to.display()))?;
            }
        }
        Ok(programs)
    }
}

impl Programs {
    pub(super) fn path(&self, side: Side, copy: usize) -> PathBuf {
        // Names of one length: some of what a program has at its start depends on it.
        self.folder.path().join(format!("{}-{copy}{ENDING}", name(side)))
    }
}

fn build(checkout: &Path, target: Option<&Path>, what: &str) -> Result<PathBuf> {
    say(&format!("building {what}"));
    match program::build(checkout, &["--package", PROGRAM], target)? {
        Ok(path) => Ok(path),
        Err(said) => {
            say(&said);
            let first = said.lines().find(|line| line.starts_with("error")).unwrap_or("cargo failed");
            bail!("{what} does not build: {first}")
        }
    }
}

pub(super) fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

fn name(side: Side) -> &'static str {
    match side {
        Side::Base => "base",
        Side::Head => "head",
    }
}

/// Whole or not at all: a later gate trusts its name.
fn keep(built: &Path, kept: &Path) -> io::Result<()> {
    let folder = kept.parent().unwrap_or(kept);
    fs::create_dir_all(folder)?;
    let new = folder.join("new");
    fs::copy(built, &new)?;
    fs::rename(new, kept)
}

/// Builds take minutes; a closed stderr is nobody to tell about them.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
