//! Planted histories; nothing is measured.

use super::*;

/// A history of so many runs, one a day, of two cases: `time` says how many nanoseconds each takes.
pub(crate) fn planted(runs: u32, time: impl Fn(u32, &str) -> u64) -> Vec<Entry> {
    let entry = |run: u32| {
        let point = |case: &str, hash: &str| Point {
            case: format!("gate/size={case}"),
            hash: hash.to_owned(),
            source_fs: "ext4".to_owned(),
            destination_fs: "ext4".to_owned(),
            copies: 32,
            wall_median_ns: time(run, case),
            cpu_median_ns: Some(time(run, case) / 2),
            mechanisms: ["splice".to_owned()].into(),
            refusals: BTreeSet::new(),
            system_calls_max: Some(9),
            retries_max: Some(0),
        };
        let start: Timestamp = "2026-01-01T03:00:00Z".parse().unwrap();
        let date = start + jiff::SignedDuration::from_hours(24 * i64::from(run));
        Entry {
            schema: SCHEMA.to_owned(),
            date: date.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            commit: format!("{run:040x}"),
            cpu: "Planted CPU".to_owned(),
            processors: 2,
            kernel: "6.12.1".to_owned(),
            scenario: "gate".to_owned(),
            scenario_sha256: "0".repeat(64),
            cases: vec![point("4KiB", "aaaaaaaaaaaa"), point("128MiB", "bbbbbbbbbbbb")],
        }
    };
    (0..runs).map(entry).collect()
}

/// 3 % of noise, the same every time.
pub(crate) fn noisy(run: u32, ns: f64) -> u64 {
    let mut random = fastrand::Rng::with_seed(u64::from(run) * 977 + 13);
    let normal = (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
    stats::whole(ns * (0.03 * normal).exp())
}

fn text(entries: &[Entry]) -> String {
    entries.iter().map(|entry| serde_json::to_string(entry).unwrap() + "\n").collect()
}

fn found(creep: &Creep) -> Vec<(&str, Clock, usize)> {
    let shifts = |one: &'_ TimeSeries| one.shifts.iter().map(|shift| shift.at).collect::<Vec<_>>();
    let all = creep
        .series
        .iter()
        .flat_map(|one| shifts(one).into_iter().map(|at| (one.case.as_str(), one.clock, at)));
    all.collect()
}

#[test]
fn lines_are_read_as_they_were_written_by_their_dates() {
    let entries = planted(3, |run, _| noisy(run, 1e6));
    let mut mixed = entries.clone();
    mixed.swap(0, 2);
    assert_eq!(parse(&text(&mixed)).unwrap(), History { entries, is_cut: false });
    assert_eq!(parse("").unwrap(), History { entries: Vec::new(), is_cut: false });
}

#[test]
fn a_cut_last_line_is_told_and_left_out() {
    let entries = planted(2, |run, _| noisy(run, 1e6));
    let whole = text(&entries);
    for cut in [1, 40, text(&entries[1..]).len() - 1] {
        let history = parse(&whole[..whole.len() - cut]).unwrap();
        assert_eq!((history.entries.len(), history.is_cut), (1, true), "{cut}");
    }
}

#[test]
fn a_broken_line_is_named() {
    let mut lines: Vec<String> =
        text(&planted(3, |run, _| noisy(run, 1e6))).lines().map(str::to_owned).collect();
    let broken = |lines: &[String]| parse(&(lines.join("\n") + "\n")).unwrap_err();
    let good = lines[1].clone();
    lines[1] = good[..40].to_owned();
    assert_eq!(broken(&lines).number, 2);
    lines[1] = good.replace("orbit.history/1", "orbit.history/2");
    let BrokenLine { number, why } = broken(&lines);
    assert!(number == 2 && why.contains("schema is `orbit.history/2`; this suite reads"), "{why}");
    lines[1] = good.replace("2026-01-02T", "yesterday ");
    assert!(broken(&lines).why.starts_with("date: "));
    lines[1] = String::new();
    assert_eq!(broken(&lines).number, 2);
}

#[test]
fn a_step_is_found_in_its_case_and_by_both_clocks() {
    let slower = |run: u32, case: &str| if run >= 30 && case == "4KiB" { 1.08e6 } else { 1e6 };
    let creep = creep(&planted(60, |run, case| noisy(run, slower(run, case))));
    let [(case, first, _), (other, second, _)] = found(&creep)[..] else { panic!("{:?}", found(&creep)) };
    assert_eq!([case, other], ["gate/size=4KiB"; 2]);
    assert_eq!((first, second), (Clock::Cpu, Clock::Wall));
    let series = creep.series.iter().find(|one| !one.shifts.is_empty()).unwrap();
    let shift = series.shifts[0];
    assert!(shift.at.abs_diff(30) <= 3 && (shift.earliest..=shift.latest).contains(&30), "{shift:?}");
    assert!((shift.slower_pct - 8.0).abs() < 2.5 && shift.stays_worse, "{shift:?}");
    assert_eq!((series.levels.len(), series.levels[1].from, series.runs.len()), (2, shift.at, 60));
    assert!(creep.counted.is_empty());
}

#[test]
fn what_was_made_good_and_what_became_faster_is_no_creep() {
    let worse = |level: fn(u32) -> f64| {
        let creep = creep(&planted(80, |run, _| noisy(run, 1e6 * level(run))));
        assert!(!found(&creep).is_empty());
        creep.series.iter().map(|one| one.worse().count()).max().unwrap()
    };
    assert_eq!(worse(|run| if (30..70).contains(&run) { 1.2 } else { 1.0 }), 0);
    assert_eq!(worse(|run| if run >= 40 { 0.8 } else { 1.0 }), 0);
    assert_eq!(worse(|run| if run >= 40 { 1.2 } else { 1.0 }), 1);
    // A little better than at its worst, and still slower.
    assert_eq!(worse(|run| [1.0, 1.3, 1.22, 1.22][run as usize / 20]), 1);
}

#[test]
fn other_machines_file_systems_and_gaps_are_kept_apart() {
    let mut entries = planted(60, |run, _| noisy(run, 1e6));
    for (index, entry) in entries.iter_mut().enumerate() {
        // Twice as slow, on another machine: every other run.
        if index % 2 == 1 {
            entry.processors = 8;
            entry.cases.iter_mut().for_each(|point| point.wall_median_ns *= 2);
        }
        // The same kind of kernel.
        entry.kernel = format!("6.12.{index}");
        if index % 3 == 0 {
            entry.cases.pop();
        }
        if index >= 40 {
            entry.cases[0].destination_fs = "xfs".to_owned();
            entry.cases[0].wall_median_ns *= 3;
        }
    }
    let creep = creep(&entries);
    assert_eq!(found(&creep), []);
    let runs: usize =
        creep.series.iter().filter(|one| one.clock == Clock::Wall).map(|one| one.runs.len()).sum();
    assert_eq!((creep.series.len(), runs), (12, 60 + 40));
}

#[test]
fn what_is_counted_needs_no_statistics() {
    let mut entries = planted(4, |run, _| noisy(run, 1e6));
    for entry in &mut entries[2..] {
        entry.cases[0].system_calls_max = Some(10);
        entry.cases[0].refusals = ["reflink: EXDEV".to_owned()].into();
        // A new name, and the same case.
        entry.cases[0].case = "gate/renamed".to_owned();
    }
    let counted = creep(&entries).counted;
    let whats: Vec<&str> = counted.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(whats, ["refused: none, then reflink: EXDEV", "system calls: 9, then 10"]);
    assert_eq!(counted[0].case, "gate/renamed");
    assert_eq!(counted[0].commits, [entries[1].commit.clone(), entries[2].commit.clone()]);
}
