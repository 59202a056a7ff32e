//! Result pages: how many, and from where.

use claviger_crypto::hierarchy::{DomainKey, WrappedKey};
use claviger_pipeline::{Call, System, internal};
use claviger_shapes::InternalFailure;
use claviger_shapes::ssm::InvalidNextToken;

/// Tokens travel as text that needs no escaping.
const ENCODING: base64_simd::Base64 = base64_simd::URL_SAFE_NO_PAD;

/// Purpose label under which tokens are sealed.
const PURPOSE: &str = "next-token";

/// The number of entries of a page.
pub(crate) fn limit(asked: Option<i32>, default: usize) -> usize {
    asked.and_then(|asked| usize::try_from(asked).ok()).unwrap_or(default).max(1)
}

/// Tokens are sealed by the domain key of the caller's account and Region and bound to the operation and its filters: a
/// client can neither read nor forge one, nor use it for another question.
pub(crate) struct Tokens<'a> {
    system: &'a System,
    call: &'a Call,
    question: String,
}

impl<'a> Tokens<'a> {
    /// For one operation; `filter` is whatever narrows its result.
    pub(crate) fn new(system: &'a System, call: &'a Call, operation: &str, filter: &str) -> Self {
        Self { system, call, question: format!("{operation}/{filter}") }
    }

    /// Seals a position.
    pub(crate) async fn seal(&self, position: Option<String>) -> Result<Option<String>, InternalFailure> {
        let Some(position) = position else { return Ok(None) };
        let sealed = self.domain().await?.wrap_secret(PURPOSE, &self.question, position.as_bytes());
        Ok(Some(ENCODING.encode_to_string(sealed.as_bytes())))
    }

    /// Opens the token a client sent.
    pub(crate) async fn open<E>(&self, token: Option<&str>) -> Result<Option<String>, E>
    where
        E: From<InvalidNextToken> + From<InternalFailure>,
    {
        // The command line sends an empty one for the first page.
        let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(None) };
        let invalid = || InvalidNextToken::new("The specified token is not valid.");
        let domain = self.domain().await?;
        let sealed = ENCODING.decode_to_vec(token.as_bytes()).map_err(|_| invalid())?;
        let sealed = WrappedKey::from_bytes(sealed);
        let position = domain.unwrap_secret(PURPOSE, &self.question, &sealed).map_err(|_| invalid())?;
        let position = std::str::from_utf8(position.expose()).map_err(|_| invalid())?;
        Ok(Some(position.to_owned()))
    }

    async fn domain(&self) -> Result<std::sync::Arc<DomainKey>, InternalFailure> {
        let call = self.call;
        let domain = self.system.vault.domain(&*self.system.store, call.account(), &call.region).await;
        domain.map_err(|error| internal(error).into())
    }
}
