//! Result pages: limits and markers.

use claviger_crypto::hierarchy::WrappedKey;
use claviger_pipeline::{Call, System, internal};
use claviger_shapes::InternalFailure;
use claviger_shapes::kms::InvalidMarkerException;

/// A page's bounds: default and maximum of the operation.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    /// Entries when the request sets no limit.
    pub default: i32,
    /// The most entries of a page; larger limits are cut to it.
    pub max: i32,
}

impl Bounds {
    /// The number of entries to return.
    pub(crate) fn limit(self, asked: Option<i32>) -> usize {
        let limit = asked.unwrap_or(self.default).clamp(1, self.max);
        usize::try_from(limit).unwrap_or(1)
    }
}

/// Markers travel as text that needs no escaping.
const ENCODING: base64_simd::Base64 = base64_simd::URL_SAFE_NO_PAD;

/// Purpose label under which markers are sealed.
const PURPOSE: &str = "marker";

/// Markers are sealed by the domain key of the caller's account and Region and bound to the operation and its filters:
/// a client can neither read nor forge one, nor use it for another question.
pub(crate) struct Markers<'a> {
    system: &'a System,
    call: &'a Call,
    question: String,
}

impl<'a> Markers<'a> {
    /// For one operation; `filter` is whatever narrows its result.
    pub(crate) fn new(system: &'a System, call: &'a Call, operation: &str, filter: &str) -> Self {
        Self { system, call, question: format!("{operation}/{filter}") }
    }

    /// Seals a position.
    pub(crate) async fn seal(&self, position: Option<String>) -> Result<Option<String>, InternalFailure> {
        let Some(position) = position else { return Ok(None) };
        let domain = self.domain().await?;
        let sealed = domain.wrap_secret(PURPOSE, &self.question, position.as_bytes());
        Ok(Some(ENCODING.encode_to_string(sealed.as_bytes())))
    }

    /// Opens the marker a client sent.
    pub(crate) async fn open<E>(&self, marker: Option<&str>) -> Result<Option<String>, E>
    where
        E: From<InvalidMarkerException> + From<InternalFailure>,
    {
        let Some(marker) = marker else { return Ok(None) };
        let domain = self.domain().await?;
        let sealed = ENCODING.decode_to_vec(marker.as_bytes()).map_err(|_| InvalidMarkerException::bare())?;
        let sealed = WrappedKey::from_bytes(sealed);
        let position =
            domain.unwrap_secret(PURPOSE, &self.question, &sealed).map_err(|_| InvalidMarkerException::bare())?;
        let position = std::str::from_utf8(position.expose()).map_err(|_| InvalidMarkerException::bare())?;
        Ok(Some(position.to_owned()))
    }

    async fn domain(&self) -> Result<std::sync::Arc<claviger_crypto::hierarchy::DomainKey>, InternalFailure> {
        let call = self.call;
        let domain = self.system.vault.domain(&*self.system.store, call.account(), &call.region).await;
        domain.map_err(|error| internal(error).into())
    }
}
