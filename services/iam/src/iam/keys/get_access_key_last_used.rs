//! GetAccessKeyLastUsed: of a key of the caller's account. Whether another account has the key is not told.

use claviger_identity::root_arn;
use claviger_pipeline::credentials::{AccessKey, Owner};
use claviger_pipeline::{Permission, Subject};
use claviger_shapes::AccessDeniedException;
use claviger_store::Records;

use crate::iam::prelude::*;

/// What stands where nothing is known.
const UNKNOWN: &str = "N/A";

pub(super) struct GetAccessKeyLastUsed;

/// The holder of the key.
pub(super) struct KeyHolder {
    arn: String,
    account: Box<str>,
    name: Option<String>,
}

impl Subject for KeyHolder {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        vec![Permission { resource: &self.arn, ..Permission::on_account(action, &self.account) }]
    }
}

impl Operation for GetAccessKeyLastUsed {
    declare!(
        GetAccessKeyLastUsed, Audit::read_only(),
        GetAccessKeyLastUsedRequest => GetAccessKeyLastUsedResponse, GetAccessKeyLastUsedError, KeyHolder
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let (store, account) = (&*cx.system.store, cx.call.account());
        let unseen = || {
            let (who, id) = (&cx.call.caller.arn, &input.access_key_id);
            let text =
                format!("User: {who} is not authorized to perform: {} on resource: access key {id}", Self::ACTION);
            AccessDeniedException::new(text)
        };
        let key = store.load::<AccessKey>(&input.access_key_id).await.map_err(InternalFailure::new)?;
        let key = key.map(|stored| stored.record).filter(|key| key.account == account).ok_or_else(unseen)?;
        let (arn, name) = match &key.owner {
            Owner::Root => (root_arn(cx.call.partition, account), None),
            Owner::User { user_id } => {
                let user = cx.system.identities.user_by_id(store, user_id).await.map_err(InternalFailure::new)?;
                let user = user.ok_or_else(unseen)?;
                (user.arn(cx.call.partition), Some(user.name))
            }
        };
        Ok(KeyHolder { arn, account: account.into(), name })
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let used = cx.system.last_use(&input.access_key_id).await.map_err(InternalFailure::from)?;
        let shown = match used {
            Some(used) => iam::AccessKeyLastUsed {
                last_used_date: Some(used.time.into()),
                service_name: Some(used.service),
                region: Some(used.region),
            },
            None => iam::AccessKeyLastUsed {
                last_used_date: None,
                service_name: Some(UNKNOWN.to_owned()),
                region: Some(UNKNOWN.to_owned()),
            },
        };
        let user_name = subject.name.clone();
        Ok(Done::read(iam::GetAccessKeyLastUsedResponse { user_name, access_key_last_used: Some(shown) }))
    }
}
