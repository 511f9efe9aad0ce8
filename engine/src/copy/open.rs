//! The file to write to, in a tree with the name that it takes.

use crate::entry::Entry;
use crate::error::{CopyError, Operation};
use crate::inspect::Source;
use crate::placement::{Opening, Target, Way};
use crate::platform::{self, Calls, Number};
use crate::setting::{Made, Setting};

/// The file to write to, and what was noted about it in a tree.
type Opened<'s> = (Target, Option<(&'s Made, Number)>);

/// Opens the file to write to, and takes the name of one that is written in place. Gives what was noted for that.
pub(super) fn open_target<'s>(
    source: &Source<'_>,
    destination: Entry<'_>,
    opening: Opening<'_>,
    setting: Setting<'s>,
    calls: &Calls,
) -> Result<Opened<'s>, CopyError> {
    let Some(made) = setting.made.filter(|_| setting.way == Way::InPlace) else {
        return Ok((Target::open(source, destination, opening, calls)?, None));
    };
    let mut turn = made.turn();
    let target = Target::open(source, destination, opening, calls).map_err(|error| {
        // It may be what another source has made, and no file.
        match platform::status_at(calls, destination.at, false) {
            Ok(there) if turn.has(&there) => taken(source, destination),
            _ => error,
        }
    })?;
    let status = platform::status(calls, target.file())
        .map_err(|error| CopyError::io(Operation::Inspect, destination, error))?;
    // A file with several names may be met in another directory too, where it would be written over.
    let everywhere = setting.written.filter(|_| status.links > 1);
    let made = everywhere.unwrap_or(made);
    let is_first = match everywhere {
        Some(written) => written.turn().add(&status),
        None => turn.add(&status),
    };
    if is_first { Ok((target, Some((made, status.number())))) } else { Err(taken(source, destination)) }
}

/// Another source of the same tree has the name.
pub(super) fn taken(source: &Source<'_>, destination: Entry<'_>) -> CopyError {
    CopyError::NameTaken { source: source.entry.into(), destination: destination.into() }
}
