//! Values as the XML of Query services.
//!
//! Structures become elements named after their fields; lists become `<member>` elements; maps become `<entry>` elements
//! with `<key>` and `<value>`; absent optional fields are left out; a newtype struct named `Timestamp`, which JSON
//! writes as epoch seconds, is written as `2026-01-01T00:00:00Z`.

use std::fmt::{self, Display};

use jiff::Timestamp;
use quick_xml::escape::partial_escape;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use serde::ser::{self, Impossible, Serialize};

/// Writes `value` as one element named `root`.
pub fn write(root: &str, value: &(impl Serialize + ?Sized)) -> Result<Vec<u8>, Error> {
    let mut writer = Writer::new(Vec::with_capacity(256));
    value.serialize(Element { writer: &mut writer, name: root })?;
    Ok(writer.into_inner())
}

/// A document whose root element holds values written one after the other.
pub struct Document {
    writer: Writer,
    root: String,
}

impl Document {
    /// Opens the root element.
    pub fn new(root: &str, namespace: Option<&str>) -> Self {
        let mut start = BytesStart::new(root);
        if let Some(namespace) = namespace {
            start.push_attribute(("xmlns", namespace));
        }
        let mut writer = Writer::new(Vec::with_capacity(512));
        put(&mut writer, Event::Start(start));
        Self { writer, root: root.to_owned() }
    }

    /// Adds a child element.
    pub fn element(&mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        value.serialize(Element { writer: &mut self.writer, name })
    }

    /// Adds text to the root element.
    pub fn text(&mut self, text: &str) {
        put(&mut self.writer, Event::Text(BytesText::from_escaped(escape(text))));
    }

    /// Closes the root element.
    pub fn finish(mut self) -> Vec<u8> {
        put(&mut self.writer, Event::End(BytesEnd::new(self.root.as_str())));
        self.writer.into_inner()
    }
}

/// A value that has no form in this XML.
#[derive(Debug)]
pub struct Error(String);

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl ser::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

type Writer = quick_xml::Writer<Vec<u8>>;

/// Writing into memory has no way to fail.
fn put(writer: &mut Writer, event: Event<'_>) {
    let _ = writer.write_event(event);
}

/// Escaped text, with the characters that XML 1.0 has no way to carry replaced.
fn escape(text: &str) -> String {
    let carried =
        |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    let text: String = text.chars().map(|c| if carried(c) { c } else { char::REPLACEMENT_CHARACTER }).collect();
    partial_escape(text).into_owned()
}

/// Writes one value as the element `name`, or nothing when the value is absent.
struct Element<'w, 'n> {
    writer: &'w mut Writer,
    name: &'n str,
}

impl<'w, 'n> Element<'w, 'n> {
    fn text(self, text: &str) -> Result<(), Error> {
        put(self.writer, Event::Start(BytesStart::new(self.name)));
        if !text.is_empty() {
            put(self.writer, Event::Text(BytesText::from_escaped(escape(text))));
        }
        put(self.writer, Event::End(BytesEnd::new(self.name)));
        Ok(())
    }

    fn open(self) -> Children<'w, 'n> {
        put(self.writer, Event::Start(BytesStart::new(self.name)));
        Children { writer: self.writer, name: self.name }
    }
}

/// The inside of an element that is still open.
struct Children<'w, 'n> {
    writer: &'w mut Writer,
    name: &'n str,
}

impl Children<'_, '_> {
    fn add(&mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        value.serialize(Element { writer: self.writer, name })
    }

    fn close(self) {
        put(self.writer, Event::End(BytesEnd::new(self.name)));
    }
}

macro_rules! as_text {
    ($($method:ident($type:ty))*) => {
        $(fn $method(self, value: $type) -> Result<(), Error> {
            self.text(&value.to_string())
        })*
    };
}

impl<'w, 'n> ser::Serializer for Element<'w, 'n> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Children<'w, 'n>;
    type SerializeTuple = Children<'w, 'n>;
    type SerializeTupleStruct = Children<'w, 'n>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Children<'w, 'n>;
    type SerializeStruct = Children<'w, 'n>;
    type SerializeStructVariant = Impossible<(), Error>;

    as_text! {
        serialize_bool(bool) serialize_char(char)
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64)
        serialize_f32(f32) serialize_f64(f64)
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.text(value)
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Error> {
        Err(ser::Error::custom("bytes have no form in XML unless they are written as base64 text"))
    }

    fn serialize_none(self) -> Result<(), Error> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.text("")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.text("")
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.text(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<(), Error> {
        if name == "Timestamp" {
            return self.text(&iso(value)?);
        }
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let mut children = self.open();
        children.add(variant, value)?;
        children.close();
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Error> {
        Ok(self.open())
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Error> {
        Ok(self.open())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Error> {
        Ok(self.open())
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        Err(ser::Error::custom(format!("the tuple variant {variant} has no form in XML")))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Error> {
        Ok(self.open())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Error> {
        Ok(self.open())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        Err(ser::Error::custom(format!("the struct variant {variant} has no form in XML")))
    }
}

/// The ISO form of a timestamp that serializes as epoch seconds: whole seconds, as Query services write them.
fn iso(value: &(impl Serialize + ?Sized)) -> Result<String, Error> {
    let value = serde_json::to_value(value).map_err(ser::Error::custom)?;
    let seconds = value.as_f64().ok_or_else(|| Error(format!("{value} is not a number of seconds")))?;
    let time = Timestamp::from_second(seconds.floor() as i64).map_err(ser::Error::custom)?;
    Ok(time.to_string())
}

macro_rules! as_members {
    ($($of:ident $method:ident)*) => {
        $(impl ser::$of for Children<'_, '_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.add("member", value)
            }

            fn end(self) -> Result<(), Error> {
                self.close();
                Ok(())
            }
        })*
    };
}

as_members! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
}

impl ser::SerializeStruct for Children<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        self.add(name, value)
    }

    fn end(self) -> Result<(), Error> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeMap for Children<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        put(self.writer, Event::Start(BytesStart::new("entry")));
        self.add("key", key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.add("value", value)?;
        put(self.writer, Event::End(BytesEnd::new("entry")));
        Ok(())
    }

    fn end(self) -> Result<(), Error> {
        self.close();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
