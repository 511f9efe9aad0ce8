//! The content of a file of zstd frames, as it is read. Serves the copy and the proof, which must not trust the copy.

use std::fs::File;
use std::io;

use super::codec::{Damage, Decoder, Passed, content_size};
use crate::buffer::Buffer;
use crate::fill::fill;
use crate::observe::Watch;
use crate::platform::Calls;

/// What is read at a time: as much as the library takes at most.
const INPUT_BYTES: usize = 128 * 1024;

/// Why content cannot be had.
#[derive(Debug)]
pub(crate) enum Unread {
    /// The file cannot be read.
    File(io::Error),
    /// It was read, and holds no whole frames.
    Damaged(Damage),
}

/// Frames of a file, one after another.
pub(crate) struct Decoded<'a> {
    file: &'a File,
    /// So many bytes of the file count.
    most: u64,
    alignment: usize,
    decoder: Decoder,
    input: Buffer,
    /// The part of the input that waits.
    begin: usize,
    end: usize,
    /// Bytes of the file that were read.
    read: u64,
    at_end: bool,
    /// Whether what was decoded ends with a frame; not so before the first one.
    is_whole: bool,
    frames: u64,
}

impl<'a> Decoded<'a> {
    /// The content of the first `most` bytes of `file`, which is read at multiples of `alignment`.
    pub(crate) fn new(file: &'a File, most: u64, alignment: usize) -> io::Result<Self> {
        Ok(Self {
            file,
            most,
            alignment,
            decoder: Decoder::new()?,
            input: Buffer::aligned(INPUT_BYTES.next_multiple_of(alignment), alignment),
            begin: 0,
            end: 0,
            read: 0,
            at_end: false,
            is_whole: false,
            frames: 0,
        })
    }

    /// Bytes of the file that the decoder has taken.
    pub(super) fn taken(&self) -> u64 {
        self.read - (self.end - self.begin) as u64
    }

    /// The length of the first frame's content, where its header tells. To be asked before anything is decoded.
    pub(super) fn announced(&mut self, watch: &Watch<'_>, calls: &Calls) -> Result<Option<u64>, Unread> {
        self.refill(watch, calls)?;
        Ok(content_size(&self.input[self.begin..self.end]))
    }

    /// Fills `output` unless the frames end; how many bytes, is returned.
    pub(crate) fn fill(
        &mut self,
        output: &mut [u8],
        watch: &Watch<'_>,
        calls: &Calls,
    ) -> Result<usize, Unread> {
        let mut filled = 0;
        while filled < output.len() {
            self.refill(watch, calls)?;
            let is_last = self.begin == self.end;
            if is_last && self.is_whole {
                break;
            }
            let passed = self.pass(&mut output[filled..]).map_err(Unread::Damaged)?;
            filled += passed.made;
            if is_last && passed.made == 0 && !passed.ends {
                let none = self.frames == 0 && self.read == 0;
                return Err(Unread::Damaged(if none { Damage::NO_FRAME } else { Damage::ENDS_WITHIN }));
            }
            if watch.is_cancelled() {
                return Err(Unread::File(io::ErrorKind::Interrupted.into()));
            }
        }
        Ok(filled)
    }

    fn pass(&mut self, output: &mut [u8]) -> Result<Passed, Damage> {
        let passed = self.decoder.pass(&self.input[self.begin..self.end], output);
        let passed = passed.map_err(|damage| match damage {
            Damage::NO_FRAME if self.frames > 0 => Damage::NO_FRAME_BEHIND,
            damage => damage,
        })?;
        self.begin += passed.taken;
        self.is_whole = passed.ends;
        self.frames += u64::from(passed.ends);
        Ok(passed)
    }

    fn refill(&mut self, watch: &Watch<'_>, calls: &Calls) -> Result<(), Unread> {
        if self.begin < self.end || self.at_end {
            return Ok(());
        }
        let read = fill(self.file, &mut self.input, self.read, self.alignment, watch, calls);
        let read = read.map_err(Unread::File)?;
        let counted = usize::try_from(self.most - self.read).unwrap_or(usize::MAX).min(read);
        self.at_end = counted < self.input.len();
        self.read += counted as u64;
        (self.begin, self.end) = (0, counted);
        Ok(())
    }
}
