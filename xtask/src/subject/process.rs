//! Peers that are programs: what each is called with. How they are run and timed is known to the launcher.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Result, bail};
use orbit_engine::Strategy;

use crate::launcher::{self, Ended};
use crate::plan::Case;
use crate::program::Program;
use crate::sample::Measurement;
use crate::scenario::{Standing, Subject};

/// A program that is given a source and a destination.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    program: Program,
    /// What stands before the two paths.
    arguments: Vec<&'static str>,
}

impl Process {
    pub(super) fn new(case: &Case, program: Program) -> Self {
        let mut arguments = Vec::new();
        // Nobody sees it, and drawing it would count against the copy.
        arguments.extend((case.subject == Subject::Xcp).then_some("--no-progress"));
        arguments.extend((case.subject == Subject::EngineProcessFast).then_some("--fast"));
        arguments.extend(match case.strategy {
            Strategy::Auto => None,
            Strategy::ZeroCopy => Some("--zero-copy"),
            Strategy::Buffered => Some("--buffered"),
        });
        if case.tree.is_some() {
            arguments.extend(match case.subject {
                Subject::Cp | Subject::Xcp => &["-r", "-T"][..],
                Subject::Rsync => &["-r"],
                Subject::EngineProcess | Subject::EngineProcessFast => &["--tree"],
                _ => &[],
            });
        }
        Self { program, arguments }
    }

    /// Why the program cannot do what the case asks for, if so.
    pub(super) fn unable(case: &Case) -> Option<String> {
        let is_there = case.tree.as_ref().is_some_and(|tree| tree.standing != Standing::New);
        (case.subject == Subject::Fcp && is_there).then(|| "fcp copies trees to new names only".to_owned())
    }

    /// The source as the program is to be given it, so that it becomes the destination.
    fn source(case: &Case, source: &Path) -> OsString {
        let mut source = source.as_os_str().to_owned();
        if case.subject == Subject::Rsync && case.tree.is_some() {
            // What is in the directory, and not the directory.
            source.push("/");
        }
        source
    }

    pub(super) fn measure(&self, case: &Case, source: &Path, destination: &Path) -> Result<Measurement> {
        let mut arguments: Vec<OsString> = self.arguments.iter().map(OsString::from).collect();
        arguments.extend([Self::source(case, source), destination.into()]);
        let Ended { status, times, max_rss_bytes, said } = launcher::run(&self.program.path, &arguments)?;
        if !status.success() {
            bail!("{}: {} ended with {status}: {said}", case.id, case.subject);
        }
        let measurement = super::whole(case, destination, times)?;
        Ok(Measurement { max_rss_bytes, ..measurement })
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::plan;
    use crate::scenario::Scenario;

    /// The arguments of every program of the scenario, as words of one line, and the case that they are for.
    fn lines(axes: &str, tables: &str) -> Vec<(Case, String)> {
        let text = format!(
            "schema = \"orbit.scenario/1\"\nname = \"t\"\nquestion = \"?\"\n[matrix]\n{axes}\n\
             subject = [\"engine-process\", \"engine-process-fast\", \"cp\", \"xcp\", \"fcp\", \"rsync\"]\n{tables}"
        );
        let scenario = Scenario::parse(text, Path::new("t.toml")).unwrap();
        let line = |case: Case| {
            let program = Program { path: PathBuf::new(), version: String::new(), sha256: String::new() };
            let process = Process::new(&case, program);
            let source = Process::source(&case, Path::new("S")).into_string().unwrap();
            let line = [process.arguments.join(" "), source].join(" ").trim().to_owned();
            (case, line)
        };
        plan::cases(&scenario).into_iter().map(line).collect()
    }

    #[test]
    fn every_program_is_called_so_that_the_source_becomes_the_destination() {
        let words = |lines: Vec<(Case, String)>| lines.into_iter().map(|(_, line)| line).collect::<Vec<_>>();
        assert_eq!(words(lines("size = 1", "")), ["S", "--fast S", "S", "--no-progress S", "S", "S"]);
        let tree = "[[workload]]\nname = \"w\"\nfiles = 1\nsize = 1\n";
        let expected = ["--tree S", "--fast --tree S", "-r -T S", "--no-progress -r -T S", "S", "-r S/"];
        assert_eq!(words(lines("workload = \"w\"", tree)), expected);
        let by_strategy = words(lines("size = 1\nstrategy = [\"zero-copy\", \"buffered\"]", ""));
        assert_eq!(by_strategy[..3], ["--zero-copy S", "--buffered S", "--fast S"]);
    }

    #[test]
    fn a_program_that_does_not_merge_is_not_asked_to() {
        let tree = "[[workload]]\nname = \"w\"\nfiles = 1\nsize = 1\n";
        let found = lines("workload = \"w\"\ndestination = [\"new\", \"existing\"]", tree);
        let unable: Vec<&Case> =
            found.iter().map(|(case, _)| case).filter(|case| Process::unable(case).is_some()).collect();
        assert_eq!(unable.len(), 1);
        assert!(unable[0].id.contains("destination=existing") && unable[0].subject == Subject::Fcp);
    }
}
