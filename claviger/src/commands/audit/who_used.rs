//! `claviger audit who-used`.

use std::collections::BTreeMap;

use anyhow::bail;
use clap::Args;
use claviger_audit_index::{Attribute, Facts, Filter, Index, Uses};
use jiff::Timestamp;
use serde::Serialize;

use super::source::{LogArgs, Range};
use crate::commands::table::Table;

#[derive(Args)]
pub(in crate::commands) struct WhoUsedArgs {
    /// The key: its id, ARN or alias; or the ARN of another resource
    #[arg(value_name = "KEY")]
    key: String,
    #[command(flatten)]
    log: LogArgs,
    /// Days are counted whole, in UTC
    #[command(flatten)]
    range: Range,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// One caller's uses by one operation.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    resource: String,
    caller: String,
    operation: String,
    uses: u64,
    failures: u64,
    first: Timestamp,
    last: Timestamp,
}

pub(super) fn run(args: WhoUsedArgs) -> anyhow::Result<()> {
    let index = args.log.index()?;
    let resources = resource(&index, &args.key)?;
    let mut lines: BTreeMap<(String, String, String), Line> = BTreeMap::new();
    for resource in &resources {
        let asked = Uses { resource: Some(resource.clone()), since: args.range.since, until: args.range.until };
        for used in index.uses(&asked)? {
            let operation = format!("{}:{}", service(&used.source), used.operation);
            let line = lines.entry((used.resource.clone(), used.caller.clone(), operation.clone()));
            let line = line.or_insert_with(|| Line {
                resource: used.resource,
                caller: used.caller,
                operation,
                uses: 0,
                failures: 0,
                first: used.first,
                last: used.last,
            });
            line.uses += used.uses;
            line.failures += used.failures;
            line.first = line.first.min(used.first);
            line.last = line.last.max(used.last);
        }
    }
    let mut lines: Vec<Line> = lines.into_values().collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.uses));
    if args.json {
        println!("{}", serde_json::to_string_pretty(&lines)?);
        return Ok(());
    }
    for resource in &resources {
        println!("{resource}");
    }
    if lines.is_empty() {
        println!("used by nobody");
        return Ok(());
    }
    let mut table = Table::new(["CALLER", "OPERATION", "CALLS", "FAILED", "FIRST", "LAST"]);
    for line in lines {
        let Line { caller, operation, uses, failures, first, last, .. } = line;
        table.row([caller, operation, uses.to_string(), failures.to_string(), first.to_string(), last.to_string()]);
    }
    print!("{table}");
    Ok(())
}

/// `kms` of `kms.amazonaws.com`.
pub(in crate::commands) fn service(source: &str) -> &str {
    source.strip_suffix(".amazonaws.com").unwrap_or(source)
}

/// The ARNs by which the log knows what the operator names: an ARN as it is, a key id of whatever account and Region, an
/// alias as the log last saw it set.
pub(super) fn resource(index: &Index, given: &str) -> anyhow::Result<Vec<String>> {
    if given.starts_with("alias/") || given.contains(":alias/") {
        return behind_alias(index, given);
    }
    if given.starts_with("arn:") {
        return Ok(vec![given.to_owned()]);
    }
    let found = index.resources_ending(&format!(":key/{given}"))?;
    if found.is_empty() {
        bail!("the log knows no key {given}");
    }
    Ok(found)
}

fn behind_alias(index: &Index, given: &str) -> anyhow::Result<Vec<String>> {
    let aliases = match given.starts_with("arn:") {
        true => vec![given.to_owned()],
        false => index.resources_ending(&format!(":{given}"))?,
    };
    let mut keys = Vec::new();
    for alias in &aliases {
        let set = ["CreateAlias", "UpdateAlias"].map(|name| (Attribute::EventName, name.to_owned()));
        let mut having = vec![(Attribute::ResourceName, alias.clone())];
        having.extend(set);
        let filter = Filter { having, ..Filter::default() };
        let mut after = None;
        // The last time that it was set and not refused.
        let behind = loop {
            let page = index.find(&filter, after, 50)?;
            let mut facts = page.found.iter().filter_map(|found| Facts::of(&found.json));
            if let Some(set) = facts.find(|facts| facts.error.is_none()) {
                break set.resources.into_iter().map(|(_, name)| name).find(|name| name.contains(":key/"));
            }
            after = page.next;
            if after.is_none() {
                break None;
            }
        };
        keys.extend(behind);
    }
    keys.sort();
    keys.dedup();
    if keys.is_empty() {
        bail!("the log does not tell which key {given} stands for; name the key itself");
    }
    Ok(keys)
}
