//! Files with known content, and checks of what a copy left behind.

mod extents;

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use fastrand::Rng;

#[cfg(target_os = "linux")]
pub use self::extents::create_no_copy_on_write;
pub(crate) use self::extents::data_of;
pub use self::extents::{allocated_bytes, create_sparse, extents, is_compressed, shares_extents};

const CHUNK: usize = 1 << 20;

/// `size` pseudo-random bytes. The same seed gives the same bytes on every machine; a longer result begins with
/// the shorter one.
///
/// # Panics
/// When `size` exceeds the address space.
#[must_use]
pub fn content(seed: u64, size: u64) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(size).expect("a size that fits in memory")];
    let mut rng = Rng::with_seed(seed);
    for chunk in bytes.chunks_mut(CHUNK) {
        rng.fill(chunk);
    }
    bytes
}

/// Creates or replaces `path` with the bytes of [`content`], in constant memory.
///
/// # Panics
/// When the file cannot be written.
#[track_caller]
pub fn create(path: &Path, seed: u64, size: u64) {
    if let Err(error) = write_content(path, seed, size) {
        panic!("cannot create {} with {size} bytes: {error}", path.display());
    }
}

fn write_content(path: &Path, seed: u64, size: u64) -> io::Result<()> {
    let mut file = File::create(path)?;
    let mut rng = Rng::with_seed(seed);
    let mut chunk = vec![0; CHUNK];
    let mut left = size;
    while left > 0 {
        let length = usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK));
        rng.fill(&mut chunk[..length]);
        file.write_all(&chunk[..length])?;
        left -= length as u64;
    }
    Ok(())
}

/// Both files hold the same bytes.
///
/// # Panics
/// When they differ, naming the first offset at which they do, or when one cannot be read.
#[track_caller]
pub fn assert_same_content(left: &Path, right: &Path) {
    match first_difference(left, right) {
        Ok(None) => {}
        Ok(Some(offset)) => {
            panic!(
                "{} and {} differ first at offset {offset}{}",
                left.display(),
                right.display(),
                sizes(left, right)
            )
        }
        Err(error) => panic!("cannot compare {} with {}: {error}", left.display(), right.display()),
    }
}

fn sizes(left: &Path, right: &Path) -> String {
    let size =
        |path| fs::metadata(path).map_or_else(|error| error.to_string(), |data| data.len().to_string());
    format!(" (sizes {} and {})", size(left), size(right))
}

/// The first offset at which the files differ; the end of the shorter one when it is a prefix of the other.
fn first_difference(left: &Path, right: &Path) -> io::Result<Option<u64>> {
    let (mut left, mut right) = (File::open(left)?, File::open(right)?);
    let (mut left_chunk, mut right_chunk) = (Vec::new(), Vec::new());
    let mut offset = 0;
    loop {
        fill(&mut left, &mut left_chunk)?;
        fill(&mut right, &mut right_chunk)?;
        if left_chunk != right_chunk {
            let same = left_chunk.iter().zip(&right_chunk).take_while(|(a, b)| a == b).count();
            return Ok(Some(offset + same as u64));
        }
        if left_chunk.is_empty() {
            return Ok(None);
        }
        offset += left_chunk.len() as u64;
    }
}

fn fill(file: &mut File, chunk: &mut Vec<u8>) -> io::Result<()> {
    chunk.clear();
    file.take(CHUNK as u64).read_to_end(chunk)?;
    Ok(())
}

/// The names in `dir`, sorted by their bytes, with those that begin with a dot.
///
/// # Panics
/// When the directory cannot be read.
#[must_use]
#[track_caller]
pub fn list(dir: &Path) -> Vec<OsString> {
    let entries = fs::read_dir(dir).and_then(|entries| {
        entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<Vec<_>>>()
    });
    let mut names = entries.unwrap_or_else(|error| panic!("cannot list {}: {error}", dir.display()));
    names.sort();
    names
}

/// `dir` holds exactly the expected names: nothing was left over and nothing is missing.
///
/// # Panics
/// When it does not, naming what is too much and what is missing.
#[track_caller]
pub fn assert_no_litter<Name: AsRef<OsStr>>(dir: &Path, expected: impl IntoIterator<Item = Name>) {
    let expected: BTreeSet<OsString> = expected.into_iter().map(|name| name.as_ref().to_owned()).collect();
    let found: BTreeSet<OsString> = list(dir).into_iter().collect();
    let litter: Vec<_> = found.difference(&expected).collect();
    let missing: Vec<_> = expected.difference(&found).collect();
    assert!(
        litter.is_empty() && missing.is_empty(),
        "in {}: litter {litter:?}, missing {missing:?}",
        dir.display()
    );
}
