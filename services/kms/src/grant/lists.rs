//! The grants of a caller on a key, at hand.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use claviger_pipeline::{Caller, Internal, LoadCache, System, internal};
use claviger_policy::{GrantKind, Grantee, PrincipalKind};
use claviger_shapes::kms::GrantOperation;
use claviger_store::{Batch, Record, Records, Stored};

use super::matching::{Accounts, Granted, Use};
use super::record::{Constraints, GRANTS, GrantRecord, Operations, Party, list_path};
use crate::KmsCx;
use crate::key::Key;

/// Lists held in memory, each of one grantee on one key; most are empty.
const LISTS_CACHED_MAX: u64 = 100_000;

/// Changes noted of a list nobody asks for.
const STALE_MAX: usize = 500;

/// What is kept of grants between calls.
pub struct Grants {
    lists: LoadCache<String, Arc<List>>,
}

/// One grantee's grants on one key, and which of them changed since they were read. A change reads one grant anew, not
/// fifty thousand.
#[derive(Default)]
struct List(RwLock<Known>);

#[derive(Default)]
struct Known {
    granted: Granted,
    /// Ids of records that changed.
    stale: BTreeSet<String>,
    /// Grows with every change of the two.
    turn: u64,
}

impl Default for Grants {
    fn default() -> Self {
        Self { lists: LoadCache::new(LISTS_CACHED_MAX) }
    }
}

impl List {
    /// Asks the list, once it holds nothing stale.
    async fn ask<T>(&self, system: &System, question: impl Fn(&Granted) -> T) -> Result<T, Internal> {
        loop {
            let (stale, turn) = {
                let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
                if known.stale.is_empty() {
                    return Ok(question(&known.granted));
                }
                (known.stale.iter().cloned().collect::<Vec<_>>(), known.turn)
            };
            let fresh = system.store.load_many::<GrantRecord>(&stale).await.map_err(internal)?;
            let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
            // What changed while it was read is read again.
            if known.turn == turn {
                known.turn += 1;
                known.stale.clear();
                for (id, fresh) in stale.iter().zip(fresh) {
                    match (fresh, id.rsplit_once('/')) {
                        (Some(stored), _) => known.granted.insert(stored.record),
                        (None, Some((_, grant_id))) => known.granted.remove(grant_id),
                        (None, None) => {}
                    }
                }
            }
        }
    }

    /// Notes that a record changed; how many have since somebody asked.
    fn mark(&self, id: &str) -> usize {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.turn += 1;
        known.stale.insert(id.to_owned());
        known.stale.len()
    }
}

impl Grants {
    /// Notes that a record changed.
    pub(crate) fn changed(&self, space: &str, id: &str) {
        if space == GRANTS.name
            && let Some((list, _)) = id.rsplit_once('/')
        {
            // A list that is not there may be on its way into the cache, read before the change; one that changes and
            // changes and is never asked is not worth its place.
            let known = self.lists.get(list);
            if known.is_none_or(|known| known.mark(id) > STALE_MAX) {
                self.lists.invalidate(list);
            }
        }
    }

    async fn list(&self, system: &System, key: &Key, grantee: &str) -> Result<Arc<List>, Internal> {
        let path = list_path(&key.path, grantee);
        if let Some(list) = self.lists.get(&path) {
            return Ok(list);
        }
        let prefix = format!("{path}/");
        let load = async {
            let stored = system.store.all::<GrantRecord>(None, &prefix).await.map_err(internal)?;
            let granted = stored.into_iter().map(|grant| grant.record).collect();
            Ok(Some(Arc::new(List(RwLock::new(Known { granted, ..Known::default() })))))
        };
        Ok(self.lists.get_or_load_in_turn(path, load).await?.unwrap_or_default())
    }

    /// The strongest of the caller's grants on a key that allows a request.
    pub(crate) async fn allow(
        &self,
        system: &System,
        key: &Key,
        caller: &Caller,
        request: Use<'_>,
    ) -> Result<Option<GrantKind>, Internal> {
        self.strongest(system, key, caller, |list, grantee, accounts| list.allows(request, grantee, accounts)).await
    }

    /// The strongest of the caller's grants on a key that may be passed on as a grant of `allowed` under `constraints`.
    pub(crate) async fn delegate(
        &self,
        cx: KmsCx<'_>,
        key: &Key,
        allowed: Operations,
        constraints: &Constraints,
    ) -> Result<Option<GrantKind>, Internal> {
        let source_arn = cx.call.via.as_ref().and_then(|via| via.source_arn.as_deref());
        self.strongest(cx.system, key, &cx.call.caller, |list, grantee, accounts| {
            list.delegates(allowed, constraints, source_arn, grantee, accounts)
        })
        .await
    }

    async fn strongest(
        &self,
        system: &System,
        key: &Key,
        caller: &Caller,
        judge: impl Fn(&Granted, Grantee, Accounts<'_>) -> Option<GrantKind>,
    ) -> Result<Option<GrantKind>, Internal> {
        // Most keys have no grants at all.
        if key.record.grants == 0 {
            return Ok(None);
        }
        let accounts = Accounts { caller: &caller.account, key: &key.record.account };
        let mut strongest = None;
        for (id, grantee) in names(caller).into_iter().flatten() {
            let list = self.list(system, key, id).await?;
            strongest = strongest.max(list.ask(system, |granted| judge(granted, grantee, accounts)).await?);
            if strongest == Some(GrantKind::Exact) {
                break;
            }
        }
        Ok(strongest)
    }
}

/// The names under which a caller can be a grantee or a retiring principal: itself, its role, its account.
pub(crate) fn names(caller: &Caller) -> [Option<(&str, Grantee)>; 3] {
    let itself =
        Some((&*caller.unique_id, Grantee::Exact)).filter(|_| !caller.is_root() && !caller.unique_id.is_empty());
    let role = match caller.kind {
        PrincipalKind::AssumedRole => caller.unique_id.split_once(':').map(|(role, _)| (role, Grantee::Role)),
        _ => None,
    };
    let account = Some((&*caller.account, Grantee::Account)).filter(|_| caller.kind.has_identity());
    [itself, role, account]
}

/// A grant by its key and id.
pub(crate) async fn find_by_id(
    system: &System,
    key: &Key,
    grant_id: &str,
) -> Result<Option<Stored<GrantRecord>>, Internal> {
    let index = format!("{}/{grant_id}", key.path);
    let found = system.store.list::<GrantRecord>(Some("by_key"), &index, Some(&index), None, 1).await;
    Ok(found.map_err(internal)?.0.into_iter().next())
}

/// What a grant gives a caller who wants to retire it: the retiring principal may, the grantee whom the grant lets do it,
/// and, if its identity policies say so, everybody of the account that issued it.
pub(crate) fn worth_to_retire(caller: &Caller, key: &Key, grant: &GrantRecord) -> Option<GrantKind> {
    let (account, key_account) = (&*caller.account, key.record.account.as_str());
    let grantee = Some(&grant.grantee).filter(|_| grant.allowed().has(GrantOperation::RetireGrant));
    let by_name = [grant.retirer.as_ref(), grantee].into_iter().flatten().filter(|party| is(caller, party));
    let by_name = by_name.map(|party| GrantKind::of(party.kind.grantee(), account, key_account, &grant.issuer));
    let issued = (account == grant.issuer && caller.kind.has_identity()).then_some(GrantKind::Delegated);
    by_name.chain(issued).max()
}

/// Whether a caller goes by the name of a party.
fn is(caller: &Caller, party: &Party) -> bool {
    names(caller).into_iter().flatten().any(|(id, grantee)| grantee == party.kind.grantee() && id == party.id)
}

/// The end of a grant.
pub(crate) fn end(key: &Key, grant: &Stored<GrantRecord>) -> Batch {
    let mut record = key.record.clone();
    record.grants = record.grants.saturating_sub(1);
    let mut batch = Batch::default();
    batch.remove::<GrantRecord>(grant.record.id(), Some(grant.version));
    batch.update(key.version, &record);
    batch
}
