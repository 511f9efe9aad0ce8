//! The staging file: a new file beside the destination, which takes the destination's name only when it is whole.
//! Dropped before that, it is removed.

use std::ffi::OsString;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};

use crate::platform::{self, Calls};

/// Longest file name of the common file systems, in bytes.
const NAME_MAX: usize = 255;

/// A random name that is taken 16 times in a row is no accident.
const TRIES: u32 = 16;

#[derive(Debug)]
pub(crate) struct Staging {
    path: PathBuf,
    file: Option<File>,
}

impl Staging {
    /// Creates a staging file in the directory of `destination`, with `mode` less the umask.
    pub(crate) fn create(calls: &Calls, destination: &Path, mode: u32) -> io::Result<Self> {
        let mut tries = 0;
        let mut most = NAME_MAX;
        loop {
            let path = destination.with_file_name(staging_name(destination, most));
            match platform::create_exclusive(calls, &path, mode) {
                Ok(file) => return Ok(Self { path, file: Some(file) }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < TRIES => tries += 1,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The path as a whole, or this file system's names, may not be so long.
                Err(error) if error.kind() == io::ErrorKind::InvalidFilename && most > 0 => most = 0,
                Err(error) => return Err(error),
            }
        }
    }

    /// The file, open for reading and writing.
    ///
    /// # Panics
    /// After [`Self::close`], which takes it.
    pub(crate) fn file(&self) -> &File {
        self.file.as_ref().expect("a staging file is closed once, after its last use")
    }

    /// Closes the file; an error means that its content did not arrive.
    pub(crate) fn close(&mut self, calls: &Calls) -> io::Result<()> {
        self.file.take().map_or(Ok(()), |file| platform::close(calls, file))
    }

    /// Gives the file its final name. What had that name before is replaced in the same instant.
    pub(crate) fn rename(self, calls: &Calls, destination: &Path) -> io::Result<()> {
        platform::rename(calls, &self.path, destination)?;
        // The staging name is gone; another file that takes it must not be removed.
        let mut renamed = self;
        renamed.path = PathBuf::new();
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            // Nothing is lost by a failure here, and there is nobody left to tell.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// `.NAME.orbit-RANDOM`, with NAME cut so that the whole has at most `most` bytes, if it can.
fn staging_name(destination: &Path, most: usize) -> OsString {
    let random = RandomState::new().hash_one(());
    let suffix = format!(".orbit-{random:016x}");
    let mut name =
        destination.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    while !name.is_empty() && name.len() + 1 + suffix.len() > most {
        name.pop();
    }
    format!(".{name}{suffix}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staging_names_fit_and_differ() {
        for name in ["a", &"x".repeat(255), &"é".repeat(127), "名前"] {
            let named = |most| staging_name(Path::new(name), most);
            let (one, other) = (named(NAME_MAX), named(NAME_MAX));
            assert_eq!(named(0).len(), "..orbit-".len() + 16);
            assert!(one.len() <= NAME_MAX, "{one:?}");
            assert_ne!(one, other);
        }
    }

    #[test]
    fn a_dropped_staging_file_is_gone_and_a_renamed_one_is_not() {
        let calls = Calls::default();
        let folder = tempfile::tempdir().unwrap();
        let destination = folder.path().join("name");
        drop(Staging::create(&calls, &destination, 0o600).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let mut staging = Staging::create(&calls, &destination, 0o600).unwrap();
        staging.close(&calls).unwrap();
        staging.rename(&calls, &destination).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(destination.exists());
    }
}
