//! Windows, through the standard library and crates with safe calls.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::os::windows::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::string::FromUtf8Error;

use super::{Counted, Names, Room, Whose};

/// `CREATE_NEW_PROCESS_GROUP`.
const NEW_PROCESS_GROUP: u32 = 0x200;

/// It has a clock of processor time that goes by ticks of 15.6 ms, which says nothing of most copies; none is better than that one.
pub(crate) const KNOWS_PROCESSOR_TIME: bool = false;

pub(crate) fn cpu_ns() -> Option<u64> {
    None
}

pub(crate) fn counted(_: Whose) -> Counted {
    Counted::default()
}

pub(crate) fn names() -> Names {
    let host = env::var("COMPUTERNAME").unwrap_or_else(|_| "unknown".to_owned());
    Names { host, system: "Windows".to_owned() }
}

pub(crate) fn room(directory: &Path) -> io::Result<Room> {
    // The call behind the next one also answers for a directory that is not there.
    fs::metadata(directory)?;
    let known = fs4::statvfs(directory)?;
    Ok(Room {
        block_bytes: known.allocation_granularity(),
        free_bytes: known.available_space(),
        free_files: None,
    })
}

/// Equal for two paths on one volume.
pub(crate) fn device(path: &Path) -> io::Result<u64> {
    let open = winapi_util::Handle::from_path_any(path)?;
    Ok(winapi_util::file::information(open)?.volume_serial_number())
}

/// The standard library does not tell.
pub(crate) fn allocated_bytes(_: &Metadata) -> Option<u64> {
    None
}

/// Files have no holes until a call that the standard library does not have.
pub(crate) const SEES_HOLES: bool = false;

pub(crate) fn next_data(_: &File, _: u64) -> io::Result<Option<u64>> {
    Err(no_holes())
}

pub(crate) fn next_hole(_: &File, _: u64) -> io::Result<u64> {
    Err(no_holes())
}

fn no_holes() -> io::Error {
    io::Error::new(ErrorKind::Unsupported, "holes are not looked for on this system")
}

/// Opens what may be anything: only a plain file. Whose it is, its directory decides.
pub(crate) fn open_own_file(path: &Path) -> Option<File> {
    fs::symlink_metadata(path).ok()?.is_file().then(|| File::open(path).ok())?
}

/// Files are for whom their directory is.
pub(crate) fn files_of_mode(_: u32) -> tempfile::Builder<'static, 'static> {
    tempfile::Builder::new()
}

pub(crate) fn open_to_all(_: &Path) -> io::Result<()> {
    Err(io::Error::new(ErrorKind::Unsupported, "directories are for whom those above them are"))
}

pub(crate) const RENAMES_WHAT_IS_OPEN: bool = false;

/// Makes `pointer` lead to `name` beside it, in one instant: a file with the name, since links are for administrators.
pub(crate) fn point(name: &OsStr, pointer: &Path) -> io::Result<()> {
    let name = name.to_str().ok_or_else(|| io::Error::other("the name is no text"))?;
    let new = pointer.with_extension("new");
    fs::write(&new, name)?;
    fs::rename(&new, pointer)
}

/// Where `path` leads by links, or by what [`point`] left there.
pub(crate) fn follow(path: &Path) -> io::Result<PathBuf> {
    let found = fs::canonicalize(path)?;
    if !found.is_file() {
        return Ok(found);
    }
    let name = fs::read_to_string(&found)?;
    // Nothing but a name: whoever can write there leads nobody elsewhere.
    match Path::new(&name).file_name().filter(|own| *own == OsStr::new(&name)) {
        Some(name) => fs::canonicalize(found.with_file_name(name)),
        None => Ok(found),
    }
}

/// With other characters where they are no UTF-8.
pub(crate) fn path_of_bytes(bytes: Vec<u8>) -> PathBuf {
    let lossy = |error: FromUtf8Error| String::from_utf8_lossy(error.as_bytes()).into_owned();
    String::from_utf8(bytes).unwrap_or_else(lossy).into()
}

/// Ctrl-C is for this process, and not for the one that `command` starts.
pub(crate) fn set_apart(command: &mut Command) {
    command.creation_flags(NEW_PROCESS_GROUP);
}

/// The exit code.
pub(crate) fn raw_status(status: ExitStatus) -> i32 {
    status.code().unwrap_or(-1)
}

pub(crate) fn status_of(raw: i32) -> ExitStatus {
    ExitStatus::from_raw(raw.cast_unsigned())
}
