//! The view of requests and responses that may enter the audit log.
//!
//! Blobs and members the model marks sensitive are left out by their type, whatever an operation
//! says; the generator withholds a few more (grant tokens). Debug prints are the same view, so that
//! one decision governs both.

use std::fmt;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::view::{Field, Fields, View};

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

/// A value as an audit record shows it.
struct Shown<'a>(View<'a>, &'a [&'a str]);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            // Members that are secret never come here; elements of a list might.
            View::Absent | View::Secret(_) | View::Blob(_) | View::SecretBlob(_) => serializer.serialize_none(),
            View::Text(text) => serializer.serialize_str(text),
            View::Number(number) => serializer.serialize_i64(*number),
            View::Double(number) => serializer.serialize_f64(*number),
            View::Flag(flag) => serializer.serialize_bool(*flag),
            View::Time(at) => serializer.serialize_str(&at.display_text()),
            View::Map(map) => {
                serializer.collect_map(map.entries().map(|(key, value)| (Shown(key, self.1), Shown(value, self.1))))
            }
            View::List(list) => {
                let mut elements = serializer.serialize_seq(Some(list.length()))?;
                for element in (0..).map_while(|place| list.element(place)) {
                    elements.serialize_element(&Shown(element, self.1))?;
                }
                elements.end()
            }
            View::Structure(fields) => show(*fields, self.1, serializer),
        }
    }
}

/// Writes a structure's members that are there and may be shown.
pub(crate) fn show<S: Serializer>(fields: &dyn Fields, hide: &[&str], serializer: S) -> Result<S::Ok, S::Error> {
    let mut members = serializer.serialize_map(None)?;
    for Field { wire, shown, view, withheld } in (0..).map_while(|place| fields.field(place)) {
        let secret = matches!(view, View::Absent | View::Secret(_) | View::Blob(_) | View::SecretBlob(_));
        if !(secret || withheld || hide.contains(&wire)) {
            members.serialize_entry(shown, &Shown(view, hide))?;
        }
    }
    members.end()
}

/// Prints a structure for debugging: its name and what an audit record would show.
pub(crate) fn print(fields: &dyn Fields, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let view = Shown(View::Structure(fields), &[]);
    let text = serde_json::to_string(&view).map_err(|_| fmt::Error)?;
    write!(f, "{} {text}", fields.name())
}
