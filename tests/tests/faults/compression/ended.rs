//! Compressing and decompressing that is killed, or ended by its caller or by a source that changes.

use std::collections::BTreeSet;
use std::fs;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use orbit_engine::{Cancel, CopyError, CopyOptions, Observer, Phase, Progress, Verification, copy_file};
use orbit_tests::faults::{self, Attempt, Fault};
use orbit_tests::lab::FileSystem;
use orbit_tests::lab::fuse::{self, Lies, Resize};
use orbit_tests::skip::{Skip, unless_skipped};
use orbit_tests::{calls, files, prompt};

use super::{Ground, MIB, NEW, SIZE, decompress, zstd};

#[test]
fn a_source_that_changes_is_noticed() {
    let test = "a_source_that_changes_is_noticed";
    let Some(ground) = unless_skipped(test, Ground::on(FileSystem::Tmpfs, SIZE)) else { return };
    let Some(liar) = unless_skipped(test, fuse::mount()) else { return };
    for back in [false, true] {
        let source = liar.dir().join("source");
        let options = if back { decompress() } else { zstd() };
        for change in [Resize::Grow(1), Resize::Shrink(200_000)] {
            liar.lie(Lies::default());
            fs::copy(ground.source(back), &source).unwrap();
            liar.lie(Lies { on_read: Some(change), ..Lies::default() });
            let error = copy_file(&source, ground.copy(back), &options).unwrap_err();
            assert!(matches!(&error, CopyError::SourceChanged { path } if *path == source), "{error:?}");
            ground.assert_untouched();
        }
    }
    // Where that is accepted, what comes of it is whole, without bytes of the longer file that was begun.
    let source = liar.dir().join("source");
    liar.lie(Lies::default());
    files::create(&source, NEW, 4 * MIB);
    liar.lie(Lies { on_read: Some(Resize::Shrink(200_000)), ..Lies::default() });
    let outcome = copy_file(&source, ground.copy(false), &zstd().accept_changed_source(true)).unwrap();
    assert!(outcome.source_changed && outcome.content_bytes < 4 * MIB, "{outcome:?}");
    copy_file(ground.copy(false), ground.from.join("restored"), &decompress()).unwrap();
    let restored = fs::read(ground.from.join("restored")).unwrap();
    assert_eq!(restored.len() as u64, outcome.content_bytes);
    assert!(files::content(NEW, 4 * MIB).starts_with(&restored));
}

/// Kills at each call of this name until there are no more; gives whether old and new content were found.
fn kill_at_each(ground: &Ground, back: bool, name: &str, first: u16) -> Result<BTreeSet<bool>, Skip> {
    let mut seen = BTreeSet::new();
    for nth in first.. {
        ground.reset();
        match faults::attempt(&ground.command(back, &["--verify", "compare"]), &Fault::kill(name).nth(nth))? {
            Attempt::Injected(finished) => assert!(finished.was_killed(), "{finished:?}"),
            Attempt::NothingInjected(finished) => {
                finished.expect_success();
                break;
            }
        }
        let is_new = ground.is_new(back);
        assert!(is_new || ground.is_old(back), "torn by a kill at {name} {nth}");
        assert!(files::list(&ground.to).len() <= 3, "after a kill at {name} {nth}");
        seen.insert(is_new);
    }
    Ok(seen)
}

#[test]
fn killed_at_any_call_nothing_is_torn() {
    let test = "killed_at_any_call_nothing_is_torn";
    let Some(ground) = unless_skipped(test, Ground::on(FileSystem::Ext4, SIZE)) else { return };
    for back in [false, true] {
        let counted = calls::count(&ground.command(back, &["--verify", "compare"]));
        let Some(counted) = unless_skipped(test, counted) else { return };
        let mut seen = BTreeSet::new();
        for name in counted.names().collect::<BTreeSet<_>>() {
            let first = u16::try_from(counted.before.of(name)).unwrap() + 1;
            let Some(found) = unless_skipped(test, kill_at_each(&ground, back, name, first)) else { return };
            seen.extend(found);
        }
        assert_eq!(seen, BTreeSet::from([false, true]), "the sweep reached both sides of the rename");
    }
}

/// Ends the copy when its first bytes have arrived; says when.
struct Stop {
    cancel: Cancel,
    phase: Phase,
    stopped: Mutex<Option<Instant>>,
}

impl Observer for Stop {
    fn progress(&self, progress: Progress) {
        if progress.phase == self.phase && progress.bytes == 0 {
            // So long that it is time for the next word after the next step already.
            thread::sleep(Duration::from_millis(110));
        } else if progress.phase == self.phase {
            self.stopped.lock().expect("no observer panics").get_or_insert_with(Instant::now);
            self.cancel.cancel();
        }
    }
}

#[test]
fn a_wish_to_end_is_heard_soon_and_nothing_is_left() {
    let test = "a_wish_to_end_is_heard_soon_and_nothing_is_left";
    let Some(ground) = unless_skipped(test, Ground::on(FileSystem::Ext4, 40 * MIB)) else { return };
    let hard = CopyOptions::new().compression("zstd:19".parse().unwrap());
    let both = &[Phase::Copying, Phase::Verifying][..];
    for (options, back, phases) in
        [(hard, false, &[Phase::Copying][..]), (zstd(), false, both), (decompress(), true, both)]
    {
        for &phase in phases {
            prompt::within(Duration::from_millis(300), || {
                let cancel = Cancel::new();
                let stop = Arc::new(Stop { cancel: cancel.clone(), phase, stopped: Mutex::new(None) });
                let options =
                    options.clone().verification(Verification::Compare).observer(stop.clone()).cancel(cancel);
                let result = copy_file(ground.source(back), ground.copy(back), &options);
                let ended = Instant::now();
                assert!(matches!(result, Err(CopyError::Cancelled { .. })), "{result:?}");
                ground.assert_untouched();
                ((), ended - stop.stopped.lock().unwrap().expect("a copy that was stopped"))
            });
        }
    }
}
