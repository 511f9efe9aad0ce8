//! Resource limits of a child, set by the `prlimit` tool because setting them between fork and exec needs unsafe code.

use std::process::Command;

use crate::skip::Skip;
use crate::tool;

/// One limit, soft and hard alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Largest file in bytes. A write beyond it raises SIGXFSZ, which ends a child that does not handle it.
    FileSize(u64),
    /// Largest file in bytes, SIGXFSZ ignored: a write beyond it fails with EFBIG.
    FileSizeAsError(u64),
    /// One more than the highest file descriptor.
    OpenFiles(u64),
}

impl Limit {
    fn option(self) -> String {
        match self {
            Self::FileSize(bytes) | Self::FileSizeAsError(bytes) => format!("--fsize={bytes}"),
            Self::OpenFiles(count) => format!("--nofile={count}"),
        }
    }
}

/// The command under the given limits.
///
/// # Errors
/// When a tool that sets them is not installed.
pub fn with_limits(command: &Command, limits: &[Limit]) -> Result<Command, Skip> {
    let mut prlimit = tool::find("prlimit")?;
    prlimit.args(limits.iter().map(|limit| limit.option()));
    let limited = tool::wrap(prlimit, command);
    if !limits.iter().any(|limit| matches!(limit, Limit::FileSizeAsError(_))) {
        return Ok(limited);
    }
    // An ignored signal stays ignored across exec.
    let mut env = tool::find("env")?;
    env.arg("--ignore-signal=XFSZ");
    Ok(tool::wrap(env, &limited))
}
