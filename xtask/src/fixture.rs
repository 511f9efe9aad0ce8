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
use crate::scenario::Site;
use crate::targets::Targets;

/// Room that is left free on every file system.
const MARGIN_BYTES: u64 = 64 * 1024 * 1024;

/// Sources by site and size, and a destination folder for each site that copies go to.
#[derive(Debug)]
pub(crate) struct Fixture {
    sources: BTreeMap<Site, Folder>,
    destinations: BTreeMap<Site, Folder>,
}

impl Fixture {
    /// Makes what `cases` need, filled from `seed`; none when interrupted.
    pub(crate) fn create(
        targets: &Targets,
        cases: &[Case],
        seed: u64,
        interrupt: &Interrupt,
    ) -> Result<Option<Self>> {
        let folders = |sites: BTreeSet<Site>| {
            let folder = |site: Site| {
                let directory = targets.directory(&site).map_err(anyhow::Error::msg)?;
                Ok((site, Folder::create(&directory)?))
            };
            sites.into_iter().map(folder).collect::<Result<BTreeMap<Site, Folder>>>()
        };
        let sources = folders(cases.iter().map(|case| case.filesystems.source()).collect())?;
        let destinations = folders(cases.iter().map(|case| case.filesystems.destination()).collect())?;
        for (site, size) in sources_of(cases) {
            let folder = sources.get(&site).context("a source has no folder")?;
            let path = source_in(folder, size);
            let filled = fill(&path, size, seed ^ size, interrupt)
                .with_context(|| format!("cannot write the fixture {}", path.display()))?;
            if !filled {
                return Ok(None);
            }
        }
        Ok(Some(Self { sources, destinations }))
    }

    pub(crate) fn source(&self, case: &Case) -> Result<PathBuf> {
        let folder = self.sources.get(&case.filesystems.source()).context("a case has no source folder")?;
        Ok(source_in(folder, case.size_bytes))
    }

    /// A name in the folder that the copies of `case` go to; always the same one.
    pub(crate) fn destination(&self, case: &Case) -> Result<PathBuf> {
        let folder = self.destinations.get(&case.filesystems.destination());
        Ok(folder.context("a case has no destination folder")?.path().join("destination"))
    }
}

fn source_in(folder: &Folder, size: u64) -> PathBuf {
    folder.path().join(format!("source-{size}"))
}

fn sources_of(cases: &[Case]) -> BTreeSet<(Site, u64)> {
    cases.iter().map(|case| (case.filesystems.source(), case.size_bytes)).collect()
}

/// What a run has on one site, or on one device, at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Peak {
    /// All of them, from the beginning to the end.
    sources: u64,
    /// The largest copy; no two are there at one time.
    copy: u64,
}

impl Peak {
    pub(crate) fn bytes(self) -> u64 {
        self.sources.saturating_add(self.copy)
    }
}

/// What `cases` have on each site at one time.
pub(crate) fn peaks(cases: &[Case]) -> BTreeMap<Site, Peak> {
    let mut peaks: BTreeMap<Site, Peak> = BTreeMap::new();
    for case in cases {
        let peak = peaks.entry(case.filesystems.destination()).or_default();
        peak.copy = peak.copy.max(case.size_bytes);
    }
    for (site, size) in sources_of(cases) {
        let peak = peaks.entry(site).or_default();
        peak.sources = peak.sources.saturating_add(size);
    }
    peaks
}

/// Fails where `cases` would fill a file system. Sites on one device share its room.
pub(crate) fn check_room(targets: &Targets, cases: &[Case]) -> Result<()> {
    let mut devices: BTreeMap<u64, (PathBuf, Peak)> = BTreeMap::new();
    for (site, peak) in peaks(cases) {
        let directory = targets.directory(&site).map_err(anyhow::Error::msg)?;
        let device = rustix::fs::stat(&directory)
            .with_context(|| format!("cannot look at {}", directory.display()))?
            .st_dev;
        let (_, shared) = devices.entry(device).or_insert((directory, Peak::default()));
        shared.sources = shared.sources.saturating_add(peak.sources);
        shared.copy = shared.copy.max(peak.copy);
    }
    for (directory, peak) in devices.into_values() {
        let (free, needed) = (free_bytes(&directory)?, peak.bytes().saturating_add(MARGIN_BYTES));
        if free < needed {
            bail!(
                "{} has {} MiB free and the run needs {} MiB; free some, or leave out large sizes with --filter",
                directory.display(),
                free >> 20,
                needed >> 20,
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
    use crate::plan;
    use crate::scenario::Scenario;

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
    fn sources_add_up_and_copies_do_not() {
        let text = "schema = \"orbit.scenario/1\"\nname = \"t\"\nquestion = \"?\"\n[matrix]\nsize = [10, 100]\n\
                    filesystems = [\"same\", \"cross\", \"a-to-b\", \"a-to-a\"]\n";
        let scenario = Scenario::parse(text.to_owned(), Path::new("t.toml")).unwrap();
        let found = peaks(&plan::cases(&scenario));
        let bytes: Vec<(String, u64)> =
            found.iter().map(|(site, peak)| (site.to_string(), peak.bytes())).collect();
        let expected = [("the workspace", 210), ("/dev/shm", 100), ("a", 210), ("b", 100)];
        assert_eq!(bytes, expected.map(|(site, bytes)| (site.to_owned(), bytes)));
    }

    /// Two names for one file system do not double its room.
    #[test]
    fn sites_on_one_device_share_its_room() {
        let folder = tempfile::tempdir().unwrap();
        let free = free_bytes(folder.path()).unwrap();
        let given = ["a", "b"].map(|name| (name.parse().unwrap(), folder.path().to_owned()));
        let targets = Targets::new(folder.path(), &given).unwrap();
        let check = |pairs: &str| {
            let text = format!(
                "schema = \"orbit.scenario/1\"\nname = \"t\"\nquestion = \"?\"\n[matrix]\nsize = {}\nfilesystems = {pairs}\n",
                free / 3
            );
            check_room(&targets, &plan::cases(&Scenario::parse(text, Path::new("t.toml")).unwrap()))
        };
        check("[\"a-to-b\"]").unwrap();
        let error = format!("{:#}", check("[\"a-to-b\", \"b-to-a\"]").unwrap_err());
        assert!(error.contains("MiB free and the run needs"), "{error}");
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
