//! ListPolicyVersions: newest first, without their texts.

use crate::iam::find::{Managed, ManagedTarget};
use crate::iam::prelude::*;

pub(super) struct ListPolicyVersions;

impl Operation for ListPolicyVersions {
    declare!(
        ListPolicyVersions, Audit::read_only(),
        ListPolicyVersionsRequest => ListPolicyVersionsResponse, ListPolicyVersionsError, ManagedTarget
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::policy(cx, &input.policy_arn).await
    }

    unconditional!();

    async fn run(
        _cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let pager = Pager::new::<Self::Error>(input.marker.as_deref(), input.max_items)?;
        let versions: Vec<(u32, iam::PolicyVersion)> = match subject.there::<Self::Error>()? {
            Managed::Own(stored) => {
                let (record, default) = (&stored.record, stored.record.default_version);
                record.versions.iter().rev().map(|version| (version.number, views::version(version, default))).collect()
            }
            Managed::Aws(builtin) => {
                vec![(builtin.version, iam::PolicyVersion { document: None, ..views::builtin_version(builtin) })]
            }
        };
        let newest_first = |number: u32| format!("{:010}", u32::MAX - number);
        let cut = pager.cut(versions.into_iter().map(|(number, version)| (newest_first(number), version)));
        Ok(Done::read(iam::ListPolicyVersionsResponse {
            is_truncated: cut.is_truncated(),
            marker: cut.marker,
            versions: Some(cut.items),
        }))
    }
}
