//! Where the next page begins.

use std::sync::Arc;

use claviger_audit_index::Position;
use claviger_crypto::hierarchy::{DomainKey, WrappedKey};
use claviger_pipeline::{Call, System, internal};
use claviger_shapes::InternalFailure;
use claviger_shapes::cloudtrail::InvalidNextTokenException;

/// Tokens travel as text that needs no escaping.
const ENCODING: base64_simd::Base64 = base64_simd::URL_SAFE_NO_PAD;

/// Purpose label under which tokens are sealed.
const PURPOSE: &str = "next-token";

/// Tokens are sealed by the domain key of the caller's account and Region and bound to the question: a client can neither
/// read nor forge one, nor use it for another question.
pub(super) struct Tokens<'a> {
    system: &'a System,
    call: &'a Call,
    question: String,
}

impl<'a> Tokens<'a> {
    /// For one question.
    pub(super) fn new(system: &'a System, call: &'a Call, question: String) -> Self {
        Self { system, call, question }
    }

    /// Seals a position.
    pub(super) async fn seal(&self, position: Position) -> Result<String, InternalFailure> {
        let text = format!("{}/{}", position.time, position.sequence);
        let sealed = self.domain().await?.wrap_secret(PURPOSE, &self.question, text.as_bytes());
        Ok(ENCODING.encode_to_string(sealed.as_bytes()))
    }

    /// Opens the token a client sent.
    pub(super) async fn open<E>(&self, token: Option<&str>) -> Result<Option<Position>, E>
    where
        E: From<InvalidNextTokenException> + From<InternalFailure>,
    {
        let Some(token) = token else { return Ok(None) };
        let invalid = || {
            let text = "The token is not valid, or it was given for a call with other parameters.";
            InvalidNextTokenException::new(text)
        };
        let domain = self.domain().await?;
        let sealed = WrappedKey::from_bytes(ENCODING.decode_to_vec(token.as_bytes()).map_err(|_| invalid())?);
        let text = domain.unwrap_secret(PURPOSE, &self.question, &sealed).map_err(|_| invalid())?;
        let text = std::str::from_utf8(text.expose()).map_err(|_| invalid())?;
        let position = text
            .split_once('/')
            .and_then(|(time, sequence)| Some(Position { time: time.parse().ok()?, sequence: sequence.parse().ok()? }));
        Ok(Some(position.ok_or_else(invalid)?))
    }

    async fn domain(&self) -> Result<Arc<DomainKey>, InternalFailure> {
        let call = self.call;
        let domain = self.system.vault.domain(&*self.system.store, call.account(), &call.region).await;
        domain.map_err(|error| internal(error).into())
    }
}
