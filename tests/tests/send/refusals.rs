//! A child that sends, whose calls are refused, interrupted, fail or lie.

use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::thread;

use orbit_tests::faults::{self, Fault};
use orbit_tests::skip::{Skip, unless_skipped};
use orbit_tests::subprocess::{self, Finished};
use orbit_tests::{calls, files};
use rustix::io::Errno;

use super::{CHUNK, source};

/// Sends from a child with the fault in place; gives how it ended, what it said and what arrived.
fn sent_with(path: &Path, fault: &Fault) -> Result<(Finished, Vec<u8>), Skip> {
    received_from(path, |command| faults::inject(command, fault))
}

fn received_from<T>(
    path: &Path,
    run: impl FnOnce(&Command) -> Result<T, Skip>,
) -> Result<(T, Vec<u8>), Skip> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen on the loopback");
    let mut command = subprocess::command(env!("CARGO_BIN_EXE_send-once"));
    command.arg(path).arg(listener.local_addr().expect("an address of our own").to_string());
    let receiver = thread::spawn(move || {
        let mut received = Vec::new();
        let (mut socket, _) = listener.accept().expect("a connection");
        // A child that fails may reset the connection; what arrived before counts.
        let _ = socket.read_to_end(&mut received);
        received
    });
    let finished = run(&command)?;
    Ok((finished, receiver.join().expect("the receiver does not panic")))
}

#[test]
fn where_the_kernel_refuses_reading_and_writing_goes_on() {
    let test = "where_the_kernel_refuses_reading_and_writing_goes_on";
    let size = 2 * CHUNK + 100;
    let (_place, path) = source(size);
    for (fault, at, mechanism) in [
        (Fault::error("sendfile", Errno::INVAL), 0, "read-write"),
        (Fault::error("sendfile", Errno::NOSYS), 0, "read-write"),
        (Fault::error("sendfile", Errno::OVERFLOW).nth(2), CHUNK, "read-write"),
        (Fault::error("sendfile", Errno::OPNOTSUPP).nth(3), 2 * CHUNK, "sendfile"),
        (Fault::claim("sendfile", 0).nth(2), CHUNK, "read-write"),
    ] {
        let Some((finished, received)) = unless_skipped(test, sent_with(&path, &fault)) else { return };
        let said = String::from_utf8(finished.expect_success().stdout).unwrap();
        assert!(received == files::content(1, size), "{fault:?}");
        assert!(said.contains(&format!("bytes={size}\n")), "{said}");
        let more_than_half = if at > size / 2 { "sendfile" } else { "read-write" };
        assert_eq!(mechanism, more_than_half);
        assert!(said.contains(&format!("mechanism={mechanism}\n")), "{said}");
        assert!(said.contains("refusal=sendfile: "), "{said}");
        assert_eq!(said.contains("(at byte "), at > 0, "{said}");
        assert!(at == 0 || said.contains(&format!("(at byte {at})")), "{said}");
    }
}

#[test]
fn what_was_interrupted_is_done_again() {
    let test = "what_was_interrupted_is_done_again";
    let size = 2 * CHUNK + 100;
    let (_place, path) = source(size);
    for fault in [
        Fault::error("sendfile", Errno::INTR),
        Fault::error("sendfile", Errno::INTR).nth(2),
        Fault::error("sendfile", Errno::AGAIN).nth(2),
    ] {
        let Some((finished, received)) = unless_skipped(test, sent_with(&path, &fault)) else { return };
        let said = String::from_utf8(finished.expect_success().stdout).unwrap();
        assert!(received == files::content(1, size), "{fault:?}");
        assert!(said.contains("mechanism=sendfile\n") && !said.contains("refusal"), "{said}");
    }
}

#[test]
fn an_error_of_the_connection_or_an_impossible_count_ends_it_where_it_is() {
    let test = "an_error_of_the_connection_or_an_impossible_count_ends_it_where_it_is";
    let size = 2 * CHUNK + 100;
    let (_place, path) = source(size);
    let too_many = u32::try_from(2 * CHUNK).unwrap();
    for (fault, message) in [
        (Fault::error("sendfile", Errno::PIPE).nth(2), "Broken pipe"),
        (Fault::error("sendfile", Errno::CONNRESET).nth(2), "Connection reset"),
        (Fault::error("sendfile", Errno::IO).nth(2), "Input/output error"),
        (Fault::claim("sendfile", too_many).nth(2), "more than it was asked to"),
    ] {
        let Some((finished, received)) = unless_skipped(test, sent_with(&path, &fault)) else { return };
        assert_eq!(finished.status.code(), Some(1), "{finished:?}");
        let expected = format!("cannot send more than {CHUNK} bytes: ");
        assert!(finished.stderr.contains(&expected), "{}", finished.stderr);
        assert!(finished.stderr.contains(message), "{}", finished.stderr);
        assert!(received.len() as u64 == CHUNK && files::content(1, size).starts_with(&received));
    }
}

/// What is counted is what was called, and a peer that closes raises no signal where that can be asked for.
#[test]
fn calls_are_counted_and_ask_for_no_signal() {
    let test = "calls_are_counted_and_ask_for_no_signal";
    let (_place, path) = source(CHUNK + 1);
    for (path, call) in [(path.as_path(), "sendfile"), (Path::new("/proc/kallsyms"), "sendto")] {
        let counted = received_from(path, calls::count);
        let Some((counted, received)) = unless_skipped(test, counted) else { return };
        let said = String::from_utf8(counted.finished.expect_success().stdout).unwrap();
        assert!(received == std::fs::read(path).unwrap());
        // The allocator makes others.
        let made: u64 = ["sendfile", "pread64", "sendto"].map(|name| counted.calls.of(name)).iter().sum();
        let told = said.contains(&format!("system_calls={made}\n"));
        assert!(told && counted.calls.of(call) > 0, "{said} {}", counted.calls);
        let mut sends = counted.lines.iter().filter(|line| line.starts_with("sendto"));
        assert!(sends.all(|line| line.contains("MSG_NOSIGNAL")), "{:?}", counted.lines);
    }
}
