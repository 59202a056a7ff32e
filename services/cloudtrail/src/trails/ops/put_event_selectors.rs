//! PutEventSelectors: which events a trail delivers, from the next files on.

use super::prelude::*;
use crate::trails::selectors;

pub(super) struct PutEventSelectors;

impl Operation for PutEventSelectors {
    declare!(
        PutEventSelectors,
        Audit::write().with_response(),
        1,
        PutEventSelectorsRequest => PutEventSelectorsResponse,
        PutEventSelectorsError,
        TrailSubject
    );
    named_trail!(trail_name);
    unconditional!();

    async fn run(
        _cx: Cx<'_, CloudTrail>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let trail = subject.at_home::<Self::Error>()?;
        let (basic, advanced) = (input.event_selectors.as_deref(), input.advanced_event_selectors.as_deref());
        let accepted = selectors::accept::<Self::Error>(basic, advanced)?;
        let (event_selectors, advanced_event_selectors) = selectors::show(&accepted);
        let mut record = trail.record.clone();
        record.selectors = Some(accepted);
        let mut batch = Batch::default();
        batch.update(trail.version, &record);
        let trail_arn = Some(record.arn());
        let output = shapes::PutEventSelectorsResponse { trail_arn, event_selectors, advanced_event_selectors };
        Ok(Done::write(output, batch))
    }
}
