//! What a token says.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::Error;

/// The claims of a token whose signature was verified.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    /// `iss`.
    pub issuer: String,
    /// `sub`.
    pub subject: String,
    /// `aud`; empty only if `azp` is there.
    pub audiences: Vec<String>,
    /// `azp`: the client the token was issued to, where that is not the audience.
    pub authorized_party: Option<String>,
    /// `exp`.
    pub expires: Timestamp,
    /// `iat`.
    pub issued_at: Timestamp,
    /// `nbf`.
    pub not_before: Option<Timestamp>,
    /// Every other claim.
    pub extra: BTreeMap<String, Value>,
}

/// The members of a JSON object, each there once: of two `sub`, one reader might take the first and another the last.
pub(crate) struct Members(BTreeMap<String, Value>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Once;
        impl<'de> Visitor<'de> for Once {
            type Value = Members;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("a claim is there twice"));
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Once)
    }
}

impl Members {
    /// `iss`, before anything is verified.
    pub(crate) fn issuer(self) -> Result<String, Error> {
        Ok(Claims::read(self)?.issuer)
    }
}

impl Claims {
    /// Reads the registered claims; the rest stays as it is.
    pub(crate) fn read(Members(mut members): Members) -> Result<Self, Error> {
        let issuer = text(members.remove("iss"))?.ok_or(Error::MissingClaim("iss"))?;
        let subject = text(members.remove("sub"))?.ok_or(Error::MissingClaim("sub"))?;
        let authorized_party = text(members.remove("azp"))?;
        let audiences = texts(members.remove("aud"))?;
        if audiences.is_empty() && authorized_party.is_none() {
            return Err(Error::MissingClaim("aud"));
        }
        let expires = time(members.remove("exp"))?.ok_or(Error::MissingClaim("exp"))?;
        let issued_at = time(members.remove("iat"))?.ok_or(Error::MissingClaim("iat"))?;
        let not_before = time(members.remove("nbf"))?;
        Ok(Self { issuer, subject, audiences, authorized_party, expires, issued_at, not_before, extra: members })
    }
}

/// An empty text says nothing, so it counts as missing.
fn text(value: Option<Value>) -> Result<Option<String>, Error> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(_) => Err(Error::Malformed),
    }
}

fn texts(value: Option<Value>) -> Result<Vec<String>, Error> {
    match value {
        Some(Value::Array(values)) => {
            let texts = values.into_iter().map(|value| text(Some(value)));
            Ok(texts.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
        }
        other => Ok(text(other)?.into_iter().collect()),
    }
}

/// Seconds since 1970, whole or with a fraction (RFC 7519 §2, NumericDate).
fn time(value: Option<Value>) -> Result<Option<Timestamp>, Error> {
    let number = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number,
        Some(_) => return Err(Error::Malformed),
    };
    let time = match (number.as_i64(), number.as_f64()) {
        (Some(seconds), _) => Timestamp::from_second(seconds).ok(),
        (None, Some(seconds)) => {
            let since = jiff::SignedDuration::try_from_secs_f64(seconds).ok();
            since.and_then(|since| Timestamp::from_duration(since).ok())
        }
        (None, None) => None,
    };
    time.map(Some).ok_or(Error::Malformed)
}
