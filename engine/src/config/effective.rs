//! What holds where several places speak of the same.

use std::fmt;
use std::path::{Path, PathBuf};

use super::Settings;
use super::contradiction::{Contradiction, Kind, Loss, Wish, settle};
use crate::options::{
    Compression, CopyOptions, Durability, Placement, Preset, Reflink, Sparse, Verification,
};
use crate::size::Rate;
use crate::strategy::Strategy;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The command line.
    Flag,
    /// An environment variable.
    Environment,
    /// This configuration file.
    File(PathBuf),
    /// This preset.
    Preset(Preset),
    /// Nobody speaks of it.
    Default,
    /// It is the default, since what one place says cannot be done together with what a higher place says.
    GivesWay {
        /// The place.
        from: Box<Origin>,
        /// The key that the higher place speaks of.
        to: &'static str,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Environment => f.write_str("environment"),
            Self::File(path) => write!(f, "config file {}", path.display()),
            Self::Preset(preset) => write!(f, "preset {preset}"),
            Self::Default => f.write_str("default"),
            Self::GivesWay { from, to } => write!(f, "default; the {from} gives way to `{to}`"),
        }
    }
}

/// A setting with what holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Its key in the configuration file.
    pub key: &'static str,
    /// The value as it is written there, `none` where there is none.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// What holds for a copy, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    preset: Chosen<Option<Preset>>,
    strategy: Chosen<Strategy>,
    verify: Chosen<Verification>,
    compress: Chosen<Compression>,
    resume: Chosen<bool>,
    in_place: Chosen<bool>,
    max_bandwidth: Chosen<Rate>,
    reflink: Chosen<Reflink>,
    sparse: Chosen<Sparse>,
    preserve_metadata: Chosen<bool>,
    fsync: Chosen<Durability>,
    parallel: Chosen<u32>,
    retries: Chosen<u32>,
    direct_io: Chosen<bool>,
    tuned: Chosen<Option<PathBuf>>,
}

/// A value and which layer it is from; the number of layers where it is from none.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Chosen<T> {
    value: T,
    layer: usize,
    origin: Origin,
}

/// Places that speak, the highest first.
struct Layers(Vec<(Origin, Settings)>);

impl Layers {
    fn pick<T: Default>(&self, of: impl Fn(&Settings) -> Option<T>) -> Chosen<T> {
        let found = self.0.iter().enumerate().find_map(|(layer, (origin, settings))| {
            of(settings).map(|value| Chosen { value, layer, origin: origin.clone() })
        });
        found.unwrap_or(Chosen { value: T::default(), layer: self.0.len(), origin: Origin::Default })
    }
}

impl Effective {
    /// What holds of `layers`, the highest place first; the preset that the highest of them names stands below them all.
    ///
    /// Of two settings that cannot be had together the one from the higher place holds, and the other becomes its default.
    ///
    /// # Errors
    /// [`Contradiction`] when one place asks for two such settings: shared extents and reading and writing, compression,
    /// or another treatment of holes; a resumable copy and one in place, or one that decompresses.
    pub fn resolve(mut layers: Vec<(Origin, Settings)>) -> Result<Self, Contradiction> {
        if let Some(preset) = layers.iter().find_map(|(_, settings)| settings.preset) {
            layers.push((Origin::Preset(preset), Settings::of_preset(preset)));
        }
        let layers = Layers(layers);
        let mut effective = Self {
            preset: layers.pick(|settings| settings.preset.map(Some)),
            strategy: layers.pick(|settings| settings.strategy),
            verify: layers.pick(|settings| settings.verify),
            compress: layers.pick(|settings| settings.compress),
            resume: layers.pick(|settings| settings.resume),
            in_place: layers.pick(|settings| settings.in_place),
            max_bandwidth: layers.pick(|settings| settings.max_bandwidth),
            reflink: layers.pick(|settings| settings.reflink),
            sparse: layers.pick(|settings| settings.sparse),
            preserve_metadata: layers.pick(|settings| settings.preserve_metadata),
            fsync: layers.pick(|settings| settings.fsync),
            parallel: layers.pick(|settings| settings.parallel),
            retries: layers.pick(|settings| settings.retries),
            direct_io: layers.pick(|settings| settings.direct_io),
            tuned: layers.pick(|settings| settings.tuned.clone().map(Some)),
        };
        for Loss { wish, to } in settle(effective.wishes())? {
            effective.give_way(wish, to);
        }
        Ok(effective)
    }

    fn wishes(&self) -> Vec<Wish> {
        let Self { strategy, compress, resume, in_place, reflink, sparse, .. } = self;
        let form = if compress.value == Compression::Decompress { Kind::Decompress } else { Kind::Compress };
        let wishes = [
            reflink.wish(Kind::Share, reflink.value == Reflink::Always),
            strategy.wish(Kind::ReadAndWrite, strategy.value == Strategy::Buffered),
            compress.wish(form, compress.value != Compression::None),
            sparse.wish(Kind::Holes, sparse.value != Sparse::Auto),
            in_place.wish(Kind::InPlace, in_place.value),
            resume.wish(Kind::Resume, resume.value),
        ];
        wishes.into_iter().flatten().collect()
    }

    fn give_way(&mut self, wish: Kind, to: &'static str) {
        match wish {
            Kind::Share => self.reflink.give_way(to),
            Kind::ReadAndWrite => self.strategy.give_way(to),
            Kind::Compress | Kind::Decompress => self.compress.give_way(to),
            Kind::Holes => self.sparse.give_way(to),
            Kind::InPlace => self.in_place.give_way(to),
            Kind::Resume => self.resume.give_way(to),
        }
    }

    /// The options that hold, with the default tuning.
    #[must_use]
    pub fn options(&self) -> CopyOptions {
        CopyOptions::new()
            .strategy(self.strategy.value)
            .verification(self.verify.value)
            .compression(self.compress.value)
            .placement(self.placement())
            .max_bandwidth(self.max_bandwidth.value)
            .reflink(self.reflink.value)
            .sparse(self.sparse.value)
            .preserve_metadata(self.preserve_metadata.value)
            .durability(self.fsync.value)
            .threads(self.parallel.value)
            .retries(self.retries.value)
            .direct_io(self.direct_io.value)
    }

    /// Whether the content is compressed or decompressed.
    #[must_use]
    pub fn compress(&self) -> Compression {
        self.compress.value
    }

    /// Under which name the copy is written.
    #[must_use]
    pub fn placement(&self) -> Placement {
        match (self.resume.value, self.in_place.value) {
            (true, _) => Placement::Resumable,
            (false, true) => Placement::InPlace,
            (false, false) => Placement::Staged,
        }
    }

    /// By how many threads one large file is copied, or a tree by how many workers; 0 leaves it to the tuning.
    #[must_use]
    pub fn parallel(&self) -> u32 {
        self.parallel.value
    }

    /// The tuned file that is to be loaded, and who says so.
    #[must_use]
    pub fn tuned(&self) -> Option<(&Path, &Origin)> {
        self.tuned.value.as_deref().map(|path| (path, &self.tuned.origin))
    }

    /// Every setting in the order in which it is documented.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
        vec![
            self.preset.entry("preset", |preset| or_none(preset.map(|preset| preset.to_string()))),
            self.strategy.entry("strategy", ToString::to_string),
            self.verify.entry("verify", ToString::to_string),
            self.compress.entry("compress", ToString::to_string),
            self.resume.entry("resume", ToString::to_string),
            self.in_place.entry("in_place", ToString::to_string),
            self.max_bandwidth.entry("max_bandwidth", ToString::to_string),
            self.reflink.entry("reflink", ToString::to_string),
            self.sparse.entry("sparse", ToString::to_string),
            self.preserve_metadata.entry("preserve_metadata", ToString::to_string),
            self.fsync.entry("fsync", |level| fsync_name(*level).to_owned()),
            self.parallel.entry("parallel", ToString::to_string),
            self.retries.entry("retries", ToString::to_string),
            self.direct_io.entry("direct_io", ToString::to_string),
            self.tuned.entry("tuned", |path| or_none(path.as_ref().map(|path| path.display().to_string()))),
        ]
    }
}

impl<T: Default + fmt::Display> Chosen<T> {
    /// What is asked for here, where it is.
    fn wish(&self, kind: Kind, is_asked: bool) -> Option<Wish> {
        let Self { value, layer, origin } = self;
        is_asked.then(|| Wish { kind, value: value.to_string(), layer: *layer, origin: origin.clone() })
    }

    fn give_way(&mut self, to: &'static str) {
        let from = Box::new(std::mem::replace(&mut self.origin, Origin::Default));
        self.origin = Origin::GivesWay { from, to };
        self.value = T::default();
    }
}

impl<T> Chosen<T> {
    fn entry(&self, key: &'static str, told: impl Fn(&T) -> String) -> Entry {
        Entry { key, value: told(&self.value), origin: self.origin.clone() }
    }
}

/// How settings call a durability.
pub(super) const fn fsync_name(level: Durability) -> &'static str {
    match level {
        Durability::None => "none",
        Durability::File => "file",
        Durability::FileAndDirectory => "directory",
    }
}
