//! The page cache: puts a file there, and checks that it is there by reads that may not wait for a device; or takes it
//! out, and checks that.

mod cold;

use std::fs::File;
use std::io::{self, ErrorKind, Seek};
use std::path::Path;

use crate::system;

pub(crate) use cold::{cool, probe, resident_bytes};

/// Where a file's pages were found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Residency {
    /// All in memory.
    Resident,
    /// Some not in memory.
    Missing,
    /// This file system does not answer.
    Unknown,
}

/// A page that is locked for an instant also answers "not now", so that one look is not enough to call a file missing.
const LOOKS: u32 = 3;

/// Reads the file at `path` where that is needed, and checks that its pages stayed.
pub(crate) fn warm(path: &Path) -> io::Result<Residency> {
    let mut file = File::open(path)?;
    for _ in 1..LOOKS {
        // The usual case: a file of an earlier block is still there, and one pass shows it.
        let found = residency(&file)?;
        if found == Residency::Resident {
            return Ok(found);
        }
        file.rewind()?;
        io::copy(&mut file, &mut io::sink())?;
        if found == Residency::Unknown {
            return Ok(found);
        }
    }
    residency(&file)
}

fn residency(file: &File) -> io::Result<Residency> {
    let mut buffer = vec![0; 1024 * 1024];
    let mut offset = 0;
    loop {
        match system::read_cached(file, &mut buffer, offset) {
            Ok(0) => return Ok(Residency::Resident),
            Ok(read) => offset += read as u64,
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock => return Ok(Residency::Missing),
                ErrorKind::Unsupported | ErrorKind::InvalidInput => return Ok(Residency::Unknown),
                ErrorKind::Interrupted => {}
                _ => return Err(error),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_dropped_from_the_cache_is_missing_until_it_is_warmed() {
        let folder = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).unwrap();
        let path = folder.path().join("file");
        let mut file = File::options().create_new(true).read(true).write(true).open(&path).unwrap();
        file.write_all(&vec![1; 8 << 20]).unwrap();
        file.sync_all().unwrap();
        let uncached = system::uncache(&file);
        assert_eq!(uncached.is_ok(), cfg!(target_os = "linux"), "{uncached:?}");
        // A file system without non-blocking reads, or one that lives in memory, has nothing to show.
        if residency(&file).unwrap() == Residency::Missing {
            assert_eq!(warm(&path).unwrap(), Residency::Resident);
        }
        assert_eq!(residency(&file).unwrap(), residency(&file).unwrap());
    }
}
