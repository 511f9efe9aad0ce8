//! Proof that the destination, read back, is the source. Reads both files; believes nothing that the copy said.

use std::fs::File;
use std::io;

use sha2::{Digest as _, Sha256};

use crate::attempt::Ends;
use crate::error::Mismatch;
use crate::options::Verification;
use crate::outcome::{Digest, Verified};
use crate::platform::{self, Calls};
use crate::strategy::Mechanism;

/// Two of these stay in a second-level cache.
const BUFFER_BYTES: u64 = 256 * 1024;

/// From here on a second thread saves more than it costs to start.
const PARALLEL_BYTES: u64 = 1024 * 1024;

/// Why a destination is not proven equal.
#[derive(Debug)]
pub(crate) enum Unproven {
    Mismatch(Mismatch),
    Source(io::Error),
    Destination(io::Error),
}

/// Proves what `wanted` asks for about a copy of `bytes` bytes that `mechanism` made.
pub(crate) fn verify(
    wanted: Verification,
    mechanism: Mechanism,
    ends: Ends<'_>,
    bytes: u64,
    calls: &Calls,
) -> Result<Verified, Unproven> {
    match wanted {
        Verification::None => Ok(Verified::No),
        _ if mechanism == Mechanism::Reflink => Ok(Verified::SharedExtents),
        Verification::Compare => compare(ends, bytes, calls),
        Verification::Sha256 => sha256(ends, bytes, calls),
    }
}

/// For files of `bytes` bytes: one byte more, so that a single read shows the end of a small file.
fn buffer(bytes: u64) -> Vec<u8> {
    vec![0; usize::try_from(bytes.saturating_add(1).min(BUFFER_BYTES)).unwrap_or(usize::MAX)]
}

fn compare(ends: Ends<'_>, bytes: u64, calls: &Calls) -> Result<Verified, Unproven> {
    let (mut source, mut destination) = (buffer(bytes), buffer(bytes));
    let mut offset = 0;
    loop {
        let read = read_full(ends.from, &mut source, offset, calls).map_err(Unproven::Source)?;
        let back = read_full(ends.to, &mut destination, offset, calls).map_err(Unproven::Destination)?;
        if source[..read] != destination[..back] {
            let same =
                source[..read].iter().zip(&destination[..back]).take_while(|(one, other)| one == other);
            return Err(Unproven::Mismatch(Mismatch::Offset(offset + same.count() as u64)));
        }
        if read < source.len() {
            return Ok(Verified::Compared);
        }
        offset += read as u64;
    }
}

fn sha256(ends: Ends<'_>, bytes: u64, calls: &Calls) -> Result<Verified, Unproven> {
    let (source, destination) =
        if bytes < PARALLEL_BYTES { in_turn(ends, bytes, calls) } else { side_by_side(ends, bytes, calls) };
    let source = source.map_err(Unproven::Source)?;
    let destination = destination.map_err(Unproven::Destination)?;
    if source == destination {
        Ok(Verified::Sha256(source))
    } else {
        Err(Unproven::Mismatch(Mismatch::Digests { source, destination }))
    }
}

type Digests = (io::Result<Digest>, io::Result<Digest>);

fn in_turn(ends: Ends<'_>, bytes: u64, calls: &Calls) -> Digests {
    (digest(ends.from, bytes, calls), digest(ends.to, bytes, calls))
}

/// Hashing is bound by one core's arithmetic, so two files take two cores. Without a second thread to be had, one
/// does both.
fn side_by_side(ends: Ends<'_>, bytes: u64, calls: &Calls) -> Digests {
    let hash_source = || {
        let calls = Calls::default();
        (digest(ends.from, bytes, &calls), calls.total())
    };
    std::thread::scope(|scope| {
        let Ok(thread) = std::thread::Builder::new().spawn_scoped(scope, hash_source) else {
            return in_turn(ends, bytes, calls);
        };
        let destination = digest(ends.to, bytes, calls);
        let (source, made) = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        calls.add(made);
        (source, destination)
    })
}

fn digest(file: &File, bytes: u64, calls: &Calls) -> io::Result<Digest> {
    let mut hasher = Sha256::new();
    let mut buffer = buffer(bytes);
    let mut offset = 0;
    loop {
        let read = read_full(file, &mut buffer, offset, calls)?;
        hasher.update(&buffer[..read]);
        if read < buffer.len() {
            return Ok(Digest(hasher.finalize().into()));
        }
        offset += read as u64;
    }
}

/// Fills `buffer` unless the file ends; how many bytes, is returned.
fn read_full(file: &File, buffer: &mut [u8], offset: u64, calls: &Calls) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match platform::read_at(calls, file, &mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const BUFFER: usize = 256 * 1024;

    fn file(content: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file
    }

    fn check(wanted: Verification, source: &[u8], destination: &[u8]) -> Result<Verified, Unproven> {
        let (from, to) = (file(source), file(destination));
        let ends = Ends { from: &from, to: &to };
        verify(wanted, Mechanism::ReadWrite, ends, source.len() as u64, &Calls::default())
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
            let digest = digest(&file(message.as_bytes()), 0, &Calls::default()).unwrap();
            assert_eq!(digest.to_string(), expected);
        }
    }

    #[test]
    fn shared_extents_are_said_and_not_read() {
        let (from, to) = (file(b"one"), file(b"other"));
        let calls = Calls::default();
        let verified =
            verify(Verification::Compare, Mechanism::Reflink, Ends { from: &from, to: &to }, 3, &calls);
        assert!(matches!(verified, Ok(Verified::SharedExtents)));
        assert_eq!(calls.total(), 0);
    }
}
