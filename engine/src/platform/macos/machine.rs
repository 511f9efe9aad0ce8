//! What the machine is, as `sysctl(8)` tells it.

use super::super::Calls;
use crate::ffi;

/// Model of the processor.
pub(crate) fn cpu(calls: &Calls) -> Option<String> {
    calls.add(2);
    ffi::control(c"machdep.cpu.brand_string").ok()
}

/// Release of the kernel, Darwin.
pub(crate) fn kernel(calls: &Calls) -> Option<String> {
    calls.add(2);
    ffi::control(c"kern.osrelease").ok()
}
