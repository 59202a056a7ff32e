//! `claviger audit`.

use std::path::Path;

use anyhow::bail;
use claviger_audit::{Anchor, read, size, verify};
use claviger_store::Records;
use indicatif::{ProgressBar, ProgressStyle};

use super::{AuditCommand, block_on, operate};
use crate::foundation::{AnchorRecord, audit_dir};

pub(super) fn run(command: AuditCommand) -> anyhow::Result<()> {
    match command {
        AuditCommand::Verify(folder) => {
            let anchors = block_on(async {
                let (_held, system) = operate::open(&folder).await?;
                let (anchors, _) = system.store.list::<AnchorRecord>(None, "", None, None, 1000).await?;
                system.log.close()?;
                Ok(anchors.into_iter().map(|stored| stored.record.0).collect::<Vec<_>>())
            })?;
            check(&audit_dir(&folder.data_dir), &anchors)
        }
        AuditCommand::Tail { data_dir, lines, json } => tail(&audit_dir(&data_dir), lines, json),
    }
}

fn check(dir: &Path, anchors: &[Anchor]) -> anyhow::Result<()> {
    let bar = ProgressBar::new(size(dir)?);
    bar.set_style(ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {eta}")?);
    let report = verify(dir, anchors, &mut |bytes| bar.set_position(bytes))?;
    bar.finish_and_clear();
    println!("{} records in {} files, {} anchors hold", report.records, report.files, report.anchors_checked);
    for noted in &report.notes {
        println!("record {}: the log notes {:?}", noted.sequence, noted.note);
    }
    match report.fault {
        None => Ok(()),
        Some(fault) => bail!("the audit log is not what was written: {fault}"),
    }
}

fn tail(dir: &Path, lines: u64, json: bool) -> anyhow::Result<()> {
    let mut last = std::collections::VecDeque::new();
    for record in read(dir, 0)? {
        last.push_back(record?);
        if last.len() as u64 > lines {
            last.pop_front();
        }
    }
    for record in last {
        if json {
            println!("{}", record.json);
        } else {
            println!("{:>8}  {}", record.sequence, line(&record.json));
        }
    }
    Ok(())
}

/// A record in one readable line: when, who, what, on what, how it ended.
pub(super) fn line(json: &str) -> String {
    let record: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let text = |pointer: &str| record.pointer(pointer).and_then(|value| value.as_str()).unwrap_or("-").to_owned();
    let who = match record.pointer("/userIdentity/arn").and_then(|value| value.as_str()) {
        Some(arn) => arn.to_owned(),
        None => text("/userIdentity/invokedBy"),
    };
    let outcome = match record.get("errorCode").and_then(|value| value.as_str()) {
        Some(code) => code.to_owned(),
        None => "ok".to_owned(),
    };
    let (when, what, on) = (text("/eventTime"), text("/eventName"), text("/resources/0/ARN"));
    format!("{when}  {what:<24} {outcome:<12} {who}  {on}")
}
