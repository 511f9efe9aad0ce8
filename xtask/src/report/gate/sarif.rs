//! What the gate says in the form that code hosts show beside a change, SARIF 2.1.0
//! (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>): a result for each regression and for each clock
//! that is too noisy. What passed, and what could not be compared, is no result.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};

use crate::gate::{CaseOutcome, Judgement, Outcome, Verdict};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The file that a result points at: the scenario's, where its cases stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Relative to the checkout, with `/`; absolute where it lies elsewhere.
    pub(crate) path: String,
    /// Of each key of the matrix.
    pub(crate) lines: BTreeMap<String, u64>,
}

impl Origin {
    /// The list that the case's file or tree is from: what its id begins with, behind the scenario's name.
    fn line(&self, case: &str) -> u64 {
        let key = case.split('/').nth(1).and_then(|axis| axis.split('=').next());
        key.and_then(|key| self.lines.get(key)).copied().unwrap_or(1)
    }
}

/// What can be found. Code hosts know a finding again by these names, so they never change.
#[derive(Clone, Copy)]
enum Rule {
    Counted,
    CpuTime,
    WallTime,
}

impl Rule {
    const ALL: [Self; 3] = [Self::Counted, Self::CpuTime, Self::WallTime];

    fn id(self) -> &'static str {
        match self {
            Self::Counted => "gate/counted",
            Self::CpuTime => "gate/cpu-time",
            Self::WallTime => "gate/wall-time",
        }
    }

    fn described(self) -> &'static str {
        match self {
            Self::Counted => {
                "A copy fails, loses its fast path, is refused, is tried again or breaks a budget, and on the base it does not."
            }
            Self::CpuTime => {
                "A copy takes more processor time than on the base, beyond what is allowed and beyond noise."
            }
            Self::WallTime => {
                "A copy takes longer than on the base, beyond what is allowed and beyond noise."
            }
        }
    }
}

pub(super) fn document(outcome: &Outcome, origin: &Origin) -> Result<String> {
    let rule = |rule: Rule| {
        json!({
            "id": rule.id(),
            "shortDescription": { "text": rule.described() },
            "defaultConfiguration": { "level": "error" },
        })
    };
    let results: Vec<Value> = outcome.cases.iter().flat_map(|case| results(case, origin)).collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "cargo xtask gate",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": Rule::ALL.map(rule),
            } },
            "automationDetails": { "id": format!("gate/{}/", outcome.scenario) },
            "invocations": [{
                "executionSuccessful": true,
                "startTimeUtc": outcome.started,
                "machine": outcome.host,
                "toolExecutionNotifications": notifications(outcome),
            }],
            "results": results,
            "properties": {
                "verdict": outcome.verdict,
                "base": outcome.base,
                "head": outcome.head,
                "seed": outcome.seed.to_string(),
            },
        }],
    });
    Ok(serde_json::to_string_pretty(&log)? + "\n")
}

/// What is no finding: nothing to compare with, cases that were not compared.
fn notifications(outcome: &Outcome) -> Vec<Value> {
    let note = |text: String| json!({ "level": "note", "message": { "text": text } });
    let skipped = outcome.skipped.iter().map(|one| format!("skipped {}: {}", one.case, one.reason));
    outcome.notice.iter().chain(&outcome.caution).cloned().chain(skipped).map(note).collect()
}

fn results(case: &CaseOutcome, origin: &Origin) -> Vec<Value> {
    let mut found = Vec::new();
    let counted = case.findings.iter().filter(|finding| finding.is_regression);
    found.extend(counted.map(|finding| result(case, Rule::Counted, "error", &finding.what, origin)));
    let fails_anyway = !found.is_empty();
    for (rule, clock, judged) in [(Rule::CpuTime, "cpu", &case.cpu), (Rule::WallTime, "wall", &case.wall)] {
        let is_said = fails_anyway || (case.wall_only && clock == "cpu");
        let Some((level, text)) = timed(clock, judged.as_ref(), is_said) else { continue };
        let text = std::iter::once(text).chain(case.explanations.iter().cloned()).collect::<Vec<_>>();
        found.push(result(case, rule, level, &text.join("; "), origin));
    }
    found
}

/// The level of a clock's result, and what it says; nothing where it has none and why `is_said` elsewhere.
fn timed(clock: &str, judged: Option<&Judgement>, is_said: bool) -> Option<(&'static str, String)> {
    match judged {
        None if is_said => None,
        None => Some(("warning", super::too_few(clock))),
        Some(judged) => {
            let level = match judged.verdict {
                Verdict::Pass | Verdict::Improved => return None,
                Verdict::Inconclusive => "warning",
                Verdict::Regression => "error",
            };
            Some((level, super::of_clock(clock, judged)?))
        }
    }
}

fn result(case: &CaseOutcome, rule: Rule, level: &str, text: &str, origin: &Origin) -> Value {
    json!({
        "ruleId": rule.id(),
        "ruleIndex": rule as usize,
        "level": level,
        "message": { "text": format!("{}: {text}", case.case) },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": location(&origin.path),
                "region": { "startLine": origin.line(&case.case) },
            },
            "logicalLocations": [{ "fullyQualifiedName": case.case }],
        }],
        // Of one rule and case, so that a host knows it again whatever the figures are.
        "partialFingerprints": { "caseOfRule/v1": format!("{} {}", rule.id(), case.case) },
    })
}

fn location(path: &str) -> Value {
    let uri = encoded(path);
    if path.starts_with('/') {
        json!({ "uri": format!("file://{uri}") })
    } else {
        json!({ "uri": uri, "uriBaseId": "%SRCROOT%" })
    }
}

/// As RFC 3986 wants paths.
fn encoded(path: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    path.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::outcome;
    use super::*;

    /// As OASIS publishes it; see `tests/schemas/README.md`.
    const OFFICIAL: &str = include_str!("../../../tests/schemas/sarif-2.1.0.json");

    fn planted(verdict: Verdict, slower_pct: f64) -> Judgement {
        Judgement {
            verdict,
            reason: None,
            base_ns: 1_000_000,
            slower_pct,
            slower_lower_pct: slower_pct - 1.0,
            slower_upper_pct: slower_pct + 1.0,
            allowed_pct: 3.0,
            detectable_pct: 5.0,
            placebo_pct: 0.1,
            screen_blocks: 16,
            screen_p: 0.5,
            confirm_blocks: 0,
            confirm_p: None,
        }
    }

    fn origin() -> Origin {
        Origin { path: "bench-scenarios/a b.toml".into(), lines: [("size".to_owned(), 16)].into() }
    }

    fn log(outcome: &Outcome, origin: &Origin) -> Value {
        let log = serde_json::from_str(&document(outcome, origin).unwrap()).unwrap();
        let mut schema: Value = serde_json::from_str(OFFICIAL).unwrap();
        for definition in ["run", "toolComponent"] {
            // Languages are not written, and their pattern has a bracket too many for this engine.
            let language = &mut schema["definitions"][definition]["properties"]["language"];
            assert!(language.as_object_mut().unwrap().remove("pattern").is_some());
        }
        let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:?}");
        for path in ["/version", "/runs/0/tool", "/runs/0/invocations/0/startTimeUtc"] {
            let mut wrong: Value = log.clone();
            *wrong.pointer_mut(path).unwrap() = json!("x");
            assert!(!validator.is_valid(&wrong), "{path}");
        }
        log
    }

    fn results(outcome: &Outcome) -> Vec<Value> {
        log(outcome, &origin())["runs"][0]["results"].as_array().unwrap().clone()
    }

    #[test]
    fn what_regressed_is_an_error_where_its_cases_stand() {
        let mut regressed = outcome(Verdict::Regression, 1);
        regressed.cases[0].wall = Some(planted(Verdict::Regression, 12.0));
        regressed.cases[0].explanations = vec!["faults: 1 on the base, 9 on the head".into()];
        let found = results(&regressed);
        let told: Vec<(&str, &str)> = found
            .iter()
            .map(|one| (one["ruleId"].as_str().unwrap(), one["level"].as_str().unwrap()))
            .collect();
        // The processor time has no judgement, which is no finding beside what is counted.
        assert_eq!(told, [("gate/counted", "error"), ("gate/wall-time", "error")]);
        let text = found[1]["message"]["text"].as_str().unwrap();
        assert!(text.starts_with("t/size=0: wall time +12.0 %") && text.ends_with("9 on the head"), "{text}");
        let place = &found[0]["locations"][0]["physicalLocation"];
        assert_eq!(
            *place,
            json!({
                "artifactLocation": { "uri": "bench-scenarios/a%20b.toml", "uriBaseId": "%SRCROOT%" },
                "region": { "startLine": 16 },
            })
        );
        let mark = |one: &Value| one["partialFingerprints"]["caseOfRule/v1"].clone();
        assert_eq!(
            (mark(&found[0]), mark(&found[1])),
            ("gate/counted t/size=0".into(), "gate/wall-time t/size=0".into())
        );
    }

    #[test]
    fn what_is_not_sure_is_a_warning_and_what_passed_is_nothing() {
        let levels = |verdict| -> Vec<Value> {
            let mut outcome = outcome(verdict, 2);
            for case in &mut outcome.cases {
                case.findings.clear();
                (case.cpu, case.wall) = (Some(planted(Verdict::Pass, 0.0)), Some(planted(verdict, 1.0)));
            }
            results(&outcome).iter().map(|one| one["level"].clone()).collect()
        };
        assert_eq!(levels(Verdict::Inconclusive), ["warning", "warning"]);
        assert_eq!(levels(Verdict::Regression), ["error", "error"]);
        assert!(levels(Verdict::Pass).is_empty() && levels(Verdict::Improved).is_empty());
    }

    #[test]
    fn rules_are_those_that_results_name() {
        let log = log(&outcome(Verdict::Regression, 3), &origin());
        let run = &log["runs"][0];
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        }
        assert_eq!(Rule::ALL.map(Rule::id), ["gate/counted", "gate/cpu-time", "gate/wall-time"]);
    }

    #[test]
    fn a_notice_and_what_was_skipped_are_told_as_such() {
        let mut nothing = outcome(Verdict::Pass, 0);
        (nothing.base, nothing.notice) = (None, Some("no base".into()));
        let log = log(&nothing, &Origin { path: "/far away/s.toml".into(), lines: BTreeMap::new() });
        let told = &log["runs"][0]["invocations"][0]["toolExecutionNotifications"];
        let texts: Vec<&Value> = told.as_array().unwrap().iter().map(|one| &one["message"]["text"]).collect();
        assert_eq!(texts, ["no base", "skipped t/a,b: no disk"]);
        assert_eq!(location("/far away/s.toml"), json!({ "uri": "file:///far%20away/s.toml" }));
        assert_eq!(origin().line("t/workload=mix"), 1);
    }
}
