//! UpdateUser: another name or path. Keys, groups and policies stay: they hang on the unique id or in the record.

use crate::iam::prelude::*;
use crate::iam::rename::{self, Renamed};

pub(super) struct UpdateUser;

impl Operation for UpdateUser {
    declare!(UpdateUser, Audit::write(), UpdateUserRequest => UpdateUserResponse, UpdateUserError, Renamed<UserRecord>);

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let (name, path) = (input.new_user_name.as_deref(), input.new_path.as_deref());
        Ok(Renamed::new(cx, find::entity::<_, Self::Error>(cx, &input.user_name).await?, name, path))
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let user = subject.from.there::<Self::Error>()?;
        let mut record = user.record.clone();
        record.name = input.new_user_name.clone().unwrap_or(record.name);
        record.path = input.new_path.clone().unwrap_or(record.path);
        if rename::is_taken(cx, user, &record).await? {
            return Err(iam::EntityAlreadyExistsException::new(super::taken(&record.name)).into());
        }
        Ok(Done::write(Default::default(), rename::batch(user, &record)))
    }
}
