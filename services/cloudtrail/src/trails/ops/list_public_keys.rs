//! ListPublicKeys: the keys that digests of a time range are, or could have been, signed with.

use claviger_shapes::Blob;

use super::prelude::*;
use crate::trails::keys;

pub(super) struct ListPublicKeys;

impl Operation for ListPublicKeys {
    declare!(
        ListPublicKeys,
        Audit::read_only(),
        10,
        ListPublicKeysRequest => ListPublicKeysResponse,
        ListPublicKeysError,
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
        if input.next_token.is_some() {
            return Err(shapes::InvalidTokenException::new("The token is not valid.").into());
        }
        // Without a start the present key, without an end all up to now.
        let end = input.end_time.map_or(cx.call.now, |time| time.0);
        let start = input.start_time.map_or(end, |time| time.0);
        if start > end {
            return Err(shapes::InvalidTimeRangeException::new("The start time is after the end time.").into());
        }
        let known = keys::all(cx.system, cx.call.account(), &cx.call.region).await;
        let mut known = known.map_err(InternalFailure::from)?;
        known.retain(|key| key.record.start <= end && start < key.record.end);
        known.sort_by_key(|key| key.record.start);
        let list = known.into_iter().map(|key| shapes::PublicKey {
            value: Some(Blob(key.record.public)),
            validity_start_time: Some(key.record.start.into()),
            validity_end_time: Some(key.record.end.into()),
            fingerprint: Some(key.record.fingerprint),
        });
        Ok(Done::read(shapes::ListPublicKeysResponse { public_key_list: Some(list.collect()), next_token: None }))
    }
}
