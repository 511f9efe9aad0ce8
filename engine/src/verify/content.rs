//! The content of either file of a copy: its bytes as they are, or what its frames hold.

use std::fs::File;

use super::Claim;
use crate::compress::{Decoded, Unread};
use crate::fill::fill;
use crate::observe::Watch;
use crate::options::Compression;
use crate::platform::Calls;

/// One file's content, from its begin on.
pub(super) enum Content<'a> {
    AsItIs { file: &'a File, offset: u64, alignment: usize },
    Decoded(Box<Decoded<'a>>),
}

impl<'a> Content<'a> {
    pub(super) fn of_source(claim: Claim<'a>) -> Result<Self, Unread> {
        let is_decoded = claim.compression == Compression::Decompress;
        Self::of(claim.ends.from, is_decoded, u64::MAX, 1)
    }

    /// Is read at multiples of `alignment`. A device is longer than what was written to it.
    pub(super) fn of_destination(claim: Claim<'a>, alignment: usize) -> Result<Self, Unread> {
        let is_decoded = matches!(claim.compression, Compression::Zstd(_));
        let most = if claim.may_be_longer { claim.length } else { u64::MAX };
        Self::of(claim.ends.to, is_decoded, most, alignment)
    }

    fn of(file: &'a File, is_decoded: bool, most: u64, alignment: usize) -> Result<Self, Unread> {
        if is_decoded {
            let decoded = Decoded::new(file, most, alignment).map_err(Unread::File)?;
            return Ok(Self::Decoded(Box::new(decoded)));
        }
        Ok(Self::AsItIs { file, offset: 0, alignment })
    }

    /// Fills `buffer` unless the content ends; how many bytes, is returned.
    pub(super) fn fill(
        &mut self,
        buffer: &mut [u8],
        watch: &Watch<'_>,
        calls: &Calls,
    ) -> Result<usize, Unread> {
        match self {
            Self::AsItIs { file, offset, alignment } => {
                let read = fill(file, buffer, *offset, *alignment, watch, calls).map_err(Unread::File)?;
                *offset += read as u64;
                Ok(read)
            }
            Self::Decoded(decoded) => decoded.fill(buffer, watch, calls),
        }
    }
}
