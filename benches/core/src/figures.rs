//! The committed figures.

use std::fs;
use std::process::Command;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use crate::count::{self, Counts};

/// Where they stand.
pub(crate) const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/figures.toml");

const HEADER: &str = "\
# What the core's operations cost, by size of the world: instructions of one operation, bytes of one held thing.
# What is counted: src/operation.rs, src/holding.rs. Written by `cargo run --release -p latebind-core-costs -- --update`.

";

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Figures {
    /// Another compiler counts somewhat else.
    pub(crate) compiler: String,
    /// Another machine language counts something else altogether.
    pub(crate) host: String,
    pub(crate) profile: String,
    pub(crate) instructions: Counts,
    pub(crate) bytes: Counts,
}

impl Figures {
    pub(crate) fn count() -> anyhow::Result<Self> {
        let rustc = Command::new("rustc").arg("-vV").output().context("rustc does not start")?;
        ensure!(rustc.status.success(), "rustc does not tell its version");
        let about = String::from_utf8(rustc.stdout)?;
        let host = about.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc has no host")?;
        Ok(Self {
            compiler: about.lines().next().unwrap_or_default().to_owned(),
            host: host.to_owned(),
            profile: "bench, which is release".to_owned(),
            instructions: count::instructions()?,
            bytes: count::bytes(),
        })
    }

    pub(crate) fn read() -> anyhow::Result<Self> {
        let text = fs::read_to_string(PATH).with_context(|| format!("{PATH} cannot be read"))?;
        toml::from_str(&text).with_context(|| format!("{PATH} is not as it was written"))
    }

    pub(crate) fn write(&self) -> anyhow::Result<()> {
        fs::write(PATH, format!("{HEADER}{}", toml::to_string(self)?))
            .with_context(|| format!("{PATH} cannot be written"))
    }
}
