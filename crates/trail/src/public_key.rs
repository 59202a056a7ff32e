//! The public half of a trail's key as CloudTrail publishes it.

use claviger_crypto::key_pair::{KeyPairKind, PublicKey};
use md5::{Digest as _, Md5};

/// The kind of key that digests are signed with.
pub const TRAIL_KEY_KIND: KeyPairKind = KeyPairKind::Rsa2048;

/// `ListPublicKeys.Value`: the PKCS#1 `RSAPublicKey` in DER. `None` for a key of another kind.
pub fn public_key(key: &PublicKey) -> Option<Vec<u8>> {
    key.to_pkcs1_der().map(<[u8]>::to_vec)
}

/// The name digests give a key: lower hex MD5 of [`public_key`]'s bytes.
pub fn fingerprint(public_key: &[u8]) -> String {
    hex::encode(Md5::digest(public_key))
}
