//! GetFederationToken: a session for somebody the caller vouches for, with at most the caller's own permissions.

use claviger_pipeline::Wording;
use claviger_pipeline::credentials::{Holder, Session};
use claviger_policy::PrincipalKind;

use super::get_session_token::{DURATION_DEFAULT, ROOT_DURATION_MAX, require_long_term};
use super::parts::{self, Limits};
use super::prelude::*;

pub(super) struct GetFederationToken;

/// The federated user to be.
pub(super) struct Federated {
    arn: String,
    account: String,
    tagged: bool,
}

impl Subject for Federated {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        let tag = self.tagged.then_some("sts:TagSession");
        let permission = |action| Permission {
            resource: &self.arn,
            wording: Wording::Named,
            ..Permission::on_account(action, &self.account)
        };
        [Some(action), tag].into_iter().flatten().map(permission).collect()
    }
}

impl Operation for GetFederationToken {
    type Service = Sts;
    const NAME: &'static str = "GetFederationToken";
    const ACTION: &'static str = "sts:GetFederationToken";
    const AUDIT: Audit = Audit::read_only().with_response().hide(&["SessionToken"]);
    const QUOTA: Quota = Quota::Own(600);
    type Input = sts::GetFederationTokenRequest;
    type Output = sts::GetFederationTokenResponse;
    type Error = sts::GetFederationTokenError;
    type Subject = Federated;

    async fn subject(cx: StsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        require_long_term::<Self::Error>(cx, Self::NAME)?;
        let account = cx.call.account().to_owned();
        let arn = format!("arn:{}:sts::{account}:federated-user/{}", cx.call.partition, input.name);
        Ok(Federated { arn, account, tagged: input.tags.as_ref().is_some_and(|tags| !tags.is_empty()) })
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        match key {
            "sts:durationseconds" => parts::one(input.duration_seconds?.to_string()),
            _ => parts::tag_condition(input.tags.as_deref(), None, key),
        }
    }

    async fn run(
        cx: StsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let caller = &*cx.call.caller;
        let arns = input.policy_arns.as_deref().unwrap_or_default();
        let policies = parts::policies::<Self::Error>(cx, &caller.account, input.policy.as_deref(), arns).await?;
        let (tags, transitive) = parts::tags::<Self::Error>(cx, input.tags.as_deref().unwrap_or_default(), &[])?;
        let limits = Limits { policies, tags, transitive };
        let packed_policy_size = limits.packed_size::<Self::Error>()?;
        let asked = input.duration_seconds.unwrap_or(DURATION_DEFAULT);
        let root = caller.kind == PrincipalKind::Root;
        let seconds = if root { asked.min(ROOT_DURATION_MAX) } else { asked };
        let holder = Holder::Federated {
            name: input.name.clone(),
            user_id: (!root).then(|| caller.unique_id.to_string()),
            key: caller.access_key_id.to_string(),
        };
        let mut session = Session::new(holder, cx.call.now, parts::until(cx, seconds)?);
        limits.into_session(&mut session);
        Ok(Done::read(sts::GetFederationTokenResponse {
            credentials: Some(parts::issue(cx, &caller.account, session).await?),
            federated_user: Some(sts::FederatedUser {
                federated_user_id: Some(format!("{}:{}", caller.account, input.name)),
                arn: Some(subject.arn.clone()),
            }),
            packed_policy_size,
            ..Default::default()
        }))
    }
}
