//! Which revisions are compared, and checkouts of them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};

/// The branch that others come from.
const MAIN: [&str; 2] = ["main", "origin/main"];

/// Results are no part of what is built, and the history is one of them.
const CHANGES: [&str; 5] = ["status", "--porcelain", "--", ".", ":(exclude)results"];

/// What is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Head {
    /// By its full hash.
    Commit(String),
    /// As it is, and whether that is a commit's content.
    WorkingCopy { is_changed: bool },
}

/// What `--head` names.
pub(super) fn head(root: &Path, revision: Option<&str>) -> Result<Head> {
    match revision {
        Some(revision) => Ok(Head::Commit(commit(root, "--head", revision)?)),
        None => Ok(Head::WorkingCopy { is_changed: !git(root, &CHANGES)?.is_empty() }),
    }
}

/// The commit that the head is, for a line of the history: of changes that are in no commit nothing could be told later.
pub(super) fn recorded(root: &Path, head: &Head) -> Result<String> {
    match head {
        Head::Commit(commit) => Some(commit.clone()),
        Head::WorkingCopy { is_changed: false } => parsed(root, "HEAD"),
        Head::WorkingCopy { is_changed: true } => None,
    }
    .context("--record: the working copy has changes; commit them, or name a revision by --head")
}

/// The full hash of what `--base` names; without it the merge base with the main branch. None where the head has no commit
/// before it.
pub(super) fn base(root: &Path, revision: Option<&str>, head: &Head) -> Result<Option<String>> {
    if let Some(revision) = revision {
        return commit(root, "--base", revision).map(Some);
    }
    let own = match head {
        Head::Commit(commit) => commit.clone(),
        Head::WorkingCopy { .. } => match parsed(root, "HEAD") {
            Some(commit) => commit,
            None => return Ok(None),
        },
    };
    let Some(main) = MAIN.iter().find_map(|name| parsed(root, name)) else {
        bail!("there is no branch main to compare with; name a revision by --base");
    };
    let common = git(root, &["merge-base", &main, &own])
        .context("the head has no commit in common with main; name a revision by --base")?;
    Ok(match head {
        _ if common != own => Some(common),
        Head::WorkingCopy { is_changed: true } => Some(own),
        _ => parsed(root, &format!("{own}^")),
    })
}

fn commit(root: &Path, flag: &str, revision: &str) -> Result<String> {
    parsed(root, revision).with_context(|| format!("{flag}: there is no revision {revision}"))
}

/// The commit that `revision` names.
fn parsed(root: &Path, revision: &str) -> Option<String> {
    let name = format!("{revision}^{{commit}}");
    git(root, &["rev-parse", "--verify", "--quiet", "--end-of-options", &name]).ok()
}

fn git(root: &Path, arguments: &[&str]) -> Result<String> {
    let Output { status, stdout, stderr } = Command::new("git")
        .args(arguments)
        .current_dir(root)
        .stdin(Stdio::null())
        .output()
        .context("cannot start git")?;
    if !status.success() {
        let said = String::from_utf8_lossy(&stderr);
        bail!("git {}: {}", arguments.join(" "), said.lines().last().unwrap_or("it failed").trim());
    }
    Ok(String::from_utf8_lossy(&stdout).trim().to_owned())
}

/// A checkout of one commit, removed when dropped.
#[derive(Debug)]
pub(super) struct Worktree<'a> {
    root: &'a Path,
    pub(super) path: PathBuf,
}

impl<'a> Worktree<'a> {
    /// At `path`, where nothing may be but what a gate that was killed left.
    pub(super) fn add(root: &'a Path, path: PathBuf, commit: &str) -> Result<Self> {
        let text = path.to_str().context("the checkout's path is no text")?;
        if path.exists() {
            if !is_worktree(root, &path)? {
                bail!("{text} is there and is no worktree of this repository; remove it");
            }
            remove(root, text)?;
        }
        git(root, &["worktree", "prune"])?;
        git(root, &["worktree", "add", "--detach", "--quiet", text, commit])?;
        Ok(Self { root, path })
    }
}

impl Drop for Worktree<'_> {
    fn drop(&mut self) {
        // What stays is removed by the next gate.
        if let Some(text) = self.path.to_str() {
            let _ = remove(self.root, text);
        }
    }
}

fn remove(root: &Path, path: &str) -> Result<()> {
    git(root, &["worktree", "remove", "--force", path]).map(drop)
}

fn is_worktree(root: &Path, path: &Path) -> Result<bool> {
    let path = std::fs::canonicalize(path).with_context(|| format!("cannot look at {}", path.display()))?;
    let listed = git(root, &["worktree", "list", "--porcelain"])?;
    let mut worktrees = listed.lines().filter_map(|line| line.strip_prefix("worktree "));
    // Not every system has one way to write a path.
    Ok(worktrees.any(|line| std::fs::canonicalize(line).is_ok_and(|found| found == path)))
}
