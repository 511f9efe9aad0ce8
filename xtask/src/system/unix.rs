//! What systems of the Unix kind have alike, through rustix and nix.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, Permissions};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike};
use rustix::fs::{FileType, Mode, OFlags, SeekFrom};
use rustix::io::Errno;
use rustix::time::{ClockId, clock_gettime};

use super::{Counted, Names, Room, Whose};

/// What `getrusage` counts resident memory in.
const RSS_UNIT_BYTES: u64 = if cfg!(target_vendor = "apple") { 1 } else { 1024 };

/// What `stat` counts allocated space in, whatever the file system's block is.
const ALLOCATED_UNIT_BYTES: u64 = 512;

pub(crate) const KNOWS_PROCESSOR_TIME: bool = true;

/// Processor time of this process; finer than what [`counted`] has.
pub(crate) fn cpu_ns() -> Option<u64> {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    u64::try_from(time.tv_sec * 1_000_000_000 + time.tv_nsec).ok()
}

pub(crate) fn counted(whose: Whose) -> Counted {
    let who = match whose {
        Whose::Own => UsageWho::RUSAGE_SELF,
        Whose::Programs => UsageWho::RUSAGE_CHILDREN,
    };
    let known = getrusage(who).ok();
    let count = |number: i64| u64::try_from(number).ok();
    let of = |counter: fn(&Usage) -> i64| count(counter(known.as_ref()?));
    let time = |clock: fn(&Usage) -> TimeVal| count(clock(known.as_ref()?).num_nanoseconds());
    Counted {
        user_ns: time(Usage::user_time),
        system_ns: time(Usage::system_time),
        voluntary_switches: of(Usage::voluntary_context_switches),
        involuntary_switches: of(Usage::involuntary_context_switches),
        minor_faults: of(Usage::minor_page_faults),
        major_faults: of(Usage::major_page_faults),
        read_blocks: of(Usage::block_reads),
        write_blocks: of(Usage::block_writes),
        max_rss_bytes: of(Usage::max_rss).and_then(|units| units.checked_mul(RSS_UNIT_BYTES)),
    }
}

pub(crate) fn names() -> Names {
    let names = rustix::system::uname();
    Names {
        host: names.nodename().to_string_lossy().into_owned(),
        system: names.sysname().to_string_lossy().into_owned(),
    }
}

pub(crate) fn room(directory: &Path) -> io::Result<Room> {
    let known = rustix::fs::statvfs(directory)?;
    Ok(Room {
        block_bytes: known.f_frsize,
        free_bytes: known.f_bavail.saturating_mul(known.f_frsize),
        // File systems without such a limit say that they have none at all.
        free_files: (known.f_files > 0).then_some(known.f_favail),
    })
}

/// Equal for two paths on one file system.
pub(crate) fn device(path: &Path) -> io::Result<u64> {
    Ok(fs::metadata(path)?.dev())
}

/// What the file takes on its file system.
pub(crate) fn allocated_bytes(metadata: &Metadata) -> Option<u64> {
    metadata.blocks().checked_mul(ALLOCATED_UNIT_BYTES)
}

pub(crate) const SEES_HOLES: bool = true;

/// Where data begins behind `offset`; none where nothing but a hole is left.
pub(crate) fn next_data(file: &File, offset: u64) -> io::Result<Option<u64>> {
    match rustix::fs::seek(file, SeekFrom::Data(offset)) {
        Err(Errno::NXIO) => Ok(None),
        found => Ok(Some(found?)),
    }
}

/// Where a hole begins behind `offset`, or the end.
pub(crate) fn next_hole(file: &File, offset: u64) -> io::Result<u64> {
    Ok(rustix::fs::seek(file, SeekFrom::Hole(offset))?)
}

/// Opens what may be anything: only a plain file of this user, and nothing is waited for.
pub(crate) fn open_own_file(path: &Path) -> Option<File> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty()).ok()?);
    let stat = rustix::fs::fstat(&file).ok()?;
    let own =
        FileType::from_raw_mode(stat.st_mode).is_file() && stat.st_uid == rustix::process::geteuid().as_raw();
    own.then_some(file)
}

/// Temporary files are made for their owner alone; those of this one have `mode`, as far as the process gives it away.
pub(crate) fn files_of_mode(mode: u32) -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.permissions(Permissions::from_mode(mode));
    builder
}

/// For everybody to write to, and to remove only what is theirs.
pub(crate) fn open_to_all(directory: &Path) -> io::Result<()> {
    fs::set_permissions(directory, Permissions::from_mode(0o1777))
}

/// Whether a folder can be renamed while a file in it is open.
pub(crate) const RENAMES_WHAT_IS_OPEN: bool = true;

/// Makes `pointer` lead to `name` beside it, in one instant: a link.
pub(crate) fn point(name: &OsStr, pointer: &Path) -> io::Result<()> {
    let new = pointer.with_extension("new");
    let _ = fs::remove_file(&new);
    std::os::unix::fs::symlink(name, &new)?;
    fs::rename(&new, pointer)
}

/// Where `path` leads by links, or by what [`point`] left there.
pub(crate) fn follow(path: &Path) -> io::Result<PathBuf> {
    fs::canonicalize(path)
}

pub(crate) fn path_of_bytes(bytes: Vec<u8>) -> PathBuf {
    OsString::from_vec(bytes).into()
}

/// Ctrl-C is for this process, and not for the one that `command` starts.
pub(crate) fn set_apart(command: &mut Command) {
    command.process_group(0);
}

/// As `wait` gives it.
pub(crate) fn raw_status(status: ExitStatus) -> i32 {
    status.into_raw()
}

pub(crate) fn status_of(raw: i32) -> ExitStatus {
    ExitStatus::from_raw(raw)
}
