//! Which files have several names in the source, so that the copy has them too. Remembers only those, and each only until
//! all of its names were met.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::OsString;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::node::{Identity, Node};

/// A name at the destination, and the one in the source that it comes from.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub(super) node: Arc<Node>,
    pub(super) source: OsString,
    pub(super) destination: OsString,
}

/// A file with several names, and whether its content is changed on the way under this name: only names of one content can
/// be links of each other.
pub(super) type Linked = (Identity, bool);

/// What is to be done for a name of a file with several.
#[derive(Debug)]
pub(super) enum Claim {
    /// It is the first one: copy the file, and tell how that went.
    First,
    /// The file was copied under this name.
    Copied(Name),
    /// Another worker copies the file, and gets this name to link.
    Waits,
}

#[derive(Debug)]
enum State {
    UnderWay(Vec<Name>),
    Copied(Name),
}

/// Files with several names.
#[derive(Debug, Default)]
pub(super) struct Links(Mutex<HashMap<Linked, (State, u64)>>);

impl Links {
    fn lock(&self) -> MutexGuard<'_, HashMap<Linked, (State, u64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A name of the file `file`, which has `links`, was met.
    pub(super) fn claim(&self, file: Linked, links: u64, name: impl FnOnce() -> Name) -> Claim {
        let mut files = self.lock();
        match files.entry(file) {
            Entry::Vacant(vacant) => {
                vacant.insert((State::UnderWay(Vec::new()), links.saturating_sub(1)));
                Claim::First
            }
            Entry::Occupied(mut occupied) => {
                let (state, left) = occupied.get_mut();
                match state {
                    // It comes again when the file is copied, and counts then.
                    State::UnderWay(waiting) => {
                        let name = name();
                        name.node.hold();
                        waiting.push(name);
                        Claim::Waits
                    }
                    State::Copied(copy) => {
                        *left = left.saturating_sub(1);
                        let copy = copy.clone();
                        if *left == 0 {
                            occupied.remove();
                        }
                        Claim::Copied(copy)
                    }
                }
            }
        }
    }

    /// The file was copied under this name; gives the names that wait for it.
    pub(super) fn copied(&self, file: Linked, name: Name) -> Vec<Name> {
        let mut files = self.lock();
        let Some((state, left)) = files.get_mut(&file) else { return Vec::new() };
        let was = std::mem::replace(state, State::Copied(name));
        if *left == 0 {
            files.remove(&file);
        }
        match was {
            State::UnderWay(waiting) => waiting,
            State::Copied(_) => Vec::new(),
        }
    }

    /// The file was not copied under the name that was first; gives the names that wait, which are each on their own.
    pub(super) fn failed(&self, file: Linked) -> Vec<Name> {
        match self.lock().remove(&file) {
            Some((State::UnderWay(waiting), _)) => waiting,
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::{Calls, status};
    use crate::tree::small::Small;

    fn name(name: &str) -> Name {
        let status = status(&Calls::default(), &tempfile::tempfile().unwrap()).unwrap();
        let node = Arc::new(Node::new(None, OsString::new(), status, None, Small::NONE));
        Name { node, source: name.into(), destination: name.into() }
    }

    fn waiting(names: &[Name]) -> Vec<&str> {
        names.iter().filter_map(|name| name.source.to_str()).collect()
    }

    #[test]
    fn names_wait_for_the_first_and_later_ones_get_it() {
        let (links, file) = (Links::default(), ((1, 2), false));
        let [one, two, three] = ["one", "two", "three"].map(name);
        assert!(matches!(links.claim(file, 3, || one.clone()), Claim::First));
        assert!(matches!(links.claim(file, 3, || two.clone()), Claim::Waits));
        assert_eq!(waiting(&links.copied(file, one.clone())), ["two"]);
        assert!(matches!(links.claim(file, 3, || two.clone()), Claim::Copied(copy) if copy.source == "one"));
        assert!(
            matches!(links.claim(file, 3, || three.clone()), Claim::Copied(copy) if copy.source == "one")
        );
        // All of its names were met.
        assert!(links.lock().is_empty());
    }

    #[test]
    fn behind_a_failure_the_next_name_is_the_first() {
        let (links, file) = (Links::default(), ((1, 2), false));
        let [one, two] = ["one", "two"].map(name);
        assert!(matches!(links.claim(file, 2, || one.clone()), Claim::First));
        assert!(matches!(links.claim(file, 2, || two.clone()), Claim::Waits));
        assert_eq!(waiting(&links.failed(file)), ["two"]);
        assert!(matches!(links.claim(file, 2, || two.clone()), Claim::First));
    }
}
