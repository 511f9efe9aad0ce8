//! What a run was measured under, in words: its blocks, its overhead, its memory and storage.

use crate::clock::{Overhead, nanoseconds};
use crate::mounts::Storage;
use crate::record::RunRecord;

use super::units;

/// As many as asked for, or fewer with the reason.
pub(super) fn blocks(record: &RunRecord) -> String {
    let asked = record.scenario.blocks;
    match (record.blocks_measured.filter(|measured| *measured < asked), record.time_budget_s) {
        (Some(measured), Some(budget)) => {
            format!("{measured} of {asked} blocks, in a time budget of {budget} s")
        }
        _ => format!("{asked} blocks"),
    }
}

pub(super) fn overhead(overhead: Overhead) -> String {
    let Overhead { reading_ns, empty_wall_ns, empty_cpu_ns } = overhead;
    let (is_small, most) = (overhead.is_small(), units::time(nanoseconds(Overhead::MOST)));
    let cpu = empty_cpu_ns.map_or_else(
        || "no CPU time that this system tells".to_owned(),
        |ns| format!("{} of CPU time", units::time(ns)),
    );
    format!(
        "within each sample {} of wall and {cpu}, {} {most}, which is 1 % of a millisecond; around it, in no \
         measured time, {} for reading clocks and counters",
        units::time(empty_wall_ns),
        if is_small { "less than" } else { "MORE than" },
        units::time(reading_ns),
    )
}

/// None where the system does not tell.
pub(super) fn memory(record: &RunRecord) -> Option<String> {
    let all = units::about(record.host.memory_bytes? as f64);
    Some(match record.memory_available_bytes {
        Some(available) => format!("{all}, {} available", units::about(available as f64)),
        None => all,
    })
}

/// A name and its text for each end of each kind of copy.
pub(super) fn storages(record: &RunRecord) -> Vec<(String, String)> {
    let ends = record.places.iter().flat_map(|(name, place)| {
        let ends = [("Source", &place.source), ("Destination", &place.destination)];
        ends.map(|(end, storage)| Some((format!("{end}, {name}"), text(storage.as_ref()?))))
    });
    ends.flatten().collect()
}

fn text(storage: &Storage) -> String {
    let Storage { device, mount_options, block_size_bytes, free_bytes } = storage;
    let mount = device.as_ref().zip(mount_options.as_ref());
    let mount = mount.map_or_else(String::new, |(device, options)| format!("{device} ({options}), "));
    let free = units::about(*free_bytes as f64);
    format!("{mount}blocks of {}, {free} free", units::size(*block_size_bytes))
}

#[cfg(test)]
mod tests {
    use super::super::planted;
    use super::*;

    #[test]
    fn what_is_known_is_told() {
        let (mut record, _, _) = planted::run(&[], &[], &[], 15);
        assert_eq!((blocks(&record), memory(&record).as_deref()), ("15 blocks".into(), Some("8 GiB")));
        assert!(storages(&record).is_empty());
        record.blocks_measured = Some(7);
        record.time_budget_s = Some(90);
        record.memory_available_bytes = Some(1 << 30);
        let device = Some("/dev/vda".to_owned());
        let mount_options = Some("rw,relatime".to_owned());
        let storage = Storage { device, mount_options, block_size_bytes: 4096, free_bytes: 3 << 30 };
        record.places.values_mut().for_each(|place| place.source = Some(storage.clone()));
        assert_eq!(blocks(&record), "7 of 15 blocks, in a time budget of 90 s");
        assert_eq!(memory(&record).as_deref(), Some("8 GiB, 1 GiB available"));
        record.host.memory_bytes = None;
        assert_eq!(memory(&record), None);
        let told = "/dev/vda (rw,relatime), blocks of 4 KiB, 3 GiB free";
        assert_eq!(storages(&record), [("Source, same".to_owned(), told.to_owned())]);
        let took = Overhead { reading_ns: 90_000, empty_wall_ns: 50, empty_cpu_ns: Some(700) };
        let text = overhead(took);
        assert!(
            text.starts_with("within each sample 50 ns of wall and 700 ns of CPU time, less than 10.0 µs"),
            "{text}"
        );
        assert!(text.contains("in no measured time, 90.0 µs"), "{text}");
        for absurd in
            [Overhead { empty_wall_ns: 10_001, ..took }, Overhead { empty_cpu_ns: Some(10_001), ..took }]
        {
            assert!(overhead(absurd).contains("MORE than 10.0 µs"));
        }
    }
}
