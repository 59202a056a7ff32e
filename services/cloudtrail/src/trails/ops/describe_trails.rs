//! DescribeTrails: the settings of the trails that log in this Region, or of those named.

use super::prelude::*;

pub(super) struct DescribeTrails;

impl Operation for DescribeTrails {
    declare!(
        DescribeTrails,
        Audit::read_only(),
        10,
        DescribeTrailsRequest => DescribeTrailsResponse,
        DescribeTrailsError,
        NoResource
    );
    unconditional!();

    async fn subject(cx: Cx<'_, CloudTrail>, _input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        Ok(NoResource::of(&cx))
    }

    async fn run(
        cx: Cx<'_, CloudTrail>,
        _subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let here = &*cx.call.region;
        let shadows = input.include_shadow_trails != Some(false);
        let mut found = Vec::new();
        match input.trail_name_list.as_deref().filter(|list| !list.is_empty()) {
            None => {
                let trails = find::of_account(cx).await?.into_iter().map(|trail| trail.record);
                found.extend(trails.filter(|trail| trail.region == here || (shadows && trail.multi_region)));
            }
            Some(list) => {
                for text in list {
                    let trail = find::find(cx, Named::parse::<Self::Error>(text)?).await?;
                    // Trails that are not there are left out.
                    let trail = trail.found().map(|trail| trail.record.clone());
                    found.extend(trail.filter(|trail| shadows || trail.region == here));
                }
            }
        }
        let list = found.iter().map(view::trail).collect();
        Ok(Done::read(shapes::DescribeTrailsResponse { trail_list: Some(list) }))
    }
}
