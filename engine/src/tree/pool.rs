//! The work that is left, shared by the workers. Holds directories that are known and not entered, deepest first, and names
//! that a worker has given away because another one had nothing to do. Knows nothing of how anything is copied.

use std::ffi::OsString;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::held::Pair;
use super::names::Names;
use super::node::Node;

/// A piece of work.
pub(super) enum Work {
    /// Names in a directory that is open.
    Names(Arc<Node>, Arc<Pair>, Names),
    /// A directory to enter.
    Directory(Arc<Node>, OsString),
    /// All directories below this one have been given away.
    NoMore(Arc<Node>),
}

#[derive(Default)]
struct State {
    given: Vec<(Arc<Node>, Arc<Pair>, Names)>,
    /// Directories below others that are not entered yet. The last ones come first, so that no more are known than stand
    /// beside the ways from the root to the workers.
    directories: Vec<(Arc<Node>, Names)>,
    idle: u32,
    is_done: bool,
}

/// What is left to do.
#[derive(Default)]
pub(super) struct Pool {
    state: Mutex<State>,
    changed: Condvar,
    /// Whether a worker waits and nothing is there for it.
    hungry: AtomicBool,
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A worker that panics ends the copy; the others must still end.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether another worker would take some of what this one has.
    pub(super) fn is_hungry(&self) -> bool {
        self.hungry.load(Ordering::Relaxed)
    }

    /// Other workers are about to come: what the first one finds is shared before it is busy with a file that takes long.
    pub(super) fn expect_others(&self) {
        self.hungry.store(true, Ordering::Relaxed);
    }

    /// Names for a worker that waits.
    pub(super) fn give(&self, node: Arc<Node>, pair: Arc<Pair>, names: Names) {
        let mut state = self.lock();
        state.given.push((node, pair, names));
        self.hungry.store(false, Ordering::Relaxed);
        drop(state);
        self.changed.notify_one();
    }

    /// Directories below `node` to be entered by whoever comes first.
    pub(super) fn add(&self, node: Arc<Node>, names: Names) {
        let mut state = self.lock();
        let count = names.len();
        state.directories.push((node, names));
        self.hungry.store(false, Ordering::Relaxed);
        let waiting = state.idle > 0;
        drop(state);
        match (waiting, count) {
            (false, _) => {}
            (true, 1) => self.changed.notify_one(),
            (true, _) => self.changed.notify_all(),
        }
    }

    /// The next piece of work, waited for; none when the whole tree is done.
    pub(super) fn take(&self) -> Option<Work> {
        let mut state = self.lock();
        loop {
            if let Some(work) = state.next() {
                let empty = state.given.is_empty() && state.directories.is_empty();
                self.hungry.store(empty && state.idle > 0, Ordering::Relaxed);
                return Some(work);
            }
            if state.is_done {
                return None;
            }
            state.idle += 1;
            self.hungry.store(true, Ordering::Relaxed);
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }

    /// The root is finished: nobody waits any more.
    pub(super) fn end(&self) {
        self.lock().is_done = true;
        self.changed.notify_all();
    }
}

impl State {
    fn next(&mut self) -> Option<Work> {
        if let Some((node, pair, names)) = self.given.pop() {
            return Some(Work::Names(node, pair, names));
        }
        let (node, names) = self.directories.last_mut()?;
        if let Some((name, _)) = names.next() {
            // Before another worker finds that none is left.
            node.hold();
            return Some(Work::Directory(Arc::clone(node), name.into_owned()));
        }
        self.directories.pop().map(|(node, _)| Work::NoMore(node))
    }
}
