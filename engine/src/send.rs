//! Sending a file to a socket: inside the kernel, or by reading and writing where it cannot. Stands beside the copy: a
//! stream has no offset to begin again at, and a full socket is waited for, so that it has a loop of its own.

use std::fmt;
use std::fs::File;
use std::io;
use std::net::TcpStream;
use std::ops::{Bound, RangeBounds};
use std::time::{Duration, Instant};

use crate::attempt::believed;
use crate::buffer::{Buffer, PAGE};
use crate::facts::built_in;
use crate::outcome::{Refusal, RefusalReason};
use crate::platform::{self, Calls, Meaning};
use crate::strategy::Mechanism;

/// Most bytes that one call is asked to send.
const CHUNK: u64 = 4 * 1024 * 1024;

/// What is read at a time where the kernel does not send by itself.
const BUFFER_BYTES: usize = 256 * 1024;

/// Sends the bytes of `file` at `range` to `socket`: by `sendfile(2)`, which keeps them out of this process, or by reading
/// and writing where that is not to be had. Whichever it was, is in the outcome.
///
/// A range that goes beyond the end of the file is sent up to the end, also where the file becomes shorter meanwhile;
/// [`SendOutcome::bytes`] tells. The position of `file` is neither used nor moved, so that several threads may send from
/// one. A full socket is waited for, whether it blocks or not, at most as long at a time as its write timeout says.
///
/// # Errors
/// [`SendError`] with how many bytes went out before: the peer has closed ([`io::ErrorKind::BrokenPipe`],
/// [`io::ErrorKind::ConnectionReset`]), it took nothing in time ([`io::ErrorKind::TimedOut`]), or the file cannot be read.
///
/// # Signals
/// A socket whose peer has closed answers `sendfile(2)` by SIGPIPE besides the error. Rust programs ignore that signal;
/// a program of another language that calls this from a library must ignore it too, or it ends. Reading and writing
/// raises no signal.
///
/// ```
/// use std::io::Read;
/// use std::net::{TcpListener, TcpStream};
/// use orbit_engine::send_file;
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("page");
/// # std::fs::write(&path, "some content")?;
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let socket = TcpStream::connect(listener.local_addr()?)?;
/// let outcome = send_file(&std::fs::File::open(&path)?, &socket, 5..)?;
/// assert_eq!(outcome.bytes, 7);
/// drop(socket);
/// let mut received = String::new();
/// listener.accept()?.0.read_to_string(&mut received)?;
/// assert_eq!(received, "content");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn send_file(
    file: &File,
    socket: &TcpStream,
    range: impl RangeBounds<u64>,
) -> Result<SendOutcome, SendError> {
    let (begin, end) = bounds(&range);
    let calls = Calls::default();
    let (sent, refusal, full_since) = (0, None, None);
    let mut sending =
        Sending { file, socket, calls: &calls, begin, end, sent, refusal, way: way(), full_since };
    let result = sending.run();
    let Sending { sent, refusal, ref way, .. } = sending;
    let mechanism = mechanism(way, sent, refusal);
    match result {
        Ok(()) => Ok(SendOutcome { bytes: sent, mechanism, refusal, system_calls: calls.total() }),
        Err(error) => Err(SendError { sent, error }),
    }
}

/// What [`send_file`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SendOutcome {
    /// Bytes that were sent; fewer than the range holds where the file ends before.
    pub bytes: u64,
    /// [`Mechanism::Sendfile`] or [`Mechanism::ReadWrite`]: what sent most of the bytes.
    pub mechanism: Mechanism,
    /// Why the kernel did not send all of them by itself, where it was asked to.
    pub refusal: Option<Refusal>,
    /// System calls that it took, each attempt counted once.
    pub system_calls: u64,
}

/// Why not all was sent.
#[derive(Debug)]
#[non_exhaustive]
pub struct SendError {
    /// Bytes that the socket had taken by then. Whether they arrived, only the peer knows.
    pub sent: u64,
    /// What the system answered.
    pub error: io::Error,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot send more than {} bytes: {}", self.sent, self.error)
    }
}

impl std::error::Error for SendError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

impl From<SendError> for io::Error {
    /// The kind is the system's; [`io::Error::get_ref`] gives the [`SendError`].
    fn from(error: SendError) -> Self {
        Self::new(error.error.kind(), error)
    }
}

/// The first byte of a range, and the one behind its last. No file goes beyond what 63 bits count.
fn bounds(range: &impl RangeBounds<u64>) -> (u64, u64) {
    let begin = match range.start_bound() {
        Bound::Included(&begin) => begin,
        Bound::Excluded(&before) => before.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(&last) => last.saturating_add(1),
        Bound::Excluded(&end) => end,
        Bound::Unbounded => u64::MAX,
    };
    (begin, end.min(i64::MAX.unsigned_abs()))
}

/// One file on its way.
struct Sending<'a> {
    file: &'a File,
    socket: &'a TcpStream,
    calls: &'a Calls,
    /// Where in the file it begins and ends.
    begin: u64,
    end: u64,
    sent: u64,
    refusal: Option<Refusal>,
    way: Way,
    /// When it was first found full, since it last took bytes.
    full_since: Option<Instant>,
}

/// How the bytes go.
enum Way {
    InKernel,
    /// With the part of the buffer that was read and waits to be written.
    Buffered {
        buffer: Buffer,
        begin: usize,
        end: usize,
    },
}

fn way() -> Way {
    if built_in().contains(&Mechanism::Sendfile) { Way::InKernel } else { Way::buffered() }
}

/// What sent most of `sent` bytes.
fn mechanism(way: &Way, sent: u64, refusal: Option<Refusal>) -> Mechanism {
    let in_kernel = refusal.map_or(0, |refusal| refusal.at);
    match way {
        Way::Buffered { .. } if in_kernel <= sent / 2 => Mechanism::ReadWrite,
        _ => Mechanism::Sendfile,
    }
}

impl Way {
    fn buffered() -> Self {
        Self::Buffered { buffer: Buffer::aligned(BUFFER_BYTES, PAGE), begin: 0, end: 0 }
    }
}

/// What one step did.
enum Sent {
    Bytes(u64),
    /// The file ends here.
    All,
    /// The kernel cannot send by itself.
    Refused(RefusalReason),
}

impl Sending<'_> {
    fn run(&mut self) -> io::Result<()> {
        while self.begin.saturating_add(self.sent) < self.end {
            match self.step() {
                Ok(Sent::Bytes(bytes)) => {
                    self.sent += bytes;
                    self.full_since = None;
                }
                Ok(Sent::All) => return Ok(()),
                Ok(Sent::Refused(reason)) => {
                    self.refusal = Some(Refusal { mechanism: Mechanism::Sendfile, reason, at: self.sent });
                    self.way = Way::buffered();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait()?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn step(&mut self) -> io::Result<Sent> {
        let offset = self.begin + self.sent;
        let asked = (self.end - offset).min(CHUNK);
        match &mut self.way {
            Way::InKernel => self.in_kernel(offset, asked),
            Way::Buffered { buffer, begin, end } => {
                if begin == end {
                    let asked = usize::try_from(asked).unwrap_or(usize::MAX).min(buffer.len());
                    let read = platform::read_at(self.calls, self.file, &mut buffer[..asked], offset)?;
                    (*begin, *end) = (0, believed(read, asked)?);
                }
                if begin == end {
                    return Ok(Sent::All);
                }
                let waiting = &buffer[*begin..*end];
                let written = platform::write_socket(self.calls, self.socket, waiting)?;
                let written = believed(written, waiting.len())?;
                if written == 0 {
                    return Err(io::ErrorKind::WriteZero.into());
                }
                *begin += written;
                Ok(Sent::Bytes(written as u64))
            }
        }
    }

    fn in_kernel(&self, offset: u64, asked: u64) -> io::Result<Sent> {
        match platform::send_range(self.calls, self.file, self.socket, offset, asked) {
            // The end, or a file (procfs, some FUSE) that only answers reads.
            Ok(0) => match platform::read_at(self.calls, self.file, &mut [0], offset)? {
                0 => Ok(Sent::All),
                _ => Ok(Sent::Refused(RefusalReason::MovedNothing)),
            },
            // What really went out is unknown, and cannot be taken back.
            Ok(sent) => believed(sent, asked).map(Sent::Bytes),
            Err(error) => match platform::meaning(&error, true) {
                Meaning::Refused { .. } => {
                    Ok(Sent::Refused(RefusalReason::Errno(error.raw_os_error().unwrap_or(0))))
                }
                Meaning::Interrupted | Meaning::Failed => Err(error),
            },
        }
    }

    /// Until the socket takes more. Where it has taken nothing for as long as its write timeout says, it is too late.
    fn wait(&mut self) -> io::Result<()> {
        let since = *self.full_since.get_or_insert_with(Instant::now);
        self.calls.count();
        let most = self.socket.write_timeout()?;
        let left = most.map(|most| most.saturating_sub(since.elapsed()));
        let waited = match left {
            Some(Duration::ZERO) => Ok(false),
            left => platform::wait_writable(self.calls, self.socket, left),
        };
        match waited {
            Ok(true) => Ok(()),
            Ok(false) => Err(io::ErrorKind::TimedOut.into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests;
