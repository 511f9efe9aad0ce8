//! The file format of tuned values, `orbit.tuned/1` in TOML: what the tuner writes and the engine reads, all or nothing.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Chunk, FileSystemPair, MAX_BATCH, MAX_THREADS, MAX_WORKERS, Threshold, Tuning, Values};
use crate::fault::Fault;

const SCHEMA: &str = "orbit.tuned/1";

/// A tuned file: values per pair of file systems, with where they come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TunedFile {
    /// Always `orbit.tuned/1`.
    pub schema: String,
    /// Where the values come from; none in a file written by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// Values for one pair each.
    #[serde(default, rename = "profile", skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<TunedProfile>,
}

/// Which measurement the values come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Name of the run's folder.
    pub run: String,
    /// SHA-256 of the run's `samples.jsonl`, in hexadecimal.
    pub samples_sha256: String,
    /// Version of the engine that was measured.
    pub engine: String,
    /// When the file was made, RFC 3339 in UTC.
    pub created: String,
    /// Kernel release.
    pub kernel: String,
    /// Processor model.
    pub cpu: String,
}

/// The values for one pair of file systems, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TunedProfile {
    /// Type of the source's file system.
    pub source_fs: String,
    /// Type of the destination's file system.
    pub destination_fs: String,
    /// Whether both are on one device.
    pub same_device: bool,
    /// What the tuner decided; none in a file written by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// From which size on `auto` copies inside the kernel.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_text")]
    pub zero_copy_threshold: Option<Threshold>,
    /// From which size on `auto` tries to share extents; that of zero-copy where only that one is given.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_text")]
    pub reflink_threshold: Option<Threshold>,
    /// Most bytes that one in-kernel copy call is asked to move.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_text")]
    pub kernel_chunk: Option<Chunk>,
    /// Size of the pipe for splice.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_text")]
    pub pipe_size: Option<Chunk>,
    /// Size of the buffer for reading and writing.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_text")]
    pub buffered_chunk: Option<Chunk>,
    /// From which size on several threads copy ranges of one file.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_text")]
    pub parallel_threshold: Option<Threshold>,
    /// How many threads, at most 64; 0 takes two where there are two processors.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "threads")]
    pub parallel_threads: Option<u32>,
    /// How many threads copy a tree, at most 256; 0 takes one for each processor, up to 16.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "workers")]
    pub tree_workers: Option<u32>,
    /// From which size on files of a tree are copied inside the kernel where the strategy is zero-copy.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_text")]
    pub tree_zero_copy_threshold: Option<Threshold>,
    /// How many small files a worker makes in a row, from 1 to 64, in a directory in which others are too.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "batch")]
    pub tree_batch: Option<u32>,
    /// The figures behind the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

/// What the tuner made of a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// The measured value is better than the default beyond noise.
    Accepted,
    /// No value is better than the default beyond noise.
    KeptDefault,
    /// No zero-copy mechanism works on this pair.
    Unsupported,
}

/// The figures behind a decision.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Paired blocks that were measured.
    pub blocks: u32,
    /// Sizes that were measured.
    pub sizes: u32,
    /// Time saved against the default, in percent, estimated on blocks that did not choose the value.
    pub gain_pct: f64,
    /// Lower 99 % bound of that gain; -100 where there were too few blocks for a bound.
    pub gain_lower_pct: f64,
    /// Lower end of the 95 % interval of the threshold.
    #[serde(with = "text")]
    pub threshold_lower: Threshold,
    /// Upper end of it.
    #[serde(with = "text")]
    pub threshold_upper: Threshold,
}

impl Tuning {
    /// Reads the tuned file at `path`.
    ///
    /// # Errors
    /// [`TuningError`] when the file cannot be read, is not TOML, has another schema, an unknown key or a value out of
    /// range. Nothing of such a file is used.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, TuningError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path)
            .map_err(|error| TuningError(Fault::new(path, None, &error.to_string())))?;
        Self::parse(&text, path)
    }

    /// Reads a tuned file's text; `path` is named in errors.
    ///
    /// # Errors
    /// As [`Tuning::load`].
    pub fn parse(text: &str, path: impl Into<PathBuf>) -> Result<Self, TuningError> {
        let path = path.into();
        let file: TunedFile =
            toml::from_str(text).map_err(|error| TuningError(Fault::in_text(&path, text, &error)))?;
        if file.schema != SCHEMA {
            let message = format!("schema is `{}`; this engine reads `{SCHEMA}`", file.schema);
            return Err(TuningError(Fault::new(&path, None, &message)));
        }
        Ok(file.tuning())
    }
}

impl TunedFile {
    /// A file of this format.
    #[must_use]
    pub fn new(provenance: Provenance, profiles: Vec<TunedProfile>) -> Self {
        Self { schema: SCHEMA.into(), provenance: Some(provenance), profiles }
    }

    fn tuning(self) -> Tuning {
        self.profiles.into_iter().fold(Tuning::default(), |tuning, profile| {
            let values = profile.values();
            tuning.with_profile(profile.pair(), values)
        })
    }
}

impl TunedProfile {
    /// A profile that leaves every value at its default.
    #[must_use]
    pub fn new(source_fs: &str, destination_fs: &str, same_device: bool) -> Self {
        Self {
            source_fs: source_fs.into(),
            destination_fs: destination_fs.into(),
            same_device,
            decision: None,
            zero_copy_threshold: None,
            reflink_threshold: None,
            kernel_chunk: None,
            pipe_size: None,
            buffered_chunk: None,
            parallel_threshold: None,
            parallel_threads: None,
            tree_workers: None,
            tree_zero_copy_threshold: None,
            tree_batch: None,
            evidence: None,
        }
    }

    /// The pair that this profile speaks for.
    #[must_use]
    pub fn pair(&self) -> FileSystemPair {
        FileSystemPair {
            source: self.source_fs.clone(),
            destination: self.destination_fs.clone(),
            same_device: self.same_device,
        }
    }

    /// The values, with the defaults where the profile names none.
    #[must_use]
    pub fn values(&self) -> Values {
        let default = Values::default();
        Values {
            zero_copy_threshold: self.zero_copy_threshold.unwrap_or(default.zero_copy_threshold),
            reflink_threshold: self
                .reflink_threshold
                .or(self.zero_copy_threshold)
                .unwrap_or(default.reflink_threshold),
            kernel_chunk: self.kernel_chunk.unwrap_or(default.kernel_chunk),
            pipe_size: self.pipe_size.unwrap_or(default.pipe_size),
            buffered_chunk: self.buffered_chunk.unwrap_or(default.buffered_chunk),
            parallel_threshold: self.parallel_threshold.unwrap_or(default.parallel_threshold),
            parallel_threads: self.parallel_threads.unwrap_or(default.parallel_threads),
            tree_workers: self.tree_workers.unwrap_or(default.tree_workers),
            tree_zero_copy_threshold: self
                .tree_zero_copy_threshold
                .unwrap_or(default.tree_zero_copy_threshold),
            tree_batch: self.tree_batch.unwrap_or(default.tree_batch),
        }
    }
}

/// Why a tuned file was not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TuningError(Fault);

impl fmt::Display for TuningError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for TuningError {}

fn threads<'de, D: Deserializer<'de>>(input: D) -> Result<Option<u32>, D::Error> {
    within(input, 0..=MAX_THREADS)
}

fn workers<'de, D: Deserializer<'de>>(input: D) -> Result<Option<u32>, D::Error> {
    within(input, 0..=MAX_WORKERS)
}

fn batch<'de, D: Deserializer<'de>>(input: D) -> Result<Option<u32>, D::Error> {
    within(input, 1..=MAX_BATCH)
}

fn within<'de, D: Deserializer<'de>>(input: D, range: RangeInclusive<u32>) -> Result<Option<u32>, D::Error> {
    let number = u32::deserialize(input)?;
    if range.contains(&number) {
        return Ok(Some(number));
    }
    let (least, most) = (range.start(), range.end());
    let message = format!("{number} is out of range; write a number from {least} to {most}");
    Err(serde::de::Error::custom(message))
}

/// A value that is written as the text which its `FromStr` reads.
mod text {
    use super::{Deserialize, Deserializer, Serializer, fmt};

    pub(super) fn serialize<T: fmt::Display, S: Serializer>(value: &T, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(value)
    }

    pub(super) fn deserialize<'de, T, D>(input: D) -> Result<T, D::Error>
    where
        T: std::str::FromStr<Err: fmt::Display>,
        D: Deserializer<'de>,
    {
        String::deserialize(input)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The same for a value that may be absent.
mod optional_text {
    use super::{Deserializer, Serializer, fmt, text};

    pub(super) fn serialize<T: fmt::Display, S: Serializer>(
        value: &Option<T>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => text::serialize(value, out),
            None => out.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, T, D>(input: D) -> Result<Option<T>, D::Error>
    where
        T: std::str::FromStr<Err: fmt::Display>,
        D: Deserializer<'de>,
    {
        text::deserialize(input).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "schema = \"orbit.tuned/1\"\n[[profile]]\nsource_fs = \"ext4\"\ndestination_fs = \"ext4\"\nsame_device = true\n";

    fn error_of(tail: &str) -> String {
        Tuning::parse(&format!("{HEAD}{tail}"), "t.toml").unwrap_err().to_string()
    }

    #[test]
    fn values_reach_their_pair() {
        let text = format!(
            "{HEAD}zero_copy_threshold = \"1MiB\"\nkernel_chunk = \"2MiB\"\nbuffered_chunk = \"8KiB\"\n"
        );
        let tuning = Tuning::parse(&text, "t.toml").unwrap();
        let pair = FileSystemPair { source: "ext4".into(), destination: "ext4".into(), same_device: true };
        let values = tuning.values(&pair);
        assert_eq!(values.zero_copy_threshold, Threshold::AtLeast(1 << 20));
        assert_eq!(values.kernel_chunk.bytes(), 2 << 20);
        assert_eq!(values.buffered_chunk.bytes(), 8 << 10);
    }

    #[test]
    fn errors_name_file_line_and_key() {
        let unknown = error_of("zero_copy_treshold = \"1MiB\"\n");
        let expected = "t.toml:6: unknown key `zero_copy_treshold`; did you mean `zero_copy_threshold`?";
        assert_eq!(unknown, expected);
        let range = error_of("kernel_chunk = \"1KiB\"\n");
        assert_eq!(range, "t.toml:6: kernel_chunk: 1KiB is out of range; write a size from 4KiB to 128MiB");
        let kind = error_of("zero_copy_threshold = 7\n");
        assert!(kind.starts_with("t.toml:6: zero_copy_threshold: invalid type"), "{kind}");
        let syntax = error_of("kernel_chunk = 1KiB\n");
        assert!(syntax.starts_with("t.toml:6: kernel_chunk: "), "{syntax}");
    }

    #[test]
    fn errors_name_the_key_of_the_value_also_in_one_line_tables() {
        let error = error_of("evidence = { blocks = 1, sizes = -1 }\n");
        assert!(error.starts_with("t.toml:6: sizes: invalid value"), "{error}");
        let no_key = error_of("kernel\tchunk = 1\n");
        assert!(no_key.starts_with("t.toml:6: ") && !no_key.contains("chunk:"), "{no_key}");
    }

    #[test]
    fn errors_are_one_printable_line() {
        for text in ["schema = \"a\\nb\\u001b[2J\"", "schema = \"orbit.tuned/1\"\n\"\\u0007\" = 1"] {
            let error = Tuning::parse(text, "t.toml").unwrap_err().to_string();
            assert!(!error.contains(char::is_control), "{error:?}");
        }
    }

    #[test]
    fn other_schemas_and_broken_files_are_refused_whole() {
        let newer = Tuning::parse("schema = \"orbit.tuned/2\"\n", "t.toml").unwrap_err();
        assert!(newer.to_string().contains("`orbit.tuned/2`"), "{newer}");
        for text in ["", "schema", "schema = \"orbit.tuned/1\"\n[[profile]]\n", "\u{0}"] {
            assert!(Tuning::parse(text, "t.toml").is_err(), "{text:?}");
        }
        let missing = Tuning::load("no/such/file.toml").unwrap_err().to_string();
        assert!(missing.starts_with("no/such/file.toml: "), "{missing}");
    }
}
