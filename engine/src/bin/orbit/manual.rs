//! `orbit man` and `orbit completions`: made from the parser's own definitions, so that they cannot fall behind.

use std::io;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::args::Arguments;
use crate::failure::Failure;
use crate::print;
use crate::words::{ENVIRONMENT, EXAMPLES, EXIT_CODES, FILES, PRECEDENCE, TREES};

/// Writes the completions of `shell` to standard output.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "orbit", &mut script);
    print::out(&String::from_utf8_lossy(&script))
}

/// Writes the manual page to standard output.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn page() -> Result<(), Failure> {
    let mut page = Vec::new();
    write(&mut page).map_err(|error| Failure::failed(format!("cannot make the manual page: {error}")))?;
    print::out(&String::from_utf8_lossy(&page))
}

fn write(page: &mut Vec<u8>) -> io::Result<()> {
    let command = Arguments::command().mut_args(with_aliases);
    let man = Man::new(command.clone()).manual("Orbit");
    man.render_title(page)?;
    man.render_name_section(page)?;
    synopsis().to_writer(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    commands(&command).to_writer(page)?;
    literal("WHERE A TREE GOES", TREES).to_writer(page)?;
    section("PRECEDENCE", &[PRECEDENCE]).to_writer(page)?;
    terms("ENVIRONMENT", &ENVIRONMENT).to_writer(page)?;
    terms("FILES", &FILES).to_writer(page)?;
    literal("EXIT STATUS", EXIT_CODES).to_writer(page)?;
    literal("EXAMPLES", EXAMPLES).to_writer(page)
}

/// The page's generator leaves other names of a flag out.
fn with_aliases(argument: clap::Arg) -> clap::Arg {
    let Some(aliases) = argument.get_visible_aliases() else { return argument };
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let told = format!("{help}; also called --{}", aliases.join(", --"));
    argument.help(told)
}

fn section(title: &str, paragraphs: &[&str]) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", [title]);
    for paragraph in paragraphs {
        roff.control("PP", []);
        roff.text([roman(*paragraph)]);
    }
    roff
}

fn synopsis() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    for (words, is_first) in
        [(" [OPTIONS] SRC DST", true), (" [OPTIONS] -s SRC -d DST", false), (" COMMAND", false)]
    {
        if !is_first {
            roff.control("br", []);
        }
        roff.text([bold("orbit"), roman(words)]);
    }
    roff
}

fn terms(title: &str, terms: &[(&str, &str)]) -> Roff {
    let mut roff = section(title, &[]);
    for (term, meaning) in terms {
        roff.control("TP", []);
        roff.text([bold(*term)]);
        roff.text([roman(*meaning)]);
    }
    roff
}

/// The lines as they stand, without the first, which is the title.
fn literal(title: &str, text: &str) -> Roff {
    let mut roff = section(title, &[]);
    roff.control("nf", []);
    for line in text.lines().skip(1) {
        roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
    }
    roff.control("fi", []);
    roff
}

fn commands(command: &clap::Command) -> Roff {
    let mut roff = section("COMMANDS", &[]);
    for sub in command.get_subcommands() {
        roff.control("TP", []);
        let mut name = vec![bold(sub.get_name())];
        for argument in sub.get_positionals() {
            let value = argument.get_id().as_str();
            let shown: &str =
                argument.get_value_names().and_then(|names| names.first()).map_or(value, |name| name);
            name.push(roman(if argument.is_required_set() {
                format!(" {shown}")
            } else {
                format!(" [{shown}]")
            }));
        }
        roff.text(name);
        roff.text([roman(sub.get_about().map(ToString::to_string).unwrap_or_default())]);
        flags(sub, command, &mut roff);
    }
    roff
}

/// The flags of a command that are not those of a copy too, each with its meaning.
fn flags(sub: &clap::Command, command: &clap::Command, roff: &mut Roff) {
    let copies = |flag: &clap::Arg| {
        command.get_arguments().any(|of_copy| {
            of_copy.get_id() == flag.get_id() && of_copy.get_help_heading() == flag.get_help_heading()
        })
    };
    for flag in sub.get_opts().filter(|flag| !copies(flag)) {
        let Some(name) = flag.get_long().filter(|name| *name != "help") else { continue };
        roff.control("RS", []);
        roff.control("TP", []);
        roff.text([bold(format!("--{name}"))]);
        roff.text([roman(flag.get_help().map(ToString::to_string).unwrap_or_default())]);
        roff.control("RE", []);
    }
}
