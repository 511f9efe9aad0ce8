//! Fills buffers from files, for what cannot go on with half of one: comparing, hashing, decoding. Moves nothing.

use std::fs::File;
use std::io;

use crate::attempt::believed;
use crate::observe::Watch;
use crate::platform::{self, Calls};

/// Fills `buffer` from `offset` of `file` on, unless the file ends; how many bytes, is returned. A read that ends at no
/// multiple of `alignment` has found the end. Interrupted reads are tried again until the caller wants no more.
pub(crate) fn fill(
    file: &File,
    buffer: &mut [u8],
    offset: u64,
    alignment: usize,
    watch: &Watch<'_>,
    calls: &Calls,
) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() && filled.is_multiple_of(alignment) {
        let rest = &mut buffer[filled..];
        let asked = rest.len();
        let read = platform::read_at(calls, file, rest, offset + filled as u64);
        match read.and_then(|read| believed(read, asked)) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted && !watch.is_cancelled() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn buffers_are_filled_up_to_the_end_of_the_file() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        let filled = |offset, length| {
            let mut buffer = vec![b'-'; length];
            let watch = Watch::new(None, None, 0);
            let read = fill(&file, &mut buffer, offset, 1, &watch, &Calls::default()).unwrap();
            (read, buffer)
        };
        assert_eq!(filled(2, 4), (4, b"2345".to_vec()));
        assert_eq!(filled(8, 4), (2, b"89--".to_vec()));
        assert_eq!(filled(10, 4), (0, b"----".to_vec()));
    }
}
