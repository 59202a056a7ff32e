//! A structure as a list of members, for all that writes one: responses, audit records, debug
//! prints.
//!
//! The generated code only says what the members are ([`Fields`]); it is no type parameter of the
//! writers, so that each of them is compiled once for a format and not again for every operation.

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeSeq, SerializeStruct, Serializer};

use crate::blob::{Blob, SecretBlob, SecretString};
use crate::timestamp::Timestamp;

/// A structure's members.
pub(crate) trait Fields {
    /// The structure's name in the model.
    fn name(&self) -> &'static str;

    /// The member at a place of the model's order; `None` beyond the last.
    fn field(&self, place: usize) -> Option<Field<'_>>;
}

/// One member.
pub(crate) struct Field<'a> {
    /// Its name on the wire.
    pub(crate) wire: &'static str,
    /// Its name in audit records: the first letter in lower case.
    pub(crate) shown: &'static str,
    pub(crate) view: View<'a>,
    /// Whether it stays out of audit records although its type would not keep it out.
    pub(crate) withheld: bool,
}

impl<'a> Field<'a> {
    pub(crate) fn new(wire: &'static str, shown: &'static str, value: &'a impl Viewed) -> Self {
        Self { wire, shown, view: value.view(), withheld: false }
    }

    pub(crate) fn withheld(wire: &'static str, shown: &'static str, value: &'a impl Viewed) -> Self {
        Self { withheld: true, ..Self::new(wire, shown, value) }
    }
}

/// A value of the model, by its kind.
pub(crate) enum View<'a> {
    Absent,
    Text(&'a str),
    Secret(&'a SecretString),
    Blob(&'a Blob),
    SecretBlob(&'a SecretBlob),
    Number(i64),
    Double(f64),
    Flag(bool),
    Time(Timestamp),
    Map(&'a dyn Entries),
    List(&'a dyn Sequence),
    Structure(&'a dyn Fields),
}

/// A value that knows its kind.
pub(crate) trait Viewed {
    fn view(&self) -> View<'_>;
}

/// A map of any values.
pub(crate) trait Entries {
    fn entries<'a>(&'a self) -> Box<dyn Iterator<Item = (View<'a>, View<'a>)> + 'a>;
}

impl<K: Viewed, V: Viewed> Entries for BTreeMap<K, V> {
    fn entries<'a>(&'a self) -> Box<dyn Iterator<Item = (View<'a>, View<'a>)> + 'a> {
        Box::new(self.iter().map(|(key, value)| (key.view(), value.view())))
    }
}

impl<K: Viewed, V: Viewed> Viewed for BTreeMap<K, V> {
    fn view(&self) -> View<'_> {
        View::Map(self)
    }
}

/// A list of any values.
pub(crate) trait Sequence {
    fn length(&self) -> usize;

    fn element(&self, place: usize) -> Option<View<'_>>;
}

impl<T: Viewed> Sequence for Vec<T> {
    fn length(&self) -> usize {
        self.len()
    }

    fn element(&self, place: usize) -> Option<View<'_>> {
        self.get(place).map(T::view)
    }
}

impl<T: Viewed> Viewed for Option<T> {
    fn view(&self) -> View<'_> {
        self.as_ref().map_or(View::Absent, T::view)
    }
}

impl<T: Viewed> Viewed for Vec<T> {
    fn view(&self) -> View<'_> {
        View::List(self)
    }
}

/// One line for each type whose view is a kind of its own.
macro_rules! viewed {
    ($($type:ty: $value:ident => $view:expr;)+) => {$(
        impl Viewed for $type {
            fn view(&self) -> View<'_> {
                let $value = self;
                $view
            }
        }
    )+};
}

viewed! {
    String: text => View::Text(text);
    SecretString: secret => View::Secret(secret);
    Blob: blob => View::Blob(blob);
    SecretBlob: blob => View::SecretBlob(blob);
    i32: number => View::Number(i64::from(*number));
    i64: number => View::Number(*number);
    f64: number => View::Double(*number);
    bool: flag => View::Flag(*flag);
    Timestamp: at => View::Time(*at);
}

/// A value as the client gets it.
struct Wire<'a>(View<'a>);

impl Serialize for Wire<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            View::Absent => serializer.serialize_none(),
            View::Text(text) => serializer.serialize_str(text),
            View::Secret(secret) => secret.serialize(serializer),
            View::Blob(blob) => blob.serialize(serializer),
            View::SecretBlob(blob) => blob.serialize(serializer),
            View::Number(number) => serializer.serialize_i64(*number),
            View::Double(number) => serializer.serialize_f64(*number),
            View::Flag(flag) => serializer.serialize_bool(*flag),
            View::Time(at) => at.serialize(serializer),
            View::Map(map) => serializer.collect_map(map.entries().map(|(key, value)| (Wire(key), Wire(value)))),
            View::List(list) => {
                let mut elements = serializer.serialize_seq(Some(list.length()))?;
                for element in (0..).map_while(|place| list.element(place)) {
                    elements.serialize_element(&Wire(element))?;
                }
                elements.end()
            }
            View::Structure(fields) => wire(*fields, serializer),
        }
    }
}

/// Writes a structure as the client gets it: the members that are there, in the model's order.
pub(crate) fn wire<S: Serializer>(fields: &dyn Fields, serializer: S) -> Result<S::Ok, S::Error> {
    let members = || (0..).map_while(|place| fields.field(place));
    let there = |field: &Field<'_>| !matches!(field.view, View::Absent);
    // Formats that write lengths first need the number.
    let mut structure = serializer.serialize_struct(fields.name(), members().filter(there).count())?;
    for field in members() {
        match field.view {
            View::Absent => structure.skip_field(field.wire)?,
            view => structure.serialize_field(field.wire, &Wire(view))?,
        }
    }
    structure.end()
}

/// Declares what a generated structure can do besides [`Fields`]: it may be shown in audit records
/// and debug prints, and `wire` sends it to clients.
macro_rules! structure {
    ($name:ident, wire) => {
        $crate::view::structure!($name);

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::view::wire(self, serializer)
            }
        }
    };
    ($name:ident) => {
        impl $crate::view::Viewed for $name {
            fn view(&self) -> $crate::view::View<'_> {
                $crate::view::View::Structure(self)
            }
        }

        impl $crate::audit::Audited for $name {
            fn audit<S: serde::Serializer>(&self, hide: &[&str], serializer: S) -> Result<S::Ok, S::Error> {
                $crate::audit::show(self, hide, serializer)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::audit::print(self, f)
            }
        }
    };
}
pub(crate) use structure;
