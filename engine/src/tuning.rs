//! How to be fast on this machine: thresholds and chunk sizes, per pair of file systems. Holds values and chooses
//! between them; measuring is the suite's work.

mod staleness;
mod time;
mod values;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use staleness::{Staleness, TuningWarning};
pub use time::UtcTime;
pub use values::{Chunk, MAX_BATCH, MAX_THREADS, MAX_WORKERS, Threshold, Values};

/// Values for every pair of file systems: profiles for the pairs that were measured, defaults for the others.
#[derive(Debug, Clone, Default)]
pub struct Tuning {
    default: Values,
    profiles: Vec<Profile>,
    file: Option<Arc<Path>>,
    /// And whether an observer was told.
    warning: Option<Arc<(TuningWarning, AtomicBool)>>,
}

impl Tuning {
    /// The same values for every pair of file systems.
    #[must_use]
    pub const fn uniform(values: Values) -> Self {
        Self { default: values, profiles: Vec::new(), file: None, warning: None }
    }

    /// Adds the values for one pair. A later profile of the same pair is not looked at.
    #[must_use]
    pub fn with_profile(mut self, pair: FileSystemPair, values: Values) -> Self {
        self.profiles.push(Profile { pair, values });
        self
    }

    /// The values for `pair`: its profile's, or the defaults.
    #[must_use]
    pub fn values(&self, pair: &FileSystemPair) -> &Values {
        self.profiles
            .iter()
            .find(|profile| profile.pair == *pair)
            .map_or(&self.default, |profile| &profile.values)
    }

    /// The file that the values were read from.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Why the values of that file are not used, where they are not: these are the defaults then.
    #[must_use]
    pub fn warning(&self) -> Option<&TuningWarning> {
        self.warning.as_deref().map(|(warning, _)| warning)
    }

    /// The warning, for an observer that hears of it: once for a file that was loaded.
    pub(crate) fn warning_to_tell(&self) -> Option<&TuningWarning> {
        let (warning, told) = self.warning.as_deref()?;
        (!told.swap(true, Ordering::Relaxed)).then_some(warning)
    }

    /// These values are from the file at `path`.
    #[cfg(feature = "config")]
    pub(crate) fn read_from(self, path: &Path) -> Self {
        Self { file: Some(path.into()), ..self }
    }

    /// The defaults, in place of what was found in the file at `path`.
    #[cfg(feature = "config")]
    pub(crate) fn unused(path: &Path, staleness: Staleness) -> Self {
        let warning = TuningWarning { path: path.into(), staleness };
        let told = AtomicBool::new(false);
        Self { warning: Some(Arc::new((warning, told))), ..Self::default().read_from(path) }
    }

    /// These values for the files of a tree between `pair`. On btrfs each write of a small file waits for room that the
    /// writes before it have reserved, and sharing extents does not; whoever gave another threshold keeps it, and a tuned
    /// file that kept the default has not.
    pub(crate) fn for_tree(&self, pair: Option<&FileSystemPair>) -> Self {
        let is_btrfs = |name: &str| name == "btrfs";
        let Some(pair) = pair.filter(|pair| is_btrfs(&pair.source) && is_btrfs(&pair.destination)) else {
            return self.clone();
        };
        // A subvolume below the source has a device number of its own.
        let pairs = [true, false].map(|same_device| FileSystemPair { same_device, ..pair.clone() });
        let default = Values::default().reflink_threshold;
        let shared = pairs.into_iter().filter_map(|pair| {
            let values = self.values(&pair);
            let values = values.with_reflink_threshold(Threshold::Always);
            (self.values(&pair).reflink_threshold == default).then_some(Profile { pair, values })
        });
        // In front of those that were there: the first profile of a pair counts.
        Self { profiles: shared.chain(self.profiles.iter().cloned()).collect(), ..self.clone() }
    }

    /// Whether `pair` has values of its own.
    pub(crate) fn has_profile(&self, pair: &FileSystemPair) -> bool {
        self.profiles.iter().any(|profile| profile.pair == *pair)
    }

    /// The values for every pair that has no profile.
    pub(crate) const fn default_values(&self) -> &Values {
        &self.default
    }

    /// Whether any pair has values of its own, so that the pair must be looked up at all.
    pub(crate) fn needs_pair(&self) -> bool {
        !self.profiles.is_empty()
    }
}

/// Whether somebody was told makes no difference.
impl PartialEq for Tuning {
    fn eq(&self, other: &Self) -> bool {
        let Self { default, profiles, file, warning: _ } = self;
        (default, profiles, file, self.warning())
            == (&other.default, &other.profiles, &other.file, other.warning())
    }
}

impl Eq for Tuning {}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Profile {
    pair: FileSystemPair,
    values: Values,
}

/// Between which kinds of file system a copy runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileSystemPair {
    /// Type of the source's file system, as the kernel names it (`ext4`, `xfs`, `tmpfs`, `0x…` for an unknown magic).
    pub source: String,
    /// Type of the destination's file system.
    pub destination: String,
    /// Whether both are on one device (`st_dev`).
    pub same_device: bool,
}

impl fmt::Display for FileSystemPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let device = if self.same_device { "same device" } else { "other device" };
        write!(f, "{} to {}, {device}", self.source, self.destination)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_on_btrfs_share_extents_at_every_size_unless_it_was_said_otherwise() {
        let pair =
            |name: &str| FileSystemPair { source: name.into(), destination: name.into(), same_device: true };
        let threshold =
            |tuning: Tuning, name| tuning.for_tree(Some(&pair(name))).values(&pair(name)).reflink_threshold;
        let given = Threshold::AtLeast(1);
        let values = Values::default().with_reflink_threshold(given);
        assert_eq!(threshold(Tuning::default(), "btrfs"), Threshold::Always);
        let subvolume = FileSystemPair { same_device: false, ..pair("btrfs") };
        let of_subvolume = Tuning::default().for_tree(Some(&pair("btrfs")));
        assert_eq!(of_subvolume.values(&subvolume).reflink_threshold, Threshold::Always);
        assert_eq!(threshold(Tuning::default(), "xfs"), Values::default().reflink_threshold);
        assert_eq!(threshold(Tuning::uniform(values), "btrfs"), given);
        assert_eq!(threshold(Tuning::default().with_profile(pair("btrfs"), values), "btrfs"), given);
        assert!(!Tuning::default().for_tree(None).needs_pair());
        // As a tuned file has it that found nothing better for files.
        let kept = Values::default().with_tree_batch(7);
        let tuned = Tuning::default().with_profile(pair("btrfs"), kept).for_tree(Some(&pair("btrfs")));
        assert_eq!(tuned.values(&pair("btrfs")), &kept.with_reflink_threshold(Threshold::Always));
    }

    #[test]
    fn a_profile_speaks_for_its_pair_only() {
        let pair = |source: &str, same_device| FileSystemPair {
            source: source.into(),
            destination: "tmpfs".into(),
            same_device,
        };
        let never = Values::default().with_zero_copy_threshold(Threshold::Never);
        let tuning = Tuning::default().with_profile(pair("ext4", false), never);
        assert_eq!(tuning.values(&pair("ext4", false)), &never);
        assert_eq!(tuning.values(&pair("ext4", true)), &Values::default());
        assert_eq!(tuning.values(&pair("xfs", false)), &Values::default());
    }
}
