//! What a copy did: the report that tests and benchmarks assert on, so that a dead fast path is noticed.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use crate::options::Durability;
use crate::strategy::Mechanism;

/// What a finished copy did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CopyOutcome {
    /// The new file: the destination as given, or that with `.zst` behind it.
    pub destination: PathBuf,
    /// The mechanism that moved most of the bytes; the last one tried where no byte was to be moved.
    pub mechanism: Mechanism,
    /// Length of the new file, in bytes.
    pub bytes: u64,
    /// Length of the content, in bytes: that of the file which is not compressed.
    pub content_bytes: u64,
    /// Bytes of the content that were moved; less than `content_bytes` where there are holes.
    pub data_bytes: u64,
    /// Most threads that moved bytes at one time.
    pub threads: u32,
    /// How many bytes of the content each mechanism moved, in the order in which they ran.
    pub moved: Vec<Moved>,
    /// Rungs that were left out before anything was tried.
    pub omissions: Vec<Omission>,
    /// Rungs that were tried and could not work here.
    pub refusals: Vec<Refusal>,
    /// System calls that the engine made for this copy, all kinds counted, each attempt once, those of tries that failed
    /// too.
    pub system_calls: u64,
    /// What was proven.
    pub verified: Verified,
    /// What is on the disk.
    pub durability: Durability,
    /// Whether the source changed while it was copied, so that the copy may be torn. Only where
    /// [`crate::CopyOptions::accept_changed_source`] allows it.
    pub source_changed: bool,
    /// Metadata that was to be preserved and could not be.
    pub not_preserved: Vec<NotPreserved>,
    /// Whether it went on where an earlier copy, or an earlier try of this one, had stopped.
    pub resumed: Resumed,
    /// How often it was tried again. What was moved, and how, is told of the last try.
    pub retries: u32,
}

/// What became of what an earlier copy had left ([`crate::Placement::Resumable`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Resumed {
    /// There was nothing, or nothing was looked for.
    #[default]
    No,
    /// The copy went on at this byte of the content.
    At(u64),
    /// The copy began again, because what was there is no begin of this copy.
    StartedOver(Unusable),
}

impl fmt::Display for Resumed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::No => f.write_str("from the begin"),
            Self::At(offset) => write!(f, "resumed at byte {offset}"),
            Self::StartedOver(why) => write!(f, "started over: {why}"),
        }
    }
}

/// Why what an earlier copy had left could not be gone on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unusable {
    /// The source is another file than then, or has changed since.
    SourceChanged,
    /// The sidecar is damaged, or of another version of the engine.
    Sidecar,
    /// The partial file is not what the sidecar says.
    Partial,
    /// It was compressed otherwise.
    Compression,
    /// Its holes were to be treated otherwise ([`crate::Sparse`]).
    Sparse,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SourceChanged => "the source has changed since",
            Self::Sidecar => "the sidecar is damaged or of another version",
            Self::Partial => "the partial file is not what the sidecar says",
            Self::Compression => "the partial file was compressed otherwise",
            Self::Sparse => "holes of the partial file were treated otherwise",
        })
    }
}

/// A piece of metadata that the new file does not have from the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotPreserved {
    /// Which one.
    pub attribute: Attribute,
    /// The error number with which the system refused it.
    pub errno: i32,
}

impl fmt::Display for NotPreserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.attribute, std::io::Error::from_raw_os_error(self.errno))
    }
}

/// A piece of metadata beside mode and times.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Attribute {
    /// User and group. Without them, set-user-id and set-group-id are not kept either.
    Owner,
    /// That it is one file with another name: it is a copy of its own.
    HardLink,
    /// An extended attribute, by its name; `system.posix_acl_access` is the access control list of Linux.
    Extended(OsString),
    /// The access control list, where it is no extended attribute (macOS). Windows keeps none: it is told where the source's
    /// has entries of its own, which its directory did not hand on.
    AccessList,
    /// An alternate stream, by its name as the system lists it, such as `:Zone.Identifier:$DATA` (Windows).
    Stream(OsString),
    /// Flags of the file (`chflags`, macOS): those that forbid changing it are never kept, because it is to be renamed.
    Flags,
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner => f.pad("owner"),
            Self::HardLink => f.pad("hard link"),
            Self::Extended(name) => write!(f, "extended attribute {}", name.to_string_lossy()),
            Self::AccessList => f.pad("access control list"),
            Self::Stream(name) => write!(f, "alternate stream {}", name.to_string_lossy()),
            Self::Flags => f.pad("flags"),
        }
    }
}

/// A stretch of bytes that one mechanism moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// What moved them.
    pub mechanism: Mechanism,
    /// How many.
    pub bytes: u64,
}

/// What was proven about the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verified {
    /// Nothing was asked.
    No,
    /// The source, and the destination read back, are equal byte by byte.
    Compared,
    /// The source, and the destination read back, have this digest.
    Sha256(Digest),
    /// The destination shares the source's extents: there is one copy of the bytes, which equals itself.
    SharedExtents,
    /// The source, and the destination read back from the device past the page cache, are equal byte by byte.
    Media,
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::No => f.write_str("not verified"),
            Self::Compared => f.write_str("compared byte by byte"),
            Self::Sha256(digest) => write!(f, "sha256 {digest}"),
            Self::SharedExtents => f.write_str("shares the source's extents"),
            Self::Media => f.write_str("compared with what is on the device"),
        }
    }
}

/// A SHA-256 digest. Displayed as 64 hexadecimal digits, as `sha256sum` prints them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// A rung that was tried and could not work here. The copy went on with the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The rung.
    pub mechanism: Mechanism,
    /// Why it could not work.
    pub reason: RefusalReason,
    /// How many bytes of the file had been copied by then.
    pub at: u64,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.mechanism, self.reason)?;
        if self.at > 0 { write!(f, " (at byte {})", self.at) } else { Ok(()) }
    }
}

/// Why a rung could not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusalReason {
    /// The kernel answered with this error number.
    Errno(i32),
    /// The kernel moved nothing although the source has more to read.
    MovedNothing,
    /// The kernel claims to have moved more than it was asked to.
    MovedTooMuch,
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Errno(errno) => write!(f, "{}", std::io::Error::from_raw_os_error(*errno)),
            Self::MovedNothing => {
                f.write_str("the kernel moved nothing although the source has more to read")
            }
            Self::MovedTooMuch => f.write_str("the kernel claims to have moved more than it was asked to"),
        }
    }
}

/// A rung that was left out before anything was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Omission {
    /// The rung.
    pub mechanism: Mechanism,
    /// Why it was left out.
    pub reason: OmissionReason,
}

impl fmt::Display for Omission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.mechanism, self.reason)
    }
}

/// Why a rung was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OmissionReason {
    /// The strategy is buffered.
    BufferedStrategy,
    /// The file is smaller than the threshold of the mechanism.
    BelowThreshold {
        /// Size of the source in bytes.
        size: u64,
        /// The threshold in bytes.
        threshold: u64,
    },
    /// The tuned profile says that zero-copy never pays between these file systems.
    TunedNever,
    /// The source has size 0, which special file systems also give to files with content; only reading tells.
    UnknownLength,
    /// Shared extents are not wanted.
    ReflinkNever,
    /// Only shared extents are wanted.
    ReflinkAlways,
    /// Another mechanism alone is asked for.
    OnlyAnother(Mechanism),
    /// Every byte is to be written: a mechanism that keeps holes will not do.
    SparseNever,
    /// Blocks of zeros are to become holes, which only reading finds.
    SparseAlways,
    /// So many threads that read and write are faster here than one in the kernel.
    ThreadsPay(u32),
    /// Direct access or `io_uring` is asked for, which read and write.
    ReadWriteAsked,
    /// The copy is to be resumable; an explicit [`crate::Strategy::ZeroCopy`] is so too, by blocks.
    Resumable,
    /// An earlier copy has left a begin, and only whole files are cloned.
    GoesOn,
    /// It makes the new file itself, and what is to be written is another one: in place, of a resumable copy, or in a
    /// directory that the copy has made.
    MakesOwnFile,
    /// It would fill the holes of the source.
    FillsHoles,
    /// The content is compressed or decompressed, so that it must be read.
    Compression,
    /// The bandwidth is limited; an explicit [`crate::Strategy::ZeroCopy`] keeps the limit too, except by sharing extents.
    BandwidthLimit,
    /// This build has no such mechanism: another operating system, or the feature `zero-copy` is off.
    NotBuiltIn,
    /// Between these two mounts the kernel has answered with this error number before.
    RefusedBefore(i32),
}

impl fmt::Display for OmissionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BufferedStrategy => f.write_str("the strategy is buffered"),
            Self::BelowThreshold { size, threshold } => {
                write!(f, "{size} bytes is below the threshold of {threshold}")
            }
            Self::TunedNever => f.write_str("the tuned profile says never"),
            Self::UnknownLength => f.write_str("the source has size 0, only reading tells its length"),
            Self::ReflinkNever => f.write_str("shared extents are not wanted"),
            Self::ReflinkAlways => f.write_str("only shared extents are wanted"),
            Self::OnlyAnother(mechanism) => write!(f, "only {mechanism} is asked for"),
            Self::SparseNever => f.write_str("holes are to be filled"),
            Self::SparseAlways => f.write_str("blocks of zeros are to become holes"),
            Self::ThreadsPay(threads) => write!(f, "{threads} threads that read and write are faster here"),
            Self::ReadWriteAsked => f.write_str("reading and writing in a special way is asked for"),
            Self::Resumable => f.write_str("the copy is to be resumable"),
            Self::GoesOn => f.write_str("the copy goes on where an earlier one stopped"),
            Self::MakesOwnFile => {
                f.write_str("it makes the new file itself, which only a staged copy can do with")
            }
            Self::FillsHoles => f.write_str("it would fill the holes of the source"),
            Self::Compression => f.write_str("the content is compressed or decompressed"),
            Self::BandwidthLimit => f.write_str("the bandwidth is limited"),
            Self::NotBuiltIn => f.write_str("not in this build"),
            Self::RefusedBefore(errno) => {
                write!(
                    f,
                    "refused before between these file systems: {}",
                    std::io::Error::from_raw_os_error(*errno)
                )
            }
        }
    }
}
