//! The other end: a worker as a process, asked line by line.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};

use super::{Answer, Ask, Reply, Request, SCHEMA};
use crate::program;
use crate::sample::Measurement;
use crate::system;

/// A worker that runs. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Worker {
    child: Child,
    /// None once it was told that nothing more comes.
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// What it wrote to standard error.
    said: File,
}

/// What a program answers when it is asked to work.
#[derive(Debug)]
pub(crate) enum Hello {
    Worker(Worker),
    /// It has no worker, or one that does not speak this version; with what it says instead.
    Stranger(String),
}

impl Worker {
    /// Starts the program at `path` with `arguments`, and asks whether it is a worker.
    pub(crate) fn start(path: &Path, arguments: &[&str]) -> Result<Hello> {
        let said = tempfile::tempfile().context("cannot make a file for what a worker says")?;
        let mut command = Command::new(path);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(said.try_clone()?);
        // Ctrl-C is for the gate, which ends after the copy that is under way.
        system::set_apart(&mut command);
        let mut child =
            program::start(|| command.spawn()).with_context(|| format!("cannot start {}", path.display()))?;
        let requests = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().context("a worker without output")?);
        let mut worker = Self { child, requests, answers, said };
        Ok(match worker.ask(Ask::Hello) {
            Ok(Answer::Hello { .. }) => Hello::Worker(worker),
            Ok(Answer::Refused { reason }) => Hello::Stranger(reason),
            Ok(other) => Hello::Stranger(format!("it answers `{other:?}`")),
            Err(error) => Hello::Stranger(format!("{error:#}")),
        })
    }

    /// Sets a case up there, each copy to take so much longer. Says which mechanisms are refused there; the error is the reason
    /// why the case cannot be set up.
    pub(crate) fn prepare(
        &mut self,
        scenario: &str,
        case: &str,
        source: &Path,
        destination: &Path,
        slower_pct: Option<u32>,
    ) -> Result<Option<Vec<String>>> {
        let (scenario, case) = (scenario.to_owned(), case.to_owned());
        let (source, destination) = (source.to_owned(), destination.to_owned());
        match self.ask(Ask::Prepare { scenario, case, source, destination, slower_pct })? {
            Answer::Prepared { refused } => Ok(refused),
            Answer::Refused { reason } => Err(anyhow!(reason)),
            other => bail!("a worker answers `{other:?}` where it should prepare"),
        }
    }

    /// One copy of a case that was prepared.
    pub(crate) fn sample(&mut self, case: &str) -> Result<Measurement> {
        match self.ask(Ask::Sample { case: case.to_owned() })? {
            Answer::Sample(measurement) => Ok(measurement),
            Answer::Refused { reason } => Err(anyhow!(reason)),
            other => bail!("a worker answers `{other:?}` where it should copy"),
        }
    }

    fn ask(&mut self, ask: Ask) -> Result<Answer> {
        let mut line = serde_json::to_string(&Request { schema: SCHEMA.to_owned(), ask })?;
        line.push('\n');
        let requests = self.requests.as_mut().context("the worker was ended")?;
        // A worker that has ended is told by what it left, not by the broken pipe.
        let _ = requests.write_all(line.as_bytes());
        let mut answer = String::new();
        self.answers.read_line(&mut answer).context("cannot read from a worker")?;
        if answer.is_empty() {
            bail!("the worker ended: {}", self.last_words());
        }
        let reply: Reply =
            serde_json::from_str(&answer).with_context(|| format!("a worker says `{}`", answer.trim()))?;
        if reply.schema != SCHEMA {
            bail!("a worker speaks `{}`, and the gate `{SCHEMA}`", reply.schema);
        }
        Ok(reply.answer)
    }

    /// One line.
    fn last_words(&mut self) -> String {
        self.requests = None;
        let status = self.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        let mut text = Vec::new();
        let read = self.said.rewind().and_then(|()| (&self.said).take(300).read_to_end(&mut text));
        let said = String::from_utf8_lossy(&text);
        match read.ok().and_then(|_| said.lines().find(|line| !line.trim().is_empty())) {
            Some(line) => format!("{status}, {}", line.trim()),
            None => status,
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // The end of its input ends it.
        self.requests = None;
        let _ = self.child.wait();
    }
}

// The planted workers are scripts of a shell.
#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Hello {
        Worker::start(Path::new("/bin/sh"), &["-c", script]).unwrap()
    }

    fn stranger(script: &str) -> String {
        match shell(script) {
            Hello::Stranger(said) => said,
            Hello::Worker(_) => panic!("that is no worker"),
        }
    }

    const HELLO: &str =
        "read line; echo '{\"schema\":\"orbit.worker/1\",\"answer\":\"hello\",\"engine\":\"1\"}'; ";

    #[test]
    fn a_program_without_a_worker_is_a_stranger() {
        assert_eq!(
            stranger("echo 'error: unrecognized subcommand' >&2; exit 2"),
            "the worker ended: exit status: 2, error: unrecognized subcommand"
        );
        assert!(stranger("read line; echo hello").starts_with("a worker says `hello`"));
        let later = "read line; echo '{\"schema\":\"orbit.worker/2\",\"answer\":\"hello\",\"engine\":\"1\"}'";
        assert_eq!(stranger(later), "a worker speaks `orbit.worker/2`, and the gate `orbit.worker/1`");
        let refusal =
            "read line; echo '{\"schema\":\"orbit.worker/1\",\"answer\":\"refused\",\"reason\":\"no\"}'";
        assert_eq!(stranger(refusal), "no");
    }

    #[test]
    fn a_worker_that_dies_says_so() {
        let Hello::Worker(mut worker) = shell(&format!("{HELLO} read line; echo broken >&2; kill -9 $$"))
        else {
            panic!("it said hello");
        };
        let error = worker.sample("a").unwrap_err().to_string();
        assert_eq!(error, "the worker ended: signal: 9 (SIGKILL), broken");
        assert_eq!(worker.sample("a").unwrap_err().to_string(), "the worker was ended");
    }

    #[test]
    fn refusals_are_passed_on() {
        let script = format!(
            "{HELLO} while read line; do echo '{{\"schema\":\"orbit.worker/1\",\"answer\":\"refused\",\"reason\":\"no room\"}}'; done"
        );
        let Hello::Worker(mut worker) = shell(&script) else { panic!("it said hello") };
        assert_eq!(worker.sample("a").unwrap_err().to_string(), "no room");
        let path = Path::new("/");
        assert_eq!(worker.prepare("", "a", path, path, None).unwrap_err().to_string(), "no room");
    }
}
