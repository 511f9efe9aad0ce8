//! The command `orbit` as users and scripts meet it: flags, settings, words, exit codes, streams, signals.
#![cfg(all(target_os = "linux", not(orbit_portable)))]

#[path = "cli/contradictions.rs"]
mod contradictions;
#[path = "cli/destinations.rs"]
mod destinations;
#[path = "cli/documentation.rs"]
mod documentation;
#[path = "cli/errors.rs"]
mod errors;
#[path = "cli/flags.rs"]
mod flags;
#[path = "cli/precedence.rs"]
mod precedence;
#[path = "cli/progress.rs"]
mod progress;
#[path = "cli/release.rs"]
mod release;
#[path = "cli/reports.rs"]
mod reports;
#[path = "cli/resume.rs"]
mod resume;
#[path = "cli/scene.rs"]
mod scene;
#[path = "cli/signals.rs"]
mod signals;
#[path = "cli/streams.rs"]
mod streams;
#[path = "cli/texts.rs"]
mod texts;
#[path = "cli/trees.rs"]
mod trees;
#[path = "cli/tuned.rs"]
mod tuned;
#[path = "cli/verbose.rs"]
mod verbose;
