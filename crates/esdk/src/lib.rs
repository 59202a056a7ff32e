//! The message format of the AWS Encryption SDK: envelope encryption of data of any size.
//!
//! A message carries its data key, wrapped by one or several wrapping keys, and the pairs it is bound to (the
//! encryption context). What is written here is read by the Encryption SDKs for other languages, and the reverse. The
//! crate knows nothing of Claviger's server.
//!
//! Section names in the documentation are those of the public specification,
//! `awslabs/aws-encryption-sdk-specification`.
//!
//! ```
//! use claviger_crypto::secret::Secret;
//! use claviger_esdk::keyring::RawAesKeyring;
//! use claviger_esdk::manager::DefaultManager;
//! use claviger_esdk::{Client, EncryptOptions, EncryptionContext, block_on};
//!
//! # fn main() -> Result<(), claviger_esdk::Error> {
//! let keyring = RawAesKeyring::new("backups", "2026", &Secret::random(32))?;
//! let manager = DefaultManager::new(keyring);
//! let client = Client::default();
//! let context = EncryptionContext::from([("purpose".to_owned(), "backup".to_owned())]);
//! let options = EncryptOptions { context: context.clone(), ..EncryptOptions::default() };
//!
//! let encrypted = block_on(client.encrypt(&manager, b"attack at dawn", options))?;
//! let decrypted = block_on(client.decrypt(&manager, &encrypted.message, context))?;
//! assert_eq!(decrypted.plaintext.as_slice(), b"attack at dawn");
//! # Ok(())
//! # }
//! ```
//!
//! Who owns what:
//! * [`Suite`], [`CommitmentPolicy`] and [`context`] are tables and byte forms; [`header`] reads and writes what
//!   stands before the body, from bytes nobody vouches for. None of them knows a key.
//! * [`keyring`]s wrap and unwrap data keys, and know nothing of messages; those of KMS ask [`kms`]. [`manager`]s decide which materials a
//!   message gets; they ask keyrings, or one another.
//! * [`Encryptor`] and [`Decryptor`] turn plaintext into a message and back, frame by frame, without I/O; [`stream`]
//!   and [`parallel`] put them between a `Read` and a `Write`. [`Client`] holds the rules that both follow.

pub mod context;
pub mod header;
pub mod keyring;
pub mod kms;
pub mod manager;
pub mod materials;
pub mod parallel;
pub mod stream;

mod block;
mod bytes;
mod cipher;
mod client;
mod decryptor;
mod encryptor;
mod error;
mod policy;
mod suite;
#[cfg(test)]
mod tests;

pub use block::block_on;
pub use client::{Client, Decrypted, EncryptOptions, Encrypted, FRAME_LENGTH_DEFAULT};
pub use context::EncryptionContext;
pub use decryptor::{Decryptor, SignedPlaintext};
pub use encryptor::Encryptor;
pub use error::Error;
pub use policy::CommitmentPolicy;
pub use suite::{Suite, Version};
