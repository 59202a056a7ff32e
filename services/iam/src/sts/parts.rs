//! What several operations share: session policies, tags, credentials as they are answered.

use std::collections::{BTreeMap, BTreeSet};

use claviger_pipeline::credentials::{Session, SessionCredentials, issue_session};
use claviger_policy::{Document, Kind};
use claviger_shapes::{InvalidParameterValueException, SecretString, Timestamp};

use super::prelude::*;

/// Longest plain text of an inline session policy together with the ARNs of managed ones, in characters.
const PLAIN_MAX: usize = 2048;
/// Managed session policies.
const ARNS_MAX: usize = 10;
/// Policies and tags as this server packs them, in bytes; AWS's own packing is not published.
const PACKED_MAX: usize = 4096;

/// What limits and describes a session being made.
#[derive(Default)]
pub(super) struct Limits {
    /// Texts; `None`: no session policy was passed.
    pub policies: Option<Vec<String>>,
    /// Session tags of this request and those that came along.
    pub tags: BTreeMap<String, String>,
    /// Keys that go on to the next role.
    pub transitive: BTreeSet<String>,
}

/// Session policies: the inline one, and managed ones of `account` or of AWS.
pub(super) async fn policies<E>(
    cx: StsCx<'_>,
    account: &str,
    inline: Option<&str>,
    arns: &[sts::PolicyDescriptorType],
) -> Result<Option<Vec<String>>, E>
where
    E: From<sts::MalformedPolicyDocumentException>
        + From<sts::PackedPolicyTooLargeException>
        + From<ValidationException>
        + From<InternalFailure>,
{
    let invalid = |text: String| E::from(ValidationException::new(text));
    if let Some(text) = inline {
        if text.chars().count() > PLAIN_MAX {
            return Err(invalid(format!(
                "1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length \
                 less than or equal to {PLAIN_MAX}"
            )));
        }
        Document::parse(text, Kind::Session)
            .and_then(|document| document.require_2012())
            .map_err(|error| sts::MalformedPolicyDocumentException::new(error.to_string()))?;
    }
    if arns.len() > ARNS_MAX {
        return Err(invalid(format!(
            "1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have length \
             less than or equal to {ARNS_MAX}"
        )));
    }
    if inline.is_none() && arns.is_empty() {
        return Ok(None);
    }
    let mut texts: Vec<String> = inline.map(str::to_owned).into_iter().collect();
    let mut plain = inline.map_or(0, |text| text.chars().count());
    for arn in arns.iter().filter_map(|descriptor| descriptor.arn.as_deref()) {
        plain += arn.chars().count();
        let own = claviger_identity::EntityArn::parse(arn)
            .is_some_and(|arn| arn.kind == "policy" && (arn.account == account || arn.account == "aws"));
        let found = cx.system.identities.policy_text(&*cx.system.store, arn).await;
        match found.map_err(InternalFailure::new)?.filter(|_| own) {
            Some(text) => texts.push(text),
            None => return Err(invalid(format!("Policy {arn} does not exist or is not attachable."))),
        }
    }
    if plain > PLAIN_MAX {
        return Err(sts::PackedPolicyTooLargeException::new(format!(
            "Packed policy consumes {}% of allotted space, please use smaller policy.",
            plain * 100 / PLAIN_MAX
        ))
        .into());
    }
    Ok(Some(texts))
}

/// Session tags of a request, on top of the transitive ones its caller's session carries.
pub(super) fn tags<E: From<InvalidParameterValueException>>(
    cx: StsCx<'_>,
    asked: &[sts::Tag],
    transitive: &[String],
) -> Result<(BTreeMap<String, String>, BTreeSet<String>), E> {
    let refuse = |text: &'static str| E::from(InvalidParameterValueException::new(text));
    let mut tags = BTreeMap::new();
    let mut keys = BTreeSet::new();
    if let Some(session) = &cx.call.caller.session {
        keys.clone_from(&session.transitive);
        tags.extend(session.tags.iter().filter(|(key, _)| keys.contains(*key)).map(|(k, v)| (k.clone(), v.clone())));
    }
    let inherited = tags.clone();
    let among = |tags: &BTreeMap<String, String>, key: &str| tags.keys().any(|known| known.eq_ignore_ascii_case(key));
    for tag in asked {
        if among(&inherited, &tag.key) {
            return Err(refuse(
                "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key \
                 from the calling session.",
            ));
        }
        if among(&tags, &tag.key) {
            return Err(refuse("Duplicate tag keys found. Please note that Tag keys are case insensitive."));
        }
        tags.insert(tag.key.clone(), tag.value.clone());
    }
    for key in transitive {
        match asked.iter().find(|tag| tag.key.eq_ignore_ascii_case(key)) {
            Some(tag) => keys.insert(tag.key.clone()),
            None => return Err(refuse("The specified transitive tag key must be included in the requested tags.")),
        };
    }
    Ok((tags, keys))
}

impl Limits {
    /// How much of the space for policies and tags is used, in percent; `None` without either.
    pub(super) fn packed_size<E: From<sts::PackedPolicyTooLargeException>>(&self) -> Result<Option<i32>, E> {
        if self.policies.is_none() && self.tags.is_empty() {
            return Ok(None);
        }
        let policies: usize = self.policies.iter().flatten().map(|text| packed(text)).sum();
        let tags: usize = self.tags.iter().map(|(key, value)| key.len() + value.len() + 2).sum();
        let percent = ((policies + tags) * 100).div_ceil(PACKED_MAX);
        if percent > 100 {
            return Err(sts::PackedPolicyTooLargeException::new(format!(
                "Packed policy consumes {percent}% of allotted space, please use smaller policy."
            ))
            .into());
        }
        Ok(i32::try_from(percent).ok())
    }

    /// Puts them into a session.
    pub(super) fn into_session(self, session: &mut Session) {
        session.policies = self.policies;
        session.tags = self.tags;
        session.transitive = self.transitive;
    }
}

/// White space outside of texts does not count; white space inside hardly occurs.
fn packed(policy: &str) -> usize {
    policy.chars().filter(|c| !c.is_ascii_whitespace()).map(char::len_utf8).sum()
}

/// Issues the credentials of a session, in the form they are answered.
pub(super) async fn issue(cx: StsCx<'_>, account: &str, session: Session) -> Result<sts::Credentials, InternalFailure> {
    let issued: SessionCredentials = issue_session(cx.system, account, session).await?;
    Ok(sts::Credentials {
        access_key_id: Some(issued.access_key_id),
        secret_access_key: Some(SecretString::new(issued.secret.to_string())),
        session_token: Some(issued.token.to_string()),
        expiration: Some(Timestamp(issued.expires)),
    })
}

/// No device that could show a second factor exists here.
pub(super) fn refuse_mfa<E: From<claviger_shapes::AccessDeniedException>>(
    serial: Option<&str>,
    code: Option<&str>,
) -> Result<(), E> {
    if serial.is_none() && code.is_none() {
        return Ok(());
    }
    let text = "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is \
                valid and associated with this user.";
    Err(claviger_shapes::AccessDeniedException::new(text).into())
}

/// The end of a session that lasts `seconds` from now.
pub(super) fn until(cx: StsCx<'_>, seconds: i32) -> Result<jiff::Timestamp, InternalFailure> {
    cx.call.now.checked_add(jiff::SignedDuration::from_secs(seconds.into())).map_err(InternalFailure::new)
}

/// `aws:RequestTag/KEY`, `aws:TagKeys`, `sts:TransitiveTagKeys`.
pub(super) fn tag_condition<'a>(
    tags: Option<&'a [sts::Tag]>,
    transitive: Option<&'a [String]>,
    key: &str,
) -> Option<Values<'a>> {
    let tags = tags.unwrap_or_default();
    match key {
        "aws:tagkeys" if !tags.is_empty() => {
            Some(Values::Many(tags.iter().map(|tag| tag.key.as_str().into()).collect()))
        }
        "sts:transitivetagkeys" => {
            let keys = transitive.filter(|keys| !keys.is_empty())?;
            Some(Values::Many(keys.iter().map(|key| key.as_str().into()).collect()))
        }
        _ => {
            let name = key.strip_prefix("aws:requesttag/")?;
            let tag = tags.iter().find(|tag| tag.key.eq_ignore_ascii_case(name))?;
            one(&tag.value)
        }
    }
}

/// A single text value.
pub(super) fn one<'a>(text: impl Into<std::borrow::Cow<'a, str>>) -> Option<Values<'a>> {
    Some(Values::One(text.into()))
}
