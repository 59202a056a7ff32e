//! Whether a token is its issuer's, and good now.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::cache::{Keys, Wanted};
use crate::{Claims, Error, Fetch, jose};

/// How far an issuer's clock may be ahead of this one. A token's end is taken at its word.
const AHEAD_MAX: SignedDuration = SignedDuration::from_secs(60);

/// Verifies tokens of every issuer. Keeps their keys; cheap to share, costly to make twice.
pub struct Verifier {
    fetch: Arc<dyn Fetch>,
    keys: Keys,
}

impl Verifier {
    /// With the way to documents, and the rule about which issuers are asked.
    pub fn new(fetch: Arc<dyn Fetch>) -> Self {
        jose::install();
        Self { keys: Keys::new(Arc::clone(&fetch)), fetch }
    }

    /// Whether this installation talks to an issuer.
    pub fn permits(&self, issuer: &str) -> bool {
        self.fetch.permits(issuer)
    }

    /// The issuer a token names. It is a claim and no more: nothing is verified, and nothing is fetched.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::MissingClaim`].
    pub fn issuer_of(token: &str) -> Result<String, Error> {
        let (_, members) = jose::peek(token)?;
        members.issuer()
    }

    /// The claims of a token that `issuer` signed and that is good at `now`. Whom it was issued for is not judged.
    ///
    /// Documents are fetched only if `issuer` is permitted, the token is well-formed, names `issuer` and has not
    /// expired, and no key is known that fits it; not more than once in five seconds for an issuer.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn verify(&self, issuer: &str, token: &str, now: Timestamp) -> Result<Claims, Error> {
        let (header, members) = jose::peek(token)?;
        check(&Claims::read(members)?, issuer, now)?;
        if !self.fetch.permits(issuer) {
            return Err(Error::NotPermitted);
        }
        let wanted = Wanted { id: header.kid.as_deref(), algorithm: header.alg };
        let key = self.keys.find(issuer, wanted, now).await?;
        let claims = Claims::read(jose::open(token, &key, header.alg)?)?;
        // What was only peeked at before counts from here on.
        check(&claims, issuer, now)?;
        Ok(claims)
    }
}

fn check(claims: &Claims, issuer: &str, now: Timestamp) -> Result<(), Error> {
    if claims.issuer != issuer {
        return Err(Error::WrongIssuer);
    }
    if now >= claims.expires {
        return Err(Error::Expired { now: now.as_second(), expires: claims.expires.as_second() });
    }
    let latest = claims.not_before.unwrap_or(claims.issued_at).max(claims.issued_at);
    if latest.duration_since(now) > AHEAD_MAX {
        return Err(Error::NotYetValid);
    }
    Ok(())
}
