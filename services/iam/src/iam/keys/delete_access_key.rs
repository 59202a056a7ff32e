//! DeleteAccessKey.

use claviger_pipeline::credentials::AccessKey;

use super::Holder;
use crate::iam::prelude::*;
use crate::iam::users::{Whom, whom};

pub(super) struct DeleteAccessKey;

impl Operation for DeleteAccessKey {
    declare!(
        DeleteAccessKey, Audit::write(),
        DeleteAccessKeyRequest => DeleteAccessKeyResponse, DeleteAccessKeyError, Whom
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
        let key = Holder::of::<Self::Error>(subject)?.key::<Self::Error>(cx, &input.access_key_id).await?;
        let mut batch = Batch::default();
        batch.remove::<AccessKey>(key.record.access_key_id, Some(key.version));
        Ok(Done::write(Default::default(), batch))
    }
}
