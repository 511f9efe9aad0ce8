//! What the system tells of an open file at a length that is not known before.

use std::fs::File;
use std::io;

use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_MORE_DATA};
use windows_sys::Win32::Security as security;
use windows_sys::Win32::Storage::FileSystem as fs;

use super::{answered, code, handle};

/// Room for what the system tells of a file in structs that begin at multiples of eight bytes.
struct Answer(Vec<u64>);

impl Answer {
    const FIRST: usize = 4096;

    /// More than any file has of this.
    const MOST: usize = 1 << 24;

    fn new() -> Self {
        Self(vec![0; Self::FIRST / 8])
    }

    fn room(&self) -> u32 {
        u32::try_from(8 * self.0.len()).unwrap_or(u32::MAX)
    }

    fn doubled(self) -> Option<Self> {
        let length = 2 * self.0.len();
        (8 * length <= Self::MOST).then(|| Self(vec![0; length]))
    }

    fn bytes(self) -> Vec<u8> {
        self.0.into_iter().flat_map(u64::to_ne_bytes).collect()
    }
}

/// The streams of an open file, as a list of `FILE_STREAM_INFO`.
pub(crate) fn streams(file: &File) -> io::Result<Vec<u8>> {
    let mut answer = Answer::new();
    loop {
        let room = answer.room();
        // SAFETY: the handle is open as long as the file is borrowed; the buffer has as many bytes as is told, begins at a
        // multiple of eight, and outlives the call.
        let told = answered(unsafe {
            fs::GetFileInformationByHandleEx(
                handle(file),
                fs::FileStreamInfo,
                answer.0.as_mut_ptr().cast(),
                room,
            )
        });
        let Err(error) = told else { return Ok(answer.bytes()) };
        answer = match answer.doubled() {
            Some(larger) if code(&error) == Some(ERROR_MORE_DATA) => larger,
            _ => return Err(error),
        };
    }
}

/// The owner and the access control list of an open file, as a self-relative `SECURITY_DESCRIPTOR`.
pub(crate) fn security(file: &File) -> io::Result<Vec<u8>> {
    let wanted = security::OWNER_SECURITY_INFORMATION | security::DACL_SECURITY_INFORMATION;
    let mut answer = Answer::new();
    loop {
        let (room, mut needed) = (answer.room(), 0);
        // SAFETY: the handle is open as long as the file is borrowed; the buffer has as many bytes as is told, begins at a
        // multiple of eight, and outlives the call.
        let told = answered(unsafe {
            security::GetKernelObjectSecurity(
                handle(file),
                wanted,
                answer.0.as_mut_ptr().cast(),
                room,
                &raw mut needed,
            )
        });
        let Err(error) = told else { return Ok(answer.bytes()) };
        answer = match answer.doubled() {
            Some(larger) if code(&error) == Some(ERROR_INSUFFICIENT_BUFFER) => larger,
            _ => return Err(error),
        };
    }
}
