//! The trail a request names.

use claviger_pipeline::{Cx, internal};
use claviger_shapes::InternalFailure;
use claviger_store::{Records, Stored};

use super::names::Named;
use super::record::{TrailRecord, trail_arn, trail_id};
use super::subject::TrailSubject;
use crate::CloudTrail;

/// Looks a trail up: an ARN as it stands, a name in the call's Region, or else among the trails of other Regions that
/// log there too. Whether it was found is told after the verdict.
pub(crate) async fn find(cx: Cx<'_, CloudTrail>, named: Named) -> Result<TrailSubject, InternalFailure> {
    let (here, account) = (&*cx.call.region, cx.call.account());
    let foreign = named.account.as_deref().is_some_and(|owner| owner != account);
    let region = named.region.as_deref().unwrap_or(here);
    let found = if foreign {
        None
    } else {
        cx.system.store.load::<TrailRecord>(&trail_id(account, region, &named.name)).await.map_err(internal)?
    };
    let found = match found {
        None if named.region.is_none() => shadow(cx, &named.name).await?,
        found => found,
    };
    let arn = found.as_ref().map_or_else(|| trail_arn(account, region, &named.name), |trail| trail.record.arn());
    Ok(TrailSubject::new(found, arn, account, here, named.name))
}

async fn shadow(cx: Cx<'_, CloudTrail>, name: &str) -> Result<Option<Stored<TrailRecord>>, InternalFailure> {
    let trails = of_account(cx).await?;
    Ok(trails.into_iter().find(|trail| trail.record.multi_region && trail.record.name == name))
}

/// All trails of the caller's account.
pub(crate) async fn of_account(cx: Cx<'_, CloudTrail>) -> Result<Vec<Stored<TrailRecord>>, InternalFailure> {
    let prefix = format!("{}/", cx.call.account());
    Ok(cx.system.store.all::<TrailRecord>(None, &prefix).await.map_err(internal)?)
}
