//! What a run says of the conditions that it measured under, and that it measured under those that were asked for.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use orbit_tests::nobody::as_nobody;
use orbit_tests::skip::{self, Skip};
use orbit_tests::subprocess;
use orbit_tests::tool;
use serde_json::Value;

use crate::suite::{Suite, one_error, path_with, record, samples};

const MIB: u64 = 1 << 20;

/// One size by a call and by a program, in the state that `defaults` say.
fn scenario(defaults: &str) -> String {
    format!(
        "schema = \"orbit.scenario/1\"\nname = \"state\"\nquestion = \"?\"\n[defaults]\nblocks = 2\n{defaults}\n\
         [matrix]\nsize = \"8MiB\"\nstrategy = \"buffered\"\nsubject = [\"engine\", \"cp\"]\n"
    )
}

fn parsed(run: &Path) -> Vec<Value> {
    samples(run).iter().map(|line| serde_json::from_str(line).expect("a sample is JSON")).collect()
}

fn of<'a>(samples: &'a [Value], subject: &str) -> Vec<&'a Value> {
    let is_its = |sample: &&Value| {
        sample["case"].as_str().is_some_and(|id| id.ends_with(&format!("subject={subject}")))
    };
    samples.iter().filter(is_its).collect()
}

fn number(sample: &Value, key: &str) -> u64 {
    sample[key].as_u64().unwrap_or_else(|| panic!("{key}: {sample}"))
}

/// Measures the scenario with `defaults`; none where the workspace's file system has no cold files.
fn measured(test: &str, suite: &Suite, defaults: &str, more: &[&str]) -> Option<Vec<Value>> {
    fs::write(suite.scenario(), scenario(defaults)).expect("the scenario is written");
    let finished = subprocess::run(suite.bench(more));
    let stdout = String::from_utf8_lossy(&finished.stdout).into_owned();
    if let Some(skipped) = stdout.lines().find(|line| line.starts_with("skipped ")) {
        Skip::because(skipped).report(test);
        return None;
    }
    finished.expect_success();
    Some(parsed(&suite.only_run()))
}

#[test]
fn every_counter_is_in_every_sample() {
    let test = "every_counter_is_in_every_sample";
    let suite = Suite::new();
    let samples = measured(test, &suite, "", &[]).expect("a warm source needs nothing of the machine");
    let common = [
        "wall_ns",
        "cpu_ns",
        "steal_ns",
        "user_ns",
        "system_ns",
        "voluntary_switches",
        "involuntary_switches",
        "minor_faults",
        "major_faults",
    ];
    for (subject, own, others) in [
        ("engine", ["storage_read_bytes", "storage_write_bytes"], ["storage_read_blocks", "max_rss_bytes"]),
        ("cp", ["storage_read_blocks", "storage_write_blocks"], ["storage_read_bytes", "system_calls"]),
    ] {
        for sample in of(&samples, subject) {
            common.iter().chain(&own).for_each(|key| assert!(sample[key].is_u64(), "{key}: {sample}"));
            others.iter().for_each(|key| assert!(sample[key].is_null(), "{key}: {sample}"));
            assert!(sample["durable_ns"].is_null(), "nobody asked for it: {sample}");
            let sum = number(sample, "user_ns") + number(sample, "system_ns");
            // The division is coarse, and the kernel counts the two in microseconds.
            assert!(sum.abs_diff(number(sample, "cpu_ns")) < 1_000_000 + sum / 5, "{sample}");
        }
    }
    let pressure = Path::new("/proc/pressure/io").exists();
    assert!(samples.iter().all(|sample| sample["io_pressure_ns"].is_u64() == pressure), "{samples:?}");
    assert!(samples.iter().all(|sample| sample["cpu_pressure_ns"].is_u64() == pressure), "{samples:?}");
}

/// A warm copy reads nothing from storage, a cold one all of the source.
#[test]
fn a_cold_source_is_read_from_storage() {
    let test = "a_cold_source_is_read_from_storage";
    let suite = Suite::new();
    let Some(cold) = measured(test, &suite, "cache = \"cold\"", &[]) else { return };
    for sample in of(&cold, "engine") {
        assert!(number(sample, "storage_read_bytes") >= 8 * MIB, "{sample}");
    }
    // Which shares extents where it can, and then reads nothing.
    let shares = record(&suite)["places"]["same"]["mechanisms"]["reflink"] == "works";
    for sample in of(&cold, "cp").into_iter().filter(|_| !shares) {
        assert!(number(sample, "storage_read_blocks") * 512 >= 8 * MIB, "{sample}");
    }
    fs::remove_dir_all(suite.results()).expect("the run is removed");
    let warm = measured(test, &suite, "cache = \"warm\"", &[]).expect("it is warm");
    for sample in of(&warm, "engine") {
        assert!(number(sample, "storage_read_bytes") < MIB, "{sample}");
    }
}

/// What earlier copies left to be written is written before the clock starts, not beside the copy that is measured.
#[test]
fn every_sample_begins_with_nothing_left_to_be_written() {
    let test = "every_sample_begins_with_nothing_left_to_be_written";
    let Some(mut strace) = skip::unless_skipped(test, tool::find("strace")) else { return };
    let suite = Suite::new();
    fs::write(suite.scenario(), scenario("")).expect("the scenario is written");
    let trace = suite.folder.path().join("trace");
    strace.args(["-f", "-qq", "-e", "trace=syncfs", "-o"]).arg(&trace).arg("--");
    subprocess::run(tool::wrap(strace, &suite.bench(&[]))).expect_success();
    let calls = fs::read_to_string(&trace).expect("strace wrote it").matches("syncfs(").count();
    // Two subjects, in the warm-up and in two blocks.
    assert!(calls >= 2 * 3, "{calls}");
}

/// What the check says counts: a source that is not where the scenario wants it gives no sample.
#[test]
fn a_source_that_stays_in_memory_is_no_cold_one() {
    let suite = Suite::new();
    fs::write(suite.scenario(), scenario("cache = \"cold\"")).expect("the scenario is written");
    for (script, expected) in [
        // The file that is tried before the run, which has a name of its own, is cold.
        ("case \"$*\" in *source-*) echo 4096;; *) echo 0;; esac", "4 invalid samples"),
        ("echo 4096", "files stay in memory here"),
        ("echo whatever", "fincore says `whatever`"),
        ("echo no such luck >&2; exit 1", "fincore: no such luck"),
    ] {
        let mut command = suite.bench(&[]);
        command.env("PATH", path_with(&suite, "fincore", script));
        let finished = subprocess::run(command);
        let said = format!("{}{}", String::from_utf8_lossy(&finished.stdout), finished.stderr);
        assert!(said.contains(expected), "{said}");
        if let Some(run) = suite.runs().first() {
            let page = fs::read_to_string(run.join("summary.md")).expect("a run has a summary");
            assert!(
                page.contains("no sample was valid: 4KiB of the source stay in the page cache"),
                "{page}"
            );
            assert!(samples(run)[0].contains("4KiB of the source stay in the page cache"));
            fs::remove_dir_all(suite.results()).expect("the run is removed");
        }
    }
}

#[test]
fn what_lives_in_memory_is_skipped_when_it_should_be_cold() {
    let suite = Suite::new();
    let shared = Path::new("/dev/shm");
    if !shared.is_dir() {
        return Skip::because("no /dev/shm").report("what_lives_in_memory_is_skipped_when_it_should_be_cold");
    }
    let text = scenario("cache = \"cold\"") + "filesystems = \"shm-to-shm\"\n";
    fs::write(suite.scenario(), text).expect("the scenario is written");
    let finished = subprocess::run(suite.bench(&["--target", "shm=/dev/shm"]));
    let stdout = String::from_utf8_lossy(&finished.stdout).into_owned();
    assert!(stdout.contains("files stay in memory here, so that no source is cold"), "{stdout}");
}

#[test]
fn the_time_until_all_is_on_the_disk_is_measured_for_every_subject() {
    let test = "the_time_until_all_is_on_the_disk_is_measured_for_every_subject";
    let suite = Suite::new();
    let samples = measured(test, &suite, "durability = \"syncfs\"", &[]).expect("nothing is cold");
    assert_eq!(samples.len(), 4);
    for sample in &samples {
        assert!(number(sample, "durable_ns") > number(sample, "wall_ns"), "{sample}");
    }
    assert_eq!(record(&suite)["cases"][0]["durability"], "syncfs");
    let page = fs::read_to_string(suite.only_run().join("summary.md")).expect("a run has a summary");
    assert!(page.contains("## Until it is on the disk"), "{page}");
}

#[test]
fn the_record_has_storage_memory_and_overhead() {
    let suite = Suite::new();
    suite.measure(&["--blocks", "1"]);
    let run = suite.only_run();
    let record = record(&suite);
    for end in ["source", "destination"] {
        let storage = &record["places"]["same"][end];
        assert!(number(storage, "block_size_bytes") >= 512 && number(storage, "free_bytes") > 0, "{storage}");
        assert!(storage["device"].is_string() && storage["mount_options"].is_string(), "{storage}");
    }
    assert!(number(&record, "memory_available_bytes") > 0);
    let overhead = &record["overhead"];
    assert!(number(overhead, "empty_wall_ns") < number(overhead, "reading_ns"), "{overhead}");
    assert_eq!(number(&record, "blocks_measured"), 1);
    let page = fs::read_to_string(run.join("summary.md")).expect("a run has a summary");
    for text in ["| Measuring ", "| Source, same ", " available "] {
        assert!(page.contains(text), "{text}: {page}");
    }
}

#[test]
fn caches_are_dropped_for_root_and_for_cold_sources_only() {
    let test = "caches_are_dropped_for_root_and_for_cold_sources_only";
    let suite = Suite::new();
    let warm = subprocess::run(suite.bench(&["--drop-caches"]));
    assert!(one_error(&warm).starts_with("--drop-caches: in tiny the cache is warm"), "{}", warm.stderr);
    fs::write(suite.scenario(), scenario("cache = \"cold\"")).expect("the scenario is written");
    fs::set_permissions(suite.folder.path(), fs::Permissions::from_mode(0o755)).expect("nobody may look");
    if let Some(command) = skip::unless_skipped(test, as_nobody(&suite.bench(&["--drop-caches"]))) {
        let refused = subprocess::run(command);
        let error = one_error(&refused);
        assert!(error.starts_with("--drop-caches: cannot write /proc/sys/vm/drop_caches"), "{error}");
    }
    if fs::OpenOptions::new().write(true).open("/proc/sys/vm/drop_caches").is_err() {
        return Skip::because("caches may not be dropped here").report(test);
    }
    let more = ["--blocks", "1", "--drop-caches", "--filter", "*subject=engine"];
    let Some(samples) = measured(test, &suite, "cache = \"cold\"", &more) else { return };
    assert!(number(&samples[0], "storage_read_bytes") >= 8 * MIB, "{samples:?}");
    let page = fs::read_to_string(suite.only_run().join("summary.md")).expect("a run has a summary");
    assert!(page.contains("Cache: dropped"), "{page}");
}
