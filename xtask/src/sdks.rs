//! AWS's SDKs for JavaScript and Rust, driving a real server. The one for Python is driven by the client tests.

use std::path::Path;

use anyhow::Result;

use crate::tally::Tally;
use crate::{setup, sh};

/// Whether the SDK for JavaScript finds everything as it should be.
pub(crate) fn javascript(binary: &Path, tally: &mut Tally) -> Result<bool> {
    let mut command = sh::command("node");
    command.args(["--test-reporter=spec", "tests/js/all.mjs"]);
    command.env("CLAVIGER_BIN", binary).env("CLAVIGER_JS_MODULES", setup::node_packages("js")?);
    sh::succeeds_watched(&mut command, |line| {
        if let Some(counts) = Tally::from_node_test(line) {
            tally.add(counts);
        }
    })
}

/// Whether the SDK for Rust finds everything as it should be.
pub(crate) fn rust(binary: &Path, tally: &mut Tally) -> Result<bool> {
    let mut command = sh::cargo();
    command.args(["test", "--locked", "--no-fail-fast", "--manifest-path", "tests/rust-sdk/Cargo.toml"]);
    command.env("CLAVIGER_BIN", binary).env("CARGO_TARGET_DIR", sh::target_dir()?.join("rust-sdk"));
    sh::succeeds_watched(&mut command, |line| {
        if let Some(counts) = Tally::from_cargo_test(line) {
            tally.add(counts);
        }
    })
}
