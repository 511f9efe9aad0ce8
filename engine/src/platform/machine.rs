//! What the machine is. The same files tell it wherever they are; a system without them tells nothing.

use std::fs;

use super::Calls;

/// Model of the processor.
pub(crate) fn cpu(calls: &Calls) -> Option<String> {
    let text = text(calls, "/proc/cpuinfo")?;
    let line = text.lines().find_map(|line| line.strip_prefix("model name"))?;
    named(line.split_once(':')?.1)
}

/// Release of the kernel.
pub(crate) fn kernel(calls: &Calls) -> Option<String> {
    named(&text(calls, "/proc/sys/kernel/osrelease")?)
}

fn text(calls: &Calls, path: &str) -> Option<String> {
    // Open, read, read nothing more, close; more where the file is long.
    calls.add(4);
    fs::read_to_string(path).ok()
}

fn named(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
