//! Names in a directory, packed, so that a directory of a million entries costs little more than their bytes.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ffi::OsStr;

use crate::error::FileKind;

/// Some names, each with what it is where the file system said so.
#[derive(Debug, Default)]
pub(super) struct Names {
    bytes: Vec<u8>,
    entries: VecDeque<(u32, u32, Option<FileKind>)>,
}

impl Names {
    pub(super) fn push(&mut self, name: &OsStr, kind: Option<FileKind>) {
        let begin = self.end();
        self.bytes.extend_from_slice(name.as_encoded_bytes());
        self.entries.push_back((begin, self.end(), kind));
    }

    /// Where the bytes end. A list is handed on long before it has four gigabytes.
    fn end(&self) -> u32 {
        u32::try_from(self.bytes.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether nothing more is to be put into this list.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() > (u32::MAX / 2) as usize
    }

    pub(super) fn next(&mut self) -> Option<(Cow<'_, OsStr>, Option<FileKind>)> {
        let (begin, end, kind) = self.entries.pop_front()?;
        Some((name(&self.bytes[begin as usize..end as usize]), kind))
    }

    /// The later half, the larger one.
    pub(super) fn split(&mut self) -> Self {
        let later = self.entries.split_off(self.entries.len() / 2);
        let mut half = Self::default();
        for (begin, end, kind) in later {
            let from = half.end();
            half.bytes.extend_from_slice(&self.bytes[begin as usize..end as usize]);
            half.entries.push_back((from, half.end(), kind));
        }
        half
    }
}

/// The name that these bytes came from.
#[cfg(unix)]
fn name(bytes: &[u8]) -> Cow<'_, OsStr> {
    <OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes).into()
}

/// Names of these systems are Unicode but for some that nobody can type; those are told by their nearest one and not found.
#[cfg(not(unix))]
fn name(bytes: &[u8]) -> Cow<'_, OsStr> {
    match String::from_utf8_lossy(bytes) {
        Cow::Borrowed(name) => OsStr::new(name).into(),
        Cow::Owned(name) => std::ffi::OsString::from(name).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_in_one_of_the_halves() {
        let mut names = Names::default();
        let all: Vec<std::ffi::OsString> = (0..7).map(|index| "x".repeat(index).into()).collect();
        for name in &all {
            names.push(name, Some(FileKind::Regular));
        }
        let mut half = names.split();
        assert_eq!((names.len(), half.len()), (3, 4));
        let mut read = Vec::new();
        while let Some((name, kind)) = names.next().or_else(|| half.next()) {
            assert_eq!(kind, Some(FileKind::Regular));
            read.push(name.into_owned());
        }
        assert_eq!(read, all);
        assert!(names.is_empty() && half.split().is_empty());
    }
}
