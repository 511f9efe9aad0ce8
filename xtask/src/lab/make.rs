//! Makes the lab's file systems with the system's own tools.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use orbit_engine::ByteSize;

use super::Kind;
use super::mounts::TMPFS_SOURCE;
use super::state::Entry;
use crate::system;

/// Where administrator's tools live; a `PATH` may leave them out.
const ADMINISTRATOR_DIRECTORIES: &str = "/usr/sbin:/sbin";

/// Each tool with the package of Debian that has it.
const TOOLS: [(&str, &str); 4] =
    [("mkfs.xfs", "xfsprogs"), ("mkfs.btrfs", "btrfs-progs"), ("mkfs.ext4", "e2fsprogs"), ("mount", "mount")];

/// Fails where a tool is missing, naming all that are.
pub(super) fn check_tools() -> Result<()> {
    let missing: Vec<(&str, &str)> = TOOLS.into_iter().filter(|(tool, _)| find(tool).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let (tools, packages): (Vec<&str>, Vec<&str>) = missing.into_iter().unzip();
    bail!("{} not installed: `apt install {}`", tools.join(", "), packages.join(" "));
}

/// Fails where `images` of `size` could not be filled.
pub(super) fn check_room(directory: &Path, images: usize, size: ByteSize) -> Result<()> {
    let room = system::room(directory)
        .with_context(|| format!("cannot ask {} for its free space", directory.display()))?;
    let (free, needed) = (room.free_bytes, size.bytes().saturating_mul(images as u64));
    if free < needed {
        bail!(
            "{} has {} MiB free, and the images may grow to {} MiB; write a smaller `--size`",
            directory.display(),
            free >> 20,
            needed >> 20
        );
    }
    Ok(())
}

/// Makes and mounts `entry`, for everybody to write to.
pub(super) fn make(entry: &Entry, size: ByteSize) -> Result<()> {
    let point = &entry.mount_point;
    fs::create_dir_all(point).with_context(|| format!("cannot make {}", point.display()))?;
    match &entry.image {
        Some(image) => {
            write_image(image, size)?;
            run(tool(mkfs(entry.kind)?)?.arg(image))?;
            // `loop` also has the loop device clear itself after the last use.
            run(tool(("mount", &["-t", entry.kind.name(), "-o", "loop"]))?.arg(image).arg(point))?;
        }
        None => {
            // Without a number it would be half of the memory's pages, whatever the size.
            let options = format!("size={},nr_inodes={}", size.bytes(), size.bytes() / BYTES_PER_FILE);
            run(tool(("mount", &["-t", "tmpfs", "-o", &options, TMPFS_SOURCE]))?.arg(point))?;
        }
    }
    system::open_to_all(point).with_context(|| format!("cannot open {} to all", point.display()))
}

/// A new one: what is left of an earlier lab is of no use.
fn write_image(image: &Path, size: ByteSize) -> Result<()> {
    let write = || {
        fs::create_dir_all(image.parent().unwrap_or(Path::new(".")))?;
        super::absent_is_well(fs::remove_file(image))?;
        File::create_new(image)?.set_len(size.bytes())
    };
    write().with_context(|| format!("cannot write {}", image.display()))
}

type Call<'a> = (&'a str, &'a [&'a str]);

/// Options of ext4: no discards, and no work that goes on in the background.
const AT_ONCE: &str = "lazy_itable_init=0,lazy_journal_init=0,nodiscard";

/// A file for each of the smallest blocks: trees of tiny files run out of room, and not of inodes.
const BYTES_PER_FILE: u64 = 4096;

/// Without discards: a new sparse file has nothing to discard. ext4 has a file for each [`BYTES_PER_FILE`]; the others that
/// have images make inodes as they need them.
fn mkfs(kind: Kind) -> Result<Call<'static>> {
    Ok(match kind {
        Kind::Xfs => ("mkfs.xfs", &["-q", "-f", "-K", "-m", "reflink=1"]),
        Kind::Btrfs => ("mkfs.btrfs", &["-q", "-f", "-K"]),
        Kind::Ext4 => ("mkfs.ext4", &["-q", "-F", "-b", "4096", "-i", "4096", "-m", "0", "-E", AT_ONCE]),
        Kind::Tmpfs => bail!("a tmpfs has no image"),
    })
}

fn tool((name, arguments): Call<'_>) -> Result<Command> {
    let mut command = Command::new(find(name).with_context(|| format!("{name} is not installed"))?);
    command.args(arguments).env("LC_ALL", "C");
    Ok(command)
}

fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(env::split_paths(ADMINISTRATOR_DIRECTORIES));
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot start {name}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
        bail!("{name} failed ({}): {said}", output.status);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_new_and_sparse() {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("images/a.img");
        write_image(&image, ByteSize::new(10)).unwrap();
        fs::write(&image, "old").unwrap();
        write_image(&image, ByteSize::new(1 << 30)).unwrap();
        let found = fs::metadata(&image).unwrap();
        assert_eq!(found.len(), 1 << 30);
        assert!(system::allocated_bytes(&found).is_none_or(|bytes| bytes < 51_200));
    }

    #[test]
    fn too_little_room_is_said_before_anything_is_made() {
        let folder = tempfile::tempdir().unwrap();
        check_room(folder.path(), 3, ByteSize::new(1)).unwrap();
        let error = format!("{:#}", check_room(folder.path(), 3, ByteSize::new(1 << 50)).unwrap_err());
        assert!(error.contains("write a smaller `--size`"), "{error}");
    }
}
