//! Which machine values were measured on.

use serde::{Deserialize, Serialize};

use crate::platform::{self, Calls};

/// A machine, as far as it decides which values are good on it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Processor model; `unknown` where the system does not tell.
    pub cpu: String,
    /// Processors that the process may use.
    pub processors: u32,
    /// Release of the kernel; `unknown` where the system does not tell.
    pub kernel: String,
}

impl Machine {
    /// This machine.
    #[must_use]
    pub fn here() -> Self {
        let calls = &Calls::default();
        let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "unknown".to_owned());
        Self {
            cpu: or_unknown(platform::cpu(calls)),
            processors: platform::processors(),
            kernel: or_unknown(platform::kernel(calls)),
        }
    }

    /// The machines for which one measurement is enough: those with this processor, as many of them, and a kernel of
    /// this major and minor version.
    ///
    /// ```
    /// use orbit_engine::Machine;
    /// let machine = |kernel: &str| Machine { cpu: "a processor".into(), processors: 8, kernel: kernel.into() };
    /// assert_eq!(machine("6.18.44-cloud").class(), machine("6.18.1").class());
    /// assert_ne!(machine("6.18.44-cloud").class(), machine("6.1.44-cloud").class());
    /// ```
    #[must_use]
    pub fn class(&self) -> Self {
        Self { kernel: series(&self.kernel).to_owned(), ..self.clone() }
    }
}

/// Major and minor number of a version; all of a text that begins with no number.
pub(super) fn series(version: &str) -> &str {
    let mut dots = 0;
    let end = version.find(|char: char| {
        dots += u32::from(char == '.');
        dots == 2 || !(char.is_ascii_digit() || char == '.')
    });
    match end {
        None | Some(0) => version,
        Some(end) => &version[..end],
    }
}
