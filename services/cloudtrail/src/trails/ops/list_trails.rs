//! ListTrails: the trails of all Regions, by name.

use super::prelude::*;

pub(super) struct ListTrails;

impl Operation for ListTrails {
    declare!(ListTrails, Audit::read_only(), 10, ListTrailsRequest => ListTrailsResponse, ListTrailsError, NoResource);
    unconditional!();

    async fn subject(cx: Cx<'_, CloudTrail>, _input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        Ok(NoResource::of(&cx))
    }

    async fn run(
        cx: Cx<'_, CloudTrail>,
        _subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        // Five trails a Region always fit on one page.
        let trails = find::of_account(cx).await?.into_iter().map(|trail| shapes::TrailInfo {
            trail_arn: Some(trail.record.arn()),
            name: Some(trail.record.name),
            home_region: Some(trail.record.region),
        });
        Ok(Done::read(shapes::ListTrailsResponse { trails: Some(trails.collect()), next_token: None }))
    }
}
