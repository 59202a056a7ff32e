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
//!   ([`blob`], [`envelope`]);
//! * input from outside never panics; failures say nothing about the secret.

pub mod alloc;
pub mod blob;
pub mod context;
pub mod digest;
pub mod envelope;
pub mod hierarchy;
pub mod material;
pub mod process;
pub mod random;
pub mod seals;
pub mod secret;

mod fatal;
mod kdf;
mod labels;
mod message;
mod text;

pub use zeroize::{Zeroize, Zeroizing};
