//! The one door to unsafe code: calls that no safe wrapper offers, one function each.
#![expect(unsafe_code, reason = "closing a descriptor and learning whether it worked has no safe wrapper")]

use std::fs::File;
use std::io;
use std::os::fd::IntoRawFd;

/// Closes `file` and reports what `close(2)` says: network and quota file systems tell write errors only here.
pub(crate) fn close(file: File) -> io::Result<()> {
    // SAFETY: `into_raw_fd` gives up the only owner of the descriptor, and nothing uses it after this call.
    unsafe { rustix::io::try_close(file.into_raw_fd()) }.map_err(io::Error::from)
}
