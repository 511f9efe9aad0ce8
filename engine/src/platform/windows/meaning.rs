//! What the error numbers of copying calls mean for the ladder: the one table.

use std::io;

use windows_sys::Win32::Foundation as codes;

use super::super::Meaning;
use crate::ffi::code;

/// Nothing else would do better: the device, the space or the file itself is at fault.
const FAILED: [u32; 21] = [
    codes::ERROR_NOT_ENOUGH_MEMORY,
    codes::ERROR_OUTOFMEMORY,
    codes::ERROR_WRITE_PROTECT,
    codes::ERROR_NOT_READY,
    codes::ERROR_CRC,
    codes::ERROR_SEEK,
    codes::ERROR_SECTOR_NOT_FOUND,
    codes::ERROR_WRITE_FAULT,
    codes::ERROR_READ_FAULT,
    codes::ERROR_GEN_FAILURE,
    codes::ERROR_HANDLE_DISK_FULL,
    codes::ERROR_DEV_NOT_EXIST,
    codes::ERROR_NETNAME_DELETED,
    codes::ERROR_DISK_FULL,
    codes::ERROR_FILE_TOO_LARGE,
    codes::ERROR_NO_SUCH_DEVICE,
    codes::ERROR_DEVICE_HARDWARE_ERROR,
    codes::ERROR_IO_DEVICE,
    codes::ERROR_DISK_QUOTA_EXCEEDED,
    codes::ERROR_FILE_CORRUPT,
    codes::ERROR_DISK_CORRUPT,
];

/// The pair of file systems or the system lacks the mechanism, for every file.
const EVERY_FILE: [u32; 4] = [
    codes::ERROR_INVALID_FUNCTION,
    codes::ERROR_NOT_SAME_DEVICE,
    codes::ERROR_NOT_SUPPORTED,
    codes::ERROR_CALL_NOT_IMPLEMENTED,
];

/// This file, range or handle is not to the mechanism's taste, others may be.
const THIS_FILE: [u32; 6] = [
    codes::ERROR_ACCESS_DENIED,
    codes::ERROR_INVALID_HANDLE,
    codes::ERROR_SHARING_VIOLATION,
    codes::ERROR_LOCK_VIOLATION,
    codes::ERROR_INVALID_PARAMETER,
    codes::ERROR_BLOCK_TOO_MANY_REFERENCES,
];

/// Before any byte moved, everything but [`FAILED`] lets the next rung try: it will meet a real obstacle itself.
/// Later only an answer that means `unsupported` does.
pub(crate) fn meaning(error: &io::Error, some_moved: bool) -> Meaning {
    let Some(code) = code(error) else {
        return match error.kind() {
            io::ErrorKind::Interrupted => Meaning::Interrupted,
            _ if some_moved => Meaning::Failed,
            _ => Meaning::Refused { every_file: false },
        };
    };
    if FAILED.contains(&code) {
        Meaning::Failed
    } else if EVERY_FILE.contains(&code) {
        Meaning::Refused { every_file: true }
    } else if !some_moved || THIS_FILE.contains(&code) {
        Meaning::Refused { every_file: false }
    } else {
        Meaning::Failed
    }
}

fn answer(code: u32) -> io::Error {
    io::Error::from_raw_os_error(i32::try_from(code).unwrap_or(0))
}

/// What the system answers to what it does not have.
pub(crate) fn unsupported() -> io::Error {
    answer(codes::ERROR_CALL_NOT_IMPLEMENTED)
}

pub(crate) fn too_large() -> io::Error {
    answer(codes::ERROR_FILE_TOO_LARGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_has_its_meaning() {
        let meanings = |code| (meaning(&answer(code), false), meaning(&answer(code), true));
        let refused = |every_file| Meaning::Refused { every_file };
        for code in [8, 112, 1117, 1295] {
            assert_eq!(meanings(code), (Meaning::Failed, Meaning::Failed), "{code}");
        }
        for code in [1, 17, 50, 120] {
            assert_eq!(meanings(code), (refused(true), refused(true)), "{code}");
        }
        for code in [5, 32, 87, 347] {
            assert_eq!(meanings(code), (refused(false), refused(false)), "{code}");
        }
        assert_eq!(meanings(2), (refused(false), Meaning::Failed));
        let interrupted = io::Error::from(io::ErrorKind::Interrupted);
        assert_eq!(meaning(&interrupted, true), Meaning::Interrupted);
        assert_eq!(unsupported().kind(), io::ErrorKind::Unsupported);
        assert_eq!(too_large().kind(), io::ErrorKind::FileTooLarge);
    }
}
