//! CreateAccessKey: the only answer that ever shows the secret.

use claviger_pipeline::credentials::issue;
use claviger_shapes::SecretString;

use super::{Holder, status};
use crate::iam::accounts;
use crate::iam::prelude::*;
use crate::iam::users::{Whom, whom};

/// Most access keys of a user, and of root.
const KEYS_MAX: usize = 2;

pub(super) struct CreateAccessKey;

impl Operation for CreateAccessKey {
    declare!(
        CreateAccessKey, Audit::write().with_response(),
        CreateAccessKeyRequest => CreateAccessKeyResponse, CreateAccessKeyError, Whom
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        whom(cx, input.user_name.as_deref()).await
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let holder = Holder::of::<Self::Error>(subject)?;
        if holder.keys(cx).await?.len() >= KEYS_MAX {
            let text = format!("Cannot exceed quota for AccessKeysPerUser: {KEYS_MAX}");
            return Err(iam::LimitExceededException::new(text).into());
        }
        let mut batch = Batch::default();
        // Writing the holder too makes two creations, and a creation and the holder's deletion, exclude each other.
        match &**subject {
            Whom::User(user) => {
                let user = user.there::<Self::Error>()?;
                batch.update(user.version, &user.record);
            }
            Whom::Root { account, .. } => accounts::load(cx, account).await?.write(&mut batch),
        }
        let issued = issue(cx.system, holder.account, holder.owner.clone()).await.map_err(InternalFailure::from)?;
        batch.insert(&issued.record);
        let key = iam::AccessKey {
            user_name: holder.name.map(str::to_owned),
            access_key_id: Some(issued.record.access_key_id.clone()),
            status: Some(status(&issued.record)),
            secret_access_key: Some(SecretString::new(issued.secret.to_string())),
            create_date: Some(issued.record.created.into()),
        };
        Ok(Done::write(iam::CreateAccessKeyResponse { access_key: Some(key) }, batch))
    }
}
