//! One file sent to a socket in a process of its own, for tests that trace it or let its calls fail.
//!
//! `send-once FILE ADDRESS`: the whole file, to who listens there. Sending alone runs between the marks of
//! [`orbit_tests::calls`]. Standard output gets one `key=value` line for each fact of the outcome. Exit code 1 is a failure,
//! whose error is on standard error, 2 a wrong command line.

use std::env;
use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::net::TcpStream;
use std::process::ExitCode;

use orbit_engine::{SendOutcome, send_file};

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [file, address] = &arguments[..] else {
        return fail(2, "needs FILE and ADDRESS");
    };
    match send(file, address).and_then(|outcome| Ok(report(&outcome)?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(1, &error.to_string()),
    }
}

fn fail(code: u8, problem: &str) -> ExitCode {
    // With standard error closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "{problem}");
    ExitCode::from(code)
}

fn send(file: &str, address: &str) -> Result<SendOutcome, Box<dyn Error>> {
    let (file, socket) = (File::open(file)?, TcpStream::connect(address)?);
    #[cfg(unix)]
    orbit_tests::calls::mark_begin();
    let result = send_file(&file, &socket, ..);
    #[cfg(unix)]
    orbit_tests::calls::mark_end();
    Ok(result?)
}

fn report(outcome: &SendOutcome) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "bytes={}", outcome.bytes)?;
    writeln!(out, "mechanism={}", outcome.mechanism)?;
    writeln!(out, "system_calls={}", outcome.system_calls)?;
    if let Some(refusal) = &outcome.refusal {
        writeln!(out, "refusal={refusal}")?;
    }
    out.flush()
}
