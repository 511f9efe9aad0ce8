//! What the error numbers of copying calls mean for the ladder: the one table.

use std::io;

use super::super::Meaning;

/// Nothing else would do better: the device, the space or the file itself is at fault.
const FAILED: [i32; 7] =
    [libc::EIO, libc::ENOSPC, libc::EDQUOT, libc::ENOMEM, libc::EISDIR, libc::ESTALE, libc::EFBIG];

/// The pair of file systems lacks the mechanism, for every file.
const EVERY_FILE: [i32; 5] = [libc::ENOTSUP, libc::EOPNOTSUPP, libc::ENOTTY, libc::ENOSYS, libc::EXDEV];

/// A mechanism that copies whole files has left nothing where it fails, so that the next one may try in any case.
pub(crate) fn meaning(error: &io::Error, some_moved: bool) -> Meaning {
    let Some(errno) = error.raw_os_error() else {
        let is_interrupted = error.kind() == io::ErrorKind::Interrupted;
        return if is_interrupted { Meaning::Interrupted } else { Meaning::Failed };
    };
    if errno == libc::EINTR {
        Meaning::Interrupted
    } else if FAILED.contains(&errno) {
        Meaning::Failed
    } else if EVERY_FILE.contains(&errno) {
        Meaning::Refused { every_file: true }
    } else if some_moved {
        Meaning::Failed
    } else {
        Meaning::Refused { every_file: false }
    }
}

/// What the system answers to what it does not have.
pub(crate) fn unsupported() -> io::Error {
    io::Error::from_raw_os_error(libc::EOPNOTSUPP)
}

/// What the system answers to a write beyond a limit.
pub(crate) fn too_large() -> io::Error {
    io::Error::from_raw_os_error(libc::EFBIG)
}
