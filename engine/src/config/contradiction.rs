//! Which settings cannot be had together, and which of two gives way.

use std::fmt;

use super::Origin;

/// Two settings of one place that cannot be had together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    origin: Origin,
    /// As they are written in a configuration file.
    settings: [String; 2],
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, settings: [one, other] } = self;
        write!(f, "`{one}` and `{other}` contradict each other ({origin}); leave one of them out")
    }
}

impl std::error::Error for Contradiction {}

/// What a setting may ask for that another one stands against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Share,
    ReadAndWrite,
    Compress,
    Decompress,
    Holes,
    InPlace,
    Resume,
}

/// Shared extents are the source's own bytes and holes, without a read or a write. A copy that is gone on with needs a
/// partial file of its own beside the destination, and a source in which a place is a place in the copy; frames have none.
const OPPOSED: [[Kind; 2]; 6] = [
    [Kind::Share, Kind::ReadAndWrite],
    [Kind::Share, Kind::Compress],
    [Kind::Share, Kind::Decompress],
    [Kind::Share, Kind::Holes],
    [Kind::InPlace, Kind::Resume],
    [Kind::Resume, Kind::Decompress],
];

impl Kind {
    const fn key(self) -> &'static str {
        match self {
            Self::Share => "reflink",
            Self::ReadAndWrite => "strategy",
            Self::Compress | Self::Decompress => "compress",
            Self::Holes => "sparse",
            Self::InPlace => "in_place",
            Self::Resume => "resume",
        }
    }

    fn opposes(self, other: Self) -> bool {
        OPPOSED.contains(&[self, other]) || OPPOSED.contains(&[other, self])
    }
}

/// A setting that asks for something of a kind.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) kind: Kind,
    pub(super) value: String,
    /// The number of the place, the highest being 0.
    pub(super) layer: usize,
    pub(super) origin: Origin,
}

impl Wish {
    fn told(&self) -> String {
        format!("{} = {}", self.kind.key(), self.value)
    }
}

/// A wish that is not granted, and the key of what holds instead.
#[derive(Debug)]
pub(super) struct Loss {
    pub(super) wish: Kind,
    pub(super) to: &'static str,
}

/// The wishes that give way. Each holds unless one from a higher place that holds stands against it; what has given way
/// itself takes nothing away from others.
pub(super) fn settle(mut wishes: Vec<Wish>) -> Result<Vec<Loss>, Contradiction> {
    wishes.sort_by_key(|wish| wish.layer);
    let (mut held, mut lost) = (Vec::<&Wish>::new(), Vec::new());
    for (index, wish) in wishes.iter().enumerate() {
        let opposes = |other: &&Wish| other.kind.opposes(wish.kind);
        let beside = wishes[index + 1..].iter().filter(opposes).find(|other| other.layer == wish.layer);
        if let Some(beside) = beside {
            let settings = [wish.told(), beside.told()];
            return Err(Contradiction { origin: wish.origin.clone(), settings });
        }
        match held.iter().copied().find(opposes) {
            Some(above) => lost.push(Loss { wish: wish.kind, to: above.kind.key() }),
            None => held.push(wish),
        }
    }
    Ok(lost)
}
