//! Strict reading of JSON objects and lists, with the place of every value.
//!
//! Values stay slices of the document ([`RawValue`]), so that a statement or a principal can be located, and rewritten
//! without touching the text around it.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::malformed::Malformed;

/// The document a value was cut from.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a>(pub(crate) &'a str);

impl<'a> Source<'a> {
    pub(crate) fn root(self) -> Result<&'a RawValue, Malformed> {
        serde_json::from_str(self.0).map_err(|error| {
            let line = error.line().max(1);
            let start = self.0.split_inclusive('\n').take(line - 1).map(str::len).sum::<usize>();
            Malformed::new("This policy contains invalid Json").at(start + error.column().saturating_sub(1))
        })
    }

    /// The byte range of `value` in the document.
    pub(crate) fn range(self, value: &RawValue) -> std::ops::Range<usize> {
        let start = (value.get().as_ptr() as usize).saturating_sub(self.0.as_ptr() as usize);
        start..start + value.get().len()
    }

    pub(crate) fn start(self, value: &RawValue) -> usize {
        self.range(value).start
    }

    fn refuse(self, value: &RawValue) -> Malformed {
        Malformed::syntax().at(self.start(value))
    }

    /// The members of an object, in order. A repeated name is refused: of two `Effect`s no reader may pick one.
    pub(crate) fn object(self, value: &'a RawValue) -> Result<Members<'a>, Malformed> {
        match value.get().as_bytes().first() {
            Some(b'{') => {
                serde_json::from_str::<Object<'a>>(value.get()).map(|object| object.0).map_err(|_| self.refuse(value))
            }
            _ => Err(self.refuse(value)),
        }
    }

    /// The elements of a list; any other value is a list of one.
    pub(crate) fn list(self, value: &'a RawValue) -> Result<Vec<&'a RawValue>, Malformed> {
        match value.get().as_bytes().first() {
            Some(b'[') => serde_json::from_str(value.get()).map_err(|_| self.refuse(value)),
            _ => Ok(vec![value]),
        }
    }

    pub(crate) fn string(self, value: &'a RawValue) -> Result<String, Malformed> {
        serde_json::from_str(value.get()).map_err(|_| self.refuse(value))
    }

    /// One string or a list of strings, each with its place.
    pub(crate) fn strings(self, value: &'a RawValue) -> Result<Vec<(String, &'a RawValue)>, Malformed> {
        self.list(value)?.into_iter().map(|item| Ok((self.string(item)?, item))).collect()
    }

    /// Strings, numbers and booleans as text: condition values may be written without quotes.
    pub(crate) fn scalars(self, value: &'a RawValue) -> Result<Vec<String>, Malformed> {
        let scalar = |item: &'a RawValue| match item.get().as_bytes().first() {
            Some(b'"') => self.string(item),
            Some(b'{' | b'[' | b'n') | None => Err(self.refuse(item)),
            Some(_) => Ok(item.get().to_owned()),
        };
        self.list(value)?.into_iter().map(scalar).collect()
    }
}

pub(crate) type Members<'a> = Vec<(String, &'a RawValue)>;

struct Object<'a>(Members<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Members<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members: Members<'de> = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
                names.sort_unstable();
                if names.windows(2).any(|pair| pair[0] == pair[1]) {
                    return Err(A::Error::custom("repeated name"));
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Read).map(Object)
    }
}
