//! StopLogging: later events are not delivered. A trail that does not log stays so.

use super::prelude::*;
use crate::trails::delivery;

pub(super) struct StopLogging;

impl Operation for StopLogging {
    declare!(
        StopLogging,
        Audit::write(),
        1,
        StopLoggingRequest => StopLoggingResponse,
        StopLoggingError,
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
        if trail.record.delivery.is_some() {
            delivery::end(cx, &trail.record, &mut batch).await?;
            delivery::note_stop(cx, &trail.record, &mut batch).await?;
            let mut record = trail.record.clone();
            record.delivery = None;
            batch.update(trail.version, &record);
        }
        Ok(Done::write(shapes::StopLoggingResponse, batch))
    }
}
