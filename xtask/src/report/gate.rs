//! What the gate says: for a terminal, for a reader of Markdown, as tests, and as findings.

mod sarif;

use anyhow::Result;

use super::cell::Cell;
use super::junit::{self, End, Suite, TestCase};
use super::table::Table;
use super::units;
use crate::gate::{CaseOutcome, Finding, Judgement, Outcome, Verdict};

pub(crate) use sarif::Origin;

pub(super) fn terminal(outcome: &Outcome) -> String {
    let mut text = format!("{}\n", compared(outcome));
    if !outcome.cases.is_empty() {
        text.push_str(&table(outcome).markdown());
    }
    for line in remarks(outcome) {
        text.push_str(&format!("{line}\n"));
    }
    text
}

pub(super) fn markdown(outcome: &Outcome) -> String {
    let mut text = format!("## Gate: {}\n\n{}\n", outcome.verdict, compared(outcome));
    if !outcome.cases.is_empty() {
        text.push_str(&format!("\n{}", table(outcome).markdown()));
    }
    let remarks = remarks(outcome);
    if !remarks.is_empty() {
        let lines: String = remarks.iter().map(|line| format!("- {line}\n")).collect();
        text.push_str(&format!("\n{lines}"));
    }
    text
}

/// Workflow commands of GitHub Actions: annotations, of each kind as many as it shows.
pub(super) fn annotations(outcome: &Outcome) -> String {
    const MOST: usize = 10;
    let of = |command: &str, verdict: Verdict| -> String {
        let cases = outcome.cases.iter().filter(|case| case.verdict == verdict).take(MOST);
        cases.map(|case| annotation(command, &case.case, &told(case).join("; "))).collect()
    };
    let notice =
        outcome.notice.iter().chain(&outcome.caution).map(|notice| annotation("notice", "gate", notice));
    let skipped = outcome
        .skipped
        .iter()
        .map(|one| annotation("notice", &one.case, &format!("skipped: {}", one.reason)));
    let notices: String = notice.chain(skipped).take(MOST).collect();
    [of("error", Verdict::Regression), of("warning", Verdict::Inconclusive), notices].concat()
}

/// One line. What would end it, or its title, is escaped as the runner's own toolkit does:
/// <https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts>.
fn annotation(command: &str, title: &str, message: &str) -> String {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let title = data(title).replace(':', "%3A").replace(',', "%2C");
    format!("::{command} title={title}::{}\n", data(message))
}

pub(super) fn junit(outcome: &Outcome) -> Result<String> {
    let test = |case: &CaseOutcome| TestCase {
        name: case.case.clone(),
        wall_ns: case.wall.as_ref().map_or(0, |wall| wall.base_ns),
        end: match case.verdict {
            Verdict::Pass | Verdict::Improved => End::Passed,
            Verdict::Regression => End::Failure(told(case).join("; ")),
            Verdict::Inconclusive => End::Skipped(format!("inconclusive: {}", told(case).join("; "))),
        },
    };
    let skipped = outcome.skipped.iter().map(|skipped| TestCase {
        name: skipped.case.clone(),
        wall_ns: 0,
        end: End::Skipped(skipped.reason.clone()),
    });
    junit::document(&Suite {
        name: &outcome.scenario,
        package: "orbit.gate",
        started: &outcome.started,
        host: &outcome.host,
        properties: vec![
            ("base", outcome.base.clone()),
            ("head", Some(outcome.head.clone())),
            ("seed", Some(outcome.seed.to_string())),
        ],
        cases: outcome.cases.iter().map(test).chain(skipped).collect(),
        notes: remarks(outcome).iter().map(|line| format!("{line}\n")).collect(),
    })
}

pub(super) fn sarif(outcome: &Outcome, origin: &Origin) -> Result<String> {
    sarif::document(outcome, origin)
}

/// One line.
fn compared(outcome: &Outcome) -> String {
    let Outcome { base, head, scenario, seed, notice, .. } = outcome;
    match (notice, base) {
        (Some(notice), _) => notice.clone(),
        (None, Some(base)) => format!("{scenario}: {head} against {base}, seed {seed}"),
        (None, None) => format!("{scenario}: {head}, seed {seed}"),
    }
}

fn table(outcome: &Outcome) -> Table {
    let row = |case: &CaseOutcome| {
        let clock = |judged: &Option<Judgement>| judged.as_ref().map_or_else(Cell::missing, slower);
        let wall = |cell: fn(&Judgement) -> Cell| case.wall.as_ref().map_or_else(Cell::missing, cell);
        vec![
            case.case.clone().into(),
            case.verdict.to_string().into(),
            clock(&case.cpu),
            clock(&case.wall),
            wall(|wall| units::time(wall.base_ns).into()),
            wall(|wall| format!("{:.1} %", wall.allowed_pct).into()),
            wall(|wall| format!("{:.1} %", wall.detectable_pct).into()),
            wall(|wall| format!("{:.1} %", wall.placebo_pct).into()),
        ]
    };
    let headings =
        ["Case", "Verdict", ">CPU", ">Wall", ">Base", ">Allowed", ">Would be seen", ">Equal programs"];
    Table::new(&headings, outcome.cases.iter().map(row).collect())
}

/// With its 95 % interval.
fn slower(judged: &Judgement) -> Cell {
    let Judgement { slower_pct, slower_lower_pct, slower_upper_pct, .. } = *judged;
    Cell::number(format!("{slower_pct:+.1} % ({slower_lower_pct:+.1} to {slower_upper_pct:+.1})"), slower_pct)
}

/// A line for everything that is not just a pass.
fn remarks(outcome: &Outcome) -> Vec<String> {
    let of_case = |case: &CaseOutcome| -> Vec<String> {
        let line = |(verdict, what): (Option<Verdict>, String)| {
            let weight = verdict.map_or_else(|| "beside it".to_owned(), |verdict| verdict.to_string());
            format!("{}: {weight}: {what}", case.case)
        };
        weighed(case).into_iter().map(line).collect()
    };
    let skipped = outcome.skipped.iter().map(|one| format!("skipped {}: {}", one.case, one.reason));
    outcome.caution.iter().cloned().chain(outcome.cases.iter().flat_map(of_case)).chain(skipped).collect()
}

/// What the verdict rests on, where it is not a pass or something changed.
fn told(case: &CaseOutcome) -> Vec<String> {
    weighed(case).into_iter().map(|(_, what)| what).collect()
}

/// Each with the verdict that it alone would be; none where it explains another or is worth knowing only.
fn weighed(case: &CaseOutcome) -> Vec<(Option<Verdict>, String)> {
    let of_finding =
        |finding: &Finding| (finding.is_regression.then_some(Verdict::Regression), finding.what.clone());
    let mut weighed: Vec<_> = case.findings.iter().map(of_finding).collect();
    for (clock, judged) in [("cpu", &case.cpu), ("wall", &case.wall)] {
        match judged {
            // A side that cannot copy has no times.
            None if case.findings.iter().any(|finding| finding.is_regression) => {}
            // Said once for all cases.
            None if case.wall_only && clock == "cpu" => {}
            None => weighed.push((Some(Verdict::Inconclusive), too_few(clock))),
            Some(judged) => {
                weighed.extend(of_clock(clock, judged).map(|what| (Some(judged.verdict), what)));
            }
        }
    }
    if case.invalid_blocks > 0 {
        let what = format!("{} blocks left out: the cache was not as it should be", case.invalid_blocks);
        weighed.push((None, what));
    }
    weighed.extend(case.explanations.iter().map(|what| (None, what.clone())));
    weighed
}

fn too_few(clock: &str) -> String {
    format!("{clock} time: too few valid blocks")
}

fn of_clock(clock: &str, judged: &Judgement) -> Option<String> {
    let Judgement { slower_pct, slower_lower_pct, slower_upper_pct, allowed_pct, .. } = *judged;
    match (judged.verdict, &judged.reason) {
        (Verdict::Pass, _) => None,
        (Verdict::Inconclusive, Some(reason)) => Some(format!("{clock} time: {reason}")),
        (Verdict::Improved, _) => Some(format!("{clock} time {slower_pct:+.1} %")),
        (Verdict::Regression | Verdict::Inconclusive, _) => Some(format!(
            "{clock} time {slower_pct:+.1} % ({slower_lower_pct:+.1} to {slower_upper_pct:+.1}), allowed are {allowed_pct:.1} %"
        )),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::plan::Skipped;

    pub(in crate::report) fn outcome(verdict: Verdict, cases: usize) -> Outcome {
        let finding =
            |what: &str| Finding { is_regression: verdict == Verdict::Regression, what: what.into() };
        let case = |index| CaseOutcome {
            case: format!("t/size={index}"),
            verdict,
            findings: vec![finding("50 % more,\nof: all")],
            wall_only: false,
            cpu: None,
            wall: None,
            invalid_blocks: 0,
            explanations: Vec::new(),
        };
        Outcome {
            schema: String::new(),
            verdict,
            notice: None,
            caution: None,
            base: Some("b".into()),
            head: "h".into(),
            scenario: "t".into(),
            started: "2026-01-02T03:04:05Z".into(),
            host: "m".into(),
            seed: 7,
            cases: (0..cases).map(case).collect(),
            skipped: vec![Skipped { case: "t/a,b".into(), reason: "no disk".into() }],
        }
    }

    #[test]
    fn annotations_are_lines_and_not_more_than_are_shown() {
        let text = annotations(&outcome(Verdict::Regression, 1));
        let expected =
            "::error title=t/size=0::50 %25 more,%0Aof: all\n::notice title=t/a%2Cb::skipped: no disk\n";
        assert_eq!(text, expected);
        let text = annotations(&outcome(Verdict::Inconclusive, 12));
        assert_eq!(text.matches("::warning ").count(), 10);
        assert!(text.contains("cpu time: too few valid blocks"), "{text}");
        assert_eq!(annotations(&outcome(Verdict::Pass, 3)).lines().count(), 1);
    }

    #[test]
    fn what_is_not_known_of_a_clock_is_said_once() {
        let mut outcome = outcome(Verdict::Pass, 2);
        outcome.caution = Some("wall alone".into());
        for case in &mut outcome.cases {
            case.wall_only = true;
            case.findings.clear();
        }
        let text = terminal(&outcome);
        assert_eq!((text.matches("wall alone").count(), text.matches("cpu time").count()), (1, 0), "{text}");
        assert_eq!(text.matches("wall time: too few valid blocks").count(), 2, "{text}");
    }

    #[test]
    fn a_terminal_and_a_page_show_the_same() {
        let outcome = outcome(Verdict::Regression, 1);
        let (shown, page) = (terminal(&outcome), markdown(&outcome));
        assert!(shown.starts_with("t: h against b, seed 7\n| Case "), "{shown}");
        assert!(page.starts_with("## Gate: regression\n\nt: h against b, seed 7\n\n| Case "), "{page}");
        assert!(
            shown.contains("\nt/size=0: regression: 50 % more")
                && shown.ends_with("skipped t/a,b: no disk\n")
        );
        assert!(page.ends_with("- skipped t/a,b: no disk\n"), "{page}");
    }

    #[test]
    fn only_what_the_verdict_rests_on_is_called_by_it() {
        let mut outcome = outcome(Verdict::Regression, 1);
        let case = &mut outcome.cases[0];
        case.findings.push(Finding { is_regression: false, what: "11 calls".into() });
        case.explanations = vec!["faults: 1 to 9".into()];
        case.invalid_blocks = 2;
        let shown = terminal(&outcome);
        for line in [
            "regression: 50 % more",
            "beside it: 11 calls",
            "beside it: faults: 1 to 9",
            "beside it: 2 blocks left out",
        ] {
            assert!(shown.contains(&format!("\nt/size=0: {line}")), "{line}: {shown}");
        }
        assert!(junit(&outcome).unwrap().contains("11 calls; 2 blocks left out"));
    }

    #[test]
    fn a_case_is_a_test() {
        let ends = |verdict| {
            let text = junit(&outcome(verdict, 1)).unwrap();
            let document = roxmltree::Document::parse(&text).unwrap();
            let count = |name| document.descendants().filter(|node| node.has_tag_name(name)).count();
            (count("testcase"), count("failure"), count("skipped"))
        };
        assert_eq!(ends(Verdict::Regression), (2, 1, 1));
        assert_eq!(ends(Verdict::Inconclusive), (2, 0, 2));
        assert_eq!((ends(Verdict::Pass), ends(Verdict::Improved)), ((2, 0, 1), (2, 0, 1)));
    }
}
