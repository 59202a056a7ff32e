//! The test command: every ring in turn, a summary, and one closing line.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;

use crate::tally::Tally;
use crate::{fuzz, oracle, sdks, setup, sh, tidy};

/// How much of the tests to run.
#[derive(Args)]
pub(crate) struct Options {
    /// Leave out fuzzing and use smaller files and fewer crash cycles (sets CLAVIGER_QUICK=1).
    #[arg(long, conflicts_with = "long")]
    quick: bool,
    /// Use 1 GiB files and many more crash cycles (sets CLAVIGER_LONG=1).
    #[arg(long)]
    long: bool,
}

/// Seconds for each fuzz target under `--long`.
const FUZZ_LONG_SECONDS: u32 = 120;

struct Ring {
    name: &'static str,
    took: Duration,
    tally: Tally,
    passed: bool,
}

/// Runs all rings even when one fails, so that one run shows everything; whether all passed.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let mut rings = Vec::new();
    let binary = sh::target_dir()?.join("release/claviger");

    let mut venv = None;
    ring(&mut rings, "setup", |_| {
        venv = Some(setup::run()?);
        Ok(true)
    });
    let built = ring(&mut rings, "release build", |_| {
        sh::succeeds(sh::cargo().args(["build", "--release", "--locked", "-p", "claviger"]))
    });
    ring(&mut rings, "tidy", |_| tidy::run());
    ring(&mut rings, "Rust tests", |tally| rust(options, &binary, tally));
    ring(&mut rings, "policy oracle", |tally| oracle::run(options.quick, tally));
    if let Some(venv) = venv.filter(|_| built) {
        ring(&mut rings, "real clients", |tally| clients(options, &binary, &venv.python(), tally));
        ring(&mut rings, "JavaScript SDK", |tally| sdks::javascript(&binary, tally));
        ring(&mut rings, "Rust SDK", |tally| sdks::rust(&binary, tally));
    } else {
        println!("real clients and SDKs: not run, because setup or the release build failed");
    }
    if !options.quick {
        let seconds = if options.long { FUZZ_LONG_SECONDS } else { fuzz::SMOKE_SECONDS };
        ring(&mut rings, "fuzz", |_| fuzz::run(seconds));
    }
    Ok(close(&rings))
}

fn rust(options: &Options, binary: &Path, tally: &mut Tally) -> Result<bool> {
    let mut command = sh::cargo();
    command.args(["test", "--workspace", "--locked", "--no-fail-fast"]);
    command.env("CLAVIGER_BIN", binary);
    scale(&mut command, options);
    sh::succeeds_watched(&mut command, |line| {
        if let Some(counts) = Tally::from_cargo_test(line) {
            tally.add(counts);
        }
    })
}

fn clients(options: &Options, binary: &Path, python: &PathBuf, tally: &mut Tally) -> Result<bool> {
    let mut command = sh::command(python);
    command.args(["-m", "pytest", "-p", "no:cacheprovider", "tests/clients"]);
    command.env("CLAVIGER_BIN", binary).env("PYTHONDONTWRITEBYTECODE", "1");
    scale(&mut command, options);
    sh::succeeds_watched(&mut command, |line| {
        if let Some(counts) = Tally::from_pytest(line) {
            tally.add(counts);
        }
    })
}

fn scale(command: &mut std::process::Command, options: &Options) {
    if options.quick {
        command.env("CLAVIGER_QUICK", "1");
    }
    if options.long {
        command.env("CLAVIGER_LONG", "1");
    }
}

fn ring(rings: &mut Vec<Ring>, name: &'static str, run: impl FnOnce(&mut Tally) -> Result<bool>) -> bool {
    println!("\n== {name}");
    let start = Instant::now();
    let mut tally = Tally::default();
    let passed = run(&mut tally).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        false
    });
    // A ring that broke before its runner could count still has to show in the closing line.
    if !passed && tally.failed == 0 {
        tally.failed = 1;
    }
    rings.push(Ring { name, took: start.elapsed(), tally, passed });
    passed
}

fn close(rings: &[Ring]) -> bool {
    let mut total = Tally::default();
    println!("\n== summary");
    for ring in rings {
        total.add(ring.tally);
        println!(
            "{:<14} {:<6} {:>7.1} s {:>6} passed {:>4} failed {:>4} skipped",
            ring.name,
            if ring.passed { "ok" } else { "FAILED" },
            ring.took.as_secs_f64(),
            ring.tally.passed,
            ring.tally.failed,
            ring.tally.skipped,
        );
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    rings.iter().all(|ring| ring.passed) && total.failed == 0
}
