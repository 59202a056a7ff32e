//! GetAccessKeyInfo: the account an access key id was made for. The id itself tells; the key need not exist.

use claviger_pipeline::NoResource;
use claviger_pipeline::credentials::account_of;

use super::prelude::*;

pub(super) struct GetAccessKeyInfo;

impl Operation for GetAccessKeyInfo {
    type Service = Sts;
    const NAME: &'static str = "GetAccessKeyInfo";
    const ACTION: &'static str = "sts:GetAccessKeyInfo";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(600);
    type Input = sts::GetAccessKeyInfoRequest;
    type Output = sts::GetAccessKeyInfoResponse;
    type Error = sts::GetAccessKeyInfoError;
    type Subject = NoResource;

    async fn subject(cx: StsCx<'_>, _input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        Ok(NoResource::of(&cx))
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        _cx: StsCx<'_>,
        _subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        match account_of(&input.access_key_id) {
            Some(account) => Ok(Done::read(sts::GetAccessKeyInfoResponse { account: Some(account) })),
            None => Err(ValidationException::new("Invalid Access Key ID format").into()),
        }
    }
}
