//! The request as the format gives it: the only part of the decoder that is compiled once for each
//! format.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::hint;
use super::leaf::{LIST_UNEXPECTED, Leaf, LeafSeed, MAP_UNEXPECTED, Number, Place, Sink, Text};
use super::names::{Ignore, NameSeed};
use super::report::{At, Report, Shown, Step};

/// Recorded from Athena, SES and Kinesis for a scalar where the value belongs.
const LIST_EXPECTED: &str = "Expected list or null";
const MAP_EXPECTED: &str = "Expected map or null";
const STRUCTURE_EXPECTED: &str = "Expected null";

/// Decoding was given up. Why is in the report, or kept by the source.
pub(crate) struct Stop;

/// Reads the members of a structure from its source.
pub(super) type Body<'b> = dyn FnMut(&mut dyn Source, Option<&At<'_>>, &mut Report) -> Result<(), Stop> + 'b;

/// The members of a structure in the order they were sent. Where a value may be null, the answer
/// says so by `false` or `None`.
pub(crate) trait Source {
    /// The next member: its place among the names, or none of them, or no member any more.
    fn name(&mut self, names: &'static [&'static str], from: usize) -> Result<Option<Option<usize>>, Stop>;

    /// Reads past the member's value.
    fn skip(&mut self) -> Result<(), Stop>;

    fn leaf(&mut self, sink: &mut dyn Sink, hint: &'static str, at: &At<'_>, report: &mut Report)
    -> Result<bool, Stop>;

    /// A list of texts; its elements may be null too.
    fn texts(&mut self, at: &At<'_>, report: &mut Report) -> Result<Option<Vec<Option<String>>>, Stop>;

    fn map(&mut self, at: &At<'_>, report: &mut Report) -> Result<Option<BTreeMap<String, String>>, Stop>;

    fn structure(&mut self, body: &mut Body<'_>, at: &At<'_>, report: &mut Report) -> Result<bool, Stop>;

    /// A list of structures; yields its length.
    fn structures(&mut self, body: &mut Body<'_>, at: &At<'_>, report: &mut Report) -> Result<Option<usize>, Stop>;
}

/// The members of a structure of some format.
struct Open<A, E> {
    map: A,
    error: Option<E>,
}

impl<'de, A: MapAccess<'de>> Open<A, A::Error> {
    fn value<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Stop> {
        self.map.next_value_seed(seed).map_err(|error| self.stop(error))
    }

    fn stop(&mut self, error: A::Error) -> Stop {
        self.error = Some(error);
        Stop
    }
}

impl<'de, A: MapAccess<'de>> Source for Open<A, A::Error> {
    fn name(&mut self, names: &'static [&'static str], from: usize) -> Result<Option<Option<usize>>, Stop> {
        self.map.next_key_seed(NameSeed { names, from }).map_err(|error| self.stop(error))
    }

    fn skip(&mut self) -> Result<(), Stop> {
        self.value(Ignore)
    }

    fn leaf(
        &mut self,
        sink: &mut dyn Sink,
        hint: &'static str,
        at: &At<'_>,
        report: &mut Report,
    ) -> Result<bool, Stop> {
        self.value(LeafSeed { sink, hint, at, report })
    }

    fn texts(&mut self, at: &At<'_>, report: &mut Report) -> Result<Option<Vec<Option<String>>>, Stop> {
        self.value(TextsSeed { at, report })
    }

    fn map(&mut self, at: &At<'_>, report: &mut Report) -> Result<Option<BTreeMap<String, String>>, Stop> {
        self.value(MapSeed { at, report })
    }

    fn structure(&mut self, body: &mut Body<'_>, at: &At<'_>, report: &mut Report) -> Result<bool, Stop> {
        self.value(StructureSeed { body, at: Some(at), report })
    }

    fn structures(&mut self, body: &mut Body<'_>, at: &At<'_>, report: &mut Report) -> Result<Option<usize>, Stop> {
        self.value(StructuresSeed { body, at, report })
    }
}

/// A text without constraints, for elements that are checked together and for map values.
struct Plain(Option<String>);

static UNCONSTRAINED: Text = Text { min: 0, max: usize::MAX, pattern: None, hidden: false };

impl Sink for Plain {
    fn text(&mut self, text: &str, _place: Place<'_>) -> Result<(), Cow<'static, str>> {
        self.0 = Some(text.to_owned());
        Ok(())
    }

    fn number(&mut self, number: Number, place: Place<'_>) -> Result<(), Cow<'static, str>> {
        String::number(number, &UNCONSTRAINED, place).map(drop)
    }

    fn flag(&mut self, flag: bool) -> Result<(), Cow<'static, str>> {
        String::flag(flag, &UNCONSTRAINED).map(drop)
    }

    fn bytes(&mut self, bytes: &[u8], place: Place<'_>) -> Result<(), Cow<'static, str>> {
        <String as Leaf>::bytes(bytes, &UNCONSTRAINED, place).map(drop)
    }
}

/// What all seeds of compound values have in common: announced by a hint, null is absent, and
/// whatever else is wrong is refused.
macro_rules! compound {
    ($seed:ident<$($lifetime:lifetime),+>, $value:ty, $hint:expr, $absent:expr, $scalar:expr; $($rest:tt)*) => {
        impl<'de> DeserializeSeed<'de> for $seed<$($lifetime),+> {
            type Value = $value;

            fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
                from.deserialize_newtype_struct($hint, self)
            }
        }

        impl<'de> Visitor<'de> for $seed<$($lifetime),+> {
            type Value = $value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($hint)
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Self::Value, D::Error> {
                inner.deserialize_any(self)
            }

            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                $absent(self)
            }

            fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
                $absent(self)
            }

            fn visit_str<E: de::Error>(self, _text: &str) -> Result<Self::Value, E> {
                Err(self.report.refuse($scalar(&self.at)))
            }

            fn visit_i64<E: de::Error>(self, _value: i64) -> Result<Self::Value, E> {
                Err(self.report.refuse($scalar(&self.at)))
            }

            fn visit_u64<E: de::Error>(self, _value: u64) -> Result<Self::Value, E> {
                Err(self.report.refuse($scalar(&self.at)))
            }

            fn visit_f64<E: de::Error>(self, _value: f64) -> Result<Self::Value, E> {
                Err(self.report.refuse($scalar(&self.at)))
            }

            fn visit_bool<E: de::Error>(self, _value: bool) -> Result<Self::Value, E> {
                Err(self.report.refuse($scalar(&self.at)))
            }

            $($rest)*
        }
    };
}

fn refuse_map<T, E: de::Error>(report: &mut Report) -> Result<T, E> {
    Err(report.refuse(MAP_UNEXPECTED))
}

fn refuse_list<T, E: de::Error>(report: &mut Report) -> Result<T, E> {
    Err(report.refuse(LIST_UNEXPECTED))
}

struct TextsSeed<'a> {
    at: &'a At<'a>,
    report: &'a mut Report,
}

compound! {
    TextsSeed<'_>, Option<Vec<Option<String>>>, hint::LIST, |_| Ok(None), |_: &_| LIST_EXPECTED;

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut texts = Vec::new();
        loop {
            let mut text = Plain(None);
            let seed = LeafSeed { sink: &mut text, hint: hint::STRING, at: self.at, report: self.report };
            if list.next_element_seed(seed)?.is_none() {
                return Ok(Some(texts));
            }
            texts.push(text.0);
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, _map: A) -> Result<Self::Value, A::Error> {
        refuse_map(self.report)
    }
}

/// A map from text to text. A null value is refused rather than left out: leaving one out of an
/// encryption context would change what it binds.
struct MapSeed<'a> {
    at: &'a At<'a>,
    report: &'a mut Report,
}

compound! {
    MapSeed<'_>, Option<BTreeMap<String, String>>, hint::MAP, |_| Ok(None), |_: &_| MAP_EXPECTED;

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = BTreeMap::new();
        let mut nulls = false;
        while let Some(key) = map.next_key::<String>()? {
            let mut text = Plain(None);
            map.next_value_seed(LeafSeed { sink: &mut text, hint: hint::STRING, at: self.at, report: self.report })?;
            match text.0 {
                Some(text) => {
                    entries.insert(key, text);
                }
                None => nulls = true,
            }
        }
        if nulls {
            let constraint = format_args!("Map value must satisfy constraint: [Member must not be null]");
            self.report.violation(self.at, Shown::Hidden, constraint);
        }
        Ok(Some(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _list: A) -> Result<Self::Value, A::Error> {
        refuse_list(self.report)
    }
}

struct StructuresSeed<'a, 'b> {
    body: &'a mut Body<'b>,
    at: &'a At<'a>,
    report: &'a mut Report,
}

compound! {
    StructuresSeed<'_, '_>, Option<usize>, hint::LIST, |_| Ok(None), |_: &_| LIST_EXPECTED;

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut length = 0;
        loop {
            let at = At { up: Some(self.at), step: Step::Element(length) };
            let seed = StructureSeed { body: self.body, at: Some(&at), report: self.report };
            match list.next_element_seed(seed)? {
                None => return Ok(Some(length)),
                Some(true) => {}
                Some(false) => self.report.violation(&at, Shown::Null, format_args!("Member must not be null")),
            }
            length += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, _map: A) -> Result<Self::Value, A::Error> {
        refuse_map(self.report)
    }
}

/// A structure; without a place it is the request itself. Unlike elsewhere, a null or a scalar is
/// refused there without a text (recorded from Athena).
pub(super) struct StructureSeed<'a, 'b> {
    pub(super) body: &'a mut Body<'b>,
    pub(super) at: Option<&'a At<'a>>,
    pub(super) report: &'a mut Report,
}

impl StructureSeed<'_, '_> {
    fn absent<E: de::Error>(self) -> Result<bool, E> {
        match self.at {
            Some(_) => Ok(false),
            None => Err(self.report.refuse("")),
        }
    }
}

compound! {
    StructureSeed<'_, '_>, bool, hint::STRUCTURE, Self::absent,
    |at: &Option<&At<'_>>| if at.is_some() { STRUCTURE_EXPECTED } else { "" };

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let mut open = Open { map, error: None };
        match (self.body)(&mut open, self.at, self.report) {
            Ok(()) => Ok(true),
            Err(Stop) => Err(open.error.unwrap_or_else(|| self.report.refuse(""))),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _list: A) -> Result<Self::Value, A::Error> {
        refuse_list(self.report)
    }
}
