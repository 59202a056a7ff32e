//! CreateUser.

use claviger_identity::{Held, entity_path};
use claviger_pipeline::credentials::new_unique_id;
use claviger_store::Records;

use crate::iam::prelude::*;

pub(super) struct CreateUser;

impl Operation for CreateUser {
    declare!(
        CreateUser, Audit::write().with_response(),
        CreateUserRequest => CreateUserResponse, CreateUserError, Target<UserRecord>
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let path = input.path.as_deref().unwrap_or("/");
        let (partition, account) = (cx.call.partition, cx.call.account());
        let arn = claviger_identity::arn(partition, account, UserRecord::KIND, path, &input.user_name);
        Ok(Target::planned(arn, account))
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        let boundary = conditions::boundary(input.permissions_boundary.as_deref(), key);
        boundary.or_else(|| conditions::request_tags(input.tags.as_deref(), key))
    }

    async fn run(
        cx: IamCx<'_>,
        _subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let tags = tags::accept::<Self::Error>(input.tags.as_deref())?;
        let (account, name) = (cx.call.account(), &input.user_name);
        let found = cx.system.store.load::<UserRecord>(&entity_path(account, name)).await;
        if found.map_err(InternalFailure::new)?.is_some() {
            return Err(iam::EntityAlreadyExistsException::new(super::taken(name)).into());
        }
        let mut batch = Batch::default();
        if let Some(arn) = &input.permissions_boundary {
            find::boundary::<Self::Error>(cx, arn, &mut batch).await?;
        }
        let record = UserRecord {
            account: account.to_owned(),
            name: name.clone(),
            path: input.path.clone().unwrap_or_else(|| "/".to_owned()),
            user_id: new_unique_id("AIDA"),
            created: cx.call.now,
            tags,
            boundary: input.permissions_boundary.clone(),
            held: Held::default(),
            groups: Default::default(),
        };
        batch.insert(&record);
        let user = super::shown(&record, cx.call.partition);
        Ok(Done::write(iam::CreateUserResponse { user: Some(user) }, batch))
    }
}
