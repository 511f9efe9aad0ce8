//! The partial file of a resumable copy: a staging file under a name that the next copy finds, with its sidecar. Opens
//! what an earlier copy left, believes of it only what was checked, and decides what is left behind.

mod check;
mod names;

use std::borrow::Cow;
use std::cell::Cell;
use std::fs::File;
use std::io;

use crate::attempt::{Failure, failed};
use crate::entry::Entry;
use crate::error::{CopyError, Operation};
use crate::inspect::Source;
use crate::keeper::{Book, Keeper};
use crate::observe::Watch;
use crate::options::{Compression, CopyOptions, Sparse};
use crate::outcome::{Resumed, Unusable};
use crate::platform::{self, At, Calls, Status};
use crate::sidecar::{Header, Identity, Scribe};
use crate::staging::remove;

use check::{Check, Usable};
use names::{Found, Locked, Names, TRIES};

/// Bounds of a block. Small ones lose little when a copy ends, large ones make the sidecar small.
const BLOCK: (u64, u64) = (1024 * 1024, 64 * 1024 * 1024);

/// Least block of compressed content: each is a frame of its own, which must be long enough to find what repeats.
const COMPRESSED_BLOCK: u64 = 8 * 1024 * 1024;

/// So many blocks has a file whose size lies between the bounds.
const BLOCKS: u64 = 1024;

/// The file that a resumable copy writes to. Dropped before it is published, it stays where it can be resumed.
#[derive(Debug)]
pub(crate) struct Partial {
    names: Names,
    file: Locked,
    keeper: Option<Keeper>,
    /// Bytes of the content and of the file that an earlier copy has left.
    begin: (u64, u64),
    /// Whether what is in it must not be gone on with.
    is_useless: Cell<bool>,
}

/// What the form of content begins with that is not compressed, which stands at the same place in source and partial file.
const PLAIN: &str = "none";

/// How `options` want content and holes to be written, one word. A begin that was written in another form is not gone on
/// with: it has holes that are not wanted, or none where they are.
pub(crate) fn form(options: &CopyOptions) -> Cow<'static, str> {
    match (options.compression, options.sparse) {
        (Compression::None, Sparse::Auto) => PLAIN.into(),
        (Compression::None, sparse) => format!("{PLAIN}/sparse-{sparse}").into(),
        (compression, _) => compression.to_string().into(),
    }
}

fn is_plain(form: &str) -> bool {
    form.starts_with(PLAIN)
}

/// What a resumable copy is a copy of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) source: &'a Source<'a>,
    /// The destination, links followed.
    pub(crate) destination: At<'a>,
    /// The destination as given, for messages.
    pub(crate) named: Entry<'a>,
    /// Mode of a new file.
    pub(crate) mode: u32,
    /// That of [`form`].
    pub(crate) form: &'a str,
    /// Whether it is made at once or not at all, so that there is nothing to go on with.
    pub(crate) at_once: bool,
    /// The user who is to own it in the end; none where that is this process's.
    pub(crate) owner: Option<u32>,
    pub(crate) watch: &'a Watch<'a>,
}

impl Request<'_> {
    fn least_block(&self) -> u64 {
        if is_plain(self.form) { BLOCK.0 } else { COMPRESSED_BLOCK }
    }
}

/// Removes what an earlier copy of a file of `size` bytes may have left beside a destination that is finished.
pub(crate) fn remove_left(destination: At<'_>, size: u64, calls: &Calls) {
    if size > BLOCK.0 {
        Names::of(destination).remove(calls);
    }
}

impl Partial {
    /// Opens or creates the partial file, and says what became of an earlier one. None where the source is so small that
    /// there would be nothing to resume.
    pub(crate) fn open(request: Request<'_>, calls: &Calls) -> Result<(Option<Self>, Resumed), CopyError> {
        let names = Names::of(request.destination);
        let mut resumed = Resumed::No;
        for _ in 0..TRIES {
            match names.look(request, calls)? {
                Found::Nothing if request.source.status.size <= request.least_block() => {
                    return Ok((None, resumed));
                }
                Found::Nothing => {
                    if let Some(file) = names.create(request, calls)? {
                        // What a copy left that was killed between its rename and its end. Not before the lock is held:
                        // it could be that of a copy which has just begun.
                        calls.count();
                        remove(names.sidecar.at());
                        let partial = Self::begin(names, file, request, calls)?;
                        return Ok((Some(partial), resumed));
                    }
                }
                Found::Foreign(_locked) => {
                    resumed = Resumed::StartedOver(Unusable::Partial);
                    names.remove(calls);
                }
                Found::Own(_locked, _) if request.at_once => names.remove(calls),
                Found::Own(file, status) => {
                    let sidecar =
                        names.read_sidecar(calls).map_err(|error| names.failed_sidecar(request, error))?;
                    let check = Check { request, file: &file, status: &status, calls };
                    let usable = sidecar
                        // Nothing was written down before the copy was killed.
                        .filter(|(text, _)| !text.is_empty())
                        .map(|(text, sidecar)| {
                            let usable = request.watch.meanwhile(|| check.usable(&text));
                            usable.map(|usable| (usable, sidecar))
                        })
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
                    names.remove(calls);
                }
            }
        }
        Err(names.failed(request, io::ErrorKind::AlreadyExists.into()))
    }

    fn begin(names: Names, file: Locked, request: Request<'_>, calls: &Calls) -> Result<Self, CopyError> {
        let status = platform::status(calls, &file).map_err(|error| names.failed(request, error))?;
        let block =
            (request.source.status.size / BLOCKS).next_power_of_two().clamp(request.least_block(), BLOCK.1);
        let header = Header {
            source: identity(&request.source.status),
            partial: (status.volume.device, status.inode),
            boot: session(&status, calls),
            form: request.form.to_owned(),
            block,
        };
        let (scribe, head) = Scribe::begin(&header);
        let spot = names.sidecar.clone();
        let book = Book { spot, file: None, length: 0, head, scribe, block, last: (0, 0) };
        let keeper = Keeper::new(&file, book);
        let is_useless = Cell::new(false);
        Ok(Self { names, file, keeper, begin: (0, 0), is_useless })
    }

    fn go_on(
        names: Names,
        file: Locked,
        usable: Usable,
        sidecar: File,
        request: Request<'_>,
        calls: &Calls,
    ) -> Result<Self, CopyError> {
        let Usable { scribe, length, block, last } = usable;
        // What lies behind may be anything: blocks that were never written down, or not in order.
        platform::set_length(calls, &file, last.1)
            .map_err(|error| CopyError::io(Operation::SetLength, request.named, error))?;
        platform::set_length(calls, &sidecar, length)
            .map_err(|error| names.failed_sidecar(request, error))?;
        let spot = names.sidecar.clone();
        let book = Book { spot, file: Some(sidecar), length, head: String::new(), scribe, block, last };
        let keeper = Keeper::new(&file, book);
        Ok(Self { names, file, keeper, begin: last, is_useless: Cell::new(false) })
    }

    /// The file, open for reading and writing.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    pub(crate) fn keeper(&self) -> Option<&Keeper> {
        self.keeper.as_ref()
    }

    /// Bytes of the content, and of the file, that an earlier copy has left.
    pub(crate) fn begins_at(&self) -> (u64, u64) {
        self.begin
    }

    /// What is in the file must not be gone on with: it is not the source, or no longer.
    pub(crate) fn spoil(&self) {
        self.is_useless.set(true);
    }

    /// Closes the file, renames it to `destination` and removes the sidecar. The lock is held until the rename is done, or
    /// another copy could take the file for a partial one.
    pub(crate) fn publish(mut self, calls: &Calls, destination: At<'_>) -> Result<(), Failure> {
        if let Some(keeper) = &self.keeper {
            calls.add(keeper.end());
        }
        calls.count();
        let closed = self.file.try_clone().map_err(failed(Operation::Close))?;
        platform::close(calls, closed).map_err(|error| {
            // What was written down may not have arrived.
            self.spoil();
            failed(Operation::Close)(error)
        })?;
        platform::rename(calls, self.names.partial.at(), destination).map_err(failed(Operation::Rename))?;
        if self.keeper.is_some() {
            // Also an empty one, which a full disk left.
            calls.count();
            remove(self.names.sidecar.at());
        }
        self.names.partial.path.clear();
        // The lock, and the file itself.
        calls.add(2);
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Published: another copy may be at work under these names by now.
        if self.names.partial.path.as_os_str().is_empty() {
            return;
        }
        let has_records = self.keeper.as_ref().is_some_and(|keeper| {
            keeper.end_soon();
            keeper.has_records()
        });
        let is_new = self.begin == (0, 0);
        if self.is_useless.get() || (is_new && !has_records) {
            // There is nobody left to tell the number.
            self.names.remove(&Calls::default());
        }
    }
}

/// The time within which what was written to the file of this `status` is still there: one start of the system, and one
/// mount, since a device that is pulled out takes with it what was not written back.
fn session(status: &Status, calls: &Calls) -> Option<String> {
    platform::boot(calls).map(|boot| format!("{boot}/{}", status.volume.mount))
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
