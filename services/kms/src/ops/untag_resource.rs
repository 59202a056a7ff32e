//! UntagResource: removes tags; names the key does not have are no error.

use super::prelude::*;
use crate::find::{self, Forms};
use crate::{state, tags};

pub(super) struct UntagResource;

impl Operation for UntagResource {
    type Service = Kms;
    const NAME: &'static str = "UntagResource";
    const ACTION: &'static str = "kms:UntagResource";
    const AUDIT: Audit = Audit::write();
    const QUOTA: Quota = Quota::Own(5);
    type Input = kms::UntagResourceRequest;
    type Output = kms::UntagResourceResponse;
    type Error = kms::UntagResourceError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        tags::accept_names::<Self::Error>(&input.tag_keys)?;
        find::find(cx, &input.key_id, Forms::NoAlias, false, Self::ACTION).await
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        match key {
            "aws:tagkeys" => Some(Values::Many(input.tag_keys.iter().map(|name| name.as_str().into()).collect())),
            _ => None,
        }
    }

    async fn run(
        _cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let key = &subject.key;
        key.require_manageable::<Self::Error>(&state::DESCRIBE)?;
        let names = tags::accept_names::<Self::Error>(&input.tag_keys)?;
        let mut record = key.record.clone();
        record.tags.retain(|name, _| !names.contains(name.as_str()));
        let mut batch = Batch::default();
        batch.update(key.version, &record);
        Ok(Done::write(Default::default(), batch))
    }
}
