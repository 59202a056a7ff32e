//! Key pairs: RSA, elliptic curves, ML-DSA, ML-KEM.
//!
//! [`PrivateKey`] signs, decrypts, agrees and decapsulates; [`PublicKey`] verifies, encrypts and encapsulates, so that
//! none of these needs the private part. Private keys leave as `PrivateKeyInfo` (PKCS#8) in a
//! [`Secret`](crate::secret::Secret), public keys as `SubjectPublicKeyInfo`.
//!
//! Everything here is synchronous. Making an RSA key takes from a tenth of a second to several seconds, an RSA
//! signature about a millisecond: callers keep both off the threads that serve connections.

mod agreement;
mod ber;
mod der;
mod encapsulation;
mod encryption;
mod kind;
mod private;
mod public;
mod signing;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;

pub use agreement::{AgreementFailed, PEER_KEY_BYTES_MAX};
pub use encapsulation::NotACiphertext;
pub use encryption::{OaepHash, PlaintextTooLong, Undecryptable};
pub use kind::KeyPairKind;
pub use private::{PrivateKey, Unacceptable};
pub use public::PublicKey;
pub use signing::{Message, Refused, SigningAlgorithm};
