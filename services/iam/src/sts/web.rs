//! The bearer of an identity provider's token, as the subject of an operation: what the token says, in the words of
//! policies.

use std::collections::{BTreeMap, BTreeSet};

use claviger_identity::ProviderRecord;
use claviger_oidc::Claims;
use claviger_pipeline::WebIdentity;
use serde_json::Value;

use super::parts::{one, tag_condition};
use super::prelude::*;
use super::role_subject::RoleSubject;

/// The claim that holds session tags; also the beginning of claims that hold one each.
const TAGS: &str = "https://aws.amazon.com/tags";
/// The claim that holds a source identity.
const SOURCE_IDENTITY: &str = "https://aws.amazon.com/source_identity";
/// Session tags.
const TAGS_MAX: usize = 50;
/// Characters of a tag's key.
const TAG_KEY_MAX: usize = 128;
/// Characters of a tag's value.
const TAG_VALUE_MAX: usize = 256;

/// A role, asked for with a token.
pub(super) struct WebSubject {
    /// The role.
    pub role: RoleSubject,
    /// The provider as condition keys name it, in lower case: `HOST/PATH`.
    host: String,
    /// The audience that counts: the authorized party's, where the token names one.
    pub audience: String,
    /// What the token says besides.
    claims: Claims,
    /// Session tags.
    pub tags: Vec<sts::Tag>,
    /// Keys of the tags that go on to the next role.
    pub transitive: Vec<String>,
    /// `sts:SourceIdentity`.
    pub source_identity: Option<String>,
}

/// Why a token is not good for this provider, in AWS's words.
pub(super) type Refused = sts::InvalidIdentityTokenException;

impl WebSubject {
    /// Puts a verified token to a role.
    pub(super) fn new(
        mut role: RoleSubject,
        provider: &ProviderRecord,
        partition: &str,
        claims: Claims,
    ) -> Result<Self, Refused> {
        let audience = audience(&claims, provider).ok_or_else(|| Refused::new("Incorrect token audience"))?;
        if claims.subject.chars().count() > 255 {
            return Err(Refused::new("Invalid token subject"));
        }
        let (tags, transitive) = session_tags(&claims.extra)?;
        let source_identity = source_identity(&claims.extra)?;
        role.tagged = !tags.is_empty();
        role.identified = source_identity.is_some();
        role.web = Some(WebIdentity {
            provider: provider.arn(partition),
            audience: audience.clone(),
            subject: claims.subject.clone(),
        });
        let host = provider.url.to_ascii_lowercase();
        Ok(Self { role, host, audience, claims, tags, transitive, source_identity })
    }

    /// The tags as a session keeps them.
    pub(super) fn session_tags(&self) -> (BTreeMap<String, String>, BTreeSet<String>) {
        let tags = self.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone()));
        (tags.collect(), self.transitive.iter().cloned().collect())
    }

    /// `HOST/PATH:aud` and the like.
    fn claim(&self, name: &str) -> Option<Values<'_>> {
        match name {
            "aud" => one(&self.audience),
            // What `aud` says where the authorized party took its name.
            "oaud" if self.claims.authorized_party.is_some() => several(&self.claims.audiences),
            "azp" => one(self.claims.authorized_party.as_deref()?),
            "sub" => one(&self.claims.subject),
            "amr" => match self.claims.extra.get("amr")? {
                Value::Array(methods) => {
                    Some(Values::Many(methods.iter().filter_map(Value::as_str).map(Into::into).collect()))
                }
                Value::String(method) => one(method),
                _ => None,
            },
            "email" => one(self.claims.extra.get("email")?.as_str()?),
            _ => None,
        }
    }
}

fn several(texts: &[String]) -> Option<Values<'_>> {
    match texts {
        [] => None,
        [text] => one(text),
        _ => Some(Values::Many(texts.iter().map(|text| text.as_str().into()).collect())),
    }
}

/// The authorized party stands for the audience where there is one: it is who got the token.
fn audience(claims: &Claims, provider: &ProviderRecord) -> Option<String> {
    let accepted = |audience: &&String| provider.client_ids.contains(*audience);
    match &claims.authorized_party {
        Some(party) => Some(party).filter(accepted).cloned(),
        None => claims.audiences.iter().find(accepted).cloned(),
    }
}

/// Tags are one claim, or one claim each: `TAGS/principal_tags/KEY` and `TAGS/transitive_tag_keys`.
fn session_tags(claims: &BTreeMap<String, Value>) -> Result<(Vec<sts::Tag>, Vec<String>), Refused> {
    let nested = claims.get(TAGS).unwrap_or(&Value::Null);
    let under = nested["principal_tags"].as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value));
    let beside = claims.iter().filter_map(|(claim, value)| {
        let key = claim.strip_prefix(TAGS)?.strip_prefix("/principal_tags/")?;
        Some((key, value))
    });
    let mut tags: Vec<sts::Tag> = Vec::new();
    for (key, value) in under.chain(beside) {
        let value = single(value).filter(|value| value.chars().count() <= TAG_VALUE_MAX && plain(value));
        let named = (1..=TAG_KEY_MAX).contains(&key.chars().count()) && plain(key);
        let reserved = key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:"));
        let (Some(value), true, false) = (value, named, reserved) else {
            return Err(Refused::new("A session tag in the token is not valid."));
        };
        if tags.iter().any(|tag| tag.key.eq_ignore_ascii_case(key)) {
            return Err(Refused::new("Duplicate tag keys found. Please note that Tag keys are case insensitive."));
        }
        tags.push(sts::Tag { key: key.to_owned(), value: value.to_owned() });
    }
    if tags.len() > TAGS_MAX {
        return Err(Refused::new("The token carries more than 50 session tags."));
    }
    let flat = claims.get(&format!("{TAGS}/transitive_tag_keys")).unwrap_or(&Value::Null);
    let asked =
        [&nested["transitive_tag_keys"], flat].into_iter().flat_map(|keys| keys.as_array().into_iter().flatten());
    let mut transitive = Vec::new();
    for key in asked {
        let key = key.as_str().unwrap_or_default();
        match tags.iter().find(|tag| tag.key.eq_ignore_ascii_case(key)) {
            Some(tag) => transitive.push(tag.key.clone()),
            None => {
                return Err(Refused::new("The specified transitive tag key must be included in the requested tags."));
            }
        }
    }
    Ok((tags, transitive))
}

/// A tag's value is a text, or a list of one.
fn single(value: &Value) -> Option<&str> {
    match value {
        Value::Array(values) if values.len() == 1 => values[0].as_str(),
        other => other.as_str(),
    }
}

/// Letters, digits, spaces and `_.:/=+-@`: what STS allows in tags.
fn plain(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c))
}

fn source_identity(claims: &BTreeMap<String, Value>) -> Result<Option<String>, Refused> {
    let Some(value) = claims.get(SOURCE_IDENTITY) else { return Ok(None) };
    let fits = |text: &&str| {
        (2..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
    };
    match value.as_str().filter(fits) {
        Some(text) => Ok(Some(text.to_owned())),
        None => Err(Refused::new("The source identity in the token is not valid.")),
    }
}

impl Subject for WebSubject {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        self.role.permissions(action)
    }

    fn condition(&self, side: usize, key: &str) -> Option<Values<'_>> {
        if let Some(claim) = key.strip_prefix(&*self.host).and_then(|rest| rest.strip_prefix(':')) {
            return self.claim(claim);
        }
        if key == "sts:sourceidentity" {
            return one(self.source_identity.as_deref()?);
        }
        let asked = tag_condition(Some(&self.tags), Some(&self.transitive), key);
        asked.or_else(|| self.role.condition(side, key))
    }

    fn web_identity(&self) -> Option<&WebIdentity> {
        self.role.web_identity()
    }

    fn resources(&self) -> Vec<(&str, &str, &'static str)> {
        self.role.resources()
    }
}

#[cfg(test)]
mod tests;
