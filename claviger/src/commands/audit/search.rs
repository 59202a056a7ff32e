//! `claviger audit search`.

use std::io::Write;

use clap::Args;
use claviger_audit_index::{ANY_ERROR, Attribute, Facts, Filter, Within};
use serde_json::{Value, json};

use super::source::{LogArgs, Range};
use super::who_used::resource;
use crate::commands::table::Table;

/// Records looked up at a time.
const PAGE: usize = 200;

#[derive(Args)]
pub(in crate::commands) struct SearchArgs {
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    range: Range,
    /// Of this operation, such as `Decrypt`; may be given several times, as the other conditions may: one is enough
    #[arg(long, value_name = "NAME")]
    event_name: Vec<String>,
    /// On this resource: a key (id, ARN or alias) or the ARN of anything else
    #[arg(long, visible_alias = "key", value_name = "RESOURCE")]
    resource: Vec<String>,
    /// By this user: the name of a user or session, `root`, or the caller's ARN
    #[arg(long, value_name = "NAME")]
    user: Vec<String>,
    /// Signed with this access key
    #[arg(long, value_name = "ID")]
    access_key: Vec<String>,
    /// To this service: `kms` or `kms.amazonaws.com`
    #[arg(long, value_name = "SERVICE")]
    source: Vec<String>,
    /// That ended with this error, such as `AccessDenied`; without a value: with any
    #[arg(long, value_name = "CODE", num_args = 0..=1, default_missing_value = ANY_ERROR)]
    error: Vec<String>,
    /// With this event id
    #[arg(long, value_name = "ID")]
    event_id: Vec<String>,
    /// In the history of this account
    #[arg(long, value_name = "ID", requires = "region")]
    account: Option<String>,
    /// In this Region
    #[arg(long, value_name = "REGION", requires = "account")]
    region: Option<String>,
    /// How many at most
    #[arg(short = 'n', long, default_value_t = 100)]
    lines: usize,
    /// The records as JSON, one a line: {"sequence":...,"record":...}
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: SearchArgs) -> anyhow::Result<()> {
    let index = args.log.index()?;
    let mut having = Vec::new();
    let mut with = |attribute, values: Vec<String>| having.extend(values.into_iter().map(|value| (attribute, value)));
    with(Attribute::EventName, args.event_name);
    with(Attribute::AccessKeyId, args.access_key);
    with(Attribute::ErrorCode, args.error);
    with(Attribute::EventId, args.event_id);
    let full = |name: String| if name.contains('.') { name } else { format!("{name}.amazonaws.com") };
    with(Attribute::EventSource, args.source.into_iter().map(full).collect());
    let (callers, names) = args.user.into_iter().partition(|user| user.starts_with("arn:"));
    with(Attribute::Caller, callers);
    with(Attribute::Username, names);
    let mut resources = Vec::new();
    for given in &args.resource {
        resources.extend(resource(&index, given)?);
    }
    with(Attribute::ResourceName, resources);
    let filter = Filter {
        within: args.account.zip(args.region).map(|(account, region)| Within { account, region }),
        having,
        from: args.range.since.map(|at| at.as_second()),
        until: args.range.until.map(|at| at.as_second()),
    };
    let mut table = Table::new(["RECORD", "TIME", "OPERATION", "OUTCOME", "CALLER", "FROM", "ON"]);
    let mut out = std::io::stdout().lock();
    let (mut shown, mut after) = (0, None);
    while shown < args.lines {
        let page = index.find(&filter, after, PAGE.min(args.lines - shown))?;
        for found in &page.found {
            shown += 1;
            let record: Value = serde_json::from_str(&found.json)?;
            if args.json {
                writeln!(out, "{}", json!({ "sequence": found.sequence, "record": record }))?;
                continue;
            }
            let facts = Facts::of(&found.json).unwrap_or_default();
            let address = record["sourceIPAddress"].as_str().unwrap_or("-").to_owned();
            let on = facts.resources.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(" ");
            let outcome = facts.error.unwrap_or_else(|| "ok".to_owned());
            let on = if on.is_empty() { "-".to_owned() } else { on };
            table.row([
                found.sequence.to_string(),
                facts.time.to_string(),
                facts.name,
                outcome,
                facts.caller,
                address,
                on,
            ]);
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if !args.json {
        write!(out, "{table}")?;
        let more = if after.is_some() { "; there are more: -n" } else { "" };
        writeln!(out, "{shown} records{more}")?;
    }
    Ok(())
}
