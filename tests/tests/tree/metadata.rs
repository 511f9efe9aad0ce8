//! Metadata of trees: fixed from the bottom up, kept where asked, and at no moment wider than the source's.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use orbit_engine::{CopyOptions, Placement, TreeOptions};
use orbit_tests::faults::{self, Attempt, Fault};
use orbit_tests::lab::FileSystem;
use orbit_tests::metadata::{self, Metadata, set_times};
use orbit_tests::skip::{Skip, unless_skipped};
use orbit_tests::trees::{self, Aspect, Tree};
use orbit_tests::{files, subprocess, tool};

use super::copy_tree_once::{TreeReport, copy_tree_once};
use super::scene::{FILE_SYSTEMS, Scene, directory, file, files_in, plant, set_mode, symlink};
use super::{copied, placed};

fn preserving(placement: Placement) -> TreeOptions {
    TreeOptions::new(CopyOptions::new().preserve_metadata(true).placement(placement))
}

/// Directories with every mode that could stop a copy, each with one of everything.
fn plant_everything(root: &Path) -> Result<(), Skip> {
    files_in(root, "folder/inner/last", 5, 2000);
    files_in(root, "sticky", 3, 100);
    directory(root, "none");
    metadata::set_owner(&file(root, "folder/program", 1, 3000), 12, 34)?;
    fs::set_permissions(root.join("folder/program"), Permissions::from_mode(0o4711)).expect("as owner");
    for path in ["folder", "folder/inner", "folder/program", ""] {
        metadata::set_xattr(&root.join(path), "user.origin", path.as_bytes())?;
        metadata::add_to_acl(&root.join(path), "u:3456:r-x")?;
    }
    metadata::add_to_acl(&root.join("sticky"), "d:u:3456:rwx")?;
    for (path, user, group) in [("folder", 12, 34), ("sticky", 56, 78), ("", 90, 12)] {
        metadata::set_owner(&root.join(path), user, group)?;
    }
    for (path, mode) in [
        ("folder/inner/last", 0o500),
        ("folder/inner", 0o555),
        ("sticky", 0o3775),
        ("none", 0o000),
        ("", 0o2711),
    ] {
        set_mode(&root.join(path), mode);
    }
    let paths: Vec<_> = Tree::of(root).iter().map(|(path, _)| root.join(path)).collect();
    for (second, path) in paths.iter().enumerate().rev() {
        let time = UNIX_EPOCH + Duration::new(1_000_000_000 + second as u64, 123_456_789);
        set_times(path, time - Duration::from_secs(99), time);
    }
    Ok(())
}

/// Into a new tree, and over a tree that has none of it.
#[test]
fn everything_arrives_whatever_the_order_in_which_it_is_set() {
    let test = "everything_arrives_whatever_the_order_in_which_it_is_set";
    for file_system in FILE_SYSTEMS {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        if unless_skipped(test, plant_everything(&scene.from())).is_none() {
            continue;
        }
        for &placement in Placement::ALL {
            for old in [false, true] {
                if old {
                    files_in(&scene.to(), "folder/inner/last", 5, 2000);
                    files_in(&scene.to(), "sticky", 3, 99);
                }
                let outcome = copied(&preserving(placement).workers(4), &scene.from(), &scene.to());
                assert!(outcome.not_preserved.is_empty(), "{outcome:?}");
                trees::assert_same(&scene.from(), &scene.to(), Aspect::Everything);
                trees::remove(&scene.to());
            }
        }
    }
}

/// What this process takes away from the modes of what it makes.
fn umask() -> u32 {
    let told = fs::read_to_string("/proc/thread-self/status").expect("read /proc/thread-self/status");
    let mask = told.lines().find_map(|line| line.strip_prefix("Umask:")).expect("Linux tells the umask");
    u32::from_str_radix(mask.trim(), 8).expect("an octal number")
}

/// The bits above the permissions, owners, times and attributes stay behind; only directories keep that no more than the
/// owner of a file may remove it.
#[test]
fn nothing_but_the_permissions_comes_unasked() {
    let test = "nothing_but_the_permissions_comes_unasked";
    for file_system in FILE_SYSTEMS {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        if unless_skipped(test, plant_everything(&scene.from())).is_none() {
            continue;
        }
        for placement in [Placement::Staged, Placement::InPlace] {
            copied(&placed(placement), &scene.from(), &scene.to());
            let from = Tree::of(&scene.from());
            for (path, entry) in Tree::of(&scene.to()).iter() {
                let (found, source) = (&entry.metadata, &from.get(path).unwrap().metadata);
                let sticky = if entry.kind == trees::Kind::Directory { source.mode & 0o1000 } else { 0 };
                assert_eq!((found.owner, found.mode & 0o7000), ((0, 0), sticky), "{path:?}");
                let umask = if placement == Placement::InPlace { umask() } else { 0 };
                // Where there is a list, these bits are no longer the permissions of the group.
                if !source.attributes.contains_key(OsStr::new("system.posix_acl_access")) {
                    let expected = source.mode & 0o777 & !umask | sticky;
                    assert_eq!(found.mode, expected, "{path:?} by {placement} on {file_system}");
                }
                assert!(
                    found.modified > source.modified
                        && !found.attributes.contains_key(OsStr::new("user.origin"))
                );
            }
            trees::remove(&scene.to());
        }
    }
}

/// As for single files: staged, the permissions are the source's; in place they are less what the umask takes.
#[test]
fn a_strict_umask_takes_nothing_away_where_the_copy_is_staged() {
    let test = "a_strict_umask_takes_nothing_away_where_the_copy_is_staged";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    plant(&scene.from());
    set_mode(&scene.from().join("many"), 0o777);
    set_mode(&scene.from().join("many/0"), 0o666);
    let umask = |umask: &str, options: &[&str]| {
        let mut shell = subprocess::command("sh");
        shell.args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")]);
        tool::wrap(shell, &copy_tree_once(options, &scene.from(), &scene.to()))
    };
    for placement in ["staged", "resumable"] {
        for mask in ["077", "000", "0777"] {
            for _ in 0..2 {
                TreeReport::of(subprocess::run(umask(mask, &["--placement", placement])));
                trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
            }
            trees::remove(&scene.to());
        }
    }
    TreeReport::of(subprocess::run(umask("027", &["--placement", "in-place"])));
    let is_link = |entry: &trees::Entry| matches!(entry.kind, trees::Kind::Symlink(_));
    for (path, entry) in Tree::of(&scene.to()).iter().filter(|(_, entry)| !is_link(entry)) {
        let source = Metadata::of(&scene.from().join(path)).mode & 0o777;
        assert_eq!(entry.metadata.mode, source & !0o027, "{path:?}");
    }
    TreeReport::of(subprocess::run(umask("077", &["--placement", "in-place", "--preserve", "true"])));
    trees::assert_same(&scene.from(), &scene.to(), Aspect::Everything);
}

/// A directory hands its list on to what is made in it, which the source has allowed nobody.
#[test]
fn a_list_that_the_destination_hands_on_does_not_open_the_copy() {
    let test = "a_list_that_the_destination_hands_on_does_not_open_the_copy";
    for file_system in FILE_SYSTEMS {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        file(&scene.from(), "folder/inner/file", 1, 3000);
        set_mode(&scene.from().join("folder/inner/file"), 0o640);
        set_mode(&scene.from().join("folder/inner"), 0o750);
        let open = directory(scene.place().dir(), "open");
        if unless_skipped(test, metadata::add_to_acl(&open, "d:u:3456:rwx,d:o::rwx")).is_none() {
            continue;
        }
        for &placement in Placement::ALL {
            for (preserve, into) in
                [(false, "open/to"), (true, "open/to"), (false, "open/there"), (true, "open/there")]
            {
                if into == "open/there" {
                    directory(scene.place().dir(), into);
                }
                let each = CopyOptions::new().preserve_metadata(preserve).placement(placement);
                copied(&TreeOptions::new(each), &scene.from(), &scene.path(into));
                let copy = Tree::of(&scene.path(into));
                for (path, mode) in [("folder/inner/file", 0o640), ("folder/inner", 0o750), ("folder", 0o755)]
                {
                    let found = &copy.get(path).unwrap().metadata;
                    assert_eq!(found.mode, mode, "{path}, {placement}, {into}");
                    if preserve {
                        assert!(found.attributes.is_empty(), "{path}: {found:?}");
                    }
                }
                trees::remove(&scene.path(into));
            }
        }
    }
}

/// Where everybody may write, only the owner of a file may remove it; a directory that was there keeps its own rule.
#[test]
fn the_sticky_bit_of_directories_is_kept() {
    let test = "the_sticky_bit_of_directories_is_kept";
    for file_system in FILE_SYSTEMS {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        set_mode(&directory(&scene.from(), "open"), 0o777);
        file(&scene.from(), "open/shared/file", 1, 3000);
        set_mode(&scene.from().join("open/shared"), 0o1777);
        for &placement in Placement::ALL {
            for is_there in [false, true] {
                if is_there {
                    set_mode(&directory(&scene.to(), "open/shared"), 0o755);
                }
                let each = CopyOptions::new().placement(placement);
                copied(&TreeOptions::new(each), &scene.from(), &scene.to());
                let found = Tree::of(&scene.to()).get("open/shared").unwrap().metadata.mode;
                let umask = if placement == Placement::InPlace { 0o022 } else { 0 };
                let expected = if is_there { 0o755 } else { 0o1777 & !umask };
                assert_eq!(found, expected, "{placement}, {file_system}");
                trees::remove(&scene.to());
            }
        }
    }
}

/// Nobody may look into the copy of what is closed to them, at no moment of the copy: it is killed at each of many.
#[test]
fn at_no_moment_is_the_copy_open_to_anybody_to_whom_the_source_is_closed() {
    let test = "at_no_moment_is_the_copy_open_to_anybody_to_whom_the_source_is_closed";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    file(&scene.from(), "closed/inner/secret", 1, 3000);
    file(&scene.from(), "secret", 2, 3000);
    for (path, mode) in
        [("closed/inner/secret", 0o600), ("closed/inner", 0o700), ("closed", 0o700), ("secret", 0o600)]
    {
        set_mode(&scene.from().join(path), mode);
    }
    set_mode(&scene.from(), 0o700);
    let from = Tree::of(&scene.from());
    for (placement, preserve) in
        [("staged", "false"), ("staged", "true"), ("in-place", "true"), ("resumable", "false")]
    {
        let options = ["--placement", placement, "--preserve", preserve, "--workers", "2"];
        for call in ["/^fchmod", "/^utimens", "/^mkdir", "/^open", "/^close", "/write", "/^rename"] {
            for nth in [1, 2, 3, 4, 6, 9, 14, 20] {
                let child = copy_tree_once(&options, &scene.from(), &scene.to());
                let attempt = faults::attempt(&child, &Fault::kill(call).nth(nth));
                let Some(attempt) = unless_skipped(test, attempt) else { return };
                assert_closed(&from, scene.place().dir(), &format!("{placement}, {call} {nth}"));
                for name in files::list(scene.place().dir()).into_iter().filter(|name| name != "from") {
                    trees::remove(&scene.path(name.to_str().unwrap()));
                }
                if matches!(attempt, Attempt::NothingInjected(_)) {
                    break;
                }
            }
        }
    }
}

/// Whatever lies beside the source is a copy of it under some name, and open to nobody but its owner.
#[track_caller]
fn assert_closed(from: &Tree, place: &Path, when: &str) {
    for (path, entry) in Tree::of(place).iter() {
        let is_copy = path.components().next().is_some_and(|first| first.as_os_str() != "from");
        if is_copy {
            assert_eq!(entry.metadata.mode & 0o077, 0, "{} is open at {when}", path.display());
        }
    }
    assert!(from.iter().all(|(_, entry)| entry.metadata.mode & 0o077 == 0));
}

/// A directory at the destination that gives its group to what is made in it keeps doing so.
#[test]
fn a_destination_that_gives_its_group_on_is_no_obstacle() {
    let test = "a_destination_that_gives_its_group_on_is_no_obstacle";
    let Some(scene) = Scene::on(test, FileSystem::Xfs) else { return };
    plant(&scene.from());
    let shared = directory(scene.place().dir(), "shared");
    if unless_skipped(test, metadata::set_owner(&shared, 0, 4321)).is_none() {
        return;
    }
    set_mode(&shared, 0o2775);
    for &placement in Placement::ALL {
        copied(&placed(placement), &scene.from(), &shared.join("to"));
        trees::assert_same(&scene.from(), &shared.join("to"), Aspect::Content);
        assert_eq!(Metadata::of(&shared.join("to/many")).owner.1, 4321);
        copied(&preserving(placement), &scene.from(), &shared.join("to"));
        trees::assert_same(&scene.from(), &shared.join("to"), Aspect::Everything);
        trees::remove(&shared.join("to"));
    }
}

/// Attributes that the destination cannot have are told once for all entries, with their number.
#[test]
fn what_cannot_be_kept_is_told_once_with_the_number_of_entries() {
    let test = "what_cannot_be_kept_is_told_once_with_the_number_of_entries";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    files_in(&scene.from(), "folder", 20, 100);
    symlink(&scene.from(), "link", "folder");
    for index in 0..20 {
        let path = scene.from().join("folder").join(index.to_string());
        if unless_skipped(test, metadata::set_xattr(&path, "user.origin", b"value")).is_none() {
            return;
        }
    }
    let fault = Fault::error("fsetxattr", rustix::io::Errno::OPNOTSUPP).and_later();
    let child = copy_tree_once(&["--preserve", "true"], &scene.from(), &scene.to());
    let Some(finished) = unless_skipped(test, faults::inject(&child, &fault)) else { return };
    let report = TreeReport::of(finished);
    assert_eq!(report.all("not_preserved"), ["extended attribute user.origin 20"]);
}
