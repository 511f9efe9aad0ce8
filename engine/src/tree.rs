//! A tree, told in one screen: open the roots, refuse what would go wrong, let the workers take directories until the root
//! is finished, gather what they did.
//!
//! A worker lists a directory and copies what is in it by descriptors of the two directories, so that neither long paths
//! nor swapped parents matter. It gives names away when another worker has nothing to do, and leaves the directories that
//! it met to whoever comes first. A directory is finished when the last thing in it is, by the worker that did that.

mod batch;
mod content;
mod count;
mod directory;
mod file;
mod filter;
mod held;
mod link;
mod links;
mod meter;
mod names;
mod node;
mod options;
mod outcome;
mod plan;
mod pool;
mod progress;
mod root;
mod small;
mod special;
mod standing;
mod tally;
mod worker;

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use held::{Held, Pair};
use links::Links;
use meter::Meter;
use node::Node;
use plan::{Each, Roots, Tree};
use pool::Pool;
use root::Site;
use worker::Worker;

use crate::compress;
use crate::error::CopyError;
use crate::observe::Cancel;
use crate::options::{CopyOptions, Placement};
use crate::platform::{self, Calls, Directory, Status};
use crate::setting::Made;
use crate::tuning::{FileSystemPair, MAX_BATCH, Values};

pub use filter::Filter;
#[cfg(feature = "glob")]
pub use filter::{Globs, InvalidGlob};
pub use options::{OnError, Overwrite, Symlinks, TreeOptions};
pub use outcome::{Lost, Refused, Skipped, TreeError, TreeOutcome};
pub use progress::{TreeObserver, TreeProgress, TreeTotal};

/// Copies the tree below the directory `source` to `destination`: files as [`crate::copy_file`] does, directories, symbolic
/// links and further names of files (hard links).
///
/// `destination` names the copy's root, not a directory to put it in. What exists there is merged: directories are filled,
/// files, links and special files are replaced as [`Overwrite`] says, and what the source has not stays. Copying again does the same again. A
/// `source` or `destination` that is a symbolic link is followed; no link below them is, unless [`Symlinks::Follow`] asks
/// for it in the source.
///
/// The topmost directory that is missing at the destination is filled under a staging name, and gets its own when all of it is
/// done; files in directories that exist are staged one by one. [`crate::Placement`] of the options for each file chooses
/// otherwise: in place nothing has a staging name, and a resumable copy names directories at once, stages each file, and gives it the
/// modification time of its source; the next one keeps what has the same time and size.
///
/// # Errors
/// [`TreeError`] where anything could not be copied, with every failure and with what was done. What was copied stays, and
/// files are whole.
///
/// ```
/// use orbit_engine::{TreeOptions, copy_tree};
/// # let folder = tempfile::tempdir()?;
/// # let (source, destination) = (folder.path().join("a"), folder.path().join("b"));
/// std::fs::create_dir_all(source.join("sub"))?;
/// std::fs::write(source.join("sub/file"), "content")?;
/// let outcome = copy_tree(&source, &destination, &TreeOptions::default())?;
/// assert_eq!((outcome.directories, outcome.files, outcome.bytes), (2, 1, 7));
/// assert_eq!(std::fs::read(destination.join("sub/file"))?, b"content");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn copy_tree(
    source: impl AsRef<Path>,
    destination: impl AsRef<Path>,
    options: &TreeOptions,
) -> Result<TreeOutcome, TreeError> {
    let (source, destination) = (source.as_ref(), destination.as_ref());
    options.tell_unused_tuning();
    let mut outcome = TreeOutcome { destination: destination.into(), ..TreeOutcome::default() };
    let failures = match begin(source, destination, options) {
        Ok(copy) => copy.run(&mut outcome),
        Err(error) => vec![error],
    };
    if failures.is_empty() { Ok(outcome) } else { Err(TreeError { failures, outcome: Box::new(outcome) }) }
}

/// A copy of a tree whose roots are open.
struct Copy<'a> {
    tree: Tree<'a>,
    from: (Directory, Status),
    /// The copy's root, where it exists.
    existing: Option<Directory>,
    workers: u32,
    calls: Calls,
}

/// What a worker may have open: both files, what stands at the destination or a pipe's ends, the directories that it is in
/// and those that it enters.
const OPEN_BY_WORKER: u64 = 8;

/// A resumable copy has the partial file once more, and its sidecar.
const OPEN_TO_RESUME: u64 = 4;

/// Directories that stay open, where the process may open many files.
const MOST_HELD: u64 = 256;

/// Directories that stay open in any case.
const LEAST_HELD: u64 = 2;

fn begin<'a>(
    source: &'a Path,
    destination: &'a Path,
    options: &'a TreeOptions,
) -> Result<Copy<'a>, CopyError> {
    compress::check_built_in(options.each.compression)?;
    let calls = Calls::default();
    let from = root::open_source(source, &calls)?;
    let (existing, above) = match root::look((source, &from.1), destination, &calls)? {
        Site::Root(root) => (Some(root), None),
        Site::Above(above) => (None, Some(above)),
    };
    let left = platform::descriptors_left(&calls).unwrap_or(MOST_HELD * 4);
    let landing = existing.as_ref().or(above.as_ref()).unwrap_or(&from.0);
    let roots = roots((&from.0, landing), &calls);
    let tuning = options.each.tuning.for_tree(roots.as_ref().map(|roots| &roots.pair));
    let roots = roots.filter(|_| tuning.needs_pair());
    let values = *roots.as_ref().map_or(tuning.default_values(), |roots| tuning.values(&roots.pair));
    let wanted = if options.workers > 0 { options.workers } else { values.workers(platform::processors()) };
    let to_resume = if options.each.placement == Placement::Resumable { OPEN_TO_RESUME } else { 0 };
    let Shares { workers, held, batch } = shares(left, wanted, OPEN_BY_WORKER + to_resume);
    let batch = batch.min(values.tree_batch as usize);
    let umask = platform::umask(&calls);
    let each = Each::new(&CopyOptions { tuning, ..options.each.clone() });
    let tree =
        Tree { each, above, umask, values, roots, batch, ..Tree::new(source, destination, options, held) };
    Ok(Copy { tree, from, existing, workers, calls })
}

impl<'a> Tree<'a> {
    /// A copy by which nothing is made yet.
    fn new(source: &'a Path, destination: &'a Path, options: &'a TreeOptions, held: usize) -> Self {
        Self {
            options,
            each: Each::new(&options.each),
            source,
            destination,
            cannot_share: AtomicBool::new(false),
            values: Values::default(),
            batch: 1,
            roots: None,
            above: None,
            umask: None,
            pool: Pool::default(),
            links: Links::default(),
            written: Made::default(),
            held: Held::new(held, options.symlinks == Symlinks::Follow),
            meter: Arc::new(Meter::new(options.observer.clone())),
            stop: Cancel::new(),
            failures: Mutex::new(Vec::new()),
        }
    }
}

/// The file systems of both roots.
fn roots((from, to): (&Directory, &Directory), calls: &Calls) -> Option<Roots> {
    let name = |file| platform::file_system(calls, file).ok();
    let volume = |file| platform::status(calls, file).ok().map(|status| status.volume);
    let (from, to) = (from.file()?, to.file()?);
    let (source, destination) = (name(from)?, name(to)?);
    let volumes = (volume(from)?, volume(to)?);
    let same_device = volumes.0.device == volumes.1.device;
    Some(Roots { pair: FileSystemPair { source, destination, same_device }, volumes })
}

/// What may be open at a time.
#[derive(Debug, PartialEq, Eq)]
struct Shares {
    workers: u32,
    /// Pairs of directories.
    held: usize,
    /// Files that a worker makes in a row.
    batch: usize,
}

/// How the `left` files that may be opened are shared out, where a worker has `each` of them.
fn shares(left: u64, wanted: u32, each: u64) -> Shares {
    let for_workers = left.saturating_sub(2 * LEAST_HELD) / each;
    let workers = u32::try_from(for_workers).unwrap_or(u32::MAX).clamp(1, wanted);
    let spare = left.saturating_sub(u64::from(workers) * each);
    // Two files each, of half of what is left.
    let batch = (spare / 4 / u64::from(workers)).clamp(1, MAX_BATCH.into());
    let held = (spare / 4).clamp(LEAST_HELD, MOST_HELD);
    let small = |number| usize::try_from(number).unwrap_or(usize::MAX);
    Shares { workers, held: small(held), batch: small(batch) }
}

impl Copy<'_> {
    /// Gives what failed.
    fn run(self, outcome: &mut TreeOutcome) -> Vec<CopyError> {
        let Self { tree, from, existing, workers, calls } = self;
        let landed = match tree.land_root(existing, &from.1, &calls) {
            Ok(landed) => landed,
            Err(error) => return vec![error],
        };
        tree.meter.tell();
        let (to, landing) = landed.unzip();
        let mut first = Worker::new(&tree);
        first.count_directory(landing.as_ref());
        let small = tree.small((&from.0, &from.1), to.as_ref().zip(landing.as_ref()), &calls);
        let root = Arc::new(Node::new(None, std::ffi::OsString::new(), from.1, landing, small));
        let pair = Arc::new(Pair { from: from.0, to });
        tree.held.keep(&root, &pair);
        let counter = tree.counter();
        let done = thread::scope(|scope| {
            let _counting = counter.as_ref().map(|counter| counter.begin(scope, &tree.meter));
            let spawn = |_| {
                // Without a thread to be had, the others do its part.
                thread::Builder::new().spawn_scoped(scope, || Worker::new(&tree).run()).ok()
            };
            let others: Vec<_> = (1..workers).filter_map(spawn).collect();
            if !others.is_empty() {
                tree.pool.expect_others();
            }
            outcome.workers = u32::try_from(others.len()).unwrap_or(u32::MAX).saturating_add(1);
            outcome.add(first.begin(root, pair));
            others.into_iter().map(thread::ScopedJoinHandle::join).collect::<Vec<_>>()
        });
        for worker in done {
            outcome.add(worker.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        outcome.system_calls += calls.total();
        tree.meter.tell();
        let is_cancelled = tree.is_cancelled();
        let mut failures = tree.failures.into_inner().unwrap_or_else(PoisonError::into_inner);
        if is_cancelled {
            failures.push(CopyError::Cancelled { destination: tree.destination.into() });
        }
        failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_few_files_may_be_opened_fewer_work() {
        let of = |left, wanted, each| {
            let Shares { workers, held, batch } = shares(left, wanted, each);
            (workers, held, batch)
        };
        assert_eq!(of(1000, 4, 8), (4, 242, 60));
        assert_eq!(of(28, 16, 8), (3, 2, 1));
        assert_eq!(of(60, 4, 8), (4, 7, 1));
        assert_eq!(of(0, 16, 8), (1, 2, 1));
    }
}
