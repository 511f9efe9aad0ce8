//! Owner, extended attributes, mode and times of the new file, in the order in which one would undo the other: a change
//! of owner takes set-id bits and capabilities away, an ACL changes the mode, everything changes the times.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;

use crate::attempt::{Ends, Failure, failed};
use crate::error::{FileKind, Operation};
use crate::outcome::{Attribute, NotPreserved};
use crate::platform::{self, At, Calls, NO_ATTRIBUTE, PERMISSIONS, SET_ID, Status};

/// Where Linux keeps access control lists.
const ACCESS_LIST: &str = "system.posix_acl_access";

/// The list that a directory hands on to what is made in it.
const DEFAULT_LIST: &str = "system.posix_acl_default";

/// An attribute larger than this file system keeps: E2BIG, ENOSPC (beside an inode's other attributes), ERANGE.
const TOO_LARGE: [i32; 3] = [7, 28, 34];

/// The mode that a new file is created with: closed to group and others until owner and ACL are set.
pub(crate) const fn creation_mode(source: &Status, preserve: bool) -> u32 {
    if preserve { source.mode & 0o700 } else { source.mode & PERMISSIONS }
}

/// Gives `ends.to`, whose status is `staged`, the mode of `source` without what only its owner may hand on.
pub(crate) fn set_mode(
    ends: Ends<'_>,
    source: &Status,
    staged: &Status,
    calls: &Calls,
) -> Result<(), Failure> {
    let mode = source.mode & PERMISSIONS;
    if staged.mode == mode {
        return Ok(());
    }
    platform::set_mode(calls, ends.to, mode).map_err(failed(Operation::SetMode))
}

/// Gives `ends.to`, whose status is `staged`, all of `source`'s metadata. Gives what the system does not allow.
pub(crate) fn preserve(
    ends: Ends<'_>,
    source: &Status,
    staged: &Status,
    calls: &Calls,
) -> Result<Vec<NotPreserved>, Failure> {
    let mut lost = Vec::new();
    let mut mode = source.mode;
    if !platform::same_owner(calls, (ends.from, source), (ends.to, staged))
        && let Err(error) = platform::set_owner(calls, ends.to, source.owner)
    {
        lost.push(tolerated(Operation::SetOwner, Attribute::Owner, error)?);
        // They would lend another user's rights.
        mode &= !SET_ID;
    }
    let names = names(ends.from, calls)?;
    if !names.iter().any(|name| name == ACCESS_LIST)
        && let Some(kept) = remove_attribute(ends.to, ACCESS_LIST, calls)?
    {
        mode &= !0o070;
        lost.push(kept);
    }
    if staged.kind == FileKind::Directory && !names.iter().any(|name| name == DEFAULT_LIST) {
        lost.extend(remove_attribute(ends.to, DEFAULT_LIST, calls)?);
    }
    for name in names.into_iter().filter(|name| !is_view(name)) {
        let value = match platform::attribute(calls, ends.from, &name) {
            Ok(value) => value,
            // Removed meanwhile, or not for this user to see.
            Err(error) => {
                if name == OsStr::new(ACCESS_LIST) {
                    mode = without_list(mode, &[]);
                }
                lost.push(tolerated(Operation::ReadAttributes, Attribute::Extended(name), error)?);
                continue;
            }
        };
        if let Err(error) = platform::set_attribute(calls, ends.to, &name, &value) {
            if name == OsStr::new(ACCESS_LIST) {
                mode = without_list(mode, &value);
            }
            lost.push(tolerated(Operation::SetAttributes, Attribute::Extended(name), error)?);
        }
    }
    let streams = platform::copy_streams(calls, ends.from, ends.to);
    for (name, error) in streams.map_err(failed(Operation::ReadAttributes))? {
        lost.push(tolerated(Operation::SetAttributes, Attribute::Stream(name), error)?);
    }
    let kept = platform::copy_access_list(calls, ends.from, ends.to);
    lost.extend(unless_kept(Attribute::AccessList, kept)?);
    platform::set_mode(calls, ends.to, mode).map_err(failed(Operation::SetMode))?;
    lost.extend(unless_kept(Attribute::Flags, platform::copy_flags(calls, ends.from, ends.to))?);
    set_times(ends, source, calls)?;
    Ok(lost)
}

/// Whether `ends.to` has all of the extended attributes, streams and access control lists that [`preserve`] would give it.
pub(crate) fn has_attributes(ends: Ends<'_>, calls: &Calls) -> Result<bool, Failure> {
    let list = OsStr::new(ACCESS_LIST);
    let (mut wanted, there) = (names(ends.from, calls)?, names(ends.to, calls)?);
    wanted.retain(|name| !is_view(name));
    let has_list = |names: &[OsString]| names.iter().any(|name| name == list);
    if has_list(&there) && !has_list(&wanted) {
        return Ok(false);
    }
    let value = |file, name: &OsStr| platform::attribute(calls, file, name).ok();
    let has = |name: &OsString| value(ends.from, name).is_some_and(|it| value(ends.to, name) == Some(it));
    if !wanted.iter().all(has) {
        return Ok(false);
    }
    platform::has_streams(calls, ends.from, ends.to).map_err(failed(Operation::ReadAttributes))
}

/// Gives what stands at `to`, a special file, the access control list of what stands at `from`. Gives the mode that it may
/// have of `mode`, and what the system does not allow.
pub(crate) fn preserve_list(
    (from, follows): (At<'_>, bool),
    to: At<'_>,
    mode: u32,
    calls: &Calls,
) -> (u32, Option<NotPreserved>) {
    let lost = |list: &[u8], error: io::Error| {
        let attribute = Attribute::Extended(ACCESS_LIST.into());
        let errno = error.raw_os_error().unwrap_or_default();
        (without_list(mode, list), Some(NotPreserved { attribute, errno }))
    };
    match platform::access_list_at(calls, from, follows) {
        Err(error) => lost(&[], error),
        Ok(list) => match platform::set_access_list_at(calls, to, list.as_deref()) {
            Ok(()) => (mode, None),
            Err(error) => lost(list.as_deref().unwrap_or_default(), error),
        },
    }
}

/// Gives `ends.to` the times of `source`.
pub(crate) fn set_times(ends: Ends<'_>, source: &Status, calls: &Calls) -> Result<(), Failure> {
    platform::set_times(calls, ends.to, source.accessed, source.version.modified)
        .map_err(failed(Operation::SetTimes))
}

/// XFS shows a privileged process its access control lists a second time, under names that nobody else knows.
fn is_view(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b"trusted.SGI_ACL_")
}

/// Takes away the list that the directory handed on to the new file, or that an old one has; the source has none. Gives it
/// where it may not be removed.
fn remove_attribute(file: &File, list: &str, calls: &Calls) -> Result<Option<NotPreserved>, Failure> {
    match platform::remove_attribute(calls, file, OsStr::new(list)) {
        Ok(()) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(None),
        Err(error) if error.raw_os_error() == Some(NO_ATTRIBUTE) => Ok(None),
        Err(error) if is_refusal(&error) => {
            tolerated(Operation::SetAttributes, Attribute::Extended(list.into()), error).map(Some)
        }
        Err(error) => Err(failed(Operation::SetAttributes)(error)),
    }
}

fn names(file: &File, calls: &Calls) -> Result<Vec<OsString>, Failure> {
    match platform::attributes(calls, file) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(Vec::new()),
        names => names.map_err(failed(Operation::ReadAttributes)),
    }
}

fn unless_kept(attribute: Attribute, kept: io::Result<()>) -> Result<Option<NotPreserved>, Failure> {
    kept.err().map(|error| tolerated(Operation::SetAttributes, attribute, error)).transpose()
}

/// What the system or the file system does not allow is told and does not end the copy; other errors do.
fn tolerated(operation: Operation, attribute: Attribute, error: io::Error) -> Result<NotPreserved, Failure> {
    match error.raw_os_error() {
        Some(errno) if is_refusal(&error) || errno == NO_ATTRIBUTE || TOO_LARGE.contains(&errno) => {
            Ok(NotPreserved { attribute, errno })
        }
        _ => Err(Failure { operation, error }),
    }
}

/// Whether the system or the file system does not allow it.
pub(crate) fn is_refusal(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(error.kind(), Kind::PermissionDenied | Kind::Unsupported | Kind::InvalidInput)
}

/// The group bits of a file with an ACL are the most that its list allows anybody. Without the list they would be the
/// owning group's, which may have been allowed less.
fn without_list(mode: u32, list: &[u8]) -> u32 {
    const OWNING_GROUP: u16 = 0x04;
    // A version number, then entries of tag, permissions and id.
    let mut entries = list.get(4..).unwrap_or_default().chunks_exact(8);
    let owning_group = entries.find(|entry| u16::from_le_bytes([entry[0], entry[1]]) == OWNING_GROUP);
    let allowed = owning_group.map_or(0, |entry| u32::from(u16::from_le_bytes([entry[2], entry[3]])));
    mode & (!0o070 | ((allowed & 0o7) << 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_its_list_a_file_is_not_opened_to_its_group() {
        let entry = |tag: u16, permissions: u16| {
            [&tag.to_le_bytes()[..], &permissions.to_le_bytes(), &u32::MAX.to_le_bytes()].concat()
        };
        let list = |group| {
            [vec![2, 0, 0, 0], entry(1, 6), entry(2, 6), entry(4, group), entry(0x10, 6), entry(0x20, 0)]
                .concat()
        };
        assert_eq!(without_list(0o660, &list(0)), 0o600);
        assert_eq!(without_list(0o660, &list(4)), 0o640);
        assert_eq!(without_list(0o640, &list(6)), 0o640);
        assert_eq!(without_list(0o4660, &[]), 0o4600);
    }
}
