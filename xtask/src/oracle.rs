//! The differential test of the policy evaluator: generated requests, judged by ours and by one that is not ours.

use anyhow::{Result, ensure};

use crate::tally::Tally;
use crate::{setup, sh};

/// Cases in the test command. The known differences need about this many to all show.
const CASES: u32 = 10_000;
/// Cases under `--quick`.
const CASES_QUICK: u32 = 2_000;

/// Whether both evaluators agree wherever they should.
pub(crate) fn run(quick: bool, tally: &mut Tally) -> Result<bool> {
    let modules = setup::node_packages("oracle")?;
    let built = sh::succeeds(sh::cargo().args(["build", "--locked", "-p", "claviger-policy", "--example", "judge"]))?;
    ensure!(built, "the judge does not build");
    let judge = sh::target_dir()?.join("debug/examples/judge");
    let cases = if quick { CASES_QUICK } else { CASES };
    let mut command = sh::command("node");
    command.arg("tests/oracle/compare.mjs").arg("--modules").arg(modules).arg("--judge").arg(judge);
    command.arg("--cases").arg(cases.to_string());
    sh::succeeds_watched(&mut command, |line| {
        if let Some(counts) = counted(line) {
            tally.add(counts);
        }
    })
}

/// The driver's last line: `9876 passed, 0 failed`.
fn counted(line: &str) -> Option<Tally> {
    let (passed, failed) = line.strip_suffix(" failed")?.split_once(" passed, ")?;
    Some(Tally { passed: passed.parse().ok()?, failed: failed.parse().ok()?, ..Tally::default() })
}
