//! AssumeRoleWithWebIdentity: a session of a role for the bearer of an identity provider's token.
//!
//! Requests carry no signature: the token is the proof. Whoever signs all the same is not looked at.

use claviger_identity::{EntityArn, session_arn};
use claviger_oidc::Verifier;
use claviger_pipeline::credentials::{Holder, Session};

use super::assume_role::{duration, find};
use super::parts::{self, Limits, one};
use super::prelude::*;
use super::web::{Refused, WebSubject};

pub(super) struct AssumeRoleWithWebIdentity;

const NO_JWT: &str = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
/// Both spaces are AWS's.
const NO_KEY: &str = "Couldn't retrieve verification key from your identity provider,  please reference \
                      AssumeRoleWithWebIdentity documentation for requirements";

impl Operation for AssumeRoleWithWebIdentity {
    type Service = Sts;
    const NAME: &'static str = "AssumeRoleWithWebIdentity";
    const ACTION: &'static str = "sts:AssumeRoleWithWebIdentity";
    const AUDIT: Audit = Audit::read_only().with_response().hide(&["WebIdentityToken", "SessionToken"]);
    const QUOTA: Quota = Quota::Own(600);
    const UNSIGNED: bool = true;
    type Input = sts::AssumeRoleWithWebIdentityRequest;
    type Output = sts::AssumeRoleWithWebIdentityResponse;
    type Error = sts::AssumeRoleWithWebIdentityError;
    type Subject = WebSubject;

    async fn subject(cx: StsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        if input.provider_id.is_some() {
            let text = "ProviderId is for OAuth 2.0 access tokens, which are not accepted here: leave it out.";
            return Err(ValidationException::new(text).into());
        }
        let role = find::<Self::Error>(cx, &input.role_arn).await?;
        let token = &*input.web_identity_token.0;
        let issuer = Verifier::issuer_of(token).map_err(refusal)?;
        let unknown = || Refused::new(format!("No OpenIDConnect provider found in your account for {issuer}"));
        let (scheme, url) = issuer.split_once("://").ok_or_else(unknown)?;
        // Only providers of the role's own account are asked: the token alone makes this server fetch nothing.
        let provider = cx.system.identities.provider(&*cx.system.store, &role.account, url).await;
        let provider = provider.map_err(InternalFailure::new)?.filter(|provider| provider.scheme == scheme);
        let provider = provider.ok_or_else(unknown)?;
        // Other machines' times are compared with the time of day, which a moved clock does not change.
        let claims = cx.service.verifier.verify(&issuer, token, cx.system.clock.wall()).await.map_err(refusal)?;
        let partition = EntityArn::parse(&input.role_arn).map_or(cx.call.partition, |arn| arn.partition);
        Ok(WebSubject::new(role, &provider, partition, claims)?)
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        match key {
            "sts:rolesessionname" => one(&input.role_session_name),
            "sts:durationseconds" => one(input.duration_seconds?.to_string()),
            _ => None,
        }
    }

    async fn run(
        cx: StsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let role = subject.role.role()?;
        let web = subject.role.web.clone().ok_or_else(|| InternalFailure::new("nobody asked for a role"))?;
        let seconds = duration::<Self::Error>(input.duration_seconds, role.max_session_seconds)?;
        let arns = input.policy_arns.as_deref().unwrap_or_default();
        let policies = parts::policies::<Self::Error>(cx, &role.account, input.policy.as_deref(), arns).await?;
        let (tags, transitive) = subject.session_tags();
        let limits = Limits { policies, tags, transitive };
        let packed_policy_size = limits.packed_size::<Self::Error>()?;
        let name = &input.role_session_name;
        let holder = Holder::Role { role_id: role.role_id.clone(), session: name.clone() };
        let mut session = Session::new(holder, cx.call.now, parts::until(cx, seconds)?);
        limits.into_session(&mut session);
        session.source_identity.clone_from(&subject.source_identity);
        session.web = Some(web.clone());
        let partition = EntityArn::parse(&input.role_arn).map_or(cx.call.partition, |arn| arn.partition);
        Ok(Done::read(sts::AssumeRoleWithWebIdentityResponse {
            credentials: Some(parts::issue(cx, &role.account, session).await?),
            subject_from_web_identity_token: Some(web.subject),
            assumed_role_user: Some(sts::AssumedRoleUser {
                assumed_role_id: Some(format!("{}:{name}", role.role_id)),
                arn: Some(session_arn(partition, &role.account, &role.name, name)),
            }),
            packed_policy_size,
            provider: Some(web.provider),
            audience: Some(subject.audience.clone()),
            source_identity: subject.source_identity.clone(),
            ..Default::default()
        }))
    }
}

/// A verifier's refusal in AWS's words.
fn refusal(error: claviger_oidc::Error) -> sts::AssumeRoleWithWebIdentityError {
    use claviger_oidc::Error;
    match error {
        Error::Expired { now, expires } => sts::ExpiredTokenException::new(format!(
            "Token expired: current date/time {now} must be before the expiration date/time {expires}"
        ))
        .into(),
        // Clients try again on this one.
        Error::Unreachable => sts::IDPCommunicationErrorException::new(NO_KEY).into(),
        Error::Malformed => Refused::new(NO_JWT).into(),
        Error::MissingClaim(claim) => Refused::new(format!("Missing a required claim: {claim}")).into(),
        Error::NoKey | Error::NotPermitted | Error::WrongIssuer => Refused::new(NO_KEY).into(),
        Error::BadSignature => Refused::new("Couldn't verify signed token.").into(),
        Error::NotYetValid => Refused::new("Token is not valid yet.").into(),
    }
}
