//! GetEventSelectors: which events a trail delivers.

use claviger_trail::select::Selectors;

use super::prelude::*;
use crate::trails::selectors;

pub(super) struct GetEventSelectors;

impl Operation for GetEventSelectors {
    declare!(
        GetEventSelectors,
        Audit::read_only(),
        10,
        GetEventSelectorsRequest => GetEventSelectorsResponse,
        GetEventSelectorsError,
        TrailSubject
    );
    named_trail!(trail_name);
    unconditional!();

    async fn run(
        _cx: Cx<'_, CloudTrail>,
        subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let trail = &subject.get::<Self::Error>()?.record;
        let (event_selectors, advanced_event_selectors) = match &trail.selectors {
            Some(set) => selectors::show(set),
            None => selectors::show(&Selectors::default()),
        };
        let trail_arn = Some(trail.arn());
        Ok(Done::read(shapes::GetEventSelectorsResponse { trail_arn, event_selectors, advanced_event_selectors }))
    }
}
