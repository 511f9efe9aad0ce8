//! Proof that the destination, read back, is the source. Reads both files; believes nothing that the copy said. What was
//! compressed is proven by its content, decoded from what is read back.

mod content;

use std::io;

use sha2::{Digest as _, Sha256};

use crate::attempt::{Ends, Failure};
use crate::buffer::Buffer;
use crate::compress::Unread;
use crate::error::{Mismatch, Operation};
use crate::observe::Watch;
use crate::options::{Compression, Verification};
use crate::outcome::{Digest, Verified};
use crate::platform::{self, Calls};

use content::Content;

/// Two of these stay in a second-level cache.
const BUFFER_BYTES: u64 = 256 * 1024;

/// From here on a second thread saves more than it costs to start.
const PARALLEL_BYTES: u64 = 1024 * 1024;

/// Why a destination is not proven equal.
#[derive(Debug)]
pub(crate) enum Unproven {
    Mismatch(Mismatch),
    Source(Failure),
    Destination(io::Error),
    Sync(io::Error),
    /// There is no way past the page cache.
    NoMedium(io::Error),
    /// The caller wants no more.
    Cancelled,
}

/// A copy whose destination is to be proven.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claim<'a> {
    pub(crate) ends: Ends<'a>,
    /// Which of them holds frames.
    pub(crate) compression: Compression,
    /// Length of the content.
    pub(crate) bytes: u64,
    /// Length of the copy.
    pub(crate) length: u64,
    /// Whether the destination shares the source's extents.
    pub(crate) is_shared: bool,
    /// Whether the destination may be longer than the copy, as a device is.
    pub(crate) may_be_longer: bool,
    pub(crate) watch: &'a Watch<'a>,
}

impl Claim<'_> {
    /// What it means that the source cannot be read. A read that the caller's wish has ended is none that failed.
    fn without_source(&self, unread: Unread) -> Unproven {
        match unread {
            _ if self.watch.is_cancelled() => Unproven::Cancelled,
            Unread::File(error) => Unproven::Source(Failure { operation: Operation::Read, error }),
            Unread::Damaged(damage) => {
                Unproven::Source(Failure { operation: Operation::Decompress, error: damage.into() })
            }
        }
    }

    /// As [`Self::without_source`]. What was written whole and can no longer be decoded is not what was written.
    fn without_destination(&self, unread: Unread) -> Unproven {
        match unread {
            _ if self.watch.is_cancelled() => Unproven::Cancelled,
            Unread::File(error) => Unproven::Destination(error),
            Unread::Damaged(damage) => Unproven::Mismatch(Mismatch::Undecodable { reason: damage.reason }),
        }
    }
}

/// Proves what `wanted` asks for.
pub(crate) fn verify(wanted: Verification, claim: Claim<'_>, calls: &Calls) -> Result<Verified, Unproven> {
    match wanted {
        Verification::None => Ok(Verified::No),
        Verification::Media => media(claim, calls),
        _ if claim.is_shared => Ok(Verified::SharedExtents),
        Verification::Compare => compare(claim, 1, calls).map(|()| Verified::Compared),
        Verification::Sha256 => sha256(claim, calls),
    }
}

/// For files of `bytes` bytes: one byte more, so that a single read shows the end of a small file. A multiple of
/// `alignment`.
fn buffer(bytes: u64, alignment: usize) -> Buffer {
    let length = usize::try_from(bytes.saturating_add(1).min(BUFFER_BYTES)).unwrap_or(usize::MAX);
    Buffer::aligned(length.next_multiple_of(alignment), alignment)
}

/// What the device holds, not what the page cache remembers.
fn media(claim: Claim<'_>, calls: &Calls) -> Result<Verified, Unproven> {
    let to = claim.ends.to;
    let no_medium = || {
        io::Error::new(
            io::ErrorKind::Unsupported,
            "its file system has no way past the page cache; verify by `compare` or `sha256`",
        )
    };
    let alignment = platform::direct_alignment(calls, to)
        .map_err(Unproven::Destination)?
        .ok_or_else(|| Unproven::NoMedium(no_medium()))?;
    claim.watch.meanwhile(|| platform::sync_file(calls, to)).map_err(Unproven::Sync)?;
    // Where direct reads fall back to the cache (compressed extents), it must not have the answer.
    platform::drop_cached(calls, to).map_err(Unproven::NoMedium)?;
    platform::set_direct(calls, to, true).map_err(Unproven::NoMedium)?;
    let compared = compare(claim, alignment, calls);
    platform::set_direct(calls, to, false).map_err(Unproven::NoMedium)?;
    compared.map(|()| Verified::Media)
}

fn compare(claim: Claim<'_>, alignment: usize, calls: &Calls) -> Result<(), Unproven> {
    let Claim { bytes, may_be_longer, watch, .. } = claim;
    let (mut source, mut destination) = (buffer(bytes, alignment), buffer(bytes, alignment));
    let mut from = Content::of_source(claim).map_err(|unread| claim.without_source(unread))?;
    let mut to =
        Content::of_destination(claim, alignment).map_err(|unread| claim.without_destination(unread))?;
    let mut offset = 0;
    loop {
        if watch.is_cancelled() {
            return Err(Unproven::Cancelled);
        }
        let read = from.fill(&mut source, watch, calls);
        let read = read.map_err(|unread| claim.without_source(unread))?;
        let back = to.fill(&mut destination, watch, calls);
        let mut back = back.map_err(|unread| claim.without_destination(unread))?;
        if may_be_longer {
            back = back.min(read);
        }
        if source[..read] != destination[..back] {
            let same =
                source[..read].iter().zip(&destination[..back]).take_while(|(one, other)| one == other);
            return Err(Unproven::Mismatch(Mismatch::Offset(offset + same.count() as u64)));
        }
        watch.advance(read as u64);
        if read < source.len() {
            return Ok(());
        }
        offset += read as u64;
    }
}

fn sha256(claim: Claim<'_>, calls: &Calls) -> Result<Verified, Unproven> {
    let (source, destination) =
        if claim.bytes < PARALLEL_BYTES { in_turn(claim, calls) } else { side_by_side(claim, calls) };
    if claim.watch.is_cancelled() {
        return Err(Unproven::Cancelled);
    }
    let source = source.map_err(|unread| claim.without_source(unread))?;
    let destination = destination.map_err(|unread| claim.without_destination(unread))?;
    if source == destination {
        Ok(Verified::Sha256(source))
    } else {
        Err(Unproven::Mismatch(Mismatch::Digests { source, destination }))
    }
}

type Digests = (Result<Digest, Unread>, Result<Digest, Unread>);

fn in_turn(claim: Claim<'_>, calls: &Calls) -> Digests {
    (of_source(claim, calls), of_destination(claim, calls))
}

fn of_source(claim: Claim<'_>, calls: &Calls) -> Result<Digest, Unread> {
    digest(Content::of_source(claim)?, claim, u64::MAX, |_| (), calls)
}

/// The one that tells the observer.
fn of_destination(claim: Claim<'_>, calls: &Calls) -> Result<Digest, Unread> {
    let most = if claim.may_be_longer { claim.bytes } else { u64::MAX };
    digest(Content::of_destination(claim, 1)?, claim, most, |bytes| claim.watch.advance(bytes), calls)
}

/// Hashing is bound by one core's arithmetic, so two files take two cores. Without a second thread to be had, one
/// does both.
fn side_by_side(claim: Claim<'_>, calls: &Calls) -> Digests {
    let hash_source = || {
        let calls = Calls::default();
        (of_source(claim, &calls), calls.total())
    };
    std::thread::scope(|scope| {
        let Ok(thread) = std::thread::Builder::new().spawn_scoped(scope, hash_source) else {
            return in_turn(claim, calls);
        };
        let destination = of_destination(claim, calls);
        let (source, made) = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        calls.add(made);
        (source, destination)
    })
}

/// Of at most `most` bytes of `content`; `tell` hears how many at a time. Meaningless when cancelled.
fn digest(
    mut content: Content<'_>,
    claim: Claim<'_>,
    most: u64,
    tell: impl Fn(u64),
    calls: &Calls,
) -> Result<Digest, Unread> {
    let mut hasher = Sha256::new();
    let mut buffer = buffer(claim.bytes, 1);
    let mut offset = 0;
    loop {
        let read = content.fill(&mut buffer, claim.watch, calls)?;
        let counted = usize::try_from(most - offset).unwrap_or(usize::MAX).min(read);
        hasher.update(&buffer[..counted]);
        tell(counted as u64);
        if counted < buffer.len() || claim.watch.is_cancelled() {
            return Ok(Digest(hasher.finalize().into()));
        }
        offset += read as u64;
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;

    use super::*;

    const BUFFER: usize = 256 * 1024;

    fn file(content: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file
    }

    fn claimed<T>(from: &File, to: &File, bytes: u64, check: impl FnOnce(Claim<'_>) -> T) -> T {
        let watch = &Watch::new(None, None, bytes);
        let ends = Ends { from, to };
        let compression = Compression::None;
        check(Claim {
            ends,
            compression,
            bytes,
            length: bytes,
            is_shared: false,
            may_be_longer: false,
            watch,
        })
    }

    fn check(wanted: Verification, source: &[u8], destination: &[u8]) -> Result<Verified, Unproven> {
        let (from, to) = (file(source), file(destination));
        let bytes = source.len() as u64;
        claimed(&from, &to, bytes, |claim| verify(wanted, claim, &Calls::default()))
    }

    /// One byte more or less, or another one, at every edge of the buffers.
    #[test]
    fn every_difference_is_seen() {
        let content: Vec<u8> = (0..=2_621_440_u32).map(|index| index.to_le_bytes()[0] ^ 0x5a).collect();
        for length in [0, 1, BUFFER - 1, BUFFER, BUFFER + 1, content.len()] {
            let source = &content[..length];
            for wanted in [Verification::Compare, Verification::Sha256] {
                assert!(check(wanted, source, source).is_ok(), "{wanted} {length}");
                let longer = [source, &[7]].concat();
                assert!(matches!(check(wanted, source, &longer), Err(Unproven::Mismatch(_))));
                assert!(matches!(check(wanted, &longer, source), Err(Unproven::Mismatch(_))));
                let mut changed = source.to_vec();
                let Some(last) = changed.last_mut() else { continue };
                *last ^= 1;
                let seen = check(wanted, source, &changed);
                if wanted == Verification::Compare {
                    let at = length as u64 - 1;
                    assert!(
                        matches!(seen, Err(Unproven::Mismatch(Mismatch::Offset(offset))) if offset == at)
                    );
                } else {
                    assert!(matches!(seen, Err(Unproven::Mismatch(Mismatch::Digests { .. }))));
                }
            }
        }
    }

    /// The digests of FIPS 180-2, appendix B, and of the empty message.
    #[test]
    fn digests_are_those_of_the_standard() {
        for (message, expected) in [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ] {
            let file = file(message.as_bytes());
            let digest = claimed(&file, &file, 0, |claim| of_source(claim, &Calls::default())).unwrap();
            assert_eq!(digest.to_string(), expected);
        }
    }

    #[test]
    fn shared_extents_are_said_and_not_read() {
        let (from, to) = (file(b"one"), file(b"other"));
        let calls = Calls::default();
        let verified = claimed(&from, &to, 3, |claim| {
            verify(Verification::Compare, Claim { is_shared: true, ..claim }, &calls)
        });
        assert!(matches!(verified, Ok(Verified::SharedExtents)));
        assert_eq!(calls.total(), 0);
    }

    #[test]
    fn a_device_may_be_longer_than_what_was_copied_to_it() {
        let (from, to) = (file(b"one"), file(b"one and more"));
        for wanted in [Verification::Compare, Verification::Sha256] {
            let verified = claimed(&from, &to, 3, |claim| {
                verify(wanted, Claim { may_be_longer: true, ..claim }, &Calls::default())
            });
            assert!(verified.is_ok(), "{wanted}");
        }
    }
}
