//! The files that cases copy, and the folders they copy into. Made for one run and removed with it.

mod compressed;
mod content;
mod folder;
mod room;
mod sparse;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use orbit_engine::{ByteSize, Compression};

use crate::cache::{self, Residency};
use crate::fixture::compressed::Decoded;
use crate::fixture::content::Filler;
use crate::fixture::folder::Folder;
use crate::interrupt::Interrupt;
use crate::plan::Case;
use crate::scenario::{Site, Standing};
use crate::system;
use crate::targets::Targets;

pub(crate) use room::{check_room, free_bytes, peaks};

/// Sources by site and size, and a destination folder for each site that copies go to.
#[derive(Debug)]
pub(crate) struct Fixture {
    sources: BTreeMap<Site, Folder>,
    destinations: BTreeMap<Site, Folder>,
    seed: u64,
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
        for ((site, _), case) in sources_of(cases) {
            let folder = sources.get(&site).context("a source has no folder")?;
            let path = source_in(folder, case);
            let made = make(&path, case, seed, interrupt)
                .with_context(|| format!("cannot write the fixture {}", path.display()))?;
            if !made {
                return Ok(None);
            }
        }
        Ok(Some(Self { sources, destinations, seed }))
    }

    pub(crate) fn source(&self, case: &Case) -> Result<PathBuf> {
        let folder = self.sources.get(&case.filesystems.source()).context("a case has no source folder")?;
        Ok(source_in(folder, case))
    }

    /// A name in the folder that the copies of `case` go to; always the same one.
    pub(crate) fn destination(&self, case: &Case) -> Result<PathBuf> {
        let folder = self.destinations.get(&case.filesystems.destination());
        Ok(folder.context("a case has no destination folder")?.path().join("destination"))
    }

    /// Puts what the case says where its copy goes, and sees it and all else written to the disk. False when interrupted.
    pub(crate) fn prepare(&self, case: &Case, interrupt: &Interrupt) -> Result<bool> {
        let root = self.destination(case)?;
        let prepare = || match &case.tree {
            None => Ok(true),
            Some(tree) => match tree.standing {
                Standing::New => Ok(true),
                Standing::Directories => tree::make_directories(&tree.workload, &root).map(|()| true),
                Standing::Existing => {
                    tree::make_other(&tree.workload, &root, case.content, self.seed, interrupt)
                }
            },
        };
        let made = prepare().with_context(|| format!("cannot prepare {}", root.display()))?;
        self.drain(case)?;
        Ok(made)
    }

    /// Waits until nothing of the file system that the copies of `case` go to is left to be written.
    pub(crate) fn drain(&self, case: &Case) -> Result<()> {
        let destination = self.destination(case)?;
        let folder = destination.parent().unwrap_or(&destination);
        tree::drain(folder).with_context(|| format!("cannot sync the file system of {}", folder.display()))
    }

    /// Makes the source resident in the page cache, and says whether it stayed there.
    pub(crate) fn warm(&self, case: &Case) -> Result<Residency> {
        let source = self.source(case)?;
        let warm = |path: &Path| cache::warm(path).with_context(|| format!("cannot read {}", path.display()));
        let Some(tree) = &case.tree else { return warm(&source) };
        let mut residency = Residency::Resident;
        for path in tree.workload.files_in(&source) {
            match warm(&path)? {
                Residency::Resident => {}
                Residency::Missing => return Ok(Residency::Missing),
                Residency::Unknown => residency = Residency::Unknown,
            }
        }
        Ok(residency)
    }

    /// Takes the source out of the page cache, and says how many bytes of it stayed.
    pub(crate) fn cool(&self, case: &Case) -> Result<u64> {
        let source = self.source(case)?;
        let paths: Vec<PathBuf> = match &case.tree {
            None => vec![source.clone()],
            Some(tree) => tree.workload.files_in(&source).collect(),
        };
        let cool = || {
            tree::drain(&source)?;
            paths.iter().try_for_each(|path| cache::cool(path))
        };
        cool().with_context(|| format!("cannot take {} out of the page cache", source.display()))?;
        cache::resident_bytes(&paths)
    }

    /// Fails where the copy differs from the source; only in its size, or the number of its files, unless `content` is
    /// to be compared.
    pub(crate) fn check(&self, case: &Case, content: bool) -> Result<()> {
        let (source, destination) = (self.source(case)?, self.copy(case)?);
        if let Some(tree) = &case.tree {
            let found = tree::Count::below(&destination)
                .with_context(|| format!("{} left no {}", case.subject, destination.display()))?;
            let expected = tree::Count::of(&tree.workload);
            if found != expected {
                bail!("{}: expected {expected}, got {found}", case.id);
            }
            return if content { tree::check(&source, &destination) } else { Ok(()) };
        }
        match (content, case.compression) {
            (false, _) => Ok(()),
            (true, Compression::None) => check_content(&source, &destination),
            (true, _) => check_compressed(&source, &destination),
        }
    }

    /// What the copy takes on its file system; none where the system does not tell.
    pub(crate) fn allocated(&self, case: &Case) -> Result<Option<u64>> {
        let copy = self.copy(case)?;
        let metadata = fs::metadata(&copy).with_context(|| format!("cannot look at {}", copy.display()))?;
        Ok(system::allocated_bytes(&metadata))
    }

    /// Where the copy is: the destination, or what a compressed copy is called.
    fn copy(&self, case: &Case) -> Result<PathBuf> {
        Ok(case.compression.new_name(&self.destination(case)?).into_owned())
    }

    /// Removes the copy, if there is one: a file before the kernel writes it back, which would disturb the samples to come. After a tree,
    /// waits until nothing is left to be written.
    pub(crate) fn clear(&self, case: &Case) -> Result<()> {
        let destination = self.copy(case)?;
        let removed = |removed: io::Result<()>| match removed {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => other,
        };
        let clear = || {
            if case.tree.is_none() {
                return removed(fs::remove_file(&destination));
            }
            removed(fs::remove_dir_all(&destination))?;
            tree::drain(destination.parent().unwrap_or(&destination))
        };
        clear().with_context(|| format!("cannot remove {}", destination.display()))
    }
}

/// The name of a source, which cases that copy the same share.
fn source_name(case: &Case) -> String {
    match (&case.tree, &case.sparse) {
        (None, None) => format!("source-{}", case.size_bytes),
        (None, Some(file)) => format!("sparse-{}", file.name),
        (Some(tree), _) => format!("tree-{}", tree.workload.name),
    }
}

fn source_in(folder: &Folder, case: &Case) -> PathBuf {
    folder.path().join(source_name(case))
}

/// One case for each source, by site and name.
fn sources_of(cases: &[Case]) -> BTreeMap<(Site, String), &Case> {
    cases.iter().map(|case| ((case.filesystems.source(), source_name(case)), case)).collect()
}

fn make(path: &Path, case: &Case, seed: u64, interrupt: &Interrupt) -> io::Result<bool> {
    let Some(tree) = &case.tree else {
        let filler = Filler::new(case.content, seed ^ case.size_bytes);
        return match &case.sparse {
            None => fill(path, case.size_bytes, filler, interrupt),
            Some(layout) => sparse::make(layout, path, filler, interrupt),
        };
    };
    let made = tree::make(&tree.workload, path, case.content, seed, interrupt)?;
    tree::drain(path)?;
    Ok(made)
}

/// False when interrupted.
fn fill(path: &Path, size: u64, mut filler: Filler, interrupt: &Interrupt) -> io::Result<bool> {
    let mut file = File::create_new(path)?;
    let mut chunk = vec![0; 1024 * 1024];
    let mut left = size;
    while left > 0 {
        if interrupt.raised() {
            return Ok(false);
        }
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(chunk.len());
        filler.fill(&mut chunk[..length]);
        file.write_all(&chunk[..length])?;
        left -= length as u64;
    }
    // Otherwise the kernel would write the fixture back while the first copies are measured.
    file.sync_all()?;
    Ok(true)
}

/// Fails where two files differ. Independent of the engine's own verification.
fn check_content(source: &Path, destination: &Path) -> Result<()> {
    compare(source, destination, &mut open(source)?, &mut open(destination)?)
}

/// The same where the copy holds frames of zstd.
fn check_compressed(source: &Path, destination: &Path) -> Result<()> {
    let mut content = Decoded::new(open(destination)?);
    compare(source, destination, &mut open(source)?, &mut content)
}

fn open(path: &Path) -> Result<BufReader<File>> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    Ok(BufReader::with_capacity(1024 * 1024, file))
}

/// The paths are named in errors.
fn compare(source: &Path, destination: &Path, left: &mut impl Read, right: &mut impl Read) -> Result<()> {
    let (mut one, mut other) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    let mut offset = 0;
    loop {
        let read = read_full(left, &mut one)?;
        let back = read_full(right, &mut other)
            .with_context(|| format!("wrong copy: cannot read {}", destination.display()))?;
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
    use crate::scenario::Content;

    #[test]
    fn a_wrong_copy_is_seen_wherever_it_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let (source, destination) = (folder.path().join("s"), folder.path().join("d"));
        fill(&source, 200_000, Filler::new(Content::Random, 1), &Interrupt::default()).unwrap();
        let content = fs::read(&source).unwrap();
        fs::write(&destination, &content).unwrap();
        check_content(&source, &destination).unwrap();
        for at in [0, 65_535, 65_536, 199_999] {
            let mut wrong = content.clone();
            wrong[at] ^= 1;
            fs::write(&destination, &wrong).unwrap();
            assert!(check_content(&source, &destination).is_err(), "{at}");
        }
        for length in [0, 65_536, 199_999] {
            fs::write(&destination, &content[..length]).unwrap();
            assert!(check_content(&source, &destination).is_err(), "{length}");
        }
    }

    #[test]
    fn fixtures_are_repeatable_and_not_empty_inside() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name);
        for (name, seed) in [("a", 1), ("b", 1), ("c", 2)] {
            fill(&path(name), 5000, Filler::new(Content::Random, seed), &Interrupt::default()).unwrap();
        }
        let read = |name| fs::read(path(name)).unwrap();
        assert_eq!(read("a"), read("b"));
        assert_ne!(read("a"), read("c"));
        assert_eq!(read("a").len(), 5000);
    }
}
