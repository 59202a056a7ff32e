//! What a new version of a parameter says: what the request gives, and what it inherits from the version before.

use claviger_shapes::ssm::{
    HierarchyTypeMismatchException, ParameterLimitExceeded, ParameterTier, PutParameterError, PutParameterRequest,
};
use claviger_shapes::{InternalFailure, ValidationException};

use crate::SsmCx;
use crate::counts::Counts;
use crate::keys::KeyError;
use crate::policies::{self, Policy, Refused};
use crate::record::{Kind, Tier, Version};
use crate::secure::{self, DEFAULT_KEY};
use crate::{settings, value};

/// A version that may be written. Its value is not encrypted yet.
pub(crate) struct Change<'a> {
    /// Its number.
    pub(crate) number: i64,
    /// Its tier.
    pub(crate) tier: Tier,
    kind: Kind,
    value: &'a str,
    key_id: Option<String>,
    description: Option<String>,
    allowed_pattern: Option<String>,
    data_type: String,
    policies: Vec<Policy>,
}

impl From<Refused> for PutParameterError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Form(error) => error.into(),
            Refused::Type(error) => error.into(),
            Refused::Attribute(error) => error.into(),
            Refused::Together(error) => error.into(),
            Refused::Many(error) => error.into(),
        }
    }
}

impl<'a> Change<'a> {
    /// Reads a request for a parameter whose newest version is `before`.
    pub(crate) async fn of(
        cx: SsmCx<'_>,
        path: &str,
        before: Option<&Version>,
        input: &'a PutParameterRequest,
        counts: &Counts,
    ) -> Result<Self, PutParameterError> {
        let kind = kind(before, input)?;
        let value = input.value.expose();
        let data_type = given_or(&input.data_type, before.map(|before| &before.data_type));
        let data_type = data_type.unwrap_or_else(|| value::TEXT.to_owned());
        value::check_data_type(&data_type, path, kind, value)?;
        let given = input.policies.as_deref().map(policies::parse).transpose()?;
        let tier = tier(cx, before, input, kind, &data_type, counts).await?;
        if !value::fits(value, kind, tier) {
            return Err(value::too_large(tier).into());
        }
        if before.is_none_or(|before| before.tier != tier) && !counts.has_room(tier) {
            let text = "You have exceeded the number of parameters for this Amazon Web Services account. Delete one or \
                        more parameters and try again.";
            return Err(ParameterLimitExceeded::new(text).into());
        }
        let before_pattern = before.and_then(|before| before.allowed_pattern.as_ref());
        let allowed_pattern = given_or(&input.allowed_pattern, before_pattern);
        if let Some(pattern) = &allowed_pattern {
            value::check_pattern::<PutParameterError>(value, pattern)?;
        }
        let kept = || before.map(|before| policies::inherited(&before.policies)).unwrap_or_default();
        Ok(Self {
            number: before.map_or(1, |before| before.version + 1),
            tier,
            kind,
            value,
            key_id: key(before, input, kind, tier)?,
            description: given_or(&input.description, before.and_then(|before| before.description.as_ref())),
            allowed_pattern,
            data_type,
            policies: given.unwrap_or_else(kept),
        })
    }

    /// The version as it is stored, for the parameter `arn`.
    pub(crate) async fn version<E: KeyError>(self, cx: SsmCx<'_>, arn: &str) -> Result<Version, E> {
        let value = match &self.key_id {
            Some(key) => secure::encrypt::<E>(cx, key, arn, self.tier, self.value).await?,
            None => self.value.to_owned(),
        };
        Ok(Version {
            version: self.number,
            kind: self.kind,
            value,
            key_id: self.key_id,
            description: self.description,
            allowed_pattern: self.allowed_pattern,
            tier: self.tier,
            data_type: self.data_type,
            policies: self.policies,
            modified: cx.call.now,
            user: cx.call.caller.arn.to_string(),
        })
    }
}

/// What the request gives, else what stood there before. An empty text removes.
fn given_or(given: &Option<String>, before: Option<&String>) -> Option<String> {
    given.as_ref().or(before).filter(|text| !text.is_empty()).cloned()
}

fn kind(before: Option<&Version>, input: &PutParameterRequest) -> Result<Kind, PutParameterError> {
    match (input.r#type.map(Kind::from), before) {
        (Some(kind), Some(before)) if kind != before.kind => {
            let text = "Parameter Store doesn't support changing a parameter type. Delete the parameter and create it \
                        again with another type, or create a parameter with another name.";
            Err(HierarchyTypeMismatchException::new(text).into())
        }
        (Some(kind), _) => Ok(kind),
        (None, Some(before)) => Ok(before.kind),
        (None, None) => {
            Err(ValidationException::new("A parameter type is required when you create a parameter.").into())
        }
    }
}

/// The key of a SecureString.
fn key(
    before: Option<&Version>,
    input: &PutParameterRequest,
    kind: Kind,
    tier: Tier,
) -> Result<Option<String>, ValidationException> {
    if kind != Kind::SecureString {
        if input.key_id.is_some() {
            let kind = if kind == Kind::String { "String" } else { "StringList" };
            return Err(ValidationException::new(format!("KeyId is not required for {kind} type parameter.")));
        }
        return Ok(None);
    }
    // A parameter that changes its tier goes back to the default key unless told otherwise.
    let before = before.filter(|before| before.tier == tier).and_then(|before| before.key_id.as_ref());
    Ok(Some(input.key_id.as_ref().or(before).map_or_else(|| DEFAULT_KEY.to_owned(), String::clone)))
}

async fn tier(
    cx: SsmCx<'_>,
    before: Option<&Version>,
    input: &PutParameterRequest,
    kind: Kind,
    data_type: &str,
    counts: &Counts,
) -> Result<Tier, PutParameterError> {
    let was_advanced = before.is_some_and(|before| before.tier == Tier::Advanced);
    let asked = match input.tier {
        Some(tier) => tier,
        // There is no way back, so that a default cannot mean one.
        None if was_advanced => ParameterTier::Advanced,
        None => settings::default_tier(cx.system, cx.call).await.map_err(InternalFailure::from)?,
    };
    let has_policies = input.policies.is_some();
    match asked {
        ParameterTier::Advanced => Ok(Tier::Advanced),
        ParameterTier::IntelligentTiering => {
            let needs = was_advanced
                || has_policies
                || value::is_advanced_only(data_type)
                || !value::fits(input.value.expose(), kind, Tier::Standard)
                || before.is_none() && !counts.has_room(Tier::Standard);
            Ok(if needs { Tier::Advanced } else { Tier::Standard })
        }
        ParameterTier::Standard if was_advanced => {
            let text = "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the \
                        advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the \
                        advanced parameter and recreate it as a standard parameter. Be aware that standard parameters \
                        have a value limit of 4096 characters.";
            Err(ValidationException::new(text).into())
        }
        ParameterTier::Standard if has_policies => {
            let text = "Standard tier parameters don't support parameter policies. To use policies, upgrade the \
                        parameter to use the advanced-parameter tier.";
            Err(ValidationException::new(text).into())
        }
        ParameterTier::Standard if value::is_advanced_only(data_type) => {
            let text = format!(
                "Standard tier parameters don't support the data type {data_type}. To use it, upgrade the parameter to \
                 use the advanced-parameter tier."
            );
            Err(ValidationException::new(text).into())
        }
        ParameterTier::Standard => Ok(Tier::Standard),
    }
}

/// The text when the version that would have to go carries a label.
pub(crate) fn labelled(name: &str, oldest: i64) -> String {
    format!(
        "You attempted to create a new version of {name} by calling the PutParameter API with the overwrite flag. \
         Version {oldest}, the oldest version, can't be deleted because it has a label associated with it. Move the \
         label to another version of the parameter, and try again."
    )
}
