//! The IAM policy language: parse, compile, evaluate, explain.
//!
//! Pure: no input or output, no clock. Time, addresses, tags arrive as context values.
//!
//! ```
//! use claviger_policy::{Document, Kind, NoContext, Policies, Principal, Request, ResourceRule, evaluate};
//!
//! let text = claviger_policy::default_key_policy("aws", "111122223333");
//! let key_policy = Document::parse(&text, Kind::Key).unwrap();
//! let request = Request {
//!     principal: Principal::root("111122223333", "arn:aws:iam::111122223333:root"),
//!     action: "kms:Encrypt",
//!     resource: "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
//!     resource_account: "111122223333",
//!     context: &NoContext,
//! };
//! let policies = Policies {
//!     resource: Some(&key_policy),
//!     rule: ResourceRule::KmsKey,
//!     identity_is_all: true,
//!     ..Policies::default()
//! };
//! assert!(evaluate(&request, &policies).allowed);
//! ```

mod action;
mod arn;
mod condition;
mod document;
mod evaluate;
mod explain;
mod json;
pub mod lint;
pub mod lockout;
mod malformed;
mod parse;
mod principal;
mod reason;
mod request;
mod rewrite;
mod template;

pub use document::{ConditionView, Document, Effect, Kind, Named, Outcome, Statement, Version, principals};
pub use evaluate::evaluate;
pub use explain::{ConditionTrace, Explanation, PolicyTrace, StatementTrace, explain};
pub use malformed::{Malformed, Position};
pub use parse::invalid_principal;
pub use principal::{Family, NamedKind, Reach};
pub use reason::{Cause, Decision, Layer, PolicyRef, Reason, StatementRef, ciphertext_message};
pub use request::{
    Context, GrantKind, Grantee, NoContext, Policies, Principal, PrincipalKind, Request, ResourceRule, TableContext,
    Values, condition_key,
};
pub use rewrite::{default_key_policy, rewrite_principals};

#[cfg(test)]
mod tests;
