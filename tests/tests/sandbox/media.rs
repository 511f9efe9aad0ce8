//! What is stored can be changed below a file system, which goes on to give what it has cached.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::thread;
use std::time::Duration;

use orbit_tests::files;
use orbit_tests::lab::{self, BLOCK, FileSystem, Mounted};
use orbit_tests::skip::unless_skipped;
use rustix::fs::{Advice, fadvise};

const SIZE: u64 = 1 << 20;

/// Of the file, and so are found in the image.
const AT: usize = 100 * BLOCK;

fn block(content: &[u8]) -> &[u8] {
    &content[AT..AT + BLOCK]
}

fn on_images(test: &str) -> Vec<Mounted> {
    let images = [FileSystem::Ext4, FileSystem::Xfs, FileSystem::Btrfs];
    images.into_iter().filter_map(|file_system| unless_skipped(test, lab::mount(file_system))).collect()
}

/// What is stored, not what is cached.
fn read_uncached(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    fadvise(&file, 0, None, Advice::DontNeed)?;
    let mut content = Vec::new();
    file.read_to_end(&mut content)?;
    Ok(content)
}

/// The corruption is seen by uncached reads and by no other; btrfs knows its checksums and fails the read.
#[track_caller]
fn assert_corrupted(mounted: &Mounted, path: &Path, content: &[u8]) {
    let cached = || fs::read(path).expect("what is cached is read without the device");
    assert!(cached() == content, "{}: cached reads give the old", mounted.file_system());
    if mounted.file_system() == FileSystem::Btrfs {
        let failed = read_uncached(path).map_err(|error| error.raw_os_error());
        assert_eq!(failed.map(|content| content.len()), Err(Some(5)));
        return;
    }
    let mut expected = content.to_owned();
    expected[AT] = !expected[AT];
    let stored = read_uncached(path).expect("it has no checksums");
    assert!(stored == expected, "{}: what is stored changed", mounted.file_system());
    assert!(cached() == expected);
}

#[test]
fn a_stored_block_is_changed_below_the_cache() {
    for mounted in on_images("a_stored_block_is_changed_below_the_cache") {
        let (path, content) = (mounted.dir().join("file"), files::content(1, SIZE));
        files::create(&path, 1, SIZE);
        let image = mounted.image().expect("it is on an image");
        assert_eq!(image.find(&files::content(2, BLOCK as u64)), None);
        File::open(&path).unwrap().sync_all().unwrap();
        let offset = image.find(block(&content)).expect("it was written back");
        assert_eq!(image.corrupt(block(&content)), Some(offset));
        assert_eq!(image.find(block(&content)), None);
        assert_corrupted(&mounted, &path, &content);
    }
}

#[test]
fn a_block_is_changed_as_soon_as_it_is_stored() {
    for mounted in on_images("a_block_is_changed_as_soon_as_it_is_stored") {
        let (path, content) = (mounted.dir().join("file"), files::content(1, SIZE));
        let corruption = mounted.image().expect("it is on an image").corrupt_when_seen(block(&content));
        files::create(&path, 1, SIZE);
        File::open(&path).unwrap().sync_all().unwrap();
        thread::sleep(Duration::from_millis(200));
        assert_corrupted(&mounted, &path, &content);
        assert!(corruption.finish().is_some());
    }
}

#[test]
fn a_block_that_is_never_stored_is_not_changed() {
    let test = "a_block_that_is_never_stored_is_not_changed";
    let Some(mounted) = unless_skipped(test, lab::mount(FileSystem::Ext4)) else { return };
    let image = mounted.image().expect("it is on an image");
    let corruption = image.corrupt_when_seen(&files::content(1, BLOCK as u64));
    assert_eq!(corruption.finish(), None);
    drop(image.corrupt_when_seen(&files::content(1, BLOCK as u64)));
}

#[test]
fn only_file_systems_on_images_have_one() {
    let test = "only_file_systems_on_images_have_one";
    for file_system in [FileSystem::Workspace, FileSystem::Tmpfs] {
        let Some(mounted) = unless_skipped(test, lab::mount(file_system)) else { continue };
        assert!(mounted.image().is_none());
    }
}
