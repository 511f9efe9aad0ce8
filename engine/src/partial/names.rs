//! The names of a partial file and its sidecar, and what stands there. In a directory that others may write to, that may be
//! anything.

use std::fs::File;
use std::io;
use std::ops::Deref;

use sha2::{Digest, Sha256};

use super::Request;
use crate::error::{CopyError, FileKind, Operation};
use crate::platform::{self, At, Calls, Spot, Standing, Status};
use crate::staging::{Staging, remove};

/// Another process may take or leave a name between two looks; so often is no accident.
pub(super) const TRIES: u32 = 16;

/// So much of the destination's name is repeated; with the rest, it fits everywhere.
const NAME_BYTES: usize = 64;

/// What stands under the partial file's name.
pub(super) enum Found {
    Nothing,
    /// A file of this user's.
    Own(Locked, Status),
    /// Another user's.
    Foreign(Locked),
}

/// A file that one copy alone works on.
#[derive(Debug)]
pub(super) struct Locked(File);

impl Locked {
    /// None while another copy works on it.
    fn of(file: File, calls: &Calls) -> Option<Self> {
        platform::lock(calls, &file).then_some(Self(file))
    }
}

impl Deref for Locked {
    type Target = File;

    fn deref(&self) -> &File {
        &self.0
    }
}

impl Drop for Locked {
    /// Closing it would not be enough: a process that another thread has forked, or is about to start, has it open too.
    fn drop(&mut self) {
        platform::unlock(&self.0);
    }
}

/// The names of a partial file and its sidecar, beside the destination.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) partial: Spot,
    pub(super) sidecar: Spot,
}

impl Names {
    /// `.NAME.orbit-HASH.partial` and `….resume`, with the begin of the destination's name and a hash of all of it, so
    /// that every name has its own.
    pub(super) fn of(destination: At<'_>) -> Self {
        let name = destination.path.file_name().unwrap_or_default();
        let digest = Sha256::digest(name.as_encoded_bytes());
        let hash = u64::from_be_bytes(std::array::from_fn(|index| digest[index]));
        let mut begin = name.to_string_lossy().into_owned();
        while begin.len() > NAME_BYTES {
            begin.pop();
        }
        let with = |end: &str| destination.beside(format!(".{begin}.orbit-{hash:016x}.{end}"));
        Self { partial: with("partial"), sidecar: with("resume") }
    }

    pub(super) fn failed(&self, request: Request<'_>, error: io::Error) -> CopyError {
        CopyError::io(Operation::CreateStaging, request.named.called(&self.partial.path), error)
    }

    pub(super) fn failed_sidecar(&self, request: Request<'_>, error: io::Error) -> CopyError {
        CopyError::io(Operation::KeepSidecar, request.named.called(&self.sidecar.path), error)
    }

    fn in_progress(&self, request: Request<'_>) -> CopyError {
        CopyError::InProgress { partial: request.named.called(&self.partial.path) }
    }

    /// What stands under the partial file's name. In a directory that others may write to, it may be anything.
    pub(super) fn look(&self, request: Request<'_>, calls: &Calls) -> Result<Found, CopyError> {
        for _ in 0..TRIES {
            let file = match platform::open_partial(calls, self.partial.at()) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
                Err(error) if error.kind() == io::ErrorKind::Interrupted && !request.watch.is_cancelled() => {
                    continue;
                }
                Err(error) => return Err(self.failed(request, error)),
            };
            let file = Locked::of(file, calls).ok_or_else(|| self.in_progress(request))?;
            let status = platform::status(calls, &file).map_err(|error| self.failed(request, error))?;
            if !is_plain(&status) {
                return Err(self.failed(request, laid()));
            }
            // Who had the lock before may have published or removed it.
            if self.is_named(&file, calls).map_err(|error| self.failed(request, error))? {
                // A copy that ends after it gave the file away has left it to its new owner.
                let is_own = request.owner == Some(status.owner.0) || self.is_own(&status, calls);
                return Ok(if is_own { Found::Own(file, status) } else { Found::Foreign(file) });
            }
        }
        Err(self.failed(request, io::ErrorKind::AlreadyExists.into()))
    }

    /// A new partial file. None where another copy was faster.
    pub(super) fn create(&self, request: Request<'_>, calls: &Calls) -> Result<Option<Locked>, CopyError> {
        let file = match platform::create_exclusive(calls, self.partial.at(), request.mode) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            created => {
                created.map_err(|error| CopyError::io(Operation::CreateStaging, request.named, error))?
            }
        };
        let file = Locked::of(file, calls).ok_or_else(|| self.in_progress(request))?;
        // Before it was locked, another copy may have taken it for one that was left.
        let is_named = self.is_named(&file, calls).map_err(|error| self.failed(request, error))?;
        Ok(Some(file).filter(|_| is_named))
    }

    /// Whether the owner is the one of files that this process makes there: this user, or whoever the mount names.
    fn is_own(&self, status: &Status, calls: &Calls) -> bool {
        let owner_of_new = || {
            let new = Staging::create(calls, self.partial.at(), 0o600, true).ok()?;
            platform::status(calls, new.file()).ok().map(|new| new.owner)
        };
        platform::is_own(calls, status) || owner_of_new().is_some_and(|owner| owner.0 == status.owner.0)
    }

    /// The sidecar first: without it, the partial file is nothing to go on with.
    pub(super) fn remove(&self, calls: &Calls) {
        calls.add(2);
        remove(self.sidecar.at());
        remove(self.partial.at());
    }

    fn is_named(&self, file: &File, calls: &Calls) -> io::Result<bool> {
        match platform::open_destination(calls, self.partial.at())? {
            Standing::File(standing) => {
                let same = platform::same_file(calls, &standing, file);
                platform::discard(calls, standing);
                same
            }
            _ => Ok(false),
        }
    }

    /// The text of the sidecar and the open file; none where there is none. What is no text is damaged.
    pub(super) fn read_sidecar(&self, calls: &Calls) -> io::Result<Option<(String, File)>> {
        let file = match platform::open_partial(calls, self.sidecar.at()) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let status = platform::status(calls, &file)?;
        if !is_plain(&status) {
            return Err(laid());
        }
        if !self.is_own(&status, calls) {
            // What somebody else wrote is as good as damaged.
            return Ok(Some((" ".to_owned(), file)));
        }
        let (mut bytes, mut buffer) = (Vec::new(), [0; 64 * 1024]);
        while (bytes.len() as u64) < SIDECAR_BYTES {
            match platform::read_at(calls, &file, &mut buffer, bytes.len() as u64) {
                Ok(0) => break,
                Ok(read) => bytes.extend_from_slice(&buffer[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Some((String::from_utf8_lossy(&bytes).into_owned(), file)))
    }
}

/// A sidecar of this many bytes speaks of a file of 32 TiB.
const SIDECAR_BYTES: u64 = 64 * 1024 * 1024;

/// What has another kind or another name was laid there, to be written through.
fn is_plain(status: &Status) -> bool {
    status.kind == FileKind::Regular && status.links <= 1
}

fn laid() -> io::Error {
    let what = "it is not a regular file with one name, which a copy would have left; remove it";
    io::Error::new(io::ErrorKind::InvalidInput, what)
}
