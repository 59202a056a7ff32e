use std::sync::OnceLock;

use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521, UnparsedPublicKey};

use super::{KeyPairKind, PrivateKey, PublicKey, private};
use crate::secret::Secret;

/// The longest encoding of a peer's public key, in bytes.
pub const PEER_KEY_BYTES_MAX: usize = 8192;

/// The peer's public key is no `SubjectPublicKeyInfo` of a point on the key's curve, or the key is not for agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no agreement with this public key")]
pub struct AgreementFailed;

impl PrivateKey {
    /// ECDH (SP 800-56A) with the public key in `peer`, a `SubjectPublicKeyInfo` in DER: the x-coordinate of the
    /// shared point, 32, 48 or 66 bytes, without any derivation. On P-256, P-384 and P-521; the key's own public key
    /// is a peer like any other.
    pub fn agree(&self, peer: &[u8]) -> Result<Secret, AgreementFailed> {
        self.agree_checked(peer).ok_or(AgreementFailed)
    }

    fn agree_checked(&self, peer: &[u8]) -> Option<Secret> {
        let private::Inner::Ec { agreeing, .. } = &self.inner else { return None };
        let algorithm = match self.kind() {
            KeyPairKind::P256 => &ECDH_P256,
            KeyPairKind::P384 => &ECDH_P384,
            KeyPairKind::P521 => &ECDH_P521,
            _ => return None,
        };
        if peer.len() > PEER_KEY_BYTES_MAX {
            return None;
        }
        // The library alone would also read bare points, and ignore what follows the key.
        let peer = PublicKey::from_der(self.kind(), peer)?;
        let peer = UnparsedPublicKey::new(algorithm, peer.bytes());
        let key = self.agreeing_key(algorithm, agreeing)?;
        agreement::agree(key, peer, (), |shared| Ok(Secret::copy(shared))).ok()
    }

    /// The same key in the form that agrees, made once.
    fn agreeing_key<'a>(
        &self,
        algorithm: &'static agreement::Algorithm,
        made: &'a OnceLock<agreement::PrivateKey>,
    ) -> Option<&'a agreement::PrivateKey> {
        if let Some(key) = made.get() {
            return Some(key);
        }
        let key = agreement::PrivateKey::from_private_key_der(algorithm, self.to_pkcs8()?.expose()).ok()?;
        Some(made.get_or_init(|| key))
    }
}
