//! Peers and bounds within this process: what the standard library does, and the least that a copy can cost.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::LazyLock;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::clock::Clock;
use crate::plan::Case;
use crate::sample::Measurement;
use crate::scenario::Subject;
use crate::system;

const MIB: usize = 1024 * 1024;

/// What the engine hashes through.
const HASH_BUFFER_BYTES: usize = 256 * 1024;

/// What bare writes write. Not zeroes, which some file systems leave out.
static CONTENT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut content = vec![0; MIB];
    fastrand::Rng::with_seed(MIB as u64).fill(&mut content);
    content
});

/// A call that leaves a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Library {
    StdFsCopy,
    BareWrite,
    BareReflink,
    HashAfter,
}

impl Library {
    pub(super) fn new(subject: Subject) -> Result<Self, String> {
        match subject {
            Subject::StdFsCopy => Ok(Self::StdFsCopy),
            Subject::BareWrite => Ok(Self::BareWrite),
            Subject::BareReflink => match system::may_reflink() {
                Ok(()) => Ok(Self::BareReflink),
                Err(error) => Err(error.to_string()),
            },
            Subject::HashAfter => Ok(Self::HashAfter),
            _ => Err(format!("{subject} is no call of a library")),
        }
    }

    pub(super) fn measure(self, case: &Case, source: &Path, destination: &Path) -> Result<Measurement> {
        let content: &[u8] = &CONTENT;
        let clock = Clock::start();
        let done = match self {
            Self::StdFsCopy => fs::copy(source, destination).map(drop),
            Self::BareWrite => bare_write(destination, case.size_bytes, content),
            Self::BareReflink => bare_reflink(source, destination),
            Self::HashAfter => hash_after(source, destination),
        };
        let times = clock.stop();
        done.with_context(|| format!("{} to {}", case.subject, destination.display()))?;
        super::whole(case, destination, times)
    }
}

fn bare_write(destination: &Path, bytes: u64, content: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(destination)?;
    let mut left = bytes;
    while left > 0 {
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(content.len());
        file.write_all(&content[..length])?;
        left -= length as u64;
    }
    Ok(())
}

fn bare_reflink(source: &Path, destination: &Path) -> io::Result<()> {
    let staging = destination.with_extension("new");
    system::reflink(&File::open(source)?, &staging)?;
    fs::rename(staging, destination)
}

fn hash_after(source: &Path, destination: &Path) -> io::Result<()> {
    fs::copy(source, destination)?;
    if sha256(source)? == sha256(destination)? {
        Ok(())
    } else {
        Err(io::Error::other("the copy has another SHA-256 than its source"))
    }
}

fn sha256(path: &Path) -> io::Result<[u8; 32]> {
    let (mut file, mut buffer, mut hash) = (File::open(path)?, vec![0; HASH_BUFFER_BYTES], Sha256::new());
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hash.finalize().into()),
            read => hash.update(&buffer[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_writes_are_as_long_as_asked() {
        let folder = tempfile::tempdir().unwrap();
        for bytes in [1, MIB as u64 - 1, MIB as u64, 3 * MIB as u64 + 7] {
            let path = folder.path().join(bytes.to_string());
            bare_write(&path, bytes, &CONTENT).unwrap();
            assert_eq!(fs::metadata(&path).unwrap().len(), bytes);
            assert!(bare_write(&path, bytes, &CONTENT).is_err(), "only a new file is written");
        }
    }

    #[test]
    fn hashed_copies_are_copies() {
        let folder = tempfile::tempdir().unwrap();
        let (source, destination) = (folder.path().join("s"), folder.path().join("d"));
        fs::write(&source, &CONTENT[..700_000]).unwrap();
        hash_after(&source, &destination).unwrap();
        assert_eq!(fs::read(&destination).unwrap(), CONTENT[..700_000]);
        let digest: [u8; 32] = Sha256::digest(&CONTENT[..700_000]).into();
        assert_eq!(sha256(&source).unwrap(), digest);
    }

    #[test]
    fn every_call_has_its_name() {
        assert_eq!(Library::new(Subject::HashAfter), Ok(Library::HashAfter));
        assert!(Library::new(Subject::Cp).is_err());
    }
}
