//! What the ladder did to one file.

use crate::drive::Driven;
use crate::outcome::{Moved, Refusal};
use crate::staging::Staging;
use crate::strategy::Mechanism;

/// What the ladder did.
#[derive(Debug, Default)]
pub(crate) struct Climb {
    /// Length of the destination.
    pub(crate) bytes: u64,
    /// Bytes of it that were moved; the others are holes.
    pub(crate) data_bytes: u64,
    /// Who moved them.
    pub(crate) moved: Vec<Moved>,
    /// Who could not.
    pub(crate) refusals: Vec<Refusal>,
    /// Most threads that moved bytes at one time.
    pub(crate) threads: u32,
    /// The file that the content is in, where a mechanism has made one of its own.
    pub(crate) made: Option<Staging>,
    pub(crate) end: End,
}

/// How a climb ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum End {
    /// A rung finished the file.
    Complete,
    /// Every rung was refused.
    #[default]
    Refused,
    /// The caller wants no more.
    Cancelled,
}

impl End {
    pub(crate) fn of(driven: Driven) -> Self {
        match driven {
            Driven::Complete | Driven::Ended => Self::Complete,
            Driven::Cancelled => Self::Cancelled,
            Driven::Refused { .. } => Self::Refused,
        }
    }
}

impl Climb {
    /// The mechanism that moved most of the bytes, the last one where none was moved.
    pub(crate) fn mechanism(&self) -> Option<Mechanism> {
        self.moved.iter().max_by_key(|moved| moved.bytes).map(|moved| moved.mechanism)
    }

    /// Whether the destination shares all of the source's extents.
    pub(crate) fn is_shared(&self) -> bool {
        !self.moved.is_empty() && self.moved.iter().all(|moved| moved.mechanism == Mechanism::Reflink)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mechanism_named_is_the_one_that_moved_most() {
        let moved = |mechanism, bytes| Moved { mechanism, bytes };
        let climb = Climb {
            moved: vec![moved(Mechanism::CopyFileRange, 9), moved(Mechanism::ReadWrite, 1)],
            ..Climb::default()
        };
        assert_eq!(climb.mechanism(), Some(Mechanism::CopyFileRange));
        assert_eq!(Climb::default().mechanism(), None);
        assert!(!climb.is_shared());
    }
}
