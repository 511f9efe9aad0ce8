//! Makes a file system inside an unnamed sparse file.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::process::Command;

use super::FileSystem;
use crate::skip::Skip;
use crate::{subprocess, tool};

/// The image; freed by the kernel once this is dropped and no loop device uses it.
#[derive(Debug)]
pub(super) struct Image {
    file: File,
}

impl Image {
    /// `file_system` must be one that lives on a block device.
    pub(super) fn new(file_system: FileSystem, capacity: u64) -> Result<Self, Skip> {
        let mut make = make_command(file_system)?;
        let file = tempfile::tempfile().expect("create an unnamed file for the image");
        file.set_len(capacity).unwrap_or_else(|error| panic!("give the image {capacity} bytes: {error}"));
        let image = Self { file };
        make.arg(image.path());
        let made = subprocess::run(make);
        assert!(made.status.success(), "making {file_system} failed ({}): {}", made.status, made.stderr);
        Ok(image)
    }

    /// A path by which other processes reach the file while this process lives.
    pub(super) fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd()))
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
