//! GetTrail: one trail's settings.

use super::prelude::*;

pub(super) struct GetTrail;

impl Operation for GetTrail {
    declare!(GetTrail, Audit::read_only(), 10, GetTrailRequest => GetTrailResponse, GetTrailError, TrailSubject);
    named_trail!(name);
    unconditional!();

    async fn run(
        _cx: Cx<'_, CloudTrail>,
        subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let trail = subject.get::<Self::Error>()?;
        Ok(Done::read(shapes::GetTrailResponse { trail: Some(view::trail(&trail.record)) }))
    }
}
