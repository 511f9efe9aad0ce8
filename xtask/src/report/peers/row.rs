//! A row of the tables of peers: what all its subjects copied.

use super::super::cell::{self, Cell};
use super::super::units;
use crate::plan::Case;
use crate::scenario::Standing;

/// What all subjects of a row copied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Row<'a> {
    /// A file of this size.
    Size(u64),
    /// A file with holes.
    Sparse {
        name: &'a str,
        bytes: u64,
    },
    Tree {
        workload: &'a str,
        standing: Standing,
    },
}

impl<'a> Row<'a> {
    pub(super) fn of(case: &'a Case) -> Self {
        match (&case.tree, &case.sparse) {
            (None, None) => Self::Size(case.size_bytes),
            (None, Some(file)) => Self::Sparse { name: &file.name, bytes: case.size_bytes },
            (Some(tree), _) => Self::Tree { workload: &tree.workload.name, standing: tree.standing },
        }
    }

    /// What a sort that keeps the order of equals goes by: trees stay as they are.
    pub(super) fn rank(&self) -> u64 {
        match self {
            // With holes behind those of the same length.
            Self::Size(bytes) | Self::Sparse { bytes, .. } => *bytes,
            Self::Tree { .. } => 0,
        }
    }

    /// Of the column of labels.
    pub(super) fn heading(self) -> &'static str {
        match self {
            Self::Size(_) | Self::Sparse { .. } => ">Size",
            Self::Tree { .. } => "Workload",
        }
    }

    pub(super) fn label(self) -> Cell {
        match self {
            Self::Size(bytes) => cell::size(bytes),
            Self::Sparse { name, bytes } => {
                Cell::number(format!("{}, {name}", units::size(bytes)), bytes as f64)
            }
            Self::Tree { workload, standing } => format!("{workload}, {standing}").into(),
        }
    }
}
