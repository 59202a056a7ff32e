//! Points in time as the JSON protocols write them.

use jiff::tz::Offset;
use serde::ser::{Serialize, Serializer};

/// A point in time: seconds since the epoch on the wire, a fraction allowed.
///
/// A response carries milliseconds, for example `1757665868.602`. The value is written through
/// `serialize_newtype_struct("Timestamp", ..)`, so that a serializer of another protocol can
/// recognise it and write a date instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(pub jiff::Timestamp);

/// The name [`Timestamp`] gives to `serialize_newtype_struct`.
pub const TIMESTAMP: &str = "Timestamp";

impl Timestamp {
    /// The point `seconds` after (or before) the epoch; `None` beyond the years -9999 to 9999.
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        jiff::Timestamp::from_second(seconds).ok().map(Self)
    }

    /// As [`from_seconds`](Self::from_seconds) with a fraction, which is kept to the millisecond.
    pub fn from_fraction(seconds: f64) -> Option<Self> {
        let milliseconds = (seconds * 1000.0).round();
        // `as` saturates, and what it saturates to is out of range for the calendar.
        jiff::Timestamp::from_millisecond(milliseconds as i64).ok().map(Self)
    }

    /// How CloudTrail shows a date inside `requestParameters` and `responseElements`, in UTC:
    /// `Aug 10, 2022, 10:38:27 PM`.
    pub fn display_text(&self) -> String {
        Offset::UTC.to_datetime(self.0).strftime("%b %-d, %Y, %-I:%M:%S %p").to_string()
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(at: jiff::Timestamp) -> Self {
        Self(at)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let seconds = self.0.as_millisecond() as f64 / 1000.0;
        serializer.serialize_newtype_struct(TIMESTAMP, &seconds)
    }
}
