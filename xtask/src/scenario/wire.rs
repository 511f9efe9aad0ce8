//! The file format of scenarios, `orbit.scenario/1` in TOML. Errors name file, line, key and the nearest valid key.

use std::fmt;
use std::marker::PhantomData;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Result, anyhow, bail};
use orbit_engine::{ByteSize, Durability, Strategy, Verification};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Cache, Check, ChunkChoice, Exclude, FileSystems, Matrix, Scenario, Subject};

const SCHEMA: &str = "orbit.scenario/1";

/// Every key of the language, for the rule that each is documented.
pub(crate) const KEYS: &[&str] = &[
    "schema",
    "name",
    "question",
    "defaults.blocks",
    "defaults.cache",
    "defaults.durability",
    "defaults.check",
    "matrix.size",
    "matrix.strategy",
    "matrix.filesystems",
    "matrix.verify",
    "matrix.chunk",
    "matrix.subject",
    "matrix.exclude",
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    name: String,
    question: String,
    #[serde(default)]
    defaults: Defaults,
    matrix: Axes,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Defaults {
    blocks: u32,
    cache: Cache,
    durability: One<Durability>,
    check: Check,
}

impl Default for Defaults {
    fn default() -> Self {
        Self { blocks: 15, cache: Cache::Warm, durability: One(Durability::None), check: Check::Every }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Axes {
    size: Many<ByteSize>,
    #[serde(default)]
    strategy: Many<Strategy>,
    #[serde(default)]
    filesystems: Many<FileSystems>,
    #[serde(default)]
    verify: Many<Verification>,
    #[serde(default)]
    chunk: Many<ChunkChoice>,
    #[serde(default)]
    subject: Many<Subject>,
    #[serde(default)]
    exclude: Vec<Excluded>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Excluded {
    size: Many<ByteSize>,
    strategy: Many<Strategy>,
    filesystems: Many<FileSystems>,
    verify: Many<Verification>,
    chunk: Many<ChunkChoice>,
    subject: Many<Subject>,
}

pub(super) fn parse(text: String, path: &Path) -> Result<Scenario> {
    let file: File = toml::from_str(&text).map_err(|error| locate(&text, path, &error))?;
    if file.schema != SCHEMA {
        bail!("{}: schema is `{}`; this suite reads `{SCHEMA}`", path.display(), file.schema);
    }
    let refuse = |key: &str, remedy: &str| anyhow!("{}: {key}: {remedy}", path.display());
    if !file.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        || file.name.is_empty()
    {
        return Err(refuse("name", "write lower-case letters, digits and `-`; it begins every case id"));
    }
    if file.question.trim().is_empty() {
        return Err(refuse("question", "say what the scenario is to answer"));
    }
    if !(1..=10_000).contains(&file.defaults.blocks) {
        return Err(refuse("defaults.blocks", "write a number from 1 to 10000"));
    }
    let matrix = file.matrix.validated();
    if matrix.sizes.is_empty() {
        return Err(refuse("matrix.size", "write at least one size"));
    }
    if let Some((key, value)) = matrix.repeated() {
        return Err(refuse(key, &format!("{value} is there twice; its samples would count double")));
    }
    if matrix.exclude.iter().any(Exclude::is_empty) {
        return Err(refuse("matrix.exclude", "an empty table leaves out every case; name a key"));
    }
    if matrix.sizes.contains(&0) {
        return Err(refuse("matrix.size", "an empty file has no throughput; write a size above 0"));
    }
    let (durability, peer) =
        (file.defaults.durability.0, matrix.subjects.iter().find(|one| !one.has_options()));
    if let (true, Some(peer)) = (durability != Durability::None, peer) {
        let remedy = format!("{peer} does not wait for the disk and would win by that; write none");
        return Err(refuse("defaults.durability", &remedy));
    }
    Ok(Scenario {
        name: file.name,
        question: file.question,
        blocks: file.defaults.blocks,
        cache: file.defaults.cache,
        durability,
        check: file.defaults.check,
        matrix,
        text,
    })
}

impl Axes {
    /// With the documented defaults in place of lists that the file does not give.
    fn validated(self) -> Matrix {
        Matrix {
            sizes: self.size.bytes(),
            strategies: self.strategy.or(Strategy::Auto),
            filesystems: self.filesystems.or(FileSystems::Same),
            verify: self.verify.or(Verification::None),
            chunks: self.chunk.or(ChunkChoice::Engine),
            subjects: self.subject.0,
            exclude: self.exclude.into_iter().map(Excluded::validated).collect(),
        }
    }
}

impl Excluded {
    fn validated(self) -> Exclude {
        Exclude {
            sizes: self.size.bytes(),
            strategies: self.strategy.0,
            filesystems: self.filesystems.0,
            verify: self.verify.0,
            chunks: self.chunk.0,
            subjects: self.subject.0,
        }
    }
}

/// `file:line: message`, with the nearest valid key where the key is unknown.
fn locate(text: &str, path: &Path, error: &toml::de::Error) -> anyhow::Error {
    let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
    let message = error.message().replace('\n', " ");
    let nearest = nearest_key(&message).map_or_else(String::new, |key| format!("; did you mean `{key}`?"));
    anyhow!("{}:{line}: {}{message}{nearest}", path.display(), key_at(text, error, &message))
}

/// The key of the faulty line, unless the message names it.
fn key_at(text: &str, error: &toml::de::Error, message: &str) -> String {
    let key = error.span().and_then(|span| {
        let start = text[..span.start].rfind('\n').map_or(0, |newline| newline + 1);
        text[start..].lines().next()?.split_once('=').map(|(key, _)| key.trim().to_owned())
    });
    key.filter(|key| !message.contains(&format!("`{key}`")))
        .map_or_else(String::new, |key| format!("{key}: "))
}

/// Serde words it "unknown field `a`, expected one of `b`, `c`"; a test pins that.
fn nearest_key(message: &str) -> Option<&str> {
    let mut names = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let unknown = names.next()?;
    names
        .map(|name| (strsim::damerau_levenshtein(unknown, name), name))
        .min()
        .filter(|(distance, name)| *distance <= name.len().max(3) / 2)
        .map(|(_, name)| name)
}

/// A value written as text, or as a bare integer (sizes).
#[derive(Debug)]
struct One<T>(T);

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for One<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let Many(mut values) = Many::deserialize(input)?;
        match (values.pop(), values.is_empty()) {
            (Some(value), true) => Ok(Self(value)),
            _ => Err(serde::de::Error::custom("expected one value, not a list")),
        }
    }
}

/// One value, or a list of them.
#[derive(Debug)]
struct Many<T>(Vec<T>);

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Many<T> {
    fn or(self, default: T) -> Vec<T> {
        if self.0.is_empty() { vec![default] } else { self.0 }
    }
}

impl Many<ByteSize> {
    fn bytes(self) -> Vec<u64> {
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

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Many<T>, E> {
        text.parse().map(|value| Many(vec![value])).map_err(E::custom)
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Many<T>, E> {
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

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "schema = \"orbit.scenario/1\"\nname = \"a-b\"\nquestion = \"Why?\"\n";

    fn scenario(tail: &str) -> Result<Scenario> {
        parse(format!("{HEAD}{tail}"), Path::new("s.toml"))
    }

    fn error(tail: &str) -> String {
        format!("{:#}", scenario(tail).unwrap_err())
    }

    #[test]
    fn every_key_reaches_the_domain() {
        let scenario = scenario(
            "[defaults]\nblocks = 7\ncache = \"as-is\"\ndurability = \"file\"\ncheck = \"once\"\n\
             [matrix]\nsize = [4096, \"1MB\"]\nstrategy = \"buffered\"\nfilesystems = [\"cross\", \"same\"]\n\
             verify = [\"sha256\"]\nchunk = \"8KiB\"\nsubject = \"engine\"\n[[matrix.exclude]]\nsize = 4096\nstrategy = \"auto\"\n\
             filesystems = \"same\"\nverify = \"none\"\nchunk = \"8KiB\"\nsubject = [\"cp\"]\n",
        )
        .unwrap();
        let chunk = || vec!["8KiB".parse::<ChunkChoice>().unwrap()];
        let exclude = Exclude {
            sizes: vec![4096],
            strategies: vec![Strategy::Auto],
            filesystems: vec![FileSystems::Same],
            verify: vec![Verification::None],
            chunks: chunk(),
            subjects: vec![Subject::Cp],
        };
        let matrix = Matrix {
            sizes: vec![4096, 1_000_000],
            strategies: vec![Strategy::Buffered],
            filesystems: vec![FileSystems::Cross, FileSystems::Same],
            verify: vec![Verification::Sha256],
            chunks: chunk(),
            subjects: vec![Subject::Engine],
            exclude: vec![exclude],
        };
        assert_eq!(scenario.matrix, matrix);
        assert_eq!((scenario.name.as_str(), scenario.question.as_str(), scenario.blocks), ("a-b", "Why?", 7));
        assert_eq!(
            (scenario.cache, scenario.durability, scenario.check),
            (Cache::AsIs, Durability::File, Check::Once)
        );
    }

    #[test]
    fn an_unknown_key_is_named_with_file_line_and_nearest_key() {
        assert!(error("[matrix]\nsizes = [\"4KiB\"]\n").starts_with("s.toml:5: unknown field `sizes`"));
        assert!(error("[matrix]\nsizes = [\"4KiB\"]\n").ends_with("did you mean `size`?"));
        let far = error("[matrix]\nsize = 1\nzzzzzzzz = 1\n");
        assert!(
            far.starts_with("s.toml:6: unknown field `zzzzzzzz`") && !far.contains("did you mean"),
            "{far}"
        );
    }

    #[test]
    fn a_bad_value_is_named_with_its_key_and_remedy() {
        let size = error("[matrix]\nsize = [\"4KiB\", \"5QB\"]\n");
        assert!(size.starts_with("s.toml:5: size: `5QB` is no size; write 4096"), "{size}");
        let strategy = error("[matrix]\nsize = 1\nstrategy = \"fast\"\n");
        assert_eq!(strategy, "s.toml:6: strategy: `fast` is none of auto, zero-copy, buffered");
        for (tail, key) in [
            ("[matrix]\nsize = []\n", "matrix.size"),
            ("[matrix]\nsize = 0\n", "matrix.size"),
            ("[matrix]\nsize = [\"4KiB\", 4096]\n", "matrix.size"),
            ("[matrix]\nsize = 1\nchunk = [\"1MiB\", \"1024KiB\"]\n", "matrix.chunk"),
            ("[matrix]\nsize = 1\n[[matrix.exclude]]\n", "matrix.exclude"),
            ("[matrix]\nsize = 1\nsubject = [\"cp\", \"cp\"]\n", "matrix.subject"),
            (
                "[defaults]\ndurability = \"file\"\n[matrix]\nsize = 1\nsubject = \"cp\"\n",
                "defaults.durability",
            ),
            ("[defaults]\nblocks = 0\n[matrix]\nsize = 1\n", "defaults.blocks"),
        ] {
            assert!(error(tail).starts_with(&format!("s.toml: {key}: ")), "{}", error(tail));
        }
    }

    #[test]
    fn the_table_of_keys_is_the_format() {
        for key in KEYS.iter().filter(|key| !key.starts_with("matrix.exclude")) {
            let (table, name) = key.split_once('.').unwrap_or(("", key));
            let text = if table.is_empty() {
                format!("{name} = {{}}\n")
            } else {
                format!("[{table}]\n{name} = {{}}\n")
            };
            let message = format!("{:#}", parse(text, Path::new("s.toml")).unwrap_err());
            assert!(!message.contains("unknown field"), "{key}: {message}");
        }
    }
}
