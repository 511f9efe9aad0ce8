//! Small files in a directory that nobody else knows: read once and written once under their names, by eight system calls
//! and a buffer that is kept; or their extents are shared, by seven. Does only what is plain; whatever is not as expected
//! is left to the steps of one copy, which know what to do and what to say.

use std::fs::File;
use std::io;
use std::sync::atomic::Ordering;

use super::file::Item;
use super::node::Landing;
use super::plan::{Circumstances, Roots, Tree};
use super::worker::Worker;
use crate::facts::Facts;
use crate::inspect::Source;
use crate::memory;
use crate::options::{Durability, Placement, Sparse, Verification};
use crate::platform::{self, At, Calls, Directory, PERMISSIONS, Status};
use crate::select::select;
use crate::staging::remove;
use crate::strategy::Mechanism;
use crate::tuning::FileSystemPair;

/// No file is small from this size on.
pub(super) const MOST_SMALL: u64 = 256 * 1024;

/// Sharing the extents of so little takes a moment, whoever waits.
const MOST_SHARED: u64 = 1024 * 1024;

/// Sizes that are asked for, to find where one way ends and the other begins.
const SIZES: [u64; 8] = [1, 4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10, 128 << 10, MOST_SMALL];

/// Which files of a directory are moved in one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Small {
    /// Below this size they are read once and written once.
    pub(super) written_below: u64,
    /// From this size on they share their extents.
    pub(super) shared_from: u64,
}

impl Small {
    /// None are.
    pub(super) const NONE: Self = Self { written_below: 0, shared_from: u64::MAX };

    fn way(self, status: &Status) -> Option<Mechanism> {
        let size = status.size;
        if (1..self.written_below).contains(&size) && size <= status.allocated {
            return Some(Mechanism::ReadWrite);
        }
        (self.shared_from..MOST_SHARED).contains(&size).then_some(Mechanism::Reflink)
    }
}

impl Tree<'_> {
    /// Which files are small in a directory of these two ends.
    pub(super) fn small(
        &self,
        (from, source): (&Directory, &Status),
        to: Option<(&Directory, &Landing)>,
        calls: &Calls,
    ) -> Small {
        let Some((to, landing)) = to.filter(|(_, landing)| landing.is_fresh) else { return Small::NONE };
        let circumstances = Circumstances { is_changed: false, is_alone: false, is_small: true };
        let options = self.each.of(circumstances);
        let asks_for_more = self.options.each.compression != options.compression
            || options.preserve_metadata
            || options.sparse == Sparse::Always
            || options.verification != Verification::None
            || options.durability != Durability::None
            || options.pace.is_some();
        if asks_for_more {
            return Small::NONE;
        }
        let Ok(pair) = self.pair_at((from, source), (to, &landing.status), calls) else { return Small::NONE };
        let refused_before = memory::refusals(source.volume, landing.status.volume);
        let rungs = |size: u64| {
            let (pair, refused_before) = (pair.clone(), refused_before.clone());
            select(&Facts { pair, refused_before, ..Facts::of_size(size) }, options).rungs
        };
        let written = |size: &&u64| rungs(**size - 1) == [Mechanism::ReadWrite];
        let shared = |size: &&u64| rungs(**size).first() == Some(&Mechanism::Reflink);
        Small {
            written_below: SIZES[1..].iter().rev().find(written).copied().unwrap_or(0),
            shared_from: SIZES.iter().find(shared).copied().unwrap_or(u64::MAX),
        }
    }
}

type End<'a> = (&'a Directory, &'a Status);

impl Tree<'_> {
    /// The file systems of two directories, where anything depends on them: those of the roots, unless something else is
    /// mounted there.
    fn pair_at(&self, from: End<'_>, to: End<'_>, calls: &Calls) -> io::Result<Option<FileSystemPair>> {
        let Some(Roots { pair, volumes }) = &self.roots else { return Ok(None) };
        let (source, destination) = (from.1.volume, to.1.volume);
        if (source, destination) == *volumes {
            return Ok(Some(pair.clone()));
        }
        let name = |(directory, Status { volume, .. }): End<'_>| {
            memory::file_system(*volume, || {
                platform::file_system(calls, directory.file().ok_or(io::ErrorKind::NotFound)?)
            })
        };
        Ok(Some(FileSystemPair {
            source: name(from)?,
            destination: name(to)?,
            same_device: source.device == destination.device,
        }))
    }
}

impl Worker<'_> {
    /// Copies a file that is small and plain; gives it back where it is not, with nothing changed.
    pub(super) fn small<'s>(&mut self, item: Item<'_>, source: Source<'s>) -> Option<Source<'s>> {
        let Some(mechanism) = item.here.node.small.way(&source.status) else { return Some(source) };
        if self.batch.rests {
            return Some(source);
        }
        let bits = source.status.mode & PERMISSIONS;
        let has_its_mode = self.options().each.placement == Placement::InPlace
            || item.here.node.umask().is_some_and(|umask| bits & umask == 0);
        let shares = mechanism == Mechanism::Reflink;
        if !has_its_mode || (shares && self.tree.cannot_share.load(Ordering::Relaxed)) {
            return Some(source);
        }
        if !shares && self.is_batched(item.here) {
            return self.read_for_later(item, source, bits);
        }
        let is_done =
            if shares { self.shared(item, &source, bits) } else { self.written(item, &source, bits) };
        if !is_done {
            return Some(source);
        }
        let size = source.status.size;
        source.close(&self.calls);
        self.done.note_small(mechanism, size);
        self.tree.meter.add(size, 0);
        None
    }

    /// Whether the whole file is at the destination now, read once and written once; nothing is where it is not.
    fn written(&mut self, item: Item<'_>, source: &Source<'_>, mode: u32) -> bool {
        let Self { calls, buffer, .. } = self;
        let Ok(size) = usize::try_from(source.status.size) else { return false };
        // One byte more shows a file that grew.
        let read = platform::read_at(calls, &source.file, &mut buffer[..=size], 0);
        if !read.is_ok_and(|read| read == size) {
            return false;
        }
        let made = item.here.to(item.destination).zip(create(item, mode, calls));
        made.is_some_and(|(at, file)| self.fill_by_buffer(file, at, 0..size, source))
    }

    /// As [`Self::written`], by sharing the extents.
    fn shared(&self, item: Item<'_>, source: &Source<'_>, mode: u32) -> bool {
        let calls = &self.calls;
        let share = |file: &File| {
            let shared = platform::reflink(calls, &source.file, file).is_ok();
            // Why not, and for which files, finds out who can do something else.
            self.tree.cannot_share.fetch_or(!shared, Ordering::Relaxed);
            shared
        };
        let made = item.here.to(item.destination).zip(create(item, mode, calls));
        made.is_some_and(|(at, file)| fill_and_close(file, at, source, share, calls))
    }
}

fn create(item: Item<'_>, mode: u32, calls: &Calls) -> Option<File> {
    platform::create_exclusive(calls, item.here.to(item.destination)?, mode).ok()
}

/// Whether a new file was filled, of a source that did not change meanwhile. No file is left where that failed.
pub(super) fn fill_and_close(
    file: File,
    at: At<'_>,
    source: &Source<'_>,
    fill: impl FnOnce(&File) -> bool,
    calls: &Calls,
) -> bool {
    let is_whole = fill(&file) && source.has_changed(calls).is_ok_and(|has_changed| !has_changed);
    let is_closed = platform::close(calls, file).is_ok();
    if !is_whole || !is_closed {
        calls.count();
        remove(at);
    }
    is_whole && is_closed
}
