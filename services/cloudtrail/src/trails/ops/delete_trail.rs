//! DeleteTrail: the trail is gone at once; what it has not delivered yet follows.

use super::prelude::*;
use crate::trails::delivery;
use crate::trails::record::{StatusRecord, TrailRecord};

pub(super) struct DeleteTrail;

impl Operation for DeleteTrail {
    declare!(
        DeleteTrail,
        Audit::write(),
        1,
        DeleteTrailRequest => DeleteTrailResponse,
        DeleteTrailError,
        TrailSubject
    );
    named_trail!(name);
    unconditional!();

    async fn run(
        cx: Cx<'_, CloudTrail>,
        subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let trail = subject.at_home::<Self::Error>()?;
        let mut batch = Batch::default();
        delivery::end(cx, &trail.record, &mut batch).await?;
        batch.remove::<TrailRecord>(trail.record.id(), Some(trail.version));
        batch.remove::<StatusRecord>(trail.record.id(), None);
        Ok(Done::write(shapes::DeleteTrailResponse, batch))
    }
}
