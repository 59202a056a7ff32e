//! StartLogging: events from now on are delivered. A trail that logs goes on logging.

use super::prelude::*;
use crate::trails::delivery;

pub(super) struct StartLogging;

impl Operation for StartLogging {
    declare!(
        StartLogging,
        Audit::write(),
        1,
        StartLoggingRequest => StartLoggingResponse,
        StartLoggingError,
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
        if trail.record.delivery.is_some() {
            return Ok(Done::read(shapes::StartLoggingResponse));
        }
        let mut record = trail.record.clone();
        let mut batch = Batch::default();
        record.delivery = Some(delivery::begin(cx, &record, &mut batch).await?);
        batch.update(trail.version, &record);
        Ok(Done::write(shapes::StartLoggingResponse, batch))
    }
}
