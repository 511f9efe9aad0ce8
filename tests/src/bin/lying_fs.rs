//! The server of the file system that lies: started by [`orbit_tests::lab::fuse::mount`], of no use by itself.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    match orbit_tests::lab::fuse::serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With standard error closed there is nobody to tell.
            let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("lying-fs: {error}\n"));
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    ExitCode::FAILURE
}
