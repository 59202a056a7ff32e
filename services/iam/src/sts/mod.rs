//! AWS Security Token Service: temporary credentials.

mod assume_role;
mod assume_role_with_web_identity;
mod decode_authorization_message;
mod get_access_key_info;
mod get_caller_identity;
mod get_federation_token;
mod get_session_token;
mod parts;
mod prelude;
mod role_subject;
mod web;

use std::sync::Arc;

use claviger_oidc::Verifier;
use claviger_pipeline::Service;

/// The service keeps nothing of sessions between calls: everything a session is travels in its token.
pub(crate) struct Sts {
    /// Judges tokens of identity providers; it keeps their keys.
    verifier: Arc<Verifier>,
}

type StsCx<'a> = claviger_pipeline::Cx<'a, Sts>;

/// Every operation of this service.
pub(crate) fn service(verifier: &Arc<Verifier>) -> Service {
    let sts = &Arc::new(Sts { verifier: Arc::clone(verifier) });
    Service::new("sts", "sts.amazonaws.com")
        .with::<assume_role::AssumeRole>(sts)
        .with::<assume_role_with_web_identity::AssumeRoleWithWebIdentity>(sts)
        .with::<decode_authorization_message::DecodeAuthorizationMessage>(sts)
        .with::<get_access_key_info::GetAccessKeyInfo>(sts)
        .with::<get_caller_identity::GetCallerIdentity>(sts)
        .with::<get_federation_token::GetFederationToken>(sts)
        .with::<get_session_token::GetSessionToken>(sts)
}
