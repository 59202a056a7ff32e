//! ListPolicies: the account's managed policies and AWS's.

use claviger_identity::{builtins, policy_arn};
use claviger_shapes::iam::{PolicyScopeType, PolicyUsageType};
use claviger_store::Records;

use super::usage;
use crate::iam::prelude::*;

/// Whether the policy is used in this way.
fn is_used(uses: views::Uses, usage: PolicyUsageType) -> bool {
    match usage {
        PolicyUsageType::PermissionsPolicy => uses.attachments > 0,
        PolicyUsageType::PermissionsBoundary => uses.boundaries > 0,
    }
}

pub(super) struct ListPolicies;

impl Operation for ListPolicies {
    declare!(ListPolicies, Audit::read_only(), ListPoliciesRequest => ListPoliciesResponse, ListPoliciesError, Listed);

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        Ok(Listed::policies(&cx, input.path_prefix.as_deref()))
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        _subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let pager = Pager::new::<Self::Error>(input.marker.as_deref(), input.max_items)?;
        let (partition, account) = (cx.call.partition, cx.call.account());
        let scope = input.scope.unwrap_or(PolicyScopeType::All);
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let census = usage::census(&usage::everybody(cx).await?);
        let uses = |arn: &str| census.get(arn).copied().unwrap_or_default();
        let mut found = Vec::new();
        if scope != PolicyScopeType::Local {
            for policy in builtins().iter().filter(|policy| policy.path.starts_with(prefix)) {
                let arn = policy_arn(partition, "aws", policy.path, policy.name);
                found.push((uses(&arn), views::builtin(policy, partition, uses(&arn))));
            }
        }
        if scope != PolicyScopeType::Aws {
            let own = cx.system.store.all::<PolicyRecord>(None, &format!("{account}/")).await;
            for stored in own.map_err(InternalFailure::new)? {
                let policy = stored.record;
                if policy.path.starts_with(prefix) {
                    let uses = uses(&policy.arn(partition));
                    found.push((uses, views::policy(&policy, partition, uses)));
                }
            }
        }
        let wanted = found.into_iter().filter(|(uses, _)| {
            let attached = input.only_attached != Some(true) || uses.attachments > 0;
            attached && input.policy_usage_filter.is_none_or(|usage| is_used(*uses, usage))
        });
        let mut wanted: Vec<_> = wanted.map(|(_, policy)| (policy.arn.clone().unwrap_or_default(), policy)).collect();
        wanted.sort_by(|(a, _), (b, _)| a.cmp(b));
        let cut = pager.cut(wanted);
        Ok(Done::read(iam::ListPoliciesResponse {
            is_truncated: cut.is_truncated(),
            marker: cut.marker,
            policies: Some(cut.items),
        }))
    }
}
