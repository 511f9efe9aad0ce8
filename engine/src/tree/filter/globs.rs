//! A filter of patterns, as command lines and configurations write them. Looks at names and kinds, never at files.

mod class;
mod pattern;

use std::fmt;
use std::path::Path;

use globset::{GlobSet, GlobSetBuilder};

use self::pattern::Pattern;
use super::Filter;
use crate::error::FileKind;

/// Leaves out what an exclude pattern matches, unless an include pattern matches it too. With include patterns alone,
/// what none of them matches is left out, except directories. What lies below a directory that is left out is not looked
/// at, so that no include pattern brings it back.
///
/// - A pattern without `/` is matched against the name, at any depth; one with `/` against the path below the source, so
///   that `/a` means the `a` at its top.
/// - `/` at the end matches directories alone.
/// - `*` and `?` match any bytes, or one, except `/`. `**` as a whole part of the path matches any number of parts.
/// - `[ab]`, `[!a-z]` match one byte; `{one,another}` either. `\` takes its meaning from the character behind it.
///
/// Names are bytes: they need not be text, `?` matches half of an `é`, and a capital is another letter.
///
/// ```
/// use std::path::Path;
/// use std::sync::Arc;
/// use orbit_engine::{FileKind, Filter, Globs, TreeOptions};
/// let sources = Globs::new([], ["target/", "*.o"])?;
/// assert!(sources.keeps(Path::new("src/main.rs"), FileKind::Regular));
/// assert!(!sources.keeps(Path::new("src/main.o"), FileKind::Regular));
/// let options = TreeOptions::default().filter(Arc::new(sources));
/// # let _ = options;
/// # Ok::<(), orbit_engine::InvalidGlob>(())
/// ```
#[derive(Debug, Clone)]
pub struct Globs {
    include: Patterns,
    exclude: Patterns,
}

impl Globs {
    /// A filter of these patterns.
    ///
    /// # Errors
    /// [`InvalidGlob`] for a pattern that is broken, or that nothing can match.
    pub fn new<Text: AsRef<str>>(
        include: impl IntoIterator<Item = Text>,
        exclude: impl IntoIterator<Item = Text>,
    ) -> Result<Self, InvalidGlob> {
        let (include, exclude) = (Patterns::new(include)?, Patterns::new(exclude)?);
        if let (Some(directories), true) = (&include.directories_alone, exclude.is_empty()) {
            let reason = format!("directories are entered anyway; write {directories}**");
            return Err(InvalidGlob::new(directories, reason));
        }
        Ok(Self { include, exclude })
    }
}

impl Filter for Globs {
    fn keeps(&self, path: &Path, kind: FileKind) -> bool {
        if self.exclude.is_empty() {
            let is_wanted = kind == FileKind::Directory || self.include.is_empty();
            return is_wanted || self.include.matches(path, kind);
        }
        !self.exclude.matches(path, kind) || self.include.matches(path, kind)
    }
}

/// The patterns of one list.
#[derive(Debug, Clone)]
struct Patterns {
    entries: Sets,
    directories: Sets,
    /// One of those for directories, as it was written.
    directories_alone: Option<String>,
}

/// Patterns by what they are matched against.
#[derive(Debug, Clone)]
struct Sets {
    names: GlobSet,
    paths: GlobSet,
}

impl Patterns {
    fn new<Text: AsRef<str>>(texts: impl IntoIterator<Item = Text>) -> Result<Self, InvalidGlob> {
        let mut patterns = Vec::new();
        let mut directories_alone = None;
        for text in texts {
            let pattern = Pattern::parse(text.as_ref())?;
            if pattern.is_for_directories {
                directories_alone.get_or_insert_with(|| text.as_ref().to_owned());
            }
            patterns.push(pattern);
        }
        let (directories, entries) = patterns.into_iter().partition(|pattern| pattern.is_for_directories);
        Ok(Self { entries: Sets::new(entries)?, directories: Sets::new(directories)?, directories_alone })
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.directories.is_empty()
    }

    fn matches(&self, path: &Path, kind: FileKind) -> bool {
        self.entries.matches(path) || (kind == FileKind::Directory && self.directories.matches(path))
    }
}

impl Sets {
    fn new(patterns: Vec<Pattern>) -> Result<Self, InvalidGlob> {
        let (mut names, mut paths) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        for Pattern { glob, is_for_names, .. } in patterns {
            if is_for_names {
                names.add(glob)
            } else {
                paths.add(glob)
            };
        }
        let too_large =
            |error: globset::Error| InvalidGlob { pattern: None, reason: error.kind().to_string() };
        Ok(Self { names: names.build().map_err(too_large)?, paths: paths.build().map_err(too_large)? })
    }

    fn is_empty(&self) -> bool {
        self.names.is_empty() && self.paths.is_empty()
    }

    fn matches(&self, path: &Path) -> bool {
        self.paths.is_match(path) || path.file_name().is_some_and(|name| self.names.is_match(name))
    }
}

/// A pattern that means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidGlob {
    /// None where each is right, and all together are too large.
    pattern: Option<String>,
    reason: String,
}

impl InvalidGlob {
    fn new(pattern: &str, reason: impl Into<String>) -> Self {
        Self { pattern: Some(pattern.to_owned()), reason: reason.into() }
    }
}

impl fmt::Display for InvalidGlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.pattern {
            Some(pattern) => write!(f, "the pattern `{pattern}` is wrong: {}", self.reason),
            None => write!(f, "the patterns are too large together: {}", self.reason),
        }
    }
}

impl std::error::Error for InvalidGlob {}

#[cfg(test)]
mod tests;
