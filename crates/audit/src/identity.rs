//! Who made a call: the `userIdentity` object of a record.

use jiff::Timestamp;

use crate::event::timestamp;
use crate::json;

/// The caller, in the forms CloudTrail distinguishes.
///
/// `invoked_by` is the service principal (`ssm.amazonaws.com`) when a service made the call on the caller's behalf.
#[derive(Clone, Copy, Debug)]
pub enum Identity<'a> {
    /// The root of an account.
    Root {
        /// The account's twelve digits; also its principal id.
        account: &'a str,
        /// `arn:P:iam::A:root`.
        arn: &'a str,
        /// The access key that signed, if one did.
        access_key: Option<&'a str>,
        /// The account's alias, if it has one.
        user_name: Option<&'a str>,
        /// Set when temporary credentials were used.
        session: Option<Session<'a>>,
        /// The service acting for the caller.
        invoked_by: Option<&'a str>,
    },
    /// An IAM user, with its own key or with a session token.
    User {
        /// `AIDA…`.
        principal_id: &'a str,
        /// The user's ARN.
        arn: &'a str,
        /// The account's twelve digits.
        account: &'a str,
        /// The access key that signed, if one did.
        access_key: Option<&'a str>,
        /// The user's name, without its path.
        user_name: &'a str,
        /// Set when a session token was used.
        session: Option<Session<'a>>,
        /// The service acting for the caller.
        invoked_by: Option<&'a str>,
    },
    /// A session of a role.
    AssumedRole {
        /// `AROA…:session`.
        principal_id: &'a str,
        /// `arn:P:sts::A:assumed-role/Role/session`.
        arn: &'a str,
        /// The account's twelve digits.
        account: &'a str,
        /// The temporary access key that signed (`ASIA…`), if one did.
        access_key: Option<&'a str>,
        /// The session and the role behind it.
        session: Session<'a>,
        /// The service acting for the caller.
        invoked_by: Option<&'a str>,
    },
    /// A federation token of a user or of the root.
    FederatedUser {
        /// `A:name`.
        principal_id: &'a str,
        /// `arn:P:sts::A:federated-user/name`.
        arn: &'a str,
        /// The account's twelve digits.
        account: &'a str,
        /// The temporary access key that signed (`ASIA…`), if one did.
        access_key: Option<&'a str>,
        /// The session and the user behind it.
        session: Session<'a>,
        /// The service acting for the caller.
        invoked_by: Option<&'a str>,
    },
    /// A caller of another account, as the owner of the resource sees it.
    AwsAccount {
        /// The caller's account.
        account: &'a str,
        /// `AIDA…` or `AROA…:session`.
        principal_id: &'a str,
    },
    /// A service that calls for itself.
    Service {
        /// Its service principal.
        invoked_by: &'a str,
    },
    /// Work the service does by itself for an account (rotation, deletion when its time has come).
    Internal {
        /// The account it is done for.
        account: &'a str,
    },
    /// A caller known by a web identity token only.
    WebIdentityUser {
        /// `provider:audience:subject`.
        principal_id: &'a str,
        /// The subject.
        user_name: &'a str,
        /// The provider's name or ARN.
        identity_provider: &'a str,
    },
    /// A caller known by a SAML assertion only.
    SamlUser {
        /// The provider's and the subject's identifiers, joined by the caller of this crate.
        principal_id: &'a str,
        /// The subject.
        user_name: &'a str,
        /// The provider's name or ARN.
        identity_provider: &'a str,
    },
    /// Nobody that could be told.
    Unknown,
}

/// What is known about temporary credentials: `sessionContext`.
#[derive(Clone, Copy, Debug)]
pub struct Session<'a> {
    /// When the credentials were issued.
    pub created: Timestamp,
    /// Whether a second factor was shown; written as text.
    pub mfa: bool,
    /// The role or user the session was issued from; none for a session token of the user itself.
    pub issuer: Option<Issuer<'a>>,
    /// The web identity behind the session, if it came from one.
    pub web_identity: Option<WebIdentity<'a>>,
    /// `sourceIdentity`, when it was set.
    pub source_identity: Option<&'a str>,
}

/// What a session was issued from: `sessionIssuer`.
#[derive(Clone, Copy, Debug)]
pub struct Issuer<'a> {
    /// Role, user or root.
    pub kind: IssuerKind,
    /// `AROA…`, `AIDA…` or the account.
    pub principal_id: &'a str,
    /// The ARN of the role, of the user or of the root.
    pub arn: &'a str,
    /// The account's twelve digits.
    pub account: &'a str,
    /// The role's or user's name; none for a root.
    pub user_name: Option<&'a str>,
}

/// The kind of a session's issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuerKind {
    /// A role.
    Role,
    /// An IAM user.
    User,
    /// The root of an account.
    Root,
}

/// The web identity a role session came from: `webIdFederationData`.
#[derive(Clone, Copy, Debug)]
pub struct WebIdentity<'a> {
    /// The provider.
    pub provider: &'a str,
    /// What the provider said about the caller; sixteen attributes are written.
    pub attributes: &'a [(&'a str, &'a str)],
}

/// Attributes of a web identity that are written; there are two or three, but nothing promises it.
const ATTRIBUTES_MAX: usize = 16;

impl Identity<'_> {
    /// Appends the object. `bytes_max` limits every text in it.
    pub(crate) fn write_json(&self, out: &mut Vec<u8>, bytes_max: usize) {
        let mut members = Members { out, bytes_max };
        match *self {
            Identity::Root { account, arn, access_key, user_name, session, invoked_by } => {
                members.put(r#"{"type":"Root","principalId":"#, account);
                members.put(r#","arn":"#, arn);
                members.put(r#","accountId":"#, account);
                members.put_some(r#","accessKeyId":"#, access_key);
                members.put_some(r#","userName":"#, user_name);
                members.session(session.as_ref(), false);
                members.put_some(r#","invokedBy":"#, invoked_by);
            }
            Identity::User { principal_id, arn, account, access_key, user_name, session, invoked_by } => {
                members.put(r#"{"type":"IAMUser","principalId":"#, principal_id);
                members.put(r#","arn":"#, arn);
                members.put(r#","accountId":"#, account);
                members.put_some(r#","accessKeyId":"#, access_key);
                members.put(r#","userName":"#, user_name);
                members.session(session.as_ref(), false);
                members.put_some(r#","invokedBy":"#, invoked_by);
            }
            Identity::AssumedRole { principal_id, arn, account, access_key, session, invoked_by } => {
                members.put(r#"{"type":"AssumedRole","principalId":"#, principal_id);
                members.put(r#","arn":"#, arn);
                members.put(r#","accountId":"#, account);
                members.put_some(r#","accessKeyId":"#, access_key);
                members.session(Some(&session), true);
                members.put_some(r#","invokedBy":"#, invoked_by);
            }
            Identity::FederatedUser { principal_id, arn, account, access_key, session, invoked_by } => {
                members.put(r#"{"type":"FederatedUser","principalId":"#, principal_id);
                members.put(r#","arn":"#, arn);
                members.put(r#","accountId":"#, account);
                members.put_some(r#","accessKeyId":"#, access_key);
                members.session(Some(&session), false);
                members.put_some(r#","invokedBy":"#, invoked_by);
            }
            Identity::AwsAccount { account, principal_id } => {
                members.put(r#"{"type":"AWSAccount","principalId":"#, principal_id);
                members.put(r#","accountId":"#, account);
            }
            Identity::Service { invoked_by } => {
                members.put(r#"{"type":"AWSService","invokedBy":"#, invoked_by);
            }
            Identity::Internal { account } => {
                members.put(r#"{"accountId":"#, account);
                members.put(r#","invokedBy":"#, crate::event::AWS_INTERNAL);
            }
            Identity::WebIdentityUser { principal_id, user_name, identity_provider } => {
                members.put(r#"{"type":"WebIdentityUser","principalId":"#, principal_id);
                members.put(r#","userName":"#, user_name);
                members.put(r#","identityProvider":"#, identity_provider);
            }
            Identity::SamlUser { principal_id, user_name, identity_provider } => {
                members.put(r#"{"type":"SAMLUser","principalId":"#, principal_id);
                members.put(r#","userName":"#, user_name);
                members.put(r#","identityProvider":"#, identity_provider);
            }
            Identity::Unknown => members.constant(r#"{"type":"Unknown""#),
        }
        members.constant("}");
    }
}

/// The buffer with the limit for texts beside it.
struct Members<'o> {
    out: &'o mut Vec<u8>,
    bytes_max: usize,
}

impl Members<'_> {
    fn constant(&mut self, json: &str) {
        self.out.extend_from_slice(json.as_bytes());
    }

    fn put(&mut self, lead: &str, value: &str) {
        self.constant(lead);
        json::text(self.out, value, self.bytes_max);
    }

    fn put_some(&mut self, lead: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.put(lead, value);
        }
    }

    /// A role's session always shows `webIdFederationData`, empty when there is none; others only when there is some.
    fn session(&mut self, session: Option<&Session<'_>>, of_role: bool) {
        let Some(session) = session else { return };
        self.constant(r#","sessionContext":{"#);
        if let Some(issuer) = &session.issuer {
            self.constant(match issuer.kind {
                IssuerKind::Role => r#""sessionIssuer":{"type":"Role""#,
                IssuerKind::User => r#""sessionIssuer":{"type":"IAMUser""#,
                IssuerKind::Root => r#""sessionIssuer":{"type":"Root""#,
            });
            self.put(r#","principalId":"#, issuer.principal_id);
            self.put(r#","arn":"#, issuer.arn);
            self.put(r#","accountId":"#, issuer.account);
            self.put_some(r#","userName":"#, issuer.user_name);
            self.constant("},");
        }
        match &session.web_identity {
            Some(identity) => self.web_identity(identity),
            None if of_role => self.constant(r#""webIdFederationData":{},"#),
            None => {}
        }
        self.constant(r#""attributes":{"creationDate":""#);
        timestamp(self.out, session.created);
        self.constant(r#"","mfaAuthenticated":""#);
        self.constant(if session.mfa { r#"true"}"# } else { r#"false"}"# });
        self.put_some(r#","sourceIdentity":"#, session.source_identity);
        self.constant("}");
    }

    fn web_identity(&mut self, identity: &WebIdentity<'_>) {
        self.put(r#""webIdFederationData":{"federatedProvider":"#, identity.provider);
        self.constant(r#","attributes":{"#);
        for (index, (name, value)) in identity.attributes.iter().take(ATTRIBUTES_MAX).enumerate() {
            if index > 0 {
                self.constant(",");
            }
            self.put("", name);
            self.put(":", value);
        }
        self.constant("}},");
    }
}
