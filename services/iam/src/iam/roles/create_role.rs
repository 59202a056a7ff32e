//! CreateRole.

use claviger_identity::{Held, entity_path};
use claviger_pipeline::credentials::new_unique_id;
use claviger_shapes::{Fault, ValidationException};
use claviger_store::Records;

use super::{trust, view};
use crate::iam::prelude::*;

/// Longest session in seconds, unless the request says otherwise.
const SESSION_SECONDS_DEFAULT: i32 = 3_600;

pub(super) struct CreateRole;

impl Operation for CreateRole {
    declare!(
        CreateRole, Audit::write().with_response(),
        CreateRoleRequest => CreateRoleResponse, CreateRoleError, Target<RoleRecord>
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let path = input.path.as_deref().unwrap_or("/");
        let (partition, account) = (cx.call.partition, cx.call.account());
        let arn = claviger_identity::arn(partition, account, RoleRecord::KIND, path, &input.role_name);
        Ok(Target::planned(arn, account))
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        let boundary = conditions::boundary(input.permissions_boundary.as_deref(), key);
        boundary.or_else(|| conditions::request_tags(input.tags.as_deref(), key))
    }

    async fn run(
        cx: IamCx<'_>,
        _subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let tags = tags::accept::<Self::Error>(input.tags.as_deref())?;
        let trusted = trust::bind::<Self::Error>(cx, &input.assume_role_policy_document).await?;
        let (account, name) = (cx.call.account(), &input.role_name);
        let found = cx.system.store.load::<RoleRecord>(&entity_path(account, name)).await;
        if found.map_err(InternalFailure::new)?.is_some() {
            let text = format!("Role with name {name} already exists.");
            return Err(iam::EntityAlreadyExistsException::new(text).into());
        }
        let mut batch = Batch::default();
        if let Some(arn) = &input.permissions_boundary {
            boundary(cx, arn, &mut batch).await?;
        }
        let record = RoleRecord {
            account: account.to_owned(),
            name: name.clone(),
            path: input.path.clone().unwrap_or_else(|| "/".to_owned()),
            role_id: new_unique_id("AROA"),
            created: cx.call.now,
            description: input.description.clone(),
            max_session_seconds: input.max_session_duration.unwrap_or(SESSION_SECONDS_DEFAULT),
            trust: input.assume_role_policy_document.clone(),
            trusted,
            tags,
            boundary: input.permissions_boundary.clone(),
            held: Held::default(),
        };
        batch.insert(&record);
        let trust = trust::shown(cx, &record).await?;
        let role = view::made(&record, cx.call.partition, trust);
        Ok(Done::write(iam::CreateRoleResponse { role: Some(role) }, batch))
    }
}

/// The model of this operation has no error for what is not there; a missing boundary is bad input.
async fn boundary(cx: IamCx<'_>, arn: &str, batch: &mut Batch) -> Result<(), iam::CreateRoleError> {
    let held = find::boundary::<iam::PutRolePermissionsBoundaryError>(cx, arn, batch).await;
    held.map_err(|error| {
        let fault = Fault::from(error);
        match (fault.code, fault.message) {
            (ValidationException::CODE, Some(text)) => ValidationException::new(text).into(),
            (_, Some(text)) => iam::InvalidInputException::new(text).into(),
            (_, None) => InternalFailure::new(fault.cause.unwrap_or_default()).into(),
        }
    })
}
