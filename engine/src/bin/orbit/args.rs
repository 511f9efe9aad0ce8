//! The command line. Parsed here once; commands see plain values. What a flag is worth against the environment, the
//! configuration and presets is not decided here.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use orbit_engine::shown;

use crate::flags::SettingFlags;
use crate::tree::flags::TreeFlags;
use crate::words::{self, EXAMPLES};

/// Copies a file, or a tree, by the fastest mechanism that works, and verifies it where asked for
///
/// DST names the new file; where DST is a directory, or ends in `/`, the new file is DST/NAME, with the name of SRC.
/// The new file takes its name when it is whole. With -R, DST names the copy of the directory SRC, whether it exists
/// or not. By default nothing is printed.
#[derive(Debug, Parser)]
#[command(
    name = "orbit",
    version,
    override_usage = "orbit [OPTIONS] SRC DST\n       orbit [OPTIONS] -s SRC -d DST\n       orbit COMMAND",
    after_help = format!("{EXAMPLES}\n\n`--help` says more."),
    after_long_help = words::after_long_help(),
    args_override_self = true,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true,
    subcommand_value_name = "COMMAND"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) copy: CopyArguments,
}

/// Flags that may stand alone, and the values that they take. A path may follow the flag, so that the parser wants an
/// equals sign before a value.
const ATTACHED: [(&str, &[&str]); 4] = [
    ("--reflink", &["always", "auto", "never"]),
    ("--verify", &["compare", "sha256", "media", "none"]),
    ("--fsync", &["directory", "file", "none"]),
    ("--progress", &["always", "auto", "never"]),
];

/// Puts an equals sign between a flag and its value where they are two arguments. Nothing else is changed: what is not
/// one of the values is a path.
fn attached(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut attached: Vec<OsString> = Vec::new();
    let (mut open, mut only_paths): (Option<&[&str]>, bool) = (None, false);
    for argument in arguments {
        let values = open.take().filter(|_| !only_paths);
        if let (Some(values), Some(flag)) = (values, attached.last_mut())
            && values.iter().any(|value| argument == *value)
        {
            flag.push("=");
            flag.push(&argument);
            continue;
        }
        only_paths |= argument == "--";
        open = ATTACHED.iter().find(|(flag, _)| argument == *flag).map(|(_, values)| *values);
        attached.push(argument);
    }
    attached
}

/// Reads the command line.
///
/// # Errors
/// What the parser has to say: wrong usage, or help and version.
pub(crate) fn parse() -> Result<Arguments, clap::Error> {
    let arguments = Arguments::try_parse_from(attached(std::env::args_os()))?;
    let wrong = |kind, message| Err(Arguments::command().error(kind, message));
    if let Some(extra) = arguments.copy.paths.too_many() {
        let message =
            format!("unexpected argument '{}': one file or tree is copied to one place", shown(extra));
        return wrong(ErrorKind::TooManyValues, message);
    }
    if let Some(flag) = arguments.copy.trees.without_recursive() {
        let message = format!("'{flag}' speaks of trees and needs '--recursive'");
        return wrong(ErrorKind::MissingRequiredArgument, message);
    }
    Ok(arguments)
}

/// Everything beside copying. A file that is called like one of these is written `./presets`, or given by `-s`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tries which zero-copy mechanisms work between two directories
    Capabilities(CapabilitiesArguments),
    /// Shows the presets, or what holds and where each value comes from
    Presets(PresetsArguments),
    /// Writes the completions of a shell to standard output
    Completions {
        /// For which shell
        shell: Shell,
    },
    /// Writes the manual page to standard output: `orbit man | man -l -`
    Man,
}

#[derive(Debug, Args)]
pub(crate) struct CopyArguments {
    #[command(flatten)]
    paths: Paths,
    #[command(flatten)]
    pub(crate) trees: TreeFlags,
    #[command(flatten)]
    pub(crate) settings: SettingFlags,
    #[command(flatten)]
    pub(crate) output: Output,
}

impl CopyArguments {
    /// Source and destination, however they were given; none only beside a subcommand.
    pub(crate) fn ends(&self) -> Option<(&PathBuf, &PathBuf)> {
        let Paths { src, dst, source, dest, .. } = &self.paths;
        source.first().or(src.as_ref()).zip(dest.first().or(dst.as_ref()))
    }
}

/// Of other flags the last one holds; of paths that would leave files out unnoticed, so that each is kept, to be refused.
#[derive(Debug, Args)]
struct Paths {
    /// The file to copy; with -R the directory
    #[arg(value_name = "SRC", required_unless_present_any = ["source", "dest"], conflicts_with_all = ["source", "dest"])]
    src: Option<PathBuf>,
    /// The new file, or the directory to put it in; with -R the new directory, or the one to fill
    #[arg(value_name = "DST", required_unless_present_any = ["source", "dest"], conflicts_with_all = ["source", "dest"])]
    dst: Option<PathBuf>,
    /// What to copy, in place of SRC
    #[arg(short, long, value_name = "SRC", requires = "dest", action = ArgAction::Append)]
    source: Vec<PathBuf>,
    /// Where to, in place of DST
    #[arg(short, long, value_name = "DST", requires = "source", action = ArgAction::Append)]
    dest: Vec<PathBuf>,
    /// What is one path too many. Without it the parser would take it for a command.
    #[arg(hide = true, value_name = "PATH")]
    extra: Vec<OsString>,
}

impl Paths {
    /// The first path that is one too many.
    fn too_many(&self) -> Option<&OsStr> {
        let again = self.source.get(1).or(self.dest.get(1)).map(|path| path.as_os_str());
        again.or(self.extra.first().map(OsString::as_os_str))
    }
}

/// What is said, and where.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Output {
    /// Say what would be done and why, and change nothing; with -R, count what would be copied
    #[arg(long, visible_alias = "explain")]
    pub(crate) dry_run: bool,
    /// Say what was done, and why zero-copy was not used; twice: every mechanism that was left out or refused
    #[arg(short, long, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Say nothing but errors: no warnings, no progress unless --progress=always
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Write one report as JSON to standard output, also when the copy fails
    #[arg(long)]
    pub(crate) json: bool,
    /// Show how far the copy is on standard error: `auto` where that is a terminal, `always` (one line a second
    /// elsewhere) or `never`
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "always",
        hide_possible_values = true
    )]
    pub(crate) progress: Option<When>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Args)]
pub(crate) struct CapabilitiesArguments {
    /// Where files come from
    #[arg(value_name = "SRC_DIR", default_value = ".")]
    pub(crate) from: PathBuf,
    /// Where files go to; the same directory when absent
    #[arg(value_name = "DST_DIR")]
    pub(crate) to: Option<PathBuf>,
    /// Write them as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub(crate) struct PresetsArguments {
    /// Show what holds with the flags given here, the environment and the configuration, and where it comes from
    #[arg(long)]
    pub(crate) effective: bool,
    /// Write them as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) settings: SettingFlags,
}

/// One of some names; the same names are listed in help, errors and completions.
pub(crate) fn one_of<T>(names: impl IntoIterator<Item = &'static str>) -> impl TypedValueParser<Value = T>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(names).try_map(|name| name.parse())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_behind_a_space_belongs_to_its_flag() {
        let of = |words: &str| {
            let words = attached(words.split(' ').map(OsString::from));
            words.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(of("orbit --reflink always a b"), "orbit --reflink=always a b");
        assert_eq!(of("orbit a --verify media b"), "orbit a --verify=media b");
        for unchanged in [
            "orbit --reflink=always always b",
            "orbit --reflink a b",
            "orbit --reflink ./always b",
            "orbit --verify --fsync a b",
            "orbit -- --reflink always",
        ] {
            assert_eq!(of(unchanged), unchanged);
        }
        assert_eq!(of("orbit --verify --fsync file a b"), "orbit --verify --fsync=file a b");
    }
}
