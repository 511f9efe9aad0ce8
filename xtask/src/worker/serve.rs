//! The worker's side: reads requests, answers each, until there are no more.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use orbit_engine::{Capability, Tuning, zero_copy_capabilities};
use serde::Deserialize;

use super::{Answer, Ask, Reply, Request, SCHEMA};
use crate::plan::{self, Case};
use crate::scenario::Scenario;
use crate::subject::{Programs, Setup};

/// A case that can be sampled.
struct Ready {
    case: Case,
    setup: Setup,
    /// Mechanisms that do not work there.
    refused: Vec<String>,
    source: PathBuf,
    destination: PathBuf,
}

/// Answers each line of `requests`, until there are no more.
pub(crate) fn serve(requests: impl BufRead, answers: &mut impl Write) -> Result<()> {
    let mut ready: BTreeMap<String, Ready> = BTreeMap::new();
    for line in requests.lines() {
        let line = line.context("cannot read requests")?;
        let answer = answer(&line, &mut ready)
            .unwrap_or_else(|error| Answer::Refused { reason: format!("{error:#}").replace('\n', " ") });
        serde_json::to_writer(&mut *answers, &Reply { schema: SCHEMA.to_owned(), answer })?;
        answers.write_all(b"\n")?;
        answers.flush()?;
    }
    Ok(())
}

fn answer(line: &str, ready: &mut BTreeMap<String, Ready>) -> Result<Answer> {
    match parse(line)? {
        Ask::Hello => Ok(Answer::Hello { engine: env!("CARGO_PKG_VERSION").to_owned() }),
        Ask::Prepare { scenario, case, source, destination, slower_pct } => {
            let mut prepared = prepare(scenario, &case, source, destination)?;
            if let Some(percent) = slower_pct {
                prepared.setup = prepared.setup.slower(percent)?;
            }
            let refused = std::mem::take(&mut prepared.refused);
            ready.insert(case, prepared);
            Ok(Answer::Prepared { refused: Some(refused) })
        }
        Ask::Sample { case } => {
            let Ready { case, setup, source, destination, .. } =
                ready.get(&case).with_context(|| format!("{case} was not prepared"))?;
            Ok(Answer::Sample(setup.measure(case, source, destination)?))
        }
    }
}

/// The version comes first: of another one nothing else is known.
fn parse(line: &str) -> Result<Ask> {
    #[derive(Deserialize)]
    struct Version {
        schema: String,
    }
    let Version { schema } = serde_json::from_str(line).context("that is no request")?;
    if schema != SCHEMA {
        bail!("schema is `{schema}`; this worker speaks `{SCHEMA}`");
    }
    let request: Request = serde_json::from_str(line).context("that is no request")?;
    Ok(request.ask)
}

fn prepare(scenario: String, id: &str, source: PathBuf, destination: PathBuf) -> Result<Ready> {
    let scenario = Scenario::parse(scenario, Path::new("scenario"))?;
    let case = plan::cases(&scenario).into_iter().find(|case| case.id == id);
    let case = case.with_context(|| format!("no case {id}"))?;
    let folder = |path: &Path| path.parent().map(Path::to_owned).context("a path without a folder");
    let capabilities = zero_copy_capabilities(&folder(&source)?, &folder(&destination)?)?;
    let setup = Setup::new(&case, &capabilities, &Tuning::default(), &Programs::new());
    let refused = capabilities.mechanisms.iter().filter_map(|(mechanism, capability)| match capability {
        Capability::Refused(reason) => Some(format!("{mechanism}: {reason}")),
        _ => None,
    });
    let refused = refused.collect();
    Ok(Ready { setup: setup.map_err(|reason| anyhow!(reason))?, case, refused, source, destination })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Measurement;
    use crate::system;
    use orbit_engine::Mechanism;

    const SCENARIO: &str = "schema = \"orbit.scenario/1\"\nname = \"t\"\nquestion = \"?\"\n[matrix]\nsize = 5000\n\
                            strategy = \"buffered\"\n";

    fn case() -> String {
        plan::cases(&Scenario::parse(SCENARIO.to_owned(), Path::new("t")).unwrap()).remove(0).id
    }

    /// The answers to these lines.
    fn answers(lines: &[String]) -> Vec<Answer> {
        let mut out = Vec::new();
        serve(lines.join("\n").as_bytes(), &mut out).unwrap();
        let replies = String::from_utf8(out).unwrap();
        let reply = |line: &str| serde_json::from_str::<Reply>(line).unwrap();
        assert!(replies.lines().all(|line| reply(line).schema == SCHEMA));
        replies.lines().map(|line| reply(line).answer).collect()
    }

    fn line(ask: Ask) -> String {
        serde_json::to_string(&Request { schema: SCHEMA.to_owned(), ask }).unwrap()
    }

    fn reason(answer: &Answer) -> &str {
        let Answer::Refused { reason } = answer else { panic!("{answer:?} is no refusal") };
        assert_eq!(reason.lines().count(), 1, "{reason}");
        reason
    }

    #[test]
    fn a_case_is_prepared_once_and_copied_as_often_as_asked() {
        let folder = tempfile::tempdir().unwrap();
        let (source, destination) = (folder.path().join("s"), folder.path().join("d"));
        std::fs::write(&source, [7; 5000]).unwrap();
        let prepare = Ask::Prepare {
            scenario: SCENARIO.to_owned(),
            case: case(),
            source,
            destination: destination.clone(),
            slower_pct: None,
        };
        let sample = || line(Ask::Sample { case: case() });
        let found = answers(&[line(Ask::Hello), sample(), line(prepare), sample(), sample()]);
        assert_eq!(found[0], Answer::Hello { engine: env!("CARGO_PKG_VERSION").to_owned() });
        assert_eq!(reason(&found[1]), format!("{} was not prepared", case()));
        let Answer::Prepared { refused: Some(refused) } = &found[2] else { panic!("{:?}", found[2]) };
        let capabilities = zero_copy_capabilities(folder.path(), folder.path()).unwrap();
        let is_refused = |mechanism: Mechanism| {
            capabilities.mechanisms.iter().any(|(known, capability)| {
                *known == mechanism && matches!(capability, Capability::Refused(_))
            })
        };
        for mechanism in [Mechanism::Reflink, Mechanism::CopyFileRange, Mechanism::Splice] {
            let told = refused.iter().any(|line| line.starts_with(&format!("{mechanism}: ")));
            assert_eq!(told, is_refused(mechanism), "{refused:?}");
        }
        let Answer::Sample(sample) = &found[3] else { panic!("{:?}", found[3]) };
        assert_eq!((sample.bytes, sample.mechanism), (5000, Some(Mechanism::ReadWrite)));
        assert!(sample.wall_ns > 0 && sample.system_calls.is_some_and(|calls| calls > 0));
        assert_eq!(std::fs::read(&destination).unwrap(), [7; 5000]);
        assert!(matches!(&found[4], Answer::Sample(again) if again.bytes == 5000));
    }

    #[test]
    fn a_slower_copy_takes_so_much_longer_and_is_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let (source, destination) = (folder.path().join("s"), folder.path().join("d"));
        std::fs::write(&source, [7; 5000]).unwrap();
        let least = |slower_pct: Option<u32>| {
            let (source, destination) = (source.clone(), destination.clone());
            let prepare = Ask::Prepare {
                scenario: SCENARIO.to_owned(),
                case: case(),
                source,
                destination: destination.clone(),
                slower_pct,
            };
            let asked = [vec![line(prepare)], vec![line(Ask::Sample { case: case() }); 15]].concat();
            let samples = answers(&asked).into_iter().filter_map(|answer| match answer {
                Answer::Sample(sample) => Some(sample),
                _ => None,
            });
            let samples: Vec<_> = samples.collect();
            assert_eq!(samples.len(), 15);
            assert_eq!(std::fs::read(&destination).unwrap(), [7; 5000]);
            let of = |clock: fn(&Measurement) -> Option<u64>| samples.iter().filter_map(clock).min();
            (of(|sample| Some(sample.wall_ns)).unwrap(), of(|sample| sample.cpu_ns))
        };
        let (plain, slower) = (least(None), least(Some(900)));
        // Ten times as long in truth.
        assert!(slower.0 > 4 * plain.0, "{plain:?} {slower:?}");
        assert_eq!(slower.1.is_some(), system::KNOWS_PROCESSOR_TIME);
        assert!(
            slower.1.zip(plain.1).is_none_or(|(slower, plain)| slower > 4 * plain),
            "{plain:?} {slower:?}"
        );
    }

    #[test]
    fn another_version_is_refused_in_one_line_and_the_worker_goes_on() {
        let later = "{\"schema\":\"orbit.worker/2\",\"ask\":\"dance\"}".to_owned();
        let found = answers(&[later, "{}".to_owned(), "no JSON".to_owned(), line(Ask::Hello)]);
        assert_eq!(reason(&found[0]), "schema is `orbit.worker/2`; this worker speaks `orbit.worker/1`");
        assert!(reason(&found[1]).starts_with("that is no request: missing field `schema`"));
        assert!(reason(&found[2]).starts_with("that is no request: expected"));
        assert!(matches!(found[3], Answer::Hello { .. }));
        let unknown = format!("{{\"schema\":\"{SCHEMA}\",\"ask\":\"dance\"}}");
        assert!(reason(&answers(&[unknown])[0]).contains("unknown variant `dance`"));
    }

    #[test]
    fn what_cannot_be_prepared_says_why() {
        let prepare = |scenario: &str, case: &str| {
            let path = || std::env::temp_dir().join("nothing");
            let ask = Ask::Prepare {
                scenario: scenario.to_owned(),
                case: case.to_owned(),
                source: path(),
                destination: path(),
                slower_pct: None,
            };
            reason(&answers(&[line(ask)])[0]).to_owned()
        };
        assert_eq!(prepare(SCENARIO, "t/other"), "no case t/other");
        assert!(prepare("schema = 1", "t").starts_with("scenario:1: "));
        let cp = SCENARIO.replace("strategy = \"buffered\"", "subject = \"cp\"");
        let id = plan::cases(&Scenario::parse(cp.clone(), Path::new("t")).unwrap()).remove(0).id;
        assert_eq!(prepare(&cp, &id), "cp was not looked for");
    }
}
