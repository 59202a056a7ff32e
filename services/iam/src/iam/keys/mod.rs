//! Access keys of users and of root.

mod create_access_key;
mod delete_access_key;
mod get_access_key_last_used;
mod list_access_keys;
mod update_access_key;

use claviger_pipeline::credentials::{AccessKey, Owner, owner_prefix};
use claviger_shapes::InternalFailure;
use claviger_shapes::iam::{NoSuchEntityException, StatusType};
use claviger_store::{MAX_PAGE, Records, Stored};

use super::IamCx;
use super::table::Table;
use super::users::Whom;

/// Adds the operations of this folder.
pub(super) fn add(table: Table) -> Table {
    table
        .with::<create_access_key::CreateAccessKey>()
        .with::<delete_access_key::DeleteAccessKey>()
        .with::<get_access_key_last_used::GetAccessKeyLastUsed>()
        .with::<list_access_keys::ListAccessKeys>()
        .with::<update_access_key::UpdateAccessKey>()
}

/// Whose keys a request is about; the name is none for root.
struct Holder<'a> {
    owner: Owner,
    account: &'a str,
    name: Option<&'a str>,
}

impl<'a> Holder<'a> {
    fn of<E: From<NoSuchEntityException>>(whom: &'a Whom) -> Result<Self, E> {
        match whom {
            Whom::Root { account, .. } => Ok(Self { owner: Owner::Root, account, name: None }),
            Whom::User(user) => {
                let record = &user.there::<E>()?.record;
                let owner = Owner::User { user_id: record.user_id.clone() };
                Ok(Self { owner, account: &record.account, name: Some(&record.name) })
            }
        }
    }

    /// Its keys, oldest first.
    async fn keys(&self, cx: IamCx<'_>) -> Result<Vec<AccessKey>, InternalFailure> {
        let prefix = owner_prefix(self.account, &self.owner);
        let found = cx.system.store.list::<AccessKey>(Some("by_owner"), &prefix, None, None, MAX_PAGE).await;
        Ok(found.map_err(InternalFailure::new)?.0.into_iter().map(|stored| stored.record).collect())
    }

    /// The one of its keys that has this id.
    async fn key<E>(&self, cx: IamCx<'_>, id: &str) -> Result<Stored<AccessKey>, E>
    where
        E: From<NoSuchEntityException> + From<InternalFailure>,
    {
        let found = cx.system.store.load::<AccessKey>(id).await.map_err(InternalFailure::new)?;
        let own = found.filter(|key| key.record.account == self.account && key.record.owner == self.owner);
        let missing = || NoSuchEntityException::new(format!("The Access Key with id {id} cannot be found."));
        own.ok_or_else(|| missing().into())
    }
}

/// `Active` or `Inactive`.
fn status(key: &AccessKey) -> StatusType {
    if key.active { StatusType::Active } else { StatusType::Inactive }
}
