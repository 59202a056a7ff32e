//! OpenID Connect issuers: what they publish, and whether a token is theirs.
//!
//! Owns discovery, key sets, their cache, and the verification of ID tokens (OpenID Connect Core 1.0 §3.1.3.7, RFC 7515,
//! RFC 7517, RFC 7519). Offers [`Verifier`]. Who may use which issuer, and what a token is good for, is decided
//! elsewhere; documents come through [`Fetch`], so this room knows no HTTP.

mod cache;
mod claims;
mod jose;
mod keys;
mod verifier;

use std::future::Future;
use std::pin::Pin;

pub use claims::Claims;
pub use verifier::Verifier;

/// A future on the heap.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Longest token looked at, in bytes; what `AssumeRoleWithWebIdentity` accepts.
pub const TOKEN_BYTES_MAX: usize = 20_000;

/// Brings an issuer's documents.
pub trait Fetch: Send + Sync + 'static {
    /// Whether documents of this issuer may be fetched at all.
    fn permits(&self, issuer: &str) -> bool;

    /// The document at `url`, which `issuer` names as its own. Bounded in size and time; refuses addresses that the
    /// issuer has no business to name.
    fn get<'a>(&'a self, issuer: &'a str, url: &'a str) -> BoxFuture<'a, Result<Vec<u8>, FetchError>>;
}

/// Why a document did not come.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The address must not be asked.
    #[error("{0} must not be fetched")]
    Refused(String),
    /// It did not answer in time, or not with the document.
    #[error("{0}")]
    Unreachable(String),
}

/// Why a token is not accepted. No variant quotes the token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No signed token of a form and algorithm this room reads.
    #[error("not a JSON Web Token of a supported form")]
    Malformed,
    /// A claim is missing that every ID token carries.
    #[error("the claim {0} is missing")]
    MissingClaim(&'static str),
    /// The token names another issuer than it was presented for.
    #[error("the token is another issuer's")]
    WrongIssuer,
    /// The installation does not talk to this issuer.
    #[error("this issuer is not permitted here")]
    NotPermitted,
    /// The issuer cannot be reached, and nothing it said before is recent enough.
    #[error("the issuer cannot be reached")]
    Unreachable,
    /// The issuer publishes no key the token can be verified with.
    #[error("the issuer publishes no such key")]
    NoKey,
    /// The signature is not that key's.
    #[error("the signature does not verify")]
    BadSignature,
    /// The token's time is over.
    #[error("the token expired")]
    Expired {
        /// When it was looked at, in seconds since 1970.
        now: i64,
        /// Its `exp`.
        expires: i64,
    },
    /// The token's time has not come.
    #[error("the token is not valid yet")]
    NotYetValid,
}

#[cfg(test)]
mod tests;
