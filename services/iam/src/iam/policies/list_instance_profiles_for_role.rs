//! ListInstanceProfilesForRole: there are no instances here, and so no profiles.

use crate::iam::prelude::*;

pub(super) struct ListInstanceProfilesForRole;

impl Operation for ListInstanceProfilesForRole {
    declare!(
        ListInstanceProfilesForRole, Audit::read_only(),
        ListInstanceProfilesForRoleRequest => ListInstanceProfilesForRoleResponse,
        ListInstanceProfilesForRoleError, Target<RoleRecord>
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::entity(cx, &input.role_name).await
    }

    unconditional!();

    async fn run(
        _cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        subject.there::<Self::Error>()?;
        Ok(Done::read(iam::ListInstanceProfilesForRoleResponse {
            instance_profiles: Some(Vec::new()),
            is_truncated: Some(false),
            marker: None,
        }))
    }
}
