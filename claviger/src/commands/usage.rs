//! `claviger usage`: what was called, by whom, and what AWS would have charged for it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use claviger_audit_index::{Use, Uses};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::audit::{instant, open_index, service};
use super::table::Table;
use super::{FolderArgs, operate};
use crate::control::{Command, KeyCount};

/// Callers shown.
const CALLERS: usize = 10;
/// Calls that a price is for.
const CALLS_PRICED: f64 = 10_000.0;
/// Prices when no file says otherwise.
const PRICES: &str = include_str!("prices.toml");

#[derive(Args)]
pub(super) struct UsageArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// From the day of this time, day or span before now [default: the first of the month, UTC]
    #[arg(long, value_name = "WHEN", value_parser = instant)]
    since: Option<Timestamp>,
    /// Up to the day of this one
    #[arg(long, value_name = "WHEN", value_parser = instant)]
    until: Option<Timestamp>,
    /// Other prices: a TOML file with any of as_of, currency, key_month, calls, asymmetric_calls, key_pairs
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Prices {
    as_of: String,
    currency: String,
    key_month: f64,
    calls: f64,
    asymmetric_calls: f64,
    key_pairs: f64,
}

/// One line of the bill.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    what: &'static str,
    quantity: u64,
    price: f64,
    per: u64,
    amount: f64,
}

impl Line {
    fn new(what: &'static str, quantity: u64, price: f64, per: f64) -> Self {
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let (amount, per) = (quantity as f64 / per * price, per as u64);
        Self { what, quantity, price, per, amount }
    }
}

/// Calls and failures of one caller, or of one operation.
#[derive(Default, Serialize)]
struct Count {
    calls: u64,
    failures: u64,
}

pub(super) fn run(args: &UsageArgs) -> anyhow::Result<()> {
    let prices = prices(args.prices.as_deref())?;
    let now = args.until.unwrap_or_else(Timestamp::now);
    let month = now.to_zoned(TimeZone::UTC).date().first_of_month().to_zoned(TimeZone::UTC)?.timestamp();
    let since = args.since.unwrap_or(month);
    let keys: Vec<KeyCount> = serde_json::from_value(operate::outcome(&args.folder, Command::Keys)?)?;
    let index = open_index(&args.folder.data_dir)?;
    let uses = index.uses(&Uses { resource: None, since: Some(since), until: args.until })?;
    let lines = bill(&prices, &keys, &uses);
    let total: f64 = lines.iter().map(|line| line.amount).sum();
    let operations = counted(&uses, |used| format!("{}:{}", service(&used.source), used.operation));
    let callers = counted(&uses, |used| used.caller.clone());
    let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
    if args.json {
        let listed = |counts: &[(String, Count)], name: &str| -> Vec<_> {
            let one = |(text, count): &(String, Count)| json!({ name: text, "calls": count.calls, "failures": count.failures });
            counts.iter().map(one).collect()
        };
        let told = json!({ "since": day(since), "until": day(now), "currency": prices.currency, "pricesAsOf": prices.as_of,
            "lines": lines, "total": total, "operations": listed(&operations, "operation"), "callers": listed(&callers, "caller") });
        println!("{}", serde_json::to_string_pretty(&told)?);
        return Ok(());
    }
    println!("{} to {}, at AWS's prices of {} without free tiers\n", day(since), day(now), prices.as_of);
    let mut table = Table::new(["WHAT", "QUANTITY", "PRICE", "PER", &prices.currency]);
    for line in &lines {
        let Line { what, quantity, price, per, amount } = line;
        table.row([
            (*what).to_owned(),
            quantity.to_string(),
            format!("{price:.2}"),
            per.to_string(),
            format!("{amount:.4}"),
        ]);
    }
    let nothing = String::new;
    table.row(["AWS would have charged".to_owned(), nothing(), nothing(), nothing(), format!("{total:.4}")]);
    println!("{table}");
    for (head, counts) in [("OPERATION", &operations), ("TOP CALLERS", &callers)] {
        let mut table = Table::new([head, "CALLS", "FAILED"]);
        for (name, count) in counts.iter().take(if head == "OPERATION" { usize::MAX } else { CALLERS }) {
            table.row([name.clone(), count.calls.to_string(), count.failures.to_string()]);
        }
        println!("{table}");
    }
    Ok(())
}

fn prices(file: Option<&std::path::Path>) -> anyhow::Result<Prices> {
    let mut table: toml::Table = PRICES.parse()?;
    if let Some(file) = file {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        table.extend(text.parse::<toml::Table>().with_context(|| format!("{} is not TOML", file.display()))?);
    }
    toml::Value::Table(table).try_into().context("prices")
}

/// Sums by a name, most calls first.
fn counted(uses: &[Use], name: impl Fn(&Use) -> String) -> Vec<(String, Count)> {
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    for used in uses {
        let count = counts.entry(name(used)).or_default();
        count.calls += used.calls;
        count.failures += if used.calls > 0 { used.failures } else { 0 };
    }
    let mut counts: Vec<_> = counts.into_iter().filter(|(_, count)| count.calls > 0).collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(count.calls));
    counts
}

/// What there is now is charged for a month; of the calls those of the range, refused and failed ones included.
fn bill(prices: &Prices, keys: &[KeyCount], uses: &[Use]) -> Vec<Line> {
    let specs: BTreeMap<&str, &str> = keys.iter().map(|key| (&*key.arn, &*key.spec)).collect();
    let owned = keys.iter().filter(|key| key.is_charged).count() as u64;
    let (mut plain, mut asymmetric, mut pairs) = (0, 0, 0);
    for used in uses.iter().filter(|used| used.source == "kms.amazonaws.com") {
        let sort = match specs.get(&*used.resource) {
            _ if used.operation.starts_with("GenerateDataKeyPair") => &mut pairs,
            Some(spec) if is_dear(spec) && uses_key_pair(&used.operation) => &mut asymmetric,
            _ => &mut plain,
        };
        *sort += used.calls;
    }
    vec![
        Line::new("customer-managed keys, a month", owned, prices.key_month, 1.0),
        Line::new("calls", plain, prices.calls, CALLS_PRICED),
        Line::new("calls with asymmetric keys", asymmetric, prices.asymmetric_calls, CALLS_PRICED),
        Line::new("data key pairs", pairs, prices.key_pairs, CALLS_PRICED),
    ]
}

/// Asymmetric keys but the one that costs as much as a symmetric one.
fn is_dear(spec: &str) -> bool {
    spec != "RSA_2048" && ["RSA_", "ECC_", "ML_", "SM2"].iter().any(|family| spec.starts_with(family))
}

fn uses_key_pair(operation: &str) -> bool {
    let of_pairs = ["Encrypt", "Decrypt", "ReEncrypt", "Sign", "Verify", "GetPublicKey", "DeriveSharedSecret"];
    of_pairs.contains(&operation) || ["Encapsulate", "Decapsulate"].contains(&operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(resource: &str, operation: &str, calls: u64) -> Use {
        let text = str::to_owned;
        let at = Timestamp::UNIX_EPOCH;
        Use {
            day: at,
            account: text("1"),
            region: text("r"),
            resource: text(resource),
            caller: text("c"),
            source: text("kms.amazonaws.com"),
            operation: text(operation),
            uses: calls,
            calls,
            failures: 0,
            first: at,
            last: at,
        }
    }

    #[test]
    fn calls_are_charged_by_the_sort_of_key() {
        let key =
            |arn: &str, spec: &str, is_charged| KeyCount { arn: arn.to_owned(), spec: spec.to_owned(), is_charged };
        let keys = [
            key("a", "SYMMETRIC_DEFAULT", true),
            key("b", "RSA_4096", true),
            key("c", "RSA_2048", true),
            key("d", "SYMMETRIC_DEFAULT", false),
        ];
        let uses = [
            used("a", "Encrypt", 10_000),
            used("b", "Sign", 20_000),
            used("c", "Sign", 10_000),
            used("b", "DescribeKey", 10_000),
            used("a", "GenerateDataKeyPair", 5_000),
            used("gone", "Decrypt", 10_000),
        ];
        let lines = bill(&prices(None).unwrap(), &keys, &uses);
        let amounts: Vec<String> = lines.iter().map(|line| format!("{} {:.2}", line.quantity, line.amount)).collect();
        assert_eq!(amounts, ["3 3.00", "40000 0.12", "20000 0.30", "5000 0.05"]);
    }

    #[test]
    fn a_file_replaces_what_it_names_and_nothing_unknown() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("prices.toml");
        std::fs::write(&file, "key_month = 2.5\n").unwrap();
        let told = prices(Some(&file)).unwrap();
        assert_eq!((told.key_month, told.calls), (2.5, 0.03));
        std::fs::write(&file, "keymonth = 2.5\n").unwrap();
        assert!(prices(Some(&file)).is_err());
    }
}
