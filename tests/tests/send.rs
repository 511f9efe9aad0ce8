//! A file sent to a socket over the loopback: what arrives, by which mechanism, and what happens when either end gives up.
#![cfg(all(target_os = "linux", not(orbit_portable)))]

#[path = "send/refusals.rs"]
mod refusals;

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use orbit_engine::{Mechanism, RefusalReason, SendError, SendOutcome, send_file};
use orbit_tests::files;
use orbit_tests::lab::fuse::{self, Lies};
use orbit_tests::lab::{self, FileSystem, Mounted};
use orbit_tests::skip::unless_skipped;
use rustix::io::Errno;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// What the engine asks one call to send at most.
const CHUNK: u64 = 4 * MIB;

/// Two ends of a connection: the one to send to, and the one to receive from.
fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen on the loopback");
    let address = listener.local_addr().expect("an address of our own");
    let sending = TcpStream::connect(address).expect("connect to the loopback");
    (sending, listener.accept().expect("a connection of our own").0)
}

/// Sends while `receive` has the other end; gives what both came to.
fn exchange<T: Send>(
    prepare: impl FnOnce(&TcpStream),
    send: impl FnOnce(&TcpStream) -> Result<SendOutcome, SendError>,
    receive: impl FnOnce(TcpStream) -> T + Send,
) -> (Result<SendOutcome, SendError>, T) {
    let (sending, receiving) = connection();
    prepare(&sending);
    thread::scope(|scope| {
        let received = scope.spawn(|| receive(receiving));
        let result = send(&sending);
        drop(sending);
        (result, received.join().expect("the receiver does not panic"))
    })
}

fn all(mut socket: TcpStream) -> Vec<u8> {
    let mut received = Vec::new();
    socket.read_to_end(&mut received).expect("receive");
    received
}

/// A file of `size` pseudo-random bytes, gone with its directory.
fn source(size: u64) -> (Mounted, PathBuf) {
    let place = lab::mount(FileSystem::Workspace).expect("a directory in the workspace");
    let path = place.dir().join("source");
    files::create(&path, 1, size);
    (place, path)
}

fn open(path: &Path) -> File {
    File::open(path).expect("open the source")
}

#[test]
fn files_of_every_size_arrive_whole_from_every_file_system() {
    lab::for_each_file_system("files_of_every_size_arrive_whole_from_every_file_system", |place| {
        let path = place.join("source");
        for size in [0, 1, 4096, 64 * KIB + 1, CHUNK, 2 * CHUNK + 7] {
            files::create(&path, size, size);
            let (result, received) = exchange(|_| (), |socket| send_file(&open(&path), socket, ..), all);
            let outcome = result.unwrap();
            assert!(received == files::content(size, size), "{size}");
            assert_eq!((outcome.bytes, outcome.mechanism), (size, Mechanism::Sendfile), "{outcome:?}");
            assert_eq!(outcome.refusal, None);
            // A call for each chunk, and what shows the end.
            assert!(outcome.system_calls <= size / CHUNK + 3, "{outcome:?}");
        }
    });
}

#[test]
fn ranges_are_sent_and_no_byte_beyond() {
    let size = 3 * MIB + 5;
    let (_place, path) = source(size);
    let (file, content) = (open(&path), files::content(1, size));
    let whole = usize::try_from(size).unwrap();
    for (begin, end) in [(0, 0), (0, 1), (1, 4097), (4096, whole), (whole - 1, whole), (700_000, 700_001)] {
        let (first, last) = (begin as u64, end as u64);
        let (result, received) = exchange(|_| (), |socket| send_file(&file, socket, first..last), all);
        assert!(received == content[begin..end], "{first}..{last}");
        assert_eq!(result.unwrap().bytes, last - first);
    }
    for (begin, expected) in [(size, 0), (size + 1, 0), (u64::MAX, 0), (size - 10, 10)] {
        let (result, received) = exchange(|_| (), |socket| send_file(&file, socket, begin..), all);
        assert_eq!((result.unwrap().bytes, received.len() as u64), (expected, expected), "{begin}..");
    }
    let (result, received) = exchange(|_| (), |socket| send_file(&file, socket, 10..size + 999), all);
    assert_eq!(result.unwrap().bytes, size - 10);
    assert!(received == content[10..]);
    let (result, _) = exchange(|_| (), |socket| send_file(&file, socket, ..=9), all);
    assert_eq!(result.unwrap().bytes, 10);
    #[expect(clippy::reversed_empty_ranges, reason = "it is what the test is about")]
    let (result, _) = exchange(|_| (), |socket| send_file(&file, socket, 9..3), all);
    assert_eq!(result.unwrap().bytes, 0);
}

/// The position is neither used nor moved, so that threads share a file.
#[test]
fn several_threads_send_from_one_file() {
    let (_place, path) = source(CHUNK + 1);
    let (file, content) = (open(&path), files::content(1, CHUNK + 1));
    thread::scope(|scope| {
        for begin in [0, 1, 100_000, CHUNK] {
            let (file, content) = (&file, &content);
            scope.spawn(move || {
                let (result, received) = exchange(|_| (), |socket| send_file(file, socket, begin..), all);
                assert_eq!(result.unwrap().bytes, CHUNK + 1 - begin);
                assert!(received == content[usize::try_from(begin).unwrap()..]);
            });
        }
    });
    assert_eq!(io::Seek::stream_position(&mut &file).unwrap(), 0);
}

#[test]
fn a_file_beyond_2_gib_arrives_whole() {
    let test = "a_file_beyond_2_gib_arrives_whole";
    let Some(tmpfs) = unless_skipped(test, lab::mount_with(FileSystem::Tmpfs, "size=6g")) else { return };
    let (path, size) = (tmpfs.dir().join("source"), 2 * GIB + 4097);
    let file = File::create_new(&path).unwrap();
    file.set_len(size).unwrap();
    file.write_all_at(b"end", size - 3).unwrap();
    let receive = |mut socket: TcpStream| {
        let (mut buffer, mut length, mut end) = (vec![0; 1 << 20], 0, Vec::new());
        loop {
            match socket.read(&mut buffer).expect("receive") {
                0 => return (length, end),
                read => {
                    length += read as u64;
                    end.extend_from_slice(&buffer[..read]);
                    end.drain(..end.len().saturating_sub(3));
                }
            }
        }
    };
    let (result, received) = exchange(|_| (), |socket| send_file(&open(&path), socket, ..), receive);
    assert_eq!(result.unwrap().bytes, size);
    assert_eq!(received, (size, b"end".to_vec()));
}

/// A busy loop would make a hundred thousand calls while the receiver sleeps.
#[test]
fn a_full_socket_that_does_not_block_is_waited_for() {
    let (_place, path) = source(20 * MIB);
    let prepare = |socket: &TcpStream| socket.set_nonblocking(true).unwrap();
    let receive = |socket| {
        thread::sleep(Duration::from_millis(300));
        all(socket)
    };
    let (result, received) = exchange(prepare, |socket| send_file(&open(&path), socket, ..), receive);
    let outcome = result.unwrap();
    assert!(received == files::content(1, 20 * MIB));
    assert_eq!((outcome.bytes, outcome.mechanism, outcome.refusal), (20 * MIB, Mechanism::Sendfile, None));
    assert!(outcome.system_calls < 5_000, "{outcome:?}");
}

/// Only reading and writing gets the content of such a file; its size is 0.
#[test]
fn a_generated_file_arrives_by_reading_and_writing() {
    let expected = std::fs::read("/proc/kallsyms").unwrap();
    for is_nonblocking in [false, true] {
        let prepare = |socket: &TcpStream| socket.set_nonblocking(is_nonblocking).unwrap();
        let receive = |socket| {
            thread::sleep(Duration::from_millis(100));
            all(socket)
        };
        let send = |socket: &TcpStream| send_file(&open(Path::new("/proc/kallsyms")), socket, ..);
        let (result, received) = exchange(prepare, send, receive);
        let outcome = result.unwrap();
        assert!(received == expected);
        assert_eq!((outcome.bytes, outcome.mechanism), (expected.len() as u64, Mechanism::ReadWrite));
        let refusal = outcome.refusal.unwrap();
        assert_eq!((refusal.mechanism, refusal.at), (Mechanism::Sendfile, 0));
        assert!(matches!(refusal.reason, RefusalReason::Errno(_)), "{refusal}");
    }
}

/// In-kernel calls believe the size 0; the socket takes a part of what was read at a time.
#[test]
fn a_file_whose_status_lies_arrives_by_reading_and_writing() {
    let test = "a_file_whose_status_lies_arrives_by_reading_and_writing";
    let Some(liar) = unless_skipped(test, fuse::mount()) else { return };
    let path = liar.dir().join("source");
    files::create(&path, 1, 12 * MIB + 1);
    liar.lie(Lies { told_size: Some(0), ..Lies::default() });
    let prepare = |socket: &TcpStream| socket.set_nonblocking(true).unwrap();
    let receive = |socket| {
        thread::sleep(Duration::from_millis(100));
        all(socket)
    };
    let (result, received) = exchange(prepare, |socket| send_file(&open(&path), socket, ..), receive);
    let outcome = result.unwrap();
    assert!(received == files::content(1, 12 * MIB + 1));
    assert_eq!((outcome.bytes, outcome.mechanism), (12 * MIB + 1, Mechanism::ReadWrite));
    assert_eq!(outcome.refusal.unwrap().reason, RefusalReason::MovedNothing);
}

#[test]
fn a_peer_that_closes_is_an_error_that_tells_how_far_it_came() {
    let (_place, path) = source(40 * MIB);
    for is_nonblocking in [false, true] {
        let prepare = |socket: &TcpStream| socket.set_nonblocking(is_nonblocking).unwrap();
        let receive = |mut socket: TcpStream| {
            let mut some = vec![0; 100_000];
            socket.read_exact(&mut some).expect("receive");
            some
        };
        let (result, received) = exchange(prepare, |socket| send_file(&open(&path), socket, ..), receive);
        let error = result.unwrap_err();
        let kind = error.error.kind();
        assert!(matches!(kind, io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset), "{error}");
        assert!((100_000..40 * MIB).contains(&error.sent), "{error}");
        assert!(received == files::content(1, 100_000));
        assert_eq!(io::Error::from(error).kind(), kind);
    }
}

#[test]
fn a_peer_that_takes_nothing_is_waited_for_as_long_as_the_timeout_says() {
    let (_place, path) = source(40 * MIB);
    for is_nonblocking in [false, true] {
        let (sending, receiving) = connection();
        sending.set_nonblocking(is_nonblocking).unwrap();
        sending.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
        let begun = Instant::now();
        let error = send_file(&open(&path), &sending, ..).unwrap_err();
        assert_eq!(error.error.kind(), io::ErrorKind::TimedOut, "{error}");
        assert!(error.sent > 0 && error.sent < 40 * MIB, "{error}");
        let took = begun.elapsed();
        assert!((Duration::from_millis(200)..Duration::from_secs(5)).contains(&took), "{took:?}");
        drop(receiving);
    }
}

#[test]
fn a_file_that_is_cut_meanwhile_ends_where_it_is_cut() {
    let (_place, path) = source(100 * MIB);
    let receive = |mut socket: TcpStream| {
        let mut begin = vec![0; 1000];
        socket.read_exact(&mut begin).expect("receive");
        OpenOptions::new().write(true).open(&path).unwrap().set_len(MIB).unwrap();
        1000 + all(socket).len() as u64
    };
    let (result, received) = exchange(|_| (), |socket| send_file(&open(&path), socket, ..), receive);
    let outcome = result.unwrap();
    assert_eq!(outcome.bytes, received);
    assert!((MIB..100 * MIB).contains(&received), "{outcome:?}");
}

#[test]
fn what_cannot_be_sent_from_or_to_is_an_error() {
    let (_place, path) = source(10_000);
    let (sending, _receiving) = connection();
    let write_only = OpenOptions::new().write(true).open(&path).unwrap();
    let error = send_file(&write_only, &sending, ..).unwrap_err();
    assert_eq!((error.sent, error.error.raw_os_error()), (0, Some(Errno::BADF.raw_os_error())));
    let error = send_file(&open(path.parent().unwrap()), &sending, ..).unwrap_err();
    assert_eq!((error.sent, error.error.kind()), (0, io::ErrorKind::IsADirectory));
    sending.shutdown(std::net::Shutdown::Write).unwrap();
    let error = send_file(&open(&path), &sending, ..).unwrap_err();
    assert_eq!((error.sent, error.error.kind()), (0, io::ErrorKind::BrokenPipe));
}

/// A file system whose reads fail, and one whose file ends before its status says.
#[test]
fn a_file_that_cannot_be_read_is_an_error_where_it_was_reached() {
    let test = "a_file_that_cannot_be_read_is_an_error_where_it_was_reached";
    let Some(liar) = unless_skipped(test, fuse::mount()) else { return };
    let path = liar.dir().join("source");
    files::create(&path, 1, MIB);
    liar.lie(Lies { fail_read_from: Some((600 * KIB, Errno::IO.raw_os_error())), ..Lies::default() });
    let (result, received) = exchange(|_| (), |socket| send_file(&open(&path), socket, ..), all);
    let error = result.unwrap_err();
    assert_eq!(error.error.raw_os_error(), Some(Errno::IO.raw_os_error()));
    assert_eq!(error.sent, received.len() as u64);
    liar.lie(Lies { ends_at: Some(600 * KIB), ..Lies::default() });
    let (result, received) = exchange(|_| (), |socket| send_file(&open(&path), socket, ..), all);
    assert_eq!((result.unwrap().bytes, received.len() as u64), (600 * KIB, 600 * KIB));
}
