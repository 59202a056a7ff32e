//! The record of an account. A development server takes any 12 digits for an account, so there may be none yet.

use claviger_identity::AccountRecord;
use claviger_shapes::InternalFailure;
use claviger_store::{Batch, Records};

use super::IamCx;

/// An account's record, stored or about to be.
pub(crate) struct Account {
    /// The record.
    pub record: AccountRecord,
    version: Option<u64>,
}

/// The record of an account.
pub(crate) async fn load(cx: IamCx<'_>, account: &str) -> Result<Account, InternalFailure> {
    let found = cx.system.store.load::<AccountRecord>(account).await.map_err(InternalFailure::new)?;
    Ok(match found {
        Some(stored) => Account { record: stored.record, version: Some(stored.version) },
        None => Account { record: AccountRecord::new(account, account, cx.call.now), version: None },
    })
}

impl Account {
    /// Writes it, unless somebody else did since it was loaded.
    pub(crate) fn write(&self, batch: &mut Batch) {
        match self.version {
            Some(version) => batch.update(version, &self.record),
            None => batch.insert(&self.record),
        }
    }
}
