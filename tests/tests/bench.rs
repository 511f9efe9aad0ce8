//! The suite end to end, in release code: measure, be interrupted, go on, tune, obey. Real copies, small ones.

#[path = "bench/suite.rs"]
mod suite;

#[path = "bench/conditions.rs"]
mod conditions;
#[path = "bench/effort.rs"]
mod effort;
#[path = "bench/faulty.rs"]
mod faulty;
#[path = "bench/harness.rs"]
mod harness;
#[path = "bench/interrupted.rs"]
mod interrupted;
#[path = "bench/lab.rs"]
mod lab;
#[path = "bench/language.rs"]
mod language;
#[path = "bench/peers.rs"]
mod peers;
#[path = "bench/report.rs"]
mod report;
#[path = "bench/stored.rs"]
mod stored;
#[path = "bench/trees.rs"]
mod trees;
#[path = "bench/tuning.rs"]
mod tuning;
#[path = "bench/whole.rs"]
mod whole;
