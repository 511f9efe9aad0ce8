//! What the copy of a tree did, in lines for people: what `--verbose` says, the warnings that are said without it, and
//! what a dry run counted.

use std::path::Path;
use std::time::Duration;

use orbit_engine::{Effective, FileKind, Moved, Placement, Skipped, TreeOutcome, shown};

use crate::args::CopyArguments;
use crate::presets;
use crate::units::{count, duration, rate, size};

/// Which lines are wanted: none, the story, or every refusal too. `is_coded` says whether content was compressed or
/// decompressed.
pub(super) fn of(
    source: &Path,
    outcome: &TreeOutcome,
    took: Duration,
    is_coded: bool,
    verbose: u8,
) -> Vec<String> {
    let mut lines = Vec::new();
    if verbose >= 2 {
        lines.extend(outcome.refusals.iter().map(|refused| {
            format!("refused {}: {}, for {}", refused.mechanism, refused.reason, count(refused.files, "file"))
        }));
    }
    if verbose >= 1 {
        lines.push(done(source, outcome, took, is_coded));
    }
    lines
}

/// What must not stay unnoticed although the copy succeeded.
pub(super) fn warnings(outcome: &TreeOutcome, verbose: u8) -> Vec<String> {
    let destination = shown(&outcome.destination);
    let mut lines = left_out(&outcome.skipped_special, verbose);
    lines.extend(outcome.not_preserved.iter().map(|lost| {
        let error = std::io::Error::from_raw_os_error(lost.errno);
        let (entries, example) = (count(lost.entries, "entry"), shown(&lost.example));
        format!("{destination}: not preserved: {} of {entries}, such as {example}: {error}", lost.attribute)
    }));
    if outcome.changed > 0 {
        lines.push(format!("{destination}: {} changed while copied", count(outcome.changed, "source")));
    }
    lines
}

/// Special files, all of them where much is to be said, else one of each kind.
fn left_out(skipped: &[Skipped], verbose: u8) -> Vec<String> {
    const REMEDY: &str = "--preserve-metadata makes such files again";
    if verbose > 0 {
        let line = |Skipped { path, kind }: &Skipped| format!("left out {}, a {kind}; {REMEDY}", shown(path));
        return skipped.iter().map(line).collect();
    }
    let mut kinds: Vec<(FileKind, &Path, u64)> = Vec::new();
    for Skipped { path, kind } in skipped {
        match kinds.iter_mut().find(|(known, ..)| known == kind) {
            Some((.., number)) => *number += 1,
            None => kinds.push((*kind, path, 1)),
        }
    }
    let line = |(kind, path, number): &(FileKind, &Path, u64)| {
        let (kinds, path) = (count(*number, &kind.to_string()), shown(path));
        match number {
            1 => format!("left out {path}, a {kind}; {REMEDY}"),
            _ => format!("left out {kinds}, such as {path}; {REMEDY}"),
        }
    };
    kinds.iter().map(line).collect()
}

fn done(source: &Path, outcome: &TreeOutcome, took: Duration, is_coded: bool) -> String {
    let TreeOutcome { destination, files, bytes, written_bytes, workers, .. } = outcome;
    let mut line = format!("{} -> {}: ", shown(source), shown(destination));
    line += &format!("{}, {}", count(*files, "file"), size(*bytes));
    if is_coded {
        line += &format!(" as {}", size(*written_bytes));
    }
    line += &by(&outcome.moved);
    if *workers > 1 {
        line += &format!(" on {workers} workers");
    }
    line += &format!(" in {}, {}", duration(took), rate(outcome.data_bytes, took));
    let others = others(outcome);
    if !others.is_empty() {
        line += &format!("; {}", others.join(", "));
    }
    line
}

/// ` by reflink`; with the bytes of each where there are several. Files without content have no say.
fn by(moved: &[Moved]) -> String {
    let moved: Vec<_> = moved.iter().filter(|moved| moved.bytes > 0).collect();
    match &moved[..] {
        [] => String::new(),
        [Moved { mechanism, .. }] => format!(" by {mechanism}"),
        several => {
            let told = |Moved { mechanism, bytes }: &&Moved| format!("{mechanism} ({})", size(*bytes));
            format!(" by {}", several.iter().map(told).collect::<Vec<_>>().join(" and "))
        }
    }
}

/// What there was beside files that were copied; nothing of what there was not.
fn others(outcome: &TreeOutcome) -> Vec<String> {
    let TreeOutcome { directories, merged, symlinks, hard_links, special, filtered, retries, .. } = *outcome;
    let left_out = outcome.skipped_special.len() as u64;
    let told = [
        (directories, count(directories, "directory")),
        (merged, format!("{} filled", count(merged, "directory"))),
        (symlinks, count(symlinks, "symbolic link")),
        (hard_links, count(hard_links, "hard link")),
        (special, count(special, "special file")),
        (outcome.kept, format!("{} kept ({})", outcome.kept, size(outcome.kept_bytes))),
        (outcome.verified, format!("{} verified", outcome.verified)),
        (outcome.resumed, format!("{} resumed", outcome.resumed)),
        (retries, count(retries, "retry")),
        (filtered, format!("{} filtered out", count(filtered, "entry"))),
        (outcome.skipped_symlinks, format!("{} left out", count(outcome.skipped_symlinks, "symbolic link"))),
        (left_out, format!("{} left out", count(left_out, "special file"))),
    ];
    told.into_iter().filter(|(number, _)| *number > 0).map(|(_, text)| text).collect()
}

/// What a dry run says.
pub(super) fn counted(
    source: &Path,
    outcome: &TreeOutcome,
    arguments: &CopyArguments,
    effective: &Effective,
) -> Vec<String> {
    let TreeOutcome { destination, files, bytes, .. } = outcome;
    let (source, destination) = (shown(source), shown(destination));
    let files = count(*files, "file");
    let mut lines = vec![format!("would copy {source} to {destination}: {files}, {}", size(*bytes))];
    let others = others(outcome);
    if !others.is_empty() {
        lines.push(format!("and: {}", others.join(", ")));
    }
    let flags = &arguments.trees;
    lines.push(format!("symbolic links: {}", flags.symlinks()));
    lines.push(format!("replaces what stands there: {}", flags.overwrite()));
    lines.push(format!("when something cannot be copied: {}", flags.on_error()));
    lines.push(placement(effective.placement()).to_owned());
    lines.extend(presets::chosen(effective));
    lines
}

const fn placement(placement: Placement) -> &'static str {
    match placement {
        Placement::Staged => "new directories and files get their names when they are whole",
        Placement::InPlace => "written in place: old content is lost when the copy fails",
        Placement::Resumable => {
            "files are kept when the copy ends early, and finished ones are not copied again"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orbit_engine::{Attribute, Lost, Mechanism, RefusalReason, Refused};

    fn outcome() -> TreeOutcome {
        let mut outcome = TreeOutcome::default();
        outcome.destination = "to".into();
        (outcome.files, outcome.bytes, outcome.data_bytes, outcome.workers) = (2, 3 << 20, 2 << 20, 1);
        outcome
    }

    fn story(outcome: &TreeOutcome, is_coded: bool, verbose: u8) -> Vec<String> {
        of(Path::new("from"), outcome, Duration::from_secs(2), is_coded, verbose)
    }

    #[test]
    fn the_story_is_one_line_without_what_there_was_not() {
        let mut outcome = outcome();
        assert_eq!(story(&outcome, false, 0), [""; 0]);
        assert_eq!(story(&outcome, false, 2), ["from -> to: 2 files, 3.0 MiB in 2.0 s, 1.0 MiB/s"]);
        outcome.moved = vec![Moved { mechanism: Mechanism::Splice, bytes: 2 << 20 }];
        outcome.moved.push(Moved { mechanism: Mechanism::ReadWrite, bytes: 0 });
        outcome.workers = 4;
        outcome.written_bytes = 1 << 20;
        let line = "from -> to: 2 files, 3.0 MiB as 1.0 MiB by splice on 4 workers in 2.0 s, 1.0 MiB/s";
        assert_eq!(story(&outcome, true, 1), [line]);
        outcome.moved[1].bytes = 1536;
        let told = story(&outcome, false, 1);
        assert!(told[0].contains(" by splice (2.0 MiB) and read-write (1.5 KiB) on "), "{told:?}");
    }

    #[test]
    fn the_story_tells_whatever_else_there_was() {
        let mut outcome = outcome();
        (outcome.directories, outcome.merged, outcome.symlinks, outcome.hard_links) = (1, 2, 1, 2);
        (outcome.special, outcome.kept, outcome.kept_bytes, outcome.verified) = (1, 9, 1024, 11);
        (outcome.resumed, outcome.retries, outcome.filtered, outcome.skipped_symlinks) = (1, 2, 3, 1);
        outcome.skipped_special = vec![Skipped { path: "from/p".into(), kind: FileKind::Fifo }];
        let told = story(&outcome, false, 1);
        let (_, others) = told[0].split_once("; ").unwrap();
        assert_eq!(
            others,
            "1 directory, 2 directories filled, 1 symbolic link, 2 hard links, 1 special file, 9 kept (1.0 KiB), \
             11 verified, 1 resumed, 2 retries, 3 entries filtered out, 1 symbolic link left out, \
             1 special file left out"
        );
    }

    #[test]
    fn refusals_are_told_twice_verbose() {
        let mut outcome = outcome();
        let (mechanism, reason) = (Mechanism::Reflink, RefusalReason::MovedNothing);
        outcome.refusals = vec![Refused { mechanism, reason, files: 1 }];
        assert_eq!(story(&outcome, false, 1).len(), 1);
        let told = story(&outcome, false, 2);
        assert!(told[0].starts_with("refused reflink: ") && told[0].ends_with(", for 1 file"), "{told:?}");
    }

    #[test]
    fn what_was_left_out_or_lost_is_a_warning() {
        let mut outcome = outcome();
        assert_eq!(warnings(&outcome, 0), [""; 0]);
        let skipped = |path: &str, kind| Skipped { path: path.into(), kind };
        outcome.skipped_special =
            vec![skipped("p", FileKind::Fifo), skipped("s", FileKind::Socket), skipped("q", FileKind::Fifo)];
        let (attribute, example) = (Attribute::Owner, "to/x".into());
        outcome.not_preserved = vec![Lost { attribute, errno: 1, entries: 3, example }];
        outcome.changed = 1;
        let told = warnings(&outcome, 0);
        assert!(told[0].starts_with("left out 2 named pipes, such as p; --preserve-metadata"), "{told:?}");
        assert!(told[1].starts_with("left out s, a socket; "), "{told:?}");
        assert!(told[2].starts_with("to: not preserved: owner of 3 entries, such as to/x: "), "{told:?}");
        assert_eq!(told[3], "to: 1 source changed while copied");
        let verbose = warnings(&outcome, 1);
        assert!(verbose[0].starts_with("left out p, a named pipe; ") && verbose.len() == 5, "{verbose:?}");
    }
}
