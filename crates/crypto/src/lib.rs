//! The only door to the cryptographic library.
//!
//! Everything Claviger encrypts, decrypts, derives, compares or draws at random goes through this crate, and no other
//! crate of the project names aws-lc-rs. What is offered is small on purpose: not primitives, but finished
//! constructions whose inputs cannot be combined wrongly. `docs/cryptographic-details.md` states every layout, label
//! and limit so that it can be checked against this code.
//!
//! Rules kept here:
//! * a type that holds a plaintext key is neither `Clone`, `Debug` nor `Serialize`, and wipes itself when dropped;
//! * a key that encrypts more than one message never encrypts directly: every message has a key of its own
//!   ([`blob`], [`envelope`]); [`aead`] and [`hkdf`] are the exception, for formats that others prescribe;
//! * input from outside never panics; failures say nothing about the secret.

pub mod aead;
pub mod alloc;
pub mod blob;
pub mod context;
pub mod digest;
pub mod envelope;
pub mod hierarchy;
pub mod hkdf;
pub mod import;
pub mod key_pair;
pub mod mac;
pub mod material;
pub mod process;
pub mod random;
pub mod seals;
pub mod secret;
pub mod signature;

mod fatal;
mod ffi;
mod kdf;
mod labels;
mod message;
mod text;
#[cfg(test)]
mod wycheproof;

pub use zeroize::{Zeroize, Zeroizing};

#[cfg(test)]
mod tests {
    use super::*;

    /// Does not compile when the type has the trait: the call could then mean either implementation.
    macro_rules! lacks {
        ($type:ty: $($trait:path),+) => {$({
            trait Lacks<Marker> {
                fn check() {}
            }
            impl<T> Lacks<()> for T {}
            struct Has;
            impl<T: $trait> Lacks<Has> for T {}
            <$type as Lacks<_>>::check();
        })+};
    }

    #[test]
    fn plaintext_keys_cannot_be_cloned_printed_or_serialized() {
        lacks!(secret::Secret: Clone, std::fmt::Debug, std::fmt::Display, serde::Serialize, AsRef<[u8]>);
        lacks!(material::KeyMaterial: Clone, std::fmt::Debug, std::fmt::Display, serde::Serialize, AsRef<[u8]>);
        lacks!(key_pair::PrivateKey: Clone, std::fmt::Debug, std::fmt::Display, serde::Serialize, AsRef<[u8]>);
        lacks!(aead::GcmKey: Clone, std::fmt::Debug, serde::Serialize);
        lacks!(hkdf::Prk: Clone, std::fmt::Debug, serde::Serialize);
        lacks!(mac::MacKey: Clone, std::fmt::Debug, std::fmt::Display, serde::Serialize, AsRef<[u8]>);
        lacks!(hierarchy::DomainKey: Clone, std::fmt::Debug, std::fmt::Display, serde::Serialize, AsRef<[u8]>);
        lacks!(hierarchy::RootKey: Clone, std::fmt::Debug, std::fmt::Display, serde::Serialize, AsRef<[u8]>);
    }

    #[test]
    fn keys_can_be_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<secret::Secret>();
        shared::<material::KeyMaterial>();
        shared::<key_pair::PrivateKey>();
        shared::<key_pair::PublicKey>();
        shared::<mac::MacKey>();
        shared::<hierarchy::DomainKey>();
        shared::<hierarchy::RootKey>();
    }
}
