//! Dates as conditions write them: ISO 8601 in the W3C's profile, or seconds since 1970.

use jiff::SignedDuration;
use jiff::civil::{Date, Time};
use jiff::fmt::temporal::{Pieces, PiecesOffset};

/// Time since 1970-01-01T00:00:00Z. Not a `jiff::Timestamp`: the customary "never", 9999-12-31T23:59:59Z, is past its end.
pub(crate) type Instant = SignedDuration;

pub(crate) fn parse(text: &str) -> Option<Instant> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().map(SignedDuration::from_secs);
    }
    let month_only = text.len() == 7 && text.as_bytes().get(4) == Some(&b'-');
    let padded;
    let text = if month_only {
        padded = format!("{text}-01");
        &padded
    } else {
        text
    };
    let pieces = Pieces::parse(text).ok()?;
    if pieces.time_zone_annotation().is_some() {
        return None;
    }
    let local = pieces.date().to_datetime(pieces.time().unwrap_or(Time::midnight()));
    let offset = match pieces.offset() {
        None | Some(PiecesOffset::Zulu) => 0,
        Some(PiecesOffset::Numeric(numeric)) => numeric.offset().seconds(),
        Some(_) => return None,
    };
    let epoch = Date::constant(1970, 1, 1).to_datetime(Time::midnight());
    epoch.duration_until(local).checked_sub(SignedDuration::from_secs(offset.into()))
}
