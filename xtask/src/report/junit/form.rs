//! Both commands' tests against the schema by which Jenkins reads them. Never part of a build.

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Output};

use super::super::gate;
use super::tests::rendered;
use crate::gate::Verdict;

/// The schema's verdict; none where there is no `xmllint`, which is told.
fn linted(xml: &str) -> Option<Output> {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas/junit-10.xsd");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("junit.xml");
    std::fs::write(&file, xml).unwrap();
    let output =
        Command::new("xmllint").args(["--noout", "--nonet", "--schema"]).args([&schema, &file]).output();
    match output {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!(
                "skipped: xmllint (Debian's libxml2-utils) is not installed, junit.xml is not held against its schema"
            );
            None
        }
        output => Some(output.unwrap()),
    }
}

#[track_caller]
fn is_valid(xml: &str) {
    if let Some(output) = linted(xml) {
        assert!(output.status.success(), "{}{xml}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_runs_tests_are_as_jenkins_reads_them() {
    is_valid(&rendered());
}

#[test]
fn a_gates_tests_are_as_jenkins_reads_them() {
    for verdict in [Verdict::Pass, Verdict::Improved, Verdict::Inconclusive, Verdict::Regression] {
        is_valid(&gate::junit(&gate::tests::outcome(verdict, 3)).unwrap());
    }
}

#[test]
fn what_is_no_junit_file_is_refused() {
    for (from, to) in [("<failure", "<failed"), (" tests=", " test="), ("time=\"0.", "time=\"zero.")] {
        let xml = gate::junit(&gate::tests::outcome(Verdict::Regression, 1)).unwrap();
        let wrong = xml.replace(from, to);
        assert!(wrong != xml, "{from}");
        assert!(linted(&wrong).is_none_or(|output| !output.status.success()), "{wrong}");
    }
}
