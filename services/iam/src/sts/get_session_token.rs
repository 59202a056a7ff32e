//! GetSessionToken: temporary credentials for the caller itself. Needs no permission.

use claviger_pipeline::Unrestricted;
use claviger_pipeline::credentials::{Holder, Session};
use claviger_policy::PrincipalKind;
use claviger_shapes::AccessDeniedException;

use super::parts;
use super::prelude::*;

pub(super) struct GetSessionToken;

/// Seconds a session lasts unless the request says otherwise.
pub(super) const DURATION_DEFAULT: i32 = 43_200;
/// Root's sessions are never longer.
pub(super) const ROOT_DURATION_MAX: i32 = 3600;

impl Operation for GetSessionToken {
    type Service = Sts;
    const NAME: &'static str = "GetSessionToken";
    const ACTION: &'static str = "sts:GetSessionToken";
    const AUDIT: Audit = Audit::read_only().with_response().hide(&["TokenCode", "SessionToken"]);
    const QUOTA: Quota = Quota::Own(600);
    type Input = sts::GetSessionTokenRequest;
    type Output = sts::GetSessionTokenResponse;
    type Error = sts::GetSessionTokenError;
    type Subject = Unrestricted;

    async fn subject(cx: StsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        require_long_term::<Self::Error>(cx, Self::NAME)?;
        parts::refuse_mfa::<Self::Error>(input.serial_number.as_deref(), input.token_code.as_deref())?;
        Ok(Unrestricted)
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: StsCx<'_>,
        _subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let caller = &*cx.call.caller;
        let key = caller.access_key_id.to_string();
        let asked = input.duration_seconds.unwrap_or(DURATION_DEFAULT);
        let (holder, seconds) = match caller.kind {
            PrincipalKind::Root => (Holder::Root { key }, asked.min(ROOT_DURATION_MAX)),
            _ => (Holder::User { user_id: caller.unique_id.to_string(), key }, asked),
        };
        let session = Session::new(holder, cx.call.now, parts::until(cx, seconds)?);
        let credentials = parts::issue(cx, &caller.account, session).await?;
        Ok(Done::read(sts::GetSessionTokenResponse { credentials: Some(credentials), ..Default::default() }))
    }
}

/// Sessions cannot be made from sessions here.
pub(super) fn require_long_term<E: From<AccessDeniedException>>(cx: StsCx<'_>, operation: &str) -> Result<(), E> {
    match cx.call.caller.session {
        Some(_) => Err(AccessDeniedException::new(format!("Cannot call {operation} with session credentials")).into()),
        None => Ok(()),
    }
}
