//! DecodeAuthorizationMessage: opens what `claviger policy explain` sealed about a refused call. No operation served
//! here puts such a message into its error, as none of them does in AWS.

use claviger_pipeline::{NoResource, authorization_message};

use super::prelude::*;

pub(super) struct DecodeAuthorizationMessage;

impl Operation for DecodeAuthorizationMessage {
    type Service = Sts;
    const NAME: &'static str = "DecodeAuthorizationMessage";
    const ACTION: &'static str = "sts:DecodeAuthorizationMessage";
    const AUDIT: Audit = Audit::read_only().hide(&["EncodedMessage"]);
    const QUOTA: Quota = Quota::Own(600);
    type Input = sts::DecodeAuthorizationMessageRequest;
    type Output = sts::DecodeAuthorizationMessageResponse;
    type Error = sts::DecodeAuthorizationMessageError;
    type Subject = NoResource;

    async fn subject(cx: StsCx<'_>, _input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        Ok(NoResource::of(&cx))
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: StsCx<'_>,
        _subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let opened = authorization_message::decode(cx.system, cx.call.account(), &input.encoded_message).await;
        match opened.map_err(InternalFailure::from)? {
            Some(message) => Ok(Done::read(sts::DecodeAuthorizationMessageResponse { decoded_message: Some(message) })),
            None => Err(sts::InvalidAuthorizationMessageException::new(
                "Message is not valid or was not made for this account",
            )
            .into()),
        }
    }
}
