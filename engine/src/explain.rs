//! What a copy would do, told without doing it. Opens and asks as a copy does, and leaves no trace: nothing is created,
//! written or truncated.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::compress::new_name;
use crate::error::{CopyError, FileKind, Operation};
use crate::inspect::{Resolved, Source, resolve};
use crate::observe::Watch;
use crate::options::{Compression, CopyOptions, Durability, Placement, Verification};
use crate::partial::form;
use crate::placement::{Opening, Target};
use crate::platform::{self, Calls, Standing};
use crate::select::{Plan, select};
use crate::staging::directory_of;
use crate::survey::Survey;
use crate::tuning::FileSystemPair;

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
    let source = Source::open(source.as_ref(), calls)?;
    let (form, watch) = (form(options), Watch::new(None, None, source.status.size));
    let opening = Opening::wanted(&source.status, options, &form, &watch);
    let ground = Ground::look(&source, destination, opening, calls)?;
    let failed = |error| CopyError::io(Operation::Inspect, destination, error);
    let status = platform::status(calls, &ground.file).map_err(failed)?;
    let survey = Survey { source: &source, to: &ground.file, destination, calls };
    let plan = select(&survey.facts(&status, options)?, options);
    let pair = survey.pair(&status)?;
    Ok(Explanation {
        source: source.path.into(),
        source_bytes: source.status.size,
        destination: destination.into(),
        writes_to: ground.path,
        replaces_bytes: ground.replaces_bytes,
        is_tuned: options.tuning.has_profile(&pair),
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
    path: PathBuf,
    replaces_bytes: Option<u64>,
    /// On the mount of the new file: its directory, or the file that is written in place.
    file: File,
}

impl Ground {
    fn look(
        source: &Source<'_>,
        destination: &Path,
        opening: Opening<'_>,
        calls: &Calls,
    ) -> Result<Self, CopyError> {
        match opening.placement {
            Placement::Staged | Placement::Resumable => Self::beside(source, destination, opening, calls),
            Placement::InPlace => Self::in_place(source, destination, opening, calls),
        }
    }

    fn beside(
        source: &Source<'_>,
        destination: &Path,
        opening: Opening<'_>,
        calls: &Calls,
    ) -> Result<Self, CopyError> {
        let Resolved { path, exists } = resolve(source, destination, opening.through_dangling, calls)?;
        let failed = |error| CopyError::io(Operation::CreateStaging, destination, error);
        let replaces_bytes = if exists { Some(length(&path, calls).map_err(failed)?) } else { None };
        let file = writable_directory(directory_of(&path), calls).map_err(failed)?;
        Ok(Self { path, replaces_bytes, file })
    }

    fn in_place(
        source: &Source<'_>,
        destination: &Path,
        opening: Opening<'_>,
        calls: &Calls,
    ) -> Result<Self, CopyError> {
        let failed = |error| CopyError::io(Operation::OpenForWriting, destination, error);
        let path = destination.to_path_buf();
        if let Standing::Nothing = platform::open_destination(calls, destination).map_err(failed)? {
            if destination.as_os_str().as_encoded_bytes().ends_with(b"/") {
                return Err(failed(io::ErrorKind::IsADirectory.into()));
            }
            let file = writable_directory(directory_of(destination), calls).map_err(failed)?;
            return Ok(Self { path, replaces_bytes: None, file });
        }
        let target = Target::existing(source, destination, opening, calls)?;
        let file = target.file().try_clone().map_err(failed)?;
        let status = platform::status(calls, &file).map_err(failed)?;
        let replaces_bytes = (target.kind == FileKind::Regular).then_some(status.size);
        Ok(Self { path, replaces_bytes, file })
    }
}

fn length(path: &Path, calls: &Calls) -> io::Result<u64> {
    match platform::open_destination(calls, path)? {
        Standing::File(file) => Ok(platform::status(calls, &file)?.size),
        // It was one a moment ago.
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}

fn writable_directory(path: &Path, calls: &Calls) -> io::Result<File> {
    let directory = platform::open_directory(calls, path)?;
    platform::check_writable(calls, path)?;
    Ok(directory)
}

#[cfg(test)]
mod tests;
