//! GetUser: a user by name, or the caller. Root sees itself as a user without a path, named by the account alias.

use claviger_identity::AccountRecord;
use claviger_store::Records;

use super::{Whom, whom};
use crate::iam::prelude::*;

pub(super) struct GetUser;

impl Operation for GetUser {
    declare!(GetUser, Audit::read_only(), GetUserRequest => GetUserResponse, GetUserError, Whom);

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        whom(cx, input.user_name.as_deref()).await
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let user = match &**subject {
            Whom::User(user) => super::shown(&user.there::<Self::Error>()?.record, cx.call.partition),
            Whom::Root { arn, account } => {
                let found = cx.system.store.load::<AccountRecord>(account).await.map_err(InternalFailure::new)?;
                let record = found.map(|stored| stored.record);
                iam::User {
                    user_id: Some(account.to_string()),
                    arn: Some(arn.clone()),
                    create_date: Some(record.as_ref().map_or(cx.call.now, |record| record.created).into()),
                    user_name: record.and_then(|record| record.alias),
                    ..iam::User::default()
                }
            }
        };
        Ok(Done::read(iam::GetUserResponse { user: Some(user) }))
    }
}
