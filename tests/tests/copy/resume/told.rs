//! What an observer hears of a copy that is gone on with.

use std::sync::Arc;

use orbit_engine::{Compression, CopyOptions, Phase, Rate, Strategy, Verification, ZstdLevel, copy_file};

use super::super::heard::Heard;
use super::{MIB, SIZE, Scene, at, interrupt, resumable};

#[test]
fn what_an_earlier_copy_left_is_told_apart() {
    let zstd = Compression::Zstd(ZstdLevel::default());
    for (options, end) in [
        (resumable().strategy(Strategy::Buffered), 8 * MIB),
        (resumable().strategy(Strategy::ZeroCopy), 8 * MIB),
        (resumable().compression(zstd), 12 * MIB),
    ] {
        assert_told_apart(&options.verification(Verification::Compare), end);
    }
}

fn assert_told_apart(options: &CopyOptions, end: u64) {
    let scene = Scene::interrupted(tempfile::tempdir().expect("a folder"), &resumable());
    // Another form starts over, so that what is gone on with is that of `options`.
    interrupt(options, &scene.source(), &scene.copy(), end);
    let heard = Arc::new(Heard::default());
    // Slow enough to be told on its way.
    let watched = options.clone().observer(heard.clone()).max_bandwidth(Rate::new(40 * MIB));
    let outcome = copy_file(scene.source(), scene.copy(), &watched);
    let resumed = at(outcome.expect("it goes on").resumed);
    let heard = heard.words();
    let copying: Vec<_> = heard
        .iter()
        .map(|(_, told)| told)
        .filter(|told| told.phase == Phase::Copying && told.resumed > 0)
        .collect();
    assert!(copying.len() > 1, "{heard:?}");
    assert_eq!(copying[0].bytes, resumed);
    for told in copying {
        assert_eq!(told.resumed, resumed);
        assert!((resumed..=SIZE).contains(&told.bytes), "{told:?}");
    }
    assert!(heard.iter().all(|(_, told)| told.phase == Phase::Copying || told.resumed == 0), "{heard:?}");
    assert_eq!(heard.last().expect("it ended").1.bytes, SIZE);
}
