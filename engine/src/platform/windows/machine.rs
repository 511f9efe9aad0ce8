//! What the machine is.

use super::super::Calls;
use crate::ffi;

/// Family, model and stepping of the processor, as every process has them from the system.
pub(crate) fn cpu(_: &Calls) -> Option<String> {
    std::env::var("PROCESSOR_IDENTIFIER").ok().filter(|text| !text.is_empty())
}

/// Version and build of the system.
pub(crate) fn kernel(calls: &Calls) -> Option<String> {
    calls.count();
    ffi::version()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_three_numbers() {
        let version = kernel(&Calls::default()).unwrap();
        let numbers: Vec<u32> = version.split('.').map(|number| number.parse().unwrap()).collect();
        assert!(numbers.len() == 3 && numbers[0] >= 6, "{version}");
    }
}
