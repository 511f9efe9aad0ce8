//! `orbit presets`: what each preset sets, and with `--effective` what holds here and where it comes from.

use orbit_engine::{Effective, Entry, Origin, Preset, Settings};
use serde_json::{Map, Value, json};

use crate::args::PresetsArguments;
use crate::failure::Failure;
use crate::{print, report, settings, story};

/// Shows the presets, or what holds.
///
/// # Errors
/// Flags that only `--effective` reads, and whatever is wrong with the settings.
pub(crate) fn run(arguments: &PresetsArguments) -> Result<(), Failure> {
    let flags = &arguments.settings;
    if !arguments.effective {
        if flags.config().is_some() || flags.settings() != Settings::default() {
            return Err(Failure::usage("flags for copies need --effective, which shows what they come to"));
        }
        return show(arguments.json);
    }
    let effective = settings::gather(flags)?;
    // A tuned file that a copy would refuse is refused here too.
    if let Some(line) = story::unused(&settings::tuning(&effective)?) {
        print::say(&format!("orbit: {line}"));
    }
    if arguments.json {
        let mut object = report::begin("orbit.settings/1");
        object.insert("settings".into(), entries(&effective));
        return print::out(&format!("{}\n", Value::Object(object)));
    }
    print::lines(&effective.entries().iter().map(line).collect::<Vec<_>>())
}

/// The settings that are not the defaults.
pub(crate) fn chosen(effective: &Effective) -> Vec<String> {
    effective.entries().iter().filter(|entry| entry.origin != Origin::Default).map(line).collect()
}

fn line(Entry { key, value, origin, .. }: &Entry) -> String {
    format!("{key} = {value} ({origin})")
}

/// Every setting by its key.
pub(crate) fn entries(effective: &Effective) -> Value {
    let told = |entry: &Entry| {
        let told = json!({ "value": entry.value, "origin": entry.origin.to_string() });
        (entry.key.to_owned(), told)
    };
    Value::Object(effective.entries().iter().map(told).collect::<Map<_, _>>())
}

fn show(as_json: bool) -> Result<(), Failure> {
    let mut columns = vec![("default", of(None)?)];
    for preset in Preset::ALL {
        columns.push((preset.name(), of(Some(*preset))?));
    }
    if as_json {
        return print::out(&format!("{}\n", table_as_json(&columns)));
    }
    print::lines(&table(&columns))
}

fn of(preset: Option<Preset>) -> Result<Vec<Entry>, Failure> {
    let mut settings = Settings::default();
    settings.preset = preset;
    let effective = Effective::resolve(vec![(Origin::Flag, settings)])
        .map_err(|contradiction| Failure::usage(contradiction.to_string()))?;
    Ok(effective.entries().into_iter().filter(|entry| entry.key != "preset").collect())
}

fn table(columns: &[(&str, Vec<Entry>)]) -> Vec<String> {
    let keys: Vec<&str> = columns[0].1.iter().map(|entry| entry.key).collect();
    let mut cells =
        vec![[vec![String::new()], columns.iter().map(|(name, _)| (*name).to_owned()).collect()].concat()];
    for (row, key) in keys.iter().enumerate() {
        let values = columns.iter().map(|(_, entries)| entries[row].value.clone());
        cells.push(std::iter::once((*key).to_owned()).chain(values).collect());
    }
    let width = |column: usize| cells.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..=columns.len()).map(width).collect();
    let row = |row: &Vec<String>| {
        let padded = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    cells.iter().map(row).collect()
}

fn table_as_json(columns: &[(&str, Vec<Entry>)]) -> Value {
    let mut object = report::begin("orbit.presets/1");
    for (name, entries) in columns {
        let values = entries.iter().map(|entry| (entry.key.to_owned(), Value::from(entry.value.clone())));
        object.insert((*name).to_owned(), Value::Object(values.collect()));
    }
    Value::Object(object)
}
