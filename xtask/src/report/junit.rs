//! `junit.xml`: a run for dashboards that know tests. A case is a test; it passes when a sample of it is valid. A
//! budget is a test, and so is a known cost; each fails when it does not hold. Copies that go wrong end a run. The form is that of Ant's schema, which the later ones
//! accept: <https://github.com/windyroad/JUnit-Schema>.

#[cfg(test)]
mod form;

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use anyhow::{Context, Result};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::invalid;
use super::walls::Walls;
use crate::budget::Balance;
use crate::known::Deviation;
use crate::plan::CaseBudget;
use crate::record::RunRecord;
use crate::sample::Sample;
use crate::summary::Summary;

type Xml = Writer<Vec<u8>>;

/// How a case ended.
pub(super) enum End {
    Passed,
    /// With what does not hold.
    Failure(String),
    /// With the reason.
    Error(String),
    Skipped(String),
}

pub(super) struct TestCase {
    pub(super) name: String,
    /// All valid copies together.
    pub(super) wall_ns: u64,
    pub(super) end: End,
}

/// Tests of one scenario.
pub(super) struct Suite<'a> {
    pub(super) name: &'a str,
    /// Which command they are of.
    pub(super) package: &'a str,
    pub(super) started: &'a str,
    pub(super) host: &'a str,
    /// Only those that are known are written.
    pub(super) properties: Vec<(&'a str, Option<String>)>,
    pub(super) cases: Vec<TestCase>,
    pub(super) notes: String,
}

pub(super) fn render(
    record: &RunRecord,
    summary: &Summary,
    samples: &[Sample],
    walls: &Walls<'_>,
) -> Result<String> {
    let reasons = reasons(samples);
    let notes = reasons
        .iter()
        .flat_map(|(case, reasons)| reasons.iter().map(move |reason| format!("{case}: {reason}\n")))
        .collect();
    let properties = vec![
        ("run", Some(record.run.clone())),
        ("revision", record.host.revision.clone()),
        ("engine", Some(record.engine.clone())),
        ("kernel", Some(record.host.kernel.clone())),
        ("cpu", Some(record.host.cpu.clone())),
        ("seed", Some(record.seed.to_string())),
    ];
    document(&Suite {
        name: &record.scenario.name,
        package: "orbit.bench",
        started: &record.started,
        host: &record.host.name,
        properties,
        cases: cases(record, summary, &reasons, walls),
        notes,
    })
}

/// A file with this suite alone.
pub(super) fn document(tests: &Suite<'_>) -> Result<String> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))
        .and_then(|()| {
            xml.create_element("testsuites").write_inner_content(|xml| suite(xml, tests)).map(drop)
        })
        .context("cannot write junit.xml")?;
    let mut text = String::from_utf8(xml.into_inner()).context("junit.xml is no text")?;
    text.push('\n');
    Ok(text)
}

/// What was wrong with samples of a case, by its name.
fn reasons(samples: &[Sample]) -> BTreeMap<&str, Vec<String>> {
    let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for ((case, reason), blocks) in invalid::by_case(samples) {
        reasons.entry(case).or_default().push(format!("{} of its samples: {reason}", blocks.len()));
    }
    reasons
}

fn cases(
    record: &RunRecord,
    summary: &Summary,
    reasons: &BTreeMap<&str, Vec<String>>,
    walls: &Walls<'_>,
) -> Vec<TestCase> {
    let measured: BTreeSet<&str> = summary.cases.iter().map(|summary| summary.case.id.as_str()).collect();
    let run = record.cases.iter().map(|case| {
        let why = || {
            reasons.get(case.id.as_str()).map_or_else(|| "no sample".to_owned(), |reasons| reasons.join("; "))
        };
        let valid = measured.contains(case.id.as_str());
        let wall_ns = walls.case(&case.id).iter().copied().fold(0, u64::saturating_add);
        TestCase { name: case.id.clone(), wall_ns, end: if valid { End::Passed } else { End::Error(why()) } }
    });
    let skipped = record.skipped.iter().map(|skipped| TestCase {
        name: skipped.case.clone(),
        wall_ns: 0,
        end: End::Skipped(skipped.reason.clone()),
    });
    run.chain(skipped).chain(promises(summary)).collect()
}

/// What counts and times were to be.
fn promises(summary: &Summary) -> impl Iterator<Item = TestCase> {
    let test = |name: String, holds: bool, why: String| {
        let end = if holds { End::Passed } else { End::Failure(why) };
        TestCase { name, wall_ns: 0, end }
    };
    let budgets = summary.budgets.iter().map(move |one| {
        let Balance { budget: CaseBudget { case, counter, max }, most, holds } = one;
        test(format!("{case} budget {counter}"), *holds, format!("{counter} {most}, the budget is {max}"))
    });
    let known = summary.known.iter().map(move |one| {
        let Deviation { case, clock, known_ns, measured_ns, off_pct, holds } = one;
        let why = format!("{measured_ns} ns of {clock} time, known are {known_ns} ns: {off_pct:+.1} % off");
        test(format!("{case} known {clock} time"), *holds, why)
    });
    budgets.chain(known)
}

fn suite(xml: &mut Xml, suite: &Suite<'_>) -> io::Result<()> {
    let cases = &suite.cases;
    let count =
        |counted: fn(&End) -> bool| cases.iter().filter(|case| counted(&case.end)).count().to_string();
    let attributes = [
        ("name", token(suite.name)),
        ("package", suite.package.to_owned()),
        ("id", "0".to_owned()),
        ("timestamp", suite.started.trim_end_matches('Z').to_owned()),
        ("hostname", token(suite.host)),
        ("tests", cases.len().to_string()),
        ("failures", count(|end| matches!(end, End::Failure(_)))),
        ("errors", count(|end| matches!(end, End::Error(_)))),
        ("skipped", count(|end| matches!(end, End::Skipped(_)))),
        ("time", seconds(cases.iter().map(|case| case.wall_ns).fold(0, u64::saturating_add))),
    ];
    let attributes = attributes.iter().map(|(name, value)| (*name, value.as_str()));
    xml.create_element("testsuite").with_attributes(attributes).write_inner_content(|xml| {
        xml.create_element("properties").write_inner_content(|xml| properties(xml, suite))?;
        cases.iter().try_for_each(|case| test_case(xml, suite.name, case))?;
        xml.create_element("system-out").write_text_content(BytesText::new(&allowed(&suite.notes)))?;
        xml.create_element("system-err").write_empty().map(drop)
    })?;
    Ok(())
}

fn properties(xml: &mut Xml, suite: &Suite<'_>) -> io::Result<()> {
    for (name, value) in &suite.properties {
        let Some(value) = value else { continue };
        let attributes = [("name", *name), ("value", &*allowed(value))];
        xml.create_element("property").with_attributes(attributes).write_empty()?;
    }
    Ok(())
}

fn test_case(xml: &mut Xml, scenario: &str, case: &TestCase) -> io::Result<()> {
    let (name, class, time) = (token(&case.name), token(scenario), seconds(case.wall_ns));
    let attributes = [("classname", class.as_str()), ("name", &name), ("time", &time)];
    let element = xml.create_element("testcase").with_attributes(attributes);
    match &case.end {
        End::Passed => element.write_empty(),
        End::Failure(why) => element.write_inner_content(|xml| {
            let message = allowed(why);
            let attributes = [("type", "promise-broken"), ("message", &message)];
            xml.create_element("failure").with_attributes(attributes).write_empty().map(drop)
        }),
        End::Error(why) => element.write_inner_content(|xml| {
            let message = allowed(why);
            let attributes = [("type", "no-valid-sample"), ("message", &message)];
            xml.create_element("error").with_attributes(attributes).write_empty().map(drop)
        }),
        End::Skipped(why) => element.write_inner_content(|xml| {
            xml.create_element("skipped").with_attribute(("message", &*allowed(why))).write_empty().map(drop)
        }),
    }
    .map(drop)
}

/// To milliseconds: Jenkins refuses a file that has more digits.
fn seconds(ns: u64) -> String {
    let ms = ns.saturating_add(500_000) / 1_000_000;
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

/// As the schema wants names: one space at most between words, and never nothing.
fn token(text: &str) -> String {
    let words = allowed(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if words.is_empty() { "unnamed".to_owned() } else { words }
}

/// Without the characters that XML 1.0 has no way to write.
fn allowed(text: &str) -> String {
    let can_stand = |c: &char| !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    text.chars().filter(can_stand).collect()
}

#[cfg(test)]
mod tests {
    use orbit_engine::Strategy;
    use roxmltree::{Document, Node};

    use super::super::planted;
    use super::*;
    use crate::known::Shown;
    use crate::plan::Skipped;
    use crate::sample::Trial;
    use crate::scenario::Counter;
    use crate::summary;

    const HOSTILE: &str = " <a> & \"b\"  \u{0}\u{1b}]]> ' ";

    /// Two cases with valid samples, one without, two that are skipped.
    pub(super) fn rendered() -> String {
        let (mut record, _, mut samples) =
            planted::run(&[256 << 20, 8192, 16384], &[Strategy::Buffered], &[1 << 20], 3);
        record.scenario.name = HOSTILE.to_owned();
        record.skipped.push(Skipped { case: HOSTILE.to_owned(), reason: HOSTILE.to_owned() });
        for sample in samples.iter_mut().filter(|sample| sample.case == record.cases[1].id) {
            sample.result = Trial::Invalid { reason: HOSTILE.to_owned() };
        }
        let summary = summary::of(&record, &samples).unwrap();
        render(&record, &summary, &samples, &Walls::of(&samples)).unwrap()
    }

    fn children<'a>(node: Node<'a, 'a>) -> Vec<Node<'a, 'a>> {
        node.children().filter(Node::is_element).collect()
    }

    #[test]
    fn cases_are_tests_that_pass_err_or_are_skipped() {
        let text = rendered();
        let document = Document::parse(&text).unwrap();
        let suite = children(document.root_element())[0];
        let counts = ["tests", "failures", "errors", "skipped"].map(|name| suite.attribute(name).unwrap());
        assert_eq!(counts, ["5", "0", "1", "2"]);
        let cases: Vec<Node<'_, '_>> =
            suite.descendants().filter(|node| node.has_tag_name("testcase")).collect();
        let ends: Vec<&str> = cases
            .iter()
            .map(|case| children(*case).first().map_or("passed", |node| node.tag_name().name()))
            .collect();
        assert_eq!(ends, ["passed", "error", "passed", "skipped", "skipped"]);
        let walls: Vec<f64> =
            cases.iter().map(|case| case.attribute("time").unwrap().parse().unwrap()).collect();
        assert!(walls[0] > 0.3 && walls[0] < 1.0 && walls[1] == 0.0, "{text}");
        let sum: f64 = walls.iter().sum();
        // Each is rounded by itself.
        assert!((suite.attribute("time").unwrap().parse::<f64>().unwrap() - sum).abs() < 0.003);
        let error = children(cases[1])[0].attribute("message").unwrap();
        assert!(error.starts_with("4 of its samples:  <a> & \"b\""), "{error}");
        assert_eq!(cases[4].attribute("name"), Some("<a> & \"b\" ]]> '"));
        let notes = suite.children().find(|node| node.has_tag_name("system-out")).unwrap().text().unwrap();
        assert!(notes.contains("1 of its samples: planted\n"), "{notes}");
    }

    #[test]
    fn times_are_rounded_to_milliseconds() {
        assert_eq!([0, 499_999, 500_000, 61_999_500_000].map(seconds), ["0.000", "0.000", "0.001", "62.000"]);
    }

    #[test]
    fn a_promise_that_does_not_hold_is_a_failure() {
        let (mut record, _, samples) = planted::run(&[4096], &[Strategy::Buffered], &[1 << 20], 3);
        let budget =
            |max| CaseBudget { case: record.cases[0].id.clone(), counter: Counter::SystemCalls, max };
        record.budgets = vec![budget(7), budget(6)];
        let mut summary = summary::of(&record, &samples).unwrap();
        summary.known = vec![Deviation {
            case: "k".to_owned(),
            clock: Shown::Wall,
            known_ns: 100,
            measured_ns: 103,
            off_pct: 3.0,
            holds: false,
        }];
        let text = render(&record, &summary, &samples, &Walls::of(&samples)).unwrap();
        let document = Document::parse(&text).unwrap();
        let suite = children(document.root_element())[0];
        assert_eq!(
            ["tests", "failures", "errors"].map(|name| suite.attribute(name).unwrap()),
            ["5", "2", "0"]
        );
        let failures: Vec<_> = suite.descendants().filter(|node| node.has_tag_name("failure")).collect();
        let named = |node: &Node<'_, '_>| node.parent().unwrap().attribute("name").unwrap().to_owned();
        assert!(named(&failures[0]).ends_with(" budget system_calls"));
        assert_eq!(failures[0].attribute("message"), Some("system_calls 7, the budget is 6"));
        assert_eq!(named(&failures[1]), "k known wall time");
        assert_eq!(
            failures[1].attribute("message"),
            Some("103 ns of wall time, known are 100 ns: +3.0 % off")
        );
    }

    /// Order and attributes that the schema asks for.
    #[test]
    fn the_form_is_that_of_the_schema() {
        let text = rendered();
        let document = Document::parse(&text).unwrap();
        let root = document.root_element();
        assert_eq!((root.tag_name().name(), children(root).len()), ("testsuites", 1));
        let suite = children(root)[0];
        let mut names: Vec<&str> = children(suite).iter().map(|node| node.tag_name().name()).collect();
        names.dedup();
        assert_eq!(names, ["properties", "testcase", "system-out", "system-err"]);
        let required =
            ["name", "package", "id", "timestamp", "hostname", "tests", "failures", "errors", "time"];
        for name in required {
            assert!(suite.attribute(name).is_some_and(|value| !value.is_empty()), "{name}");
        }
        assert_eq!(suite.attribute("timestamp"), Some("2026-01-02T03:04:05"));
        for case in suite.children().filter(|node| node.has_tag_name("testcase")) {
            assert!(["name", "classname", "time"].iter().all(|name| case.attribute(*name).is_some()));
            assert!(children(case).len() < 2);
        }
        let error = suite.descendants().find(|node| node.has_tag_name("error")).unwrap();
        assert!(error.attribute("type").is_some());
    }
}
