//! The zstd library, which turns bytes into frames and back in memory. Touches no file. A build without the feature has
//! the same functions, and nothing that they could work on.

#[cfg(not(feature = "zstd"))]
mod absent;
#[cfg(feature = "zstd")]
mod zstd;

use std::fmt;
use std::io;

use crate::options::ZstdLevel;

#[cfg(not(feature = "zstd"))]
pub(super) use absent::{Decoder, Encoder, content_size};
#[cfg(feature = "zstd")]
pub(super) use zstd::{Decoder, Encoder, content_size};

/// What one call of the library did.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passed {
    /// Bytes of the input that it took.
    pub(super) taken: usize,
    /// Bytes of the output that it made.
    pub(super) made: usize,
    /// Whether a frame is whole with them.
    pub(super) ends: bool,
}

/// Why frames cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damage {
    pub(super) kind: io::ErrorKind,
    /// One clause, whose subject is the file.
    pub(crate) reason: &'static str,
}

impl Damage {
    pub(super) const NO_FRAME: Self = Self::of_content("it holds no zstd frame");
    pub(super) const NO_FRAME_BEHIND: Self = Self::of_content("something else follows its zstd frames");
    pub(super) const ENDS_WITHIN: Self =
        Self { kind: io::ErrorKind::UnexpectedEof, reason: "it ends within a zstd frame" };

    pub(super) const fn of_content(reason: &'static str) -> Self {
        Self { kind: io::ErrorKind::InvalidData, reason }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason)
    }
}

impl From<Damage> for io::Error {
    fn from(damage: Damage) -> Self {
        Self::new(damage.kind, damage.reason)
    }
}

// A build whose functions drift from these types does not compile.
const _: fn(ZstdLevel) -> io::Result<Encoder> = Encoder::new;
const _: fn(&mut Encoder, Option<u64>) -> io::Result<()> = Encoder::begin;
const _: fn(&mut Encoder, &[u8], &mut [u8]) -> io::Result<Passed> = Encoder::pass;
const _: fn(&mut Encoder, &mut [u8]) -> io::Result<Passed> = Encoder::end;
const _: fn() -> io::Result<Decoder> = Decoder::new;
type Decoding = Result<Passed, Damage>;
const _: fn(&mut Decoder, &[u8], &mut [u8]) -> Decoding = Decoder::pass;
const _: fn(&[u8]) -> Option<u64> = content_size;
