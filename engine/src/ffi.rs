//! The one door to unsafe code: calls that no safe wrapper offers, one function each, by system.
#![expect(unsafe_code, reason = "what a system alone has has no safe wrapper")]

#[cfg(all(target_os = "linux", not(orbit_portable)))]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(windows)]
mod windows;

#[cfg(all(target_os = "linux", not(orbit_portable)))]
pub(crate) use linux::*;
#[cfg(target_os = "macos")]
pub(crate) use macos::*;
#[cfg(windows)]
pub(crate) use windows::*;
