//! The store engine for one machine: SQLite with a write-ahead log.
//!
//! Reads run on the caller's thread, on one of a few connections: a point read takes a
//! microsecond or two, less than handing it to another thread would. Writes go through one
//! thread, which takes what has queued up and commits it in one transaction, so that the price of
//! making a commit durable is shared by all who are waiting for one.
//!
//! One table per space (`id`, `version`, `keys`, `value`) and one for its index entries
//! (`name`, `key`, `id`), so that an operator can look with any SQLite tool.

mod apply;
mod errors;
mod migrate;
mod open;
mod read;
mod snapshot;
mod spaces;
mod store;
mod writer;

#[cfg(test)]
mod tests;

pub use errors::OpenError;
pub use open::{Options, Synchronous};
pub use store::SqliteStore;
