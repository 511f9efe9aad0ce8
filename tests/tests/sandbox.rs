//! The sandbox itself: what it declares is what the kernel does, what it checks it catches, nothing outlives it.
#![cfg(target_os = "linux")]

#[path = "sandbox/children.rs"]
mod children;
#[path = "sandbox/content.rs"]
mod content;
#[path = "sandbox/ends.rs"]
mod ends;
#[path = "sandbox/extents.rs"]
mod extents;
#[path = "sandbox/fuse.rs"]
mod fuse;
#[path = "sandbox/layers.rs"]
mod layers;
#[path = "sandbox/media.rs"]
mod media;
#[path = "sandbox/metadata.rs"]
mod metadata;
#[path = "sandbox/mounts.rs"]
mod mounts;
#[path = "sandbox/traces.rs"]
mod traces;
#[path = "sandbox/trees.rs"]
mod trees;

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;

use orbit_tests::subprocess;

/// Tells a test of this file, started again as a child, to play its part; without it such a test does nothing.
const ROLE: &str = "SANDBOX_ROLE";

/// This test program, to run the one test `name` in its role.
fn role(name: &str) -> Command {
    let mut command = subprocess::command(env::current_exe().expect("the path of this test"));
    command.args(["--exact", name]).env(ROLE, name);
    command
}

fn has_role(name: &str) -> bool {
    env::var_os(ROLE).is_some_and(|role| role == name)
}

/// The message of the panic that must come.
fn panic_of(body: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(body)).expect_err("a panic");
    payload.downcast_ref::<String>().expect("a formatted message").clone()
}
