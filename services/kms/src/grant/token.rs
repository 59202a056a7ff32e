//! Grant tokens. Here a grant counts from the moment it is made, so a token adds nothing to a request; it names a grant,
//! and the grant still decides whom it allows.

use std::sync::Arc;

use claviger_crypto::hierarchy::{DomainKey, WrappedKey};
use claviger_pipeline::{Internal, System, credentials::GLOBAL, internal};
use claviger_shapes::InternalFailure;
use claviger_shapes::kms::InvalidGrantTokenException;
use claviger_store::Record;

use super::record::GrantRecord;

/// Tokens travel as text that needs no escaping.
const ENCODING: base64_simd::Base64 = base64_simd::URL_SAFE_NO_PAD;

/// Purpose label under which tokens are sealed.
const PURPOSE: &str = "grant token";

/// A token of a grant. Every token is different, and all of them are worth the same.
pub(crate) async fn seal(system: &System, grant: &GrantRecord) -> Result<String, Internal> {
    let sealed = domain(system).await?.wrap_secret(PURPOSE, "", grant.id().as_bytes());
    Ok(ENCODING.encode_to_string(sealed.as_bytes()))
}

/// The id of the record a token names. The grant may be gone by now.
pub(crate) async fn open<E>(system: &System, token: &str) -> Result<String, E>
where
    E: From<InvalidGrantTokenException> + From<InternalFailure>,
{
    let domain = domain(system).await.map_err(InternalFailure::from)?;
    let sealed = ENCODING.decode_to_vec(token.as_bytes()).map_err(|_| InvalidGrantTokenException::bare())?;
    let opened = domain.unwrap_secret(PURPOSE, "", &WrappedKey::from_bytes(sealed));
    let opened = opened.map_err(|_| InvalidGrantTokenException::bare())?;
    let path = std::str::from_utf8(opened.expose()).map_err(|_| InvalidGrantTokenException::bare())?;
    Ok(path.to_owned())
}

/// Refuses text that is no token of this installation. One of another key or of a grant that is gone is a token all the
/// same, and changes nothing.
pub(crate) async fn check<E>(system: &System, tokens: Option<&Vec<String>>) -> Result<(), E>
where
    E: From<InvalidGrantTokenException> + From<InternalFailure>,
{
    for token in tokens.into_iter().flatten() {
        open::<E>(system, token).await?;
    }
    Ok(())
}

/// A token does not tell whose grant it is, so one key seals the tokens of all accounts and Regions.
async fn domain(system: &System) -> Result<Arc<DomainKey>, Internal> {
    system.vault.domain(&*system.store, &system.account, GLOBAL).await.map_err(internal)
}
