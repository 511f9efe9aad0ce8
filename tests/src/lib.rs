//! The one sandbox that every boundary test goes through.
//!
//! It offers real file systems whose abilities are declared, not probed, one that lies and what is stored below them
//! ([`lab`]), deterministic content, holes and checks of what a copy left behind ([`files`]), what a file has beside its
//! content ([`metadata`]), trees of any depth ([`trees`]), system calls that fail, lie or kill ([`faults`]), exact system call counts ([`calls`]),
//! resource limits ([`limits`]), children that are not root ([`nobody`]), peak memory ([`memory`]), the system's own tools ([`tool`]) and children that cannot
//! hang a run ([`subprocess`]).
//!
//! It must not know the engine: a test states what the engine promises, the sandbox states what the kernel does.
//! What a machine cannot offer is a [`skip::Skip`] with its reason, reported by name, never a silent pass.
//!
//! Mounting, tracing and limits exist on Linux only and skip elsewhere; Windows has no sandbox yet.
#![cfg(unix)]

pub mod calls;
pub mod faults;
pub mod files;
pub mod lab;
pub mod limits;
pub mod memory;
pub mod metadata;
pub mod nobody;
pub mod prompt;
pub mod skip;
pub mod subprocess;
pub mod tool;
#[cfg(target_os = "linux")]
pub mod trees;

mod strace;
