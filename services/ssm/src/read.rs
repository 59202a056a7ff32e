//! Reading a parameter for a client.

use claviger_shapes::{InternalFailure, SecretString, ValidationException, ssm};

use crate::SsmCx;
use crate::find::{self, Picked};
use crate::keys::KeyError;
use crate::name::{Asked, is_reference};
use crate::parameter::Parameter;
use crate::record::{Kind, Version};
use crate::secure;

/// What came of asking for a version of a parameter.
pub(crate) enum Read {
    /// The parameter as the client gets it.
    Found(Box<ssm::Parameter>),
    /// There is no version of this number.
    NoVersion(i64),
    /// No version has the label.
    NoLabel,
}

/// One version of a parameter.
pub(crate) async fn one<E: KeyError>(
    cx: SsmCx<'_>,
    parameter: &Parameter,
    asked: &Asked,
    decrypt: Option<bool>,
) -> Result<Read, E> {
    let picked = find::pick(cx.system, parameter, asked.selector.as_ref()).await.map_err(InternalFailure::from)?;
    let version = match picked {
        Picked::Version(version) => version,
        Picked::NoVersion(number) => return Ok(Read::NoVersion(number)),
        Picked::NoLabel => return Ok(Read::NoLabel),
    };
    let value = value::<E>(cx, parameter, &version, decrypt).await?;
    let name = name(cx, parameter, asked);
    Ok(Read::Found(Box::new(parameter.shown(&version, value, name, asked.suffix.clone()))))
}

/// A parameter's name as whoever asked for it knows it.
pub(crate) fn name(cx: SsmCx<'_>, parameter: &Parameter, asked: &Asked) -> String {
    match &asked.spelled {
        Some(spelled) => spelled.clone(),
        None if parameter.record.account == cx.call.account() => parameter.record.name.clone(),
        // Other accounts know it by its ARN alone.
        None => parameter.arn.clone(),
    }
}

/// A version's value as stored, or decrypted for the caller.
pub(crate) async fn value<E: KeyError>(
    cx: SsmCx<'_>,
    parameter: &Parameter,
    version: &Version,
    decrypt: Option<bool>,
) -> Result<SecretString, E> {
    if version.kind == Kind::SecureString && decrypt == Some(true) {
        return secure::decrypt(cx, &parameter.arn, version.tier, &version.value).await;
    }
    Ok(SecretString::new(version.value.clone()))
}

/// References to secrets are only followed when they may be decrypted.
pub(crate) fn check_reference(asked: &Asked, decrypt: Option<bool>) -> Result<(), ValidationException> {
    if is_reference(&asked.path) && decrypt != Some(true) {
        let text = "WithDecryption flag must be True for retrieving a Secret Manager secret.";
        return Err(ValidationException::new(text));
    }
    Ok(())
}

/// The text about a reference behind which there is no secret.
pub(crate) fn no_secret(path: &str) -> String {
    format!("An error occurred (ParameterNotFound) when referencing Secrets Manager: Secret {path} not found.")
}

/// The text about a version that does not exist.
pub(crate) fn no_version(name: &str, number: i64) -> String {
    format!("Systems Manager could not find version {number} of {name}. Verify the version and try again.")
}
