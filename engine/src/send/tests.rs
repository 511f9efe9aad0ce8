//! Ranges, what is told, and a socket that is full.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use super::*;

#[test]
fn ranges_of_every_kind_are_bounded() {
    let last = i64::MAX.unsigned_abs();
    assert_eq!(bounds(&(..)), (0, last));
    assert_eq!(bounds(&(3..)), (3, last));
    assert_eq!(bounds(&(3..10)), (3, 10));
    assert_eq!(bounds(&(3..=10)), (3, 11));
    assert_eq!(bounds(&(..=u64::MAX)), (0, last));
    assert_eq!(bounds(&(Bound::Excluded(3), Bound::Unbounded)), (4, last));
}

#[test]
fn the_mechanism_named_is_the_one_that_sent_most() {
    let at = |at| {
        let reason = RefusalReason::MovedNothing;
        Some(Refusal { mechanism: Mechanism::Sendfile, reason, at })
    };
    assert_eq!(mechanism(&Way::InKernel, 10, None), Mechanism::Sendfile);
    assert_eq!(mechanism(&Way::buffered(), 10, None), Mechanism::ReadWrite);
    assert_eq!(mechanism(&Way::buffered(), 10, at(4)), Mechanism::ReadWrite);
    assert_eq!(mechanism(&Way::buffered(), 10, at(6)), Mechanism::Sendfile);
    assert_eq!(mechanism(&Way::buffered(), 0, at(0)), Mechanism::ReadWrite);
}

#[test]
fn an_error_tells_how_far_it_came_and_stays_in_the_chain() {
    let error = SendError { sent: 7, error: io::ErrorKind::BrokenPipe.into() };
    assert_eq!(error.to_string(), "cannot send more than 7 bytes: broken pipe");
    let error = io::Error::from(error);
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    let inner = error.get_ref().unwrap().downcast_ref::<SendError>().unwrap();
    assert_eq!(inner.sent, 7);
}

/// Also as built for other systems, where nothing can wait for a socket.
#[test]
fn a_full_socket_that_does_not_block_gets_everything() {
    let content: Vec<u8> = (0..=9_000_000_u32).map(|index| index.to_le_bytes()[1]).collect();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&content).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    socket.set_nonblocking(true).unwrap();
    let receiver = thread::spawn(move || {
        let mut received = Vec::new();
        let (mut socket, _) = listener.accept().unwrap();
        thread::sleep(Duration::from_millis(50));
        socket.read_to_end(&mut received).unwrap();
        received
    });
    let outcome = send_file(&file, &socket, 1..).unwrap();
    drop(socket);
    assert!(receiver.join().unwrap() == content[1..]);
    assert_eq!(outcome.bytes, content.len() as u64 - 1);
    assert_eq!(outcome.mechanism == Mechanism::Sendfile, built_in().contains(&Mechanism::Sendfile));
    assert!(outcome.system_calls < 10_000, "{outcome:?}");
}
