//! Names are bytes: whatever a file system takes arrives unchanged.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use orbit_engine::{Compression, CopyOptions, FileKind, Placement, TreeOptions};
use orbit_tests::files;
use orbit_tests::lab::FileSystem;
use orbit_tests::trees::{self, Aspect, Tree};

use super::scene::{FILE_SYSTEMS, Scene, symlink};
use super::{assert_named, copied, errno, failed, going_on, placed};

/// Names that have broken programs.
fn hostile() -> Vec<Vec<u8>> {
    let mut names: Vec<Vec<u8>> = [
        &b"\xff\xfe\x80"[..],
        b"new\nline",
        b"carriage\rreturn",
        b"tab\tand\x07bell",
        b"\x1b[31mred",
        b"-rf",
        b"--",
        b"-",
        b" ",
        b" leading and trailing ",
        b"...",
        b"..hidden",
        b".orbit-",
        b".name.orbit-0123456789abcdef",
        b".name.orbit-0123.partial",
        b"quote'\"`$(false)",
        b"back\\slash",
        b"*?[a]",
        b"%s%n",
        b"~",
        b"a:b",
        "日本語\u{202e}".as_bytes(),
        b"combining e\xcc\x81",
        b"zst.zst.zst",
    ]
    .map(<[u8]>::to_vec)
    .into();
    names.push(vec![b'x'; 255]);
    names.push(vec![0xff; 255]);
    names.push([&[b'y'; 254][..], b"\n"].concat());
    names.push([b".", &[b'z'; 254][..]].concat());
    names
}

/// Files, directories with a file of the same name, and links of all these names.
fn plant(scene: &Scene) {
    for (index, name) in hostile().iter().enumerate() {
        let name = OsStr::from_bytes(name);
        let folder = scene.from().join("folders").join(name);
        fs::create_dir_all(&folder).expect("a directory of this name");
        files::create(&folder.join(name), index as u64, 100);
        for (kind, size) in [("files", 5000), ("links", 0)] {
            fs::create_dir_all(scene.from().join(kind)).expect("a directory");
            if kind == "files" {
                files::create(&scene.from().join(kind).join(name), index as u64, size);
            } else {
                std::os::unix::fs::symlink(name, scene.from().join(kind).join(name)).expect("a link");
            }
        }
    }
}

#[test]
fn hostile_names_arrive_unchanged() {
    let test = "hostile_names_arrive_unchanged";
    for file_system in FILE_SYSTEMS {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        plant(&scene);
        for &placement in Placement::ALL {
            for _ in 0..2 {
                copied(&placed(placement), &scene.from(), &scene.to());
                trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
            }
            trees::remove(&scene.to());
            files::assert_no_litter(scene.place().dir(), ["from"]);
        }
    }
}

#[test]
fn the_roots_may_have_hostile_names_too() {
    let test = "the_roots_may_have_hostile_names_too";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    files::create(&scene.from().join("file"), 1, 3000);
    for name in hostile() {
        let name = OsStr::from_bytes(&name);
        let (source, copy) = (scene.path("sources").join(name), scene.path("copies").join(name));
        fs::create_dir_all(source.parent().unwrap()).unwrap();
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::rename(scene.from(), &source).unwrap();
        for &placement in Placement::ALL {
            copied(&placed(placement), &source, &copy);
            trees::assert_same(&source, &copy, Aspect::Content);
            files::assert_no_litter(&scene.path("copies"), [name]);
            trees::remove(&copy);
        }
        fs::rename(&source, scene.from()).unwrap();
    }
}

/// The filter gets the bytes, and what fails is told by them.
#[test]
fn filters_and_failures_get_the_bytes() {
    let test = "filters_and_failures_get_the_bytes";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    plant(&scene);
    let name = OsStr::from_bytes(b"\xff\xfe\x80");
    fs::create_dir_all(scene.to().join("files").join(name)).unwrap();
    let excluded = std::path::Path::new("folders").join(name);
    let filter = std::sync::Arc::new(move |path: &std::path::Path, _: FileKind| path != excluded);
    let error = failed(&going_on().filter(filter), &scene.from(), &scene.to());
    assert_eq!((error.failures.len(), error.outcome.filtered), (1, 1), "{error:?}");
    assert_named(&error, &scene.to().join("files").join(name));
    let found = Tree::of(&scene.to());
    assert!(found.get(std::path::Path::new("folders").join(name)).is_none());
    assert_eq!(found.count(trees::Entry::is_file), 2 * hostile().len() as u64 - 2);
}

/// With four more bytes the longest names are too long: these files fail, by name, and the others arrive.
#[test]
fn a_name_that_gets_too_long_fails_alone() {
    let test = "a_name_that_gets_too_long_fails_alone";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    let long = "x".repeat(252);
    for name in [&"y".repeat(251), &long, "short"] {
        files::create(&scene.from().join(name), 1, 5000);
    }
    symlink(&scene.from(), &"z".repeat(255), "anywhere");
    let each = CopyOptions::new().compression(Compression::Zstd(orbit_engine::ZstdLevel::default()));
    for &placement in Placement::ALL {
        let options =
            TreeOptions::new(each.clone().placement(placement)).on_error(orbit_engine::OnError::Continue);
        let error = failed(&options, &scene.from(), &scene.to());
        assert_eq!(error.failures.len(), 1, "{error:?}");
        assert_eq!(errno(&error.failures[0]), Some(rustix::io::Errno::NAMETOOLONG.raw_os_error()), "{error}");
        let names = [format!("{}.zst", "y".repeat(251)), "short.zst".into(), "z".repeat(255)];
        files::assert_no_litter(&scene.to(), names);
        files::assert_no_litter(scene.place().dir(), ["from", "to"]);
        trees::remove(&scene.to());
    }
}
