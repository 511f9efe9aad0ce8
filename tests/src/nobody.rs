//! A child that is not root, for what only root may do.

use std::process::Command;

use crate::skip::Skip;
use crate::{subprocess, tool};

/// The user and the group that such a child has where the tests run as root.
pub const NOBODY: u32 = 65534;

/// The command as somebody who is not root; as the caller, where that is not root.
///
/// # Errors
/// When setpriv is not installed, or the build directory is closed to other users.
pub fn as_nobody(command: &Command) -> Result<Command, Skip> {
    if !rustix::process::geteuid().is_root() {
        return Ok(tool::wrap(subprocess::command("env"), command));
    }
    let mut probe = subprocess::command("test");
    probe.arg("-x").arg(command.get_program());
    if subprocess::run(tool::wrap(setpriv()?, &probe)).status.success() {
        Ok(tool::wrap(setpriv()?, command))
    } else {
        Err(Skip::because("the build directory is closed to other users"))
    }
}

fn setpriv() -> Result<Command, Skip> {
    let mut setpriv = tool::find("setpriv")?;
    setpriv.args([format!("--reuid={NOBODY}"), format!("--regid={NOBODY}")]);
    setpriv.args(["--clear-groups", "--"]);
    Ok(setpriv)
}
