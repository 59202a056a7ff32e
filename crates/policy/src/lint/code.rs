//! The codes of findings, with their severity.

use std::fmt;

use serde::{Serialize, Serializer};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Can be right, and often is; worth a look.
    Hint,
    /// Does more, or less, than it seems to.
    Warning,
    /// Cannot do what it says.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Severity::Hint => "hint",
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $text:literal $severity:ident;)*) => {
        /// What a finding is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// The code as it is shown.
            pub fn name(self) -> &'static str {
                match self {
                    $(Code::$name => $text,)*
                }
            }

            /// How bad what it stands for is.
            pub fn severity(self) -> Severity {
                match self {
                    $(Code::$name => Severity::$severity,)*
                }
            }
        }
    };
}

codes! {
    /// The parser refuses the document.
    Malformed "malformed" Error;
    /// Version 2008-10-17, written or understood.
    OldVersion "old-version" Hint;
    /// A policy variable in a document whose version has none.
    OldVersionVariables "old-version-variables" Error;
    /// No service has this prefix.
    UnknownService "unknown-service" Warning;
    /// The service has no such action.
    UnknownAction "unknown-action" Error;
    /// An action with wildcards that no action of the service matches.
    ActionMatchesNothing "action-matches-nothing" Error;
    /// An action that a policy of this kind cannot decide.
    ActionOfOtherService "action-of-other-service" Error;
    /// A resource that none of the statement's actions works on, or an action that works on none of its resources.
    ResourceOfOtherService "resource-of-other-service" Error;
    /// An action whose resource is always `*`, in a statement for other resources.
    ResourceMustBeStar "resource-must-be-star" Error;
    /// An alias ARN where an action wants a key.
    AliasAsResource "alias-as-resource" Error;
    /// A `Resource` other than `*` in a key policy.
    KeyPolicyResource "key-policy-resource" Warning;
    /// An identity policy that lets its holder decrypt with every key.
    DecryptOnAll "decrypt-on-all" Warning;
    /// One of `kms:ReEncryptFrom` and `kms:ReEncryptTo` without the other.
    HalfReEncrypt "half-reencrypt" Warning;
    /// Encrypt and Decrypt without `kms:ReEncrypt*`.
    NoReEncrypt "no-reencrypt" Hint;
    /// `NotAction` with `Allow`.
    NotActionAllow "not-action-allow" Warning;
    /// `NotPrincipal` with `Allow`.
    NotPrincipalAllow "not-principal-allow" Warning;
    /// `NotPrincipal` with `Deny`.
    NotPrincipalDeny "not-principal-deny" Warning;
    /// Everyone is allowed, and no condition says who.
    PublicPrincipal "public-principal" Warning;
    /// A whole identity provider is trusted.
    ProviderWithoutCondition "provider-without-condition" Warning;
    /// A service is trusted on whoever's behalf it calls.
    ConfusedDeputy "confused-deputy" Hint;
    /// A key policy that leaves the account no way back.
    NoAccountStatement "no-account-statement" Warning;
    /// There is no such condition key.
    UnknownKey "unknown-key" Error;
    /// A condition key that requests for these actions never carry.
    KeyNotInRequest "key-not-in-request" Error;
    /// An operator for another type than the key's.
    WrongOperator "wrong-operator" Error;
    /// A value that is not of the operator's type.
    BadValue "bad-value" Error;
    /// A plain operator on a key with many values.
    NeedsSetOperator "needs-set-operator" Error;
    /// `ForAllValues` on a key with one value.
    SetOperatorOnSingle "set-operator-on-single" Warning;
    /// `ForAllValues` that also holds for requests without the key.
    ForAllValuesWithoutNull "for-all-values-without-null" Warning;
    /// `aws:MultiFactorAuthPresent` and long-term access keys, which carry no such key.
    MfaLongTermKeys "mfa-long-term-keys" Warning;
    /// Conditions that no request meets.
    Contradiction "contradiction" Error;
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
