//! What is mounted, as `/proc/self/mountinfo` tells it, and whether a mount is the one that the lab made.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::state::Entry;

/// The source that the lab's tmpfs is mounted with.
pub(super) const TMPFS_SOURCE: &str = "orbit-lab";

const TABLE: &str = "/proc/self/mountinfo";

/// Every mount that this process sees, in the order of the table: of two on one point the later one is on top.
#[derive(Debug)]
pub(super) struct Mounts(Vec<Mount>);

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mount {
    /// `MAJOR:MINOR`.
    pub(super) device: String,
    mount_point: PathBuf,
    file_system: String,
    /// `/dev/loop3`, for one.
    pub(super) source: String,
}

impl Mounts {
    pub(super) fn now() -> Result<Self> {
        let table = fs::read(TABLE).with_context(|| format!("cannot read {TABLE}"))?;
        Ok(Self::parse(&table))
    }

    fn parse(table: &[u8]) -> Self {
        Self(table.split(|byte| *byte == b'\n').filter_map(Mount::parse).collect())
    }

    /// The one on top at `point`.
    pub(super) fn at(&self, point: &Path) -> Option<&Mount> {
        self.0.iter().rev().find(|mount| mount.mount_point == point)
    }
}

impl Mount {
    /// `ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [FIELD…] - TYPE SOURCE OPTIONS`; see proc(5).
    fn parse(line: &[u8]) -> Option<Self> {
        let mut words = line.split(|byte| *byte == b' ');
        let text = |word: &[u8]| String::from_utf8_lossy(&unescaped(word)).into_owned();
        let device = text(words.nth(2)?);
        let mount_point = PathBuf::from(OsString::from_vec(unescaped(words.nth(1)?)));
        let mut after = words.skip_while(|word| *word != b"-").skip(1);
        Some(Self { device, mount_point, file_system: text(after.next()?), source: text(after.next()?) })
    }

    /// Whether it is what `entry` says: of its kind, from its image, and on the device that was written down.
    pub(super) fn is(&self, entry: &Entry) -> bool {
        let same_device = entry.device.as_ref().is_none_or(|device| *device == self.device);
        // Btrfs shows a device of its own there, not the loop device.
        let same_source = match &entry.image {
            None => self.source == TMPFS_SOURCE,
            Some(image) => backing_file(&self.source).is_some_and(|file| file == *image),
        };
        self.file_system == entry.kind.name() && same_device && same_source
    }
}

/// The file behind `/dev/loopN`.
fn backing_file(source: &str) -> Option<PathBuf> {
    let name = source.strip_prefix("/dev/").filter(|name| name.starts_with("loop"))?;
    let mut path = fs::read(format!("/sys/block/{name}/loop/backing_file")).ok()?;
    path.pop_if(|last| *last == b'\n');
    Some(OsString::from_vec(path).into())
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
    use super::super::Kind;
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
    }

    #[test]
    fn only_what_was_written_down_is_the_labs() {
        let mounts = Mounts::parse(TABLE.as_bytes());
        let mut entry = Entry::planned(Path::new("/lab"), Kind::Tmpfs);
        let top = mounts.at(&entry.mount_point).unwrap();
        assert!(top.is(&entry), "made, and not yet written down with its device");
        entry.device = Some("0:42".into());
        assert!(top.is(&entry));
        entry.device = Some("0:43".into());
        assert!(!top.is(&entry), "mounted anew by somebody else");
        entry.device = None;
        assert!(!mounts.0[2].is(&entry), "another source");
        let ext4 = Entry::planned(Path::new("/lab a"), Kind::Ext4);
        assert!(!mounts.at(&ext4.mount_point).unwrap().is(&ext4), "another image");
    }

    #[test]
    fn escapes_are_read() {
        assert_eq!(unescaped(b"a\\040b\\134c\\"), b"a b\\c\\");
    }
}
