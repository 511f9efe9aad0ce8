//! Symbolic links, named pipes, sockets and devices: made again as they are.

use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;

use super::file::Item;
use super::links::Claim;
use super::node::Called;
use super::options::Overwrite;
use super::outcome::Skipped;
use super::standing::{Standing, Verdict};
use super::worker::{Here, Worker};
use crate::entry::Entry;
use crate::error::{CopyError, FileKind, Operation};
use crate::metadata;
use crate::outcome::{Attribute, NotPreserved};
use crate::platform::{self, At, SET_ID, Status};
use crate::staging::{remove, with_staging_name};

impl Worker<'_> {
    /// Makes the symbolic link `name` again, whatever it leads to.
    pub(super) fn symlink(&mut self, here: Here<'_>, name: &OsStr) -> Result<(), CopyError> {
        let target = platform::read_link(&self.calls, here.from(name))
            .map_err(|error| CopyError::io(Operation::ReadLink, self.source_path(here, name), error))?;
        let standing = self.standing(here, name)?;
        let is_same = |at| platform::read_link(&self.calls, at).is_ok_and(|there: PathBuf| there == target);
        let stands = standing.status().filter(|there| there.kind == FileKind::Symlink && !standing.is_own());
        if let (Some(there), Some(at)) = (stands, here.to(name))
            && is_same(at)
        {
            self.note_kept(here, [name, name], at, there)?;
            if self.options().overwrite == Overwrite::Always {
                self.keep_metadata(here, name, at, false)?;
            }
            self.done.kept += 1;
            return Ok(());
        }
        if self.is_kept(here, name, &standing)? {
            return Ok(());
        }
        let make = |at: At<'_>| platform::symlink(&self.calls, &target, here.from(name), at);
        if let Some(at) = self.put(here, name, Operation::CreateSymlink, make)? {
            self.keep_metadata(here, name, at, false)?;
        }
        self.done.symlinks += 1;
        Ok(())
    }

    /// Makes what is neither file, directory nor link again, where metadata is kept.
    pub(super) fn special(&mut self, here: Here<'_>, name: &OsStr, kind: FileKind) -> Result<(), CopyError> {
        if !self.options().each.preserve_metadata {
            let path = self.source_path(here, name);
            self.done.skipped_special.push(Skipped { path, kind });
            return Ok(());
        }
        let standing = self.standing(here, name)?;
        if self.is_kept(here, name, &standing)? {
            return Ok(());
        }
        let source = self.look(here, name, self.is_followed())?;
        let Some((file, links)) = self.several(&source) else {
            return self.make_special(here, name, &source);
        };
        let file = (file, false);
        let called = Called { root: self.tree.source, node: here.node };
        let (from, standing) = (Entry::below(&called, here.from(name)), &standing);
        let item = Item { here, source: name, destination: name, from, standing, is_changed: false };
        match self.tree.links.claim(file, links, || item.name()) {
            Claim::Waits => Ok(()),
            Claim::Copied(copy) => {
                if self.tree.is_dry() {
                    self.done.hard_links += 1;
                    return Ok(());
                }
                if self.link(item, &copy)? { Ok(()) } else { self.make_special(here, name, &source) }
            }
            Claim::First => {
                let made = self.make_special(here, name, &source);
                let waiting = match &made {
                    Ok(()) => self.tree.links.copied(file, item.name()),
                    Err(_) => self.tree.links.failed(file),
                };
                waiting.into_iter().for_each(|name| self.waited(name));
                made
            }
        }
    }

    fn make_special(&mut self, here: Here<'_>, name: &OsStr, source: &Status) -> Result<(), CopyError> {
        let make = |at: At<'_>| platform::make_special(&self.calls, at, source);
        if let Some(at) = self.put(here, name, Operation::CreateSpecial, make)? {
            self.keep_metadata(here, name, at, true)?;
        }
        self.done.special += 1;
        Ok(())
    }

    /// Whether what stands there stays, and says so.
    fn is_kept(&mut self, here: Here<'_>, name: &OsStr, standing: &Standing) -> Result<bool, CopyError> {
        if standing.is_own() {
            let (source, destination) = (self.source_path(here, name), self.destination_path(here, name));
            return Err(CopyError::NameTaken { source, destination });
        }
        let verdict = match standing.verdict(self.options().overwrite) {
            Verdict::NeedsSource => standing.against(&self.look(here, name, false)?),
            verdict => verdict,
        };
        self.done.kept += u64::from(verdict == Verdict::Keep);
        Ok(verdict == Verdict::Keep)
    }

    /// Makes something under its name, or in place of what has it. None where nothing is made.
    fn put<'h>(
        &self,
        here: Here<'h>,
        name: &'h OsStr,
        operation: Operation,
        make: impl Fn(At<'_>) -> io::Result<()>,
    ) -> Result<Option<At<'h>>, CopyError> {
        let Some(at) = here.to(name).filter(|_| !self.tree.is_dry()) else { return Ok(None) };
        let failed = |error| CopyError::io(operation, here.called(self.tree.destination, name), error);
        if here.node.is_fresh() {
            return match make(at) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    Err(self.taken(here, name, name))
                }
                made => made.map(|()| Some(at)).map_err(failed),
            };
        }
        let calls = &self.calls;
        let mut turn = here.node.made.turn();
        match platform::status_at(calls, at, false) {
            Ok(there) if turn.has(&there) => return Err(self.taken(here, name, name)),
            Ok(_) => with_staging_name(at, make).and_then(|(spot, ())| {
                platform::rename(calls, spot.at(), at).inspect_err(|_| remove(spot.at()))
            }),
            Err(_) => make(at),
        }
        .map_err(failed)?;
        turn.add(&platform::status_at(calls, at, false).map_err(failed)?);
        Ok(Some(at))
    }

    /// Another entry has got the name.
    pub(super) fn taken(&self, here: Here<'_>, source: &OsStr, destination: &OsStr) -> CopyError {
        let destination = here.called(self.tree.destination, destination);
        CopyError::NameTaken { source: self.source_path(here, source), destination }
    }

    /// Owner, mode and times of what has no content, where they are kept.
    fn keep_metadata(
        &mut self,
        here: Here<'_>,
        name: &OsStr,
        at: At<'_>,
        has_mode: bool,
    ) -> Result<(), CopyError> {
        if !self.options().each.preserve_metadata || self.tree.is_dry() {
            return Ok(());
        }
        let mut lost = Vec::new();
        let tree = self.tree;
        let calls = &self.calls;
        let failed =
            |operation| move |error| CopyError::io(operation, here.called(tree.destination, name), error);
        let source = self.look(here, name, has_mode && self.is_followed())?;
        let made = platform::status_at(calls, at, false).map_err(failed(Operation::Inspect))?;
        let mut mode = source.mode;
        if made.owner != source.owner
            && let Err(error) = platform::set_owner_at(calls, at, source.owner)
        {
            match error.raw_os_error() {
                Some(errno) if metadata::is_refusal(&error) => {
                    lost.push(NotPreserved { attribute: Attribute::Owner, errno });
                    mode &= !SET_ID;
                }
                _ => return Err(failed(Operation::SetOwner)(error)),
            }
        }
        if has_mode {
            let (mode, without) =
                metadata::preserve_list((here.from(name), self.is_followed()), at, mode, calls);
            lost.extend(without);
            if self.mode_of(at) != Some(mode) {
                platform::set_mode_at(calls, at, mode).map_err(failed(Operation::SetMode))?;
            }
        }
        let Status { accessed, version, .. } = source;
        platform::set_times_at(calls, at, accessed, version.modified).map_err(failed(Operation::SetTimes))?;
        self.done.note_lost(lost, || here.called(tree.destination, name));
        Ok(())
    }

    fn mode_of(&self, at: At<'_>) -> Option<u32> {
        platform::status_at(&self.calls, at, false).ok().map(|status| status.mode)
    }
}
