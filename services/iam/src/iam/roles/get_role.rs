//! GetRole.

use super::{trust, view};
use crate::iam::prelude::*;

pub(super) struct GetRole;

impl Operation for GetRole {
    declare!(GetRole, Audit::read_only(), GetRoleRequest => GetRoleResponse, GetRoleError, Target<RoleRecord>);

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::entity(cx, &input.role_name).await
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let record = &subject.there::<Self::Error>()?.record;
        let used = cx.system.last_use(&record.role_id).await.map_err(InternalFailure::from)?;
        let used = used.map_or_else(iam::RoleLastUsed::default, |used| iam::RoleLastUsed {
            last_used_date: Some(used.time.into()),
            region: Some(used.region),
        });
        let trust = trust::shown(cx, record).await?;
        let role = iam::Role { role_last_used: Some(used), ..view::shown(record, cx.call.partition, trust) };
        Ok(Done::read(iam::GetRoleResponse { role: Some(role) }))
    }
}
