//! The programs that are measured: where they are, which version they are, and how to get what is missing. A program
//! whose version is unknown is refused: its times would be nobody's.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::scenario::Subject;

/// A child begins its own program sooner.
const PATIENCE: Duration = Duration::from_secs(10);

/// An installed program, as `run.json` names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    /// The first line that it says of its version.
    pub(crate) version: String,
    /// SHA-256 of the file, in hexadecimal.
    pub(crate) sha256: String,
}

impl Program {
    /// Without the directory that it lies in, which says something of one machine only; the digest says which one it is.
    pub(crate) fn recorded(&self) -> Self {
        let name = self.path.file_name().map_or_else(|| self.path.clone(), PathBuf::from);
        Self { path: name, ..self.clone() }
    }
}

/// The program of `subject`: the name that it is installed by, and how to install it. None for a subject that is no
/// program, and for the engine's own.
fn peer(subject: Subject) -> Option<(&'static str, &'static str)> {
    match subject {
        Subject::Cp => Some(("cp", "apt install coreutils")),
        Subject::Xcp => Some(("xcp", "cargo install xcp")),
        Subject::Fcp => Some(("fcp", "cargo install fcp")),
        Subject::Rsync => Some(("rsync", "apt install rsync")),
        _ => None,
    }
}

/// The program of `subject`, found on `PATH` or, if it is the engine's, built in the checkout at `root`. The inner error
/// is the reason why it cannot be measured, with the remedy.
pub(crate) fn find(subject: Subject, root: &Path) -> Result<Result<Program, String>> {
    match peer(subject) {
        Some((name, install)) => Ok(installed(name, install, &env::var_os("PATH").unwrap_or_default())),
        None => engine(root).map(Ok),
    }
}

fn installed(name: &str, install: &str, path: &std::ffi::OsStr) -> Result<Program, String> {
    let file = env::split_paths(path)
        .map(|folder| folder.join(format!("{name}{}", env::consts::EXE_SUFFIX)))
        .find(|file| file.is_file())
        .ok_or_else(|| format!("{name} is not installed: `{install}`"))?;
    let mut asked = Command::new(&file);
    asked.arg("--version").env("LC_ALL", "C").stdin(Stdio::null());
    let said =
        start(|| asked.output()).map_err(|error| format!("{} does not start: {error}", file.display()))?;
    // Some say it where errors go.
    let said = if said.stdout.is_empty() { said.stderr } else { said.stdout };
    let said = String::from_utf8_lossy(&said).into_owned();
    let version = version(name, &said).ok_or_else(|| {
        let line = said.lines().next().unwrap_or_default();
        format!("`{} --version` says `{line}`, which is no version of {name}: `{install}`", file.display())
    })?;
    let sha256 = sha256(&file).map_err(|error| format!("{error:#}"))?;
    Ok(Program { path: file, version, sha256 })
}

/// The first line, if it is a bare version or begins with the program's name and has one.
fn version(name: &str, said: &str) -> Option<String> {
    let words: Vec<&str> = said.lines().next()?.split_whitespace().collect();
    let is_version = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.');
    let own = match words.as_slice() {
        [bare] => is_version(bare),
        [first, rest @ ..] => *first == name && rest.iter().any(is_version),
        [] => false,
    };
    own.then(|| words.join(" "))
}

/// Starts a program that may have been written just now. While another thread of this process starts one, that child has
/// all open that is open here, for a moment, and no system runs what is open for writing.
pub(crate) fn start<T>(mut start: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let begun = Instant::now();
    loop {
        match start() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && begun.elapsed() < PATIENCE => {
                thread::sleep(PATIENCE / 1000);
            }
            started => return started,
        }
    }
}

/// The engine's example program, built for release like this one.
fn engine(root: &Path) -> Result<Program> {
    let path = build(root, &["--quiet", "--package", "orbit-engine", "--example", "copy"], None)?
        .map_err(|said| anyhow!("the engine's example `copy` does not build: {said}"))?;
    let sha256 = sha256(&path)?;
    Ok(Program { path, version: format!("orbit-engine {}", env!("CARGO_PKG_VERSION")), sha256 })
}

/// The program that cargo builds for release with `arguments` in the checkout at `root`, in the folder `target` unless it is
/// cargo's own. The inner error is what the compiler says.
pub(crate) fn build(
    root: &Path,
    arguments: &[&str],
    target: Option<&Path>,
) -> Result<Result<PathBuf, String>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--release", "--locked", "--message-format", "json-render-diagnostics"]);
    command.args(arguments).current_dir(root).stdin(Stdio::null());
    if let Some(target) = target {
        command.env("CARGO_TARGET_DIR", target);
    }
    let output = command.output().context("cannot start cargo")?;
    if !output.status.success() {
        return Ok(Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    let path = executable(&String::from_utf8_lossy(&output.stdout));
    path.with_context(|| format!("cargo does not say where it put the program of {}", root.display())).map(Ok)
}

/// Of the last message that names one: cargo builds what the program needs first.
fn executable(messages: &str) -> Option<PathBuf> {
    let named = |line: &str| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    };
    messages.lines().rev().find_map(named)
}

/// Of a file, in hexadecimal.
pub(crate) fn sha256(file: &Path) -> Result<String> {
    let content = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_from_other_words() {
        for (name, said, expected) in [
            ("cp", "cp (GNU coreutils) 9.1\nCopyright", Some("cp (GNU coreutils) 9.1")),
            ("xcp", "xcp 0.24.9\n", Some("xcp 0.24.9")),
            ("fcp", "0.2.2\n", Some("0.2.2")),
            (
                "rsync",
                "rsync  version 3.2.7  protocol version 31\n",
                Some("rsync version 3.2.7 protocol version 31"),
            ),
            ("cp", "", None),
            ("cp", "cp: no such option\n", None),
            ("cp", "another 1.2\n", None),
        ] {
            assert_eq!(version(name, said).as_deref(), expected, "{said}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_missing_or_unknown_is_said_with_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let found = || installed("xcp", "cargo install xcp", folder.path().as_os_str());
        assert_eq!(found().unwrap_err(), "xcp is not installed: `cargo install xcp`");
        let program = folder.path().join("xcp");
        let write = |text: &str| {
            fs::write(&program, format!("#!/bin/sh\necho {text}\n")).unwrap();
            fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        };
        write("what");
        assert!(found().unwrap_err().contains("--version` says `what`, which is no version of xcp"));
        write("xcp 1.2 >&2");
        let program = found().unwrap();
        assert_eq!((program.version.as_str(), program.sha256.len()), ("xcp 1.2", 64));
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_is_open_for_writing_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("true");
        fs::copy("/bin/true", &program).unwrap();
        let open = fs::File::options().append(true).open(&program).unwrap();
        let busy = Command::new(&program).spawn().unwrap_err();
        assert_eq!(busy.kind(), io::ErrorKind::ExecutableFileBusy);
        let closing = thread::spawn(move || {
            thread::sleep(Duration::from_millis(50));
            drop(open);
        });
        assert!(start(|| Command::new(&program).status()).unwrap().success());
        closing.join().unwrap();
    }

    #[test]
    fn the_last_executable_counts() {
        let messages =
            "{\"executable\":\"/a\"}\n{\"executable\":null}\n{\"executable\":\"/b\"}\n{\"reason\":\"end\"}\n";
        assert_eq!(executable(messages), Some(PathBuf::from("/b")));
        assert_eq!(executable("no json\n"), None);
    }
}
