//! Further names of a file that was copied: hard links at the destination.

use std::io;

use super::directory::folds_case;
use super::file::Item;
use super::links::Name;
use super::node::identity;
use super::worker::{Here, Worker};
use crate::error::{CopyError, Operation};
use crate::options::Placement;
use crate::outcome::{Attribute, NotPreserved};
use crate::partial;
use crate::platform::{self, At};
use crate::setting::Turn;
use crate::staging::{remove, with_staging_name};

impl Worker<'_> {
    /// Gives the file that was copied under the name `copy` a further one; false where only a copy of its own will do.
    pub(super) fn link(&mut self, item: Item<'_>, copy: &Name) -> Result<bool, CopyError> {
        let Item { here, destination: name, .. } = item;
        let calls = &self.calls;
        let failed = |error| {
            let path = here.called(self.tree.destination, name);
            CopyError::io(Operation::CreateHardLink, path, error)
        };
        let first = self.tree.held.get(&copy.node, calls).map_err(failed)?;
        let first = Here { node: &copy.node, pair: &first };
        let (Some(from), Some(to)) = (first.to(&copy.destination), here.to(name)) else {
            return Ok(false);
        };
        let mut turn = (!here.node.is_fresh()).then(|| here.node.made.turn());
        let linked = match platform::hard_link(calls, from, to) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.replace(item, from, to, turn.as_ref())?
            }
            linked => linked,
        };
        match linked {
            Ok(()) => {
                // Its other names are no clash with it.
                if let Some(turn) = &mut turn
                    && folds_case(&to.to_spot(), calls)
                {
                    turn.add(&platform::status_at(calls, from, false).map_err(failed)?);
                }
                if self.options().each.placement == Placement::Resumable {
                    partial::remove_left(to, u64::MAX, calls);
                }
                self.done.hard_links += 1;
                Ok(true)
            }
            Err(error) => {
                let Some(errno) = error.raw_os_error().filter(|_| cannot_link(&error)) else {
                    return Err(failed(error));
                };
                let (root, attribute) = (self.tree.destination, Attribute::HardLink);
                self.done.note_lost(vec![NotPreserved { attribute, errno }], || here.called(root, name));
                Ok(false)
            }
        }
    }

    /// Something has the name: the file itself by an earlier copy, or what is to be replaced.
    fn replace(
        &self,
        item: Item<'_>,
        from: At<'_>,
        to: At<'_>,
        turn: Option<&Turn<'_>>,
    ) -> Result<io::Result<()>, CopyError> {
        let calls = &self.calls;
        let (there, copied) =
            match (platform::status_at(calls, to, false), platform::status_at(calls, from, false)) {
                (Ok(there), Ok(copied)) => (there, copied),
                (Err(error), _) | (_, Err(error)) => return Ok(Err(error)),
            };
        // A rename onto another name of the same file would do nothing.
        if identity(&there) == identity(&copied) {
            return Ok(Ok(()));
        }
        if turn.is_none_or(|turn| turn.has(&there)) {
            return Err(self.taken(item.here, item.source, item.destination));
        }
        let staged = with_staging_name(to, |at| platform::hard_link(calls, from, at));
        Ok(staged
            .and_then(|(spot, ())| platform::rename(calls, spot.at(), to).inspect_err(|_| remove(spot.at()))))
    }
}

/// How Linux says that a file system has no further names.
const NOT_PERMITTED: i32 = 1;

/// Too many names, another mount, a file system without further names, or a copy that is not there any more.
fn cannot_link(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(error.kind(), Kind::TooManyLinks | Kind::CrossesDevices | Kind::Unsupported | Kind::NotFound)
        || error.raw_os_error() == Some(NOT_PERMITTED)
}
