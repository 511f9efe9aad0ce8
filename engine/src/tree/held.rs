//! Directories that are held open, no more than the process may have: those that were opened first are closed, and opened
//! again, by their children or from the root, when they are needed. Believes no name: what is opened again must be what it
//! was.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::node::{Identity, Node, identity};
use crate::platform::{self, At, Calls, Directory};

/// A directory of the source, and the one of the copy where there is any.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) from: Directory,
    pub(super) to: Option<Directory>,
}

/// The directories that are open.
#[derive(Debug)]
pub(super) struct Held {
    most: usize,
    /// In the order in which they were opened.
    opened: Mutex<VecDeque<Weak<Node>>>,
    /// Whether symbolic links lead to directories of the tree.
    follows: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Held {
    pub(super) fn new(most: usize, follows: bool) -> Self {
        Self { most, opened: Mutex::new(VecDeque::new()), follows }
    }

    /// Keeps the directories of `node` open, and closes others that nobody uses.
    pub(super) fn keep(&self, node: &Arc<Node>, pair: &Arc<Pair>) {
        *lock(&node.open) = Some(Arc::clone(pair));
        let mut closed = Vec::new();
        let mut opened = lock(&self.opened);
        opened.push_back(Arc::downgrade(node));
        for _ in self.most..opened.len() {
            let Some(oldest) = opened.pop_front() else { break };
            let Some(node) = oldest.upgrade() else { continue };
            let is_used = lock(&node.open).as_ref().is_some_and(|pair| Arc::strong_count(pair) > 1);
            if is_used || node.parent.is_none() {
                opened.push_back(oldest);
            } else {
                closed.push(lock(&node.open).take());
            }
        }
        drop(opened);
        drop(closed);
    }

    /// The directories of `node`, opened again where they were closed.
    pub(super) fn get(&self, node: &Arc<Node>, calls: &Calls) -> io::Result<Arc<Pair>> {
        let mut way = Vec::new();
        let mut pair = None;
        for node in node.chain() {
            if let Some(open) = lock(&node.open).clone() {
                pair = Some(open);
                break;
            }
            way.push(node);
        }
        // The root is always open.
        let mut pair = pair.ok_or(io::ErrorKind::NotFound)?;
        if way.is_empty() {
            return Ok(pair);
        }
        for node in way.iter().rev() {
            let of_source = At { directory: &pair.from, path: Path::new(&node.name) };
            let from = checked(
                platform::open_listed(calls, of_source, self.follows)?,
                identity(&node.source),
                calls,
            )?;
            let to = match (&pair.to, &node.landing) {
                (Some(to), Some(landing)) => {
                    let open = |name| {
                        platform::open_filled(calls, At { directory: to, path: Path::new(name) }, false)
                    };
                    let to = match open(node.current_name()) {
                        // Another worker gives it its name just now.
                        Err(error) if error.kind() == io::ErrorKind::NotFound => open(&node.name),
                        opened => opened,
                    }?;
                    Some(checked(to, identity(&landing.status), calls)?)
                }
                _ => None,
            };
            pair = Arc::new(Pair { from, to });
        }
        self.keep(node, &pair);
        Ok(pair)
    }

    /// Closes the directories of `child`, and before that opens those of its parent by them, where they were closed: one
    /// step, however deep.
    pub(super) fn leave(&self, child: &Node, pair: &Pair, calls: &Calls) {
        lock(&child.open).take();
        let Some(parent) = &child.parent else { return };
        if lock(&parent.open).is_some() {
            return;
        }
        // Where a link led there, or something was moved, it is opened from the root instead.
        if let Ok(pair) = by_child(parent, pair, calls) {
            self.keep(parent, &Arc::new(pair));
        }
    }
}

fn by_child(parent: &Node, child: &Pair, calls: &Calls) -> io::Result<Pair> {
    let above = |directory| At { directory, path: Path::new("..") };
    let from = platform::open_listed(calls, above(&child.from), false)?;
    let from = checked(from, identity(&parent.source), calls)?;
    let to = match (&child.to, &parent.landing) {
        (Some(to), Some(landing)) => {
            let to = platform::open_filled(calls, above(to), false)?;
            Some(checked(to, identity(&landing.status), calls)?)
        }
        _ => None,
    };
    Ok(Pair { from, to })
}

/// Fails where it is not the directory that it was.
fn checked(directory: Directory, expected: Identity, calls: &Calls) -> io::Result<Directory> {
    let file = directory.file().ok_or(io::ErrorKind::NotFound)?;
    if identity(&platform::status(calls, file)?) == expected {
        return Ok(directory);
    }
    let what = "another directory stands there than when it was entered";
    Err(io::Error::new(io::ErrorKind::NotFound, what))
}
