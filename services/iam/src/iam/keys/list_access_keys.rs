//! ListAccessKeys.

use super::{Holder, status};
use crate::iam::prelude::*;
use crate::iam::users::{Whom, whom};

pub(super) struct ListAccessKeys;

impl Operation for ListAccessKeys {
    declare!(
        ListAccessKeys, Audit::read_only(),
        ListAccessKeysRequest => ListAccessKeysResponse, ListAccessKeysError, Whom
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        whom(cx, input.user_name.as_deref()).await
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let pager = Pager::new::<Self::Error>(input.marker.as_deref(), input.max_items)?;
        let holder = Holder::of::<Self::Error>(subject)?;
        let entry = |key: &_| {
            let key: &claviger_pipeline::credentials::AccessKey = key;
            let metadata = iam::AccessKeyMetadata {
                user_name: holder.name.map(str::to_owned),
                access_key_id: Some(key.access_key_id.clone()),
                status: Some(status(key)),
                create_date: Some(key.created.into()),
            };
            (format!("{:020}/{}", key.created.as_millisecond(), key.access_key_id), metadata)
        };
        let mut entries: Vec<_> = holder.keys(cx).await?.iter().map(entry).collect();
        entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        let page = pager.cut(entries);
        Ok(Done::read(iam::ListAccessKeysResponse {
            is_truncated: page.is_truncated(),
            access_key_metadata: Some(page.items),
            marker: page.marker,
        }))
    }
}
