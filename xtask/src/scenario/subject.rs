//! What a case measures, by name. How each is set up and run is known to the module `subject` of the crate.

use std::fmt;
use std::str::FromStr;

use orbit_engine::Mechanism;
use serde::{Deserialize, Serialize};

use crate::text;

/// The engine, or a peer that copies the same file between the same file systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Subject {
    /// The engine, called as a library, by a staging file.
    #[default]
    Engine,
    /// The same, written under its own name.
    EngineInPlace,
    /// The same as `Engine` once more: what it shows beside that is the suite's and the machine's doing.
    EngineAgain,
    /// The engine by its preset `fast`.
    EngineFast,
    /// The same as `Engine`, by one thread at every size.
    EngineOneThread,
    /// One mechanism of the engine alone, by one thread.
    ByCopyFileRange,
    BySplice,
    BySendfile,
    ByReadWrite,
    ByDirectIo,
    ByIoUring,
    /// The engine's example program `copy`.
    EngineProcess,
    /// The same by the preset `fast`.
    EngineProcessFast,
    /// `std::fs::copy`, which is `std::io::copy` between two files with their mode.
    StdFsCopy,
    /// No copy but the least that any copying by `write` costs: as many bytes, from memory, into a new file.
    BareWrite,
    /// The least that sharing extents costs: one `FICLONE` into a new file, and its name.
    BareReflink,
    /// `std::fs::copy`, then both files hashed one after the other.
    HashAfter,
    /// The engine's `send_file`, to a reader at the other end of a loopback connection.
    EngineSendFile,
    /// The least that sending costs: `sendfile(2)` alone, to the same reader.
    BareSend,
    Cp,
    Xcp,
    Fcp,
    Rsync,
    /// No copy but a sleep of a known time, to see what the suite makes of it.
    KnownSleep,
    /// The same with work: a nanosecond for each byte.
    KnownRate,
}

/// How a subject is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// By a call within the suite's process.
    Library,
    /// By a program of its own, from its start to its end.
    Process,
}

impl Subject {
    pub(crate) const ALL: [Self; 25] = [
        Self::Engine,
        Self::EngineInPlace,
        Self::EngineAgain,
        Self::EngineFast,
        Self::EngineOneThread,
        Self::ByCopyFileRange,
        Self::BySplice,
        Self::BySendfile,
        Self::ByReadWrite,
        Self::ByDirectIo,
        Self::ByIoUring,
        Self::EngineProcess,
        Self::EngineProcessFast,
        Self::StdFsCopy,
        Self::BareWrite,
        Self::BareReflink,
        Self::HashAfter,
        Self::EngineSendFile,
        Self::BareSend,
        Self::Cp,
        Self::Xcp,
        Self::Fcp,
        Self::Rsync,
        Self::KnownSleep,
        Self::KnownRate,
    ];

    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::EngineProcess
            | Self::EngineProcessFast
            | Self::Cp
            | Self::Xcp
            | Self::Fcp
            | Self::Rsync => Kind::Process,
            _ => Kind::Library,
        }
    }

    /// Whether it is the engine, called as a library.
    pub(crate) fn is_engine(self) -> bool {
        self.has_workers() || self == Self::EngineOneThread || self.only().is_some()
    }

    /// Whether it sends to a socket, and leaves nothing at the destination.
    pub(crate) fn sends(self) -> bool {
        matches!(self, Self::EngineSendFile | Self::BareSend)
    }

    /// Whether it copies trees, and not only single files.
    pub(crate) fn copies_trees(self) -> bool {
        self.has_workers() || self == Self::EngineOneThread || self.kind() == Kind::Process
    }

    /// Whether the number of workers is its own to obey.
    pub(crate) fn has_workers(self) -> bool {
        matches!(self, Self::Engine | Self::EngineAgain | Self::EngineInPlace | Self::EngineFast)
    }

    /// The one mechanism that it is.
    pub(crate) fn only(self) -> Option<Mechanism> {
        Some(match self {
            Self::ByCopyFileRange => Mechanism::CopyFileRange,
            Self::BySplice => Mechanism::Splice,
            Self::BySendfile => Mechanism::Sendfile,
            Self::ByReadWrite => Mechanism::ReadWrite,
            Self::ByDirectIo => Mechanism::DirectIo,
            Self::ByIoUring => Mechanism::IoUring,
            _ => return None,
        })
    }

    /// Whether strategy, verification, chunk, compression and durability are its own to obey; any other is a case once, whatever
    /// these are.
    pub(crate) fn has_options(self) -> bool {
        matches!(self, Self::Engine | Self::EngineAgain | Self::EngineInPlace)
    }

    /// Whether at least the strategy is its own to obey.
    pub(crate) fn has_strategy(self) -> bool {
        self.has_options() || self == Self::EngineProcess
    }

    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    fn name(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::EngineInPlace => "engine-in-place",
            Self::EngineAgain => "engine-again",
            Self::EngineFast => "engine-fast",
            Self::EngineOneThread => "engine-one-thread",
            Self::ByCopyFileRange => "by-copy-file-range",
            Self::BySplice => "by-splice",
            Self::BySendfile => "by-sendfile",
            Self::ByReadWrite => "by-read-write",
            Self::ByDirectIo => "by-direct-io",
            Self::ByIoUring => "by-io-uring",
            Self::EngineProcess => "engine-process",
            Self::EngineProcessFast => "engine-process-fast",
            Self::StdFsCopy => "std-fs-copy",
            Self::BareWrite => "bare-write",
            Self::BareReflink => "bare-reflink",
            Self::HashAfter => "hash-after",
            Self::EngineSendFile => "engine-send-file",
            Self::BareSend => "bare-send",
            Self::Cp => "cp",
            Self::Xcp => "xcp",
            Self::Fcp => "fcp",
            Self::Rsync => "rsync",
            Self::KnownSleep => "known-sleep",
            Self::KnownRate => "known-rate",
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text::one_of(&Self::ALL, Self::name, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written_alike() {
        for subject in Subject::ALL {
            assert_eq!(subject.to_string().parse(), Ok(subject));
            assert_eq!(serde_json::to_value(subject).unwrap(), subject.name());
        }
        assert!("engin".parse::<Subject>().unwrap_err().starts_with("`engin` is none of engine, "));
    }
}
