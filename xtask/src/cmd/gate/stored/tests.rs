//! Which stored runs are compared with, and which are not. Whole ones are in the tests of the suite, in release code.

use std::fs;

use super::*;
use crate::record::{self, OpenRun};
use crate::report::planted;

fn planted_run() -> Run {
    let (record, _, samples) =
        planted::run(&[4096, 8192], &[orbit_engine::Strategy::Buffered], &[1 << 20], 6);
    Run { folder: "r".into(), record, samples }
}

#[test]
fn another_kind_of_machine_is_refused_by_what_differs() {
    let run = planted_run();
    let here = run.record.host.machine();
    let places = run.record.places.clone();
    assert_eq!(unlike(&run, &here, &places), None);
    // Another release of the same kernel is the same kind.
    assert_eq!(unlike(&run, &Machine { kernel: "6.12.9-cloud".into(), ..here.clone() }, &places), None);
    let told = |machine: Machine| unlike(&run, &machine, &places).unwrap();
    let cpu = told(Machine { cpu: "Other".into(), ..here.clone() });
    assert!(cpu.contains("the processor was Planted CPU and is Other; measure a run here by"), "{cpu}");
    assert!(told(Machine { processors: 4, ..here.clone() }).contains("number of processors was 2 and is 4"));
    assert!(
        told(Machine { kernel: "6.13.0".into(), ..here.clone() }).contains("kernel was 6.12 and is 6.13")
    );
    let mut moved = places.clone();
    moved.get_mut("same").unwrap().destination_fs = "ext4".into();
    let fs = unlike(&run, &here, &moved).unwrap();
    assert!(fs.contains("file systems same was xfs to xfs on one device and is xfs to ext4"), "{fs}");
}

#[test]
fn samples_are_found_by_what_their_case_means() {
    let run = planted_run();
    let known = stored(&run);
    // The invalid one does not count.
    assert_eq!(known.keys().copied().collect::<Vec<_>>(), ["00000000a000", "00000000a001"]);
    assert!(known.values().all(|samples| samples.len() == 6));
}

/// A run as it stands on the disk.
fn kept(results: &Path, change: impl FnOnce(&mut Run)) -> std::path::PathBuf {
    let mut run = planted_run();
    change(&mut run);
    let open = OpenRun::create(results, &mut run.record).unwrap();
    let partial = open.folder().to_owned();
    drop(open);
    let folder = results.join(&run.record.run);
    fs::rename(partial, &folder).unwrap();
    folder
}

#[test]
fn runs_that_decide_nothing_are_refused() {
    let results = tempfile::tempdir().unwrap();
    let good = kept(results.path(), |_| {});
    assert_eq!(load(&good).unwrap().record, load(&good.join("run.json")).unwrap().record);
    let error = |change: fn(&mut Run)| format!("{:#}", load(&kept(results.path(), change)).unwrap_err());
    assert!(error(|run| run.record.indicative = true).contains("--quick"));
    assert!(error(|run| run.record.scenario.tuned = Some(String::new())).contains("tuned file"));
    assert!(error(|run| run.record.host.profile = "debug".into()).contains("debug build"));
    assert!(error(|run| run.record.schema = "orbit.run/9".into()).contains(record::SCHEMA));
    let missing = format!("{:#}", load(&results.path().join("no")).unwrap_err());
    assert!(missing.contains("name the folder of a run"), "{missing}");
}
