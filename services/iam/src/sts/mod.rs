//! AWS Security Token Service: temporary credentials.

mod assume_role;
mod get_access_key_info;
mod get_caller_identity;
mod get_federation_token;
mod get_session_token;
mod parts;
mod prelude;
mod role_subject;

use std::sync::Arc;

use claviger_pipeline::Service;

/// The service keeps nothing between calls: everything a session is travels in its token.
#[derive(Default)]
pub(crate) struct Sts;

type StsCx<'a> = claviger_pipeline::Cx<'a, Sts>;

/// Every operation of this service.
pub(crate) fn service() -> Service {
    let sts = &Arc::new(Sts);
    Service::new("sts", "sts.amazonaws.com")
        .with::<assume_role::AssumeRole>(sts)
        .with::<get_access_key_info::GetAccessKeyInfo>(sts)
        .with::<get_caller_identity::GetCallerIdentity>(sts)
        .with::<get_federation_token::GetFederationToken>(sts)
        .with::<get_session_token::GetSessionToken>(sts)
}
