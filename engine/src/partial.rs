//! The partial file of a resumable copy: a staging file under a name that the next copy finds, with its sidecar. Opens
//! what an earlier copy left, believes of it only what was checked, and decides what is left behind.

mod check;

use std::cell::Cell;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::attempt::{Failure, failed};
use crate::error::{CopyError, Operation};
use crate::inspect::Source;
use crate::keeper::{Book, Keeper};
use crate::observe::Watch;
use crate::outcome::Resumed;
use crate::platform::{self, Calls, Standing, Status};
use crate::sidecar::{Header, Identity, Scribe};
use crate::staging::remove;

use check::{Check, Usable};

/// Another process may take or leave the name between two looks; so often is no accident.
const TRIES: u32 = 16;

/// Bounds of a block. Small ones lose little when a copy ends, large ones make the sidecar small.
const BLOCK: (u64, u64) = (1024 * 1024, 64 * 1024 * 1024);

/// So many blocks has a file whose size lies between the bounds.
const BLOCKS: u64 = 1024;

/// So much of the destination's name is repeated; with the rest, it fits everywhere.
const NAME_BYTES: usize = 64;

/// The file that a resumable copy writes to. Dropped before it is published, it stays where it can be resumed.
#[derive(Debug)]
pub(crate) struct Partial {
    names: Names,
    file: Option<File>,
    keeper: Option<Keeper>,
    /// Bytes of the content and of the file that an earlier copy has left.
    begin: (u64, u64),
    /// Whether what is in it must not be gone on with.
    is_useless: Cell<bool>,
}

/// What a resumable copy is a copy of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) source: &'a Source<'a>,
    /// The destination, links followed.
    pub(crate) destination: &'a Path,
    /// The destination as given, for messages.
    pub(crate) named: &'a Path,
    /// Mode of a new file.
    pub(crate) mode: u32,
    /// How the content is compressed, one word.
    pub(crate) form: &'a str,
    pub(crate) watch: &'a Watch<'a>,
}

/// What stands under the partial file's name.
enum Found {
    Nothing,
    /// A file of this user's, locked.
    Own(File, Status),
}

impl Partial {
    /// Opens or creates the partial file, and says what became of an earlier one. None where the source is so small that
    /// there would be nothing to resume.
    pub(crate) fn open(request: Request<'_>, calls: &Calls) -> Result<(Option<Self>, Resumed), CopyError> {
        let names = Names::of(request.destination);
        let mut resumed = Resumed::No;
        for _ in 0..TRIES {
            match names.look(request, calls)? {
                Found::Nothing if request.source.status.size <= BLOCK.0 => return Ok((None, resumed)),
                Found::Nothing => {
                    // What a copy left that was killed between its rename and its end.
                    remove(&names.sidecar);
                    if let Some(file) = names.create(request, calls)? {
                        let partial = Self::begin(names, file, request, calls)?;
                        return Ok((Some(partial), resumed));
                    }
                }
                Found::Own(file, status) => {
                    let sidecar = names.read_sidecar(calls).map_err(|error| names.failed_sidecar(error))?;
                    let check = Check { request, file: &file, status: &status, calls };
                    let usable = sidecar
                        // Nothing was written down before the copy was killed.
                        .filter(|(text, _)| !text.is_empty())
                        .map(|(text, sidecar)| check.usable(&text).map(|usable| (usable, sidecar)))
                        .transpose();
                    // A check that was ended has told nothing.
                    if request.watch.is_cancelled() {
                        return Err(CopyError::Cancelled { destination: request.named.into() });
                    }
                    match usable {
                        Ok(Some((usable, sidecar))) => {
                            let at = usable.last.0;
                            let partial = Self::go_on(names, file, usable, sidecar, request, calls)?;
                            return Ok((Some(partial), Resumed::At(at)));
                        }
                        Ok(None) => {}
                        Err(why) => resumed = Resumed::StartedOver(why),
                    }
                    // The sidecar first: without it, the partial file is nothing to go on with.
                    remove(&names.sidecar);
                    remove(&names.partial);
                }
            }
        }
        Err(names.failed(io::ErrorKind::AlreadyExists.into()))
    }

    fn begin(names: Names, file: File, request: Request<'_>, calls: &Calls) -> Result<Self, CopyError> {
        let status = platform::status(calls, &file).map_err(|error| names.failed(error))?;
        let block = (request.source.status.size / BLOCKS).next_power_of_two().clamp(BLOCK.0, BLOCK.1);
        let header = Header {
            source: identity(&request.source.status),
            partial: (status.volume.device, status.inode),
            boot: platform::boot(calls),
            form: request.form.to_owned(),
            block,
        };
        let (scribe, head) = Scribe::begin(&header);
        let path = names.sidecar.clone();
        let book = Book { path, file: None, length: 0, head, scribe, block, last: (0, 0) };
        let keeper = Keeper::new(&file, book);
        let is_useless = Cell::new(false);
        Ok(Self { names, file: Some(file), keeper, begin: (0, 0), is_useless })
    }

    fn go_on(
        names: Names,
        file: File,
        usable: Usable,
        sidecar: File,
        request: Request<'_>,
        calls: &Calls,
    ) -> Result<Self, CopyError> {
        let Usable { scribe, length, block, last } = usable;
        // What lies behind may be anything: blocks that were never written down, or not in order.
        platform::set_length(calls, &file, last.1)
            .map_err(|error| CopyError::io(Operation::SetLength, request.named, error))?;
        platform::set_length(calls, &sidecar, length).map_err(|error| names.failed_sidecar(error))?;
        let path = names.sidecar.clone();
        let book = Book { path, file: Some(sidecar), length, head: String::new(), scribe, block, last };
        let keeper = Keeper::new(&file, book);
        Ok(Self { names, file: Some(file), keeper, begin: last, is_useless: Cell::new(false) })
    }

    /// The file, open for reading and writing.
    ///
    /// # Panics
    /// After [`Self::publish`] took it.
    pub(crate) fn file(&self) -> &File {
        self.file.as_ref().expect("a partial file is published once, after its last use")
    }

    pub(crate) fn keeper(&self) -> Option<&Keeper> {
        self.keeper.as_ref()
    }

    /// Bytes of the content, and of the file, that an earlier copy has left.
    pub(crate) fn begins_at(&self) -> (u64, u64) {
        self.begin
    }

    /// What is in the file must not be gone on with: it is not the source, or no longer.
    pub(crate) fn is_useless(&self) {
        self.is_useless.set(true);
    }

    /// Closes the file, renames it to `destination` and removes the sidecar. The lock is held until the rename is done, or
    /// another copy could take the file for a partial one.
    pub(crate) fn publish(mut self, calls: &Calls, destination: &Path) -> Result<(), Failure> {
        let Some(file) = self.file.take() else { return Ok(()) };
        if let Some(keeper) = &self.keeper {
            calls.add(keeper.end());
        }
        calls.count();
        self.file = Some(file.try_clone().map_err(failed(Operation::Close))?);
        platform::close(calls, file).map_err(|error| {
            // What was written down may not have arrived.
            self.is_useless();
            failed(Operation::Close)(error)
        })?;
        platform::rename(calls, &self.names.partial, destination).map_err(failed(Operation::Rename))?;
        if self.keeper.is_some() {
            // Also an empty one, which a full disk left.
            calls.count();
            remove(&self.names.sidecar);
        }
        self.names.partial.clear();
        calls.count();
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Published: another copy may be at work under these names by now.
        if self.names.partial.as_os_str().is_empty() {
            return;
        }
        let has_records = self.keeper.as_ref().is_some_and(|keeper| {
            keeper.end_soon();
            keeper.has_records()
        });
        let is_new = self.begin == (0, 0);
        if self.is_useless.get() || (is_new && !has_records) {
            remove(&self.names.sidecar);
            remove(&self.names.partial);
        }
    }
}

/// The names of a partial file and its sidecar, beside the destination.
#[derive(Debug)]
struct Names {
    partial: PathBuf,
    sidecar: PathBuf,
}

impl Names {
    /// `.NAME.orbit-HASH.partial` and `….resume`, with the begin of the destination's name and a hash of all of it, so
    /// that every name has its own.
    fn of(destination: &Path) -> Self {
        let name = destination.file_name().unwrap_or_default();
        let digest = Sha256::digest(name.as_encoded_bytes());
        let hash = u64::from_be_bytes(std::array::from_fn(|index| digest[index]));
        let mut begin = name.to_string_lossy().into_owned();
        while begin.len() > NAME_BYTES {
            begin.pop();
        }
        let with = |end: &str| {
            destination.with_file_name(OsString::from(format!(".{begin}.orbit-{hash:016x}.{end}")))
        };
        Self { partial: with("partial"), sidecar: with("resume") }
    }

    fn failed(&self, error: io::Error) -> CopyError {
        CopyError::io(Operation::CreateStaging, &self.partial, error)
    }

    fn failed_sidecar(&self, error: io::Error) -> CopyError {
        CopyError::io(Operation::KeepSidecar, &self.sidecar, error)
    }

    /// What stands under the partial file's name, locked. In a directory that others may write to, it may be anything.
    fn look(&self, request: Request<'_>, calls: &Calls) -> Result<Found, CopyError> {
        for _ in 0..TRIES {
            let file = match platform::open_partial(calls, &self.partial) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
                Err(error) if error.kind() == io::ErrorKind::Interrupted && !request.watch.is_cancelled() => {
                    continue;
                }
                Err(error) => return Err(self.failed(error)),
            };
            if !platform::lock(calls, &file) {
                return Err(CopyError::InProgress { partial: self.partial.clone() });
            }
            let status = platform::status(calls, &file).map_err(|error| self.failed(error))?;
            if !is_safe(calls, &status) {
                let what = "it is not a regular file of this user's with one name; remove it";
                return Err(self.failed(io::Error::new(io::ErrorKind::InvalidInput, what)));
            }
            // Who had the lock before may have published or removed it.
            if self.is_named(&file, calls).map_err(|error| self.failed(error))? {
                return Ok(Found::Own(file, status));
            }
        }
        Err(self.failed(io::ErrorKind::AlreadyExists.into()))
    }

    /// A new partial file, locked. None where another copy was faster.
    fn create(&self, request: Request<'_>, calls: &Calls) -> Result<Option<File>, CopyError> {
        let file = match platform::create_exclusive(calls, &self.partial, request.mode) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            created => {
                created.map_err(|error| CopyError::io(Operation::CreateStaging, request.named, error))?
            }
        };
        if !platform::lock(calls, &file) {
            return Err(CopyError::InProgress { partial: self.partial.clone() });
        }
        // Before it was locked, another copy may have taken it for one that was left.
        let is_named = self.is_named(&file, calls).map_err(|error| self.failed(error))?;
        Ok(Some(file).filter(|_| is_named))
    }

    fn is_named(&self, file: &File, calls: &Calls) -> io::Result<bool> {
        match platform::open_destination(calls, &self.partial)? {
            Standing::File(standing) => platform::same_file(calls, &standing, file),
            _ => Ok(false),
        }
    }

    /// The text of the sidecar and the open file; none where there is none. What is no text is damaged.
    fn read_sidecar(&self, calls: &Calls) -> io::Result<Option<(String, File)>> {
        let file = match platform::open_partial(calls, &self.sidecar) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if !is_safe(calls, &platform::status(calls, &file)?) {
            let what = "it is not a regular file of this user's with one name; remove it";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
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

/// What somebody else owns or has another name for must be neither written to nor believed.
fn is_safe(calls: &Calls, status: &Status) -> bool {
    status.kind == crate::error::FileKind::Regular && status.links == 1 && platform::is_own(calls, status)
}

fn identity(status: &Status) -> Identity {
    Identity {
        device: status.volume.device,
        inode: status.inode,
        size: status.size,
        modified: status.version.modified,
        changed: status.version.changed,
    }
}
