//! Which zero-copy mechanisms work between two directories, found by copying a scratch file with each.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use crate::attempt::{Ends, Failure};
use crate::error::{CopyError, Operation};
use crate::facts::built_in;
use crate::ladder::{self, Job};
use crate::observe::Watch;
use crate::options::{Compression, Verification};
use crate::outcome::RefusalReason;
use crate::platform::{self, At, Calls, Spot, Volume};
use crate::select::Plan;
use crate::staging::Staging;
use crate::strategy::Mechanism;
use crate::tuning::{FileSystemPair, Values};
use crate::verify::{Claim, Unproven, verify};

/// Large enough that no file system stores it inside its inode, where cloning differs.
const SCRATCH_BYTES: usize = 64 * 1024;

/// What works between two directories.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ZeroCopyCapabilities {
    /// The file systems of the two directories.
    pub pair: FileSystemPair,
    /// Each zero-copy mechanism with what a real copy by it came to, in the order of [`Mechanism::ALL`].
    pub mechanisms: Vec<(Mechanism, Capability)>,
}

/// What a real copy by one mechanism came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Capability {
    /// It copied, and the content was right.
    Works,
    /// The kernel cannot do it here.
    Refused(RefusalReason),
    /// This build has no such mechanism.
    NotBuiltIn,
    /// It claims to have copied, and the content is wrong.
    WrongContent,
}

impl ZeroCopyCapabilities {
    /// The first mechanism of [`Mechanism::ALL`] that works; none where files must be read and written.
    #[must_use]
    pub fn best(&self) -> Option<Mechanism> {
        self.mechanisms.iter().find(|(_, capability)| *capability == Capability::Works).map(|(best, _)| *best)
    }
}

/// Tries each zero-copy mechanism on a scratch file from `source_directory` to `destination_directory`. Nothing is
/// left in either.
///
/// # Errors
/// [`CopyError::Io`] when a scratch file cannot be made, written or read in one of the directories.
pub fn zero_copy_capabilities(
    source_directory: impl AsRef<Path>,
    destination_directory: impl AsRef<Path>,
) -> Result<ZeroCopyCapabilities, CopyError> {
    let calls = &Calls::default();
    let (from, to) = (source_directory.as_ref(), destination_directory.as_ref());
    let source = scratch(from, calls)?;
    write_pattern(source.file()).map_err(|error| CopyError::io(Operation::Write, from, error))?;
    let sample = scratch(to, calls)?;
    let volumes = (volume(source.file(), from, calls)?, volume(sample.file(), to, calls)?);
    let pair = FileSystemPair {
        source: file_system(source.file(), from, calls)?,
        destination: file_system(sample.file(), to, calls)?,
        same_device: volumes.0.device == volumes.1.device,
    };
    let mut mechanisms = Vec::new();
    for mechanism in zero_copy_mechanisms() {
        let destination = scratch(to, calls)?;
        let capability = if built_in().contains(&mechanism) {
            try_one(mechanism, (source.file(), &destination), volumes, to, calls)?
        } else {
            Capability::NotBuiltIn
        };
        mechanisms.push((mechanism, capability));
    }
    Ok(ZeroCopyCapabilities { pair, mechanisms })
}

/// Whether any zero-copy mechanism works between files in the directory for temporary files, found by a real copy.
/// False also where no scratch file can be made there. For a pair of directories ask [`zero_copy_capabilities`].
#[must_use]
pub fn is_zero_copy_available() -> bool {
    let directory = std::env::temp_dir();
    zero_copy_capabilities(&directory, &directory).is_ok_and(|capabilities| capabilities.best().is_some())
}

fn zero_copy_mechanisms() -> impl Iterator<Item = Mechanism> {
    let is_elsewhere =
        |mechanism: Mechanism| mechanism.is_of_one_system() && !platform::MECHANISMS.contains(&mechanism);
    Mechanism::ALL
        .iter()
        .copied()
        .filter(move |mechanism| mechanism.is_zero_copy() && !is_elsewhere(*mechanism))
}

fn scratch(directory: &Path, calls: &Calls) -> Result<Staging, CopyError> {
    let path = directory.join("probe");
    Staging::create_named(calls, At::path(&path), 0o600)
        .map_err(|error| CopyError::io(Operation::CreateStaging, path, error))
}

fn volume(file: &File, directory: &Path, calls: &Calls) -> Result<Volume, CopyError> {
    let status = platform::status(calls, file);
    status.map(|status| status.volume).map_err(|error| CopyError::io(Operation::Inspect, directory, error))
}

fn file_system(file: &File, directory: &Path, calls: &Calls) -> Result<String, CopyError> {
    platform::file_system(calls, file).map_err(|error| CopyError::io(Operation::Inspect, directory, error))
}

fn write_pattern(mut file: &File) -> io::Result<()> {
    // A pattern that repeats at no power of two, so that shifted or repeated pages are seen.
    let pattern: Vec<u8> = (0..=250).cycle().take(SCRATCH_BYTES).collect();
    file.write_all(&pattern)
}

fn try_one(
    mechanism: Mechanism,
    (from, to): (&File, &Staging),
    volumes: (Volume, Volume),
    directory: &Path,
    calls: &Calls,
) -> Result<Capability, CopyError> {
    let size = SCRATCH_BYTES as u64;
    let plan = Plan { rungs: vec![mechanism], omissions: Vec::new(), threads: 1, values: Values::default() };
    let watch = &Watch::new(None, None, size);
    let ends = Ends { from, to: to.file() };
    let job = Job { beside: to.spot().map(Spot::at), ..Job::plain(ends, volumes, size, watch) };
    let climb = ladder::climb(&plan, job, calls)
        .map_err(|failure| CopyError::io(failure.operation, directory, failure.error))?;
    if let Some(refusal) = climb.refusals.first() {
        return Ok(Capability::Refused(refusal.reason));
    }
    // The bytes must be read back even where extents are shared.
    let claim = Claim {
        ends: Ends { from, to: climb.made.as_ref().map_or(to.file(), Staging::file) },
        compression: Compression::None,
        bytes: size,
        length: size,
        is_shared: false,
        may_be_longer: false,
        watch,
    };
    match verify(Verification::Compare, claim, calls) {
        Ok(_) => Ok(Capability::Works),
        Err(Unproven::Mismatch(_)) => Ok(Capability::WrongContent),
        Err(Unproven::Source(Failure { error, .. }) | Unproven::Destination(error)) => {
            Err(CopyError::io(Operation::Read, directory, error))
        }
        Err(Unproven::Sync(error) | Unproven::NoMedium(error)) => {
            Err(CopyError::io(Operation::ReadBack, directory, error))
        }
        Err(Unproven::Cancelled) => Err(CopyError::Cancelled { destination: directory.into() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_answer_for_every_mechanism_and_leave_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let capabilities = zero_copy_capabilities(folder.path(), folder.path()).unwrap();
        let probed: Vec<_> = capabilities.mechanisms.iter().map(|(mechanism, _)| *mechanism).collect();
        assert_eq!(probed, zero_copy_mechanisms().collect::<Vec<_>>());
        assert!(capabilities.pair.same_device);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let built_in = built_in().iter().any(|mechanism| mechanism.is_zero_copy());
        assert_eq!(capabilities.best().is_some(), built_in);
    }

    #[test]
    fn a_directory_that_cannot_be_probed_is_named() {
        let error = zero_copy_capabilities("no/such/place", ".").unwrap_err().to_string();
        assert!(error.contains("no/such/place"), "{error}");
    }
}
