//! A made-up run with known times, for the tests of the report. Never part of a build.

use std::collections::BTreeMap;
use std::path::Path;

use orbit_engine::{ByteSize, Chunk, Compression, Mechanism, Strategy, Verification};

use crate::clock::Usage;
use crate::gate::{Calibrated, Calibration, Family, Plant};
use crate::host::Host;
use crate::plan::{self, Case, Skipped};
use crate::record::{PlaceRecord, RunRecord, ScenarioRecord};
use crate::sample::{Measurement, Sample, Trial};
use crate::scenario::{
    Cache, Check, ChunkChoice, Content, Durable, FileSystems, Kind, Scenario, Standing, Subject,
};
use crate::summary::{self, CaseSummary, Summary};

/// Every combination, `samples` valid samples and an invalid one each. Zero-copy costs 18 µs more at first and overtakes
/// at about 86 KiB.
pub(crate) fn run(
    sizes: &[u64],
    strategies: &[Strategy],
    chunks: &[u64],
    samples: u32,
) -> (RunRecord, Summary, Vec<Sample>) {
    let (mut cases, mut taken) = (Vec::new(), Vec::new());
    for &size in sizes {
        for &strategy in strategies {
            for &chunk in chunks {
                let case = case(size, strategy, chunk, cases.len());
                taken.extend((0..samples).map(|block| sample(&case, block)));
                let result = Trial::Invalid { reason: "planted".to_owned() };
                taken.push(Sample { case: case.id.clone(), block: samples, position: 0, result });
                cases.push(case);
            }
        }
    }
    let record = record(cases, samples);
    let summary = summary::of(&record, &taken).expect("a planted run can be summed up");
    (record, summary, taken)
}

/// A run of one tree of 10,000 files of 4 KiB, with these subjects and medians; 7.5 system calls a file where it is the
/// engine as a library, a peak of 6 MiB where it is a program.
pub(crate) fn trees(subjects: &[(Subject, Standing, u64)]) -> Summary {
    let text = "schema = \"orbit.scenario/1\"\nname = \"t\"\nquestion = \"?\"\n[matrix]\nworkload = \"small\"\n\
                [[workload]]\nname = \"small\"\nfiles = 10000\nsize = \"4KiB\"\n";
    let scenario = Scenario::parse(text.to_owned(), Path::new("t.toml")).expect("the scenario is valid");
    let tree = plan::cases(&scenario).remove(0);
    let (_, mut summary, _) = run(&[tree.size_bytes], &[Strategy::Auto], &[1 << 20], 6);
    let planted = summary.cases.remove(0);
    for &(subject, standing, wall_median_ns) in subjects {
        let mut one = CaseSummary { case: tree.clone(), wall_median_ns, ..planted.clone() };
        one.case.subject = subject;
        one.case.tree.as_mut().expect("it is a tree").standing = standing;
        one.system_calls_max = (subject == Subject::Engine).then_some(75_000);
        one.max_rss_bytes = (subject.kind() == Kind::Process).then_some(6 << 20);
        summary.cases.push(one);
    }
    summary
}

/// A chunk of so many bytes.
pub(crate) fn chunk(bytes: u64) -> ChunkChoice {
    ChunkChoice::Bytes(Chunk::new(bytes).expect("the chunk is in range"))
}

fn case(size_bytes: u64, strategy: Strategy, chunk_bytes: u64, index: usize) -> Case {
    let (size, chunk) = (ByteSize::new(size_bytes), ByteSize::new(chunk_bytes));
    Case {
        id: format!("planted/size={size}/strategy={strategy}/chunk={chunk}"),
        hash: format!("{:012x}", 0xa000 + index),
        size_bytes,
        tree: None,
        sparse: None,
        strategy,
        filesystems: FileSystems::Same,
        verify: Verification::None,
        chunk: self::chunk(chunk_bytes),
        compression: Compression::None,
        cache: Cache::Warm,
        durability: Durable::NONE,
        content: Content::Random,
        subject: Subject::Engine,
        tuning: None,
    }
}

fn wall_ns(case: &Case, block: u32) -> u64 {
    let (size, mib) = (case.size_bytes, case.chunk.bytes().unwrap_or(0) >> 18);
    let exact = match mechanism(case) {
        Mechanism::ReadWrite => 12_000 + size * (1000 + 10 * mib) / 2200,
        _ => 30_000 + size * (1000 + 4 * mib) / 4000,
    };
    let mut noise = u64::from(block + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ size.wrapping_mul(0x85eb_ca6b);
    noise = (noise ^ (noise >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    exact + exact / 1000 * (noise >> 32 & 63) + if block % 11 == 7 { exact / 4 } else { 0 }
}

fn mechanism(case: &Case) -> Mechanism {
    match case.strategy {
        Strategy::ZeroCopy => Mechanism::CopyFileRange,
        Strategy::Auto if case.size_bytes >= 65_536 => Mechanism::CopyFileRange,
        _ => Mechanism::ReadWrite,
    }
}

fn sample(case: &Case, block: u32) -> Sample {
    let wall_ns = wall_ns(case, block);
    let result = Trial::Measured(Measurement {
        wall_ns,
        cpu_ns: Some(wall_ns / 2),
        steal_ns: 0,
        bytes: case.size_bytes,
        mechanism: Some(mechanism(case)),
        refusals: Vec::new(),
        system_calls: Some(7),
        retries: Some(0),
        allocated_bytes: None,
        max_rss_bytes: None,
        durable_ns: None,
        usage: Usage::default(),
    });
    Sample { case: case.id.clone(), block, position: 0, result }
}

fn record(cases: Vec<Case>, blocks: u32) -> RunRecord {
    let place = PlaceRecord {
        source_fs: "xfs".to_owned(),
        destination_fs: "xfs".to_owned(),
        same_device: true,
        zero_copy: Some("reflink".to_owned()),
        mechanisms: [("reflink".to_owned(), "works".to_owned())].into(),
        free_bytes: 1 << 40,
        source: None,
        destination: None,
    };
    RunRecord {
        schema: "orbit.run/1".to_owned(),
        run: "20260102T030405Z-host-abc".to_owned(),
        started: "2026-01-02T03:04:05Z".to_owned(),
        argv: ["cargo", "xtask", "bench", "planted scenario.toml"].map(str::to_owned).to_vec(),
        seed: 42,
        indicative: false,
        time_budget_s: None,
        blocks_measured: None,
        overhead: None,
        memory_available_bytes: None,
        engine: "0.1.0".to_owned(),
        program_sha256: "0".repeat(64),
        host: host(),
        scenario: ScenarioRecord {
            name: "planted".to_owned(),
            question: "From which size does zero-copy win?".to_owned(),
            blocks,
            check: Check::Once,
            sha256: "0".repeat(64),
            tuned: None,
        },
        places: [("same".to_owned(), place)].into(),
        targets: BTreeMap::new(),
        programs: BTreeMap::new(),
        cases,
        budgets: Vec::new(),
        skipped: vec![Skipped { case: "planted/size=1TiB".to_owned(), reason: "needs 1 TiB".to_owned() }],
    }
}

/// One that keeps every promise.
pub(crate) fn calibration() -> Calibration {
    let family = |plant| Family {
        plant,
        planted: (plant != Plant::Nothing).then(|| "t/size=1".to_owned()),
        found: plant != Plant::Nothing,
        alarms: Vec::new(),
        equal_cases: 3,
        inconclusive: 0,
        took_ms: 3000,
    };
    let families: Vec<Family> = Plant::schedule(1, 200).into_iter().map(family).collect();
    let calibrated = Calibrated {
        started: "2026-01-02T03:04:05Z".to_owned(),
        ended: "2026-01-02T03:34:05Z".to_owned(),
        host: host(),
        program_sha256: "0".repeat(64),
        scenario: "t".to_owned(),
        scenario_sha256: "1".repeat(64),
        seed: 1,
        cases: vec!["t/size=1".to_owned()],
    };
    Calibration::of(calibrated, &families)
}

fn host() -> Host {
    Host {
        name: "host".to_owned(),
        kernel: "Linux 6.12.0".to_owned(),
        cpu: "Planted CPU".to_owned(),
        cpus: 2,
        memory_bytes: Some(8 << 30),
        governor: None,
        hypervisor: Some("kvm".to_owned()),
        rustc: Some("rustc 1.95.0".to_owned()),
        profile: "release".to_owned(),
        revision: Some("abc".to_owned()),
        dirty: Some(true),
    }
}
