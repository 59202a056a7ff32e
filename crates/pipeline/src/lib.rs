//! The one way in: route, authenticate, decode, resolve, authorize, run, commit, record, answer - the same for every
//! operation of every service - and the contract an operation fulfils.
//!
//! Owns the order of the steps, credentials, the upper key hierarchy and background work. Offers [`Operation`] and
//! [`Engine`]. Knows no service by name, no SQL, no HTTP type and no cryptographic primitive.

pub mod authorization_message;
mod authorize;
mod cache;
mod call;
mod clock;
pub mod credentials;
mod engine;
mod offload;
mod operation;
mod quota;
mod recorder;
mod system;
mod vault;
pub mod worker;

use claviger_shapes::{Fault, InternalFailure};

pub use authorize::{Explained, Names, bool_text, unseen};
pub use cache::LoadCache;
pub use call::{Call, Caller, Cx, SessionFacts, SessionIssuer, Via, WebIdentity, home};
pub use clock::Clock;
pub use engine::{Engine, Observer, Outcome, Service};
pub use offload::{Work, offload};
pub use operation::{
    Audit, Authorized, Done, NoResource, Operation, Permission, Quota, Subject, Unrestricted, Wording,
};
pub use quota::{AppliedQuota, Limit, Measure, QUOTAS, QuotaSettings, Quotas, quota_path};
pub use recorder::{OUTBOX, RecordError, ServiceEvent, Written};
pub use system::{Listener, Mode, System};
pub use vault::{BOOTSTRAP, DomainRecord, Foundation, RotateRootError, Vault, VaultError};

/// A failure of the server itself. The cause is for the log; the client learns only that it happened.
#[derive(Debug)]
pub struct Internal(String);

/// Wraps a cause the client must not see.
pub fn internal(cause: impl std::fmt::Display) -> Internal {
    Internal(cause.to_string())
}

impl Internal {
    /// The answer sent.
    pub fn into_fault(self) -> Fault {
        Fault::from(InternalFailure::new(self.0))
    }
}

impl std::fmt::Display for Internal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Internal> for InternalFailure {
    fn from(internal: Internal) -> Self {
        Self::new(internal.0)
    }
}
