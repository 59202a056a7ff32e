//! Users and groups that get another name or path.

use claviger_identity::Entity;
use claviger_pipeline::{Permission, Subject};
use claviger_policy::Values;
use claviger_shapes::InternalFailure;
use claviger_store::{Batch, Records, Stored};

use super::IamCx;
use super::subject::{Described, Target};

/// What is renamed, and what it will be called: the caller must be allowed to update both.
pub(crate) struct Renamed<R> {
    /// What the request names.
    pub from: Target<R>,
    to: Target<R>,
}

impl<R: Entity> Renamed<R> {
    /// `from`, with another name or path where one is given.
    pub(crate) fn new(cx: IamCx<'_>, from: Target<R>, name: Option<&str>, path: Option<&str>) -> Self {
        let (partition, account) = (cx.call.partition, cx.call.account());
        let arn = match &from.found {
            Some(stored) => {
                let record = &stored.record;
                let (path, name) = (path.unwrap_or(record.path()), name.unwrap_or(record.name()));
                claviger_identity::arn(partition, account, R::KIND, path, name)
            }
            None => from.arn.clone(),
        };
        Self { from, to: Target::planned(arn, account) }
    }
}

impl<R: Described> Subject for Renamed<R> {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        let mut permissions = self.from.permissions(action);
        if self.to.arn != self.from.arn {
            permissions.extend(self.to.permissions(action));
        }
        permissions
    }

    fn condition(&self, side: usize, key: &str) -> Option<Values<'_>> {
        // The tags go with the name.
        self.from.condition(side, key)
    }
}

/// Whether another one has the new name.
pub(crate) async fn is_taken<R: Entity>(cx: IamCx<'_>, from: &Stored<R>, to: &R) -> Result<bool, InternalFailure> {
    if from.record.id() == to.id() {
        return Ok(false);
    }
    Ok(cx.system.store.load::<R>(&to.id()).await.map_err(InternalFailure::new)?.is_some())
}

/// Puts `to` in the place of `from`. Another spelling of the same name is the same record.
pub(crate) fn batch<R: Entity>(from: &Stored<R>, to: &R) -> Batch {
    let mut batch = Batch::default();
    if from.record.id() == to.id() {
        batch.update(from.version, to);
    } else {
        batch.remove::<R>(from.record.id(), Some(from.version));
        batch.insert(to);
    }
    batch
}
