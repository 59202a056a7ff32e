//! Form parameters of Query services as a value to deserialize from.
//!
//! `X.Y` is member `Y` of structure `X`; `X.member.1` is the first element of list `X`; `X.entry.1.key` and
//! `X.entry.1.value` are an entry of map `X`. Of a duplicated parameter the first counts. Scalars arrive as text and are
//! parsed when the target type asks for a number, a boolean or (through [`hint::TIMESTAMP`]) a time.

use std::collections::BTreeMap;

use claviger_shapes::decode::hint;
use jiff::Timestamp;
use serde::de::value::{Error, MapDeserializer, SeqDeserializer, StringDeserializer};
use serde::de::{self, Deserializer, Error as _, IntoDeserializer, Visitor};

/// Reads form parameters. Percent-escapes that are not UTF-8 become replacement characters; parameters nested deeper
/// than any API has are ignored like all unknown ones. Far more parameters than any API takes are refused by the first
/// use of the result, because each takes many times its own size in memory.
pub fn deserializer(form: &[u8]) -> Form {
    let mut root = Form::default();
    let mut parts = 0;
    for (name, value) in form_urlencoded::parse(form) {
        let depth = name.split('.').count();
        if depth > DEEPEST {
            continue;
        }
        parts += depth;
        if parts > MOST {
            return Form { excessive: true, ..Form::default() };
        }
        let mut place = &mut root;
        for part in name.split('.') {
            place = place.members.entry(part.to_owned()).or_default();
        }
        place.text.get_or_insert_with(|| value.into_owned());
    }
    root
}

/// Form parameters, or the part of them below one name.
#[derive(Debug, Clone, Default)]
pub struct Form {
    excessive: bool,
    text: Option<String>,
    members: BTreeMap<String, Form>,
}

impl Form {
    fn check(&self) -> Result<(), Error> {
        if self.excessive { Err(Error::custom("too many parameters")) } else { Ok(()) }
    }

    fn into_text(self) -> Result<String, Error> {
        self.text.ok_or_else(|| Error::custom("a structure or list where a value is expected"))
    }

    /// Elements of a list in the order of their numbers, which may have gaps and need not start at 1. A lone empty value
    /// (`X=`) is how clients send an empty list.
    fn into_elements(mut self) -> Result<Vec<Form>, Error> {
        let numbered = match self.members.remove("member") {
            Some(list) => list.members,
            None => self.members,
        };
        if numbered.is_empty() && self.text.is_some_and(|text| !text.is_empty()) {
            return Err(Error::custom("a value where a list is expected"));
        }
        Ok(in_order(numbered))
    }

    fn into_entries(mut self) -> Vec<(String, Form)> {
        let Some(entries) = self.members.remove("entry") else {
            return self.members.into_iter().collect();
        };
        let pair = |mut entry: Form| {
            let key = entry.members.remove("key")?.text?;
            Some((key, entry.members.remove("value")?))
        };
        in_order(entries.members).into_iter().filter_map(pair).collect()
    }
}

/// Members whose name is a number, by that number.
fn in_order(members: BTreeMap<String, Form>) -> Vec<Form> {
    let numbered = members.into_iter().filter_map(|(name, form)| Some((name.parse::<u32>().ok()?, form)));
    let mut numbered: Vec<_> = numbered.collect();
    numbered.sort_by_key(|(number, _)| *number);
    numbered.into_iter().map(|(_, form)| form).collect()
}

impl IntoDeserializer<'_, Error> for Form {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident $type:ty)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            let text = self.into_text()?;
            let value: $type = text.parse().map_err(|_| Error::invalid_value(de::Unexpected::Str(&text), &visitor))?;
            visitor.$visit(value)
        })*
    };
}

impl<'de> Deserializer<'de> for Form {
    type Error = Error;

    /// What the parameters look like: a list, a map, a text, else a structure.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.check()?;
        let only = |name| self.members.len() == 1 && self.members.contains_key(name);
        if only("member") {
            self.deserialize_seq(visitor)
        } else if self.members.is_empty() && self.text.is_some() {
            self.deserialize_string(visitor)
        } else {
            self.deserialize_map(visitor)
        }
    }

    parsed! {
        deserialize_bool visit_bool bool
        deserialize_i8 visit_i8 i8
        deserialize_i16 visit_i16 i16
        deserialize_i32 visit_i32 i32
        deserialize_i64 visit_i64 i64
        deserialize_i128 visit_i128 i128
        deserialize_u8 visit_u8 u8
        deserialize_u16 visit_u16 u16
        deserialize_u32 visit_u32 u32
        deserialize_u64 visit_u64 u64
        deserialize_u128 visit_u128 u128
        deserialize_f32 visit_f32 f32
        deserialize_f64 visit_f64 f64
        deserialize_char visit_char char
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.into_text()?)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    /// Request types announce each value by the name of a newtype, see [`hint`]; other names mean nothing here. What is
    /// not of the announced kind goes to the visitor as it looks, for its own error.
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        self.check()?;
        let only_text = self.text.as_deref().filter(|_| self.members.is_empty());
        match (name, only_text) {
            (hint::LIST | hint::MAP | hint::STRUCTURE, Some(text)) if !text.is_empty() => visitor.visit_str(text),
            (hint::LIST, _) => self.deserialize_seq(visitor),
            (hint::MAP, _) => self.deserialize_map(visitor),
            (hint::STRUCTURE, _) => self.deserialize_struct(name, &[], visitor),
            (hint::INTEGER, Some(text)) => match text.parse() {
                Ok(number) => visitor.visit_i64(number),
                Err(_) => visitor.visit_str(text),
            },
            (hint::BOOLEAN, Some(text)) => match text.parse() {
                Ok(flag) => visitor.visit_bool(flag),
                Err(_) => visitor.visit_str(text),
            },
            (hint::TIMESTAMP, Some(text)) => match text.parse::<Timestamp>() {
                Ok(time) => visitor.visit_f64(time.as_millisecond() as f64 / 1000.0),
                Err(_) => visitor.visit_str(text),
            },
            (hint::STRING | hint::BLOB, _) => self.deserialize_any(visitor),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let mut elements = SeqDeserializer::new(self.into_elements()?.into_iter());
        let value = visitor.visit_seq(&mut elements)?;
        elements.end()?;
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.check()?;
        let mut entries = MapDeserializer::new(self.into_entries().into_iter());
        let value = visitor.visit_map(&mut entries)?;
        entries.end()?;
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.check()?;
        let mut members = MapDeserializer::new(self.members.into_iter());
        let value = visitor.visit_map(&mut members)?;
        members.end()?;
        Ok(value)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let variant: StringDeserializer<Error> = self.into_text()?.into_deserializer();
        visitor.visit_enum(variant)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

/// Parts in the longest parameter name that is read. IAM and STS stay below 10; the stack is what must not run out.
const DEEPEST: usize = 32;

/// Parts in all parameter names together. The largest requests of IAM and STS have a few hundred.
const MOST: usize = 20_000;

#[cfg(test)]
mod tests;
