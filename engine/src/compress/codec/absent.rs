//! A build without the zstd library: there is no encoder and no decoder. Nobody gets here, since a copy that needs them
//! is refused before.

use std::io;

use super::{Damage, Passed};
use crate::options::ZstdLevel;

pub(crate) enum Encoder {}

impl Encoder {
    pub(crate) fn new(_: ZstdLevel) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn begin(&mut self, _: Option<u64>) -> io::Result<()> {
        match *self {}
    }

    pub(crate) fn pass(&mut self, _: &[u8], _: &mut [u8]) -> io::Result<Passed> {
        match *self {}
    }

    pub(crate) fn end(&mut self, _: &mut [u8]) -> io::Result<Passed> {
        match *self {}
    }
}

pub(crate) enum Decoder {}

impl Decoder {
    pub(crate) fn new() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn pass(&mut self, _: &[u8], _: &mut [u8]) -> Result<Passed, Damage> {
        match *self {}
    }
}

pub(crate) fn content_size(_: &[u8]) -> Option<u64> {
    None
}
