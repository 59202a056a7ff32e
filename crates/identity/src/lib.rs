//! Who there is: accounts, users, groups, roles, the policies attached to them, identity providers.
//!
//! Owns the records and what follows from them: which principal a name means today, and which policies stand behind a
//! principal. Offers [`Directory`]. Knows no request, no operation, no credential.

mod builtin;
mod directory;
mod names;
mod record;
mod standing;

pub use builtin::{Builtin, builtin, builtins};
pub use directory::{BindError, Directory, Named, rebind};
pub use names::{EntityArn, Kind, arn, policy_arn, root_arn, session_arn};
pub use record::{
    ACCOUNTS, AccountRecord, ControlPolicies, Entity, GROUPS, GroupRecord, Held, POLICIES, PROVIDERS, PolicyRecord,
    PolicyVersion, ProviderRecord, ROLES, RoleRecord, SPACES, USERS, UserRecord, entity_path, provider_path,
};
pub use standing::{Attached, Controls, Standing};
