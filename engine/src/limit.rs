//! The largest file that this process may write. A write beyond it is answered by a signal that ends the process, so that it
//! must not be made.

use std::cell::Cell;

use crate::attempt::Failure;
use crate::error::Operation;
use crate::platform::{self, Calls};

/// The limit, asked for when it first matters.
#[derive(Debug)]
pub(crate) struct Limit(Cell<Option<u64>>);

impl Limit {
    /// That of the process for files; none for devices.
    pub(crate) fn new(is_limited: bool) -> Self {
        Self(Cell::new(if is_limited { None } else { Some(u64::MAX) }))
    }

    /// Fails where a file of `size` bytes is too large.
    pub(crate) fn admit(&self, size: u64, calls: &Calls) -> Result<(), Failure> {
        self.admit_byte(size.saturating_sub(1), calls)
    }

    /// Fails where no byte may be written at `offset`. The first byte is not asked about: its call is the only one of a
    /// small file.
    pub(crate) fn admit_byte(&self, offset: u64, calls: &Calls) -> Result<(), Failure> {
        if offset == 0 {
            return Ok(());
        }
        let most = self.0.get().unwrap_or_else(|| platform::file_size_limit(calls).unwrap_or(u64::MAX));
        self.0.set(Some(most));
        if offset < most {
            return Ok(());
        }
        Err(Failure { operation: Operation::Write, error: platform::too_large() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_is_written_at_a_limit() {
        let calls = Calls::default();
        let limit = Limit(Cell::new(Some(100)));
        assert!(limit.admit_byte(99, &calls).is_ok());
        assert!(limit.admit(100, &calls).is_ok());
        for refused in [limit.admit_byte(100, &calls), limit.admit(101, &calls)] {
            assert_eq!(refused.unwrap_err().error.kind(), std::io::ErrorKind::FileTooLarge);
        }
    }
}
