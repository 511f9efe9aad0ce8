//! Values as they stand in the file: sizes, thresholds and times as texts, numbers within their bounds.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::tuning::{Chunk, MAX_BATCH, MAX_THREADS, MAX_WORKERS, Threshold, UtcTime};

/// As its `Display` writes it and its `FromStr` reads it.
macro_rules! as_text {
    ($($type:ty),+) => {
        $(
            impl Serialize for $type {
                fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                    out.collect_str(self)
                }
            }

            impl<'de> Deserialize<'de> for $type {
                fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                    parsed(input)
                }
            }
        )+
    };
}

as_text!(Chunk, Threshold, UtcTime);

fn parsed<'de, T: FromStr<Err: fmt::Display>, D: Deserializer<'de>>(input: D) -> Result<T, D::Error> {
    String::deserialize(input)?.parse().map_err(Error::custom)
}

pub(super) fn threads<'de, D: Deserializer<'de>>(input: D) -> Result<Option<u32>, D::Error> {
    within(input, 0..=MAX_THREADS)
}

pub(super) fn workers<'de, D: Deserializer<'de>>(input: D) -> Result<Option<u32>, D::Error> {
    within(input, 0..=MAX_WORKERS)
}

pub(super) fn batch<'de, D: Deserializer<'de>>(input: D) -> Result<Option<u32>, D::Error> {
    within(input, 1..=MAX_BATCH)
}

fn within<'de, D: Deserializer<'de>>(input: D, range: RangeInclusive<u32>) -> Result<Option<u32>, D::Error> {
    let number = u32::deserialize(input)?;
    if range.contains(&number) {
        return Ok(Some(number));
    }
    let (least, most) = (range.start(), range.end());
    Err(Error::custom(format!("{number} is out of range; write a number from {least} to {most}")))
}
