//! A pipe that carries one copy's bytes between two files. It belongs to one copy and is dropped with it, so that
//! bytes left in it after an error can never reach another file.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

use rustix::pipe::{PipeFlags, SpliceFlags, splice};

use super::super::Calls;

/// The size of a pipe that the kernel does not want to enlarge.
const DEFAULT_PIPE_BYTES: u64 = 64 * 1024;

#[derive(Debug)]
pub(crate) struct Pipe {
    output: OwnedFd,
    input: OwnedFd,
    capacity: u64,
    held: u64,
}

impl Pipe {
    /// A pipe that holds `size` bytes if the kernel agrees, else what it has by default.
    pub(crate) fn new(calls: &Calls, size: u64) -> io::Result<Self> {
        // Both calls below, and the closing of both ends when the pipe is dropped.
        calls.add(4);
        let (output, input) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        let capacity = rustix::pipe::fcntl_setpipe_size(&input, bytes(size))
            .map_or(DEFAULT_PIPE_BYTES, |bytes| bytes as u64);
        Ok(Self { output, input, capacity, held: 0 })
    }

    /// Most bytes that it holds.
    pub(crate) fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Bytes that were filled in and not yet drained.
    pub(crate) fn held(&self) -> u64 {
        self.held
    }

    /// Moves at most `length` bytes at `offset` of `from` into the pipe; how many, is returned. More than there is room
    /// for would wait until somebody drains.
    pub(crate) fn fill(&mut self, calls: &Calls, from: &File, offset: u64, length: u64) -> io::Result<u64> {
        let mut offset = offset;
        let wanted = bytes(length);
        calls.count();
        let moved = splice(from, Some(&mut offset), &self.input, None, wanted, SpliceFlags::empty())? as u64;
        self.held = self.held.saturating_add(moved);
        Ok(moved)
    }

    /// Moves what the pipe holds to `offset` of `to`; how many bytes, is returned.
    pub(crate) fn drain(&mut self, calls: &Calls, to: &File, offset: u64) -> io::Result<u64> {
        let mut offset = offset;
        calls.count();
        let moved =
            splice(&self.output, None, to, Some(&mut offset), bytes(self.held), SpliceFlags::empty())? as u64;
        self.held = self.held.saturating_sub(moved);
        Ok(moved)
    }
}

fn bytes(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
