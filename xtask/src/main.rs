//! Project tasks: `cargo xtask <task>`. The README and `.ci/run` call nothing else.

mod bench;
mod deny;
mod fuzz;
mod model;
mod oracle;
mod sdks;
mod setup;
mod sh;
mod suite;
mod tally;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Builds, checks and tests Claviger.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what the tests need: Debian packages, a private Python environment, packages for Node.
    ///
    /// Does nothing when everything is already there. Debian packages are installed only when
    /// run as root; otherwise the command to run is printed.
    Setup,
    /// Set up, build, and run every test ring; ends with "N passed, N failed".
    Test(suite::Options),
    /// Compare the policy evaluator with an independent one.
    Oracle,
    /// Check the house rules that neither the compiler nor clippy can see.
    Tidy,
    /// Check licences, banned crates and sources of all dependencies with cargo-deny.
    Deny,
    /// Refresh models/*.json and generate the request and response types from them.
    Model {
        /// Only compare: fail when the checked-in code is not what the checked-in models generate.
        #[arg(long)]
        check: bool,
    },
    /// Measure requests a second beside a bare server on the same stack.
    Bench(bench::Options),
    /// Run every fuzz target for a while.
    Fuzz {
        /// Seconds for each target.
        #[arg(default_value_t = fuzz::SMOKE_SECONDS)]
        seconds: u32,
    },
}

fn main() -> ExitCode {
    let result = match Cli::parse().task {
        Task::Setup => setup::run().map(|_| true),
        Task::Test(options) => suite::run(&options),
        Task::Oracle => oracle::run(false, &mut tally::Tally::default()),
        Task::Tidy => tidy::run(),
        Task::Deny => deny::run(),
        Task::Model { check } => model::run(check).map(|()| true),
        Task::Bench(options) => bench::run(&options),
        Task::Fuzz { seconds } => fuzz::run(seconds),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
