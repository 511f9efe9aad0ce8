//! Down into every directory and up again by its parent's entry, with two descriptors at any depth.

use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, chmodat, fstat, openat, statat, unlinkat};

/// An entry as it is met.
pub(super) struct Found<'a> {
    /// From the root of the tree; empty for the root.
    pub(super) path: &'a Path,
    /// The directory that holds it; the root itself for the root.
    pub(super) directory: BorrowedFd<'a>,
    /// Its name there; a dot for the root.
    pub(super) name: &'a OsStr,
    pub(super) status: Stat,
}

type Visit<'a> = dyn FnMut(Found<'_>) -> io::Result<()> + 'a;

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Shows every entry to `visit`, a directory before what lies in it. Symbolic links below the root are not followed.
pub(super) fn walk(root: &Path, visit: &mut Visit<'_>) -> io::Result<()> {
    let mut here = openat(CWD, root, DIRECTORY, Mode::empty())?;
    let mut path = PathBuf::new();
    let status = fstat(&here)?;
    visit(Found { path: &path, directory: borrowed(&here), name: OsStr::new("."), status })?;
    let mut levels = vec![list(&here, &mut path, visit)?];
    while let Some(waiting) = levels.last_mut() {
        if let Some(name) = waiting.pop() {
            here = openat(&here, &name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?;
            path.push(name);
            levels.push(list(&here, &mut path, visit)?);
        } else {
            levels.pop();
            if path.pop() {
                here = openat(&here, "..", DIRECTORY, Mode::empty())?;
            }
        }
    }
    Ok(())
}

fn borrowed(fd: &OwnedFd) -> BorrowedFd<'_> {
    std::os::fd::AsFd::as_fd(fd)
}

/// Shows what lies in one directory; gives the names of the directories in it.
fn list(here: &OwnedFd, path: &mut PathBuf, visit: &mut Visit<'_>) -> io::Result<Vec<OsString>> {
    let mut directories = Vec::new();
    for name in names(here)? {
        let status = statat(here, &name, AtFlags::SYMLINK_NOFOLLOW)?;
        path.push(&name);
        visit(Found { path, directory: borrowed(here), name: &name, status })?;
        path.pop();
        if FileType::from_raw_mode(status.st_mode) == FileType::Directory {
            directories.push(name);
        }
    }
    Ok(directories)
}

fn names(here: &OwnedFd) -> io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(here)? {
        let name: CString = entry?.file_name().to_owned();
        if !matches!(name.as_bytes(), b"." | b"..") {
            names.push(OsStr::from_bytes(name.as_bytes()).to_owned());
        }
    }
    Ok(names)
}

/// How many entries of each kind a tree has, its root among the directories.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Directories.
    pub directories: u64,
    /// Regular files, a file with two names twice.
    pub files: u64,
    /// Everything else.
    pub others: u64,
}

/// Counts without keeping or looking at what it counts, where the file system tells the kinds of names.
///
/// # Panics
/// When something cannot be read.
#[must_use]
#[track_caller]
pub fn count(root: &Path) -> Count {
    try_count(root).unwrap_or_else(|error| panic!("cannot count {}: {error}", root.display()))
}

fn try_count(root: &Path) -> io::Result<Count> {
    let mut here = openat(CWD, root, DIRECTORY, Mode::empty())?;
    let mut count = Count { directories: 1, ..Count::default() };
    let mut levels = vec![count_in(&here, &mut count)?];
    while let Some(waiting) = levels.last_mut() {
        if let Some(name) = waiting.pop() {
            here = openat(&here, &name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?;
            levels.push(count_in(&here, &mut count)?);
        } else {
            levels.pop();
            if !levels.is_empty() {
                here = openat(&here, "..", DIRECTORY, Mode::empty())?;
            }
        }
    }
    Ok(count)
}

/// Gives the names of the directories.
fn count_in(here: &OwnedFd, count: &mut Count) -> io::Result<Vec<CString>> {
    let mut directories = Vec::new();
    for entry in Dir::read_from(here)? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let kind = match entry.file_type() {
            FileType::Unknown => {
                let status = statat(here, name, AtFlags::SYMLINK_NOFOLLOW)?;
                FileType::from_raw_mode(status.st_mode)
            }
            kind => kind,
        };
        match kind {
            FileType::Directory => {
                count.directories += 1;
                directories.push(name.to_owned());
            }
            FileType::RegularFile => count.files += 1,
            _ => count.others += 1,
        }
    }
    Ok(directories)
}

/// Removes a tree with its root, however deep. What is not there is removed already.
///
/// # Panics
/// When something cannot be removed.
#[track_caller]
pub fn remove(root: &Path) {
    let removed = match std::fs::symlink_metadata(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(_) => remove_below(root).and_then(|()| std::fs::remove_dir(root)),
    };
    removed.unwrap_or_else(|error| panic!("cannot remove {}: {error}", root.display()));
}

fn remove_below(root: &Path) -> io::Result<()> {
    let mut here = openat(CWD, root, DIRECTORY, Mode::empty())?;
    let mut levels = vec![(OsString::new(), unlink_files(&here)?)];
    while let Some((_, waiting)) = levels.last_mut() {
        if let Some(name) = waiting.pop() {
            chmodat(&here, &name, Mode::RWXU, AtFlags::empty())?;
            here = openat(&here, &name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?;
            let below = unlink_files(&here)?;
            levels.push((name, below));
        } else if let Some((name, _)) = levels.pop()
            && !levels.is_empty()
        {
            here = openat(&here, "..", DIRECTORY, Mode::empty())?;
            unlinkat(&here, &name, AtFlags::REMOVEDIR)?;
        }
    }
    Ok(())
}

/// Gives the names of the directories, which stay.
fn unlink_files(here: &OwnedFd) -> io::Result<Vec<OsString>> {
    list(here, &mut PathBuf::new(), &mut |found| {
        if FileType::from_raw_mode(found.status.st_mode) != FileType::Directory {
            unlinkat(found.directory, found.name, AtFlags::empty())?;
        }
        Ok(())
    })
}
