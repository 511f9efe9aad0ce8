//! What a case copies: a file of some size, or a tree with what stands where it goes. How cases are made of it is known
//! to the module above.

use orbit_engine::ByteSize;

use super::TreeCase;
use crate::scenario::{Matrix, SparseFile, Standing, Subject, Workers, Workload};

/// What is copied.
#[derive(Debug, Clone, Copy)]
pub(super) enum Item<'a> {
    /// Of this size.
    File(u64),
    Sparse(&'a SparseFile),
    Tree {
        workload: &'a Workload,
        /// Of all its files, reckoned once: a tree may have millions.
        bytes: u64,
        standing: Standing,
        workers: Workers,
    },
}

impl<'a> Item<'a> {
    /// Everything that `matrix` copies, in its order.
    pub(super) fn all(matrix: &'a Matrix) -> Vec<Self> {
        let files = matrix.sizes.iter().map(|&size| Self::File(size));
        let sparse = matrix.sparse.iter().map(Self::Sparse);
        let trees = matrix.workloads.iter().flat_map(|workload| {
            let bytes = workload.bytes();
            matrix.standings.iter().flat_map(move |&standing| {
                matrix.workers.iter().map(move |&workers| Self::Tree { workload, bytes, standing, workers })
            })
        });
        files.chain(sparse).chain(trees).collect()
    }

    /// With the defaults in place of what `subject` cannot obey.
    pub(super) fn plain(self, subject: Subject) -> Self {
        match self {
            Self::Tree { workload, bytes, standing, .. } if !subject.has_workers() => {
                Self::Tree { workload, bytes, standing, workers: Workers::Auto }
            }
            _ => self,
        }
    }

    /// As it stands in the id of a case.
    pub(super) fn named(self) -> String {
        match self {
            Self::File(size) => format!("size={}", ByteSize::new(size)),
            Self::Sparse(file) => format!("sparse={}", file.name),
            Self::Tree { workload, standing, workers, .. } => {
                format!("workload={}/destination={standing}/workers={workers}", workload.name)
            }
        }
    }

    /// All that it says about the time that a copy takes.
    pub(super) fn meaning(self) -> String {
        match self {
            Self::File(_) => self.named(),
            Self::Sparse(file) => format!("sparse={}", file.meaning()),
            Self::Tree { workload, standing, workers, .. } => {
                format!("workload={}/destination={standing}/workers={workers}", workload.meaning())
            }
        }
    }

    pub(super) fn bytes(self) -> u64 {
        match self {
            Self::File(size) => size,
            Self::Sparse(file) => file.bytes(),
            Self::Tree { bytes, .. } => bytes,
        }
    }

    pub(super) fn sparse(self) -> Option<SparseFile> {
        match self {
            Self::Sparse(file) => Some(file.clone()),
            Self::File(_) | Self::Tree { .. } => None,
        }
    }

    pub(super) fn tree(self) -> Option<TreeCase> {
        match self {
            Self::File(_) | Self::Sparse(_) => None,
            Self::Tree { workload, standing, workers, .. } => {
                Some(TreeCase { workload: workload.clone(), standing, workers })
            }
        }
    }
}
