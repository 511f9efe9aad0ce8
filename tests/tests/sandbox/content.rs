//! Content is reproducible, differences and litter are caught.

use std::fs;

use orbit_tests::files;

use super::panic_of;

#[test]
fn content_follows_seed_and_size() {
    assert_eq!(files::content(1, 3 << 20)[..1_500_000], files::content(1, 1_500_000));
    assert_ne!(files::content(1, 100), files::content(2, 100));
    assert!(files::content(1, 0).is_empty());
    let dir = tempfile::tempdir().unwrap();
    files::create(&dir.path().join("file"), 5, (2 << 20) + 3);
    assert_eq!(fs::read(dir.path().join("file")).unwrap(), files::content(5, (2 << 20) + 3));
}

#[test]
fn a_difference_is_named_by_its_first_offset() {
    let dir = tempfile::tempdir().unwrap();
    let (left, right) = (dir.path().join("left"), dir.path().join("right"));
    files::create(&left, 1, 3 << 20);
    let mut changed = files::content(1, 3 << 20);
    fs::write(&right, &changed).unwrap();
    files::assert_same_content(&left, &right);
    changed[2_000_001] ^= 1;
    changed[2_000_002] ^= 1;
    fs::write(&right, &changed).unwrap();
    assert!(panic_of(|| files::assert_same_content(&left, &right)).contains("first at offset 2000001 "));
    fs::write(&right, files::content(1, (3 << 20) - 1)).unwrap();
    assert!(panic_of(|| files::assert_same_content(&left, &right)).contains("first at offset 3145727 "));
}

#[test]
fn litter_and_absence_are_caught() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["b", ".a", "c"] {
        fs::write(dir.path().join(name), "").unwrap();
    }
    assert_eq!(files::list(dir.path()), [".a", "b", "c"]);
    files::assert_no_litter(dir.path(), ["c", "b", ".a"]);
    let message = panic_of(|| files::assert_no_litter(dir.path(), ["b", "c", "d"]));
    assert!(message.contains(r#"litter [".a"], missing ["d"]"#), "{message}");
}
