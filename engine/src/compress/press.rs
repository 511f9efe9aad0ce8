//! Compressing: the source's content goes into zstd frames, one for all of it or one for each block of a length.

use std::io::ErrorKind;

use crate::attempt::{Failure, Step, failed, read, write};
use crate::buffer::{Buffer, PAGE};
use crate::drive::{Driven, Goal, Position, drive};
use crate::error::Operation;
use crate::ladder::Job;
use crate::limit::Limit;
use crate::options::ZstdLevel;
use crate::platform::{self, Calls};
use crate::select::Plan;
use crate::strategy::Mechanism;

use super::codec::{Encoder, Passed};
use super::{Carried, buffer_bytes};

/// What is written at a time.
const OUTPUT_BYTES: usize = 256 * 1024;

/// Where compressing begins and which frames it makes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Frames {
    /// Where in the content.
    pub(crate) content_offset: u64,
    /// Where in the new file: behind whole frames that hold the content up to there.
    pub(crate) file_offset: u64,
    /// How many bytes of content each frame holds, the last one perhaps fewer; none where one frame holds all.
    pub(crate) bytes: Option<u64>,
}

/// Is told where in the content and where in the new file each frame ends, as soon as it is written.
pub(crate) type OnFrame<'a> = &'a mut dyn FnMut(u64, u64) -> Result<(), Failure>;

/// Writes the source's content as frames of `level`. The header of a frame tells how much content it holds where the
/// source tells its length.
pub(crate) fn compress(
    level: ZstdLevel,
    frames: Frames,
    plan: &Plan,
    job: Job<'_>,
    on_frame: OnFrame<'_>,
    calls: &Calls,
) -> Result<Carried, Failure> {
    if plan.rungs.is_empty() {
        return Ok(Carried::default());
    }
    let mut press = Press {
        job,
        calls,
        frames,
        on_frame,
        encoder: Encoder::new(level).map_err(failed(Operation::Compress))?,
        input: Buffer::aligned(buffer_bytes(plan), PAGE),
        output: Output::new(job, frames.file_offset),
        open: None,
        believes_size: job.size > 0,
    };
    let mut position = Position { offset: frames.content_offset, moved: 0 };
    job.watch.reached(position.offset);
    let driven = press.run(&mut position)?;
    if press.output.is_too_long() && job.is_limited {
        platform::set_length(calls, job.ends.to, press.output.offset)
            .map_err(failed(Operation::SetLength))?;
    }
    Ok(Carried::driven(driven, position, position.offset, press.output.offset))
}

struct Press<'a> {
    job: Job<'a>,
    calls: &'a Calls,
    frames: Frames,
    on_frame: OnFrame<'a>,
    encoder: Encoder,
    input: Buffer,
    output: Output,
    /// The frame that has begun and not ended.
    open: Option<Frame>,
    /// Whether the length that the source's status tells has not been found wrong.
    believes_size: bool,
}

/// A frame under way.
#[derive(Debug, Clone, Copy)]
struct Frame {
    /// Where in the content it begins.
    begin: u64,
    /// Where in the new file it begins.
    file_offset: u64,
    /// Where in the content it ends, if not before.
    end: u64,
    /// Whether its header tells that it ends there.
    is_promised: bool,
}

impl Press<'_> {
    fn run(&mut self, position: &mut Position) -> Result<Driven, Failure> {
        let goal = if self.job.size == 0 { Goal::End } else { Goal::At(self.job.size) };
        let manner = self.job.manner(Mechanism::ReadWrite, goal);
        loop {
            let driven = drive(manner, position, |offset, left| self.step(offset, left), |_| Ok(false))?;
            match (driven, self.open) {
                (Driven::Ended, Some(frame)) if frame.is_promised => {
                    *position = self.begin_again(frame);
                    self.job.watch.reached(position.offset);
                }
                (Driven::Complete | Driven::Ended, _) => return self.finish(position.offset),
                _ => return Ok(driven),
            }
        }
    }

    /// Generated files (sysfs) are shorter than their status says, and a source may be cut: the frame is made once more,
    /// without a promise. Gives where.
    fn begin_again(&mut self, frame: Frame) -> Position {
        self.believes_size = false;
        self.open = None;
        self.output.go_back(frame.file_offset);
        Position { offset: frame.begin, moved: frame.begin - self.frames.content_offset }
    }

    fn step(&mut self, offset: u64, left: u64) -> Result<Step, Failure> {
        let frame = self.open.unwrap_or_else(|| self.next_frame(offset));
        let left = left.min(frame.end - offset);
        let read = read(&mut self.input, self.job.ends, offset, left, self.calls)?;
        if read == 0 {
            return Ok(Step::End);
        }
        if self.open.is_none() {
            self.begin(frame)?;
        }
        self.encode(read)?;
        let reached = offset + read as u64;
        if reached == frame.end {
            self.end(reached)?;
        }
        Ok(Step::Moved(read as u64))
    }

    fn next_frame(&self, begin: u64) -> Frame {
        let size = if self.job.size > 0 { self.job.size } else { u64::MAX };
        let longest = self.frames.bytes.unwrap_or(u64::MAX);
        let end = begin.saturating_add(longest).min(size);
        Frame { begin, file_offset: self.output.end(), end, is_promised: self.believes_size }
    }

    fn begin(&mut self, frame: Frame) -> Result<(), Failure> {
        let length = frame.is_promised.then_some(frame.end - frame.begin);
        self.encoder.begin(length).map_err(failed(Operation::Compress))?;
        self.open = Some(frame);
        Ok(())
    }

    fn encode(&mut self, read: usize) -> Result<(), Failure> {
        let mut taken = 0;
        while taken < read {
            let room = self.output.room(self.job, self.calls)?;
            let passed = self.encoder.pass(&self.input[taken..read], room);
            taken += self.output.made(passed.map_err(failed(Operation::Compress))?).taken;
        }
        Ok(())
    }

    /// Ends the frame at `offset` of the content and writes all of it.
    fn end(&mut self, offset: u64) -> Result<(), Failure> {
        loop {
            let passed = self.encoder.end(self.output.room(self.job, self.calls)?);
            if self.output.made(passed.map_err(failed(Operation::Compress))?).ends {
                break;
            }
        }
        self.open = None;
        self.output.flush(self.job, self.calls)?;
        (self.on_frame)(offset, self.output.offset)
    }

    /// Ends the last frame of a source whose end was only found by reading, at `offset`. A source without content becomes
    /// a frame without content, since a file of no frames is none that the tool reads.
    fn finish(&mut self, offset: u64) -> Result<Driven, Failure> {
        if self.open.is_none() && self.output.end() == 0 {
            self.begin(Frame { begin: offset, file_offset: 0, end: offset, is_promised: true })?;
        }
        if self.open.is_none() {
            return Ok(Driven::Complete);
        }
        match self.end(offset) {
            Err(Failure { error, .. })
                if error.kind() == ErrorKind::Interrupted && self.job.watch.is_cancelled() =>
            {
                Ok(Driven::Cancelled)
            }
            ended => ended.map(|()| Driven::Complete),
        }
    }
}

/// What was made and waits to be written.
struct Output {
    limit: Limit,
    buffer: Buffer,
    /// Bytes of the buffer that wait.
    filled: usize,
    /// Where in the new file they go.
    offset: u64,
    /// How far anything was ever written.
    reached: u64,
}

impl Output {
    fn new(job: Job<'_>, offset: u64) -> Self {
        let limit = Limit::new(job.is_limited);
        Self { limit, buffer: Buffer::aligned(OUTPUT_BYTES, PAGE), filled: 0, offset, reached: offset }
    }

    /// Where in the new file the next byte goes.
    fn end(&self) -> u64 {
        self.offset + self.filled as u64
    }

    /// Place for more, made by writing where there is none.
    fn room(&mut self, job: Job<'_>, calls: &Calls) -> Result<&mut [u8], Failure> {
        if self.filled == self.buffer.len() {
            self.flush(job, calls)?;
        }
        Ok(&mut self.buffer[self.filled..])
    }

    fn made(&mut self, passed: Passed) -> Passed {
        self.filled += passed.made;
        passed
    }

    /// What is written behind `offset` does not count.
    fn go_back(&mut self, offset: u64) {
        (self.offset, self.filled) = (offset, 0);
    }

    fn is_too_long(&self) -> bool {
        self.reached > self.offset
    }

    /// Writes all that waits. An interrupted write is tried again until the caller wants no more.
    fn flush(&mut self, job: Job<'_>, calls: &Calls) -> Result<(), Failure> {
        let mut begin = 0;
        while begin < self.filled {
            self.limit.admit_byte(self.offset, calls)?;
            match write(&self.buffer[begin..self.filled], job.ends, self.offset, calls) {
                Ok(written) => {
                    begin += usize::try_from(written).unwrap_or(usize::MAX);
                    self.offset += written;
                    self.reached = self.reached.max(self.offset);
                }
                Err(Failure { error, .. })
                    if error.kind() == ErrorKind::Interrupted && !job.watch.is_cancelled() => {}
                Err(failure) => return Err(failure),
            }
        }
        self.filled = 0;
        Ok(())
    }
}
