//! Sending a file over the loopback: `send_file` against reading and writing, until all has been received.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use orbit_engine::send_file;

const SIZES: [(&str, u64); 3] = [("64 KiB", 64 << 10), ("1 MiB", 1 << 20), ("64 MiB", 64 << 20)];

/// What programs read at a time that do without `sendfile(2)`.
const BUFFER_BYTES: usize = 256 * 1024;

/// A connection whose other end takes `size` bytes at a time, and answers them with one.
fn connection(size: u64) -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listening on the loopback");
    let address = listener.local_addr().expect("an address of our own");
    thread::spawn(move || {
        let (mut socket, _) = listener.accept().expect("a connection of our own");
        let mut buffer = vec![0; BUFFER_BYTES];
        let mut received = 0;
        while let Ok(read @ 1..) = socket.read(&mut buffer) {
            received += read as u64;
            if received == size {
                received = 0;
                if socket.write_all(&[1]).is_err() {
                    return;
                }
            }
        }
    });
    let socket = TcpStream::connect(address).expect("connecting to the loopback");
    socket.set_nodelay(true).expect("setting an option of our own socket");
    socket
}

fn read_and_write(path: &std::path::Path, mut socket: &TcpStream, buffer: &mut [u8]) {
    let mut file = File::open(path).expect("opening the fixture");
    loop {
        match file.read(buffer).expect("reading the fixture") {
            0 => return,
            read => socket.write_all(&buffer[..read]).expect("writing to the loopback"),
        }
    }
}

fn bench(criterion: &mut Criterion) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder for the fixture");
    let path = folder.path().join("source");
    let mut group = criterion.benchmark_group("send");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
    for (label, size) in SIZES {
        fs::write(&path, content(size)).expect("writing the fixture");
        group.throughput(Throughput::Bytes(size));
        let socket = connection(size);
        let answered = || (&socket).read_exact(&mut [0]).expect("an answer to what was sent");
        let probe = File::open(&path).expect("opening the fixture");
        let outcome = send_file(&probe, &socket, ..).expect("sending over the loopback");
        answered();
        group.bench_function(
            BenchmarkId::new(format!("send_file ({})", outcome.mechanism), label),
            |bencher| {
                bencher.iter(|| {
                    let file = File::open(&path).expect("opening the fixture");
                    send_file(&file, &socket, ..).expect("sending over the loopback");
                    answered();
                });
            },
        );
        let mut buffer = vec![0; BUFFER_BYTES];
        group.bench_function(BenchmarkId::new("read and write", label), |bencher| {
            bencher.iter(|| {
                read_and_write(&path, &socket, &mut buffer);
                answered();
            });
        });
    }
    group.finish();
}

/// No zeros, which file systems may store as nothing.
fn content(size: u64) -> Vec<u8> {
    (1..=u8::MAX).cycle().take(usize::try_from(size).expect("it fits into memory")).collect()
}

criterion_group!(benches, bench);
criterion_main!(benches);
