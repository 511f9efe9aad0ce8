//! Sending a file over a loopback connection to a reader in a thread of its own, which throws away what it reads. Timed
//! from opening the file until the reader has all of it. Leaves no file.

use std::fs::File;
use std::io::{self, Read};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::thread;

use anyhow::{Context, Result, bail};
use orbit_engine::{SendOutcome, send_file};
use sha2::{Digest, Sha256};

use crate::clock::{Clock, Times};
use crate::plan::Case;
use crate::sample::Measurement;
use crate::scenario::Subject;
use crate::system;

/// What the reader takes at a time.
const BUFFER_BYTES: usize = 256 * 1024;

/// What one call is asked to send at most.
const CALL_BYTES: usize = 1 << 30;

/// What sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Send {
    Engine,
    /// `sendfile(2)` again and again until all is sent.
    Bare,
}

/// One file sent.
struct Sent {
    times: Times,
    /// What the reader got.
    received: u64,
    /// None where it was not the engine.
    outcome: Option<SendOutcome>,
}

impl Send {
    pub(super) fn new(subject: Subject) -> Result<Self, String> {
        match subject {
            Subject::EngineSendFile => Ok(Self::Engine),
            Subject::BareSend => match system::may_send() {
                Ok(()) => Ok(Self::Bare),
                Err(error) => Err(error.to_string()),
            },
            _ => Err(format!("{subject} sends nothing")),
        }
    }

    pub(super) fn measure(self, case: &Case, source: &Path) -> Result<Measurement> {
        let Sent { times, received, outcome } = self
            .transfer(source, |_| ())
            .with_context(|| format!("{} cannot send {}", case.subject, source.display()))?;
        if received != case.size_bytes {
            bail!("{}: expected {} bytes, the reader got {received}", case.id, case.size_bytes);
        }
        let measurement = Measurement::new(times, received);
        Ok(match outcome {
            Some(outcome) => Measurement {
                mechanism: Some(outcome.mechanism),
                refusals: outcome.refusal.iter().map(ToString::to_string).collect(),
                system_calls: Some(outcome.system_calls),
                ..measurement
            },
            None => measurement,
        })
    }

    /// Sends once more, and fails where other content arrives than the source has.
    pub(super) fn check(self, case: &Case, source: &Path) -> Result<()> {
        let mut arrived = Sha256::new();
        self.transfer(source, |bytes| arrived.update(bytes))?;
        if arrived.finalize() != digest(source)? {
            bail!("{}: other content arrived than {} has", case.id, source.display());
        }
        Ok(())
    }

    /// Hands what arrives to `take`.
    fn transfer(self, source: &Path, mut take: impl FnMut(&[u8]) + std::marker::Send) -> io::Result<Sent> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let socket = TcpStream::connect(listener.local_addr()?)?;
        let (mut reader, _) = listener.accept()?;
        thread::scope(|scope| {
            let reading = scope.spawn(move || {
                let (mut buffer, mut received) = (vec![0; BUFFER_BYTES], 0);
                loop {
                    match reader.read(&mut buffer)? {
                        0 => return io::Result::Ok(received),
                        read => {
                            take(&buffer[..read]);
                            received += read as u64;
                        }
                    }
                }
            });
            let clock = Clock::start();
            let sent = self.send(source, &socket);
            // Also after an error, so that the reader ends.
            let closed = socket.shutdown(Shutdown::Write);
            let received = reading.join().map_err(|_| io::Error::other("the reader panicked"))?;
            let times = clock.stop();
            let outcome = sent?;
            closed?;
            Ok(Sent { times, received: received?, outcome })
        })
    }

    fn send(self, source: &Path, socket: &TcpStream) -> io::Result<Option<SendOutcome>> {
        let file = File::open(source)?;
        match self {
            Self::Engine => Ok(Some(send_file(&file, socket, ..)?)),
            Self::Bare => {
                while system::send(&file, socket, CALL_BYTES)? > 0 {}
                Ok(None)
            }
        }
    }
}

fn digest(source: &Path) -> io::Result<sha2::digest::Output<Sha256>> {
    let (mut file, mut buffer, mut hash) = (File::open(source)?, vec![0; BUFFER_BYTES], Sha256::new());
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hash.finalize()),
            read => hash.update(&buffer[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan;
    use crate::scenario::Scenario;

    fn case() -> Case {
        let text = "schema = \"orbit.scenario/1\"\nname = \"t\"\nquestion = \"?\"\n[matrix]\nsize = 700000\n\
                    subject = \"engine-send-file\"\n";
        plan::cases(&Scenario::parse(text.to_owned(), Path::new("t.toml")).unwrap()).remove(0)
    }

    #[test]
    fn what_is_sent_arrives_and_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source");
        let mut content = vec![0; 700_000];
        fastrand::Rng::with_seed(1).fill(&mut content);
        std::fs::write(&source, &content).unwrap();
        for send in
            [Subject::EngineSendFile, Subject::BareSend].iter().flat_map(|subject| Send::new(*subject))
        {
            let measured = send.measure(&case(), &source).unwrap();
            assert_eq!(measured.bytes, 700_000);
            assert_eq!(measured.system_calls.is_some(), send == Send::Engine);
            send.check(&case(), &source).unwrap();
        }
        std::fs::write(&source, &content[1..]).unwrap();
        let error = format!("{:#}", Send::Engine.measure(&case(), &source).unwrap_err());
        assert!(error.ends_with("expected 700000 bytes, the reader got 699999"), "{error}");
    }

    #[test]
    fn a_file_that_is_not_there_is_an_error_and_no_hang() {
        assert!(Send::Engine.measure(&case(), Path::new("/nowhere/at/all")).is_err());
        assert!(Send::new(Subject::Cp).is_err());
        // Where it would fail it is a case that is skipped, with the reason.
        assert_eq!(Send::new(Subject::BareSend).is_ok(), system::may_send().is_ok());
    }
}
