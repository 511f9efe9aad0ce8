//! One copy, told in one screen: inspect, select, ladder, verify, finish, report.

mod finish;
mod open;

use std::path::{Path, PathBuf};

use crate::attempt::{Ends, Failure};
use crate::compress::{self, Carried, Frames, compress, decompress};
use crate::entry::Entry;
use crate::error::{CopyError, FileKind, Operation};
use crate::facts::Facts;
use crate::inspect::Source;
use crate::keeper::Keeper;
use crate::ladder::{self, End, Job};
use crate::observe::{Phase, Watch};
use crate::options::{Compression, CopyOptions, Sparse, Verification};
use crate::outcome::{CopyOutcome, NotPreserved, Verified};
use crate::partial::form;
use crate::placement::{Opening, Target};
use crate::platform::{self, Calls, Status};
use crate::retry::retry;
use crate::select::{PIPE_PAYS, Plan, select};
use crate::setting::Setting;
use crate::staging::{Staging, unnamed_works};
use crate::strategy::Mechanism;
use crate::survey::Survey;
use crate::verify::{Claim, Unproven, verify};

use open::{open_target, taken};

/// Copies the regular file `source` to `destination`: content, holes and permission bits.
///
/// `destination` names the new file, not a directory to put it in; content that is compressed ([`CopyOptions::compression`])
/// goes to that name with `.zst` behind it. A file that stands there is replaced in one
/// instant when the copy is whole, and stays as it is when the copy fails ([`crate::Placement::InPlace`] writes into it
/// instead); a symbolic link there is followed.
///
/// # What is not kept
/// Unless [`CopyOptions::preserve_metadata`] asks for them, the new file has its own owner (this process) and times, and
/// no extended attributes and ACLs; its permission bits are the source's whatever the umask, without set-user-id,
/// set-group-id and sticky. A file that was replaced loses its owner and its mode, and its other hard links keep the old
/// content. The directory must be writable, also to replace a file.
///
/// # Errors
/// [`CopyError`], with path, operation and the system's error. No staging file is left, unless the copy is resumable.
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
    let (source, destination) =
        (source.as_ref(), &*compress::new_name(destination.as_ref(), options.compression)?);
    options.tell_unused_tuning();
    let watch = &Watch::new(options.observer.as_ref(), options.cancel.as_ref(), 0);
    let outcome = copy_entry(
        Entry::given(source),
        None,
        Entry::given(destination),
        Setting::of(options),
        watch,
        &Calls::default(),
    )?;
    Ok(CopyOutcome { destination: destination.into(), ..outcome })
}

/// Copies one file, which may be open already, and tries again as often as is allowed. The outcome lacks the path of the new
/// file.
pub(crate) fn copy_entry<'a>(
    source: Entry<'a>,
    opened: Option<Source<'a>>,
    destination: Entry<'_>,
    setting: Setting<'_>,
    watch: &Watch<'_>,
    calls: &Calls,
) -> Result<CopyOutcome, CopyError> {
    let mut opened = opened;
    let mut once = || {
        let source = match opened.take() {
            Some(opened) => opened,
            None => Source::open(source, setting.follows, calls)?,
        };
        copy_once(source, destination, setting, watch, calls)
    };
    let copy = || {
        let unnamed = unnamed_works();
        match once() {
            // Learnt at the very end, once in the life of a process: here a file without a name cannot be given one.
            Err(_) if unnamed && !unnamed_works() => once(),
            copied => copied,
        }
    };
    let (outcome, retries) = retry(setting.options.retries, watch, destination, copy)?;
    Ok(CopyOutcome { retries, ..outcome })
}

fn copy_once(
    source: Source<'_>,
    destination: Entry<'_>,
    setting: Setting<'_>,
    watch: &Watch<'_>,
    calls: &Calls,
) -> Result<CopyOutcome, CopyError> {
    let options = setting.options;
    let size = source.status.size;
    watch.set_total(if options.compression == Compression::Decompress { 0 } else { size });
    let form = form(options);
    let opening =
        Opening { seen: setting.seen, ..Opening::wanted(&source.status, options, setting.way, &form, watch) };
    let (target, claimed) = open_target(&source, destination, opening, setting, calls)?;
    let copied = copy_to(Copy { source, destination, target, setting, options, watch, calls });
    if let (Err(_), Some((made, number))) = (&copied, claimed) {
        made.turn().remove(number);
    }
    copied
}

fn copy_to(copy: Copy<'_>) -> Result<CopyOutcome, CopyError> {
    let Copy { options, watch, calls, .. } = copy;
    let (size, resumed) = (copy.source.status.size, copy.target.resumed);
    let Prepared { plan, staged } = copy.prepare()?;
    let Done { carried, verified, finished } = watch.throughout(size, || copy.run(&plan, staged.as_ref()))?;
    let Carried { climb, length, .. } = carried;
    let bytes = finished.length.unwrap_or(length);
    let content_bytes = if options.compression == Compression::None { bytes } else { climb.bytes };
    Ok(CopyOutcome {
        destination: PathBuf::new(),
        mechanism: climb.mechanism().unwrap_or(Mechanism::ReadWrite),
        bytes,
        content_bytes,
        data_bytes: climb.data_bytes,
        threads: climb.threads,
        moved: climb.moved,
        omissions: plan.omissions,
        refusals: climb.refusals,
        system_calls: calls.total(),
        verified,
        durability: options.durability,
        source_changed: finished.source_changed,
        not_preserved: finished.not_preserved,
        resumed,
        retries: 0,
    })
}

/// A copy under way. Dropped before it is finished, it leaves nothing behind.
struct Copy<'a> {
    source: Source<'a>,
    /// As given, or with `.zst` behind it; for messages.
    destination: Entry<'a>,
    target: Target,
    setting: Setting<'a>,
    options: &'a CopyOptions,
    watch: &'a Watch<'a>,
    calls: &'a Calls,
}

/// What is known before a byte moves.
struct Prepared {
    plan: Plan,
    /// The status of the new file, where anything depends on it.
    staged: Option<Status>,
}

/// What the parts of a copy came to.
struct Done {
    carried: Carried,
    verified: Verified,
    finished: Finished,
}

/// What finishing came to.
struct Finished {
    /// Of the new file, where the source changed and a clone took it as it was by then.
    length: Option<u64>,
    source_changed: bool,
    not_preserved: Vec<NotPreserved>,
}

impl<'a> Copy<'a> {
    fn run(mut self, plan: &Plan, staged: Option<&Status>) -> Result<Done, CopyError> {
        let watch = self.watch;
        watch.enter(Phase::Copying);
        if watch.is_cancelled() {
            return Err(self.cancelled());
        }
        self.target.clear(self.calls).map_err(self.failed(Operation::SetLength))?;
        let mut carried = self.carry(plan, staged)?;
        let made = carried.climb.made.take().map(|made| self.take(made)).transpose()?;
        let staged = made.as_ref().or(staged);
        let content = carried.climb.bytes;
        watch.reached(content);
        self.check_length(carried.taken)?;
        let verified = self.verify(&carried)?;
        watch.enter(Phase::Finishing);
        let finished = self.finish(staged)?;
        watch.done(content);
        Ok(Done { carried, verified, finished })
    }

    /// Looks at the new file and chooses the rungs. A small file that is read and written in place, whatever the file
    /// systems are, needs no look.
    fn prepare(&self) -> Result<Prepared, CopyError> {
        let CopyOptions { preserve_metadata, tuning, .. } = self.options;
        let plain =
            self.has_its_mode() && !preserve_metadata && !self.setting.marks && self.setting.made.is_none();
        let size = self.source.status.size;
        if plain && size < PIPE_PAYS && !tuning.needs_pair() {
            let plan = select(&Facts::of_size(size), self.options);
            if plan.is_read_write() {
                return Ok(Prepared { plan, staged: None });
            }
        }
        let staged =
            platform::status(self.calls, self.target.file()).map_err(self.failed(Operation::Inspect))?;
        let facts = self.survey().facts(&staged, self.options)?;
        let (resumes_at, is_replaceable) = (self.target.begins_at().0, self.target.beside().is_some());
        let plan = select(&Facts { resumes_at, is_replaceable, ..facts }, self.options);
        Ok(Prepared { plan, staged: Some(staged) })
    }

    /// The system has made the new file itself. Gives its status.
    fn take(&mut self, made: Staging) -> Result<Status, CopyError> {
        self.target.take(made);
        platform::status(self.calls, self.target.file()).map_err(self.failed(Operation::Inspect))
    }

    fn survey(&self) -> Survey<'_> {
        let Self { source, destination, target, calls, .. } = self;
        Survey { source, to: target.file(), destination: *destination, calls }
    }

    fn carry(&self, plan: &Plan, staged: Option<&Status>) -> Result<Carried, CopyError> {
        let Status { size, allocated, volume, .. } = self.source.status;
        let sparse = self.options.sparse;
        let job = Job {
            ends: self.ends(),
            from: volume,
            to: staged.map_or(volume, |staged| staged.volume),
            size,
            has_holes: sparse != Sparse::Never && allocated < size && self.target.kind == FileKind::Regular,
            skip_zeros: sparse == Sparse::Always && self.target.kind == FileKind::Regular,
            is_limited: self.target.kind == FileKind::Regular,
            watch: self.watch,
            pace: self.options.pace.as_deref(),
            start: self.target.begins_at().0,
            keeper: self.target.keeper(),
            beside: self.target.beside(),
        };
        job.begin();
        let carried = match self.options.compression {
            Compression::None => ladder::climb(plan, job, self.calls).map(Carried::unchanged),
            Compression::Zstd(level) => {
                let (content_offset, file_offset) = self.target.begins_at();
                // Only whole frames can be gone on behind.
                let frames = Frames { content_offset, file_offset, bytes: job.keeper.map(Keeper::block) };
                let on_frame = &mut |content_end, file_end| {
                    if let Some(keeper) = job.keeper {
                        keeper.framed(content_end, file_end);
                    }
                    Ok(())
                };
                compress(level, frames, plan, job, on_frame, self.calls)
            }
            Compression::Decompress => decompress(plan, job, self.calls),
        };
        let carried = carried.map_err(|failure| self.at_either(failure))?;
        match carried.climb.end {
            End::Complete => Ok(carried),
            End::Cancelled => Err(self.cancelled()),
            End::Refused => Err(CopyError::ZeroCopyUnsupported {
                source: self.source.entry.into(),
                destination: self.destination.into(),
                refusals: carried.climb.refusals,
                omissions: plan.omissions.clone(),
            }),
        }
    }

    /// A generated file may be shorter than its status says; one that is stored may not, unless it was cut meanwhile.
    fn check_length(&self, bytes: u64) -> Result<(), CopyError> {
        let Status { size, allocated, .. } = self.source.status;
        if bytes >= size || allocated == 0 {
            return Ok(());
        }
        if self.source.has_changed(self.calls)? {
            return if self.options.accept_changed_source { Ok(()) } else { Err(self.changed()) };
        }
        let what = format!("it ends after {bytes} of {size} bytes");
        let error = std::io::Error::new(std::io::ErrorKind::UnexpectedEof, what);
        Err(CopyError::io(Operation::Read, self.source.entry, error))
    }

    fn verify(&self, carried: &Carried) -> Result<Verified, CopyError> {
        let wanted = self.options.verification;
        if wanted == Verification::None {
            return Ok(Verified::No);
        }
        self.watch.enter(Phase::Verifying);
        let claim = Claim {
            ends: self.ends(),
            compression: self.options.compression,
            bytes: carried.climb.bytes,
            length: carried.length,
            // What an earlier copy has left is not shared.
            is_shared: carried.climb.is_shared() && self.target.begins_at().0 == 0,
            may_be_longer: self.target.kind != FileKind::Regular,
            watch: self.watch,
        };
        verify(wanted, claim, self.calls).map_err(|unproven| match unproven {
            Unproven::Source(failure) => self.at_either(failure),
            Unproven::Destination(error) => CopyError::io(Operation::Read, self.destination, error),
            Unproven::Sync(error) => self.not_synced(error),
            Unproven::NoMedium(error) => CopyError::io(Operation::ReadBack, self.destination, error),
            Unproven::Cancelled => self.cancelled(),
            // What was written is what the source was.
            Unproven::Mismatch(_) if self.has_changed_against_the_wish() => self.changed(),
            Unproven::Mismatch(mismatch) => {
                self.target.spoil();
                CopyError::ChecksumMismatch { destination: self.destination.into(), mismatch }
            }
        })
    }

    fn ends(&self) -> Ends<'_> {
        Ends { from: &self.source.file, to: self.target.file() }
    }

    /// Frames of a source that changed meanwhile are damaged for that reason.
    fn at_either(&self, failure: Failure) -> CopyError {
        let is_damage = failure.operation == Operation::Decompress;
        if is_damage && self.has_changed_against_the_wish() { self.changed() } else { self.at(failure) }
    }

    fn has_changed_against_the_wish(&self) -> bool {
        !self.options.accept_changed_source && matches!(self.source.has_changed(self.calls), Ok(true))
    }

    fn at(&self, Failure { operation, error }: Failure) -> CopyError {
        let of_source =
            matches!(operation, Operation::Read | Operation::Decompress | Operation::ReadAttributes);
        CopyError::io(operation, if of_source { self.source.entry } else { self.destination }, error)
    }

    fn failed(&self, operation: Operation) -> impl Fn(std::io::Error) -> CopyError + '_ {
        move |error| CopyError::io(operation, self.destination, error)
    }

    /// What could not be synced may be lost, also to a later copy.
    fn not_synced(&self, error: std::io::Error) -> CopyError {
        self.target.spoil();
        CopyError::io(Operation::Sync, self.destination, error)
    }

    fn changed(&self) -> CopyError {
        self.target.spoil();
        CopyError::SourceChanged { path: self.source.entry.into() }
    }

    fn cancelled(&self) -> CopyError {
        CopyError::Cancelled { destination: self.destination.into() }
    }
}
