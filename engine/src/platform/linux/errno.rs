//! What the error numbers of copying calls mean for the ladder: the one table.

use std::io;

use rustix::io::Errno;

use super::super::Meaning;

/// Nothing else would do better: the device, the space or the file itself is at fault.
const FAILED: [Errno; 7] =
    [Errno::IO, Errno::NOSPC, Errno::DQUOT, Errno::NOMEM, Errno::ISDIR, Errno::STALE, Errno::FBIG];

/// The pair of file systems or the kernel lacks the mechanism, for every file.
const EVERY_FILE: [Errno; 4] = [Errno::OPNOTSUPP, Errno::NOTTY, Errno::NOSYS, Errno::XDEV];

/// This file, range or descriptor is not to the mechanism's taste, others may be.
const THIS_FILE: [Errno; 6] =
    [Errno::INVAL, Errno::BADF, Errno::PERM, Errno::ACCESS, Errno::TXTBSY, Errno::OVERFLOW];

/// Before any byte moved, everything but [`FAILED`] lets the next rung try: it will meet a real obstacle itself.
/// Later only an answer that means `unsupported` does.
pub(crate) fn meaning(error: &io::Error, some_moved: bool) -> Meaning {
    let Some(errno) = Errno::from_io_error(error) else { return Meaning::Failed };
    if errno == Errno::INTR {
        Meaning::Interrupted
    } else if FAILED.contains(&errno) {
        Meaning::Failed
    } else if EVERY_FILE.contains(&errno) {
        Meaning::Refused { every_file: true }
    } else if !some_moved || THIS_FILE.contains(&errno) {
        Meaning::Refused { every_file: false }
    } else {
        Meaning::Failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_errno_has_its_meaning() {
        for number in 1..=133 {
            let errno = Errno::from_raw_os_error(number);
            let first = meaning(&errno.into(), false);
            let later = meaning(&errno.into(), true);
            let expected = match number {
                4 => (Meaning::Interrupted, Meaning::Interrupted),
                5 | 12 | 21 | 27 | 28 | 116 | 122 => (Meaning::Failed, Meaning::Failed),
                18 | 25 | 38 | 95 => {
                    (Meaning::Refused { every_file: true }, Meaning::Refused { every_file: true })
                }
                1 | 9 | 13 | 22 | 26 | 75 => {
                    (Meaning::Refused { every_file: false }, Meaning::Refused { every_file: false })
                }
                _ => (Meaning::Refused { every_file: false }, Meaning::Failed),
            };
            assert_eq!((first, later), expected, "{errno:?}");
        }
    }
}
