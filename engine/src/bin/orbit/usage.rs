//! What the parser has to say: help and version to standard output, everything else to standard error with exit code 2.

use std::io::{IsTerminal, stderr, stdout};
use std::process::ExitCode;

use crate::failure::Exit;
use crate::print;

/// Writes it and gives the exit code.
pub(crate) fn told(error: &clap::Error) -> ExitCode {
    let text = |colours: bool| {
        let rendered = error.render();
        if colours { rendered.ansi().to_string() } else { print::visible_lines(&rendered.to_string()) }
    };
    // The parser repeats arguments as they are; beside its colours their control characters could not be told.
    let moves_cursor = std::env::args_os().any(|word| word.to_string_lossy().contains(char::is_control));
    let colours = !moves_cursor && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if !error.use_stderr() {
        return match print::out(&text(colours && stdout().is_terminal())) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                print::say(&format!("orbit: {}", failure.message));
                ExitCode::from(failure.exit.code())
            }
        };
    }
    print::complain(&text(colours && stderr().is_terminal()));
    ExitCode::from(Exit::Usage.code())
}
