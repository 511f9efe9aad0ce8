//! One pattern: what it is matched against, and whether anything could match it.

use globset::{Glob, GlobBuilder};

use super::{InvalidGlob, class};

/// A pattern that something can match.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) glob: Glob,
    pub(super) is_for_directories: bool,
    /// Else for paths below the source.
    pub(super) is_for_names: bool,
}

impl Pattern {
    pub(super) fn parse(text: &str) -> Result<Self, InvalidGlob> {
        let wrong = |reason: &str| InvalidGlob::new(text, reason);
        let without_end = text.strip_suffix('/');
        let pattern = without_end.unwrap_or(text);
        let is_for_names = !pattern.contains('/');
        let pattern = pattern.strip_prefix('/').unwrap_or(pattern);
        if pattern.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(wrong("paths below the source have no empty part, no `.` and no `..`"));
        }
        let pattern = class::narrowed(pattern).map_err(|reason| wrong(&reason))?;
        let glob = GlobBuilder::new(&pattern)
            .literal_separator(true)
            .backslash_escape(true)
            .empty_alternates(true)
            .build()
            .map_err(|error| wrong(&error.kind().to_string()))?;
        Ok(Self { glob, is_for_directories: without_end.is_some(), is_for_names })
    }
}
