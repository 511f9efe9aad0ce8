//! Why the command ends without success: one line to say, and the exit code.

/// What the command could not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Without the program's name and on one line.
    pub(crate) message: String,
    pub(crate) exit: Exit,
}

/// How the process ends. `words::EXIT_CODES` tells users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Failed,
    Usage,
    Unverified,
    /// By this signal.
    Signal(u8),
}

impl Failure {
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self { message: message.into(), exit: Exit::Failed }
    }

    /// What is asked for cannot be meant, or a file that says what is meant is broken.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), exit: Exit::Usage }
    }
}

impl Exit {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Unverified => 3,
            Self::Signal(signal) => 128 + signal,
        }
    }
}
