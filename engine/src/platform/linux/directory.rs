//! Directories that are held open, and what is done to names in them.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::mem::MaybeUninit;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{
    Access, AtFlags, CWD, FileType, Gid, Mode, OFlags, RawDir, RenameFlags, Timespec, Timestamps, Uid,
    XattrFlags,
};
use rustix::io::Errno;

/// Where Linux keeps access control lists, and more than one ever takes.
const ACCESS_LIST: &str = "system.posix_acl_access";
const LIST_BYTES: usize = 64 * 1024;

use super::super::{AccessList, At, Calls, Status, Time};
use super::{discard, kind, status, status_of, wanted};
use crate::error::FileKind;

/// An open directory, shared by its clones; or the current one.
#[derive(Debug, Clone)]
pub(crate) struct Directory(Option<Arc<File>>);

impl Directory {
    pub(crate) const CURRENT: Self = Self(None);

    /// The open directory; none is the current one.
    pub(crate) fn file(&self) -> Option<&File> {
        self.0.as_deref()
    }
}

impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_ref().map_or(CWD, |file| file.as_fd())
    }
}

/// Memory for listing directories, one after the other.
#[derive(Debug)]
pub(crate) struct Listing(Vec<MaybeUninit<u8>>);

/// Some thousand names at a time.
const LISTING_BYTES: usize = 32 * 1024;

impl Listing {
    pub(crate) fn new() -> Self {
        Self(vec![MaybeUninit::uninit(); LISTING_BYTES])
    }

    /// Stands for one that is in use.
    pub(crate) fn empty() -> Self {
        Self(Vec::new())
    }
}

/// Opens a directory to list it. Fails at what is none, and at a symbolic link that is not to be followed.
pub(crate) fn open_listed(calls: &Calls, at: At<'_>, follows: bool) -> io::Result<Directory> {
    open(calls, at, OFlags::RDONLY | OFlags::NONBLOCK, follows)
}

/// As [`open_listed`]; where listing is not allowed, only to make names in it.
pub(crate) fn open_filled(calls: &Calls, at: At<'_>, follows: bool) -> io::Result<Directory> {
    match open_listed(calls, at, follows) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open(calls, at, OFlags::PATH, follows)
        }
        opened => opened,
    }
}

fn open(calls: &Calls, at: At<'_>, access: OFlags, follows: bool) -> io::Result<Directory> {
    let mut flags = access | OFlags::DIRECTORY | OFlags::CLOEXEC;
    flags.set(OFlags::NOFOLLOW, !follows);
    calls.count();
    let file = rustix::fs::openat(at.directory, at.path, flags, Mode::empty())?;
    // It is closed with its last clone, wherever that is.
    calls.count();
    Ok(Directory(Some(Arc::new(file.into()))))
}

/// Gives `each` the names in `directory`, without `.` and `..`, each with what it is where the file system says that, until
/// it breaks.
pub(crate) fn list(
    calls: &Calls,
    directory: &Directory,
    Listing(buffer): &mut Listing,
    each: &mut dyn FnMut(&OsStr, Option<FileKind>) -> ControlFlow<()>,
) -> io::Result<()> {
    let mut names = RawDir::new(directory, buffer);
    loop {
        if names.is_buffer_empty() {
            calls.count();
        }
        let entry = match names.next() {
            None => return Ok(()),
            Some(Err(Errno::INTR)) => continue,
            Some(entry) => entry?,
        };
        let name = entry.file_name().to_bytes();
        if name == b"." || name == b".." {
            continue;
        }
        let kind = match entry.file_type() {
            FileType::Unknown => None,
            known => Some(kind(known)),
        };
        if each(OsStr::from_bytes(name), kind).is_break() {
            return Ok(());
        }
    }
}

/// What stands at `at`, a symbolic link itself unless it is to be followed.
pub(crate) fn status_at(calls: &Calls, at: At<'_>, follows: bool) -> io::Result<Status> {
    let flags = if follows { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
    calls.count();
    Ok(status_of(&rustix::fs::statx(at.directory, at.path, flags, wanted())?))
}

/// Makes a directory, with `mode` less the umask.
pub(crate) fn create_directory(calls: &Calls, at: At<'_>, mode: u32) -> io::Result<()> {
    calls.count();
    Ok(rustix::fs::mkdirat(at.directory, at.path, Mode::from_raw_mode(mode))?)
}

pub(crate) fn remove_file(calls: &Calls, at: At<'_>) -> io::Result<()> {
    calls.count();
    Ok(rustix::fs::unlinkat(at.directory, at.path, AtFlags::empty())?)
}

pub(crate) fn remove_directory(calls: &Calls, at: At<'_>) -> io::Result<()> {
    calls.count();
    Ok(rustix::fs::unlinkat(at.directory, at.path, AtFlags::REMOVEDIR)?)
}

/// Gives a directory another name, which must be free; an empty directory there is replaced where the file system cannot
/// look and rename at once.
pub(crate) fn rename_new(calls: &Calls, from: At<'_>, to: At<'_>) -> io::Result<()> {
    calls.count();
    let (old, new) = ((from.directory, from.path), (to.directory, to.path));
    match rustix::fs::renameat_with(old.0, old.1, new.0, new.1, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS) => super::rename(calls, from, to),
        answer => Ok(answer?),
    }
}

/// Gives the file at `from`, itself and not what it links to, a further name, which must be free.
pub(crate) fn hard_link(calls: &Calls, from: At<'_>, to: At<'_>) -> io::Result<()> {
    calls.count();
    Ok(rustix::fs::linkat(from.directory, from.path, to.directory, to.path, AtFlags::empty())?)
}

/// Makes a symbolic link that holds `target`. The link that it is like has nothing else.
pub(crate) fn symlink(calls: &Calls, target: &Path, _: At<'_>, at: At<'_>) -> io::Result<()> {
    calls.count();
    Ok(rustix::fs::symlinkat(target, at.directory, at.path)?)
}

/// Makes a named pipe, a socket or a device like `source`, with its permission bits less the umask.
pub(crate) fn make_special(calls: &Calls, at: At<'_>, source: &Status) -> io::Result<()> {
    let (file_type, device) = match source.kind {
        FileKind::Fifo => (FileType::Fifo, 0),
        FileKind::Socket => (FileType::Socket, 0),
        FileKind::Device if source.is_block_device => (FileType::BlockDevice, source.stands_for),
        FileKind::Device => (FileType::CharacterDevice, source.stands_for),
        _ => return Err(Errno::INVAL.into()),
    };
    calls.count();
    let mode = Mode::from_raw_mode(source.mode & super::super::PERMISSIONS);
    Ok(rustix::fs::mknodat(at.directory, at.path, file_type, mode, device)?)
}

/// Of what stands at `at` itself.
pub(crate) fn set_owner_at(calls: &Calls, at: At<'_>, (user, group): (u32, u32)) -> io::Result<()> {
    calls.count();
    let (user, group) = (Some(Uid::from_raw(user)), Some(Gid::from_raw(group)));
    Ok(rustix::fs::chownat(at.directory, at.path, user, group, AtFlags::SYMLINK_NOFOLLOW)?)
}

/// Of what stands at `at` itself, which must be no symbolic link.
pub(crate) fn set_mode_at(calls: &Calls, at: At<'_>, mode: u32) -> io::Result<()> {
    let (file, path) = held(calls, at, false)?;
    if status(calls, &file)?.kind == FileKind::Symlink {
        return Err(Errno::LOOP.into());
    }
    calls.count();
    rustix::fs::chmodat(CWD, path, Mode::from_raw_mode(mode), AtFlags::empty())?;
    discard(calls, file);
    Ok(())
}

/// What stands at `at`, and a path that leads to it whatever stands there later: what is open for its path alone can be
/// changed by no call of its own before Linux 6.6.
fn held(calls: &Calls, at: At<'_>, follows: bool) -> io::Result<(File, String)> {
    let itself = if follows { OFlags::empty() } else { OFlags::NOFOLLOW };
    calls.count();
    let flags = OFlags::PATH | OFlags::CLOEXEC | itself;
    let file = File::from(rustix::fs::openat(at.directory, at.path, flags, Mode::empty())?);
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok((file, path))
}

/// The access control list of what stands at `at`, a special file; none where it has none.
pub(crate) fn access_list_at(calls: &Calls, at: At<'_>, follows: bool) -> io::Result<Option<AccessList>> {
    let (file, path) = held(calls, at, follows)?;
    let mut value = vec![0; LIST_BYTES];
    calls.count();
    let read = rustix::fs::getxattr(&path, ACCESS_LIST, &mut value[..]);
    discard(calls, file);
    match read {
        Ok(length) => {
            value.truncate(length);
            Ok(Some(value))
        }
        Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

/// Gives what stands at `at` itself this list, or takes the one that its directory has handed on.
pub(crate) fn set_access_list_at(calls: &Calls, at: At<'_>, list: Option<&[u8]>) -> io::Result<()> {
    let (file, path) = held(calls, at, false)?;
    calls.count();
    let set = match list {
        Some(list) => rustix::fs::setxattr(&path, ACCESS_LIST, list, XattrFlags::empty()),
        None => match rustix::fs::removexattr(&path, ACCESS_LIST) {
            Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(()),
            removed => removed,
        },
    };
    discard(calls, file);
    Ok(set?)
}

/// Of what stands at `at` itself.
pub(crate) fn set_times_at(calls: &Calls, at: At<'_>, accessed: Time, modified: Time) -> io::Result<()> {
    let time = |(seconds, nanoseconds): Time| Timespec { tv_sec: seconds, tv_nsec: nanoseconds.into() };
    let times = Timestamps { last_access: time(accessed), last_modification: time(modified) };
    calls.count();
    Ok(rustix::fs::utimensat(at.directory, at.path, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}

/// Whether what is made in the directory gets an access control list from it, whatever the umask.
pub(crate) fn has_default_list(calls: &Calls, directory: &Directory) -> bool {
    calls.count();
    let Some(file) = directory.file() else { return true };
    let mut nothing: [u8; 0] = [];
    !matches!(
        rustix::fs::fgetxattr(file, "system.posix_acl_default", &mut nothing[..]),
        Err(Errno::NODATA | Errno::OPNOTSUPP)
    )
}

/// Whether this process may make and remove what is in the directory, as far as its mode goes.
pub(crate) fn may_fill(calls: &Calls, directory: &Directory) -> bool {
    let Some(file) = directory.file() else { return true };
    calls.count();
    let access = Access::WRITE_OK | Access::EXEC_OK;
    rustix::fs::accessat(file, ".", access, AtFlags::EACCESS).is_ok()
}

/// The permission bits that new files do not get; none where that cannot be learnt without changing it.
pub(crate) fn umask(calls: &Calls) -> Option<u32> {
    // Open, read, close.
    calls.add(3);
    let mut bytes = [0; 512];
    let read = File::open("/proc/thread-self/status").ok()?.read(&mut bytes).ok()?;
    let text = std::str::from_utf8(&bytes[..read]).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Umask:"))?;
    u32::from_str_radix(line.trim(), 8).ok()
}

/// How many more files this process may open.
pub(crate) fn descriptors_left(calls: &Calls) -> Option<u64> {
    calls.count();
    let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).current?;
    let open = std::fs::read_dir("/proc/self/fd").ok()?.count() as u64;
    // Open, status, two lists, close.
    calls.add(5);
    Some(most.saturating_sub(open))
}
