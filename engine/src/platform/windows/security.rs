//! Whose a file is, and who may do what with it: only looked at, to tell where a copy has not the same. Giving a file to
//! somebody else takes rights that few have, and what a directory hands on to its files is meant.

use std::fs::File;
use std::io;

use super::super::portable::refused;
use super::super::{Calls, Looked};
use crate::ffi;

/// Of a security descriptor: its list is not what the directory hands on.
const PROTECTED: u16 = 0x1000;

/// Of an entry: it comes from the directory.
const INHERITED: u8 = 0x10;

/// Offsets in a self-relative security descriptor.
const CONTROL_AT: usize = 2;
const OWNER_AT: usize = 4;
const LIST_AT: usize = 16;

/// Length of the head of an access control list.
const LIST_HEAD: usize = 8;

/// Whether `to` belongs to whom `from` belongs; owners have names here, and no numbers. Not where that cannot be seen.
pub(crate) fn same_owner(calls: &Calls, (from, _): Looked<'_>, (to, _): Looked<'_>) -> bool {
    calls.add(2);
    match (ffi::security(from), ffi::security(to)) {
        (Ok(one), Ok(other)) => owner(&one) == owner(&other),
        _ => false,
    }
}

/// Refused where `from` grants or denies somebody anything that its directory does not, and `to` not the same.
pub(crate) fn copy_access_list(calls: &Calls, from: &File, to: &File) -> io::Result<()> {
    calls.add(2);
    match (ffi::security(from), ffi::security(to)) {
        (Ok(one), Ok(other)) if own_list(&one) == own_list(&other) => Ok(()),
        _ => refused(),
    }
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// What lies at the offset that stands at `at`; none where there is none.
fn part(descriptor: &[u8], at: usize) -> Option<&[u8]> {
    let offset = u32::from_le_bytes(descriptor.get(at..at + 4)?.try_into().ok()?);
    descriptor.get(usize::try_from(offset).ok().filter(|offset| *offset > 0)?..)
}

/// A security identifier: as many numbers of four bytes as its second byte says, after eight others.
fn owner(descriptor: &[u8]) -> Option<&[u8]> {
    let owner = part(descriptor, OWNER_AT)?;
    owner.get(..8 + 4 * usize::from(*owner.get(1)?))
}

/// Whether nothing comes from the directory, and the entries that do not; none where everybody may do everything.
fn own_list(descriptor: &[u8]) -> Option<(bool, Vec<&[u8]>)> {
    let is_protected = short(descriptor, CONTROL_AT)? & PROTECTED != 0;
    let list = part(descriptor, LIST_AT)?;
    let (count, mut rest) = (short(list, 4)?, list.get(LIST_HEAD..)?);
    let mut own = Vec::new();
    for _ in 0..count {
        let (entry, after) = rest.split_at_checked(short(rest, 2)?.into())?;
        if entry.get(1)? & INHERITED == 0 {
            own.push(entry);
        }
        rest = after;
    }
    Some((is_protected, own))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(flags: u8, who: u8) -> Vec<u8> {
        vec![0, flags, 12, 0, 0xff, 1, 0x1f, 0, who, who, who, who]
    }

    /// A descriptor with its owner behind its head, and its list behind that.
    fn descriptor(control: u16, owner: u8, entries: &[Vec<u8>]) -> Vec<u8> {
        let control = control.to_le_bytes();
        let mut all = vec![1, 0, control[0], control[1], 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0];
        all.extend([1, 1, 0, 0, 0, 0, 0, 5, owner, 0, 0, 0]);
        let size = u8::try_from(LIST_HEAD + 12 * entries.len()).unwrap();
        all.extend([2, 0, size, 0, u8::try_from(entries.len()).unwrap(), 0, 0, 0]);
        all.extend(entries.concat());
        all
    }

    #[test]
    fn owners_and_own_entries_are_read() {
        let one = descriptor(0x8404, 18, &[entry(0, 1), entry(INHERITED, 2)]);
        assert_eq!(owner(&one).unwrap(), [1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0]);
        assert_eq!(own_list(&one).unwrap(), (false, vec![&entry(0, 1)[..]]));
        let inherits_more = descriptor(0x8404, 19, &[entry(0, 1), entry(INHERITED, 2), entry(INHERITED, 3)]);
        assert_eq!(own_list(&one), own_list(&inherits_more));
        assert_ne!(owner(&one), owner(&inherits_more));
        for other in [descriptor(0x9404, 18, &[entry(0, 1)]), descriptor(0x8404, 18, &[entry(0, 2)])] {
            assert_ne!(own_list(&one), own_list(&other));
        }
        let mut without = one.clone();
        without[LIST_AT] = 0;
        assert_eq!(own_list(&without), None);
        for length in 0..one.len() {
            // What is cut short is no reason to panic.
            let _ = (owner(&one[..length]), own_list(&one[..length]));
        }
    }

    #[test]
    fn two_files_of_one_directory_are_alike() {
        let calls = Calls::default();
        let (one, other) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        let status = super::super::status(&calls, &one).unwrap();
        assert!(same_owner(&calls, (&one, &status), (&other, &status)));
        copy_access_list(&calls, &one, &other).unwrap();
    }
}
