//! The signature itself.

use std::fmt;

use claviger_crypto::digest::{constant_time_eq, hmac_sha256, sha256};
use http::HeaderName;
use zeroize::Zeroizing;

use super::{ALGORITHM, Presented, TERMINATOR, canonical};
use crate::{Fault, Request};

/// A secret access key narrowed to one day, Region and service; wiped when dropped.
pub struct SigningKey(Zeroizing<[u8; 32]>);

#[cfg(test)]
impl SigningKey {
    pub(super) fn hex(&self) -> String {
        hex::encode(self.0.as_ref())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

/// Derives the key that signs requests of one day (`yyyymmdd`), Region and service. It stays the same all day, which is
/// what makes it worth keeping.
pub fn signing_key(secret: &[u8], date: &str, region: &str, service: &str) -> SigningKey {
    let mut start = Zeroizing::new(Vec::with_capacity(SECRET_PREFIX.len() + secret.len()));
    start.extend_from_slice(SECRET_PREFIX);
    start.extend_from_slice(secret);
    let mut key = Zeroizing::new(hmac_sha256(&start, &[date.as_bytes()]));
    for part in [region, service, TERMINATOR] {
        key = Zeroizing::new(hmac_sha256(key.as_ref(), &[part.as_bytes()]));
    }
    SigningKey(key)
}

impl Presented<'_> {
    /// Checks the signature with the key for this scope, in constant time.
    ///
    /// `x-amz-content-sha256`, where sent, must be the hash of the body: `UNSIGNED-PAYLOAD` and the streaming markers are
    /// refused like any other wrong hash. The request must be the one that was parsed.
    pub fn verify(&self, request: &Request, key: &SigningKey) -> Result<(), Fault> {
        self.verify_as(request, key, None)
    }

    /// As [`verify`](Self::verify) for a request that a proxy passed on under another name: `host` is the value of the
    /// `Host` header that the client sent and signed.
    pub fn verify_for_host(&self, request: &Request, key: &SigningKey, host: &str) -> Result<(), Fault> {
        self.verify_as(request, key, Some(host))
    }

    fn verify_as(&self, request: &Request, key: &SigningKey, host: Option<&str>) -> Result<(), Fault> {
        let payload_hash = hex_of(&sha256(&request.body));
        if let Some(declared) = request.parts.headers.get(CONTENT_SHA256)
            && declared.as_bytes() != payload_hash
        {
            return Err(mismatch());
        }
        let hash = canonical::hash(request, &self.signed_headers, self.from_query, host, &payload_hash)
            .ok_or_else(mismatch)?;
        let signature = hex_of(&hmac_sha256(key.0.as_ref(), &[&string_to_sign(self, &hex_of(&hash))]));
        if constant_time_eq(&signature, self.signature.as_bytes()) { Ok(()) } else { Err(mismatch()) }
    }
}

/// In one piece, because every part given to the hash function costs a call.
fn string_to_sign(presented: &Presented<'_>, canonical_hash: &[u8; 64]) -> Vec<u8> {
    let Presented { time, date, region, service, .. } = presented;
    let parts: [&[u8]; 12] = [
        ALGORITHM.as_bytes(),
        b"\n",
        time.as_bytes(),
        b"\n",
        date.as_bytes(),
        b"/",
        region.as_bytes(),
        b"/",
        service.as_bytes(),
        b"/",
        TERMINATOR.as_bytes(),
        b"\n",
    ];
    let mut text = Vec::with_capacity(STRING_TO_SIGN);
    parts.iter().for_each(|part| text.extend_from_slice(part));
    text.extend_from_slice(canonical_hash);
    text
}

fn hex_of(hash: &[u8; 32]) -> [u8; 64] {
    let mut text = [0; 64];
    // The length is right, so this has no way to fail.
    let _ = hex::encode_to_slice(hash, &mut text);
    text
}

fn mismatch() -> Fault {
    Fault::new("InvalidSignatureException", 400).with_message(MISMATCH)
}

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS \
                        Secret Access Key and signing method. Consult the service documentation for details.";

/// Room for the longest Region and service names there are.
const STRING_TO_SIGN: usize = 192;

const SECRET_PREFIX: &[u8] = b"AWS4";

const CONTENT_SHA256: HeaderName = HeaderName::from_static("x-amz-content-sha256");
