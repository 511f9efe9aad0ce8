//! Makes a file system inside an unnamed sparse file, and changes what is stored in it behind its back.
//!
//! The loop device reads and writes the image through the image's page cache, and so does [`Image`]: each sees at once
//! what the other wrote. The cache of the file system above knows nothing of it: it gives the old bytes until its
//! pages are dropped.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::FileSystem;
use crate::files;
use crate::skip::Skip;
use crate::{subprocess, tool};

/// Bytes of what is looked for in an image: a block of a file's content that no other place on the file system holds,
/// such as 4 KiB of [`files::content`]. Aligned to it in the file; every file system of the lab then stores it whole.
pub const BLOCK: usize = 4096;

/// What a file system is stored in; freed by the kernel once this is dropped and no loop device uses it.
#[derive(Debug)]
pub struct Image {
    file: File,
}

impl Image {
    /// `file_system` must be one that lives on a block device.
    pub(super) fn new(file_system: FileSystem, capacity: u64) -> Result<Self, Skip> {
        Self::made_by(make_command(file_system)?, file_system, capacity)
    }

    /// An ext4 whose directories can be told to fold names.
    pub(super) fn with_folded_names(capacity: u64) -> Result<Self, Skip> {
        let mut make = make_command(FileSystem::Ext4)?;
        make.args(["-O", "casefold"]);
        Self::made_by(make, FileSystem::Ext4, capacity)
    }

    fn made_by(mut make: Command, file_system: FileSystem, capacity: u64) -> Result<Self, Skip> {
        let file = tempfile::tempfile().expect("create an unnamed file for the image");
        file.set_len(capacity).unwrap_or_else(|error| panic!("give the image {capacity} bytes: {error}"));
        let image = Self { file };
        make.arg(image.path());
        let made = subprocess::run(make);
        assert!(made.status.success(), "making {file_system} failed ({}): {}", made.status, made.stderr);
        Ok(image)
    }

    /// Where `block` is stored: nowhere before it was written back, as by `fsync`.
    ///
    /// # Panics
    /// When `block` is not [`BLOCK`] long, or the image cannot be read.
    #[must_use]
    pub fn find(&self, block: &[u8]) -> Option<u64> {
        assert_eq!(block.len(), BLOCK, "a block is looked for");
        let mut chunk = vec![0; 256 * BLOCK];
        for (start, end) in files::data_of(&self.file).expect("find the data in an image of our own") {
            // The map of a sparse image is in blocks of the file system that it is on: round down to ours.
            let mut at = start - start % BLOCK as u64;
            while at < end {
                let read = self.file.read_at(&mut chunk, at).expect("read an image of our own");
                if let Some(index) = chunk[..read].chunks_exact(BLOCK).position(|found| found == block) {
                    return Some(at + (index * BLOCK) as u64);
                }
                at += (read.max(1)) as u64;
            }
        }
        None
    }

    /// Inverts the first byte of `block` where it is stored, and says where that is.
    ///
    /// # Panics
    /// As [`Self::find`].
    pub fn corrupt(&self, block: &[u8]) -> Option<u64> {
        let offset = self.find(block)?;
        self.file.write_all_at(&[!block[0]], offset).expect("write to an image of our own");
        Some(offset)
    }

    /// Starts a thread that does [`Self::corrupt`] as soon as `block` is stored.
    ///
    /// It looks every millisecond, or as fast as it can read what the image holds. Code under test that reads back at
    /// once may be faster: give it the answer of its `fsync` late, by [`crate::faults::Fault::delay_after`].
    ///
    /// # Panics
    /// When `block` is not [`BLOCK`] long.
    pub fn corrupt_when_seen(&self, block: &[u8]) -> Corruption {
        assert_eq!(block.len(), BLOCK, "a block is looked for");
        let image = Self { file: self.file.try_clone().expect("duplicate a file descriptor") };
        let (block, given_up) = (block.to_owned(), Arc::new(AtomicBool::new(false)));
        let stop = Arc::clone(&given_up);
        let thread = thread::spawn(move || {
            loop {
                // Read before the last look, so that what was stored before `finish` is not missed.
                let last = stop.load(Ordering::Acquire);
                let found = image.corrupt(&block);
                if found.is_some() || last {
                    return found;
                }
                thread::sleep(Duration::from_millis(1));
            }
        });
        Corruption { given_up, thread: Some(thread) }
    }

    /// A path by which other processes reach the file while this process lives.
    pub(super) fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd()))
    }
}

/// A thread that waits for a block in order to corrupt it. It ends with this.
#[derive(Debug)]
#[must_use = "dropped, it no longer waits"]
pub struct Corruption {
    given_up: Arc<AtomicBool>,
    /// Taken by the one that joins it.
    thread: Option<JoinHandle<Option<u64>>>,
}

impl Corruption {
    /// Looks a last time, and says where in the image the block was stored and corrupted, if it ever was.
    ///
    /// # Panics
    /// When the thread could not read or write the image.
    #[must_use]
    pub fn finish(mut self) -> Option<u64> {
        self.given_up.store(true, Ordering::Release);
        let thread = self.thread.take().expect("only this and drop take it");
        thread.join().expect("the image is read and written")
    }
}

impl Drop for Corruption {
    fn drop(&mut self) {
        self.given_up.store(true, Ordering::Release);
        // Not asked for: what it found does not matter, and a panic here would hide the test's.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Without discards (a fresh sparse file has nothing to discard) and without work that goes on in the background.
fn make_command(file_system: FileSystem) -> Result<Command, Skip> {
    let (tool, options): (_, &[&str]) = match file_system {
        FileSystem::Xfs => ("mkfs.xfs", &["-q", "-f", "-K", "-m", "reflink=1"]),
        FileSystem::Btrfs => ("mkfs.btrfs", &["-q", "-f", "-K"]),
        FileSystem::Ext4 => {
            let lazy = "lazy_itable_init=0,lazy_journal_init=0,nodiscard";
            ("mkfs.ext4", &["-q", "-F", "-b", "4096", "-m", "0", "-E", lazy])
        }
        FileSystem::Workspace | FileSystem::Tmpfs => panic!("{file_system} lives on no block device"),
    };
    let mut command = tool::find(tool)?;
    command.args(options);
    Ok(command)
}
