//! The view of requests and responses that may enter the audit log.
//!
//! Which members it has is decided when the code is generated: blobs and members the model marks
//! sensitive are not written at all, and their types do not implement [`Audited`], so forgetting
//! one does not compile.

use std::collections::BTreeMap;
use std::fmt;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::timestamp::Timestamp;

/// A value that can be shown in an audit record, as CloudTrail shows it: lower-camel member names
/// (only the first letter changes, hence `aWSAccountId`), absent members left out, dates as text.
pub trait Audited {
    /// Writes the value without the members named in `hide` (wire names, at any depth).
    fn audit<S: Serializer>(&self, hide: &[&str], serializer: S) -> Result<S::Ok, S::Error>;
}

/// Serializes a value as the audit log may see it, without the members named in the second field.
pub struct AuditView<'a, T: ?Sized>(pub &'a T, pub &'a [&'a str]);

impl<T: Audited + ?Sized> Serialize for AuditView<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.audit(self.1, serializer)
    }
}

/// Writes a structure's members that are present and not hidden.
pub(crate) struct AuditWriter<'a, S: Serializer> {
    map: S::SerializeMap,
    hide: &'a [&'a str],
}

impl<'a, S: Serializer> AuditWriter<'a, S> {
    pub(crate) fn start(serializer: S, hide: &'a [&'a str]) -> Result<Self, S::Error> {
        let map = serializer.serialize_map(None)?;
        Ok(Self { map, hide })
    }

    /// Writes a member that is always there.
    pub(crate) fn required<T: Audited>(&mut self, wire: &str, shown: &str, value: &T) -> Result<(), S::Error> {
        if self.hide.contains(&wire) {
            return Ok(());
        }
        self.map.serialize_entry(shown, &AuditView(value, self.hide))
    }

    /// Writes a member if it is there.
    pub(crate) fn member<T: Audited>(&mut self, wire: &str, shown: &str, value: &Option<T>) -> Result<(), S::Error> {
        match value {
            Some(value) => self.required(wire, shown, value),
            None => Ok(()),
        }
    }

    pub(crate) fn end(self) -> Result<S::Ok, S::Error> {
        self.map.end()
    }
}

impl Audited for String {
    fn audit<S: Serializer>(&self, _hide: &[&str], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl Audited for bool {
    fn audit<S: Serializer>(&self, _hide: &[&str], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*self)
    }
}

impl Audited for i32 {
    fn audit<S: Serializer>(&self, _hide: &[&str], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i32(*self)
    }
}

impl Audited for Timestamp {
    fn audit<S: Serializer>(&self, _hide: &[&str], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.display_text())
    }
}

impl<T: Audited> Audited for Vec<T> {
    fn audit<S: Serializer>(&self, hide: &[&str], serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.len()))?;
        for element in self {
            list.serialize_element(&AuditView(element, hide))?;
        }
        list.end()
    }
}

impl Audited for BTreeMap<String, String> {
    fn audit<S: Serializer>(&self, _hide: &[&str], serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

/// Makes the debug print of generated types their audit view, so that one decision governs both.
macro_rules! debug_as_audited {
    ($name:ident) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::audit::print(stringify!($name), self, f)
            }
        }
    };
}
pub(crate) use debug_as_audited;

pub(crate) fn print<T: Audited>(name: &str, value: &T, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let text = serde_json::to_string(&AuditView(value, &[])).map_err(|_| fmt::Error)?;
    write!(f, "{name} {text}")
}
