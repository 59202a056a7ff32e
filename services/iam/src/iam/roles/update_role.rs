//! UpdateRole and its elder, UpdateRoleDescription. What a request leaves out stays as it is.

use super::{trust, view};
use crate::iam::prelude::*;

pub(super) struct UpdateRole;

impl Operation for UpdateRole {
    declare!(UpdateRole, Audit::write(), UpdateRoleRequest => UpdateRoleResponse, UpdateRoleError, Target<RoleRecord>);

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::entity(cx, &input.role_name).await
    }

    unconditional!();

    async fn run(
        _cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let role = subject.there::<Self::Error>()?;
        let mut record = role.record.clone();
        record.description = input.description.clone().or(record.description);
        record.max_session_seconds = input.max_session_duration.unwrap_or(record.max_session_seconds);
        let mut batch = Batch::default();
        batch.update(role.version, &record);
        Ok(Done::write(Default::default(), batch))
    }
}

pub(super) struct UpdateRoleDescription;

impl Operation for UpdateRoleDescription {
    declare!(
        UpdateRoleDescription, Audit::write().with_response(),
        UpdateRoleDescriptionRequest => UpdateRoleDescriptionResponse, UpdateRoleDescriptionError, Target<RoleRecord>
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::entity(cx, &input.role_name).await
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let role = subject.there::<Self::Error>()?;
        let record = RoleRecord { description: Some(input.description.clone()), ..role.record.clone() };
        let mut batch = Batch::default();
        batch.update(role.version, &record);
        let shown = view::shown(&record, cx.call.partition, trust::shown(cx, &record).await?);
        Ok(Done::write(iam::UpdateRoleDescriptionResponse { role: Some(shown) }, batch))
    }
}
