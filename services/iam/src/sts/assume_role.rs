//! AssumeRole: a session of a role, for whom its trust policy names.

use claviger_identity::{EntityArn, session_arn};
use claviger_pipeline::credentials::{Holder, Session};
use claviger_policy::PrincipalKind;
use claviger_shapes::AccessDeniedException;

use super::parts::{self, Limits, one};
use super::prelude::*;
use super::role_subject::RoleSubject;

pub(super) struct AssumeRole;

/// Seconds a session lasts unless the request says otherwise.
pub(super) const DURATION_DEFAULT: i32 = 3600;
/// Longest session of a role assumed by a role's session, in seconds.
const CHAINED_MAX: i32 = 3600;

impl Operation for AssumeRole {
    type Service = Sts;
    const NAME: &'static str = "AssumeRole";
    const ACTION: &'static str = "sts:AssumeRole";
    const AUDIT: Audit = Audit::read_only().with_response().hide(&["TokenCode", "SessionToken"]);
    const QUOTA: Quota = Quota::Own(600);
    type Input = sts::AssumeRoleRequest;
    type Output = sts::AssumeRoleResponse;
    type Error = sts::AssumeRoleError;
    type Subject = RoleSubject;

    async fn subject(cx: StsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let caller = &*cx.call.caller;
        match caller.kind {
            PrincipalKind::Root => {
                return Err(AccessDeniedException::new("Roles may not be assumed by root accounts.").into());
            }
            PrincipalKind::FederatedUser => {
                return Err(
                    AccessDeniedException::new("Cannot call AssumeRole with federated user credentials.").into()
                );
            }
            _ => {}
        }
        parts::refuse_mfa::<Self::Error>(input.serial_number.as_deref(), input.token_code.as_deref())?;
        if input.provided_contexts.is_some() {
            let text = "ProvidedContexts are not accepted: no context provider is configured.";
            return Err(ValidationException::new(text).into());
        }
        let mut subject = find::<Self::Error>(cx, &input.role_arn).await?;
        let inherited = caller.session.as_ref();
        subject.tagged = input.tags.as_ref().is_some_and(|tags| !tags.is_empty())
            || inherited.is_some_and(|session| !session.transitive.is_empty());
        let given = inherited.and_then(|session| session.source_identity.as_deref());
        if let (Some(given), Some(asked)) = (given, input.source_identity.as_deref())
            && given != asked
        {
            let text = "The source identity is already set for this assume role session";
            return Err(AccessDeniedException::new(text).into());
        }
        subject.identified = given.is_some() || input.source_identity.is_some();
        Ok(subject)
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        match key {
            "sts:externalid" => one(input.external_id.as_deref()?),
            "sts:rolesessionname" => one(&input.role_session_name),
            "sts:sourceidentity" => one(input.source_identity.as_deref()?),
            "sts:durationseconds" => one(input.duration_seconds?.to_string()),
            _ => parts::tag_condition(input.tags.as_deref(), input.transitive_tag_keys.as_deref(), key),
        }
    }

    async fn run(
        cx: StsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let role = subject.role()?;
        let caller = &*cx.call.caller;
        let chained = caller.kind == PrincipalKind::AssumedRole;
        let seconds = duration::<Self::Error>(input.duration_seconds, role.max_session_seconds)?;
        if chained && seconds > CHAINED_MAX {
            return Err(ValidationException::new(
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
            )
            .into());
        }
        let arns = input.policy_arns.as_deref().unwrap_or_default();
        let policies = parts::policies::<Self::Error>(cx, &role.account, input.policy.as_deref(), arns).await?;
        let asked = input.tags.as_deref().unwrap_or_default();
        let transitive = input.transitive_tag_keys.as_deref().unwrap_or_default();
        let (tags, transitive) = parts::tags::<Self::Error>(cx, asked, transitive)?;
        let limits = Limits { policies, tags, transitive };
        let packed_policy_size = limits.packed_size::<Self::Error>()?;
        let holder = Holder::Role { role_id: role.role_id.clone(), session: input.role_session_name.clone() };
        let mut session = Session::new(holder, cx.call.now, parts::until(cx, seconds)?);
        limits.into_session(&mut session);
        let inherited = caller.session.as_ref().and_then(|session| session.source_identity.clone());
        session.source_identity = inherited.or_else(|| input.source_identity.clone());
        let source_identity = session.source_identity.clone();
        Ok(Done::read(sts::AssumeRoleResponse {
            credentials: Some(parts::issue(cx, &role.account, session).await?),
            assumed_role_user: Some(assumed(cx, role, &input.role_session_name)),
            packed_policy_size,
            source_identity,
            ..Default::default()
        }))
    }
}

/// The role an ARN names, if it is there.
pub(super) async fn find<E>(cx: StsCx<'_>, arn: &str) -> Result<RoleSubject, E>
where
    E: From<ValidationException> + From<InternalFailure>,
{
    let cut = EntityArn::parse(arn).filter(|arn| arn.service == "iam" && arn.kind == "role" && arn.account != "aws");
    let Some(cut) = cut else { return Err(ValidationException::new(format!("{arn} is invalid")).into()) };
    let (store, identities) = (&*cx.system.store, &cx.system.identities);
    let role = identities.role_by_arn(store, arn).await.map_err(InternalFailure::new)?;
    let role = match role {
        Some(role) => {
            let trust = identities.trust(&role).map_err(InternalFailure::new)?;
            Some((role, trust))
        }
        None => None,
    };
    Ok(RoleSubject {
        arn: arn.to_owned(),
        account: cut.account.to_owned(),
        role,
        tagged: false,
        identified: false,
        web: None,
    })
}

/// How long the session lasts, in seconds.
pub(super) fn duration<E: From<ValidationException>>(asked: Option<i32>, role_max: i32) -> Result<i32, E> {
    let seconds = asked.unwrap_or(DURATION_DEFAULT);
    if seconds > role_max {
        let text = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        return Err(ValidationException::new(text).into());
    }
    Ok(seconds)
}

/// The session's name and id.
pub(super) fn assumed(cx: StsCx<'_>, role: &claviger_identity::RoleRecord, session: &str) -> sts::AssumedRoleUser {
    sts::AssumedRoleUser {
        assumed_role_id: Some(format!("{}:{session}", role.role_id)),
        arn: Some(session_arn(cx.call.partition, &role.account, &role.name, session)),
    }
}
