//! The flags that are settings too, so that a preset, the configuration and the environment may speak of the same. Gives
//! what was said on the command line and nothing else.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use orbit_engine::{
    Compression, Durability, MAX_THREADS, Preset, Rate, Reflink, Settings, Sparse, Strategy, Verification,
};

use crate::args::one_of;

/// Flags with a negation are pairs; of each pair the one that is given last holds.
#[derive(Debug, Args)]
pub(crate) struct SettingFlags {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    moving: Moving,
    #[command(flatten)]
    form: Form,
    #[command(flatten)]
    safety: Safety,
    #[command(flatten)]
    limits: Limits,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
struct Files {
    /// Many settings under one name: `fast` (zero-copy, in place), `safe` (buffered, sha256, synced, resumable,
    /// retries) or `network` (zstd:3, sha256, resumable). `orbit presets` shows them
    #[arg(long, value_name = "NAME", hide_possible_values = true,
        value_parser = one_of::<Preset>(Preset::ALL.iter().map(|preset| preset.name())))]
    preset: Option<Preset>,
    /// Read settings from this file, not from orbit/orbit.toml of the user's configuration directory
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Take thresholds and chunk sizes from this file, which `cargo xtask tune` writes
    #[arg(long, value_name = "FILE")]
    tuned: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Moving the bytes")]
struct Moving {
    /// Copy inside the kernel or share extents, at every size; short for `--strategy zero-copy`
    #[arg(long, conflicts_with_all = ["no_zero_copy", "strategy"])]
    zero_copy: bool,
    /// Read and write; short for `--strategy buffered`
    #[arg(long, conflicts_with = "strategy")]
    no_zero_copy: bool,
    /// `auto` (zero-copy where it pays), `zero-copy` (where it works) or `buffered`
    #[arg(long, value_name = "STRATEGY", hide_possible_values = true,
        value_parser = one_of::<Strategy>(Strategy::ALL.iter().map(|strategy| strategy.name())))]
    strategy: Option<Strategy>,
    /// Share extents: `always` (alone; fails where it cannot be done), `auto` or `never`
    #[arg(long, value_name = "WHEN", num_args = 0..=1, require_equals = true, default_missing_value = "always",
        hide_possible_values = true,
        value_parser = one_of::<Reflink>(Reflink::ALL.iter().map(|reflink| reflink.name())))]
    reflink: Option<Reflink>,
    /// Read and write past the page cache, where the file systems can
    #[arg(long, overrides_with = "no_direct_io")]
    direct_io: bool,
    #[arg(long, long_help = "Not --direct-io", overrides_with = "direct_io", hide_short_help = true)]
    no_direct_io: bool,
    /// Copy one large file by so many threads, or with -R so many files at once; 0 chooses
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=i64::from(MAX_THREADS)))]
    parallel: Option<u32>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "The new file")]
struct Form {
    /// Compress: zstd:1 (fast) to zstd:22 (small). The new file is called DST.zst unless DST ends in .zst
    #[arg(long, value_name = "zstd:LEVEL", value_parser = compression,
        overrides_with_all = ["no_compress"], conflicts_with = "decompress")]
    compress: Option<Compression>,
    #[arg(long, long_help = "Not --compress", overrides_with = "compress", hide_short_help = true)]
    no_compress: bool,
    /// Decompress what zstd has compressed. Put into a directory, NAME.zst becomes NAME
    #[arg(long, conflicts_with = "no_compress")]
    decompress: bool,
    /// Holes: `auto` (stay holes), `always` (blocks of zeros become holes) or `never` (are filled)
    #[arg(long, value_name = "WHEN", hide_possible_values = true,
        value_parser = one_of::<Sparse>(Sparse::ALL.iter().map(|sparse| sparse.name())))]
    sparse: Option<Sparse>,
    /// Keep owner, times, whole mode, extended attributes and ACLs
    #[arg(long, overrides_with = "no_preserve_metadata")]
    preserve_metadata: bool,
    #[arg(
        long,
        long_help = "Not --preserve-metadata",
        overrides_with = "preserve_metadata",
        hide_short_help = true
    )]
    no_preserve_metadata: bool,
    /// Write under the destination's own name, as cp does: keeps inode and hard links, and loses the old content when
    /// the copy fails
    #[arg(long, overrides_with = "no_in_place")]
    in_place: bool,
    #[arg(long, long_help = "Not --in-place", overrides_with = "in_place", hide_short_help = true)]
    no_in_place: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Safety")]
struct Safety {
    /// Read the new file back: `sha256` (alone), `compare` (byte by byte), `media` (past the page cache) or `none`
    #[arg(long, value_name = "LEVEL", num_args = 0..=1, require_equals = true, default_missing_value = "sha256",
        hide_possible_values = true, overrides_with = "no_verify",
        value_parser = one_of::<Verification>(Verification::ALL.iter().map(|level| level.name())))]
    verify: Option<Verification>,
    #[arg(long, long_help = "Not --verify", overrides_with = "verify", hide_short_help = true)]
    no_verify: bool,
    /// Wait for the disk: `directory` (alone; content and name), `file` (content) or `none`
    #[arg(long, value_name = "WHAT", num_args = 0..=1, require_equals = true, default_missing_value = "directory",
        hide_possible_values = true, overrides_with = "no_fsync", value_parser = durability())]
    fsync: Option<Durability>,
    #[arg(long, long_help = "Not --fsync", overrides_with = "fsync", hide_short_help = true)]
    no_fsync: bool,
    /// Keep what was copied when the copy ends early, and go on there the next time
    #[arg(long, overrides_with = "no_resume")]
    resume: bool,
    #[arg(long, long_help = "Not --resume", overrides_with = "resume", hide_short_help = true)]
    no_resume: bool,
    /// Try again so often where the reason of a failure may pass
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100))]
    retries: Option<u32>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
struct Limits {
    /// At most so many bytes a second: 10MiB, 10M (1024), 10MB (1000); 0 is no limit
    #[arg(long, value_name = "RATE")]
    max_bandwidth: Option<Rate>,
}

/// What `--compress` takes: everything that the library reads but `decompress`, which is a flag of its own.
fn compression(text: &str) -> Result<Compression, String> {
    match text.parse() {
        Ok(Compression::Decompress) => Err("write --decompress".to_owned()),
        read => read.map_err(|error| error.to_string()),
    }
}

/// The documented names: `directory` is the library's `file-and-directory`.
fn durability() -> impl TypedValueParser<Value = Durability> {
    PossibleValuesParser::new(["none", "file", "directory"]).map(|name| match name.as_str() {
        "file" => Durability::File,
        "directory" => Durability::FileAndDirectory,
        _ => Durability::None,
    })
}

/// One of a pair of flags; none where neither was given.
fn pair(yes: bool, no: bool) -> Option<bool> {
    if yes || no { Some(yes) } else { None }
}

impl SettingFlags {
    pub(crate) fn config(&self) -> Option<&PathBuf> {
        self.files.config.as_ref()
    }

    /// What the flags say; what they do not speak of is none.
    pub(crate) fn settings(&self) -> Settings {
        let Self { files, moving, form, safety, limits } = self;
        let mut settings = Settings::default();
        settings.preset = files.preset;
        settings.tuned.clone_from(&files.tuned);
        settings.strategy = match (moving.zero_copy, moving.no_zero_copy) {
            (true, _) => Some(Strategy::ZeroCopy),
            (_, true) => Some(Strategy::Buffered),
            _ => moving.strategy,
        };
        settings.reflink = moving.reflink;
        settings.direct_io = pair(moving.direct_io, moving.no_direct_io);
        settings.parallel = moving.parallel;
        settings.compress = match (form.decompress, form.no_compress) {
            (true, _) => Some(Compression::Decompress),
            (_, true) => Some(Compression::None),
            _ => form.compress,
        };
        settings.sparse = form.sparse;
        settings.preserve_metadata = pair(form.preserve_metadata, form.no_preserve_metadata);
        settings.in_place = pair(form.in_place, form.no_in_place);
        settings.verify = if safety.no_verify { Some(Verification::None) } else { safety.verify };
        settings.fsync = if safety.no_fsync { Some(Durability::None) } else { safety.fsync };
        settings.resume = pair(safety.resume, safety.no_resume);
        settings.retries = safety.retries;
        settings.max_bandwidth = limits.max_bandwidth;
        settings
    }
}
