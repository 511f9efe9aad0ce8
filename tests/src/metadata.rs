//! What a file has beside its content: owner, mode, times, extended attributes, access control lists.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, FileTimes};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::time::SystemTime;

use rustix::fs::{XattrFlags, lgetxattr, llistxattr, lsetxattr};
use rustix::io::Errno;

use crate::skip::Skip;
use crate::{subprocess, tool};

/// The most that Linux takes for one name list or one value.
const LARGEST: usize = 64 << 10;

/// All that is to arrive with a copy that keeps metadata. Access control lists are among the attributes, as
/// `system.posix_acl_access`. What the system sets itself (the change time) is not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Permission bits and the three above them.
    pub mode: u32,
    /// Numbers of user and group.
    pub owner: (u32, u32),
    /// Last access: seconds and nanoseconds.
    pub accessed: (i64, i64),
    /// Last modification: seconds and nanoseconds.
    pub modified: (i64, i64),
    /// Extended attributes by name.
    pub attributes: BTreeMap<OsString, Vec<u8>>,
}

impl Metadata {
    /// Of the file itself, not of what a symbolic link points to.
    ///
    /// # Panics
    /// When it cannot be looked at.
    #[must_use]
    #[track_caller]
    pub fn of(path: &Path) -> Self {
        let found = fs::symlink_metadata(path);
        let found = found.unwrap_or_else(|error| panic!("cannot look at {}: {error}", path.display()));
        Self {
            mode: found.mode() & 0o7777,
            owner: (found.uid(), found.gid()),
            accessed: (found.atime(), found.atime_nsec()),
            modified: (found.mtime(), found.mtime_nsec()),
            attributes: xattrs(path),
        }
    }
}

/// The extended attributes that the caller may see; none where the file system has none. Those in which XFS shows root
/// its access control lists a second time are left out.
///
/// # Panics
/// When they cannot be read.
#[must_use]
#[track_caller]
pub fn xattrs(path: &Path) -> BTreeMap<OsString, Vec<u8>> {
    match read_xattrs(path) {
        Ok(found) => found,
        Err(Errno::OPNOTSUPP) => BTreeMap::new(),
        Err(errno) => panic!("cannot read the attributes of {}: {errno}", path.display()),
    }
}

fn read_xattrs(path: &Path) -> Result<BTreeMap<OsString, Vec<u8>>, Errno> {
    let mut list = vec![0; LARGEST];
    let length = llistxattr(path, &mut list)?;
    let names = list[..length].split(|&byte| byte == 0);
    let names = names.filter(|name| !name.is_empty() && !name.starts_with(b"trusted.SGI_ACL_"));
    let with_value = |name: &[u8]| {
        let (name, mut value) = (OsString::from_vec(name.to_owned()), vec![0; LARGEST]);
        let length = lgetxattr(path, &name, &mut value)?;
        value.truncate(length);
        Ok((name, value))
    };
    names.map(with_value).collect()
}

/// Sets or replaces the extended attribute `name`, such as `user.origin`.
///
/// # Errors
/// When the file system has none of this kind.
///
/// # Panics
/// When it fails for another reason.
#[track_caller]
pub fn set_xattr(path: &Path, name: impl AsRef<OsStr>, value: &[u8]) -> Result<(), Skip> {
    let name = name.as_ref();
    match lsetxattr(path, name.as_bytes(), value, XattrFlags::empty()) {
        Ok(()) => Ok(()),
        Err(Errno::OPNOTSUPP) => {
            Err(Skip::because(format!("the file system has no attribute {}", name.display())))
        }
        Err(errno) => panic!("cannot set {} of {}: {errno}", name.display(), path.display()),
    }
}

/// The access control list as getfacl prints it, one entry a line, users and groups as numbers.
///
/// # Errors
/// When getfacl is not installed.
///
/// # Panics
/// When the list cannot be read.
#[track_caller]
pub fn acl(path: &Path) -> Result<Vec<String>, Skip> {
    let mut getfacl = tool::find("getfacl")?;
    getfacl.args(["--omit-header", "--numeric", "--absolute-names", "--"]).arg(path);
    let printed =
        String::from_utf8(subprocess::run(getfacl).expect_success().stdout).expect("a list in ASCII");
    Ok(printed.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// Adds `entries`, such as `u:1234:r--`, to the access control list.
///
/// # Errors
/// When setfacl is not installed or the file system has no such lists.
///
/// # Panics
/// When it fails for another reason.
#[track_caller]
pub fn add_to_acl(path: &Path, entries: &str) -> Result<(), Skip> {
    let mut setfacl = tool::find("setfacl")?;
    setfacl.args(["--modify", entries, "--"]).arg(path);
    let finished = subprocess::run(setfacl);
    if finished.stderr.contains("Operation not supported") {
        return Err(Skip::because("the file system has no access control lists"));
    }
    finished.expect_success();
    Ok(())
}

/// Sets both times, to the nanosecond where the file system keeps those.
///
/// # Panics
/// When it fails.
#[track_caller]
pub fn set_times(path: &Path, accessed: SystemTime, modified: SystemTime) {
    let times = FileTimes::new().set_accessed(accessed).set_modified(modified);
    let set = File::open(path).and_then(|file| file.set_times(times));
    set.unwrap_or_else(|error| panic!("cannot set the times of {}: {error}", path.display()));
}

/// Gives the file to another user and group.
///
/// # Errors
/// When the caller is not root.
///
/// # Panics
/// When it fails for another reason.
#[track_caller]
pub fn set_owner(path: &Path, user: u32, group: u32) -> Result<(), Skip> {
    match chown(path, Some(user), Some(group)) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(Skip::because("needs root: a file is given away"))
        }
        Err(error) => panic!("cannot give {} to {user}: {error}", path.display()),
    }
}
