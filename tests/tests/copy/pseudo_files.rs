//! Files whose reported size is not their length: procfs (0) and sysfs (a page).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use orbit_engine::{CopyOptions, Sparse, Strategy, Verification};
use orbit_tests::files;
use orbit_tests::lab;
use orbit_tests::skip::Skip;

use super::copied_with;

/// Files that say the same whenever they are read. The last one takes many short reads.
const PROCFS: [&str; 4] = ["/proc/version", "/proc/self/limits", "/proc/filesystems", "/proc/kallsyms"];

const SYSFS: [&str; 3] = [
    "/sys/devices/system/cpu/possible",
    "/sys/class/net/lo/mtu",
    "/sys/kernel/mm/transparent_hugepage/enabled",
];

#[track_caller]
fn assert_copied(test: &str, sources: &[&str], reported: impl Fn(u64) -> bool) {
    lab::for_each_file_system(test, |place| {
        for source in sources.iter().map(Path::new) {
            if !source.exists() {
                Skip::because(format!("there is no {}", source.display())).report(test);
                continue;
            }
            assert!(
                reported(fs::metadata(source).expect("it exists").len()),
                "{} has another size",
                source.display()
            );
            for &strategy in Strategy::ALL {
                for verification in [Verification::None, Verification::Compare, Verification::Sha256] {
                    let options = CopyOptions::new().strategy(strategy).verification(verification);
                    let outcome = copied_with(&options, source, &place.join("copy"));
                    let expected = fs::read(source).expect("read the source");
                    assert!(!expected.is_empty() && outcome.bytes == expected.len() as u64, "{outcome:?}");
                    assert!(
                        fs::read(place.join("copy")).expect("read the copy") == expected,
                        "{}",
                        source.display()
                    );
                    files::assert_no_litter(place.dir(), ["copy"]);
                    fs::remove_file(place.join("copy")).expect("remove the copy");
                    if expected.len() > 1 << 20 {
                        break;
                    }
                }
            }
        }
    });
}

#[test]
fn procfs_files_of_reported_size_0_arrive_whole() {
    assert_copied("procfs_files_of_reported_size_0_arrive_whole", &PROCFS, |size| size == 0);
}

#[test]
fn sysfs_files_of_reported_size_4096_arrive_and_not_more() {
    assert_copied("sysfs_files_of_reported_size_4096_arrive_and_not_more", &SYSFS, |size| size == 4096);
}

/// The last byte of an environment is a zero, here alone in its block.
#[test]
fn zeros_at_the_end_of_an_unknown_length_arrive() {
    let test = "zeros_at_the_end_of_an_unknown_length_arrive";
    let mut sleep = Command::new("sleep");
    // A name, `=`, the value and the zero: 4097 bytes.
    let mut running = sleep.arg("30").env_clear().env("A", "b".repeat(4094)).spawn().expect("sleep");
    let source = PathBuf::from(format!("/proc/{}/environ", running.id()));
    let expected = loop {
        match fs::read(&source) {
            Ok(found) if found.len() == 4097 => break found,
            _ => std::thread::sleep(std::time::Duration::from_millis(1)),
        }
    };
    lab::for_each_file_system(test, |place| {
        for &sparse in Sparse::ALL {
            let outcome = copied_with(&CopyOptions::new().sparse(sparse), &source, &place.join("copy"));
            assert_eq!(outcome.bytes, 4097, "{sparse}");
            assert!(fs::read(place.join("copy")).expect("read the copy") == expected, "{sparse}");
            // As closed to writing as its source, which stops another copy for all but root.
            fs::remove_file(place.join("copy")).expect("remove the copy");
        }
    });
    running.kill().expect("a child of our own");
    running.wait().expect("a child of our own");
}
