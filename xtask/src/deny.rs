//! Runs cargo-deny over `deny.toml`, building it privately the first time.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::sh;

/// Pinned: its checks, and what it calls a duplicate, change between versions.
const VERSION: &str = "0.20.2";

/// Folders whose `deny.toml` says what may be in the graph of their `Cargo.toml`.
const GRAPHS: [&str; 2] = [".", "tests/rust-sdk"];

/// Checks bans, licences and sources. Advisories need a database that no registry serves.
pub(crate) fn run() -> Result<bool> {
    let tool = tool()?;
    let mut passed = true;
    for folder in GRAPHS {
        let mut command = sh::command(&tool);
        command.args(["--locked", "--manifest-path", &format!("{folder}/Cargo.toml")]);
        command.args(["--config", &format!("{folder}/deny.toml"), "check", "--hide-inclusion-graph"]);
        passed &= sh::succeeds(command.args(["bans", "licenses", "sources"]))?;
    }
    Ok(passed)
}

fn tool() -> Result<PathBuf> {
    let private = sh::target_dir()?.join("tools");
    let built = private.join("bin/cargo-deny");
    for candidate in [built.clone(), PathBuf::from("cargo-deny")] {
        if is_pinned(&candidate) {
            return Ok(candidate);
        }
    }
    println!("building cargo-deny {VERSION} (once, a few minutes)");
    let installed = sh::succeeds(
        sh::cargo()
            .args(["install", "cargo-deny", "--version", VERSION, "--locked"])
            // Run for a second a time: an optimised build would never pay for itself.
            .args(["--debug", "--no-default-features", "--root"])
            .arg(&private)
            .env("CARGO_PROFILE_DEV_DEBUG", "0"),
    )?;
    ensure!(installed, "cargo-deny {VERSION} could not be built");
    Ok(built)
}

fn is_pinned(tool: &PathBuf) -> bool {
    let Ok(output) = Command::new(tool).arg("--version").output() else {
        return false;
    };
    let version = String::from_utf8_lossy(&output.stdout);
    version.split_whitespace().last() == Some(VERSION)
}
