//! Short fuzzing runs; the targets live in their own workspace because they are built with coverage instrumentation.

use anyhow::Result;

use crate::sh;

/// Seconds for each target in the test command: finds what fell over, not what is deep.
pub(crate) const SMOKE_SECONDS: u32 = 5;

/// Runs every target for `seconds`; whether none of them found anything.
pub(crate) fn run(seconds: u32) -> Result<bool> {
    sh::succeeds(sh::command("fuzz/run").arg(seconds.to_string()))
}
