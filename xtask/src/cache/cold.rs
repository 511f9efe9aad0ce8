//! Files out of the page cache, and the proof that they are: reading them, even without waiting, would bring them back,
//! so `fincore` is asked.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::system;

/// Files that one `fincore` is asked about.
const AT_ONCE: usize = 500;

/// Takes the file at `path` out of the page cache, but for what is not on the disk yet.
pub(crate) fn cool(path: &Path) -> std::io::Result<()> {
    system::uncache(&File::open(path)?)
}

/// Bytes of the files at `paths` that are in the page cache.
pub(crate) fn resident_bytes(paths: &[PathBuf]) -> Result<u64> {
    paths.chunks(AT_ONCE).try_fold(0, |sum, some| Ok(sum + ask(some)?))
}

/// `fincore` of util-linux: by cachestat(2) or mincore(2), whichever it was built for.
fn ask(paths: &[PathBuf]) -> Result<u64> {
    let mut command = Command::new("fincore");
    command.args(["--raw", "--noheadings", "--bytes", "--output", "RES", "--"]).args(paths);
    let output =
        command.stdin(Stdio::null()).output().context("cannot start fincore: `apt install util-linux`")?;
    if !output.status.success() {
        bail!("fincore: {}", String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; "));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let bytes = |line: &str| line.trim().parse::<u64>().with_context(|| format!("fincore says `{line}`"));
    said.lines().map(bytes).sum()
}

/// Whether files in `directory` can be cold: tried with one. The error is the reason why not.
pub(crate) fn probe(directory: &Path) -> Result<(), String> {
    const BYTES: usize = 64 * 1024;
    let stay = || {
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(&[1; BYTES])?;
        file.as_file().sync_all()?;
        cool(file.path())?;
        resident_bytes(&[file.path().to_owned()])
    };
    match stay() {
        Ok(0) => Ok(()),
        Ok(_) => Err("files stay in memory here, so that no source is cold".to_owned()),
        Err(error) => Err(format!("cannot tell here whether a source is cold: {error:#}")),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_cold_until_it_is_read() {
        let folder = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).unwrap();
        let paths: Vec<PathBuf> = ["one", "two"].map(|name| folder.path().join(name)).to_vec();
        for path in &paths {
            let mut file = File::create(path).unwrap();
            file.write_all(&vec![1; 1 << 20]).unwrap();
            file.sync_all().unwrap();
        }
        if probe(folder.path()).is_err() {
            println!("skipped: files cannot be cold there, or there is no fincore");
            return;
        }
        assert_eq!(resident_bytes(&paths).unwrap(), 2 << 20);
        paths.iter().for_each(|path| cool(path).unwrap());
        assert_eq!(resident_bytes(&paths).unwrap(), 0);
        // Asking again must not have changed the answer.
        assert_eq!(resident_bytes(&paths).unwrap(), 0);
        fs::read(&paths[1]).unwrap();
        assert_eq!(resident_bytes(&paths).unwrap(), 1 << 20);
        assert!(resident_bytes(&[folder.path().join("none")]).is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_lives_in_memory_is_never_cold() {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() && rustix::fs::statfs(memory).is_ok_and(|found| found.f_type == 0x0102_1994) {
            assert!(probe(memory).unwrap_err().contains("stay in memory"));
        }
    }
}
