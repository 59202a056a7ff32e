//! Values made of others: structures, lists, maps.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::hint;
use super::leaf::{LIST_UNEXPECTED, Leaf, LeafSeed, MAP_UNEXPECTED, Place, Sink, Slot, Text, length_violation};
use super::report::{At, Report, Shown, Step};
use crate::enumeration::Enumeration;

/// Recorded from Athena, SES and Kinesis for a scalar where the value belongs.
const LIST_EXPECTED: &str = "Expected list or null";
const MAP_EXPECTED: &str = "Expected map or null";
const STRUCTURE_EXPECTED: &str = "Expected null";

/// A structure of a request.
pub(crate) trait Structure: Sized {
    /// Wire names in the model's order; at most 64.
    const MEMBERS: &'static [&'static str];
    /// Bit `i` is set when member `i` is required.
    const REQUIRED: u64;

    /// Reads all members. `None`: a violation was reported.
    fn read<'de, A: MapAccess<'de>>(members: &mut Members<'_, A>) -> Result<Option<Self>, A::Error>;
}

/// Constraints of a list of scalars. A `max` of `usize::MAX` means none.
pub(crate) struct List<R: 'static> {
    pub(crate) min: usize,
    pub(crate) max: usize,
    pub(crate) element: &'static R,
}

/// The members of a structure while it is being read.
pub(crate) struct Members<'a, A> {
    map: A,
    names: &'static [&'static str],
    at: Option<&'a At<'a>>,
    report: &'a mut Report,
    /// Which members are there, bit by bit.
    seen: u64,
    /// The member whose value comes next.
    current: usize,
}

impl<'de, A: MapAccess<'de>> Members<'_, A> {
    /// The place of the next member the model knows; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<usize>, A::Error> {
        loop {
            // Clients mostly send the members in the model's order, so the search starts there.
            let seed = NameSeed { names: self.names, from: self.current };
            match self.map.next_key_seed(seed)? {
                None => return Ok(None),
                Some(Some(place)) => {
                    self.current = place;
                    return Ok(Some(place));
                }
                Some(None) => self.map.next_value_seed(Ignore)?,
            }
        }
    }

    /// Reads the value of the member just named. `read` gets the seed's surroundings and yields
    /// whether there is a value (not null).
    fn value<T>(
        &mut self,
        read: impl FnOnce(&mut A, &At<'_>, &mut Report) -> Result<(bool, Option<T>), A::Error>,
    ) -> Result<Option<T>, A::Error> {
        let place = self.current;
        let name = self.names.get(place).copied().unwrap_or_default();
        let at = At { up: self.at, step: Step::Member(name, place) };
        let bit = 1 << place;
        if self.seen & bit != 0 {
            self.report.forget(&at);
        }
        let (present, value) = read(&mut self.map, &at, self.report)?;
        self.seen = if present { self.seen | bit } else { self.seen & !bit };
        Ok(value)
    }

    /// Reads a scalar.
    pub(crate) fn leaf<T: Leaf>(&mut self, rule: &'static T::Rule) -> Result<Option<T>, A::Error> {
        let mut slot = Slot { value: None, rule };
        self.value(|map, at, report| {
            let present = map.next_value_seed(LeafSeed { sink: &mut slot, hint: T::HINT, at, report })?;
            Ok((present, slot.value))
        })
    }

    /// Reads a list of texts or enumeration values.
    pub(crate) fn list<T: Element>(&mut self, rule: &'static List<T::Rule>) -> Result<Option<Vec<T>>, A::Error> {
        self.value(|map, at, report| {
            let texts = map.next_value_seed(TextsSeed { at, report })?;
            let value = texts.as_deref().and_then(|texts| rule.convert(texts, at, report));
            Ok((texts.is_some(), value))
        })
    }

    /// Reads a list of structures.
    pub(crate) fn structures<T: Structure>(&mut self, min: usize, max: usize) -> Result<Option<Vec<T>>, A::Error> {
        self.value(|map, at, report| {
            let list = map.next_value_seed(StructuresSeed { at, report: &mut *report, of: PhantomData })?;
            if let Some((_, length)) = &list {
                check_length(*length, min, max, at, report, || Shown::Hidden);
            }
            let present = list.is_some();
            Ok((present, list.and_then(|(list, _)| list)))
        })
    }

    /// Reads a map from text to text.
    pub(crate) fn map(&mut self) -> Result<Option<BTreeMap<String, String>>, A::Error> {
        self.value(|map, at, report| {
            let value = map.next_value_seed(MapSeed { at, report })?;
            Ok((value.is_some(), value))
        })
    }

    /// Reads a structure.
    pub(crate) fn structure<T: Structure>(&mut self) -> Result<Option<T>, A::Error> {
        self.value(|map, at, report| map.next_value_seed(StructureSeed { at: Some(at), report, of: PhantomData }))
    }

    /// Reports the required members that are missing.
    fn finish(&mut self, required: u64) {
        let missing = required & !self.seen;
        if missing == 0 {
            return;
        }
        for (place, name) in self.names.iter().enumerate() {
            if missing >> place & 1 == 1 {
                let at = At { up: self.at, step: Step::Member(name, place) };
                let constraint = format_args!("Member must not be null");
                self.report.violation(&at, Shown::Null, constraint);
            }
        }
    }
}

fn check_length<'v>(
    length: usize,
    min: usize,
    max: usize,
    at: &At<'_>,
    report: &mut Report,
    shown: impl Fn() -> Shown<'v>,
) -> bool {
    if length > max {
        length_violation(report, at, shown(), "less than or equal to", max);
    }
    if length < min {
        length_violation(report, at, shown(), "greater than or equal to", min);
    }
    (min..=max).contains(&length)
}

/// An element of a list of scalars.
pub(crate) trait Element: Sized {
    type Rule: 'static;

    fn of(text: &str, rule: &Self::Rule) -> Option<Self>;

    /// The constraints of an element, as listed when one of them does not hold.
    fn clauses(rule: &Self::Rule) -> Vec<String>;

    fn hidden(rule: &Self::Rule) -> bool;
}

impl Element for String {
    type Rule = Text;

    fn of(text: &str, rule: &Text) -> Option<Self> {
        (rule.broken(text) == (false, false, false)).then(|| text.to_owned())
    }

    fn clauses(rule: &Text) -> Vec<String> {
        rule.clauses()
    }

    fn hidden(rule: &Text) -> bool {
        rule.hidden
    }
}

impl<T: Enumeration> Element for T {
    type Rule = ();

    fn of(text: &str, _rule: &()) -> Option<Self> {
        <T as Enumeration>::of(text)
    }

    fn clauses(_rule: &()) -> Vec<String> {
        let texts = T::TEXTS.join(", ");
        vec![format!("Member must satisfy enum value set: [{texts}]")]
    }

    fn hidden(_rule: &()) -> bool {
        false
    }
}

impl<R> List<R> {
    /// Checks the list and its elements. When an element breaks a constraint the violation names
    /// the whole list and all constraints of an element, as recorded from Lambda, ECR and ACM:
    /// `Value '[a, b]' at 'x' .. Member must satisfy constraint: [.., ..]`.
    fn convert<T: Element<Rule = R>>(
        &self,
        texts: &[Option<String>],
        at: &At<'_>,
        report: &mut Report,
    ) -> Option<Vec<T>> {
        let whole = Joined(texts);
        let shown = || match T::hidden(self.element) {
            true => Shown::Hidden,
            false => Shown::Value(&whole),
        };
        let fits = check_length(texts.len(), self.min, self.max, at, report, shown);
        if texts.iter().any(Option::is_none) {
            let constraint = format_args!("Member must satisfy constraint: [Member must not be null]");
            report.violation(at, shown(), constraint);
            return None;
        }
        let elements: Option<Vec<T>> = texts.iter().flatten().map(|text| T::of(text, self.element)).collect();
        if elements.is_none() {
            let clauses = T::clauses(self.element).join(", ");
            let constraint = format_args!("Member must satisfy constraint: [{clauses}]");
            report.violation(at, shown(), constraint);
        }
        elements.filter(|_| fits)
    }
}

/// A list as Java prints one: `[a, null, b]`.
struct Joined<'a>(&'a [Option<String>]);

impl fmt::Display for Joined<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (place, text) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{}", text.as_deref().unwrap_or("null"))?;
        }
        f.write_str("]")
    }
}

/// A text without constraints, for elements that are checked together and for map values.
struct Plain(Option<String>);

impl Sink for Plain {
    fn text(&mut self, text: &str, _place: Place<'_>) -> Result<(), Cow<'static, str>> {
        self.0 = Some(text.to_owned());
        Ok(())
    }

    fn number(&mut self, number: super::leaf::Number, place: Place<'_>) -> Result<(), Cow<'static, str>> {
        String::number(number, &UNCONSTRAINED, place).map(drop)
    }

    fn flag(&mut self, flag: bool) -> Result<(), Cow<'static, str>> {
        String::flag(flag, &UNCONSTRAINED).map(drop)
    }

    fn bytes(&mut self, bytes: &[u8], place: Place<'_>) -> Result<(), Cow<'static, str>> {
        <String as Leaf>::bytes(bytes, &UNCONSTRAINED, place).map(drop)
    }
}

static UNCONSTRAINED: Text = Text { min: 0, max: usize::MAX, pattern: None, hidden: false };

/// What all seeds of compound values have in common: announced by a hint, null is absent, and
/// whatever else is wrong is refused.
macro_rules! compound {
    ($seed:ident $([$t:ident: $bound:path])?, $value:ty, $hint:expr, $absent:expr, $scalar:expr;
     $($rest:tt)*) => {
        impl<'de $(, $t: $bound)?> DeserializeSeed<'de> for $seed<'_ $(, $t)?> {
            type Value = $value;

            fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
                from.deserialize_newtype_struct($hint, self)
            }
        }

        impl<'de $(, $t: $bound)?> Visitor<'de> for $seed<'_ $(, $t)?> {
            type Value = $value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($hint)
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                inner: D,
            ) -> Result<Self::Value, D::Error> {
                inner.deserialize_any(self)
            }

            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                $absent(self)
            }

            fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
                $absent(self)
            }

            fn visit_str<E: de::Error>(self, _text: &str) -> Result<Self::Value, E> {
                Err(self.report.refuse($scalar))
            }

            fn visit_i64<E: de::Error>(self, _value: i64) -> Result<Self::Value, E> {
                Err(self.report.refuse($scalar))
            }

            fn visit_u64<E: de::Error>(self, _value: u64) -> Result<Self::Value, E> {
                Err(self.report.refuse($scalar))
            }

            fn visit_f64<E: de::Error>(self, _value: f64) -> Result<Self::Value, E> {
                Err(self.report.refuse($scalar))
            }

            fn visit_bool<E: de::Error>(self, _value: bool) -> Result<Self::Value, E> {
                Err(self.report.refuse($scalar))
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

/// A list of texts; elements may be null. `None`: the list itself is null.
struct TextsSeed<'a> {
    at: &'a At<'a>,
    report: &'a mut Report,
}

compound! {
    TextsSeed, Option<Vec<Option<String>>>, hint::LIST, |_| Ok(None), LIST_EXPECTED;

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut texts = Vec::new();
        loop {
            let mut text = Plain(None);
            let seed = LeafSeed {
                sink: &mut text,
                hint: hint::STRING,
                at: self.at,
                report: self.report,
            };
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
    MapSeed, Option<BTreeMap<String, String>>, hint::MAP, |_| Ok(None), MAP_EXPECTED;

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = BTreeMap::new();
        let mut nulls = false;
        while let Some(key) = map.next_key::<String>()? {
            let mut text = Plain(None);
            map.next_value_seed(LeafSeed {
                sink: &mut text,
                hint: hint::STRING,
                at: self.at,
                report: self.report,
            })?;
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

/// A list of structures, and how long it is.
struct StructuresSeed<'a, T> {
    at: &'a At<'a>,
    report: &'a mut Report,
    of: PhantomData<T>,
}

compound! {
    StructuresSeed[T: Structure], Option<(Option<Vec<T>>, usize)>, hint::LIST, |_| Ok(None),
    LIST_EXPECTED;

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut elements = Some(Vec::new());
        let mut length = 0;
        loop {
            let at = At {
                up: Some(self.at),
                step: Step::Element(length),
            };
            let seed = StructureSeed {
                at: Some(&at),
                report: self.report,
                of: PhantomData,
            };
            match list.next_element_seed(seed)? {
                None => return Ok(Some((elements, length))),
                Some((true, Some(element))) => {
                    if let Some(elements) = &mut elements {
                        elements.push(element);
                    }
                }
                Some((true, None)) => elements = None,
                Some((false, _)) => {
                    let constraint = format_args!("Member must not be null");
                    self.report.violation(&at, Shown::Null, constraint);
                    elements = None;
                }
            }
            length += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, _map: A) -> Result<Self::Value, A::Error> {
        refuse_map(self.report)
    }
}

/// A structure, and whether there was one (not null).
struct StructureSeed<'a, T> {
    at: Option<&'a At<'a>>,
    report: &'a mut Report,
    of: PhantomData<T>,
}

compound! {
    StructureSeed[T: Structure], (bool, Option<T>), hint::STRUCTURE, |_| Ok((false, None)),
    STRUCTURE_EXPECTED;

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let mut members = Members {
            map,
            names: T::MEMBERS,
            at: self.at,
            report: self.report,
            seen: 0,
            current: 0,
        };
        let value = T::read(&mut members)?;
        members.finish(T::REQUIRED);
        Ok((true, value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _list: A) -> Result<Self::Value, A::Error> {
        refuse_list(self.report)
    }
}

/// The request itself. Unlike elsewhere, a null or a scalar is refused without a text (recorded
/// from Athena).
pub(super) struct Root<'a, T> {
    report: &'a mut Report,
    of: PhantomData<T>,
}

impl<'a, T> Root<'a, T> {
    pub(super) fn new(report: &'a mut Report) -> Self {
        Self { report, of: PhantomData }
    }
}

compound! {
    Root[T: Structure], Option<T>, hint::STRUCTURE, |root: Self| Err(root.report.refuse("")), "";

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let seed = StructureSeed {
            at: None,
            report: self.report,
            of: PhantomData,
        };
        seed.visit_map(map).map(|(_, value)| value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _list: A) -> Result<Self::Value, A::Error> {
        refuse_list(self.report)
    }
}

/// Finds a member by its wire name.
struct NameSeed {
    names: &'static [&'static str],
    from: usize,
}

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_identifier(self)
    }
}

impl Visitor<'_> for NameSeed {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Self::Value, E> {
        let (before, after) = self.names.split_at(self.from.min(self.names.len()));
        let found = |names: &[&str]| names.iter().position(|known| *known == name);
        Ok(found(after).map(|place| place + before.len()).or_else(|| found(before)))
    }
}

/// Reads past a value nobody asked for. Not [`de::IgnoredAny`]: that one has no limit of depth in
/// JSON and lets malformed text pass.
struct Ignore;

impl<'de> DeserializeSeed<'de> for Ignore {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Ignore {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<(), D::Error> {
        inner.deserialize_any(self)
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<(), D::Error> {
        inner.deserialize_any(self)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_bytes<E: de::Error>(self, _: &[u8]) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_none<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key_seed(Self)?.is_some() {
            map.next_value_seed(Self)?;
        }
        Ok(())
    }
}
