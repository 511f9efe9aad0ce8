//! The scenarios that are shipped, by name, tags and question.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::cmd::Done;
use crate::scenario::Scenario;

/// Prints those that have all of `tags`.
pub(super) fn list(root: &Path, tags: &[String], out: &mut impl Write) -> Result<Done> {
    let mut listed = Vec::new();
    for path in files(&root.join("bench-scenarios"))? {
        let scenario = Scenario::load(&path)?;
        if tags.iter().all(|tag| scenario.tags.contains(tag)) {
            listed.push(scenario);
        }
    }
    if listed.is_empty() {
        bail!("no scenario has the tag {}; see --list-scenarios without --tag", tags.join(" and "));
    }
    for Scenario { name, tags, question, .. } in listed {
        let tags = if tags.is_empty() { String::new() } else { format!(" [{}]", tags.join(", ")) };
        writeln!(out, "{name}{tags}: {question}")?;
    }
    Ok(Done::Complete)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = || std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let paths: std::io::Result<Vec<PathBuf>> = read();
    let mut paths = paths.with_context(|| format!("cannot list {}", folder.display()))?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    Ok(paths)
}
