//! From identifiers to keys.

use std::sync::Arc;

use claviger_crypto::material::KeyMaterialId;
use claviger_pipeline::{Call, Cx, Internal, Listener, LoadCache, System, Wording, Work, internal, offload, unseen};
use claviger_shapes::kms::{InvalidArnException, NotFoundException};
use claviger_shapes::{AccessDeniedException, InternalFailure};
use claviger_store::Records;
use claviger_wire::arn::partition_of;

use crate::backing::Backing;
use crate::grant::Grants;
use crate::key::{Key, KeySubject, alias_arn, key_arn};
use crate::quotas::ALIASES_READ_MAX;
use crate::record::{
    ALIASES, AliasRecord, KEYS, KeyRecord, MATERIALS, MaterialRecord, alias_path, key_path, material_path,
};
use crate::reference::Reference;
use crate::uses::Uses;
use crate::{Kms, KmsCx};

/// Keys and aliases held in memory.
const KEYS_CACHED_MAX: u64 = 100_000;
/// Unwrapped key materials held in memory; evicted ones are wiped.
const MATERIALS_CACHED_MAX: u64 = 10_000;

/// What one operation allows in its key member.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forms {
    /// Key id, key ARN, alias name, alias ARN.
    Any,
    /// Key id and key ARN only.
    NoAlias,
}

/// What is kept of keys between calls.
pub struct Keys {
    keys: LoadCache<String, Arc<Key>>,
    aliases: LoadCache<String, Arc<str>>,
    materials: LoadCache<(Arc<str>, KeyMaterialId), Arc<Backing>>,
    /// Last uses not yet stored.
    pub uses: Uses,
    /// Grants.
    pub grants: Grants,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            keys: LoadCache::new(KEYS_CACHED_MAX),
            aliases: LoadCache::new(KEYS_CACHED_MAX),
            materials: LoadCache::new(MATERIALS_CACHED_MAX),
            uses: Uses::default(),
            grants: Grants::default(),
        }
    }
}

impl Listener for Kms {
    fn changed(&self, space: &str, id: &str) {
        let keys = &self.keys;
        keys.grants.changed(space, id);
        if space == KEYS.name {
            keys.keys.invalidate(id);
            self.tallies.changed(id);
        } else if space == ALIASES.name {
            keys.aliases.invalidate(id);
        } else if space == MATERIALS.name
            && let Some((key, material)) = id.rsplit_once('/')
            && let Ok(material) = material.parse::<KeyMaterialId>()
        {
            keys.materials.invalidate(&(Arc::from(key), material));
        }
    }
}

impl Kms {
    /// The key at a path.
    pub async fn key(&self, system: &System, path: String) -> Result<Option<Arc<Key>>, Internal> {
        if let Some(key) = self.keys.keys.get(&path) {
            return Ok(Some(key));
        }
        let load = async {
            let Some(stored) = system.store.load::<KeyRecord>(&path).await.map_err(internal)? else { return Ok(None) };
            let prefix = format!("{path}/");
            let (aliases, _) = system
                .store
                .list::<AliasRecord>(Some("by_key"), &prefix, None, None, ALIASES_READ_MAX)
                .await
                .map_err(internal)?;
            let aliases = aliases.into_iter().map(|alias| alias.record.name).collect();
            let partition = partition_of(&stored.record.region);
            Ok(Some(Arc::new(Key::new(stored.record, stored.version, partition, aliases)?)))
        };
        self.keys.keys.get_or_load(path.clone(), load).await
    }

    /// The bare key id an alias stands for.
    pub async fn alias_target(&self, system: &System, path: String) -> Result<Option<Arc<str>>, Internal> {
        let load = async {
            let stored = system.store.load::<AliasRecord>(&path).await?;
            Ok::<_, claviger_store::StoreError>(stored.map(|stored| Arc::from(stored.record.target)))
        };
        self.keys.aliases.get_or_load(path.clone(), load).await.map_err(internal)
    }

    /// One of a key's materials, unwrapped.
    pub async fn material(
        &self,
        system: &System,
        key: &Key,
        id: &KeyMaterialId,
    ) -> Result<Option<Arc<Backing>>, Internal> {
        let load = async {
            let path = material_path(&key.path, id);
            let Some(stored) = system.store.load::<MaterialRecord>(&path).await.map_err(internal)? else {
                return Ok(None);
            };
            let record = &key.record;
            let domain =
                system.vault.domain(&*system.store, &record.account, &record.region).await.map_err(internal)?;
            let (kind, key_id, id, wrapped) = (key.kind()?, record.key_id.clone(), *id, stored.record.wrapped);
            let unwrap = move || Backing::unwrap(&domain, kind, &key_id, &id, &wrapped);
            // Reading an RSA key back checks the whole of it.
            let backing = if kind.is_rsa() { offload(Work::Short, unwrap).await?? } else { unwrap()? };
            Ok(Some(Arc::new(backing)))
        };
        self.keys.materials.get_or_load((Arc::clone(&key.path), *id), load).await
    }

    /// The material that encrypts or signs.
    pub async fn current_material(&self, system: &System, key: &Key) -> Result<Arc<Backing>, Internal> {
        if let Some(material) = key.current.get() {
            return Ok(Arc::clone(material));
        }
        let material = match &key.record.current_material {
            Some(id) => self.material(system, key, id).await?,
            None => None,
        };
        let material = material.ok_or_else(|| internal(format!("the current key material of {} is gone", key.arn)))?;
        Ok(Arc::clone(key.current.get_or_init(|| material)))
    }
}

/// Finds the key a request names.
///
/// Unknown names of the caller's own account are not found; of another account they are refused exactly as a
/// forbidden key is, so that existence does not leak.
pub(crate) async fn find<E>(
    cx: KmsCx<'_>,
    text: &str,
    forms: Forms,
    cross_account: bool,
    action: &'static str,
) -> Result<KeySubject, E>
where
    E: From<NotFoundException> + From<InvalidArnException> + From<AccessDeniedException> + From<InternalFailure>,
{
    if forms == Forms::NoAlias && names_alias(text) {
        return Err(InvalidArnException::new("Key Aliases are not supported for this operation.").into());
    }
    let reference = Reference::parse(text, cx.call)?;
    let found = look_up(cx, &reference).await.map_err(InternalFailure::from)?;
    match found {
        Some((key, alias)) => Ok(KeySubject::new(cx.call, action, key, alias, cross_account)),
        None => Err(missing(cx.call, &reference, action)),
    }
}

/// The same for operations whose model lists no `InvalidArnException`: all four forms.
pub(crate) async fn find_any<E>(cx: KmsCx<'_>, text: &str, action: &'static str) -> Result<KeySubject, E>
where
    E: From<NotFoundException> + From<AccessDeniedException> + From<InternalFailure>,
{
    let reference = Reference::parse(text, cx.call)?;
    match look_up(cx, &reference).await.map_err(InternalFailure::from)? {
        Some((key, alias)) => Ok(KeySubject::new(cx.call, action, key, alias, true)),
        None => Err(missing(cx.call, &reference, action)),
    }
}

fn names_alias(text: &str) -> bool {
    text.starts_with("alias/")
        || (text.starts_with("arn:") && text.splitn(6, ':').nth(5).is_some_and(|r| r.starts_with("alias/")))
}

/// Looks a reference up; the alias is given back when one was used.
pub(crate) async fn look_up(
    cx: KmsCx<'_>,
    reference: &Reference<'_>,
) -> Result<Option<(Arc<Key>, Option<String>)>, Internal> {
    let Cx { service: kms, system, call } = cx;
    match reference {
        Reference::Key { account, key_id, .. } => {
            let key = kms.key(system, key_path(account, &call.region, key_id)).await?;
            Ok(key.map(|key| (key, None)))
        }
        Reference::Alias { account, name } => {
            // A service's first use of its own key makes it.
            if call.via.is_some() && *account == call.account() {
                kms.ensure_managed(system, account, &call.region, name).await?;
            }
            let Some(target) = kms.alias_target(system, alias_path(account, &call.region, name)).await? else {
                return Ok(None);
            };
            let key = kms.key(system, key_path(account, &call.region, &target)).await?;
            Ok(key.map(|key| (key, Some((*name).to_owned()))))
        }
        Reference::Elsewhere { .. } => Ok(None),
    }
}

/// The answer for a name nothing is found under.
pub(crate) fn missing<E>(call: &Call, reference: &Reference<'_>, action: &'static str) -> E
where
    E: From<NotFoundException> + From<AccessDeniedException>,
{
    let (partition, region) = (call.partition, &*call.region);
    match reference {
        Reference::Key { account, .. } | Reference::Alias { account, .. } if *account != call.account() => {
            AccessDeniedException::new(unseen(call, action, Wording::Named)).into()
        }
        Reference::Key { account, key_id, .. } => {
            let arn = key_arn(partition, region, account, key_id);
            NotFoundException::new(format!("Key '{arn}' does not exist")).into()
        }
        Reference::Alias { account, name } => {
            NotFoundException::new(format!("Alias {} is not found.", alias_arn(partition, region, account, name)))
                .into()
        }
        Reference::Elsewhere { region, .. } => NotFoundException::new(format!("Invalid arn {region}")).into(),
    }
}
