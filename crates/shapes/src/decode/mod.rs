//! Decoding a request in one pass, with every constraint violation collected on the way.
//!
//! The format is any serde [`Deserializer`]. What the caller sent wrong falls into two classes,
//! and the first wins over the second even when it comes later in the request:
//!
//! - [`DecodeError::Serialization`]: not the format at all, or a member of the wrong type. The
//!   texts are those AWS services on the same framework were recorded with (Athena in 2026: 46
//!   malformed requests; SES and SQS; Kinesis for blobs and maps). None was recorded from KMS.
//! - [`DecodeError::Validation`]: constraints of the model do not hold. All of them are reported,
//!   in the model's member order, at most [`MAX_VIOLATIONS`].
//!
//! Unknown members are ignored, a null member is absent, the last of a duplicated member counts.
//! Numbers are truncated to integers and saturate at 32 bits, as recorded.
//!
//! # Formats without types
//!
//! Before each value the decoder calls `deserialize_newtype_struct` with the kind of value it
//! expects as the name (see [`hint`]); formats that know their types, JSON above all, pass on to
//! `deserialize_any`. A format in which everything is text, such as a query string, overrides that
//! one method: it parses numbers and booleans and finds its lists where the hint says so, and
//! hands texts it cannot parse to `visit_str`, for which the decoder has the right error.

mod leaf;
mod list;
mod members;
mod names;
mod pattern;
mod report;
mod source;

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer};

use crate::fault::{Fault, ValidationException};
pub(crate) use leaf::{Bytes, Range, Span, Text};
pub(crate) use list::List;
pub(crate) use members::{Members, Structure};
pub(crate) use pattern::{Pattern, Set};
pub use report::MAX_VIOLATIONS;
pub(crate) use source::Stop;

/// The kinds of value the decoder announces through `deserialize_newtype_struct`.
pub mod hint {
    /// Text, including the values of enumerations.
    pub const STRING: &str = "String";
    /// Base64 text, or bytes in formats that have them.
    pub const BLOB: &str = "Blob";
    /// A whole number; a fraction is cut off.
    pub const INTEGER: &str = "Integer";
    /// A number that may have a fraction.
    pub const DOUBLE: &str = "Double";
    /// A truth value.
    pub const BOOLEAN: &str = "Boolean";
    /// Seconds since the epoch as a number.
    pub const TIMESTAMP: &str = "Timestamp";
    /// A list; its elements are announced in turn.
    pub const LIST: &str = "List";
    /// A map from text to text.
    pub const MAP: &str = "Map";
    /// A structure; its members are announced in turn.
    pub const STRUCTURE: &str = "Structure";
}

/// Why a request could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecodeError {
    /// The body is not the format, or a member has the wrong type. The text may be empty: then
    /// the answer has no message.
    Serialization(Cow<'static, str>),
    /// Constraints of the model do not hold: the whole text for the caller.
    Validation(String),
}

impl DecodeError {
    /// The wire code of the first class; no model lists it.
    pub const SERIALIZATION: &'static str = "SerializationException";
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serialization(text) => write!(f, "{}: {text}", Self::SERIALIZATION),
            Self::Validation(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for DecodeError {}

impl From<DecodeError> for Fault {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Serialization(text) if text.is_empty() => Self::new(DecodeError::SERIALIZATION, 400),
            DecodeError::Serialization(text) => Self::new(DecodeError::SERIALIZATION, 400).with_message(text),
            DecodeError::Validation(text) => ValidationException::new(text).into(),
        }
    }
}

/// The request of an operation.
pub trait Input: Sized + Send + Sync + 'static {
    /// Decodes the request and checks every constraint of its model.
    ///
    /// # Errors
    /// See [`DecodeError`]. An error of the format itself has an empty text: what a parser has to
    /// say about a body is not for the caller.
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, DecodeError>;

    /// Decodes a JSON body; an empty one counts as `{}`. Anything but white space after the
    /// object is refused.
    ///
    /// # Errors
    /// As [`decode`](Self::decode). JSON nested deeper than 127 levels is refused as malformed.
    fn from_json(body: &[u8]) -> Result<Self, DecodeError> {
        let body = if body.is_empty() { b"{}" } else { body };
        let mut json = serde_json::Deserializer::from_slice(body);
        match Self::decode(&mut json) {
            Err(error @ DecodeError::Serialization(_)) => Err(error),
            decoded => {
                json.end().map_err(|_| DecodeError::Serialization(Cow::Borrowed("")))?;
                decoded
            }
        }
    }
}

/// The body of [`Input::decode`] for a structure.
pub(crate) fn decode<'de, T, D>(deserializer: D) -> Result<T, DecodeError>
where
    T: Structure,
    D: Deserializer<'de>,
{
    let mut report = report::Report::default();
    let mut value = None;
    let mut body = |source: &mut dyn source::Source, at: Option<&report::At<'_>>, report: &mut report::Report| {
        value = members::read::<T>(source, at, report)?;
        Ok(())
    };
    let decoded = run(deserializer, &mut body, &mut report);
    if decoded { report.into_result(value) } else { Err(report.into_serialization()) }
}

/// Reads the request; false when that was given up. Out of line, so that a format has this code
/// once and not once for every operation.
#[inline(never)]
fn run<'de, D: Deserializer<'de>>(deserializer: D, body: &mut source::Body<'_>, report: &mut report::Report) -> bool {
    source::StructureSeed { body, at: None, report }.deserialize(deserializer).is_ok()
}
