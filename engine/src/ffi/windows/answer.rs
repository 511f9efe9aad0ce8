//! What the system tells of an open file at a length that is not known before.

use std::ffi::c_void;
use std::fs::File;
use std::io;

use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_MORE_DATA};
use windows_sys::Win32::Security as security;
use windows_sys::Win32::Storage::FileSystem as fs;

use super::{answered, code, handle};

/// Bytes that most answers have room in.
const FIRST: usize = 4096;

/// More than any file has of this.
const MOST: usize = 1 << 24;

/// Asks with more and more room until the answer has found it, in structs that begin at multiples of eight bytes. `too_short` is
/// the error that says that it has not.
fn whole(too_short: u32, ask: impl Fn(*mut c_void, u32) -> i32) -> io::Result<Vec<u8>> {
    let mut answer = vec![0_u64; FIRST / 8];
    loop {
        let length = 8 * answer.len();
        let told = answered(ask(answer.as_mut_ptr().cast(), u32::try_from(length).unwrap_or(u32::MAX)));
        match told {
            Ok(()) => return Ok(answer.into_iter().flat_map(u64::to_ne_bytes).collect()),
            Err(error) if code(&error) == Some(too_short) && length < MOST => {
                answer = vec![0; 2 * answer.len()];
            }
            Err(error) => return Err(error),
        }
    }
}

/// The streams of an open file, as a list of `FILE_STREAM_INFO`.
pub(crate) fn streams(file: &File) -> io::Result<Vec<u8>> {
    whole(ERROR_MORE_DATA, |room, length| {
        // SAFETY: the handle is open as long as the file is borrowed; the room has as many bytes as is told, begins at a multiple
        // of eight, and outlives the call.
        unsafe { fs::GetFileInformationByHandleEx(handle(file), fs::FileStreamInfo, room, length) }
    })
}

/// The owner and the access control list of an open file, as a self-relative `SECURITY_DESCRIPTOR`.
pub(crate) fn security(file: &File) -> io::Result<Vec<u8>> {
    let wanted = security::OWNER_SECURITY_INFORMATION | security::DACL_SECURITY_INFORMATION;
    whole(ERROR_INSUFFICIENT_BUFFER, |room, length| {
        let mut needed = 0;
        // SAFETY: the handle is open as long as the file is borrowed; the room has as many bytes as is told, begins at a multiple
        // of eight, and outlives the call.
        unsafe { security::GetKernelObjectSecurity(handle(file), wanted, room, length, &raw mut needed) }
    })
}
