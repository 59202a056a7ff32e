//! UpdateGroup: another name or path. Its members stay: they know its unique id.

use crate::iam::prelude::*;
use crate::iam::rename::{self, Renamed};

pub(super) struct UpdateGroup;

impl Operation for UpdateGroup {
    declare!(
        UpdateGroup, Audit::write(),
        UpdateGroupRequest => UpdateGroupResponse, UpdateGroupError, Renamed<GroupRecord>
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let (name, path) = (input.new_group_name.as_deref(), input.new_path.as_deref());
        Ok(Renamed::new(cx, find::entity::<_, Self::Error>(cx, &input.group_name).await?, name, path))
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let group = subject.from.there::<Self::Error>()?;
        let mut record = group.record.clone();
        record.name = input.new_group_name.clone().unwrap_or(record.name);
        record.path = input.new_path.clone().unwrap_or(record.path);
        if rename::is_taken(cx, group, &record).await? {
            return Err(iam::EntityAlreadyExistsException::new(super::taken(&record.name)).into());
        }
        Ok(Done::write(Default::default(), rename::batch(group, &record)))
    }
}
