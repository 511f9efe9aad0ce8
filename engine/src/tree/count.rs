//! Counting a tree while it is copied, for those who want to know how much is left: a dry run of one worker to nowhere.

use std::path::Path;
use std::sync::Arc;
use std::thread::{self, Scope};

use super::meter::Meter;
use super::options::{OnError, Overwrite, TreeOptions};
use super::outcome::TreeOutcome;
use super::plan::Tree;
use super::progress::TreeTotal;
use super::{Copy, LEAST_HELD, root};
use crate::observe::Cancel;
use crate::options::CopyOptions;
use crate::platform::{self, Calls};

/// Where a process may open no more files than these, all are left to the copy.
const ENOUGH_DESCRIPTORS: u64 = 64;

/// A count that can be begun, and ends when this is dropped.
pub(super) struct Counter<'a> {
    source: &'a Path,
    options: TreeOptions,
    stop: Cancel,
}

impl<'a> Tree<'a> {
    /// None where nobody wants to know.
    pub(super) fn counter(&self) -> Option<Counter<'a>> {
        let TreeOptions { counted_ahead, observer, .. } = self.options;
        let is_wanted = *counted_ahead && observer.is_some();
        let enough =
            || platform::descriptors_left(&Calls::default()).is_none_or(|left| left > ENOUGH_DESCRIPTORS);
        (is_wanted && enough()).then(|| {
            let options = TreeOptions {
                each: CopyOptions { cancel: None, ..self.options.each.clone() },
                overwrite: Overwrite::Always,
                on_error: OnError::Continue,
                dry_run: true,
                counted_ahead: false,
                observer: None,
                ..self.options.clone()
            };
            Counter { source: self.source, options, stop: Cancel::new() }
        })
    }
}

/// Ends a count that nobody needs any more.
pub(super) struct Counting<'a>(&'a Cancel);

impl Drop for Counting<'_> {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl Counter<'_> {
    /// Counts on a thread of its own until the result is dropped, and tells `meter` the total.
    pub(super) fn begin<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        meter: &Arc<Meter>,
    ) -> Counting<'scope> {
        let meter = Arc::clone(meter);
        // Without a thread to be had, the total stays unknown.
        let _ = thread::Builder::new().spawn_scoped(scope, move || {
            if let Some(total) = self.count() {
                meter.know(total);
            }
        });
        Counting(&self.stop)
    }

    fn count(&self) -> Option<TreeTotal> {
        let calls = Calls::default();
        let from = root::open_source(self.source, &calls).ok()?;
        let held = usize::try_from(LEAST_HELD * 2).unwrap_or(usize::MAX);
        let tree =
            Tree { stop: self.stop.clone(), ..Tree::new(self.source, Path::new(""), &self.options, held) };
        let mut counted = TreeOutcome::default();
        // What cannot be entered is not counted.
        let _ = Copy { tree, from, existing: None, workers: 1, calls }.run(&mut counted);
        let files = counted.files + counted.hard_links;
        (!self.stop.is_cancelled()).then_some(TreeTotal { files, bytes: counted.bytes })
    }
}
