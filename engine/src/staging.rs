//! The staging file: a new file that takes the destination's name only when it is whole. Dropped before that, it is
//! removed.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Operation;
use crate::failure::{Failure, failed};
use crate::platform::{self, At, Calls, Spot};

/// Longest file name of the common file systems, in bytes.
const NAME_MAX: usize = 255;

/// A random name that is taken 16 times in a row is no accident.
const TRIES: u32 = 16;

/// A new file without the destination's name.
#[derive(Debug)]
pub(crate) struct Staging {
    name: Name,
    file: Option<File>,
}

#[derive(Debug)]
enum Name {
    /// In no directory: gone with its last descriptor, even when the process is killed. Only where nothing is replaced,
    /// since a link cannot do that.
    None,
    /// Beside the destination.
    Beside(Spot),
}

/// Whether files without a name can be given one here. Before Linux 6.10 that takes a privilege or `/proc`.
static UNNAMED_WORKS: AtomicBool = AtomicBool::new(true);

impl Staging {
    /// Creates a staging file for `destination`, with `mode` less the umask. It has no name where `is_new` says that
    /// nothing stands at the destination, and where the file system can.
    pub(crate) fn create(calls: &Calls, destination: At<'_>, mode: u32, is_new: bool) -> io::Result<Self> {
        if is_new && unnamed_works() {
            // Whatever the reason, a named file meets it too or does without.
            if let Ok(file) = platform::create_unnamed(calls, destination.parent(), mode) {
                return Ok(Self { name: Name::None, file: Some(file) });
            }
        }
        Self::create_named(calls, destination, mode)
    }

    /// Creates a staging file in the directory of `destination`, with `mode` less the umask.
    pub(crate) fn create_named(calls: &Calls, destination: At<'_>, mode: u32) -> io::Result<Self> {
        let create = |at: At<'_>| platform::create_exclusive(calls, at, mode);
        let (spot, file) = with_staging_name(destination, create)?;
        Ok(Self::made(spot, file))
    }

    /// The file that stands at `spot`, made under a staging name and open for reading and writing.
    pub(crate) fn made(spot: Spot, file: File) -> Self {
        Self { name: Name::Beside(spot), file: Some(file) }
    }

    /// Under which name it stands beside the destination, where it has one.
    pub(crate) fn spot(&self) -> Option<&Spot> {
        if let Name::Beside(spot) = &self.name { Some(spot) } else { None }
    }

    /// Whether it is gone as soon as nobody has it open.
    pub(crate) fn is_unnamed(&self) -> bool {
        matches!(self.name, Name::None)
    }

    /// The file, open for reading and writing.
    ///
    /// # Panics
    /// After [`Self::publish`] took it.
    pub(crate) fn file(&self) -> &File {
        self.file.as_ref().expect("a staging file is published once, after its last use")
    }

    /// Closes the file and gives it its final name; what had that name before is replaced in the same instant. An error
    /// of closing means that the content did not arrive. `close_tells` says whether closing may tell such an error, so
    /// that it must come first. Where it fails, the destination is as it was before.
    pub(crate) fn publish(
        mut self,
        calls: &Calls,
        destination: At<'_>,
        close_tells: bool,
    ) -> Result<(), Failure> {
        let (closing, renaming) = (failed(Operation::Close), failed(Operation::Rename));
        let Some(file) = self.file.take() else { return Ok(()) };
        if let Name::Beside(spot) = &self.name {
            platform::close(calls, file).map_err(&closing)?;
            platform::rename(calls, spot.at(), destination).map_err(&renaming)?;
            // The staging name is gone; another file that takes it must not be removed.
            self.name = Name::None;
            return Ok(());
        }
        if close_tells {
            platform::flush(calls, &file).map_err(&closing)?;
        }
        link(calls, &file, destination).map_err(&renaming)?;
        platform::close(calls, file).map_err(|error| {
            remove(destination);
            closing(error)
        })
    }
}

/// Gives an unnamed file its name, also where another file got it meanwhile.
fn link(calls: &Calls, file: &File, destination: At<'_>) -> io::Result<()> {
    match platform::link(calls, file, destination) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let (spot, ()) = with_staging_name(destination, |at| platform::link(calls, file, at))?;
            platform::rename(calls, spot.at(), destination).inspect_err(|_| remove(spot.at()))
        }
        Err(error) => {
            use io::ErrorKind as Kind;
            if matches!(error.kind(), Kind::NotFound | Kind::PermissionDenied | Kind::Unsupported) {
                UNNAMED_WORKS.store(false, Ordering::Relaxed);
            }
            Err(error)
        }
        Ok(()) => Ok(()),
    }
}

/// Whether new files are made without a name. Falls to false for good when one could not be given its name.
pub(crate) fn unnamed_works() -> bool {
    UNNAMED_WORKS.load(Ordering::Relaxed)
}

/// Tries staging names beside `destination` until `make` takes one.
pub(crate) fn with_staging_name<T>(
    destination: At<'_>,
    mut make: impl FnMut(At<'_>) -> io::Result<T>,
) -> io::Result<(Spot, T)> {
    let mut tries = 0;
    let mut most = NAME_MAX;
    loop {
        let name = destination.path.file_name().unwrap_or_default();
        let spot = destination.beside(staging_name(name, most));
        match make(spot.at()) {
            Ok(made) => return Ok((spot, made)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < TRIES => tries += 1,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // The path as a whole, or this file system's names, may not be so long.
            Err(error) if error.kind() == io::ErrorKind::InvalidFilename && most > 0 => most = 0,
            Err(error) => return Err(error),
        }
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if let Name::Beside(spot) = &self.name {
            remove(spot.at());
        }
    }
}

/// Removes a file that this copy made. Nothing is lost by a failure here, and there is nobody left to tell.
pub(crate) fn remove(at: At<'_>) {
    let _ = platform::remove_file(&Calls::default(), at);
}

/// `.NAME.orbit-RANDOM`, with NAME cut so that the whole has at most `most` bytes, if it can.
fn staging_name(name: &OsStr, most: usize) -> OsString {
    let random = RandomState::new().hash_one(());
    let suffix = format!(".orbit-{random:016x}");
    let mut name = name.to_string_lossy().into_owned();
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
            let named = |most| staging_name(OsStr::new(name), most);
            let (one, other) = (named(NAME_MAX), named(NAME_MAX));
            assert_eq!(named(0).len(), "..orbit-".len() + 16);
            assert!(one.len() <= NAME_MAX, "{one:?}");
            assert_ne!(one, other);
        }
    }

    #[test]
    fn a_dropped_staging_file_is_gone_and_a_published_one_is_not() {
        let calls = Calls::default();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("name");
        let destination = At::path(&path);
        let entries = || std::fs::read_dir(folder.path()).unwrap().count();
        for is_new in [true, false] {
            drop(Staging::create(&calls, destination, 0o600, is_new).unwrap());
            assert_eq!(entries(), 0);
            let staging = Staging::create(&calls, destination, 0o600, is_new).unwrap();
            staging.publish(&calls, destination, true).unwrap();
            assert_eq!(entries(), 1);
            assert!(path.exists());
            std::fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn a_name_that_a_directory_took_meanwhile_is_an_error_and_nothing_is_left() {
        let calls = Calls::default();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("name");
        let destination = At::path(&path);
        let staging = Staging::create(&calls, destination, 0o600, true).unwrap();
        std::fs::create_dir(&path).unwrap();
        staging.publish(&calls, destination, false).unwrap_err();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    /// By a second descriptor, which is closed.
    #[cfg(all(target_os = "linux", not(orbit_portable)))]
    #[test]
    fn a_file_without_a_name_is_asked_before_it_gets_one_where_closing_may_tell() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("name");
        let destination = At::path(&path);
        let cost = |close_tells| {
            let staging = Staging::create(&Calls::default(), destination, 0o600, true).unwrap();
            let (calls, is_unnamed) = (Calls::default(), staging.is_unnamed());
            staging.publish(&calls, destination, close_tells).unwrap();
            std::fs::remove_file(&path).unwrap();
            (calls.total(), is_unnamed)
        };
        let ((asked, is_unnamed), (unasked, _)) = (cost(true), cost(false));
        assert_eq!(asked - unasked, if is_unnamed { 2 } else { 0 });
    }

    /// Another program makes the destination while the copy runs.
    #[test]
    fn a_name_that_was_taken_meanwhile_is_replaced() {
        let calls = Calls::default();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("name");
        let destination = At::path(&path);
        let staging = Staging::create(&calls, destination, 0o600, true).unwrap();
        std::fs::write(&path, "another").unwrap();
        staging.publish(&calls, destination, false).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
