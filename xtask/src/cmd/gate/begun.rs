//! What the samples of one gate are of, so that an interrupted one goes on with its own and with nothing else.

use anyhow::Result;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::build::Programs;
use crate::cmd::hex;
use crate::gate::{Compared, Side};
use crate::plan::Case;
use crate::program::sha256;
use crate::scenario::Scenario;

/// What is measured by whom and where. Samples of anything else do not go together.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Begun {
    pub(super) started: String,
    pub(super) seed: u64,
    host: String,
    /// SHA-256 of the programs and of the scenario's text, in hexadecimal.
    base_sha256: String,
    head_sha256: String,
    scenario_sha256: String,
    cases: Vec<String>,
}

impl Begun {
    pub(super) fn now(
        compared: &Compared,
        programs: &Programs,
        scenario: &Scenario,
        cases: &[Case],
    ) -> Result<Self> {
        Ok(Self {
            started: compared.started.clone(),
            seed: compared.seed,
            host: compared.host.clone(),
            base_sha256: sha256(&programs.path(Side::Base, 0))?,
            head_sha256: sha256(&programs.path(Side::Head, 0))?,
            scenario_sha256: hex(&Sha256::digest(&scenario.text)),
            cases: cases.iter().map(|case| case.id.clone()).collect(),
        })
    }

    /// What is not alike.
    pub(super) fn differs(&self, now: &Self) -> Option<&'static str> {
        let alike = [
            ("the base", self.base_sha256 == now.base_sha256),
            ("the head", self.head_sha256 == now.head_sha256),
            ("the scenario", self.scenario_sha256 == now.scenario_sha256 && self.cases == now.cases),
            ("the machine", self.host == now.host),
        ];
        alike.into_iter().find(|(_, alike)| !alike).map(|(what, _)| what)
    }
}
