//! Which log a command reads, and from when to when.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use claviger_audit_index::{Index, Source};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::foundation::{audit_dir, index_path};

/// Records indexed at a time.
const BATCH_RECORDS: usize = 2_000;

/// The log of a data folder, or a copy of one.
#[derive(Args, Clone)]
pub(in crate::commands) struct LogArgs {
    /// The data folder; a server may be running on it
    #[arg(long, value_name = "DIR", required_unless_present = "log")]
    data_dir: Option<PathBuf>,
    /// A folder of log files instead, such as a copy
    #[arg(long, value_name = "DIR", conflicts_with = "data_dir")]
    log: Option<PathBuf>,
}

impl LogArgs {
    /// The folder of log files.
    pub(in crate::commands) fn dir(&self) -> anyhow::Result<PathBuf> {
        let dir = match (&self.log, &self.data_dir) {
            (Some(log), _) => log.clone(),
            (None, Some(data)) => audit_dir(data),
            (None, None) => bail!("give --data-dir or --log"),
        };
        if !dir.is_dir() {
            bail!("there is no audit log in {}", dir.display());
        }
        Ok(dir)
    }

    /// The index of the log, with everything that is in the log now: the one beside the log, or of a copy one in memory.
    pub(in crate::commands) fn index(&self) -> anyhow::Result<Index> {
        let dir = self.dir()?;
        let index = match (&self.data_dir, &self.log) {
            (Some(data), None) => Index::open(&index_path(data), Source::Folder(dir)),
            _ => Index::in_memory(Source::Folder(dir)),
        };
        caught_up(index?)
    }
}

/// The index of a data folder's log, with everything that is in the log now.
pub(in crate::commands) fn open_index(data_dir: &Path) -> anyhow::Result<Index> {
    caught_up(Index::open(&index_path(data_dir), Source::Folder(audit_dir(data_dir)))?)
}

fn caught_up(index: Index) -> anyhow::Result<Index> {
    let spinner = ProgressBar::new_spinner();
    spinner.set_style(ProgressStyle::with_template("{spinner} {human_pos} records indexed")?);
    loop {
        let added = index.step(BATCH_RECORDS)?;
        if added == 0 {
            break;
        }
        spinner.inc(added as u64);
    }
    spinner.finish_and_clear();
    Ok(index)
}

/// From when to when.
#[derive(Args, Clone, Default)]
pub(in crate::commands) struct Range {
    /// The earliest: a time (2026-01-31T12:00:00Z), a day (2026-01-31) or how long ago (12h, 7d)
    #[arg(long, value_name = "WHEN", value_parser = instant)]
    pub(in crate::commands) since: Option<Timestamp>,
    /// The latest, included
    #[arg(long, value_name = "WHEN", value_parser = instant)]
    pub(in crate::commands) until: Option<Timestamp>,
}

/// A time, the beginning of a day in UTC, or a span before now.
pub(in crate::commands) fn instant(text: &str) -> anyhow::Result<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    if let Ok(day) = text.parse::<Date>() {
        return Ok(day.to_zoned(TimeZone::UTC)?.timestamp());
    }
    let ago: Span = text.parse().ok().context("use a time such as 2026-01-31T12:00:00Z, a day or a span such as 7d")?;
    Ok(Timestamp::now().to_zoned(TimeZone::UTC).checked_sub(ago)?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_days_and_spans() {
        assert_eq!(instant("2026-01-31T12:00:00Z").unwrap().to_string(), "2026-01-31T12:00:00Z");
        assert_eq!(instant("2026-01-31").unwrap().to_string(), "2026-01-31T00:00:00Z");
        let ago = Timestamp::now().as_second() - instant("7d").unwrap().as_second();
        assert!((ago - 7 * 24 * 3600).abs() < 5, "{ago}");
        let ago = Timestamp::now().as_second() - instant("90m").unwrap().as_second();
        assert!((ago - 90 * 60).abs() < 5, "{ago}");
        for wrong in ["", "yesterday", "2026-13-01", "7"] {
            assert!(instant(wrong).is_err(), "{wrong}");
        }
    }
}
