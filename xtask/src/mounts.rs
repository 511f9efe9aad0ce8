//! What is mounted, as `/proc/self/mountinfo` tells it, and what a directory's mount is. Looks, changes nothing.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::system;

/// Every mount that this process sees, in the order of the table: of two on one point the later one is on top.
#[derive(Debug)]
pub(crate) struct Mounts(Vec<Mount>);

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    id: u64,
    /// `MAJOR:MINOR`.
    pub(crate) device: String,
    pub(crate) mount_point: PathBuf,
    pub(crate) file_system: String,
    /// `/dev/loop3`, for one.
    pub(crate) source: String,
    /// Of the mount, then of the file system.
    options: String,
}

impl Mounts {
    pub(crate) fn now() -> Result<Self> {
        Ok(Self::parse(&system::mount_table()?))
    }

    pub(crate) fn parse(table: &[u8]) -> Self {
        Self(table.split(|byte| *byte == b'\n').filter_map(Mount::parse).collect())
    }

    /// The one on top at `point`.
    pub(crate) fn at(&self, point: &Path) -> Option<&Mount> {
        self.0.iter().rev().find(|mount| mount.mount_point == point)
    }

    fn of_id(&self, id: u64) -> Option<&Mount> {
        self.0.iter().find(|mount| mount.id == id)
    }
}

impl Mount {
    /// `ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [FIELD…] - TYPE SOURCE OPTIONS`; see proc(5).
    fn parse(line: &[u8]) -> Option<Self> {
        let mut words = line.split(|byte| *byte == b' ');
        let text = |word: &[u8]| String::from_utf8_lossy(&unescaped(word)).into_owned();
        let id = text(words.next()?).parse().ok()?;
        let device = text(words.nth(1)?);
        let mount_point = system::path_of_bytes(unescaped(words.nth(1)?));
        let own = text(words.next()?);
        let mut after = words.skip_while(|word| *word != b"-").skip(1);
        let (file_system, source) = (text(after.next()?), text(after.next()?));
        let options = joined(&own, &text(after.next()?));
        Some(Self { id, device, mount_point, file_system, source, options })
    }
}

/// Both lists, without what stands in both.
fn joined(own: &str, of_file_system: &str) -> String {
    let mut all: Vec<&str> = own.split(',').collect();
    for option in of_file_system.split(',') {
        if !all.contains(&option) {
            all.push(option);
        }
    }
    all.join(",")
}

/// Where a directory lies. What the system does not tell is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Storage {
    /// What is mounted there, such as `/dev/vda1`.
    pub(crate) device: Option<String>,
    /// How it is mounted.
    pub(crate) mount_options: Option<String>,
    /// What the file system gives its files, at least.
    pub(crate) block_size_bytes: u64,
    pub(crate) free_bytes: u64,
}

impl Storage {
    pub(crate) fn of(directory: &Path) -> Result<Self> {
        let room =
            system::room(directory).with_context(|| format!("cannot look at {}", directory.display()))?;
        let mounts = Mounts::now().ok();
        let id = File::open(directory).ok().and_then(|open| system::mount_id(&open));
        let mount = id.and_then(|id| mounts.as_ref()?.of_id(id));
        Ok(Self {
            device: mount.map(|mount| mount.source.clone()),
            mount_options: mount.map(|mount| mount.options.clone()),
            block_size_bytes: room.block_bytes,
            free_bytes: room.free_bytes,
        })
    }
}

/// With `\040` and the like, which stand for the bytes that would end a field.
fn unescaped(word: &[u8]) -> Vec<u8> {
    let octal = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok();
    let (mut plain, mut rest) = (Vec::with_capacity(word.len()), word);
    while let Some((&first, tail)) = rest.split_first() {
        match (first, tail.get(..3).and_then(octal)) {
            (b'\\', Some(byte)) => {
                plain.push(byte);
                rest = &tail[3..];
            }
            _ => {
                plain.push(first);
                rest = tail;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "25 24 0:23 / /dev/shm rw,relatime shared:7 - tmpfs tmpfs rw,size=1k\n\
                         43 27 7:2 / /lab\\040a/ext4 rw - ext4 /dev/loop2 rw\n\
                         44 27 0:41 / /lab/tmpfs rw - tmpfs none rw\n\
                         45 27 0:42 / /lab/tmpfs rw shared:1 master:2 - tmpfs orbit-lab rw\n\
                         broken\n";

    #[test]
    fn the_table_is_read() {
        let mounts = Mounts::parse(TABLE.as_bytes());
        assert_eq!(mounts.0.len(), 4);
        let ext4 = mounts.at(Path::new("/lab a/ext4")).unwrap();
        assert_eq!((ext4.device.as_str(), ext4.source.as_str()), ("7:2", "/dev/loop2"));
        assert!(mounts.at(Path::new("/lab")).is_none());
        let shared = mounts.of_id(25).unwrap();
        assert_eq!((shared.source.as_str(), shared.options.as_str()), ("tmpfs", "rw,relatime,size=1k"));
    }

    #[test]
    fn escapes_are_read() {
        assert_eq!(unescaped(b"a\\040b\\134c\\"), b"a b\\c\\");
    }

    #[test]
    fn a_directory_is_found_in_the_table() {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::of(folder.path()).unwrap();
        assert!(storage.block_size_bytes >= 512, "{storage:?}");
        // Kernels before 5.8 do not tell the mount.
        if let Some(options) = &storage.mount_options {
            assert!(options.split(',').any(|option| option == "rw"), "{storage:?}");
        }
        assert!(Storage::of(&folder.path().join("none")).is_err());
    }
}
