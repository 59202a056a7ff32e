//! `claviger audit tail`: the latest records, and those to come.

use std::collections::VecDeque;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use claviger_audit::{FollowError, Mark, Met, first_numbers, follow, follow_file};
use claviger_audit_index::Facts;

use super::source::LogArgs;

/// How often a followed log is looked at.
const PERIOD: Duration = Duration::from_millis(200);

#[derive(Args)]
pub(in crate::commands) struct TailArgs {
    #[command(flatten)]
    log: LogArgs,
    /// How many
    #[arg(short = 'n', long, default_value_t = 20)]
    lines: usize,
    /// Go on with the records to come, until interrupted
    #[arg(short, long)]
    follow: bool,
    /// The records as JSON, one a line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &TailArgs) -> anyhow::Result<()> {
    let dir = args.log.dir()?;
    let (latest, mut mark) = latest(&dir, args.lines)?;
    for (sequence, record) in latest {
        show(sequence, &record, args.json)?;
    }
    if !args.follow {
        return Ok(());
    }
    loop {
        std::thread::sleep(PERIOD);
        let mut failed = Ok(());
        let seen = mark;
        let followed = follow(&dir, seen.as_ref(), &mut |met| {
            mark = Some(met.mark);
            failed = show(met.sequence, &String::from_utf8_lossy(met.record), args.json);
            if failed.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        failed?;
        match followed {
            Ok(()) => {}
            // The end was taken back, since its record could not be kept: go on from the present end.
            Err(FollowError::Lost) => mark = self::latest(&dir, 0)?.1,
            Err(error) => return Err(error.into()),
        }
    }
}

type Latest = (VecDeque<(u64, String)>, Option<Mark>);

/// The latest records, and the mark of the very last. Reads the last file, and those before it as far as need be.
fn latest(dir: &Path, count: usize) -> anyhow::Result<Latest> {
    let files = first_numbers(dir)?;
    let (mut latest, mut mark): Latest = (VecDeque::new(), None);
    for first in files.into_iter().rev() {
        latest.clear();
        follow_file(dir, first, &mut |met: Met<'_>| {
            if latest.len() == count {
                latest.pop_front();
            }
            if count > 0 {
                latest.push_back((met.sequence, String::from_utf8_lossy(met.record).into_owned()));
            }
            mark = Some(met.mark);
            ControlFlow::Continue(())
        })?;
        if latest.len() >= count && mark.is_some() {
            break;
        }
    }
    Ok((latest, mark))
}

fn show(sequence: u64, record: &str, json: bool) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{record}")?;
    } else {
        writeln!(out, "{sequence:>8}  {}", line(record))?;
    }
    out.flush()
}

/// A record in one readable line: when, what, how it ended, who, on what.
pub(in crate::commands) fn line(json: &str) -> String {
    let Some(facts) = Facts::of(json) else { return json.to_owned() };
    let outcome = facts.error.as_deref().unwrap_or("ok");
    let on = facts.resources.first().map_or("-", |(_, name)| name);
    format!("{}  {:<24} {outcome:<12} {}  {on}", facts.time, facts.name, facts.caller)
}
