//! Signed requests, after the public Standard Webhooks convention: receivers have libraries for it in every language.

use claviger_crypto::digest::hmac_sha256;
use claviger_crypto::secret::Secret as Bytes;
use zeroize::Zeroizing;

/// Fewest bytes of a signing secret.
const SECRET_BYTES_MIN: usize = 24;
/// Most bytes of a signing secret.
const SECRET_BYTES_MAX: usize = 64;

/// What a receiver checks signatures with. Never shown.
pub struct Secret(Bytes);

impl Secret {
    /// Reads `whsec_` and base64 of 24 to 64 bytes; the prefix may be left out.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix("whsec_").unwrap_or(text);
        let mut bytes = Zeroizing::new(base64_simd::STANDARD.decode_to_vec(text).ok()?);
        let fits = (SECRET_BYTES_MIN..=SECRET_BYTES_MAX).contains(&bytes.len());
        fits.then(|| Self(Bytes::take(&mut bytes)))
    }
}

/// The three headers of a signed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headers {
    /// `webhook-id`: the event's id, the same at every try.
    pub id: String,
    /// `webhook-timestamp`: seconds since 1970 at this try.
    pub timestamp: String,
    /// `webhook-signature`: `v1,` and base64 of HMAC-SHA-256 over `ID.TIMESTAMP.BODY`.
    pub signature: String,
}

/// Signs a body.
pub fn sign(secret: &Secret, id: &str, now_seconds: i64, body: &[u8]) -> Headers {
    let timestamp = now_seconds.to_string();
    let parts: [&[u8]; 5] = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
    let mac = hmac_sha256(secret.0.expose(), &parts);
    let signature = format!("v1,{}", base64_simd::STANDARD.encode_to_string(mac));
    Headers { id: id.to_owned(), timestamp, signature }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example in the convention's reference libraries.
    #[test]
    fn the_published_example() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let headers = sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(headers.signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(headers.timestamp, "1614265330");
    }

    #[test]
    fn secrets_too_short_to_be_secret_are_refused() {
        for text in ["", "whsec_", "whsec_AAAA", "not base64!", &base64_simd::STANDARD.encode_to_string([1; 65])] {
            assert!(Secret::parse(text).is_none(), "{text}");
        }
    }
}
