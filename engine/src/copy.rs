//! One copy, told in one screen: inspect, select, ladder, finish, report.

use std::path::{Path, PathBuf};

use crate::attempt::{Ends, Failure};
use crate::error::{CopyError, Operation};
use crate::facts::Facts;
use crate::inspect::{Source, resolve};
use crate::ladder::{self, Climb, Volumes};
use crate::options::{CopyOptions, Durability};
use crate::outcome::{CopyOutcome, Verified};
use crate::platform::{self, Calls, Status};
use crate::select::{Plan, select};
use crate::staging::Staging;
use crate::strategy::Mechanism;
use crate::tuning::FileSystemPair;
use crate::verify::{Unproven, verify};

/// Copies the regular file `source` to `destination`, content and permission bits.
///
/// `destination` names the new file, not a directory to put it in. A file that stands there is replaced in one
/// instant when the copy is whole, and stays as it is when the copy fails; a symbolic link there is followed.
///
/// # What is not kept
/// The new file belongs to this process, has the source's permission bits whatever the umask (without set-user-id,
/// set-group-id and sticky), and its own times; extended attributes and ACLs are not copied. A file that was replaced
/// loses its owner and its mode, and its other hard links keep the old content. Holes are read as zeros and take space
/// at the destination, except where extents are shared. The directory must be writable, also to replace a file.
///
/// # Errors
/// [`CopyError`], with path, operation and the system's error. No staging file is left.
///
/// ```
/// use orbit_engine::{CopyOptions, copy_file};
/// # let folder = tempfile::tempdir()?;
/// # let (source, destination) = (folder.path().join("a"), folder.path().join("b"));
/// std::fs::write(&source, "content")?;
/// let outcome = copy_file(&source, &destination, &CopyOptions::new())?;
/// assert_eq!(outcome.bytes, 7);
/// assert_eq!(std::fs::read(&destination)?, b"content");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn copy_file(
    source: impl AsRef<Path>,
    destination: impl AsRef<Path>,
    options: &CopyOptions,
) -> Result<CopyOutcome, CopyError> {
    let calls = &Calls::default();
    let (source, destination) = (source.as_ref(), destination.as_ref());
    let source = Source::open(source, calls)?;
    let target = resolve(&source, destination, calls)?;
    let staging = Staging::create(calls, &target, source.status.mode)
        .map_err(|error| CopyError::io(Operation::CreateStaging, destination, error))?;
    let copy = Copy { source, destination, target, staging, options, calls };
    let staged = copy.inspect_staging()?;
    let plan = select(&copy.facts(&staged)?, options);
    let climb = copy.climb(&plan, &staged)?;
    copy.check_length(climb.bytes)?;
    let mechanism = climb.mechanism().unwrap_or(Mechanism::ReadWrite);
    let verified = copy.verify(mechanism, climb.bytes)?;
    copy.finish(&staged)?;
    Ok(CopyOutcome {
        mechanism,
        bytes: climb.bytes,
        moved: climb.moved,
        omissions: plan.omissions,
        refusals: climb.refusals,
        system_calls: calls.total(),
        verified,
        durability: options.durability,
    })
}

/// A copy under way. Dropped before it is finished, it leaves nothing behind.
struct Copy<'a> {
    source: Source<'a>,
    /// As given, for messages.
    destination: &'a Path,
    /// Where the new file goes: the destination, or what it links to.
    target: PathBuf,
    staging: Staging,
    options: &'a CopyOptions,
    calls: &'a Calls,
}

impl Copy<'_> {
    fn inspect_staging(&self) -> Result<Status, CopyError> {
        platform::status(self.calls, self.staging.file()).map_err(self.failed(Operation::Inspect))
    }

    fn facts(&self, staged: &Status) -> Result<Facts, CopyError> {
        let (from, to) = (self.source.status.volume, staged.volume);
        Ok(Facts {
            pair: if self.options.tuning.needs_pair() { Some(self.pair(staged)?) } else { None },
            refused_before: crate::memory::refusals(from, to),
            ..Facts::of_size(self.source.status.size)
        })
    }

    fn pair(&self, staged: &Status) -> Result<FileSystemPair, CopyError> {
        let (from, to) = (&self.source, staged.volume);
        let source = crate::memory::file_system(from.status.volume, || {
            platform::file_system(self.calls, &from.file)
                .map_err(|error| CopyError::io(Operation::Inspect, from.path, error))
        })?;
        let destination = crate::memory::file_system(to, || {
            platform::file_system(self.calls, self.staging.file()).map_err(self.failed(Operation::Inspect))
        })?;
        Ok(FileSystemPair { source, destination, same_device: from.status.volume.device == to.device })
    }

    fn climb(&self, plan: &Plan, staged: &Status) -> Result<Climb, CopyError> {
        let volumes = Volumes { from: self.source.status.volume, to: staged.volume };
        let climb = ladder::climb(plan, self.ends(), volumes, self.source.status.size, self.calls).map_err(
            |Failure { operation, error }| CopyError::io(operation, self.path_of(operation), error),
        )?;
        if climb.complete {
            return Ok(climb);
        }
        Err(CopyError::ZeroCopyUnsupported {
            source: self.source.path.into(),
            destination: self.destination.into(),
            refusals: climb.refusals,
            omissions: plan.omissions.clone(),
        })
    }

    /// A generated file may be shorter than its status says; one that is stored may not, unless it was cut meanwhile.
    fn check_length(&self, bytes: u64) -> Result<(), CopyError> {
        let status = &self.source.status;
        if bytes >= status.size || !status.stored {
            return Ok(());
        }
        self.source.check_unchanged(self.calls)?;
        let what = format!("it ends after {bytes} of {} bytes", status.size);
        let error = std::io::Error::new(std::io::ErrorKind::UnexpectedEof, what);
        Err(CopyError::io(Operation::Read, self.source.path, error))
    }

    fn verify(&self, mechanism: Mechanism, bytes: u64) -> Result<Verified, CopyError> {
        verify(self.options.verification, mechanism, self.ends(), bytes, self.calls).map_err(|unproven| {
            match unproven {
                Unproven::Source(error) => CopyError::io(Operation::Read, self.source.path, error),
                Unproven::Destination(error) => CopyError::io(Operation::Read, self.destination, error),
                Unproven::Mismatch(mismatch) => {
                    CopyError::ChecksumMismatch { destination: self.destination.into(), mismatch }
                }
            }
        })
    }

    /// Every step that can fail comes before the rename, except the one that makes the rename durable.
    fn finish(mut self, staged: &Status) -> Result<(), CopyError> {
        let calls = self.calls;
        let mode = self.source.status.mode;
        if staged.mode != mode {
            platform::set_mode(calls, self.staging.file(), mode).map_err(self.failed(Operation::SetMode))?;
        }
        if self.options.durability != Durability::None {
            platform::sync_file(calls, self.staging.file()).map_err(self.failed(Operation::Sync))?;
        }
        self.source.check_unchanged(calls)?;
        self.staging
            .close(calls)
            .map_err(|error| CopyError::io(Operation::Close, self.destination, error))?;
        let Self { source, destination, target, staging, options, .. } = self;
        staging
            .rename(calls, &target)
            .map_err(|error| CopyError::io(Operation::Rename, destination, error))?;
        if options.durability == Durability::FileAndDirectory {
            let directory = directory_of(&target);
            platform::sync_directory(calls, directory)
                .map_err(|error| CopyError::io(Operation::Sync, directory, error))?;
        }
        source.close(calls);
        Ok(())
    }

    fn ends(&self) -> Ends<'_> {
        Ends { from: &self.source.file, to: self.staging.file() }
    }

    fn path_of(&self, operation: Operation) -> &Path {
        if operation == Operation::Read { self.source.path } else { self.destination }
    }

    fn failed(&self, operation: Operation) -> impl Fn(std::io::Error) -> CopyError + '_ {
        move |error| CopyError::io(operation, self.destination, error)
    }
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
