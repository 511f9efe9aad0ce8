//! What a case copies: a file of some size, or a tree with what stands where it goes. How cases are made of it is known
//! to the module above.

use orbit_engine::ByteSize;

use super::TreeCase;
use crate::scenario::{Exclude, Matrix, Standing, Subject, Workers, Workload};

/// What is copied.
#[derive(Debug, Clone, Copy)]
pub(super) enum Item<'a> {
    /// Of this size.
    File(u64),
    Tree {
        workload: &'a Workload,
        standing: Standing,
        workers: Workers,
    },
}

impl<'a> Item<'a> {
    /// Everything that `matrix` copies, in its order.
    pub(super) fn all(matrix: &'a Matrix) -> Vec<Self> {
        let files = matrix.sizes.iter().map(|&size| Self::File(size));
        let trees = matrix.workloads.iter().flat_map(|workload| {
            matrix.standings.iter().flat_map(move |&standing| {
                matrix.workers.iter().map(move |&workers| Self::Tree { workload, standing, workers })
            })
        });
        files.chain(trees).collect()
    }

    /// With the defaults in place of what `subject` cannot obey.
    pub(super) fn plain(self, subject: Subject) -> Self {
        match self {
            Self::Tree { workload, standing, .. } if !subject.has_workers() => {
                Self::Tree { workload, standing, workers: Workers::Auto }
            }
            _ => self,
        }
    }

    pub(super) fn matches(self, exclude: &Exclude) -> bool {
        match self {
            Self::File(size) => {
                let of_trees = (&exclude.workloads, &exclude.standings, &exclude.workers);
                allows(&exclude.sizes, &size) && of_trees == (&Vec::new(), &Vec::new(), &Vec::new())
            }
            Self::Tree { workload, standing, workers } => {
                exclude.sizes.is_empty()
                    && allows(&exclude.workloads, &workload.name)
                    && allows(&exclude.standings, &standing)
                    && allows(&exclude.workers, &workers)
            }
        }
    }

    /// As it stands in the id of a case.
    pub(super) fn named(self) -> String {
        match self {
            Self::File(size) => format!("size={}", ByteSize::new(size)),
            Self::Tree { workload, standing, workers } => {
                format!("workload={}/destination={standing}/workers={workers}", workload.name)
            }
        }
    }

    /// All that it says about the time that a copy takes.
    pub(super) fn meaning(self) -> String {
        match self {
            Self::File(_) => self.named(),
            Self::Tree { workload, standing, workers } => {
                format!("workload={}/destination={standing}/workers={workers}", workload.meaning())
            }
        }
    }

    pub(super) fn bytes(self) -> u64 {
        match self {
            Self::File(size) => size,
            Self::Tree { workload, .. } => workload.bytes(),
        }
    }

    pub(super) fn tree(self) -> Option<TreeCase> {
        match self {
            Self::File(_) => None,
            Self::Tree { workload, standing, workers } => {
                Some(TreeCase { workload: workload.clone(), standing, workers })
            }
        }
    }
}

/// Whether a list of exclusions says nothing of the value, or names it.
pub(super) fn allows<T: PartialEq>(list: &[T], value: &T) -> bool {
    list.is_empty() || list.contains(value)
}
