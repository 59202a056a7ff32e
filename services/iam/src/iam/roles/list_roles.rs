//! ListRoles: by name, below a path.

use super::{trust, view};
use crate::iam::prelude::*;

pub(super) struct ListRoles;

impl Operation for ListRoles {
    declare!(ListRoles, Audit::read_only(), ListRolesRequest => ListRolesResponse, ListRolesError, Listed);

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        Ok(Listed::entities(&cx, RoleRecord::KIND.word(), input.path_prefix.as_deref()))
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        _subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let pager = Pager::new::<Self::Error>(input.marker.as_deref(), input.max_items)?;
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let page = pager.records::<RoleRecord>(cx, |role| role.path.starts_with(prefix)).await?;
        let mut roles = Vec::with_capacity(page.items.len());
        for role in &page.items {
            roles.push(view::listed(role, cx.call.partition, trust::shown(cx, role).await?));
        }
        Ok(Done::read(iam::ListRolesResponse {
            is_truncated: page.is_truncated(),
            roles: Some(roles),
            marker: page.marker,
        }))
    }
}
