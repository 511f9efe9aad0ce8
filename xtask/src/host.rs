//! The machine and the build that a run was measured on. Looks, changes nothing.

use std::path::Path;
use std::process::Command;

use orbit_engine::Machine;
use serde::{Deserialize, Serialize};

use crate::system::{self, Names};

/// The machine and the build. What this system does not tell is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Host {
    pub(crate) name: String,
    /// Operating system and release.
    pub(crate) kernel: String,
    pub(crate) cpu: String,
    /// Processors that this process may use.
    pub(crate) cpus: u32,
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) governor: Option<String>,
    pub(crate) hypervisor: Option<String>,
    /// Output of `rustc --version`.
    pub(crate) rustc: Option<String>,
    /// Build profile: `release` or `debug`.
    pub(crate) profile: String,
    /// Abbreviated git revision.
    pub(crate) revision: Option<String>,
    /// Whether the working copy differed from it.
    pub(crate) dirty: Option<bool>,
}

impl Host {
    /// Looks at this machine and at the git checkout in `root`.
    pub(crate) fn look(root: &Path) -> Self {
        let Names { host, system } = system::names();
        let Machine { cpu, processors, kernel } = Machine::here();
        let cpuinfo = system::kernel_file("/proc/cpuinfo").unwrap_or_default();
        Self {
            name: host,
            // As the engine knows it, which compares it with what a tuned file says.
            kernel: format!("{system} {kernel}"),
            cpu,
            cpus: processors,
            memory_bytes: meminfo_bytes("MemTotal"),
            governor: first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            hypervisor: hypervisor(&cpuinfo),
            rustc: output(root, "rustc", &["--version"]),
            profile: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
            revision: output(root, "git", &["rev-parse", "--short=12", "HEAD"]),
            dirty: output(root, "git", &["status", "--porcelain"]).map(|changes| !changes.is_empty()),
        }
    }

    /// The machine alone.
    pub(crate) fn machine(&self) -> Machine {
        Machine {
            cpu: self.cpu.clone(),
            processors: self.cpus,
            kernel: self.kernel.rsplit(' ').next().unwrap_or_default().to_owned(),
        }
    }
}

fn field<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == key).then(|| value.trim())
    })
}

/// Memory that programs can have now without anything being swapped out.
pub(crate) fn memory_available_bytes() -> Option<u64> {
    meminfo_bytes("MemAvailable")
}

fn meminfo_bytes(key: &str) -> Option<u64> {
    let meminfo = system::kernel_file("/proc/meminfo")?;
    let kibibytes: u64 = field(&meminfo, key)?.strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

fn hypervisor(cpuinfo: &str) -> Option<String> {
    let flags = field(cpuinfo, "flags")?;
    flags.split(' ').find(|flag| *flag == "hypervisor")?;
    first_line("/sys/class/dmi/id/sys_vendor").or_else(|| Some("unnamed".to_owned()))
}

fn first_line(path: &str) -> Option<String> {
    let text = system::kernel_file(path)?;
    text.lines().next().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty())
}

fn output(directory: &Path, program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).current_dir(directory).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_described() {
        let host = Host::look(Path::new(env!("CARGO_MANIFEST_DIR")));
        assert!(host.cpus >= 1 && !host.name.is_empty() && !host.kernel.is_empty(), "{host:?}");
        assert_eq!(host.machine(), Machine::here());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_tells_of_its_memory() {
        let host = Host::look(Path::new(env!("CARGO_MANIFEST_DIR")));
        let available = memory_available_bytes().expect("Linux tells it");
        assert!(available > 0 && Some(available) <= host.memory_bytes, "{available}");
        assert!(host.rustc.is_some_and(|version| version.starts_with("rustc ")));
    }

    #[test]
    fn fields_are_found_by_their_whole_name() {
        assert_eq!(field("model name\t: A B\nmodel : 7\n", "model"), Some("7"));
        assert_eq!(hypervisor("flags : fpu hypervisors\n"), None);
    }
}
