//! GetAccountSummary: how much of everything there is, and how much there may be.

use std::collections::BTreeMap;

use claviger_identity::{Kind, ProviderRecord};
use claviger_pipeline::credentials::{AccessKey, Owner, owner_prefix};
use claviger_shapes::iam::SummaryKeyType as Key;
use claviger_store::Records;

use super::usage;
use crate::iam::prelude::*;

/// AWS's default quotas, as far as IAM has them here. What other products of the service have is counted as none.
const QUOTAS: [(Key, i32); 19] = [
    (Key::UsersQuota, 5_000),
    (Key::GroupsQuota, 300),
    (Key::RolesQuota, 1_000),
    (Key::PoliciesQuota, 1_500),
    (Key::GroupsPerUserQuota, 10),
    (Key::AccessKeysPerUserQuota, 2),
    (Key::AttachedPoliciesPerUserQuota, 10),
    (Key::AttachedPoliciesPerGroupQuota, 10),
    (Key::AttachedPoliciesPerRoleQuota, 10),
    (Key::VersionsPerPolicyQuota, 5),
    (Key::PolicyVersionsInUseQuota, 10_000),
    (Key::AssumeRolePolicySizeQuota, 2_048),
    (Key::ServerCertificates, 0),
    (Key::MfaDevices, 0),
    (Key::MfaDevicesInUse, 0),
    (Key::AccountMfaEnabled, 0),
    (Key::AccountPasswordPresent, 0),
    (Key::AccountSigningCertificatesPresent, 0),
    (Key::InstanceProfiles, 0),
];

pub(super) struct GetAccountSummary;

impl Operation for GetAccountSummary {
    declare!(
        GetAccountSummary, Audit::read_only(),
        GetAccountSummaryRequest => GetAccountSummaryResponse, GetAccountSummaryError, NoResource
    );

    async fn subject(cx: IamCx<'_>, _input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        Ok(NoResource::of(&cx))
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        _subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let (store, account) = (&cx.system.store, cx.call.account());
        let prefix = format!("{account}/");
        let everybody = usage::everybody(cx).await?;
        let policies = store.all::<PolicyRecord>(None, &prefix).await.map_err(InternalFailure::new)?;
        let providers = store.all::<ProviderRecord>(None, &prefix).await.map_err(InternalFailure::new)?;
        let of_root = owner_prefix(account, &Owner::Root);
        let roots = store.all::<AccessKey>(Some("by_owner"), &of_root).await.map_err(InternalFailure::new)?;
        let census = usage::census(&everybody);
        let in_use = policies.iter().filter(|policy| census.contains_key(&policy.record.arn(cx.call.partition)));

        let mut summary = BTreeMap::from(QUOTAS);
        let characters = |kind| views::count(documents::inline_characters_max(kind));
        summary.extend([
            (Key::Users, views::count(everybody.users.len())),
            (Key::Groups, views::count(everybody.groups.len())),
            (Key::Roles, views::count(everybody.roles.len())),
            (Key::Policies, views::count(policies.len())),
            (Key::PolicyVersionsInUse, views::count(in_use.map(|policy| policy.record.versions.len()).sum())),
            (Key::Providers, views::count(providers.len())),
            (Key::AccountAccessKeysPresent, i32::from(!roots.is_empty())),
            (Key::PolicySizeQuota, views::count(documents::MANAGED_CHARACTERS_MAX)),
            (Key::UserPolicySizeQuota, characters(Kind::User)),
            (Key::GroupPolicySizeQuota, characters(Kind::Group)),
            (Key::RolePolicySizeQuota, characters(Kind::Role)),
        ]);
        Ok(Done::read(iam::GetAccountSummaryResponse { summary_map: Some(summary) }))
    }
}
