//! The contract between the pipeline and a service: what one operation must declare and provide.

use std::future::Future;
use std::ops::Deref;

use claviger_policy::{Document, GrantKind, Principal, ResourceRule, Values};
use claviger_shapes::{AccessDeniedException, Audited, Fault, Input, InternalFailure, Output, ValidationException};
use claviger_store::Batch;

use crate::quota::Limit;
use crate::{Cx, WebIdentity};

/// One API operation. Leaving out the audit or quota class does not compile.
pub trait Operation: Send + Sync + 'static {
    /// The service whose state the operation uses.
    type Service: Send + Sync + 'static;
    /// The operation's name as on the wire (`Encrypt`).
    const NAME: &'static str;
    /// The IAM action (`kms:Encrypt`).
    const ACTION: &'static str;
    /// What the audit record shows.
    const AUDIT: Audit;
    /// Which request-rate pool the call is charged to.
    const QUOTA: Quota;
    /// Whether requests come without a signature: the request itself proves who asks.
    const UNSIGNED: bool = false;
    /// The decoded request; its constraints already hold.
    type Input: Input + Audited;
    /// The response.
    type Output: Output + Audited;
    /// Exactly the exceptions the API model lists, plus the ones every operation shares.
    type Error: From<ValidationException> + From<AccessDeniedException> + From<InternalFailure> + Into<Fault> + Send;
    /// What is looked up and authorized before the operation runs.
    type Subject: Subject;

    /// Checks what needs no resource, then finds the resources the request names. Nothing here may depend on
    /// whether the caller is allowed to use them.
    fn subject(
        cx: Cx<'_, Self::Service>,
        input: &Self::Input,
    ) -> impl Future<Output = Result<Self::Subject, Self::Error>> + Send;

    /// The value of a condition key this operation's request carries, or `None`. `key` is lower case;
    /// `side` is the index of the permission being judged (two for operations on two resources).
    fn condition<'a>(input: &'a Self::Input, side: usize, key: &str) -> Option<Values<'a>>;

    /// Whether the value of a condition key stands for a member the request left out. Every operator sees the value,
    /// only `Null` looks at the request as it was sent.
    fn omitted(_input: &Self::Input, _side: usize, _key: &str) -> bool {
        false
    }

    /// What a caller is told whose change others overtook at every attempt, where the service has a word for it.
    fn overtaken() -> Option<Self::Error> {
        None
    }

    /// Members the audit record shows although the request left them out (name, value): only members that are
    /// indeed absent from `input`.
    fn recorded(_input: &Self::Input, _subject: Option<&Self::Subject>) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// The pools of a call whose [`Quota`] follows from its subject. None: the one that [`Quota::OfSubject`] names.
    fn pools(_input: &Self::Input, subject: &Self::Subject) -> [Option<&'static Limit>; 2] {
        subject.pools()
    }

    /// What a call costs besides in another Region: the Region, the pool, and how many requests.
    fn elsewhere(_input: &Self::Input) -> Option<(&str, &'static Limit, u32)> {
        None
    }

    /// Runs on an authorized subject: state, usage and parameter checks first, then the work. Nothing is written
    /// here: changes are returned and committed by the pipeline together with the audit record. May run again when
    /// another request changed the same records meanwhile.
    fn run(
        cx: Cx<'_, Self::Service>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> impl Future<Output = Result<Done<Self::Output>, Self::Error>> + Send;
}

/// What an operation asks permission for.
pub trait Subject: Send + Sync {
    /// The permissions needed, in the order they are judged. `action` is the operation's own IAM action.
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>>;

    /// The value of a condition key that follows from the resource of permission `side`.
    fn condition(&self, _side: usize, _key: &str) -> Option<Values<'_>> {
        None
    }

    /// Who an operation without a signature turned out to be called by.
    fn web_identity(&self) -> Option<&WebIdentity> {
        None
    }

    /// The request-rate pools that belong to what was found.
    fn pools(&self) -> [Option<&'static Limit>; 2] {
        [None, None]
    }

    /// What the audit record tells besides parameters and answer (name, value).
    fn additional(&self) -> Vec<(&'static str, &str)> {
        Vec::new()
    }

    /// The resources named in the audit record: (ARN, owning account, type).
    fn resources(&self) -> Vec<(&str, &str, &'static str)> {
        Vec::new()
    }
}

/// One action on one resource, to be judged.
pub struct Permission<'a> {
    /// `kms:Encrypt`.
    pub action: &'static str,
    /// The resource's ARN, or `*` for actions without a resource.
    pub resource: &'a str,
    /// The account that owns the resource.
    pub owner: &'a str,
    /// The resource's own policy, if it has one.
    pub policy: Option<&'a Document>,
    /// How the resource's policy and the caller's identity policies combine.
    pub rule: ResourceRule,
    /// Whether principals of other accounts can ever be allowed.
    pub cross_account: bool,
    /// How a refusal is worded.
    pub wording: Wording,
    /// The strongest grant that covers the call, for KMS keys.
    pub grant: Option<GrantKind>,
    /// Who asks, where that is not the one who signed: the bearer of an identity provider's token.
    pub principal: Option<Principal<'a>>,
}

impl<'a> Permission<'a> {
    /// `action` on `*` in `account`: for actions without a resource.
    pub fn on_account(action: &'static str, account: &'a str) -> Self {
        Self {
            action,
            resource: "*",
            owner: account,
            policy: None,
            rule: ResourceRule::Ordinary,
            cross_account: false,
            wording: Wording::Named,
            grant: None,
            principal: None,
        }
    }
}

/// How an access-denied message names the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wording {
    /// By its ARN.
    Named,
    /// By its kind and the last part of its ARN (`role app`), as IAM names what it looks up.
    KindAndName,
    /// By its kind and its ARN (`policy arn:…`).
    KindAndArn,
    /// Only as "the resource associated with this ciphertext": the caller never named it, so its existence is not
    /// confirmed.
    Ciphertext,
    /// By its ARN, also in another account, and without a cause: roles, whether they exist or not.
    Bare,
    /// Not at all, nor the caller: it signed nothing, so nothing is known of it.
    Unsigned,
}

/// An operation on no resource in particular: judged by identity policies on `*`.
pub struct NoResource {
    account: Box<str>,
}

impl NoResource {
    /// For the account the call is made in.
    pub fn of<S>(cx: &Cx<'_, S>) -> Self {
        Self { account: cx.call.account().into() }
    }
}

impl Subject for NoResource {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        vec![Permission::on_account(action, &self.account)]
    }
}

/// An operation that is never denied (`sts:GetCallerIdentity`).
pub struct Unrestricted;

impl Subject for Unrestricted {
    fn permissions(&self, _action: &'static str) -> Vec<Permission<'_>> {
        Vec::new()
    }
}

/// A subject the pipeline has judged. Only the pipeline can make one, so no handler runs without a verdict.
pub struct Authorized<T>(T);

impl<T> Authorized<T> {
    pub(crate) fn new(subject: T) -> Self {
        Self(subject)
    }
}

impl<T> Deref for Authorized<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

/// What a run produced: the answer, and the changes to commit before it is sent.
pub struct Done<T> {
    /// The response.
    pub output: T,
    /// Changes to be committed, all or nothing, with the audit record.
    pub batch: Batch,
}

impl<T> Done<T> {
    /// An answer that changes nothing.
    pub fn read(output: T) -> Self {
        Self { output, batch: Batch::default() }
    }

    /// An answer that holds once `batch` is committed.
    pub fn write(output: T, batch: Batch) -> Self {
        Self { output, batch }
    }
}

/// What an operation's audit record shows. Blobs and sensitive members never appear, whatever is declared here.
#[derive(Clone, Copy, Debug)]
pub struct Audit {
    /// `readOnly` of the record.
    pub read_only: bool,
    /// Whether `requestParameters` is shown at all.
    pub parameters: bool,
    /// Whether `responseElements` is shown.
    pub response: bool,
    /// Members (wire names) left out of both.
    pub hide: &'static [&'static str],
}

impl Audit {
    /// A read or a cryptographic call: parameters shown, response null.
    pub const fn read_only() -> Self {
        Self { read_only: true, parameters: true, response: false, hide: &["GrantTokens"] }
    }

    /// A change: parameters shown, response null.
    pub const fn write() -> Self {
        Self { read_only: false, ..Self::read_only() }
    }

    /// Shows the response elements too.
    pub const fn with_response(self) -> Self {
        Self { response: true, ..self }
    }

    /// Shows no parameters.
    pub const fn without_parameters(self) -> Self {
        Self { parameters: false, ..self }
    }

    /// Leaves these members (wire names) out. Replaces the default list, so name `GrantTokens` too where it applies.
    pub const fn hide(self, members: &'static [&'static str]) -> Self {
        Self { hide: members, ..self }
    }
}

/// Request-rate pools, per account and Region. Operations of one pool share its rate. The account is the caller's, also
/// for resources of others and for calls that a service makes on its behalf.
#[derive(Clone, Copy, Debug)]
pub enum Quota {
    /// A pool that operations share. Charged before the request is decoded.
    Shared(&'static Limit),
    /// The pools that belong to the subject ([`Operation::pools`]); this one as long as it is not found. Charged when
    /// the subject is known, before it is judged.
    OfSubject(&'static Limit),
    /// A pool of the operation's own: AWS's requests per second. Where the service's table of quotas has a row for it,
    /// that row has the same number. Charged before the request is decoded.
    Own(u32),
    /// Calls that are not limited.
    Unlimited,
}
