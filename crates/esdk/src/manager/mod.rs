//! Materials managers.

mod default;
mod required;

pub use default::DefaultManager;
pub use required::RequiredContextManager;
