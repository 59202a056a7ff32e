//! Structures with every member filled, each with a text that names the member.

use serde::Serialize;

use crate::{AuditView, Audited, Blob, DecodeError, Input, SecretBlob, SecretString, Timestamp};

/// The text planted in the member of that name.
pub(crate) fn planted(name: &str) -> String {
    format!("planted<{name}>")
}

/// A value with every member filled.
pub(crate) trait Filled {
    fn filled(name: &str) -> Self;
}

impl Filled for String {
    fn filled(name: &str) -> Self {
        planted(name)
    }
}

impl Filled for SecretString {
    fn filled(name: &str) -> Self {
        Self::new(planted(name))
    }
}

impl Filled for Blob {
    fn filled(name: &str) -> Self {
        Self(planted(name).into_bytes())
    }
}

impl Filled for SecretBlob {
    fn filled(name: &str) -> Self {
        Self::new(planted(name).into_bytes())
    }
}

impl Filled for bool {
    fn filled(_name: &str) -> Self {
        true
    }
}

impl Filled for i32 {
    fn filled(_name: &str) -> Self {
        7
    }
}

impl Filled for i64 {
    fn filled(_name: &str) -> Self {
        7
    }
}

impl Filled for f64 {
    fn filled(_name: &str) -> Self {
        7.5
    }
}

impl Filled for Timestamp {
    fn filled(_name: &str) -> Self {
        Self(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl<T: Filled> Filled for Option<T> {
    fn filled(name: &str) -> Self {
        Some(T::filled(name))
    }
}

impl<T: Filled> Filled for Vec<T> {
    fn filled(name: &str) -> Self {
        vec![T::filled(name), T::filled(name)]
    }
}

impl<K: Filled + Ord, V: Filled> Filled for std::collections::BTreeMap<K, V> {
    fn filled(name: &str) -> Self {
        Self::from([(K::filled(name), V::filled(name))])
    }
}

macro_rules! filled {
    ($($name:ident { $($field:ident: $wire:literal),* $(,)? })*) => {$(
        impl Filled for $name {
            fn filled(_name: &str) -> Self {
                Self { $($field: Filled::filled($wire),)* }
            }
        }
    )*};
}
pub(crate) use filled;

macro_rules! empty {
    ($($name:ident,)*) => {$(
        impl Filled for $name {
            fn filled(_name: &str) -> Self {
                Self
            }
        }
    )*};
}
pub(crate) use empty;

/// An operation with its types erased.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Decodes a JSON body and gives the request's audit view.
    pub(crate) decode: fn(&[u8]) -> Result<String, DecodeError>,
    /// The filled request without the hidden members: audit view, debug print.
    pub(crate) request: fn(&[&str]) -> [String; 2],
    /// The filled response without the hidden members: audit view, debug print, wire.
    pub(crate) response: fn(&[&str]) -> [String; 3],
}

impl Case {
    pub(crate) const fn of<I, O>(name: &'static str) -> Self
    where
        I: Input + Audited + Filled + std::fmt::Debug,
        O: Serialize + Audited + Filled + std::fmt::Debug,
    {
        Self {
            name,
            decode: |body| I::from_json(body).map(|request| audited(&request, &[])),
            request: |hide| {
                let request = I::filled("");
                [audited(&request, hide), format!("{request:?}")]
            },
            response: |hide| {
                let response = O::filled("");
                let wire = serde_json::to_string(&response).unwrap();
                [audited(&response, hide), format!("{response:?}"), wire]
            },
        }
    }
}

fn audited<T: Audited>(value: &T, hide: &[&str]) -> String {
    serde_json::to_string(&AuditView(value, hide)).unwrap()
}
