//! The checked close, the cloning of a range, and `io_uring`.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, IntoRawFd};

use rustix::ioctl::{Setter, ioctl, opcode};

/// Closes `file` and reports what `close(2)` says: network and quota file systems tell write errors only here.
pub(crate) fn close(file: File) -> io::Result<()> {
    // SAFETY: `into_raw_fd` gives up the only owner of the descriptor, and nothing uses it after this call.
    unsafe { rustix::io::try_close(file.into_raw_fd()) }.map_err(io::Error::from)
}

/// `struct file_clone_range` of `linux/fs.h`.
#[repr(C)]
struct FileCloneRange {
    source: i64,
    source_offset: u64,
    source_length: u64,
    destination_offset: u64,
}

/// Lets `to` share the extents of `length` bytes at `offset` of `from` (FICLONERANGE).
pub(crate) fn clone_range(from: &File, to: &File, offset: u64, length: u64) -> io::Result<()> {
    const FICLONERANGE: rustix::ioctl::Opcode = opcode::write::<FileCloneRange>(0x94, 13);
    let range = FileCloneRange {
        source: from.as_raw_fd().into(),
        source_offset: offset,
        source_length: length,
        destination_offset: offset,
    };
    // SAFETY: the opcode takes a pointer to this struct, which has the kernel's layout and outlives the call; the
    // kernel only reads it. Both descriptors are open as long as their files are borrowed.
    let answer = unsafe { ioctl(to, Setter::<FICLONERANGE, FileCloneRange>::new(range)) };
    answer.map_err(io::Error::from)
}

#[cfg(feature = "io-uring")]
pub(crate) use queue::{Queue, Request};

#[cfg(feature = "io-uring")]
mod queue {
    use std::fs::File;
    use std::io;
    use std::os::fd::AsRawFd;

    use io_uring::{IoUring, opcode, types};

    use crate::buffer::{Buffer, PAGE};

    /// Reads into and writes from buffers of its own, several at a time, through `io_uring(7)`.
    pub(crate) struct Queue {
        /// Dropped before the buffers that its requests point to.
        ring: IoUring,
        buffers: Vec<Buffer>,
    }

    /// One read or write: so many bytes at an offset of the file, by the buffer of the same index.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Request {
        pub(crate) offset: u64,
        pub(crate) length: usize,
    }

    impl Queue {
        /// `slots` buffers of `length` bytes each.
        pub(crate) fn new(slots: u32, length: usize) -> io::Result<Self> {
            let buffers = (0..slots).map(|_| Buffer::aligned(length, PAGE)).collect();
            Ok(Self { ring: IoUring::new(slots)?, buffers })
        }

        pub(crate) fn slots(&self) -> usize {
            self.buffers.len()
        }

        pub(crate) fn slot_bytes(&self) -> usize {
            self.buffers.first().map_or(0, |buffer| buffer.len())
        }

        /// Reads for every request and waits for all; what each came to is returned in their order.
        pub(crate) fn read(
            &mut self,
            file: &File,
            requests: &[Request],
        ) -> io::Result<Vec<io::Result<usize>>> {
            let fd = types::Fd(file.as_raw_fd());
            self.run(requests, |buffer, length, offset| {
                opcode::Read::new(fd, buffer.as_mut_ptr(), length).offset(offset).build()
            })
        }

        /// As [`Self::read`], but writes.
        pub(crate) fn write(
            &mut self,
            file: &File,
            requests: &[Request],
        ) -> io::Result<Vec<io::Result<usize>>> {
            let fd = types::Fd(file.as_raw_fd());
            self.run(requests, |buffer, length, offset| {
                opcode::Write::new(fd, buffer.as_ptr(), length).offset(offset).build()
            })
        }

        fn run(
            &mut self,
            requests: &[Request],
            entry: impl Fn(&mut Buffer, u32, u64) -> io_uring::squeue::Entry,
        ) -> io::Result<Vec<io::Result<usize>>> {
            let requests = &requests[..requests.len().min(self.buffers.len())];
            for ((index, request), buffer) in (0..).zip(requests).zip(&mut self.buffers) {
                let length = u32::try_from(request.length.min(buffer.len())).unwrap_or(0);
                let entry = entry(buffer, length, request.offset).user_data(index);
                // SAFETY: the entry points to `length` bytes of a buffer that this queue owns and neither moves nor
                // lends until the request is complete, which is waited for below; the file is borrowed as long.
                let pushed = unsafe { self.ring.submission().push(&entry) };
                pushed.map_err(|_| io::Error::from(io::ErrorKind::ResourceBusy))?;
            }
            let mut results: Vec<Option<io::Result<usize>>> = requests.iter().map(|_| None).collect();
            while results.iter().any(Option::is_none) {
                match self.ring.submit_and_wait(1) {
                    Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                        // Requests may be under way, and their buffers must outlive them.
                        Vec::leak(std::mem::take(&mut self.buffers));
                        return Err(error);
                    }
                    _ => {}
                }
                for completion in self.ring.completion() {
                    let index = usize::try_from(completion.user_data()).unwrap_or(usize::MAX);
                    let count = usize::try_from(completion.result());
                    let result = count.map_err(|_| io::Error::from_raw_os_error(-completion.result()));
                    if let Some(slot) = results.get_mut(index) {
                        *slot = Some(result);
                    }
                }
            }
            Ok(results.into_iter().flatten().collect())
        }
    }

    impl std::fmt::Debug for Queue {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("Queue").field("slots", &self.buffers.len()).finish_non_exhaustive()
        }
    }
}
