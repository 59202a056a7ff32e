//! A policy document, parsed and compiled, and what can be read off it.

use std::cell::OnceCell;

use serde::{Deserialize, Serialize};

use crate::action::{Action, ActionPattern};
use crate::arn::{Arn, ArnPattern};
use crate::condition::Condition;
use crate::malformed::{Malformed, Position};
use crate::parse;
use crate::principal::{Family, NamedKind, Principals, Reach};
use crate::request::{Context, Principal, Request};

/// What a document is attached to; it decides which elements must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Kind {
    /// A policy of a user, group or role.
    Identity,
    /// A policy on a resource other than a KMS key or a role.
    Resource,
    /// A KMS key policy.
    Key,
    /// A role's trust policy.
    Trust,
    /// A service control policy.
    ServiceControl,
    /// A resource control policy.
    ResourceControl,
    /// A session policy.
    Session,
    /// A permissions boundary.
    Boundary,
}

impl Kind {
    pub(crate) fn has_principals(self) -> bool {
        matches!(self, Kind::Resource | Kind::Key | Kind::Trust | Kind::ResourceControl)
    }
}

/// The version of the policy language a document is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Version {
    /// `2008-10-17`, also when the element is absent: `${…}` is plain text.
    V2008,
    /// `2012-10-17`.
    V2012,
}

/// What a statement does when it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Effect {
    /// `Allow`.
    Allow,
    /// `Deny`.
    Deny,
}

/// A policy document: immutable, compiled once, cheap to evaluate and to share.
#[derive(Debug, Clone)]
pub struct Document {
    pub(crate) kind: Kind,
    pub(crate) version: Version,
    pub(crate) id: Option<Box<str>>,
    pub(crate) statements: Box<[Statement]>,
}

impl Document {
    /// Parses and compiles `text`. Accepts what AWS accepts for a document of this `kind`, in JSON without repeated
    /// names. The size is the caller's to check: limits differ by service and have an error of their own.
    ///
    /// # Errors
    /// [`Malformed`] with AWS's text for the first fault, in AWS's order of checks.
    pub fn parse(text: &str, kind: Kind) -> Result<Document, Malformed> {
        parse::document(text, kind)
    }

    /// What the document was parsed as.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The version of its language. Managed policies must be [`Version::V2012`]; see [`Document::require_2012`].
    pub fn version(&self) -> Version {
        self.version
    }

    /// The `Id` element.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Its statements, in order.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Refuses the older version, as `CreatePolicy` and `CreatePolicyVersion` do.
    ///
    /// # Errors
    /// [`Malformed`] unless the document says `2012-10-17`.
    pub fn require_2012(&self) -> Result<(), Malformed> {
        match self.version {
            Version::V2012 => Ok(()),
            Version::V2008 => Err(Malformed::new("Policy document must be version 2012-10-17 or greater.")),
        }
    }

    /// Every context key its conditions and variables read, folded to lower case, in order of appearance and without
    /// repeats: what `GetContextKeysFor…Policy` answers, and which of them a simulation lacks.
    pub fn context_keys(&self) -> Vec<&str> {
        let mut seen = std::collections::HashSet::new();
        self.statements
            .iter()
            .flat_map(|statement| {
                let conditions = statement.conditions.iter().flat_map(Condition::keys);
                let resources = statement.resources.iter().flatten();
                resources.flat_map(ArnPattern::keys).chain(conditions)
            })
            .filter(|key| seen.insert(*key))
            .collect()
    }
}

/// One statement of a document.
#[derive(Debug, Clone)]
pub struct Statement {
    pub(crate) sid: Option<Box<str>>,
    pub(crate) effect: Effect,
    pub(crate) principals: Option<Principals>,
    pub(crate) actions: Box<[ActionPattern]>,
    pub(crate) not_action: bool,
    /// `None` in trust policies: the role itself.
    pub(crate) resources: Option<Box<[ArnPattern]>>,
    pub(crate) not_resource: bool,
    pub(crate) conditions: Box<[Condition]>,
    pub(crate) start: Position,
    pub(crate) end: Position,
}

impl Statement {
    /// The `Sid` element.
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// The `Effect` element.
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Where the statement's opening brace stands.
    pub fn start(&self) -> Position {
        self.start
    }

    /// Where the text behind the statement's closing brace starts.
    pub fn end(&self) -> Position {
        self.end
    }

    /// One of its conditions, by the number a [`Reason`](crate::Reason) or an explanation gives.
    pub fn condition(&self, index: u32) -> Option<ConditionView<'_>> {
        self.conditions.get(usize::try_from(index).ok()?).map(ConditionView)
    }
}

/// A condition as it is written.
#[derive(Debug, Clone, Copy)]
pub struct ConditionView<'a>(pub(crate) &'a Condition);

impl<'a> ConditionView<'a> {
    /// The operator, such as `ForAnyValue:StringLike`.
    pub fn operator(&self) -> &'a str {
        self.0.operator()
    }

    /// The key, folded to lower case.
    pub fn key(&self) -> &'a str {
        self.0.key()
    }

    /// The values, as text.
    pub fn values(&self) -> impl Iterator<Item = &'a str> {
        self.0.values()
    }
}

/// A principal named in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named<'a> {
    /// Number of the statement, starting at 0.
    pub statement: usize,
    /// Whether it stands in a `NotPrincipal`.
    pub negated: bool,
    /// The member of the element it stands in.
    pub family: Family,
    /// What it is.
    pub kind: NamedKind,
    /// The text.
    pub text: &'a str,
    /// The account it belongs to, where the text tells.
    pub account: Option<&'a str>,
}

/// Every principal the document names, in order: for checking that each exists.
pub fn principals(document: &Document) -> impl Iterator<Item = Named<'_>> {
    document.statements.iter().enumerate().flat_map(|(statement, content)| {
        content.principals.iter().flat_map(move |principals| {
            principals.named.iter().map(move |named| Named {
                statement,
                negated: principals.negated,
                family: named.family,
                kind: named.kind(),
                text: &named.text,
                account: named.account(),
            })
        })
    })
}

/// The parts of a request that statements look at, cut once.
pub(crate) struct Call<'a> {
    principal: &'a Principal<'a>,
    action: Action<'a>,
    resource: &'a str,
    /// Cut at first use: most key policies say `*`.
    arn: OnceCell<Option<Arn<'a>>>,
    pub(crate) context: &'a dyn Context,
    has_boundary: bool,
}

impl<'a> Call<'a> {
    pub(crate) fn new(request: &'a Request<'a>, has_boundary: bool) -> Call<'a> {
        Call {
            principal: &request.principal,
            action: Action::parse(request.action),
            resource: request.resource,
            arn: OnceCell::new(),
            context: request.context,
            has_boundary,
        }
    }
}

/// What became of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It applies; how closely it names the caller (always [`Reach::Direct`] in policies without principals).
    Applies(Reach),
    /// It is about other actions.
    OtherAction,
    /// It is about other resources.
    OtherResource,
    /// It means other principals.
    OtherPrincipal,
    /// All the rest matches, but this condition (counting from 0) does not hold.
    Condition(u32),
}

impl Statement {
    pub(crate) fn outcome(&self, call: &Call<'_>) -> Outcome {
        if self.actions.iter().any(|action| action.matches(call.action)) == self.not_action {
            return Outcome::OtherAction;
        }
        if let Some(resources) = &self.resources {
            let arn = || call.arn.get_or_init(|| Arn::parse(call.resource)).as_ref();
            let named = resources.iter().any(|resource| resource.matches(call.resource, arn, call.context));
            if named == self.not_resource {
                return Outcome::OtherResource;
            }
        }
        let reach = match &self.principals {
            None => Some(Reach::Direct),
            Some(principals) => principals.reach(call.principal, self.effect == Effect::Deny, call.has_boundary),
        };
        let Some(reach) = reach else { return Outcome::OtherPrincipal };
        match self.conditions.iter().position(|condition| !condition.holds(call.context)) {
            Some(failed) => Outcome::Condition(u32::try_from(failed).unwrap_or(u32::MAX)),
            None => Outcome::Applies(reach),
        }
    }
}
