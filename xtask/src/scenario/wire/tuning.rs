//! The tables `[[tuning]]` of a scenario file, and what makes one valid.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use super::Refusal;
use crate::scenario::{Knob, Setting, ValueSet};

/// The keys are those of tuned files.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    name: String,
    kernel_chunk: Option<Text>,
    pipe_size: Option<Text>,
    buffered_chunk: Option<Text>,
    parallel_threads: Option<Text>,
    parallel_threshold: Option<Text>,
    zero_copy_threshold: Option<Text>,
    reflink_threshold: Option<Text>,
    tree_workers: Option<Text>,
    tree_batch: Option<Text>,
    tree_zero_copy_threshold: Option<Text>,
}

impl Table {
    /// The values; the error is a key, and what to write there.
    pub(super) fn validated(self) -> Result<ValueSet, Refusal> {
        let name = self.name;
        if !super::is_name(&name) {
            return Err(("tuning.name", super::NAME_RULE.to_owned()));
        }
        if [ValueSet::DEFAULT, ValueSet::TUNED].contains(&name.as_str()) {
            return Err(("tuning.name", format!("`{name}` is there without a table; write another name")));
        }
        let given = [
            (Knob::KernelChunk, "tuning.kernel_chunk", self.kernel_chunk),
            (Knob::PipeSize, "tuning.pipe_size", self.pipe_size),
            (Knob::BufferedChunk, "tuning.buffered_chunk", self.buffered_chunk),
            (Knob::ParallelThreads, "tuning.parallel_threads", self.parallel_threads),
            (Knob::ParallelThreshold, "tuning.parallel_threshold", self.parallel_threshold),
            (Knob::ZeroCopyThreshold, "tuning.zero_copy_threshold", self.zero_copy_threshold),
            (Knob::ReflinkThreshold, "tuning.reflink_threshold", self.reflink_threshold),
            (Knob::TreeWorkers, "tuning.tree_workers", self.tree_workers),
            (Knob::TreeBatch, "tuning.tree_batch", self.tree_batch),
            (Knob::TreeZeroCopyThreshold, "tuning.tree_zero_copy_threshold", self.tree_zero_copy_threshold),
        ];
        let given = given.into_iter().filter_map(|(knob, key, text)| Some((knob, key, text?.0)));
        let setting = |(knob, key, text): (Knob, &'static str, String)| {
            Setting::parse(knob, &text).map_err(|error| (key, format!("of {name}: {error}")))
        };
        let settings: Vec<Setting> = given.map(setting).collect::<Result<_, _>>()?;
        if settings.is_empty() {
            return Err(("tuning.name", format!("{name} sets nothing; that is `default`")));
        }
        Ok(ValueSet::Named { name, settings })
    }
}

/// The sets of these names, in their order, of which `default` and `tuned` need no table.
pub(super) fn chosen(names: &[String], known: &[ValueSet]) -> Result<Vec<ValueSet>, Refusal> {
    let built_in = |name: &String| match name.as_str() {
        ValueSet::DEFAULT => Some(ValueSet::Default),
        ValueSet::TUNED => Some(ValueSet::Tuned),
        _ => None,
    };
    let own: Vec<String> = names.iter().filter(|name| built_in(name).is_none()).cloned().collect();
    let named: Vec<(String, &ValueSet)> = known.iter().map(|set| (set.name().to_owned(), set)).collect();
    let mut found =
        super::chosen(["matrix.tuning", "tuning.name"], &own, &named, |(name, _)| name)?.into_iter();
    Ok(names.iter().filter_map(|name| built_in(name).or_else(|| Some(found.next()?.1.clone()))).collect())
}

/// A value written as text, or as a bare number.
#[derive(Debug)]
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.to_owned()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Text, E> {
        Ok(Text(number.to_string()))
    }
}
