//! What a copy would do, told without doing it. Opens and asks as a copy does, and leaves no trace: nothing is created,
//! written or truncated.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::compress::new_name;
use crate::entry::Entry;
use crate::error::{CopyError, FileKind, Operation};
use crate::facts::Facts;
use crate::inspect::{Resolved, Source, resolve};
use crate::observe::Watch;
use crate::options::{Compression, CopyOptions, Durability, Placement, Verification};
use crate::partial::form;
use crate::placement::{Opening, Target, Way};
use crate::platform::{self, At, Calls, Spot, Standing};
use crate::select::{Plan, select};
use crate::survey::Survey;
use crate::tuning::{FileSystemPair, TuningWarning};

/// What [`crate::copy_file`] would do now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The source as given.
    pub source: PathBuf,
    /// Length of the source in bytes; 0 where only reading tells it.
    pub source_bytes: u64,
    /// The new file: the destination as given, or that with `.zst` behind it.
    pub destination: PathBuf,
    /// The file that would get the content: the destination, or what it links to.
    pub writes_to: PathBuf,
    /// Length in bytes of the file that would lose its content; none where there is no such file.
    pub replaces_bytes: Option<u64>,
    /// The file systems of both ends.
    pub pair: FileSystemPair,
    /// Whether the values come from a profile of this pair; else they are the defaults.
    pub is_tuned: bool,
    /// The tuned file that was loaded.
    pub tuned_file: Option<PathBuf>,
    /// Why the values of that file are not used, where they are not.
    pub tuning_warning: Option<TuningWarning>,
    /// The rungs that would be tried, what is left out and why, threads and values. What the kernel would refuse, only
    /// trying tells.
    pub plan: Plan,
    /// Where the content would be written.
    pub placement: Placement,
    /// What would become of the content on its way.
    pub compression: Compression,
    /// What would be proven.
    pub verification: Verification,
    /// What would be on the disk.
    pub durability: Durability,
}

/// Says what [`crate::copy_file`] would do with the same arguments, and changes nothing.
///
/// # Errors
/// [`CopyError`] where the copy would be refused before it moved a byte: no source, not a regular file, one file by two
/// names, a directory that is missing or must not be written to. What only shows on the way, such as a full disk, is
/// not foreseen; nor is what became of a begin that an earlier resumable copy has left.
///
/// ```
/// use orbit_engine::{CopyOptions, Mechanism, Strategy, explain};
/// # let folder = tempfile::tempdir()?;
/// # let (source, destination) = (folder.path().join("a"), folder.path().join("b"));
/// # std::fs::write(&source, "content")?;
/// let explanation = explain(&source, &destination, &CopyOptions::new().strategy(Strategy::Buffered))?;
/// assert_eq!(explanation.plan.rungs, [Mechanism::ReadWrite]);
/// assert!(!destination.exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn explain(
    source: impl AsRef<Path>,
    destination: impl AsRef<Path>,
    options: &CopyOptions,
) -> Result<Explanation, CopyError> {
    let (calls, destination) = (&Calls::default(), &*new_name(destination.as_ref(), options.compression)?);
    let destination = Entry::given(destination);
    let source = Source::open(Entry::given(source.as_ref()), true, calls)?;
    let (form, watch) = (form(options), Watch::new(None, None, source.status.size));
    let opening = Opening::wanted(&source.status, options, options.placement.into(), &form, &watch);
    let ground = Ground::look(&source, destination, opening, calls)?;
    let failed = |error| CopyError::io(Operation::Inspect, destination, error);
    let status = platform::status(calls, &ground.file).map_err(failed)?;
    let survey = Survey { source: &source, to: &ground.file, destination, calls };
    let is_replaceable = opening.way == Way::Staged;
    let plan = select(&Facts { is_replaceable, ..survey.facts(&status, options)? }, options);
    let pair = survey.pair(&status)?;
    Ok(Explanation {
        source: source.entry.into(),
        source_bytes: source.status.size,
        destination: destination.into(),
        writes_to: ground.spot.path,
        replaces_bytes: ground.replaces_bytes,
        is_tuned: options.tuning.has_profile(&pair),
        tuned_file: options.tuning.file().map(Path::to_path_buf),
        tuning_warning: options.tuning.warning().cloned(),
        pair,
        plan,
        placement: options.placement,
        compression: options.compression,
        verification: options.verification,
        durability: options.durability,
    })
}

/// Where the new file would be.
struct Ground {
    spot: Spot,
    replaces_bytes: Option<u64>,
    /// On the mount of the new file: its directory, or the file that is written in place.
    file: File,
}

impl Ground {
    fn look(
        source: &Source<'_>,
        destination: Entry<'_>,
        opening: Opening<'_>,
        calls: &Calls,
    ) -> Result<Self, CopyError> {
        match opening.way {
            Way::Staged | Way::Resumable => Self::beside(source, destination, opening, calls),
            Way::InPlace | Way::Fresh => Self::in_place(source, destination, opening, calls),
        }
    }

    fn beside(
        source: &Source<'_>,
        destination: Entry<'_>,
        opening: Opening<'_>,
        calls: &Calls,
    ) -> Result<Self, CopyError> {
        let Resolved { spot, exists } = resolve(source, destination, None, opening.through_dangling, calls)?;
        let failed = |error| CopyError::io(Operation::CreateStaging, destination, error);
        let replaces_bytes = if exists { Some(length(spot.at(), calls).map_err(failed)?) } else { None };
        let file = writable_directory(spot.at().parent(), calls).map_err(failed)?;
        Ok(Self { spot, replaces_bytes, file })
    }

    fn in_place(
        source: &Source<'_>,
        destination: Entry<'_>,
        opening: Opening<'_>,
        calls: &Calls,
    ) -> Result<Self, CopyError> {
        let failed = |error| CopyError::io(Operation::OpenForWriting, destination, error);
        let spot = destination.at.to_spot();
        if let Standing::Nothing = platform::open_destination(calls, destination.at).map_err(failed)? {
            if destination.ends_in_slash() {
                return Err(failed(io::ErrorKind::IsADirectory.into()));
            }
            let file = writable_directory(destination.at.parent(), calls).map_err(failed)?;
            return Ok(Self { spot, replaces_bytes: None, file });
        }
        let target = Target::existing(source, destination, opening, calls)?;
        let file = target.file().try_clone().map_err(failed)?;
        let status = platform::status(calls, &file).map_err(failed)?;
        let replaces_bytes = (target.kind == FileKind::Regular).then_some(status.size);
        Ok(Self { spot, replaces_bytes, file })
    }
}

fn length(at: At<'_>, calls: &Calls) -> io::Result<u64> {
    match platform::open_destination(calls, at)? {
        Standing::File(file) => Ok(platform::status(calls, &file)?.size),
        // It was one a moment ago.
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}

fn writable_directory(at: At<'_>, calls: &Calls) -> io::Result<File> {
    let directory = platform::open_directory(calls, at)?;
    platform::check_writable(calls, at)?;
    Ok(directory)
}

#[cfg(test)]
mod tests;
