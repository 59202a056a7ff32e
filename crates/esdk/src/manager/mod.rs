//! Materials managers.

mod cache;
mod caching;
mod default;
mod required;

pub use cache::MaterialsCache;
pub use caching::{CacheLimits, CachingManager};
pub use default::DefaultManager;
pub use required::RequiredContextManager;
