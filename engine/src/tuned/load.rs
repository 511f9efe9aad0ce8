//! Reading a tuned file: whole or not at all, whatever stands at its path.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::check::staleness;
use super::{Machine, SCHEMA, TunedFile};
use crate::error::FileKind;
use crate::fault::Fault;
use crate::platform::{self, At, Calls};
use crate::tuning::{Tuning, UtcTime};

/// A file of a profile for each of a thousand pairs is smaller.
const MOST_BYTES: usize = 1024 * 1024;

/// Why a tuned file was not used: path, line, key and what is allowed, in one printable line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TuningError(Fault);

impl fmt::Display for TuningError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for TuningError {}

impl Tuning {
    /// Reads the tuned file at `path`.
    ///
    /// Where the file says where its values come from and they do not hold here (another processor model, another
    /// number of processors, another major or minor version of kernel or engine) or no more, this is the default tuning
    /// with a [`Tuning::warning`], which the observer of the first copy hears too.
    ///
    /// # Errors
    /// [`TuningError`] when the file cannot be read, is no regular file, is larger than 1 MiB, is not TOML, has another
    /// schema, an unknown key or a value out of range. Nothing of such a file is used.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, TuningError> {
        let path = path.as_ref();
        Self::parse(&read(path)?, path)
    }

    /// Reads a tuned file's text; `path` is named in errors and in the warning.
    ///
    /// # Errors
    /// As [`Tuning::load`].
    pub fn parse(text: &str, path: impl Into<PathBuf>) -> Result<Self, TuningError> {
        let path = path.into();
        let file = parse(text, &path)?;
        let stale = file.provenance.as_ref().and_then(|provenance| {
            staleness(provenance, &Machine::here(), env!("CARGO_PKG_VERSION"), UtcTime::now())
        });
        Ok(match stale {
            Some(stale) => Self::unused(&path, stale),
            None => file.tuning().read_from(&path),
        })
    }

    /// As [`Tuning::load`], with the values of the file wherever and whenever they were measured: for measuring whether
    /// they hold.
    ///
    /// # Errors
    /// As [`Tuning::load`].
    pub fn load_unchecked(path: impl AsRef<Path>) -> Result<Self, TuningError> {
        let path = path.as_ref();
        Self::parse_unchecked(&read(path)?, path)
    }

    /// As [`Tuning::parse`], with the values of the file wherever and whenever they were measured.
    ///
    /// # Errors
    /// As [`Tuning::load`].
    pub fn parse_unchecked(text: &str, path: impl Into<PathBuf>) -> Result<Self, TuningError> {
        let path = path.into();
        Ok(parse(text, &path)?.tuning().read_from(&path))
    }
}

impl TunedFile {
    /// Reads the tuned file at `path` with what it says of itself.
    ///
    /// # Errors
    /// As [`Tuning::load`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self, TuningError> {
        let path = path.as_ref();
        parse(&read(path)?, path)
    }
}

/// What tells the version of a file whose other keys may be those of that version.
#[derive(Deserialize)]
struct Head {
    schema: Option<Spanned<String>>,
}

fn parse(text: &str, path: &Path) -> Result<TunedFile, TuningError> {
    if text.len() > MOST_BYTES {
        return Err(too_large(path));
    }
    let in_text = |error| TuningError(Fault::in_text(path, text, &error));
    let head: Head = toml::from_str(text).map_err(in_text)?;
    match head.schema {
        Some(schema) if schema.get_ref() == SCHEMA => toml::from_str(text).map_err(in_text),
        Some(schema) => {
            let message = format!(
                "schema: `{}` is not what this engine reads, `{SCHEMA}`; make the file anew with `cargo xtask tune`",
                schema.get_ref()
            );
            Err(TuningError(Fault::at(path, text, schema.span().start, &message)))
        }
        None => {
            let message = format!("schema is missing; a tuned file begins with `schema = \"{SCHEMA}\"`");
            Err(TuningError(Fault::new(path, None, &message)))
        }
    }
}

/// The text of a file. Neither a pipe that nobody writes to nor a device that never ends holds anybody up.
fn read(path: &Path) -> Result<String, TuningError> {
    let failed = |error: io::Error| TuningError(Fault::new(path, None, &error.to_string()));
    let calls = &Calls::default();
    let file = platform::open_source(calls, At::path(path), true).map_err(failed)?;
    match platform::status(calls, &file).map_err(failed)?.kind {
        FileKind::Regular => {}
        kind => {
            let message = format!("it is a {kind}; a tuned file is a regular file");
            return Err(TuningError(Fault::new(path, None, &message)));
        }
    }
    let mut bytes = Vec::new();
    file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > MOST_BYTES {
        return Err(too_large(path));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(&error.as_bytes()[..good]).into_owned();
        TuningError(Fault::at(path, &text, good, "it is no UTF-8 text, and so no tuned file"))
    })
}

fn too_large(path: &Path) -> TuningError {
    let message = "it is larger than 1MiB, which no tuned file is; make it anew with `cargo xtask tune`";
    TuningError(Fault::new(path, None, message))
}
