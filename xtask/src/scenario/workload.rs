//! Trees to copy: how many files of which sizes lie in which directories. The shape is a function of the keys alone, so
//! that every run of a scenario copies as many bytes; the seed only says which file is how long, and what is in it.

use std::fmt;
use std::path::{Path, PathBuf};

use orbit_engine::ByteSize;
use serde::{Deserialize, Serialize};

use crate::stats;

/// A tree. Its directories are filled one after the other: the root with `files_per_directory` files, then each further
/// one with as many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Workload {
    /// Stands in the ids of cases.
    pub(crate) name: String,
    /// At least one.
    pub(crate) files: u64,
    pub(crate) size: FileSizes,
    /// At least one.
    pub(crate) files_per_directory: u64,
    /// Most directories in one directory; none where all lie in the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fan_out: Option<u64>,
}

/// How long the files are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FileSizes {
    /// All alike.
    Fixed { bytes: u64 },
    /// Evenly spaced quantiles of a log-normal distribution, so that the sum is the same for every seed.
    LogNormal {
        median_bytes: u64,
        /// A thousandth of the standard deviation of the natural logarithm of the size.
        sigma_thousandths: u32,
        /// What is longer is cut to this.
        max_bytes: u64,
    },
}

impl Workload {
    /// How many directories there are, the root being one.
    pub(crate) fn directories(&self) -> u64 {
        self.files.div_ceil(self.files_per_directory).max(1)
    }

    /// The paths of the directories below `root`, which is the first: each stands behind the one it lies in.
    pub(crate) fn directories_in(&self, root: &Path) -> Vec<PathBuf> {
        let mut paths = vec![root.to_path_buf()];
        for number in 1..self.directories() {
            let parent = self.fan_out.map_or(0, |fan_out| (number - 1) / fan_out);
            let path = paths[usize::try_from(parent).unwrap_or(0)].join(format!("directory-{number}"));
            paths.push(path);
        }
        paths
    }

    /// The paths of the files below `root`, directory by directory.
    pub(crate) fn files_in(&self, root: &Path) -> impl Iterator<Item = PathBuf> {
        let directories = self.directories_in(root);
        let each = usize::try_from(self.files_per_directory).unwrap_or(usize::MAX);
        let files = usize::try_from(self.files).unwrap_or(usize::MAX);
        (0..files).map(move |file| directories[file / each].join(format!("file-{file}")))
    }

    /// The size of every file, in the order that `seed` gives them.
    pub(crate) fn sizes(&self, seed: u64) -> Vec<u64> {
        let mut sizes: Vec<u64> = (0..self.files).map(|rank| self.size.at(rank, self.files)).collect();
        fastrand::Rng::with_seed(seed).shuffle(&mut sizes);
        sizes
    }

    /// Bytes of all files together.
    pub(crate) fn bytes(&self) -> u64 {
        (0..self.files).map(|rank| self.size.at(rank, self.files)).fold(0, u64::saturating_add)
    }

    /// Room that the files take in blocks of `block` bytes, each beginning its own; a directory is counted as a block.
    pub(crate) fn room(&self, block: u64) -> u64 {
        let files = (0..self.files).map(|rank| self.size.at(rank, self.files).next_multiple_of(block));
        files.fold(self.directories().saturating_mul(block), u64::saturating_add)
    }

    /// All that the time of a copy depends on, for a case's hash.
    pub(crate) fn meaning(&self) -> String {
        let Self { files, size, files_per_directory, fan_out, name: _ } = self;
        let fan_out = fan_out.map_or_else(|| "none".to_owned(), |fan_out| fan_out.to_string());
        format!("{files}x{size},files-per-directory={files_per_directory},fan-out={fan_out}")
    }
}

impl FileSizes {
    /// The size of the file of this rank among so many, from the shortest on.
    fn at(self, rank: u64, files: u64) -> u64 {
        match self {
            Self::Fixed { bytes } => bytes,
            Self::LogNormal { median_bytes, sigma_thousandths, max_bytes } => {
                let level = (stats::float(rank) + 0.5) / stats::float(files);
                let deviations = stats::normal_quantile(level).unwrap_or(0.0);
                let factor = (f64::from(sigma_thousandths) / 1000.0 * deviations).exp();
                stats::whole(stats::float(median_bytes) * factor).min(max_bytes)
            }
        }
    }
}

impl fmt::Display for FileSizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Fixed { bytes } => write!(f, "{}", ByteSize::new(bytes)),
            Self::LogNormal { median_bytes, sigma_thousandths, max_bytes } => {
                let [median, max] = [median_bytes, max_bytes].map(ByteSize::new);
                let sigma = f64::from(sigma_thousandths) / 1000.0;
                write!(f, "log-normal(median={median},sigma={sigma},max={max})")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn workload(files: u64, files_per_directory: u64, fan_out: Option<u64>) -> Workload {
        let size = FileSizes::LogNormal { median_bytes: 8192, sigma_thousandths: 2000, max_bytes: 1 << 20 };
        Workload { name: "w".into(), files, size, files_per_directory, fan_out }
    }

    #[test]
    fn every_directory_lies_in_one_before_it_and_no_more_than_the_fan_out_in_one() {
        let found = workload(101, 10, Some(3)).directories_in(Path::new("r"));
        assert_eq!(found.len(), 11);
        for (index, path) in found.iter().enumerate().skip(1) {
            let parent = found.iter().position(|other| Some(other.as_path()) == path.parent()).unwrap();
            assert!(parent < index);
        }
        let in_root = found.iter().filter(|path| path.parent() == Some(Path::new("r"))).count();
        assert_eq!((in_root, found.iter().collect::<BTreeSet<_>>().len()), (3, 11));
        let flat = workload(101, 10, None).directories_in(Path::new("r"));
        assert!(flat[1..].iter().all(|path| path.parent() == Some(Path::new("r"))));
        let chain = workload(5, 1, Some(1)).directories_in(Path::new("r"));
        assert_eq!(chain[4].components().count(), 5);
    }

    #[test]
    fn files_fill_one_directory_after_the_other() {
        let tree = workload(25, 10, None);
        let found: Vec<PathBuf> = tree.files_in(Path::new("r")).collect();
        let expected = ["r/file-0", "r/file-9", "r/directory-1/file-10", "r/directory-2/file-24"];
        assert_eq!([0, 9, 10, 24].map(|file: usize| found[file].as_path()), expected.map(Path::new));
        assert_eq!((found.len(), tree.directories(), workload(10, 10, None).directories()), (25, 3, 1));
    }

    #[test]
    fn sizes_follow_the_distribution_and_their_sum_no_seed() {
        let tree = workload(1001, 1001, None);
        let (mut one, other) = (tree.sizes(1), tree.sizes(2));
        assert_ne!(one, other);
        assert_eq!([&one, &other].map(|sizes| sizes.iter().sum::<u64>()), [tree.bytes(); 2]);
        one.sort_unstable();
        assert_eq!((one[500], one[1000]), (8192, 1 << 20));
        // One standard deviation: 84.13 % of all.
        let e = std::f64::consts::E;
        let expected = 8192.0 * e * e;
        assert!((stats::float(one[841]) / expected - 1.0).abs() < 0.01, "{}", one[841]);
        assert!(tree.room(4096) > tree.bytes());
    }

    #[test]
    fn the_meaning_is_everything_but_the_name() {
        let tree = workload(20, 10, None);
        assert_eq!(
            tree.meaning(),
            "20xlog-normal(median=8KiB,sigma=2,max=1MiB),files-per-directory=10,fan-out=none"
        );
        assert_eq!(Workload { name: "other".into(), ..tree.clone() }.meaning(), tree.meaning());
        assert_ne!(Workload { fan_out: Some(1), ..tree.clone() }.meaning(), tree.meaning());
    }
}
