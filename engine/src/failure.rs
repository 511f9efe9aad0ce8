//! A call of the system that failed, before anybody knows on which path.

use std::io;

use crate::error::Operation;
use crate::outcome::RefusalReason;

/// A failed call: what it was to do, and the system's answer.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) operation: Operation,
    pub(crate) error: io::Error,
}

impl Failure {
    /// Why the rung cannot work, where the failure means that it cannot.
    pub(crate) fn reason(&self) -> RefusalReason {
        RefusalReason::Errno(self.error.raw_os_error().unwrap_or(0))
    }
}

/// Turns the system's answer to `operation` into a failure.
pub(crate) fn failed(operation: Operation) -> impl Fn(io::Error) -> Failure {
    move |error| Failure { operation, error }
}
