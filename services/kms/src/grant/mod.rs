//! Grants: permissions on one key for one principal, given and ended by calls instead of policies.

pub(crate) mod kinds;
mod lists;
mod matching;
pub(crate) mod party;
pub mod record;
pub(crate) mod token;
mod view;

pub use lists::Grants;
pub(crate) use lists::{end, find_by_id, worth_to_retire};
pub(crate) use matching::Use;
pub use record::{Constraints, GrantRecord, Party};
pub(crate) use view::Entries;
