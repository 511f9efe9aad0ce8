//! Memory for bytes on their way, aligned as direct access and page-wise copying want it.

use std::ops::{Deref, DerefMut};

/// A page: what nearly every device takes, and how the kernel copies fastest.
pub(crate) const PAGE: usize = 4096;

/// Zeroed bytes that begin at a multiple of an alignment.
#[derive(Debug)]
pub(crate) struct Buffer {
    /// Longer than wanted by what the alignment may cost. Never grows, so that it stays where it is.
    bytes: Vec<u8>,
    begin: usize,
    length: usize,
}

impl Buffer {
    /// `length` bytes at a multiple of `alignment`, a power of two.
    pub(crate) fn aligned(length: usize, alignment: usize) -> Self {
        let bytes = vec![0; length + alignment - 1];
        let begin = bytes.as_ptr().align_offset(alignment).min(alignment - 1);
        Self { bytes, begin, length }
    }

    /// At most `most` bytes, and no more than a file of `size` bytes fills, so that a small one costs no more memory
    /// than it holds.
    pub(crate) fn for_file(size: u64, most: u64) -> Self {
        let length = usize::try_from(size.min(most)).unwrap_or(usize::MAX);
        Self::aligned(length, if length < 16 * PAGE { 1 } else { PAGE })
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[self.begin..self.begin + self.length]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.begin..self.begin + self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_as_long_as_wanted_and_aligned() {
        for (length, alignment) in [(1, 1), (4096, 512), (100_000, PAGE), (1 << 20, 1 << 16)] {
            let buffer = Buffer::aligned(length, alignment);
            assert_eq!(buffer.len(), length);
            assert_eq!(buffer.as_ptr().align_offset(alignment), 0);
        }
        assert_eq!(Buffer::for_file(10, 4096).len(), 10);
        assert_eq!(Buffer::for_file(1 << 30, 4096).len(), 4096);
    }
}
