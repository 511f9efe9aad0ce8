//! `orbit capabilities`: what really works between two directories, by a real copy with each mechanism.

use std::path::Path;

use orbit_engine::{
    Capability, FileSystemPair, Mechanism, ZeroCopyCapabilities, shown, zero_copy_capabilities,
};
use serde_json::{Map, Value, json};

use crate::args::CapabilitiesArguments;
use crate::failure::{Exit, Failure};
use crate::signals::Signals;
use crate::{print, report};

/// Probes and tells.
///
/// # Errors
/// When one of the directories cannot be written to and read, or a signal came.
pub(crate) fn run(arguments: &CapabilitiesArguments) -> Result<(), Failure> {
    let from = arguments.from.as_path();
    let to = arguments.to.as_deref().unwrap_or(from);
    // Probing takes a moment; a signal that ended it at once would leave its files in both directories.
    let signals = Signals::listen()?;
    let found = zero_copy_capabilities(from, to);
    if let Some(signal) = signals.caught() {
        return Err(Failure { message: "probing was ended".to_owned(), exit: Exit::Signal(signal) });
    }
    let found = found.map_err(|error| {
        Failure::failed(format!("{error}; both must be directories in which files can be made"))
    })?;
    if arguments.json {
        return print::out(&format!("{}\n", json(from, to, &found)));
    }
    print::lines(&lines(from, to, &found))
}

fn lines(from: &Path, to: &Path, found: &ZeroCopyCapabilities) -> Vec<String> {
    let FileSystemPair { source, destination, same_device } = &found.pair;
    let mut lines = vec![
        format!("from {} ({source}) to {} ({destination})", shown(from), shown(to)),
        format!("on {} device", if *same_device { "the same" } else { "another" }),
    ];
    let width = found.mechanisms.iter().map(|(mechanism, _)| mechanism.name().len()).max().unwrap_or(0);
    for (mechanism, capability) in &found.mechanisms {
        lines.push(format!("  {mechanism:width$}  {}", text(*capability)));
    }
    lines.push(match found.best() {
        Some(best) => format!("zero-copy works, first by {best}"),
        None => "zero-copy does not work; files are read and written".to_owned(),
    });
    lines
}

fn text(capability: Capability) -> String {
    match capability {
        Capability::Works => "works".to_owned(),
        Capability::Refused(reason) => format!("refused: {reason}"),
        Capability::NotBuiltIn => "not in this build".to_owned(),
        Capability::WrongContent => "claims to copy, and the content is wrong".to_owned(),
        _ => format!("{capability:?}"),
    }
}

fn json(from: &Path, to: &Path, found: &ZeroCopyCapabilities) -> Value {
    let mut object = report::begin("orbit.capabilities/1");
    report::put_path(&mut object, "source_directory", from);
    report::put_path(&mut object, "destination_directory", to);
    let best = found.best().map(Mechanism::name);
    report::put_all(
        &mut object,
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "source_file_system": found.pair.source,
            "destination_file_system": found.pair.destination,
            "same_device": found.pair.same_device,
            "mechanisms": found.mechanisms.iter().map(mechanism).collect::<Vec<_>>(),
            "best": best,
        }),
    );
    Value::Object(object)
}

fn mechanism((mechanism, capability): &(Mechanism, Capability)) -> Value {
    let mut told = match capability {
        Capability::Refused(reason) => report::refused(*reason),
        _ => Map::new(),
    };
    told.insert("mechanism".into(), mechanism.name().into());
    told.insert("works".into(), (*capability == Capability::Works).into());
    if matches!(capability, Capability::NotBuiltIn | Capability::WrongContent) {
        told.insert("message".into(), text(*capability).into());
    }
    Value::Object(told)
}
