//! AWS Signature Version 4 of one kind of request: a POST to a path without a query.

use claviger_crypto::digest::{hmac_sha256, sha256};

use super::Credentials;

/// The `Authorization` header of a request. Header names are in lower case and sorted.
pub(super) fn authorization(
    credentials: &Credentials,
    region: &str,
    time: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> String {
    let date = time.get(..8).unwrap_or(time);
    let scope = format!("{date}/{region}/kms/aws4_request");
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let canonical = format!("POST\n{path}\n\n{lines}\n{names}\n{}", hex::encode(sha256(body)));
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex::encode(sha256(canonical.as_bytes())));
    let secret = zeroize::Zeroizing::new(format!("AWS4{}", credentials.secret_access_key.as_str()));
    let mut key = zeroize::Zeroizing::new(hmac_sha256(secret.as_bytes(), &[date.as_bytes()]));
    for part in [region, "kms", "aws4_request"] {
        *key = hmac_sha256(&*key, &[part.as_bytes()]);
    }
    let signature = hex::encode(hmac_sha256(&*key, &[to_sign.as_bytes()]));
    let id = &credentials.access_key_id;
    format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}")
}
