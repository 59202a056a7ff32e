//! A whole server in the test's own process, and a client that signs as an SDK does.

mod client;
mod server;
mod sign;
mod xml;

pub use client::{Answer, Client};
pub use server::{Server, block_on};
pub use sign::Signing;

/// The account of a test server.
pub const ACCOUNT: &str = "111122223333";
/// Another account.
pub const OTHER_ACCOUNT: &str = "444455556666";
/// The Region tests call unless they say otherwise.
pub const REGION: &str = "us-east-1";
