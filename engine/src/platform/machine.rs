//! What the machine is. The same files tell it wherever they are; a system without them tells nothing.

use std::fs;

use super::Calls;

/// Model of the processor.
pub(crate) fn cpu(calls: &Calls) -> Option<String> {
    model(&text(calls, "/proc/cpuinfo")?)
}

/// By its name, or by the numbers of who designed it and of what, which is all that most arm64 kernels tell.
fn model(told: &str) -> Option<String> {
    let value = |key: &str| {
        let line = told.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix(':'))?;
        named(line)
    };
    value("model name")
        .or_else(|| Some(format!("implementer {}, part {}", value("CPU implementer")?, value("CPU part")?)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_has_a_name_or_numbers() {
        let named = "processor\t: 0\nmodel\t\t: 17\nmodel name\t: Some: 7 CPU \n\nprocessor\t: 1\n";
        assert_eq!(model(named).as_deref(), Some("Some: 7 CPU"));
        let numbered = "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n";
        assert_eq!(model(numbered).as_deref(), Some("implementer 0x41, part 0xd0c"));
        assert_eq!(model("processor\t: 0\nCPU part\t: 0xd0c\n"), None);
        assert_eq!(model("model name\t:\n"), None);
    }
}
