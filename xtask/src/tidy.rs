//! House rules that neither the compiler nor clippy can see. ARCHITECTURE.md gives the reasons.

mod graph;
mod text;

use anyhow::Result;

use crate::{model, sh};

/// Checks every rule and prints each breach; whether there was none.
pub(crate) fn run() -> Result<bool> {
    let metadata = sh::metadata()?;
    let mut breaches = graph::breaches(&metadata)?;
    breaches.extend(text::breaches()?);
    if let Err(error) = model::run(true) {
        breaches.push(format!("generated code: {error:#}"));
    }
    for breach in &breaches {
        println!("tidy: {breach}");
    }
    if breaches.is_empty() {
        println!("tidy: the house is in order");
    }
    Ok(breaches.is_empty())
}
