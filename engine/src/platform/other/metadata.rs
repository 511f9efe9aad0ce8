//! Mode, owner, times and attributes of an open file, as far as the standard library knows them.

use std::fs::File;
use std::io;
use std::os::unix::fs::PermissionsExt;

use super::super::{Calls, Time};

pub(crate) fn set_mode(calls: &Calls, file: &File, mode: u32) -> io::Result<()> {
    calls.count();
    let mut permissions = file.metadata()?.permissions();
    permissions.set_mode(mode);
    file.set_permissions(permissions)
}

pub(crate) fn set_owner(calls: &Calls, file: &File, (user, group): (u32, u32)) -> io::Result<()> {
    calls.count();
    std::os::unix::fs::fchown(file, Some(user), Some(group))
}

pub(crate) fn set_times(calls: &Calls, file: &File, accessed: Time, modified: Time) -> io::Result<()> {
    use std::time::{Duration, UNIX_EPOCH};
    let time = |(seconds, nanoseconds): Time| {
        let since = Duration::new(seconds.unsigned_abs(), 0);
        let whole = if seconds < 0 { UNIX_EPOCH.checked_sub(since) } else { UNIX_EPOCH.checked_add(since) };
        whole.and_then(|whole| whole.checked_add(Duration::from_nanos(nanoseconds.into())))
    };
    let out_of_range =
        || io::Error::new(io::ErrorKind::InvalidInput, "the time is out of this system's range");
    let accessed = time(accessed).ok_or_else(out_of_range)?;
    let modified = time(modified).ok_or_else(out_of_range)?;
    calls.count();
    file.set_times(std::fs::FileTimes::new().set_accessed(accessed).set_modified(modified))
}
