//! How much of a partial file is a begin of this copy. Changes nothing.

use std::fs::File;
use std::ops::Range;

use super::{Request, identity, is_plain, session};
use crate::keeper::{block_buffer, digest};
use crate::outcome::Unusable;
use crate::platform::{Calls, Status};
use crate::sidecar::{Header, Record, Scribe, Sidecar, parse};

/// So many records at the end are checked against the files where the system has run on since: what was written is still
/// there, and only an end of the process can have left a block half written.
const TAIL: usize = 2;

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Check<'a> {
    pub(super) request: Request<'a>,
    /// The partial file.
    pub(super) file: &'a File,
    pub(super) status: &'a Status,
    pub(super) calls: &'a Calls,
}

/// A begin of this copy.
#[derive(Debug)]
pub(super) struct Usable {
    /// Who writes the next line of the sidecar, at which place.
    pub(super) scribe: Scribe,
    pub(super) length: u64,
    pub(super) block: u64,
    /// Bytes of the content, and of the file.
    pub(super) last: (u64, u64),
}

impl Check<'_> {
    /// What of the partial file is as the sidecar of this `text` says, and belongs to this copy.
    pub(super) fn usable(&self, text: &str) -> Result<Usable, Unusable> {
        let (Sidecar { header, records }, ..) = parse(text).ok_or(Unusable::Sidecar)?;
        if header.source != identity(&self.request.source.status) {
            return Err(Unusable::SourceChanged);
        }
        if header.form != self.request.form {
            let both_plain = is_plain(&header.form) && is_plain(self.request.form);
            return Err(if both_plain { Unusable::Sparse } else { Unusable::Compression });
        }
        if header.partial != (self.status.volume.device, self.status.inode) {
            return Err(Unusable::Partial);
        }
        let there = records.iter().take_while(|record| record.file_end <= self.status.size).count();
        let good = self.good(&header, &records[..there]);
        let last = good.checked_sub(1).map(|last| records[last]).ok_or(Unusable::Partial)?;
        let (mut scribe, head) = Scribe::begin(&header);
        let lines = records[..good].iter().map(|record| scribe.record(record).len() as u64);
        let length = head.len() as u64 + lines.sum::<u64>();
        Ok(Usable { scribe, length, block: header.block, last: (last.content_end, last.file_end) })
    }

    /// How many of the records hold. After another start of the system none is believed unchecked.
    fn good(&self, header: &Header, records: &[Record]) -> usize {
        let boot = session(self.status, self.calls);
        let same_boot = boot.is_some() && boot == header.boot;
        let trusted = if same_boot { records.len().saturating_sub(TAIL) } else { 0 };
        let from = |first: usize| {
            (first..records.len()).find(|at| !self.holds(header, records, *at)).unwrap_or(records.len())
        };
        match from(trusted) {
            bad if bad < records.len() && trusted > 0 => from(0).min(bad),
            good => good,
        }
    }

    fn holds(&self, header: &Header, records: &[Record], at: usize) -> bool {
        let Record { content_end, file_end, digest } = records[at];
        let Some(digest) = digest else { return true };
        let file_begin = at.checked_sub(1).map_or(0, |before| records[before].file_end);
        // The last ones against the source too: its times may have been set back.
        let is_checked = is_plain(&header.form) && at + TAIL >= records.len();
        let of_source = content_end - header.block..content_end;
        self.has(self.file, file_begin..file_end, digest)
            && (!is_checked || self.has(&self.request.source.file, of_source, digest))
    }

    /// Whether this stretch of `file` has this digest.
    fn has(&self, file: &File, range: Range<u64>, expected: [u8; 32]) -> bool {
        let is_stopped = || self.request.watch.is_cancelled();
        let found = digest(file, range, &mut block_buffer(), is_stopped, self.calls);
        found.is_ok_and(|found| found == expected)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, SeekFrom, Write};
    use std::path::Path;

    use sha2::{Digest, Sha256};

    use super::*;
    use crate::entry::Entry;
    use crate::inspect::Source;
    use crate::observe::Watch;
    use crate::platform;

    const BLOCK: u64 = 1000;

    const BLOCKS: u64 = 6;

    /// What of a partial file is believed in which block `damaged` is not as it was, and for which the sidecar names
    /// `boot`.
    fn believed(boot: Option<String>, damaged: u64) -> u64 {
        believed_of(boot, damaged, BLOCKS)
    }

    /// As [`believed`], of a source in which block `changed` is not what was copied.
    fn believed_of(boot: Option<String>, damaged: u64, changed: u64) -> u64 {
        let folder = tempfile::tempdir().unwrap();
        let (path, content) = (folder.path().join("source"), vec![7; 6500]);
        let mut source = content.clone();
        source[usize::try_from(changed * BLOCK).unwrap()] = 9;
        std::fs::write(&path, &source).unwrap();
        let calls = &Calls::default();
        let source = &Source::open(Entry::given(&path), true, calls).unwrap();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&content).unwrap();
        let status = &platform::status(calls, &file).unwrap();
        let partial = (status.volume.device, status.inode);
        let header =
            Header { source: identity(&source.status), partial, boot, form: "none".into(), block: BLOCK };
        let (mut scribe, mut text) = Scribe::begin(&header);
        for end in (1..=BLOCKS).map(|block| block * BLOCK) {
            let digest = Some(Sha256::digest(vec![7; 1000]).into());
            text += &scribe.record(&Record { content_end: end, file_end: end, digest });
        }
        file.seek(SeekFrom::Start(damaged * BLOCK + 3)).unwrap();
        file.write_all(&[8]).unwrap();
        let watch = &Watch::new(None, None, 0);
        let to = Entry::given(Path::new("copy"));
        let (at_once, owner) = (false, None);
        let request =
            Request { source, destination: to.at, named: to, mode: 0, form: "none", at_once, owner, watch };
        Check { request, file: &file, status, calls }.usable(&text).map_or(0, |usable| usable.last.0)
    }

    /// A lost block lies anywhere after a power cut, and after a device was pulled out.
    #[test]
    fn after_another_start_of_the_system_or_another_mount_every_block_is_checked() {
        for boot in [None, Some("another".to_owned()), now().map(|now| now + "1")] {
            for damaged in 0..BLOCKS {
                assert_eq!(believed(boot.clone(), damaged), damaged * BLOCK, "{boot:?}");
            }
            assert_eq!(believed(boot, BLOCKS), BLOCKS * BLOCK, "what has no record is nobody's");
        }
    }

    fn now() -> Option<String> {
        let calls = &Calls::default();
        let status = platform::status(calls, &tempfile::tempfile().unwrap()).unwrap();
        session(&status, calls)
    }

    #[cfg(all(target_os = "linux", not(orbit_portable)))]
    #[test]
    fn while_the_system_runs_on_the_last_blocks_are_checked() {
        let boot = now();
        assert!(boot.is_some());
        assert_eq!(believed(boot.clone(), 1), BLOCKS * BLOCK);
        assert_eq!(believed(boot.clone(), 4), 4 * BLOCK);
        assert_eq!(believed(boot, 5), 5 * BLOCK);
    }

    /// Its times may have been set back, or a file system may have none that tell.
    #[test]
    fn the_last_blocks_are_compared_with_the_source() {
        for boot in [None, now()] {
            for changed in [4, 5] {
                assert_eq!(believed_of(boot.clone(), BLOCKS, changed), changed * BLOCK, "{boot:?}");
            }
            assert_eq!(believed_of(boot, BLOCKS, BLOCKS), BLOCKS * BLOCK);
        }
    }
}
