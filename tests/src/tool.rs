//! Finds the system's own tools and puts one command in front of another.

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use crate::skip::Skip;

/// Where administrator's tools live; an ordinary user's `PATH` often leaves them out.
const ADMINISTRATOR_DIRECTORIES: &str = "/usr/sbin:/sbin";

/// A command for the installed tool `name`, with messages in English.
///
/// # Errors
/// When it is not installed.
pub fn find(name: &str) -> Result<Command, Skip> {
    let path = env::var_os("PATH").unwrap_or_default();
    let directories = env::split_paths(&path).chain(env::split_paths(ADMINISTRATOR_DIRECTORIES));
    let program: Option<PathBuf> = directories.map(|dir| dir.join(name)).find(|file| file.is_file());
    let program = program.ok_or_else(|| Skip::because(format!("{name} is not installed")))?;
    let mut command = Command::new(program);
    command.env("LC_ALL", "C");
    Ok(command)
}

/// `outer … inner …`: the arguments of `inner` after those of `outer`, in the environment and directory of `inner`.
///
/// Standard streams are not taken over, and a cleared environment cannot be seen and is not.
#[must_use]
pub fn wrap(mut outer: Command, inner: &Command) -> Command {
    outer.arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        set(&mut outer, name, value);
    }
    if let Some(dir) = inner.get_current_dir() {
        outer.current_dir(dir);
    }
    outer
}

fn set(command: &mut Command, name: &OsStr, value: Option<&OsStr>) {
    match value {
        Some(value) => command.env(name, value),
        None => command.env_remove(name),
    };
}
