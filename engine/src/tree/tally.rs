//! What one worker did, in numbers; what all of them did is their sum.

use std::path::PathBuf;

use super::outcome::{Lost, Refused, TreeOutcome};
use crate::outcome::{CopyOutcome, Moved, NotPreserved, Resumed, Verified};
use crate::strategy::Mechanism;

impl TreeOutcome {
    /// One file was copied.
    pub(super) fn note_copy(&mut self, copied: &CopyOutcome) {
        self.files += 1;
        self.bytes += copied.content_bytes;
        self.data_bytes += copied.data_bytes;
        self.written_bytes += copied.bytes;
        self.verified += u64::from(copied.verified != Verified::No);
        self.resumed += u64::from(matches!(copied.resumed, Resumed::At(_)));
        self.retries += u64::from(copied.retries);
        self.changed += u64::from(copied.source_changed);
        for moved in &copied.moved {
            self.note_moved(*moved);
        }
        for refusal in &copied.refusals {
            self.note_refused(Refused { mechanism: refusal.mechanism, reason: refusal.reason, files: 1 });
        }
    }

    /// One file of `size` bytes was moved in one step.
    pub(super) fn note_small(&mut self, mechanism: Mechanism, size: u64) {
        self.files += 1;
        self.bytes += size;
        self.data_bytes += size;
        self.written_bytes += size;
        self.note_moved(Moved { mechanism, bytes: size });
    }

    fn note_moved(&mut self, moved: Moved) {
        match self.moved.iter_mut().find(|known| known.mechanism == moved.mechanism) {
            Some(known) => known.bytes += moved.bytes,
            None => self.moved.push(moved),
        }
    }

    fn note_refused(&mut self, refused: Refused) {
        let same =
            |known: &&mut Refused| (known.mechanism, known.reason) == (refused.mechanism, refused.reason);
        match self.refusals.iter_mut().find(same) {
            Some(known) => known.files += refused.files,
            None => self.refusals.push(refused),
        }
    }

    /// Metadata that the entry which `called` names does not have.
    pub(super) fn note_lost(&mut self, lost: Vec<NotPreserved>, called: impl Fn() -> PathBuf) {
        for NotPreserved { attribute, errno } in lost {
            let same = |known: &&mut Lost| known.attribute == attribute && known.errno == errno;
            match self.not_preserved.iter_mut().find(same) {
                Some(known) => known.entries += 1,
                None => self.not_preserved.push(Lost { attribute, errno, entries: 1, example: called() }),
            }
        }
    }

    /// What another worker did is done too.
    pub(super) fn add(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.data_bytes += other.data_bytes;
        self.written_bytes += other.written_bytes;
        self.directories += other.directories;
        self.merged += other.merged;
        self.symlinks += other.symlinks;
        self.hard_links += other.hard_links;
        self.special += other.special;
        self.kept += other.kept;
        self.kept_bytes += other.kept_bytes;
        self.filtered += other.filtered;
        self.skipped_symlinks += other.skipped_symlinks;
        self.skipped_special.extend(other.skipped_special);
        self.verified += other.verified;
        self.resumed += other.resumed;
        self.retries += other.retries;
        self.changed += other.changed;
        self.system_calls += other.system_calls;
        for moved in other.moved {
            self.note_moved(moved);
        }
        for refused in other.refusals {
            self.note_refused(refused);
        }
        for lost in other.not_preserved {
            let same = |known: &&mut Lost| known.attribute == lost.attribute && known.errno == lost.errno;
            match self.not_preserved.iter_mut().find(same) {
                Some(known) => known.entries += lost.entries,
                None => self.not_preserved.push(lost),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Attribute;

    #[test]
    fn what_workers_did_adds_up_by_kind() {
        let mut sum = TreeOutcome::default();
        for _ in 0..2 {
            let mut one = TreeOutcome { files: 2, kept: 1, system_calls: 16, ..TreeOutcome::default() };
            one.note_moved(Moved { mechanism: Mechanism::ReadWrite, bytes: 5 });
            one.note_lost(vec![NotPreserved { attribute: Attribute::Owner, errno: 1 }], || "a/b".into());
            sum.add(one);
        }
        assert_eq!((sum.files, sum.kept, sum.system_calls), (4, 2, 32));
        assert_eq!(sum.moved, [Moved { mechanism: Mechanism::ReadWrite, bytes: 10 }]);
        assert_eq!(sum.not_preserved[0].entries, 2);
    }
}
