//! `cargo xtask gate-worker`: measures what the gate of another build asks for. Nobody types it.

use std::io::{self, Write};

use anyhow::Result;

use crate::cmd::{Done, refuse_debug_code};
use crate::worker;

/// As the gate starts it.
pub(super) const ARGUMENTS: [&str; 1] = ["gate-worker"];

pub(crate) fn run(out: &mut impl Write) -> Result<Done> {
    refuse_debug_code()?;
    worker::serve(io::stdin().lock(), out)?;
    Ok(Done::Complete)
}
