//! The zstd library through its streaming contexts.

use std::io;

use zstd_safe::zstd_sys::ZSTD_ErrorCode as Code;
use zstd_safe::{
    CCtx, CParameter, DCtx, DParameter, InBuffer, OutBuffer, ResetDirective, get_error_name, is_error_kind,
};

use super::{Damage, Passed};
use crate::options::ZstdLevel;

/// The largest window that a frame may ask for: 128 MiB, as for the zstd tool. A frame's header can ask for any memory.
const LARGEST_WINDOW_LOG: u32 = 27;

pub(crate) struct Encoder(CCtx<'static>);

impl Encoder {
    pub(crate) fn new(level: ZstdLevel) -> io::Result<Self> {
        let mut context = CCtx::try_create().ok_or(io::ErrorKind::OutOfMemory)?;
        context.set_parameter(CParameter::CompressionLevel(level.get().into())).map_err(failed)?;
        context.set_parameter(CParameter::ChecksumFlag(true)).map_err(failed)?;
        Ok(Self(context))
    }

    /// Begins a frame, of `length` bytes of content where that is known. What was begun before is forgotten.
    pub(crate) fn begin(&mut self, length: Option<u64>) -> io::Result<()> {
        self.0.reset(ResetDirective::SessionOnly).map_err(failed)?;
        self.0.set_pledged_src_size(length).map(drop).map_err(failed)
    }

    /// Takes content into the frame that was begun.
    pub(crate) fn pass(&mut self, input: &[u8], output: &mut [u8]) -> io::Result<Passed> {
        let (mut input, mut output) = (InBuffer::around(input), OutBuffer::around(output));
        self.0.compress_stream(&mut output, &mut input).map_err(failed)?;
        Ok(Passed { taken: input.pos(), made: output.pos(), ends: false })
    }

    /// Gives what the frame still needs; to be called until it ends.
    pub(crate) fn end(&mut self, output: &mut [u8]) -> io::Result<Passed> {
        let mut output = OutBuffer::around(output);
        let left = self.0.end_stream(&mut output).map_err(failed)?;
        Ok(Passed { taken: 0, made: output.pos(), ends: left == 0 })
    }
}

pub(crate) struct Decoder(DCtx<'static>);

impl Decoder {
    pub(crate) fn new() -> io::Result<Self> {
        let mut context = DCtx::try_create().ok_or(io::ErrorKind::OutOfMemory)?;
        context.set_parameter(DParameter::WindowLogMax(LARGEST_WINDOW_LOG)).map_err(failed)?;
        Ok(Self(context))
    }

    /// Takes frames, one after another, and gives their content. With no output left it may hold more of that.
    pub(crate) fn pass(&mut self, input: &[u8], output: &mut [u8]) -> Result<Passed, Damage> {
        let (mut input, mut output) = (InBuffer::around(input), OutBuffer::around(output));
        let hint = self.0.decompress_stream(&mut output, &mut input).map_err(damage)?;
        Ok(Passed { taken: input.pos(), made: output.pos(), ends: hint == 0 })
    }
}

/// The length of the content that the header of a frame tells; `begin` is the begin of the frame.
pub(crate) fn content_size(begin: &[u8]) -> Option<u64> {
    zstd_safe::get_frame_content_size(begin).ok().flatten()
}

fn failed(code: usize) -> io::Error {
    let kind = if is_error_kind(code, Code::ZSTD_error_memory_allocation) {
        io::ErrorKind::OutOfMemory
    } else {
        io::ErrorKind::Other
    };
    io::Error::new(kind, get_error_name(code))
}

fn damage(code: usize) -> Damage {
    let is = |kind| is_error_kind(code, kind);
    if is(Code::ZSTD_error_prefix_unknown) || is(Code::ZSTD_error_version_unsupported) {
        Damage::NO_FRAME
    } else if is(Code::ZSTD_error_frameParameter_windowTooLarge) {
        Damage::of_content("a zstd frame asks for a window of more than 128 MiB")
    } else if is(Code::ZSTD_error_dictionary_wrong) {
        Damage::of_content("a zstd frame needs a dictionary")
    } else if is(Code::ZSTD_error_checksum_wrong) {
        Damage::of_content("a zstd frame is damaged: its checksum is another")
    } else if is(Code::ZSTD_error_memory_allocation) {
        Damage { kind: io::ErrorKind::OutOfMemory, reason: "there is not enough memory for its zstd frames" }
    } else {
        Damage::of_content("a zstd frame is damaged")
    }
}
