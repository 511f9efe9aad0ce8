//! Values as a scenario file may write them: one, or a list of them. Which values are valid is for their types to say.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use orbit_engine::ByteSize;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A value written as text, or as a bare integer (sizes).
#[derive(Debug)]
pub(super) struct One<T>(pub(super) T);

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for One<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let Many(mut values) = Many::deserialize(input)?;
        match (values.pop(), values.is_empty()) {
            (Some(value), true) => Ok(Self(value)),
            _ => Err(Error::custom("expected one value, not a list")),
        }
    }
}

/// One value, or a list of them.
#[derive(Debug)]
pub(super) struct Many<T>(pub(super) Vec<T>);

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Many<T> {
    pub(super) fn or(self, default: T) -> Vec<T> {
        if self.0.is_empty() { vec![default] } else { self.0 }
    }
}

impl Many<ByteSize> {
    pub(super) fn bytes(self) -> Vec<u64> {
        self.0.into_iter().map(ByteSize::bytes).collect()
    }
}

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(ManyVisitor(PhantomData))
    }
}

struct ManyVisitor<T>(PhantomData<T>);

impl<'de, T: FromStr<Err: fmt::Display>> Visitor<'de> for ManyVisitor<T> {
    type Value = Many<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or a list of values")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Many<T>, E> {
        text.parse().map(|value| Many(vec![value])).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Many<T>, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Many<T>, A::Error> {
        let mut values = Vec::new();
        while let Some(Many(one)) = list.next_element::<Self::Value>()? {
            values.extend(one);
        }
        Ok(Many(values))
    }
}
