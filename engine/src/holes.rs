//! The stretches of a file that hold data. Scanning is an optimisation: whatever it cannot tell counts as data.

use std::fs::File;
use std::ops::Range;

use crate::platform::{self, Calls};

/// Stretches of data, in order.
#[derive(Debug)]
pub(crate) struct Segments<'a> {
    file: &'a File,
    calls: &'a Calls,
    size: u64,
    /// Where the next stretch is looked for.
    at: u64,
    scanning: bool,
}

impl<'a> Segments<'a> {
    /// Those of `file` from `from` up to `size`; all of that as one where holes are not to be looked for.
    pub(crate) fn new(file: &'a File, from: u64, size: u64, look: bool, calls: &'a Calls) -> Self {
        Self { file, calls, size, at: from, scanning: look }
    }

    fn rest(&mut self, from: u64) -> Range<u64> {
        self.at = self.size;
        from..self.size
    }
}

impl Iterator for Segments<'_> {
    type Item = Range<u64>;

    fn next(&mut self) -> Option<Range<u64>> {
        if self.at >= self.size {
            return None;
        }
        if !self.scanning {
            return Some(self.rest(self.at));
        }
        let data = match platform::next_data(self.calls, self.file, self.at) {
            Ok(Some(data)) if data >= self.at && data < self.size => data,
            // Only this answer means that nothing but a hole is left.
            Ok(None) => return None,
            Ok(Some(data)) if data >= self.size => return None,
            // An answer that goes back, and a file system that cannot tell.
            Ok(Some(_)) | Err(_) => return Some(self.rest(self.at)),
        };
        match platform::next_hole(self.calls, self.file, data) {
            Ok(Some(hole)) if hole > data => {
                self.at = hole;
                Some(data..hole.min(self.size))
            }
            // A scan that does not advance would never end.
            _ => Some(self.rest(data)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, SeekFrom, Write};

    use super::*;

    fn segments(file: &File, size: u64, look: bool) -> Vec<Range<u64>> {
        Segments::new(file, 0, size, look, &Calls::default()).collect()
    }

    #[test]
    fn without_looking_all_is_data() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(1 << 20).unwrap();
        assert_eq!(segments(&file, 1 << 20, false), vec![0..1 << 20]);
        assert_eq!(segments(&file, 0, true), vec![]);
    }

    /// Where the system cannot tell, the file is one stretch; where it can, the data lies inside what is told.
    #[test]
    fn data_is_never_left_out() {
        let mut file = tempfile::tempfile().unwrap();
        file.set_len(8 << 20).unwrap();
        file.seek(SeekFrom::Start(4 << 20)).unwrap();
        file.write_all(&[1; 4096]).unwrap();
        let found = segments(&file, 8 << 20, true);
        assert!(
            found.iter().any(|range| range.start <= 4 << 20 && range.end >= (4 << 20) + 4096),
            "{found:?}"
        );
        assert!(found.windows(2).all(|pair| pair[0].end < pair[1].start));
    }
}
