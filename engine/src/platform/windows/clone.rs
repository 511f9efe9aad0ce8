//! Sharing clusters between files, on volumes that count references (`ReFS`, Dev Drive).

use std::fs::File;
use std::io;

use windows_sys::Win32::Foundation::ERROR_NOT_SUPPORTED;
use windows_sys::Win32::System::SystemServices::FILE_SUPPORTS_BLOCK_REFCOUNTING;

use super::super::Calls;
use crate::ffi;

/// A single request shares less than 4 GiB; a multiple of every cluster.
const MOST: u64 = 1 << 30;

/// Lets `to`, which must be empty, share all clusters of `from`.
pub(crate) fn reflink(calls: &Calls, from: &File, to: &File) -> io::Result<()> {
    calls.count();
    let size = from.metadata()?.len();
    let mut offset = 0;
    while offset < size {
        let length = (size - offset).min(MOST);
        reflink_range(calls, from, to, offset, length)?;
        offset += length;
    }
    Ok(())
}

/// Lets `to` share the clusters of `length` bytes at `offset` of `from`: whole clusters, or up to the end.
pub(crate) fn reflink_range(
    calls: &Calls,
    from: &File,
    to: &File,
    offset: u64,
    length: u64,
) -> io::Result<()> {
    if offset == 0 {
        prepare(calls, from, to)?;
    }
    let shared = share(calls, from, to, offset, length);
    if shared.is_err() && offset == 0 {
        // What follows finds the file as it was.
        calls.count();
        to.set_len(0)?;
    }
    shared
}

/// Both files must be alike before they share anything, and the new one as long as it is to be.
fn prepare(calls: &Calls, from: &File, to: &File) -> io::Result<()> {
    calls.count();
    if ffi::volume(to)?.1 & FILE_SUPPORTS_BLOCK_REFCOUNTING == 0 {
        return Err(io::Error::from_raw_os_error(i32::try_from(ERROR_NOT_SUPPORTED).unwrap_or(0)));
    }
    calls.add(4);
    if ffi::basic(from)?.FileAttributes & SPARSE != 0 {
        ffi::set_sparse(to)?;
    }
    let (wanted, there) = (ffi::integrity(from)?, ffi::integrity(to)?);
    if (wanted.ChecksumAlgorithm, wanted.Flags) != (there.ChecksumAlgorithm, there.Flags) {
        ffi::set_integrity(to, &wanted)?;
    }
    calls.add(2);
    to.set_len(from.metadata()?.len())
}

const SPARSE: u32 = 0x200;

fn share(calls: &Calls, from: &File, to: &File, offset: u64, length: u64) -> io::Result<()> {
    calls.add(2);
    let cluster = u64::from(ffi::integrity(from)?.ClusterSizeInBytes);
    // The last cluster is shared whole; where the file ends in it is said by its length.
    let whole = length.checked_next_multiple_of(cluster).unwrap_or(length);
    let too_far = |_| io::Error::from(io::ErrorKind::FileTooLarge);
    let (offset, whole) = (i64::try_from(offset).map_err(too_far)?, i64::try_from(whole).map_err(too_far)?);
    ffi::share_clusters(from, to, offset, whole)
}
