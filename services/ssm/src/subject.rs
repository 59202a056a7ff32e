//! What the operations ask permission for.

use std::sync::Arc;

use claviger_pipeline::{Permission, Subject};
use claviger_policy::Values;

use crate::SsmCx;
use crate::name::{self, Asked};
use crate::parameter::Parameter;

/// Type of a parameter in audit records.
pub(crate) const PARAMETER_TYPE: &str = "AWS::SSM::Parameter";

/// One resource a request names, there or not.
pub(crate) struct Target {
    /// Its ARN.
    pub(crate) arn: String,
    /// The account it belongs to.
    pub(crate) account: String,
    /// The parameter, if there is one.
    pub(crate) parameter: Option<Arc<Parameter>>,
    /// Whether it is read, which its own policy can allow.
    pub(crate) is_read: bool,
}

impl Target {
    /// A parameter of the caller's by its path.
    pub(crate) fn own(cx: SsmCx<'_>, path: &str, parameter: Option<Arc<Parameter>>) -> Self {
        let call = cx.call;
        let arn = name::arn(call.partition, &call.region, call.account(), path);
        Self { arn, account: call.account().to_owned(), parameter, is_read: false }
    }

    /// A parameter as a reader asked for it.
    pub(crate) fn asked(cx: SsmCx<'_>, asked: &Asked, parameter: Option<Arc<Parameter>>) -> Self {
        let arn = name::arn(cx.call.partition, &asked.region, &asked.account, &asked.path);
        Self { arn, account: asked.account.clone(), parameter, is_read: true }
    }

    /// Everything of this service in the caller's account and Region.
    pub(crate) fn everything(cx: SsmCx<'_>) -> Self {
        let call = cx.call;
        let account = call.account();
        let arn = format!("arn:{}:ssm:{}:{account}:*", call.partition, call.region);
        Self { arn, account: account.to_owned(), parameter: None, is_read: false }
    }

    fn permission(&self, action: &'static str) -> Permission<'_> {
        let parameter = self.parameter.as_ref().filter(|_| self.is_read);
        let policy = parameter.and_then(|parameter| parameter.policy.as_ref());
        Permission {
            resource: &self.arn,
            policy,
            cross_account: policy.is_some(),
            ..Permission::on_account(action, &self.account)
        }
    }

    fn condition(&self, key: &str) -> Option<Values<'_>> {
        let name = key.strip_prefix("aws:resourcetag/").or_else(|| key.strip_prefix("ssm:resourcetag/"))?;
        let tags = &self.parameter.as_ref()?.record.tags;
        let (_, value) = tags.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(name))?;
        Some(Values::One(value.as_str().into()))
    }
}

/// Resources, each judged on its own for the same actions, and what else the operation found out about its request.
pub(crate) struct Targets<T = ()> {
    /// The resources.
    pub(crate) targets: Vec<Target>,
    /// What is asked for besides the operation's own action.
    pub(crate) also: Option<&'static str>,
    /// What the operation knows already.
    pub(crate) known: T,
}

impl<T> Targets<T> {
    /// One resource.
    pub(crate) fn one(target: Target, known: T) -> Self {
        Self { targets: vec![target], also: None, known }
    }

    /// Several resources.
    pub(crate) fn many(targets: Vec<Target>, known: T) -> Self {
        Self { targets, also: None, known }
    }

    /// The first parameter.
    pub(crate) fn parameter(&self) -> Option<&Arc<Parameter>> {
        self.targets.first()?.parameter.as_ref()
    }
}

impl<T: Send + Sync> Subject for Targets<T> {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        let actions = || std::iter::once(action).chain(self.also);
        self.targets.iter().flat_map(|target| actions().map(|action| target.permission(action))).collect()
    }

    fn condition(&self, side: usize, key: &str) -> Option<Values<'_>> {
        let actions = 1 + usize::from(self.also.is_some());
        self.targets.get(side / actions)?.condition(key)
    }

    fn resources(&self) -> Vec<(&str, &str, &'static str)> {
        let named = self.targets.iter().filter(|target| !target.arn.ends_with('*'));
        named.map(|target| (target.arn.as_str(), target.account.as_str(), PARAMETER_TYPE)).collect()
    }
}
