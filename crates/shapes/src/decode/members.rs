//! Structures, read member by member.
//!
//! The generated code sees a request only through [`Members`], which is no type parameter, so that
//! it is compiled once and not again for every format; see [`source`](super::source) for the rest.

use std::collections::BTreeMap;

use super::leaf::{Leaf, Slot};
use super::list::{Element, List, check_length};
use super::report::{At, Report, Shown, Step};
use super::source::{Source, Stop};

/// A structure of a request.
pub(crate) trait Structure: Sized {
    /// Wire names in the model's order; at most 64.
    const MEMBERS: &'static [&'static str];
    /// Bit `i` is set when member `i` is required.
    const REQUIRED: u64;

    /// Reads all members. `None`: a violation was reported.
    fn read(members: &mut Members<'_>) -> Result<Option<Self>, Stop>;
}

/// The members of a structure while it is being read.
pub(crate) struct Members<'a> {
    source: &'a mut dyn Source,
    names: &'static [&'static str],
    at: Option<&'a At<'a>>,
    report: &'a mut Report,
    /// Which members are there, bit by bit.
    seen: u64,
    /// The member whose value comes next.
    current: usize,
}

/// Reads one value; yields whether there is one (not null).
type ReadValue<'r> = dyn FnMut(&mut dyn Source, &At<'_>, &mut Report) -> Result<bool, Stop> + 'r;

/// Reads a whole structure; `None`: a violation was reported.
pub(super) fn read<T: Structure>(
    source: &mut dyn Source,
    at: Option<&At<'_>>,
    report: &mut Report,
) -> Result<Option<T>, Stop> {
    let mut members = Members { source, names: T::MEMBERS, at, report, seen: 0, current: 0 };
    let value = T::read(&mut members)?;
    members.finish(T::REQUIRED);
    Ok(value)
}

impl Members<'_> {
    /// The place of the next member the model knows; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<usize>, Stop> {
        loop {
            match self.source.name(self.names, self.current)? {
                None => return Ok(None),
                Some(Some(place)) => {
                    self.current = place;
                    return Ok(Some(place));
                }
                Some(None) => self.source.skip()?,
            }
        }
    }

    /// Reads the value of the member just named. Out of line: every member of every structure
    /// passes here.
    #[inline(never)]
    fn value(&mut self, read: &mut ReadValue<'_>) -> Result<(), Stop> {
        let place = self.current;
        let name = self.names.get(place).copied().unwrap_or_default();
        let at = At { up: self.at, step: Step::Member(name, place) };
        let bit = 1 << place;
        if self.seen & bit != 0 {
            self.report.forget(&at);
        }
        let present = read(self.source, &at, self.report)?;
        self.seen = if present { self.seen | bit } else { self.seen & !bit };
        Ok(())
    }

    /// Reads a scalar.
    pub(crate) fn leaf<T: Leaf>(&mut self, rule: &'static T::Rule) -> Result<Option<T>, Stop> {
        let mut slot = Slot { value: None, rule };
        self.value(&mut |source, at, report| source.leaf(&mut slot, T::HINT, at, report))?;
        Ok(slot.value)
    }

    /// Reads a list of texts or enumeration values.
    pub(crate) fn list<T: Element>(&mut self, rule: &'static List<T::Rule>) -> Result<Option<Vec<T>>, Stop> {
        let mut value = None;
        self.value(&mut |source, at, report| {
            let texts = source.texts(at, report)?;
            value = texts.as_deref().and_then(|texts| rule.convert(texts, at, report));
            Ok(texts.is_some())
        })?;
        Ok(value)
    }

    /// Reads a list of structures.
    pub(crate) fn structures<T: Structure>(&mut self, min: usize, max: usize) -> Result<Option<Vec<T>>, Stop> {
        let mut value = None;
        self.value(&mut |source, at, report| {
            let mut elements = Vec::new();
            let mut body = |source: &mut dyn Source, at: Option<&At<'_>>, report: &mut Report| {
                elements.extend(read::<T>(source, at, report)?);
                Ok(())
            };
            let length = source.structures(&mut body, at, report)?;
            if let Some(length) = length {
                check_length(length, min, max, at, report, || Shown::Hidden);
                // Fewer than the length only when a violation says why.
                value = Some(elements);
            }
            Ok(length.is_some())
        })?;
        Ok(value)
    }

    /// Reads a map from text to text.
    pub(crate) fn map(&mut self) -> Result<Option<BTreeMap<String, String>>, Stop> {
        let mut value = None;
        self.value(&mut |source, at, report| {
            value = source.map(at, report)?;
            Ok(value.is_some())
        })?;
        Ok(value)
    }

    /// Reads a structure.
    pub(crate) fn structure<T: Structure>(&mut self) -> Result<Option<T>, Stop> {
        let mut value = None;
        self.value(&mut |source, at, report| {
            let mut body = |source: &mut dyn Source, at: Option<&At<'_>>, report: &mut Report| {
                value = read::<T>(source, at, report)?;
                Ok(())
            };
            source.structure(&mut body, at, report)
        })?;
        Ok(value)
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
                self.report.violation(&at, Shown::Null, format_args!("Member must not be null"));
            }
        }
    }
}
