//! How long tasks of this machine waited for something, by the kernel's pressure stall information: the time in which at
//! least one of them did. Kernels without it say nothing.

use super::counters::{Usage, since};
use crate::system;

/// Since boot.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pressure {
    io_ns: Option<u64>,
    cpu_ns: Option<u64>,
}

impl Pressure {
    pub(super) fn now() -> Self {
        Self::of(|name| system::kernel_file(&format!("/proc/pressure/{name}")))
    }

    /// By the text of the files that are called so.
    fn of(read: impl Fn(&str) -> Option<String>) -> Self {
        let read = |name: &str| some_ns(&read(name)?);
        Self { io_ns: read("io"), cpu_ns: read("cpu") }
    }

    /// `usage` with what came since `earlier`.
    pub(super) fn since(self, earlier: Self, usage: Usage) -> Usage {
        let io_pressure_ns = since(self.io_ns, earlier.io_ns);
        let cpu_pressure_ns = since(self.cpu_ns, earlier.cpu_ns);
        Usage { io_pressure_ns, cpu_pressure_ns, ..usage }
    }
}

/// `some avg10=0.00 avg60=0.00 avg300=0.00 total=MICROSECONDS`.
fn some_ns(text: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with("some "))?;
    let total: u64 = line.split_once("total=")?.1.trim().parse().ok()?;
    total.checked_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_of_some_is_read() {
        let text = "some avg10=1.07 avg60=1.18 avg300=2.00 total=81655318\nfull avg10=0.47 avg60=0.85 avg300=1.04 total=7\n";
        assert_eq!(some_ns(text), Some(81_655_318_000));
        assert_eq!(some_ns(""), None);
        assert_eq!(some_ns("full avg10=0.47 total=7\n"), None);
    }

    #[test]
    fn each_pressure_is_that_of_its_own_file() {
        let total = |name: &str| if name == "io" { 3 } else { 4 };
        let Pressure { io_ns, cpu_ns } = Pressure::of(|name| Some(format!("some total={}\n", total(name))));
        assert_eq!((io_ns, cpu_ns), (Some(3000), Some(4000)));
    }

    #[test]
    fn a_kernel_without_it_says_nothing() {
        let (none, some) =
            (Pressure { io_ns: None, cpu_ns: None }, Pressure { io_ns: Some(9), cpu_ns: Some(5) });
        assert_eq!(none.since(none, Usage::default()), Usage::default());
        let then = Pressure { io_ns: Some(2), cpu_ns: Some(5) };
        let usage = some.since(then, Usage::default());
        assert_eq!((usage.io_pressure_ns, usage.cpu_pressure_ns), (Some(7), Some(0)));
    }
}
