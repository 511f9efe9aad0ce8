//! `cargo xtask lab`: makes, shows and takes down the file systems that scenarios may name.

use std::io::Write;
use std::path::Path;

use anyhow::Result;

use crate::cmd::Done;
use crate::flags::{LabAction, LabFlags};
use crate::lab::{Lab, Status};

pub(crate) fn run(flags: &LabFlags, root: &Path, out: &mut impl Write) -> Result<Done> {
    // Not from where the command is given: `bench` looks for it in the checkout.
    let directory = root.join(&flags.dir);
    match &flags.action {
        LabAction::Up { size } => {
            let made = Lab::up(&directory, *size)?;
            if made.is_empty() {
                writeln!(out, "the lab was up")?;
            }
            status(&directory, out)?;
        }
        LabAction::Status => status(&directory, out)?,
        LabAction::Down => match Lab::down(&directory)?.as_slice() {
            [] => writeln!(out, "there is no lab in {}", flags.dir.display())?,
            gone => {
                let names: Vec<String> = gone.iter().map(ToString::to_string).collect();
                writeln!(out, "taken down: {}", names.join(", "))?;
            }
        },
    }
    Ok(Done::Complete)
}

fn status(directory: &Path, out: &mut impl Write) -> Result<()> {
    let found = Lab::look(directory)?.status();
    if found.is_empty() {
        writeln!(out, "there is no lab in {}: `cargo xtask lab up` as root", directory.display())?;
    }
    for Status { kind, mount_point, condition, device } in found {
        let device = device.map_or_else(String::new, |device| format!(" ({device})"));
        writeln!(out, "{kind:<6} {}: {condition}{device}", mount_point.display())?;
    }
    Ok(())
}
