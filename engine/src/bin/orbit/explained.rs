//! What would be done and why, as lines or as JSON. Tells what the library found out; nothing was changed.

use orbit_engine::{
    Compression, Durability, Effective, Explanation, Mechanism, Placement, Values, Verification, shown,
};
use serde_json::{Map, Value, json};

use crate::presets;
use crate::report;
use crate::units::size;

/// For people.
pub(crate) fn lines(told: &Explanation, effective: &Effective) -> Vec<String> {
    let source = shown(&told.source);
    let mut lines =
        vec![format!("would copy {source} ({}) to {}", size(told.source_bytes), shown(&told.destination))];
    lines.push(ground(told));
    lines.push(format!("between: {}", told.pair));
    lines.push(format!("would try: {}", names(&told.plan.rungs)));
    lines.extend(told.plan.omissions.iter().map(|omission| format!("leaves out {omission}")));
    lines.push(values(told));
    lines.push(match told.placement {
        Placement::Staged => "written under a staging name, renamed when it is whole".to_owned(),
        Placement::InPlace => "written in place: the old content is lost when the copy fails".to_owned(),
        Placement::Resumable => {
            "written under a staging name that is kept when the copy ends early".to_owned()
        }
    });
    lines.extend(form(told.compression));
    lines.push(match told.verification {
        Verification::None => "not verified".to_owned(),
        level => format!("verified by {level}, read back"),
    });
    lines.push(match told.durability {
        Durability::None => "not synced".to_owned(),
        Durability::File => "the content is synced".to_owned(),
        Durability::FileAndDirectory => "the content and its name are synced".to_owned(),
    });
    lines.extend(presets::chosen(effective));
    lines
}

fn ground(told: &Explanation) -> String {
    let link = if told.writes_to == told.destination {
        String::new()
    } else {
        format!(", through a link to {}", shown(&told.writes_to))
    };
    match told.replaces_bytes {
        Some(bytes) => format!("replaces a file of {}{link}", size(bytes)),
        None => format!("replaces no file{link}"),
    }
}

fn values(told: &Explanation) -> String {
    let Values { zero_copy_threshold, reflink_threshold, kernel_chunk, pipe_size, buffered_chunk, .. } =
        told.plan.values;
    let from = match (&told.tuned_file, &told.tuning_warning) {
        (None, _) => "the defaults".to_owned(),
        (Some(path), Some(warning)) => {
            format!("the defaults, as {} does not hold here: {}", shown(path), warning.staleness)
        }
        (Some(path), None) if told.is_tuned => format!("the profile {} in {}", told.pair, shown(path)),
        (Some(path), None) => format!("the defaults, as {} has no profile of this pair", shown(path)),
    };
    format!(
        "by {from}: zero-copy from {zero_copy_threshold}, reflink from {reflink_threshold}, kernel chunk \
         {kernel_chunk}, pipe {pipe_size}, buffer {buffered_chunk}, threads {}",
        told.plan.threads
    )
}

fn form(compression: Compression) -> Option<String> {
    match compression {
        Compression::None => None,
        Compression::Decompress => Some("decompressed".to_owned()),
        compressed => Some(format!("compressed by {compressed}")),
    }
}

fn names(rungs: &[Mechanism]) -> String {
    match rungs {
        [] => "nothing, so that the copy would fail".to_owned(),
        rungs => rungs.iter().map(|rung| rung.name()).collect::<Vec<_>>().join(", then "),
    }
}

/// For programs.
pub(crate) fn json(told: &Explanation, effective: &Effective) -> Value {
    let mut object = report::begin("orbit.explanation/1");
    report::put_path(&mut object, "source", &told.source);
    report::put_path(&mut object, "destination", &told.destination);
    report::put_path(&mut object, "writes_to", &told.writes_to);
    let Explanation { pair, plan, .. } = told;
    report::put_all(
        &mut object,
        json!({
            "source_bytes": told.source_bytes,
            "replaces_bytes": told.replaces_bytes,
            "source_file_system": pair.source,
            "destination_file_system": pair.destination,
            "same_device": pair.same_device,
            "rungs": plan.rungs.iter().map(|rung| rung.name()).collect::<Vec<_>>(),
            "omissions": report::omissions(&plan.omissions),
            "threads": plan.threads,
            "values": values_object(&plan.values),
            "tuned": told.is_tuned,
            "placement": told.placement.name(),
            "compression": told.compression.to_string(),
            "verification": told.verification.name(),
            "durability": told.durability.name(),
            "settings": presets::entries(effective),
        }),
    );
    if let Some(path) = &told.tuned_file {
        report::put_path(&mut object, "tuned_file", path);
        object.insert("tuning_warning".into(), told.tuning_warning.as_ref().map(report::unused).into());
    }
    Value::Object(object)
}

/// Sizes in bytes; `always` is 0, `never` is null.
fn values_object(values: &Values) -> Map<String, Value> {
    use orbit_engine::Threshold;
    let threshold = |threshold| match threshold {
        Threshold::Always => Value::from(0),
        Threshold::AtLeast(bytes) => Value::from(bytes),
        Threshold::Never => Value::Null,
    };
    Map::from_iter([
        ("zero_copy_threshold_bytes".to_owned(), threshold(values.zero_copy_threshold)),
        ("reflink_threshold_bytes".to_owned(), threshold(values.reflink_threshold)),
        ("kernel_chunk_bytes".to_owned(), values.kernel_chunk.bytes().into()),
        ("pipe_size_bytes".to_owned(), values.pipe_size.bytes().into()),
        ("buffered_chunk_bytes".to_owned(), values.buffered_chunk.bytes().into()),
        ("parallel_threshold_bytes".to_owned(), threshold(values.parallel_threshold)),
    ])
}
