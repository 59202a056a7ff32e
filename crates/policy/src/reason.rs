//! Why a request was allowed or denied, and how AWS says so.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::malformed::Position;
use crate::request::{Request, ResourceRule};

/// The verdict on one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[must_use]
pub struct Decision {
    /// Whether the request may go on.
    pub allowed: bool,
    /// What decided.
    pub reason: Reason,
}

/// Which policy: the place it had in [`Policies`](crate::Policies).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PolicyRef {
    /// A service control policy.
    ServiceControl {
        /// Level of the hierarchy, as passed.
        level: u32,
        /// Number in the level.
        index: u32,
    },
    /// A resource control policy.
    ResourceControl {
        /// Level of the hierarchy, as passed.
        level: u32,
        /// Number in the level.
        index: u32,
    },
    /// The resource policy.
    Resource,
    /// An identity policy.
    Identity {
        /// Number among the identity policies.
        index: u32,
    },
    /// The permissions boundary.
    Boundary,
    /// A session policy.
    Session {
        /// Number among the session policies.
        index: u32,
    },
}

impl PolicyRef {
    /// The kind of policy.
    pub fn layer(self) -> Layer {
        match self {
            PolicyRef::ServiceControl { .. } => Layer::ServiceControl,
            PolicyRef::ResourceControl { .. } => Layer::ResourceControl,
            PolicyRef::Resource => Layer::Resource,
            PolicyRef::Identity { .. } => Layer::Identity,
            PolicyRef::Boundary => Layer::Boundary,
            PolicyRef::Session { .. } => Layer::Session,
        }
    }
}

impl fmt::Display for PolicyRef {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PolicyRef::ServiceControl { level, index } => write!(out, "service control policy {level}.{index}"),
            PolicyRef::ResourceControl { level, index } => write!(out, "resource control policy {level}.{index}"),
            PolicyRef::Resource => out.write_str("resource-based policy"),
            PolicyRef::Identity { index } => write!(out, "identity-based policy {index}"),
            PolicyRef::Boundary => out.write_str("permissions boundary"),
            PolicyRef::Session { index } => write!(out, "session policy {index}"),
        }
    }
}

/// The kinds of policy that decide, in the order in which denials are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Layer {
    /// Service control policies.
    ServiceControl,
    /// Resource control policies.
    ResourceControl,
    /// The resource policy.
    Resource,
    /// Identity policies.
    Identity,
    /// The permissions boundary.
    Boundary,
    /// Session policies.
    Session,
}

impl fmt::Display for Layer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(name(*self))
    }
}

/// A statement in a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementRef {
    /// The policy.
    pub policy: PolicyRef,
    /// Number of the statement, starting at 0; its `Sid` is at `document.statements()[statement].sid()`.
    pub statement: u32,
    /// Where it starts in the document.
    pub position: Position,
}

/// What decided a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// A statement allowed it: the one that opened the last door.
    AllowedBy(StatementRef),
    /// A KMS grant allowed it.
    AllowedByGrant,
    /// The caller is the account's root user, and nothing denied it.
    AllowedAsRoot,
    /// A statement denied it.
    DeniedBy(StatementRef),
    /// No policy of this layer allowed it.
    NotAllowedBy {
        /// The layer that had to allow.
        layer: Layer,
        /// The first `Allow` statement of the layer that failed by one condition alone, and the condition's number.
        near: Option<(StatementRef, u32)>,
    },
}

/// Why a request was allowed or denied. Small and without references: it can go into errors, metrics and audit records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// What decided.
    pub cause: Cause,
    /// The rule the resource policy was read by.
    pub rule: ResourceRule,
    /// Whether the caller belongs to another account than the resource.
    pub foreign: bool,
}

impl Reason {
    /// The end of the AccessDenied message, from its leading blank: ` because no identity-based policy allows the
    /// kms:Encrypt action`, ` with an explicit deny in a resource-based policy`. Empty if the request was allowed, and
    /// for trust policies, whose denials look the same as those of roles that do not exist.
    ///
    /// A foreign KMS key whose policy does not let the caller in answers as a key that is not there, with one sentence
    /// for all three causes.
    pub fn tail(&self, action: &str) -> String {
        let layer = match self.cause {
            Cause::AllowedBy(_) | Cause::AllowedByGrant | Cause::AllowedAsRoot => return String::new(),
            Cause::DeniedBy(statement) => statement.policy.layer(),
            Cause::NotAllowedBy { layer, .. } => layer,
        };
        let explicit = matches!(self.cause, Cause::DeniedBy(_));
        let owners = matches!(layer, Layer::Resource | Layer::ResourceControl);
        match self.rule {
            ResourceRule::Trust if owners || !explicit => return String::new(),
            ResourceRule::KmsKey if self.foreign && owners => return format!(" because {HIDDEN}"),
            _ => {}
        }
        if explicit {
            format!(" with an explicit deny in {}", with_article(layer))
        } else {
            format!(" because no {} allows the {action} action", name(layer))
        }
    }

    /// The whole AccessDenied message. A foreign KMS key is not named.
    pub fn message(&self, request: &Request<'_>) -> String {
        let Request { principal, action, resource, .. } = request;
        let place = match (self.rule, self.foreign) {
            (ResourceRule::KmsKey, true) => "on this resource".to_owned(),
            _ => format!("on resource: {resource}"),
        };
        format!("User: {} is not authorized to perform: {action} {place}{}", principal.arn, self.tail(action))
    }
}

/// The AccessDenied message of `Decrypt` and `ReEncrypt` when the key is known from the ciphertext alone: the same
/// whether the key is gone, in another account or forbidden.
pub fn ciphertext_message(principal_arn: &str, action: &str) -> String {
    format!(
        "User: {principal_arn} is not authorized to perform: {action} on the resource associated with this ciphertext \
         because {HIDDEN}"
    )
}

const HIDDEN: &str = "the resource does not exist in this Region, no resource-based policies allow access, or a \
                      resource-based policy explicitly denies access";

fn name(layer: Layer) -> &'static str {
    match layer {
        Layer::ServiceControl => "service control policy",
        Layer::ResourceControl => "resource control policy",
        Layer::Resource => "resource-based policy",
        Layer::Identity => "identity-based policy",
        Layer::Boundary => "permissions boundary",
        Layer::Session => "session policy",
    }
}

fn with_article(layer: Layer) -> String {
    let article = if layer == Layer::Identity { "an" } else { "a" };
    format!("{article} {}", name(layer))
}
