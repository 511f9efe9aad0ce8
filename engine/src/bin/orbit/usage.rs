//! What the parser has to say: help and version to standard output, everything else to standard error with exit code 2.

use std::ffi::OsString;
use std::io::{IsTerminal, stderr, stdout};
use std::process::ExitCode;

use crate::failure::Exit;
use crate::print;

/// Flags whose value must follow an equals sign, since a path may follow the flag, and the values they take.
const ATTACHED: [(&str, &[&str]); 4] = [
    ("--reflink", &["always", "auto", "never"]),
    ("--verify", &["compare", "sha256", "media", "none"]),
    ("--fsync", &["directory", "file", "none"]),
    ("--progress", &["always", "auto", "never"]),
];

/// Writes it and gives the exit code.
pub(crate) fn told(error: &clap::Error) -> ExitCode {
    let text = |colours: bool| {
        let rendered = error.render();
        if colours { rendered.ansi().to_string() } else { rendered.to_string() }
    };
    let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
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
    if let Some(tip) = detached(std::env::args_os()) {
        print::complain(&tip);
    }
    ExitCode::from(Exit::Usage.code())
}

/// What is probably meant where a value was written behind its flag with a space.
fn detached(arguments: impl Iterator<Item = OsString>) -> Option<String> {
    let arguments: Vec<_> = arguments.collect();
    arguments.windows(2).find_map(|pair| {
        let (flag, values) = ATTACHED.iter().find(|(flag, _)| pair[0] == *flag)?;
        let value = values.iter().find(|value| pair[1] == **value)?;
        Some(format!("\n  tip: write {flag}={value}; without the equals sign {value} is a path\n"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_behind_a_space_is_noticed() {
        let of = |words: &str| detached(words.split(' ').map(OsString::from));
        assert!(of("orbit --reflink always a b").unwrap().contains("--reflink=always"));
        assert!(of("orbit a --verify media b").unwrap().contains("--verify=media"));
        assert_eq!(of("orbit --reflink=always a b"), None);
        assert_eq!(of("orbit --reflink a b"), None);
    }
}
