//! Mechanisms of the system that take names and make the new file themselves, whole, in one call. They get a staging name of
//! their own beside the destination.

use std::fs::File;
use std::io;
use std::ops::ControlFlow;

use super::{Step, Task};
use crate::observe::Watch;
use crate::platform::{self, At, Calls, Spot};
use crate::staging::{Staging, with_staging_name};

/// What the system is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Make {
    /// A file that shares the extents of the source.
    Clone,
    Copy,
}

#[derive(Debug)]
pub(crate) struct NewFile {
    what: Make,
    beside: Spot,
    made: Option<Staging>,
}

impl NewFile {
    /// Refused where the file that there is must be written.
    pub(super) fn new(what: Make, task: Task<'_>) -> io::Result<Self> {
        let beside = task.beside.ok_or_else(platform::unsupported)?;
        Ok(Self { what, beside: beside.to_spot(), made: None })
    }

    /// The system tells how far it is while it copies, and is told to end where the caller wants no more.
    pub(super) fn step(
        &mut self,
        from: &File,
        offset: u64,
        watch: &Watch<'_>,
        calls: &Calls,
    ) -> io::Result<Step> {
        if offset > 0 {
            // What another mechanism has moved is in another file.
            return Err(platform::unsupported());
        }
        let mut told = |bytes| {
            watch.reached(bytes);
            watch.advance(0);
            if watch.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let make = |at: At<'_>| match self.what {
            Make::Clone => platform::clone_new(calls, from, at).map(Some),
            Make::Copy => platform::copy_new(calls, from, at, &mut told),
        };
        let (spot, file) = with_staging_name(self.beside.at(), make)?;
        // That the caller wants no more is for the loop to find.
        let file = file.ok_or(io::ErrorKind::Interrupted)?;
        self.made = Some(Staging::made(spot, file));
        Ok(Step::Whole)
    }

    pub(super) fn made(self) -> Option<Staging> {
        self.made
    }
}
