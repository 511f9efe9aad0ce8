//! What macOS has beside the standard library: clones, `fcopyfile`, attributes, holes, the cache.

use std::any::Any;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::os::fd::{AsRawFd, IntoRawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::ptr;

use libc::{c_char, c_int, c_void};

/// Closes `file` and reports what `close(2)` says: network and quota file systems tell write errors only here.
pub(crate) fn close(file: File) -> io::Result<()> {
    // SAFETY: `into_raw_fd` gives up the only owner of the descriptor, and nothing uses it after this call.
    done(unsafe { libc::close(file.into_raw_fd()) })
}

/// A text that the system knows by a name of `sysctl(3)`.
#[cfg(feature = "config")]
pub(crate) fn control(name: &CStr) -> io::Result<String> {
    let mut length = 0;
    // SAFETY: the name ends in a zero; without room for the value the call only says how long it is.
    done(unsafe { libc::sysctlbyname(name.as_ptr(), ptr::null_mut(), &raw mut length, ptr::null_mut(), 0) })?;
    let mut value = vec![0_u8; length];
    let room = value.as_mut_ptr().cast();
    // SAFETY: the name ends in a zero, and the room has as many bytes as is told.
    done(unsafe { libc::sysctlbyname(name.as_ptr(), room, &raw mut length, ptr::null_mut(), 0) })?;
    value.truncate(length);
    let text = CStr::from_bytes_until_nul(&value).map_err(io::Error::other)?;
    Ok(text.to_string_lossy().into_owned())
}

/// Makes a file at `to`, where nothing stands, that shares all extents of `from`.
pub(crate) fn clone_new(from: &File, to: &Path) -> io::Result<()> {
    let to = terminated(to.as_os_str())?;
    // SAFETY: the descriptor is open as long as its file is borrowed, and the name ends in a zero and outlives the call.
    done(unsafe { libc::fclonefileat(from.as_raw_fd(), libc::AT_FDCWD, to.as_ptr(), 0) })
}

/// Gives what stands at `from` the name `to`, which must be free.
pub(crate) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    let (from, to) = (terminated(from.as_os_str())?, terminated(to.as_os_str())?);
    // SAFETY: both names end in a zero and outlive the call.
    done(unsafe { libc::renamex_np(from.as_ptr(), to.as_ptr(), libc::RENAME_EXCL) })
}

/// Who hears of a copy under way, and what they said at last.
struct Heard<'a, 'b> {
    told: &'a mut (dyn FnMut(u64) -> ControlFlow<()> + 'b),
    panicked: Option<Box<dyn Any + Send>>,
}

/// Copies the content of `from`, from where it stands, to `to`, and tells after each write how many bytes are done. An answer
/// to end makes it end with `ECANCELED`.
pub(crate) fn copy_data(
    from: &File,
    to: &File,
    told: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> io::Result<()> {
    let mut heard = Heard { told, panicked: None };
    let state = State::new()?;
    state.set(libc::COPYFILE_STATE_STATUS_CTX, (&raw mut heard).cast())?;
    state.set(libc::COPYFILE_STATE_STATUS_CB, heard_by as *const c_void)?;
    let (source, new) = (from.as_raw_fd(), to.as_raw_fd());
    // SAFETY: both descriptors are open as long as their files are borrowed. The state lives until the end of this function,
    // and so does what its context points to, which nobody else touches during the call.
    let copied = done(unsafe { libc::fcopyfile(source, new, state.0, libc::COPYFILE_DATA) });
    drop(state);
    if let Some(panic) = heard.panicked {
        resume_unwind(panic);
    }
    copied
}

/// Called by `fcopyfile` on the thread that called it.
extern "C" fn heard_by(
    what: c_int,
    stage: c_int,
    state: libc::copyfile_state_t,
    _: *const c_char,
    _: *const c_char,
    context: *mut c_void,
) -> c_int {
    if what != libc::COPYFILE_COPY_DATA || stage == libc::COPYFILE_ERR {
        // To go on after an error is to try the same write again, without end.
        return if stage == libc::COPYFILE_ERR { libc::COPYFILE_QUIT } else { libc::COPYFILE_CONTINUE };
    }
    let mut copied: libc::off_t = 0;
    // SAFETY: the state is the one of the copy that calls, and this key gives a number of this type.
    let known = unsafe { libc::copyfile_state_get(state, STATE_COPIED, (&raw mut copied).cast()) };
    let bytes = if known == 0 { u64::try_from(copied).unwrap_or(0) } else { 0 };
    // SAFETY: the context is what `copy_data` gave, which waits for the call to end and does not touch it meanwhile; there is
    // no other reference.
    let heard = unsafe { &mut *context.cast::<Heard<'_, '_>>() };
    match catch_unwind(AssertUnwindSafe(|| (heard.told)(bytes))) {
        Ok(ControlFlow::Continue(())) => libc::COPYFILE_CONTINUE,
        Ok(ControlFlow::Break(())) => libc::COPYFILE_QUIT,
        Err(panic) => {
            heard.panicked = Some(panic);
            libc::COPYFILE_QUIT
        }
    }
}

const STATE_COPIED: u32 = libc::COPYFILE_STATE_COPIED.cast_unsigned();

/// What `fcopyfile` is told beside the two files.
struct State(libc::copyfile_state_t);

impl State {
    fn new() -> io::Result<Self> {
        // SAFETY: the call takes nothing.
        let state = unsafe { libc::copyfile_state_alloc() };
        if state.is_null() { Err(io::Error::last_os_error()) } else { Ok(Self(state)) }
    }

    /// Of the two keys that are used here, the value is the pointer itself.
    fn set(&self, key: c_int, value: *const c_void) -> io::Result<()> {
        // SAFETY: the state is one that was allocated and not freed; the pointer is kept and not read by this call.
        done(unsafe { libc::copyfile_state_set(self.0, key.cast_unsigned(), value) })
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // SAFETY: the state was allocated by `new`, and is freed once. There is nothing to do where that fails.
        let _ = unsafe { libc::copyfile_state_free(self.0) };
    }
}

/// Gives `to` the access control list of `from`.
pub(crate) fn copy_access_list(from: &File, to: &File) -> io::Result<()> {
    // SAFETY: both descriptors are open as long as their files are borrowed; no state is needed.
    done(unsafe { libc::fcopyfile(from.as_raw_fd(), to.as_raw_fd(), ptr::null_mut(), libc::COPYFILE_ACL) })
}

pub(crate) fn set_flags(file: &File, flags: u32) -> io::Result<()> {
    // SAFETY: the descriptor is open as long as its file is borrowed.
    done(unsafe { libc::fchflags(file.as_raw_fd(), flags) })
}

/// Asks the file system to write out the file, and not the device to write out its own cache.
pub(crate) fn sync(file: &File) -> io::Result<()> {
    // SAFETY: the descriptor is open as long as its file is borrowed.
    done(unsafe { libc::fsync(file.as_raw_fd()) })
}

/// Whether what is read and written stays out of the cache from now on.
pub(crate) fn set_no_cache(file: &File, on: bool) -> io::Result<()> {
    // SAFETY: the descriptor is open as long as its file is borrowed, and this command takes a number.
    done(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_NOCACHE, c_int::from(on)) })
}

/// Which stretches are looked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stretch {
    Data,
    Hole,
}

/// Where the next one begins at or behind `offset`; none where there is none. Moves to where the file stands.
pub(crate) fn next(file: &File, stretch: Stretch, offset: u64) -> io::Result<Option<u64>> {
    let whence = match stretch {
        Stretch::Data => libc::SEEK_DATA,
        Stretch::Hole => libc::SEEK_HOLE,
    };
    let offset = libc::off_t::try_from(offset).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))?;
    // SAFETY: the descriptor is open as long as its file is borrowed.
    let found = unsafe { libc::lseek(file.as_raw_fd(), offset, whence) };
    match u64::try_from(found) {
        Ok(found) => Ok(Some(found)),
        Err(_) => match last_error() {
            error if error.raw_os_error() == Some(libc::ENXIO) => Ok(None),
            error => Err(error),
        },
    }
}

/// The name of the type of the file system.
pub(crate) fn file_system(file: &File) -> io::Result<String> {
    let mut stat = std::mem::MaybeUninit::<libc::statfs>::uninit();
    // SAFETY: the descriptor is open as long as its file is borrowed, and the call fills the struct where it succeeds.
    done(unsafe { libc::fstatfs(file.as_raw_fd(), stat.as_mut_ptr()) })?;
    // SAFETY: the call has succeeded.
    let stat = unsafe { stat.assume_init() };
    let name = stat.f_fstypename.map(c_char::cast_unsigned);
    let name = CStr::from_bytes_until_nul(&name).map_err(io::Error::other)?;
    Ok(name.to_string_lossy().into_owned())
}

/// Names of the file's extended attributes.
pub(crate) fn attributes(file: &File) -> io::Result<Vec<OsString>> {
    let names = filled(|buffer, length| {
        // SAFETY: the descriptor is open as long as its file is borrowed, and the buffer has room for `length` bytes.
        unsafe { libc::flistxattr(file.as_raw_fd(), buffer.cast(), length, 0) }
    })?;
    let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    Ok(names.map(|name| OsString::from_vec(name.to_vec())).collect())
}

pub(crate) fn attribute(file: &File, name: &OsStr) -> io::Result<Vec<u8>> {
    let name = terminated(name)?;
    filled(|buffer, length| {
        // SAFETY: the descriptor is open as long as its file is borrowed, the name ends in a zero and outlives the call, and
        // the buffer has room for `length` bytes.
        unsafe { libc::fgetxattr(file.as_raw_fd(), name.as_ptr(), buffer, length, 0, 0) }
    })
}

pub(crate) fn set_attribute(file: &File, name: &OsStr, value: &[u8]) -> io::Result<()> {
    let name = terminated(name)?;
    // SAFETY: the descriptor is open as long as its file is borrowed, the name ends in a zero, and both it and the value, of
    // which no more than its length is read, outlive the call.
    done(unsafe {
        libc::fsetxattr(file.as_raw_fd(), name.as_ptr(), value.as_ptr().cast(), value.len(), 0, 0)
    })
}

pub(crate) fn remove_attribute(file: &File, name: &OsStr) -> io::Result<()> {
    let name = terminated(name)?;
    // SAFETY: the descriptor is open as long as its file is borrowed, and the name ends in a zero and outlives the call.
    done(unsafe { libc::fremovexattr(file.as_raw_fd(), name.as_ptr(), 0) })
}

/// Asks how long the answer is, and then for it.
fn filled(ask: impl Fn(*mut c_void, usize) -> isize) -> io::Result<Vec<u8>> {
    let length = usize::try_from(ask(ptr::null_mut(), 0)).map_err(|_| last_error())?;
    let mut bytes = vec![0_u8; length];
    if length > 0 {
        let got = usize::try_from(ask(bytes.as_mut_ptr().cast(), length)).map_err(|_| last_error())?;
        bytes.truncate(got);
    }
    Ok(bytes)
}

fn terminated(name: &OsStr) -> io::Result<CString> {
    Ok(CString::new(name.as_bytes())?)
}

fn done(answer: c_int) -> io::Result<()> {
    if answer < 0 { Err(last_error()) } else { Ok(()) }
}

/// macOS has two numbers for what is not supported, of which the standard library knows the one of sockets.
fn last_error() -> io::Error {
    match io::Error::last_os_error() {
        error if error.raw_os_error() == Some(libc::ENOTSUP) => {
            io::Error::from_raw_os_error(libc::EOPNOTSUPP)
        }
        error => error,
    }
}
