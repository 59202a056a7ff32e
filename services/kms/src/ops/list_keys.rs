//! ListKeys: the keys of the account in this Region, in every state.

use claviger_store::Records;

use super::prelude::*;
use crate::key::key_arn;
use crate::page::{Bounds, Markers};
use crate::paged::Paged;
use crate::record::KeyRecord;

const BOUNDS: Bounds = Bounds { default: 100, max: 1000 };

pub(super) struct ListKeys;

fn owners(input: &kms::ListKeysRequest) -> String {
    let owners = input.resource_owners.as_deref().unwrap_or_default();
    let mut names: Vec<_> = owners.iter().map(|owner| owner.as_str()).collect();
    names.sort_unstable();
    names.join(",")
}

impl Operation for ListKeys {
    type Service = Kms;
    const NAME: &'static str = "ListKeys";
    const ACTION: &'static str = "kms:ListKeys";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(500);
    type Input = kms::ListKeysRequest;
    type Output = kms::ListKeysResponse;
    type Error = kms::ListKeysError;
    type Subject = Paged<NoResource>;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let markers = Markers::new(cx.system, cx.call, Self::NAME, &owners(input));
        let after = markers.open::<Self::Error>(input.marker.as_deref()).await?;
        Ok(Paged::new(NoResource::of(&cx), after))
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        // No resource shares exist, so only the caller's own keys can be listed.
        let own =
            input.resource_owners.as_ref().is_none_or(|owners| owners.contains(&kms::ResourceOwnerType::SelfValue));
        if !own {
            let output = kms::ListKeysResponse { keys: Some(Vec::new()), truncated: Some(false), ..Default::default() };
            return Ok(Done::read(output));
        }
        let home = cx.call.home();
        let limit = BOUNDS.limit(input.limit);
        let (rows, next) = cx
            .system
            .store
            .list::<KeyRecord>(None, &home, None, subject.after.as_deref(), limit)
            .await
            .map_err(InternalFailure::new)?;
        let keys = rows
            .into_iter()
            .map(|row| {
                let record = row.record;
                let arn = key_arn(cx.call.partition, &record.region, &record.account, &record.key_id);
                kms::KeyListEntry { key_id: Some(record.key_id), key_arn: Some(arn) }
            })
            .collect();
        let truncated = next.is_some();
        let markers = Markers::new(cx.system, cx.call, Self::NAME, &owners(input));
        Ok(Done::read(kms::ListKeysResponse {
            keys: Some(keys),
            next_marker: markers.seal(next).await?,
            truncated: Some(truncated),
        }))
    }
}
