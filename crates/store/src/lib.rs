//! Records, batches, indexes and a change feed: what every service keeps its state in.
//!
//! A **record** is bytes under an id in a [`Space`]. A service declares its spaces as statics,
//! reads by id or by index, and changes many records at once through a [`Batch`] that is applied
//! entirely or not at all, each change under an expectation about what was there before.
//!
//! Engines ([`MemoryStore`] here, others in their own crates) keep the records. Wrappers add a
//! property to any engine and are engines themselves: [`SealedStore`] (everything below sees
//! ciphertext), [`CachedStore`] (hot records without a database read), [`FaultyStore`] (failures
//! on purpose, for tests). [`suite`] is the contract in executable form; every engine and every
//! stack of wrappers passes it.
//!
//! No runtime is assumed: futures can be polled by anything.
//!
//! # Versions
//! The versions of one id only ever grow, also when the id is deleted and created again. A put
//! that replaces version `v` gives `v + 1`; a put that creates gets a number above every version

mod batch;
mod cached;
mod cursor;
mod engine;
mod error;
mod faulty;
mod memory;
mod records;
pub mod rules;
mod sealed;
pub mod suite;

pub use batch::{Batch, Change, Expect, Fence, Row, Space, Step};
pub use cached::CachedStore;
pub use cursor::Cursor;
pub use engine::{BoxFuture, Changed, FEED_KEPT, MAX_PAGE, Page, Scan, Store};
pub use error::{CommitError, StoreError};
pub use faulty::{Fault, Faults, FaultyStore};
pub use memory::MemoryStore;
pub use records::{Record, Records, Stored};
pub use sealed::SealedStore;
