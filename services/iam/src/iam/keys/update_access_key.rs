//! UpdateAccessKey: in force with the next request.

use super::Holder;
use crate::iam::prelude::*;
use crate::iam::users::{Whom, whom};

pub(super) struct UpdateAccessKey;

impl Operation for UpdateAccessKey {
    declare!(
        UpdateAccessKey, Audit::write(),
        UpdateAccessKeyRequest => UpdateAccessKeyResponse, UpdateAccessKeyError, Whom
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
        let active = match input.status {
            iam::StatusType::Active => true,
            iam::StatusType::Inactive => false,
            // Keys expire by themselves or not at all.
            iam::StatusType::Expired => {
                return Err(
                    iam::InvalidInputException::new("The status of an access key cannot be set to Expired.").into()
                );
            }
        };
        let mut key = Holder::of::<Self::Error>(subject)?.key::<Self::Error>(cx, &input.access_key_id).await?;
        key.record.active = active;
        let mut batch = Batch::default();
        batch.update(key.version, &key.record);
        Ok(Done::write(Default::default(), batch))
    }
}
