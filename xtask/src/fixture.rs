//! The files that cases copy, and the folders they copy into. Made for one run and removed with it.

mod folder;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use orbit_engine::ByteSize;

use crate::fixture::folder::Folder;
use crate::interrupt::Interrupt;
use crate::plan::Case;
use crate::scenario::FileSystems;

/// Room that is left free on every file system.
const MARGIN_BYTES: u64 = 64 * 1024 * 1024;

/// The folder on whose file system copies of this kind end.
pub(crate) fn directory(root: &Path, filesystems: FileSystems) -> PathBuf {
    match filesystems {
        FileSystems::Same => root.join("target"),
        FileSystems::Cross => PathBuf::from("/dev/shm"),
    }
}

/// Sources by size, and a destination folder for each kind of file-system pair.
#[derive(Debug)]
pub(crate) struct Fixture {
    sources: Folder,
    destinations: BTreeMap<FileSystems, Folder>,
}

impl Fixture {
    /// Makes what `cases` need, filled from `seed`; none when interrupted.
    pub(crate) fn create(
        root: &Path,
        cases: &[Case],
        seed: u64,
        interrupt: &Interrupt,
    ) -> Result<Option<Self>> {
        let sources = Folder::create(&directory(root, FileSystems::Same))?;
        let kinds: BTreeSet<FileSystems> = cases.iter().map(|case| case.filesystems).collect();
        let destinations = kinds
            .into_iter()
            .map(|kind| Ok((kind, Folder::create(&directory(root, kind))?)))
            .collect::<Result<_>>()?;
        let fixture = Self { sources, destinations };
        for size in sizes(cases) {
            let path = fixture.source(size);
            let filled = fill(&path, size, seed ^ size, interrupt)
                .with_context(|| format!("cannot write the fixture {}", path.display()))?;
            if !filled {
                return Ok(None);
            }
        }
        Ok(Some(fixture))
    }

    pub(crate) fn source(&self, size: u64) -> PathBuf {
        self.sources.path().join(format!("source-{size}"))
    }

    /// A name in the destination folder of `filesystems`; always the same one.
    pub(crate) fn destination(&self, filesystems: FileSystems) -> Result<PathBuf> {
        let folder = self.destinations.get(&filesystems).context("a case has no destination folder")?;
        Ok(folder.path().join("destination"))
    }
}

fn sizes(cases: &[Case]) -> BTreeSet<u64> {
    cases.iter().map(|case| case.size_bytes).collect()
}

/// Most bytes that `cases` have on each kind of destination at one time. The sources count to `same`.
pub(crate) fn peak_bytes(cases: &[Case]) -> BTreeMap<FileSystems, u64> {
    let mut peak = BTreeMap::from([(FileSystems::Same, 0)]);
    for case in cases {
        let most = peak.entry(case.filesystems).or_insert(0);
        *most = case.size_bytes.max(*most);
    }
    *peak.entry(FileSystems::Same).or_insert(0) += sizes(cases).iter().sum::<u64>();
    peak
}

/// Fails where `cases` would fill a file system.
pub(crate) fn check_room(root: &Path, cases: &[Case]) -> Result<()> {
    for (filesystems, needed) in peak_bytes(cases) {
        let directory = directory(root, filesystems);
        let free = free_bytes(&directory)?;
        if free < needed + MARGIN_BYTES {
            bail!(
                "{} has {} MiB free and the run needs {} MiB; free some, or leave out large sizes with --filter",
                directory.display(),
                free >> 20,
                (needed + MARGIN_BYTES) >> 20,
            );
        }
    }
    Ok(())
}

pub(crate) fn free_bytes(directory: &Path) -> Result<u64> {
    let status = rustix::fs::statvfs(directory)
        .with_context(|| format!("cannot ask {} for its free space", directory.display()))?;
    Ok(status.f_bavail.saturating_mul(status.f_frsize))
}

/// Random bytes: no file system can compress, share or leave them out. False when interrupted.
fn fill(path: &Path, size: u64, seed: u64, interrupt: &Interrupt) -> io::Result<bool> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut file = File::create_new(path)?;
    let mut chunk = vec![0; 1024 * 1024];
    let mut left = size;
    while left > 0 {
        if interrupt.raised() {
            return Ok(false);
        }
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(chunk.len());
        random.fill(&mut chunk[..length]);
        file.write_all(&chunk[..length])?;
        left -= length as u64;
    }
    // Otherwise the kernel would write the fixture back while the first copies are measured.
    file.sync_all()?;
    Ok(true)
}

/// Fails where two files differ. Independent of the engine's own verification.
pub(crate) fn check_content(source: &Path, destination: &Path) -> Result<()> {
    let open = |path: &Path| {
        File::open(path)
            .map(|file| BufReader::with_capacity(1024 * 1024, file))
            .with_context(|| format!("cannot open {}", path.display()))
    };
    let (mut source_file, mut destination_file) = (open(source)?, open(destination)?);
    let (mut one, mut other) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    let mut offset = 0;
    loop {
        let (read, back) =
            (read_full(&mut source_file, &mut one)?, read_full(&mut destination_file, &mut other)?);
        if one[..read] != other[..back] {
            let size = ByteSize::new(offset);
            bail!("wrong copy: {} differs from {} after {size}", destination.display(), source.display());
        }
        if read < one.len() {
            return Ok(());
        }
        offset += read as u64;
    }
}

fn read_full(file: &mut impl Read, buffer: &mut [u8]) -> Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_copy_is_seen_wherever_it_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let (source, destination) = (folder.path().join("s"), folder.path().join("d"));
        fill(&source, 200_000, 1, &Interrupt::default()).unwrap();
        let content = std::fs::read(&source).unwrap();
        std::fs::write(&destination, &content).unwrap();
        check_content(&source, &destination).unwrap();
        for at in [0, 65_535, 65_536, 199_999] {
            let mut wrong = content.clone();
            wrong[at] ^= 1;
            std::fs::write(&destination, &wrong).unwrap();
            assert!(check_content(&source, &destination).is_err(), "{at}");
        }
        for length in [0, 65_536, 199_999] {
            std::fs::write(&destination, &content[..length]).unwrap();
            assert!(check_content(&source, &destination).is_err(), "{length}");
        }
    }

    #[test]
    fn fixtures_are_repeatable_and_not_empty_inside() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name);
        for (name, seed) in [("a", 1), ("b", 1), ("c", 2)] {
            fill(&path(name), 5000, seed, &Interrupt::default()).unwrap();
        }
        let read = |name| std::fs::read(path(name)).unwrap();
        assert_eq!(read("a"), read("b"));
        assert_ne!(read("a"), read("c"));
        assert_eq!(read("a").len(), 5000);
    }
}
