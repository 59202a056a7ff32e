//! `claviger audit verify` and `claviger audit anchors`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};
use clap::Args;
use claviger_audit::{Anchor, FaultKind, Report, Span, first_numbers, read, size, verify, verify_span};
use claviger_audit_index::Facts;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

use super::source::instant;
use crate::commands::{FolderArgs, operate};
use crate::control::{self, Command};
use crate::foundation::audit_dir;

#[derive(Args)]
pub(in crate::commands) struct VerifyArgs {
    /// The data folder; a server may be running on it
    #[arg(long, value_name = "DIR", required_unless_present = "log")]
    data_dir: Option<PathBuf>,
    /// The key file that opens the root key [default: DIR.unseal-key]
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// A file holding the passphrase that opens the root key (or set CLAVIGER_PASSPHRASE)
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// A folder of log files instead, such as a copy on another machine
    #[arg(long, value_name = "DIR", conflicts_with = "data_dir", requires = "anchors")]
    log: Option<PathBuf>,
    /// The anchors to compare with, from `claviger audit anchors`; with --data-dir in addition to those in the store
    #[arg(long, value_name = "FILE")]
    anchors: Option<PathBuf>,
    /// Check only from here on: a record's number, a time, a day or how long ago. Whole files are checked
    #[arg(long, value_name = "FROM", value_parser = bound)]
    from: Option<Bound>,
    /// Check only up to here
    #[arg(long, value_name = "TO", value_parser = bound)]
    to: Option<Bound>,
}

/// An end of a range.
#[derive(Clone, Copy)]
enum Bound {
    Record(u64),
    Time(Timestamp),
}

fn bound(text: &str) -> anyhow::Result<Bound> {
    match text.parse() {
        Ok(number) => Ok(Bound::Record(number)),
        Err(_) => instant(text).map(Bound::Time),
    }
}

pub(super) fn run(args: VerifyArgs) -> anyhow::Result<()> {
    let mut anchors = match &args.anchors {
        Some(file) => from_file(file)?,
        None => Vec::new(),
    };
    let (dir, running) = match (args.log, args.data_dir) {
        (Some(log), _) => (log, false),
        (None, Some(data_dir)) => {
            let dir = audit_dir(&data_dir);
            let folder = FolderArgs { data_dir, key_file: args.key_file, passphrase_file: args.passphrase_file };
            let (stored, running) = stored(&folder)?;
            anchors.extend(stored);
            (dir, running)
        }
        (None, None) => bail!("give --data-dir or --log"),
    };
    let span = span(&dir, args.from, args.to)?;
    check(&dir, &anchors, span, running)
}

/// The anchors in the store, of a running server also one of this moment, and whether one is running.
fn stored(folder: &FolderArgs) -> anyhow::Result<(Vec<Anchor>, bool)> {
    let running = control::is_running(&folder.data_dir);
    let anchors = serde_json::from_value(operate::outcome(folder, Command::Anchors { present: running })?)?;
    Ok((anchors, running))
}

pub(super) fn export(folder: &FolderArgs) -> anyhow::Result<()> {
    let (anchors, _) = stored(folder)?;
    println!("{}", serde_json::to_string_pretty(&anchors)?);
    Ok(())
}

fn from_file(path: &Path) -> anyhow::Result<Vec<Anchor>> {
    let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let anchors: Vec<Anchor> = serde_json::from_slice(&text)
        .with_context(|| format!("{} does not hold anchors as `claviger audit anchors` prints them", path.display()))?;
    if anchors.is_empty() {
        bail!("{} holds no anchor", path.display());
    }
    Ok(anchors)
}

/// The records that the range speaks of. Times are resolved to files: those in which such a record can be.
fn span(dir: &Path, from: Option<Bound>, to: Option<Bound>) -> anyhow::Result<Option<Span>> {
    if from.is_none() && to.is_none() {
        return Ok(None);
    }
    let mut files = Vec::new();
    if [from, to].iter().any(|bound| matches!(bound, Some(Bound::Time(_)))) {
        for first in first_numbers(dir)? {
            let record = read(dir, first)?.next().transpose()?;
            files.extend(record.and_then(|record| Some((first, Facts::of(&record.json)?.time))));
        }
    }
    let from = match from {
        None => 1,
        Some(Bound::Record(number)) => number,
        // Times are of arrival and may be a little out of order at a file's edge.
        Some(Bound::Time(at)) => files.iter().rev().find(|(_, begin)| *begin < at).map_or(1, |(first, _)| *first),
    };
    let to = match to {
        None => u64::MAX,
        Some(Bound::Record(number)) => number,
        Some(Bound::Time(at)) => files.iter().find(|(_, begin)| *begin > at).map_or(u64::MAX, |(first, _)| *first),
    };
    if from > to {
        bail!("the range ends before it begins");
    }
    Ok(Some(Span { from, to }))
}

fn check(dir: &Path, anchors: &[Anchor], span: Option<Span>, running: bool) -> anyhow::Result<()> {
    let started = Instant::now();
    let bar = ProgressBar::new(size(dir)?);
    bar.set_style(ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {eta}")?);
    let mut tell = |bytes| bar.set_position(bytes);
    let report = match span {
        None => verify(dir, anchors, &mut tell),
        Some(span) => verify_span(dir, anchors, span, &mut tell),
    }?;
    bar.finish_and_clear();
    let Report { records, files, anchors_checked, .. } = &report;
    println!(
        "{records} records in {files} files ({} to {}), {anchors_checked} anchors hold, {:.1} s",
        report.first_sequence,
        report.head.sequence,
        started.elapsed().as_secs_f64()
    );
    for noted in &report.notes {
        println!("record {}: the log notes {:?}", noted.sequence, noted.note);
    }
    // Since the anchors were asked for, the server may have begun to write another record.
    let writing = |kind| running && kind == FaultKind::Torn;
    match report.fault {
        Some(fault) if !writing(fault.kind) => bail!("the audit log is not what was written: {fault}"),
        _ => {}
    }
    if report.records_after_close > 0 && !running {
        println!(
            "{} records come after the log was closed: if no server ran since, they are forged",
            report.records_after_close
        );
    }
    if span.is_none() && report.records_after_last_anchor > 0 {
        println!(
            "{} records come after the last anchor: nothing vouches for them yet",
            report.records_after_last_anchor
        );
    }
    Ok(())
}
