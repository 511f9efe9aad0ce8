//! One regular file of a tree: whether what stands there is kept, whether it is a further name of a file that was copied, or
//! is to be copied.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use super::links::{Claim, Linked, Name};
use super::node::{Called, Identity, identity};
use super::standing::{Standing, Verdict};
use super::worker::{Here, Worker};
use crate::entry::Entry;
use crate::error::CopyError;
use crate::inspect::Source;
use crate::options::Compression;
use crate::platform::Status;

/// What the name of a compressed file ends in.
const SUFFIX: &[u8] = b".zst";

/// A file that is to be copied.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    pub(super) here: Here<'a>,
    /// Its name in the source.
    pub(super) source: &'a OsStr,
    /// The name of the copy.
    pub(super) destination: &'a OsStr,
    pub(super) from: Entry<'a>,
    pub(super) standing: &'a Standing,
    /// Whether the content is compressed or decompressed on its way.
    pub(super) is_changed: bool,
}

/// Whether a file is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settled {
    Now,
    /// When another worker has copied it under another name.
    Later,
}

impl Item<'_> {
    /// Its names, to be kept.
    pub(super) fn name(self) -> Name {
        let Self { here, source, destination, .. } = self;
        Name { node: Arc::clone(here.node), source: source.into(), destination: destination.into() }
    }
}

impl Worker<'_> {
    /// Copies, links or keeps the regular file `source`.
    pub(super) fn file(&mut self, here: Here<'_>, source: &OsStr) -> Result<(), CopyError> {
        let done = self.settle(here, source);
        if matches!(done, Ok(Settled::Later)) {
            return Ok(());
        }
        self.tree.meter.file();
        done.map(|_| ())
    }

    fn settle(&mut self, here: Here<'_>, source: &OsStr) -> Result<Settled, CopyError> {
        let (destination, is_changed) = self.new_name(source);
        let standing = &self.standing(here, &destination)?;
        let called = Called { root: self.tree.source, node: here.node };
        let from = Entry::below(&called, here.from(source));
        let item = Item { here, source, destination: &destination, from, standing, is_changed };
        if self.tree.is_dry() { self.count(item) } else { self.one(item) }
    }

    /// Copies a file that could not be copied with others, and was counted already.
    pub(super) fn again(&mut self, here: Here<'_>, source: &OsStr) -> Result<(), CopyError> {
        self.settle(here, source).map(|_| ())
    }

    /// What the copy is called, and whether it is compressed or decompressed on its way.
    fn new_name<'n>(&self, name: &'n OsStr) -> (Cow<'n, OsStr>, bool) {
        match self.options().each.compression {
            Compression::None => (name.into(), false),
            Compression::Zstd(_) => {
                let mut longer = name.to_os_string();
                longer.push(".zst");
                (longer.into(), true)
            }
            Compression::Decompress => {
                let stem = Path::new(name).file_stem().filter(|stem| {
                    name.as_encoded_bytes().strip_prefix(stem.as_encoded_bytes()) == Some(SUFFIX)
                });
                stem.map_or((name.into(), false), |stem| (stem.into(), true))
            }
        }
    }

    fn one(&mut self, item: Item<'_>) -> Result<Settled, CopyError> {
        let Item { here, source: name, from, standing, .. } = item;
        let verdict = match standing.verdict(self.options().overwrite) {
            Verdict::NeedsSource => standing.against(&self.look(here, name, self.is_followed())?),
            verdict => verdict,
        };
        if verdict == Verdict::Keep {
            let size = self.look(here, name, self.is_followed()).map_or(0, |source| source.size);
            self.kept(standing.content_size(item.is_changed, size, self.options()));
            return Ok(Settled::Now);
        }
        // What cannot be opened is told by the copy, which may try again.
        let source = Source::open(from, self.is_followed(), &self.calls).ok();
        let several = match &source {
            Some(source) => self.several(&source.status),
            None => self.look(here, name, self.is_followed()).ok().and_then(|status| self.several(&status)),
        };
        match several {
            Some((file, links)) => self.one_of_several(item, source, (file, item.is_changed), links),
            _ => {
                let left = match source {
                    Some(source) => self.small(item, source).map(Some),
                    None => Some(None),
                };
                left.map_or(Ok(()), |source| self.content(item, source)).map(|()| Settled::Now)
            }
        }
    }

    /// Which file it is, and how many names are to be met, where there are several. Where links are followed, a file is met
    /// under theirs too, and nobody knows how often.
    pub(super) fn several(&self, source: &Status) -> Option<(Identity, u64)> {
        let links = if self.is_followed() { u64::MAX } else { source.links };
        (source.links > 1).then(|| (identity(source), links))
    }

    /// A file of which the source has further names.
    fn one_of_several(
        &mut self,
        item: Item<'_>,
        source: Option<Source<'_>>,
        file: Linked,
        links: u64,
    ) -> Result<Settled, CopyError> {
        match self.tree.links.claim(file, links, || item.name()) {
            Claim::Waits => {
                self.close(source);
                Ok(Settled::Later)
            }
            Claim::Copied(copy) => {
                if self.link(item, &copy)? {
                    self.close(source);
                } else {
                    self.content(item, source)?;
                }
                Ok(Settled::Now)
            }
            Claim::First => {
                let done = self.content(item, source);
                let waiting = match &done {
                    Ok(()) => self.tree.links.copied(file, item.name()),
                    Err(_) => self.tree.links.failed(file),
                };
                waiting.into_iter().for_each(|name| self.waited(name));
                done.map(|()| Settled::Now)
            }
        }
    }

    fn close(&self, source: Option<Source<'_>>) {
        if let Some(source) = source {
            source.close(&self.calls);
        }
    }

    /// What stands there stays, of a source of `size` bytes.
    pub(super) fn kept(&mut self, size: u64) {
        self.done.kept += 1;
        self.done.kept_bytes += size;
        self.tree.meter.add(size, size);
    }

    /// Says what would be done.
    fn count(&mut self, item: Item<'_>) -> Result<Settled, CopyError> {
        let Item { here, source: name, standing, .. } = item;
        let source = self.look(here, name, self.is_followed())?;
        let verdict = match standing.verdict(self.options().overwrite) {
            Verdict::NeedsSource => standing.against(&source),
            verdict => verdict,
        };
        if verdict == Verdict::Keep {
            self.kept(standing.content_size(item.is_changed, source.size, self.options()));
            return Ok(Settled::Now);
        }
        if let Some((file, links)) = self.several(&source) {
            let file = (file, item.is_changed);
            match self.tree.links.claim(file, links, || item.name()) {
                Claim::Waits => return Ok(Settled::Later),
                Claim::Copied(_) => {
                    self.done.hard_links += 1;
                    return Ok(Settled::Now);
                }
                Claim::First => {
                    let waiting = self.tree.links.copied(file, item.name());
                    waiting.into_iter().for_each(|name| self.waited(name));
                }
            }
        }
        if self.is_finished(&source, standing) {
            self.kept(standing.content_size(item.is_changed, source.size, self.options()));
            return Ok(Settled::Now);
        }
        self.done.files += 1;
        self.done.bytes += source.size;
        self.tree.meter.add(source.size, 0);
        Ok(Settled::Now)
    }
}
