//! Why measured values are not used although they could be read: they are those of another machine, another engine or
//! another time.

use std::fmt;
use std::path::PathBuf;

use super::UtcTime;

/// A tuned file whose values are not used; the defaults are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TuningWarning {
    /// The file.
    pub path: PathBuf,
    /// Why its values may be wrong here.
    pub staleness: Staleness,
}

/// Why the values of a tuned file may be wrong here and now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Staleness {
    /// They were measured on another machine.
    OtherMachine {
        /// What differs: `cpu`, `processors` or `kernel`.
        field: &'static str,
        /// What the file says.
        file: String,
        /// What this machine says.
        here: String,
    },
    /// They were measured with another engine, by its major and minor version.
    OtherEngine {
        /// The version that was measured.
        file: String,
        /// The version of this engine.
        here: &'static str,
    },
    /// They are too old.
    Expired {
        /// Until when they were good.
        valid_until: UtcTime,
    },
}

impl fmt::Display for Staleness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherMachine { field, file, here } => {
                write!(f, "measured on another machine ({field} `{file}`, here `{here}`)")
            }
            Self::OtherEngine { file, here } => {
                write!(f, "measured with engine {file}, which is not this one ({here})")
            }
            Self::Expired { valid_until } => write!(f, "valid until {valid_until} only"),
        }
    }
}

impl fmt::Display for TuningWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display().to_string().replace(char::is_control, " ");
        write!(f, "{path}: {}; the defaults are used instead", self.staleness)
    }
}
