//! Whether a mount is the one that the lab made.

use super::state::Entry;
use crate::mounts::Mount;
use crate::system;

/// The source that the lab's tmpfs is mounted with.
pub(super) const TMPFS_SOURCE: &str = "orbit-lab";

/// Whether `mount` is what `entry` says: of its kind, from its image, and on the device that was written down.
pub(super) fn is(mount: &Mount, entry: &Entry) -> bool {
    let same_device = entry.device.as_ref().is_none_or(|device| *device == mount.device);
    // Btrfs shows a device of its own there, not the loop device.
    let same_source = match &entry.image {
        None => mount.source == TMPFS_SOURCE,
        Some(image) => system::backing_file(&mount.source).is_some_and(|file| file == *image),
    };
    mount.file_system == entry.kind.name() && same_device && same_source
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Kind;
    use super::*;
    use crate::mounts::Mounts;

    const TABLE: &str = "25 24 0:23 / /dev/shm rw,relatime shared:7 - tmpfs tmpfs rw,size=1k\n\
                         43 27 7:2 / /lab\\040a/ext4 rw - ext4 /dev/loop2 rw\n\
                         44 27 0:41 / /lab/tmpfs rw - tmpfs none rw\n\
                         45 27 0:42 / /lab/tmpfs rw shared:1 master:2 - tmpfs orbit-lab rw\n\
                         46 27 0:42 / /other rw - tmpfs none rw\n";

    #[test]
    fn only_what_was_written_down_is_the_labs() {
        let mounts = Mounts::parse(TABLE.as_bytes());
        let mut entry = Entry::planned(Path::new("/lab"), Kind::Tmpfs);
        let top = mounts.at(&entry.mount_point).unwrap();
        assert!(is(top, &entry), "made, and not yet written down with its device");
        entry.device = Some("0:42".into());
        assert!(is(top, &entry));
        entry.device = Some("0:43".into());
        assert!(!is(top, &entry), "mounted anew by somebody else");
        entry.device = None;
        assert!(!is(mounts.at(Path::new("/other")).unwrap(), &entry), "another source");
        let ext4 = Entry::planned(Path::new("/lab a"), Kind::Ext4);
        assert!(!is(mounts.at(&ext4.mount_point).unwrap(), &ext4), "another image");
    }
}
