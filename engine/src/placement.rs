//! Where the new content is written: under a staging name, or under the destination's own.

use std::fs::File;
use std::io;

use crate::attempt::{Failure, failed};
use crate::entry::Entry;
use crate::error::{CopyError, FileKind, Operation};
use crate::inspect::{Resolved, Seen, Source, resolve};
use crate::keeper::Keeper;
use crate::metadata;
use crate::observe::Watch;
use crate::options::{CopyOptions, Placement, Reflink, Verification};
use crate::outcome::Resumed;
use crate::partial::{Partial, Request};
use crate::platform::{self, At, Calls, Spot, Status};
use crate::staging::{Staging, remove};
use crate::strategy::Mechanism;

/// The file that is being written. Dropped before it is finished, it leaves nothing new behind.
#[derive(Debug)]
pub(crate) struct Target {
    /// The destination, or what it links to.
    spot: Spot,
    /// Whether there was no such file before.
    is_new: bool,
    /// Whether it holds what is to go before anything is written.
    has_old: bool,
    /// What it is; a device has no length of its own.
    pub(crate) kind: FileKind,
    /// What became of what an earlier copy had left.
    pub(crate) resumed: Resumed,
    file: Kept,
}

#[derive(Debug)]
enum Kept {
    Staged(Staging),
    Partial(Partial),
    InPlace(Option<File>),
}

/// In what way the new content gets its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Staged,
    InPlace,
    Resumable,
    /// Under its own name in a directory that this copy has made, and nobody knows yet. A file that has the name is one that
    /// this copy has made too.
    Fresh,
}

impl From<Placement> for Way {
    fn from(placement: Placement) -> Self {
        match placement {
            Placement::Staged => Self::Staged,
            Placement::InPlace => Self::InPlace,
            Placement::Resumable => Self::Resumable,
        }
    }
}

/// How a destination is to be opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opening<'a> {
    pub(crate) way: Way,
    /// Where the destination was looked at already.
    pub(crate) seen: Option<Seen<'a>>,
    /// Mode of a new file.
    pub(crate) mode: u32,
    /// Whether what was written will be read back.
    pub(crate) readable: bool,
    /// Whether a symbolic link to nothing is followed to a new file.
    pub(crate) through_dangling: bool,
    /// How content and holes are written, one word.
    pub(crate) form: &'a str,
    /// Whether the file is made at once or not at all, so that there is nothing to go on with.
    pub(crate) at_once: bool,
    /// The user who is to own it in the end; none where that is this process's.
    pub(crate) owner: Option<u32>,
    pub(crate) watch: &'a Watch<'a>,
}

impl<'a> Opening<'a> {
    /// How `options` want the destination of `source` to be opened.
    pub(crate) fn wanted(
        source: &Status,
        options: &CopyOptions,
        way: Way,
        form: &'a str,
        watch: &'a Watch<'a>,
    ) -> Self {
        Self {
            way,
            seen: None,
            mode: metadata::creation_mode(source, options.preserve_metadata),
            readable: options.verification != Verification::None,
            through_dangling: options.like_std,
            form,
            at_once: options.reflink == Reflink::Always || options.only == Some(Mechanism::Reflink),
            owner: options.preserve_metadata.then_some(source.owner.0),
            watch,
        }
    }
}

impl Target {
    /// Opens the file to write to. Nothing of the old one is changed yet.
    pub(crate) fn open(
        source: &Source<'_>,
        destination: Entry<'_>,
        opening: Opening<'_>,
        calls: &Calls,
    ) -> Result<Self, CopyError> {
        match opening.way {
            Way::Staged | Way::Resumable => Self::staged(source, destination, opening, calls),
            Way::InPlace => Self::in_place(source, destination, opening, calls),
            Way::Fresh => Self::fresh(source, destination, opening, calls),
        }
    }

    fn staged(
        source: &Source<'_>,
        destination: Entry<'_>,
        opening: Opening<'_>,
        calls: &Calls,
    ) -> Result<Self, CopyError> {
        let Resolved { spot, exists } =
            resolve(source, destination, opening.seen, opening.through_dangling, calls)?;
        let (is_new, has_old, kind) = (true, false, FileKind::Regular);
        let mut resumed = Resumed::No;
        if opening.way == Way::Resumable {
            let Opening { mode, form, at_once, owner, watch, .. } = opening;
            let (named, destination) = (destination, spot.at());
            let request = Request { source, destination, named, mode, form, at_once, owner, watch };
            let opened = Partial::open(request, calls)?;
            resumed = opened.1;
            if let Some(partial) = opened.0 {
                return Ok(Self { spot, is_new, has_old, kind, resumed, file: Kept::Partial(partial) });
            }
        }
        let staging = Staging::create(calls, spot.at(), opening.mode, !exists)
            .map_err(|error| CopyError::io(Operation::CreateStaging, destination, error))?;
        Ok(Self { spot, is_new, has_old, kind, resumed, file: Kept::Staged(staging) })
    }

    fn in_place(
        source: &Source<'_>,
        destination: Entry<'_>,
        opening: Opening<'_>,
        calls: &Calls,
    ) -> Result<Self, CopyError> {
        let failed = |error| CopyError::io(Operation::OpenForWriting, destination, error);
        match platform::create_exclusive(calls, destination.at, opening.mode) {
            Ok(file) => Ok(Self::made(destination, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Self::existing(source, destination, opening, calls)
            }
            // What is no file stands in the way, or a directory is missing.
            Err(error) => Err(match platform::kind_of(calls, destination.at, destination.is_given()) {
                Ok(FileKind::Directory) => {
                    CopyError::DestinationNotRegular { path: destination.into(), kind: FileKind::Directory }
                }
                _ => failed(error),
            }),
        }
    }

    fn fresh(
        source: &Source<'_>,
        destination: Entry<'_>,
        opening: Opening<'_>,
        calls: &Calls,
    ) -> Result<Self, CopyError> {
        match platform::create_exclusive(calls, destination.at, opening.mode) {
            Ok(file) => Ok(Self::made(destination, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let (source, destination) = (source.entry.into(), destination.into());
                Err(CopyError::NameTaken { source, destination })
            }
            Err(error) => Err(CopyError::io(Operation::OpenForWriting, destination, error)),
        }
    }

    /// A new file under its own name.
    fn made(destination: Entry<'_>, file: File) -> Self {
        Self {
            spot: destination.at.to_spot(),
            is_new: true,
            has_old: false,
            kind: FileKind::Regular,
            resumed: Resumed::No,
            file: Kept::InPlace(Some(file)),
        }
    }

    /// Opens what stands at a destination in place; nothing is changed.
    pub(crate) fn existing(
        source: &Source<'_>,
        destination: Entry<'_>,
        opening: Opening<'_>,
        calls: &Calls,
    ) -> Result<Self, CopyError> {
        let failed = |error| CopyError::io(Operation::OpenForWriting, destination, error);
        let not_regular = |kind| CopyError::DestinationNotRegular { path: destination.into(), kind };
        // Below the root of a tree a link or a device was put there just now, by somebody else.
        let is_given = destination.is_given();
        // A named pipe or a socket would take what nobody can read back, or wait.
        let kind = match platform::kind_of(calls, destination.at, is_given) {
            Ok(FileKind::Device) if is_given => FileKind::Device,
            Ok(FileKind::Regular) => FileKind::Regular,
            Ok(kind) => return Err(not_regular(kind)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(CopyError::DanglingSymlink { path: destination.into() });
            }
            Err(error) => return Err(failed(error)),
        };
        let file =
            platform::open_existing(calls, destination.at, opening.readable, is_given).map_err(failed)?;
        let status = platform::status(calls, &file).map_err(failed)?;
        if platform::same_file(calls, &source.file, &file).map_err(failed)? {
            return Err(CopyError::SameFile { source: source.entry.into(), destination: destination.into() });
        }
        if status.kind != kind {
            return Err(not_regular(status.kind));
        }
        let has_old = status.kind == FileKind::Regular && status.size > 0;
        let (spot, resumed) = (destination.at.to_spot(), Resumed::No);
        Ok(Self { spot, is_new: false, has_old, kind, resumed, file: Kept::InPlace(Some(file)) })
    }

    /// In place this is where the old content goes: beyond the new end it would stay, holes would show it, and a clone
    /// needs an empty file.
    pub(crate) fn clear(&self, calls: &Calls) -> io::Result<()> {
        if self.has_old { platform::set_length(calls, self.file(), 0) } else { Ok(()) }
    }

    /// The file, open for writing, and for reading where that was asked for.
    ///
    /// # Panics
    /// After [`Self::publish`] took it.
    pub(crate) fn file(&self) -> &File {
        match &self.file {
            Kept::Staged(staging) => staging.file(),
            Kept::Partial(partial) => partial.file(),
            Kept::InPlace(file) => {
                file.as_ref().expect("a destination is published once, after its last use")
            }
        }
    }

    fn partial(&self) -> Option<&Partial> {
        if let Kept::Partial(partial) = &self.file { Some(partial) } else { None }
    }

    /// Who writes down which blocks have arrived.
    pub(crate) fn keeper(&self) -> Option<&Keeper> {
        self.partial().and_then(Partial::keeper)
    }

    /// Bytes of the content, and of the file, that an earlier copy has left.
    pub(crate) fn begins_at(&self) -> (u64, u64) {
        self.partial().map_or((0, 0), Partial::begins_at)
    }

    /// What is in the file is not to be gone on with by a later copy.
    pub(crate) fn spoil(&self) {
        if let Some(partial) = self.partial() {
            partial.spoil();
        }
    }

    /// Beside what a new file may be made that takes its place; none where this one must be written.
    pub(crate) fn beside(&self) -> Option<At<'_>> {
        matches!(self.file, Kept::Staged(_)).then(|| self.spot.at())
    }

    /// The content is in `made`, which was made beside it.
    pub(crate) fn take(&mut self, made: Staging) {
        self.file = Kept::Staged(made);
    }

    /// Whether it stands in no directory yet.
    pub(crate) fn is_unnamed(&self) -> bool {
        matches!(&self.file, Kept::Staged(staging) if staging.is_unnamed())
    }

    /// Where the file gets its name.
    pub(crate) fn spot(&self) -> &Spot {
        &self.spot
    }

    /// The content is whole: closes the file, and gives it its name where it has not got it yet.
    pub(crate) fn publish(mut self, calls: &Calls, close_tells: bool) -> Result<(), Failure> {
        let at = self.spot.at();
        match std::mem::replace(&mut self.file, Kept::InPlace(None)) {
            Kept::Staged(staging) => staging.publish(calls, at, close_tells),
            Kept::Partial(partial) => partial.publish(calls, at),
            Kept::InPlace(file) => {
                let closed = file.map_or(Ok(()), |file| platform::close(calls, file));
                if closed.is_err() && self.is_new {
                    remove(at);
                }
                closed.map_err(failed(Operation::Close))
            }
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if let (Kept::InPlace(Some(_)), true) = (&self.file, self.is_new) {
            remove(self.spot.at());
        }
    }
}
