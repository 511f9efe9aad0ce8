//! The format of the configuration file.

use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::Settings;
use crate::fault::Fault;
use crate::options::{Compression, Durability, Preset, Reflink, Sparse, Verification};
use crate::size::Rate;
use crate::strategy::Strategy;
use crate::tuning::MAX_THREADS;

/// More would try for hours.
const MOST_RETRIES: u32 = 100;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    preset: Option<Text<Preset>>,
    strategy: Option<Text<Strategy>>,
    use_zero_copy: Option<Spanned<bool>>,
    verify: Option<Text<Verification>>,
    compress: Option<Text<Compressed>>,
    resume: Option<bool>,
    in_place: Option<bool>,
    max_bandwidth: Option<Text<Rate>>,
    reflink: Option<Text<Reflink>>,
    sparse: Option<Text<Sparse>>,
    preserve_metadata: Option<bool>,
    fsync: Option<Text<Synced>>,
    parallel: Option<UpTo<MAX_THREADS>>,
    retries: Option<UpTo<MOST_RETRIES>>,
    direct_io: Option<bool>,
    tuned: Option<Spanned<PathBuf>>,
}

pub(super) fn parse(text: &str, path: &Path) -> Result<Settings, Fault> {
    let wire: Wire = toml::from_str(text).map_err(|error| Fault::in_text(path, text, &error))?;
    let strategy = match (wire.strategy, wire.use_zero_copy) {
        (Some(_), Some(old)) => {
            let message = "use_zero_copy: `strategy` says the same; remove one of them";
            return Err(Fault::at(path, text, old.span().start, message));
        }
        (None, Some(old)) => Some(if old.into_inner() { Strategy::Auto } else { Strategy::Buffered }),
        (strategy, None) => strategy.map(Text::get),
    };
    if let Some(tuned) = wire.tuned.as_ref().filter(|tuned| tuned.get_ref().as_os_str().is_empty()) {
        let message = "tuned: the name is empty; name a file, or leave the key out";
        return Err(Fault::at(path, text, tuned.span().start, message));
    }
    let directory = path.parent().unwrap_or(Path::new(""));
    Ok(Settings {
        preset: wire.preset.map(Text::get),
        strategy,
        verify: wire.verify.map(Text::get),
        compress: wire.compress.map(|form| form.get().0),
        resume: wire.resume,
        in_place: wire.in_place,
        max_bandwidth: wire.max_bandwidth.map(Text::get),
        reflink: wire.reflink.map(Text::get),
        sparse: wire.sparse.map(Text::get),
        preserve_metadata: wire.preserve_metadata,
        fsync: wire.fsync.map(|level| level.get().0),
        parallel: wire.parallel.map(|UpTo(threads)| threads),
        retries: wire.retries.map(|UpTo(retries)| retries),
        direct_io: wire.direct_io,
        tuned: wire.tuned.map(|tuned| directory.join(tuned.into_inner())),
    })
}

/// A value that its `FromStr` reads, written as text or as a whole number.
#[derive(Debug)]
struct Text<T>(T);

impl<T> Text<T> {
    fn get(self) -> T {
        self.0
    }
}

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(TextVisitor(PhantomData)).map(Self)
    }
}

struct TextVisitor<T>(PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text in quotes")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }
}

/// What may stand in a file: decompressing is for one copy, not for all.
#[derive(Debug)]
struct Compressed(Compression);

impl FromStr for Compressed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(Compression::Decompress) => {
                Err("`decompress` is for single copies; write zstd:1 to zstd:22, or none".to_owned())
            }
            form => form.map(Self).map_err(|error| error.to_string()),
        }
    }
}

/// Under the words of the command line.
#[derive(Debug)]
struct Synced(Durability);

impl FromStr for Synced {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let levels = Durability::ALL.iter();
        let level = levels.copied().find(|level| super::effective::fsync_name(*level) == text);
        level.map(Self).ok_or_else(|| format!("`{text}` is none of none, file, directory"))
    }
}

/// A number from 0 to `MOST`.
#[derive(Debug)]
struct UpTo<const MOST: u32>(u32);

impl<'de, const MOST: u32> Deserialize<'de> for UpTo<MOST> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(input)?;
        let within = u32::try_from(number).ok().filter(|number| *number <= MOST);
        let message =
            || D::Error::custom(format!("{number} is out of range; write a number from 0 to {MOST}"));
        within.map(Self).ok_or_else(message)
    }
}
