//! Copies that write under the destination's own name: what stays of the old file, and what is refused before it is gone.

use std::fs::{self, Permissions};
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use orbit_engine::{
    CopyError, CopyOptions, FileKind, Mismatch, Operation, Placement, Sparse, Strategy, Verification,
    copy_file,
};
use orbit_tests::lab::{self, FileSystem, Place};
use orbit_tests::skip::{Skip, unless_skipped};
use orbit_tests::{calls, files, subprocess, tool};
use rustix::io::Errno;

use super::copied_with;
use super::copy_once::{Report, copy_once};

const SIZE: u64 = 300_000;

fn in_place(strategy: Strategy) -> CopyOptions {
    CopyOptions::new().strategy(strategy).placement(Placement::InPlace)
}

fn failed(options: &CopyOptions, place: &Place, source: &str, destination: &str) -> CopyError {
    match copy_file(place.join(source), place.join(destination), options) {
        Ok(outcome) => panic!("{source} was copied to {destination}: {outcome:?}"),
        Err(error) => error,
    }
}

fn is_io(error: &CopyError, wanted: Operation, errno: Errno) -> bool {
    matches!(error, CopyError::Io { operation, error, .. }
        if *operation == wanted && error.raw_os_error() == Some(errno.raw_os_error()))
}

#[test]
fn every_size_arrives_over_shorter_and_longer_files() {
    lab::for_each_pair("every_size_arrives_over_shorter_and_longer_files", |from, to| {
        let (source, copy) = (from.join("source"), to.join("copy"));
        for size in [0, 1, 4096, 65_536, SIZE, (2 << 20) + 1] {
            files::create(&source, size, size);
            for old in [None, Some(0), Some(size / 2), Some(size + 100_000)] {
                for &strategy in Strategy::ALL {
                    let _ = fs::remove_file(&copy);
                    if let Some(old) = old {
                        files::create(&copy, 99, old);
                    }
                    let options = in_place(strategy).verification(Verification::Compare);
                    let outcome = copied_with(&options, &source, &copy);
                    assert_eq!(outcome.bytes, size);
                    files::assert_same_content(&source, &copy);
                }
            }
        }
        files::assert_no_litter(to.dir(), ["copy"]);
    });
}

#[test]
fn an_existing_file_keeps_its_inode_mode_and_links() {
    lab::for_each_file_system("an_existing_file_keeps_its_inode_mode_and_links", |place| {
        let (source, copy, link) = (place.join("source"), place.join("copy"), place.join("link"));
        files::create(&source, 1, SIZE);
        files::create(&copy, 2, SIZE + 5);
        fs::set_permissions(&source, Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&copy, Permissions::from_mode(0o640)).unwrap();
        fs::hard_link(&copy, &link).unwrap();
        symlink("copy", place.join("soft")).unwrap();
        let before = fs::metadata(&copy).unwrap();
        copied_with(&in_place(Strategy::Auto), &source, &place.join("soft"));
        let after = fs::metadata(&copy).unwrap();
        assert_eq!((after.ino(), after.mode(), after.nlink()), (before.ino(), before.mode(), 2));
        files::assert_same_content(&source, &link);
        files::assert_no_litter(place.dir(), ["source", "copy", "link", "soft"]);
    });
}

#[test]
fn a_new_file_gets_the_mode_less_the_umask_and_never_set_id() {
    let test = "a_new_file_gets_the_mode_less_the_umask_and_never_set_id";
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    let (source, copy) = (place.dir().join("source"), place.dir().join("copy"));
    files::create(&source, 1, 10);
    for (mode, umask, expected) in [(0o666, 0o022, 0o644), (0o4777, 0o077, 0o700), (0o6755, 0, 0o755)] {
        fs::set_permissions(&source, Permissions::from_mode(mode)).unwrap();
        let _ = fs::remove_file(&copy);
        let child = copy_once(&["--placement", "in-place"], &source, &copy);
        let mut shell = subprocess::command("sh");
        shell.arg("-c").arg(format!("umask {umask:o}; exec \"$@\"")).arg("sh");
        subprocess::run(tool::wrap(shell, &child)).expect_success();
        assert_eq!(fs::metadata(&copy).unwrap().mode() & 0o7777, expected, "{mode:o} under {umask:o}");
    }
}

#[test]
fn one_file_under_two_names_is_refused_with_its_content_intact() {
    lab::for_each_file_system("one_file_under_two_names_is_refused_with_its_content_intact", |place| {
        files::create(&place.join("file"), 1, SIZE);
        fs::hard_link(place.join("file"), place.join("hard")).unwrap();
        symlink("file", place.join("soft")).unwrap();
        for other in ["file", "hard", "soft"] {
            let error = failed(&in_place(Strategy::Auto), place, "file", other);
            assert!(matches!(error, CopyError::SameFile { .. }), "{error:?}");
            assert!(fs::read(place.join("file")).unwrap() == files::content(1, SIZE), "content lost");
        }
    });
}

#[test]
fn what_is_no_file_is_refused() {
    lab::for_each_file_system("what_is_no_file_is_refused", |place| {
        files::create(&place.join("source"), 1, SIZE);
        fs::create_dir(place.join("directory")).unwrap();
        symlink("nowhere", place.join("dangling")).unwrap();
        let fifo = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, place.join("fifo"), fifo, 0o666.into(), 0).unwrap();
        let options = in_place(Strategy::Auto);
        let error = failed(&options, place, "source", "directory");
        assert!(
            matches!(error, CopyError::DestinationNotRegular { kind: FileKind::Directory, .. }),
            "{error:?}"
        );
        let error = failed(&options, place, "source", "fifo");
        assert!(matches!(error, CopyError::DestinationNotRegular { kind: FileKind::Fifo, .. }), "{error:?}");
        let error = failed(&options, place, "source", "dangling");
        assert!(matches!(error, CopyError::DanglingSymlink { .. }), "{error:?}");
        let error = failed(&options, place, "source", "missing/copy");
        assert!(is_io(&error, Operation::OpenForWriting, Errno::NOENT), "{error:?}");
        files::assert_no_litter(place.dir(), ["source", "directory", "dangling", "fifo"]);
    });
}

#[test]
fn a_copy_that_fails_leaves_no_new_file() {
    let test = "a_copy_that_fails_leaves_no_new_file";
    let Some(place) = unless_skipped(test, lab::mount_small(FileSystem::Tmpfs, 1 << 20)) else { return };
    let Some(from) = unless_skipped(test, lab::mount(FileSystem::Workspace)) else { return };
    files::create(&from.dir().join("source"), 1, 2 << 20);
    for &strategy in Strategy::ALL {
        let error = copy_file(from.dir().join("source"), place.dir().join("copy"), &in_place(strategy));
        let error = error.expect_err("a copy without room");
        assert!(
            matches!(&error, CopyError::Io { error, .. }
            if error.raw_os_error() == Some(Errno::NOSPC.raw_os_error())),
            "{error:?}"
        );
        files::assert_no_litter(place.dir(), [""; 0]);
    }
}

/// A program that runs cannot be written to; staged, it is replaced, and goes on with its old content.
#[test]
fn a_running_program_is_refused_in_place_and_replaced_when_staged() {
    lab::for_each_file_system("a_running_program_is_refused_in_place_and_replaced_when_staged", |place| {
        let (source, program) = (place.join("source"), place.join("program"));
        files::create(&source, 1, SIZE);
        fs::copy("/bin/sleep", &program).unwrap();
        let mut running = subprocess::spawn(Command::new(&program).arg("30").stdin(Stdio::null()));
        let refused = failed(&in_place(Strategy::Auto), place, "source", "program");
        let staged = copy_file(&source, &program, &CopyOptions::new());
        let alive = running.try_wait().unwrap().is_none();
        running.kill().unwrap();
        running.wait().unwrap();
        assert!(is_io(&refused, Operation::OpenForWriting, Errno::TXTBSY), "{refused:?}");
        assert!(alive && staged.is_ok(), "{staged:?}");
        files::assert_same_content(&source, &program);
    });
}

#[test]
fn a_device_takes_the_bytes() {
    let test = "a_device_takes_the_bytes";
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    let source = place.dir().join("source");
    files::create(&source, 1, SIZE);
    for &strategy in Strategy::ALL {
        let outcome = copied_with(&in_place(strategy), &source, &PathBuf::from("/dev/null"));
        assert_eq!(outcome.bytes, SIZE);
    }
    let staged = copy_file(&source, "/dev/null", &CopyOptions::new()).unwrap_err();
    assert!(matches!(staged, CopyError::DestinationNotRegular { kind: FileKind::Device, .. }), "{staged:?}");
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    let Some(device) = unless_skipped(test, loop_device(&place.dir().join("disk"))) else { return };
    let options = in_place(Strategy::Auto);
    for level in [Verification::Compare, Verification::Sha256, Verification::Media] {
        let outcome =
            copied_with(&options.clone().verification(level).sparse(Sparse::Auto), &source, &device.0);
        assert_eq!(outcome.bytes, SIZE, "{level}");
    }
    let mut written = vec![0; usize::try_from(SIZE).unwrap()];
    fs::File::open(&device.0).unwrap().read_exact_at(&mut written, 0).unwrap();
    assert!(written == files::content(1, SIZE));
}

/// A loop device over a file of 4 MiB; given back when dropped.
struct LoopDevice(PathBuf);

fn loop_device(file: &std::path::Path) -> Result<LoopDevice, Skip> {
    if !rustix::process::geteuid().is_root() {
        return Err(Skip::because("needs root: loop devices"));
    }
    let disk = fs::File::create(file).and_then(|disk| disk.set_len(4 << 20));
    disk.expect("a file for the device");
    let mut losetup = tool::find("losetup")?;
    losetup.args(["--find", "--show"]).arg(file);
    let finished = subprocess::run(losetup);
    if !finished.status.success() {
        return Err(Skip::because(finished.stderr.trim().to_owned()));
    }
    Ok(LoopDevice(PathBuf::from(String::from_utf8_lossy(&finished.stdout).trim())))
}

impl Drop for LoopDevice {
    fn drop(&mut self) {
        if let Ok(mut losetup) = tool::find("losetup") {
            losetup.arg("--detach").arg(&self.0);
            subprocess::run(losetup);
        }
    }
}

#[test]
fn a_mismatch_is_told_in_place_too() {
    let test = "a_mismatch_is_told_in_place_too";
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    files::create(&place.dir().join("source"), 1, 4096);
    let command = copy_once(
        &["--placement", "in-place", "--verify", "compare", "--strategy", "buffered"],
        &place.dir().join("source"),
        &place.dir().join("copy"),
    );
    let fault = orbit_tests::faults::Fault::claim("pwrite64", 4096);
    let Some(finished) = unless_skipped(test, orbit_tests::faults::inject(&command, &fault)) else { return };
    let expected = Mismatch::Offset(0).to_string();
    assert!(finished.stderr.contains(&expected), "{}", finished.stderr);
    files::assert_no_litter(place.dir(), ["source"]);
}

#[test]
fn a_small_copy_to_a_new_name_makes_at_most_8_system_calls() {
    let test = "a_small_copy_to_a_new_name_makes_at_most_8_system_calls";
    let Some(ext4) = unless_skipped(test, lab::mount(FileSystem::Ext4)) else { return };
    files::create(&ext4.dir().join("source"), 1, 4096);
    let command =
        copy_once(&["--placement", "in-place"], &ext4.dir().join("source"), &ext4.dir().join("copy"));
    let Some(counted) = unless_skipped(test, calls::count(&command)) else { return };
    let made = super::system_calls::made_by_the_engine(&counted);
    assert!(made <= 8, "{made}: {:#?}", counted.lines);
    assert_eq!(Report::of(counted.finished).get("system_calls"), made.to_string());
}

#[test]
fn what_is_unwanted_before_it_begins_leaves_the_old_content() {
    let test = "what_is_unwanted_before_it_begins_leaves_the_old_content";
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    let (source, copy) = (place.dir().join("source"), place.dir().join("copy"));
    files::create(&source, 1, SIZE);
    files::create(&copy, 2, 5000);
    let cancel = orbit_engine::Cancel::new();
    cancel.cancel();
    let cancelled = copy_file(&source, &copy, &in_place(Strategy::Auto).cancel(cancel));
    assert!(matches!(cancelled, Err(CopyError::Cancelled { .. })), "{cancelled:?}");
    assert!(fs::read(&copy).unwrap() == files::content(2, 5000), "the old content is gone");
}
