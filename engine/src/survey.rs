//! What both ends of a copy tell before a byte moves, as facts. Asks the system; chooses nothing and changes nothing.

use std::fs::File;

use crate::entry::Entry;
use crate::error::{CopyError, Operation};
use crate::facts::Facts;
use crate::inspect::Source;
use crate::memory;
use crate::options::CopyOptions;
use crate::platform::{self, Calls, Status};
use crate::select::PIPE_PAYS;
use crate::tuning::FileSystemPair;

/// The two ends, open.
pub(crate) struct Survey<'a> {
    pub(crate) source: &'a Source<'a>,
    /// The new file, or what stands for it as long as there is none: a file or directory on the same mount.
    pub(crate) to: &'a File,
    /// For messages.
    pub(crate) destination: Entry<'a>,
    pub(crate) calls: &'a Calls,
}

impl Survey<'_> {
    /// The facts from which the rungs are chosen. `staged` is the status of the new file.
    pub(crate) fn facts(&self, staged: &Status, options: &CopyOptions) -> Result<Facts, CopyError> {
        let Status { size, allocated, volume, .. } = self.source.status;
        // File systems and processors decide about large files, and by a tuned profile about any.
        let (pair, processors) = if size >= PIPE_PAYS || options.tuning.needs_pair() {
            (Some(self.pair(staged)?), platform::processors())
        } else {
            (None, 1)
        };
        Ok(Facts {
            allocated,
            pair,
            processors,
            refused_before: memory::refusals(volume, staged.volume),
            ..Facts::of_size(size)
        })
    }

    pub(crate) fn pair(&self, staged: &Status) -> Result<FileSystemPair, CopyError> {
        let from = self.source;
        let source = memory::file_system(from.status.volume, || {
            platform::file_system(self.calls, &from.file)
                .map_err(|error| CopyError::io(Operation::Inspect, from.entry, error))
        })?;
        let same_device = from.status.volume.device == staged.volume.device;
        Ok(FileSystemPair { source, destination: self.destination_fs(staged)?, same_device })
    }

    pub(crate) fn destination_fs(&self, staged: &Status) -> Result<String, CopyError> {
        memory::file_system(staged.volume, || {
            platform::file_system(self.calls, self.to)
                .map_err(|error| CopyError::io(Operation::Inspect, self.destination, error))
        })
    }
}
