//! Who signed a request.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use claviger_policy::PrincipalKind;
use claviger_shapes::Fault;
use claviger_store::Records;
use claviger_wire::sigv4::{self, Presented, SigningKey};
use jiff::Timestamp;

use super::session::{Holder, Session};
use super::uses::{Fresh, LastUse};
use super::{AccessKey, GLOBAL, Owner, PURPOSE, is_account, principal, session};
use crate::call::Caller;
use crate::system::{Mode, System};
use crate::{Internal, internal};

/// Signing keys kept; a day's working set of a large installation.
const SIGNING_KEYS_MAX: usize = 4096;

/// What is known of credentials on the hot path.
struct Known {
    caller: Arc<Caller>,
    key: SigningKey,
    /// The session token the credentials came with.
    token: Option<Box<str>>,
    region: Box<str>,
    service: Box<str>,
    /// The last use since it was noted, in seconds; 0 if there was none.
    used: AtomicI64,
}

/// Credentials already checked, by access key, day, Region and service.
#[derive(Default)]
pub(crate) struct Credentials {
    known: RwLock<HashMap<Box<str>, Arc<Known>>>,
    /// Grows with every [`forget`](Self::forget), so that what was loaded before a change is not kept after it.
    generation: AtomicU64,
    pub(super) fresh: Fresh,
}

impl Credentials {
    /// Drops everything: an access key, a principal or a policy has changed.
    pub(crate) fn forget(&self) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        self.generation.fetch_add(1, Ordering::AcqRel);
        for (_, known) in known.drain() {
            self.note(&known);
        }
    }

    /// Moves the uses of cached credentials to where they are stored from.
    pub(super) fn drain(&self) {
        for known in self.known.read().unwrap_or_else(PoisonError::into_inner).values() {
            self.note(known);
        }
    }

    fn note(&self, known: &Known) {
        let used = known.used.swap(0, Ordering::AcqRel);
        let Ok(time) = Timestamp::from_second(used) else { return };
        if used == 0 {
            return;
        }
        let id = match (known.caller.kind, known.caller.unique_id.split_once(':')) {
            (PrincipalKind::AssumedRole, Some((role, _))) => role,
            _ => &known.caller.access_key_id,
        };
        let (service, region) = (known.service.to_string(), known.region.to_string());
        self.fresh.note(LastUse { id: id.to_owned(), time, service, region });
    }

    fn get(&self, scope: &str) -> Option<Arc<Known>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(scope).cloned()
    }

    fn put(&self, scope: &str, known: Arc<Known>, generation: u64) {
        let mut all = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if self.generation.load(Ordering::Acquire) != generation {
            return;
        }
        if all.len() >= SIGNING_KEYS_MAX {
            for (_, known) in all.drain() {
                self.note(&known);
            }
        }
        all.insert(scope.into(), known);
    }
}

/// Proves who signed the request.
pub async fn authenticate(
    system: &System,
    request: &claviger_wire::Request,
    presented: &Presented<'_>,
    partition: &str,
) -> Result<Arc<Caller>, Fault> {
    let scope = format!("{}/{}/{}/{}", presented.access_key_id, presented.date, presented.region, presented.service);
    let now = system.clock.now();
    let token = presented.token();
    if let Some(known) = system.credentials.get(&scope)
        && known.token.as_deref() == token.as_deref()
    {
        require_current(&known.caller, now)?;
        presented.verify(request, &known.key)?;
        known.used.store(now.as_second(), Ordering::Release);
        return Ok(Arc::clone(&known.caller));
    }
    let generation = system.credentials.generation.load(Ordering::Acquire);
    let found = match &token {
        Some(token) => temporary(system, presented, partition, token).await,
        None => permanent(system, presented, partition).await,
    };
    let (caller, key) = match found.map_err(Internal::into_fault)? {
        Found::Principal(caller, key) => (Arc::new(*caller), key),
        Found::Void => return Err(unrecognized()),
        Found::NotOurs => return not_ours(system, presented, partition).await,
    };
    require_current(&caller, now)?;
    presented.verify(request, &key)?;
    let known = Known {
        caller: Arc::clone(&caller),
        key,
        token: token.as_deref().map(Into::into),
        region: presented.region.into(),
        service: presented.service.into(),
        used: AtomicI64::new(now.as_second()),
    };
    system.credentials.put(&scope, Arc::new(known), generation);
    Ok(caller)
}

fn require_current(caller: &Caller, now: Timestamp) -> Result<(), Fault> {
    match &caller.session {
        Some(session) if session.expires <= now => Err(Fault::new("ExpiredTokenException", 400)
            .with_message("The security token included in the request is expired")),
        _ => Ok(()),
    }
}

/// What credentials turned out to be.
enum Found {
    /// Those of a principal.
    Principal(Box<Caller>, SigningKey),
    /// Issued here, but good for nothing any more.
    Void,
    /// Never issued here.
    NotOurs,
}

impl Found {
    fn new(caller: Caller, key: SigningKey) -> Self {
        Self::Principal(Box::new(caller), key)
    }
}

/// A development server takes any access key it did not issue for the root user's. Those it did issue are held to the
/// rules.
async fn not_ours(system: &System, presented: &Presented<'_>, partition: &str) -> Result<Arc<Caller>, Fault> {
    let Mode::Development { account } = &system.mode else { return Err(unrecognized()) };
    let account = if is_account(presented.access_key_id) { presented.access_key_id } else { account };
    let caller = principal::root(system, partition, account, presented.access_key_id).await;
    caller.map(Arc::new).map_err(Internal::into_fault)
}

async fn permanent(system: &System, presented: &Presented<'_>, partition: &str) -> Result<Found, Internal> {
    let stored = system.store.load::<AccessKey>(presented.access_key_id).await.map_err(internal)?;
    let Some(record) = stored.map(|stored| stored.record) else { return Ok(Found::NotOurs) };
    if !record.active {
        return Ok(Found::Void);
    }
    let domain = system.vault.domain(&*system.store, &record.account, GLOBAL).await.map_err(internal)?;
    let secret = domain
        .unwrap_secret(PURPOSE, &record.access_key_id, &record.secret)
        .map_err(|_| internal(format!("the secret of access key {} does not open", record.access_key_id)))?;
    let caller = match &record.owner {
        Owner::Root => principal::root(system, partition, &record.account, &record.access_key_id).await?,
        Owner::User { user_id } => {
            let user = system.identities.user_by_id(&*system.store, user_id).await.map_err(internal)?;
            let Some(user) = user else { return Ok(Found::Void) };
            principal::user(system, partition, &user, &record.access_key_id).await?
        }
    };
    let key = sigv4::signing_key(secret.expose(), presented.date, presented.region, presented.service);
    Ok(Found::new(caller, key))
}

async fn temporary(
    system: &System,
    presented: &Presented<'_>,
    partition: &str,
    token: &str,
) -> Result<Found, Internal> {
    let access_key_id = presented.access_key_id;
    let Some(opened) = session::open(system, access_key_id, token).await? else {
        // A long-term key never comes with a session token.
        let issued = system.store.load::<AccessKey>(access_key_id).await.map_err(internal)?;
        return Ok(if issued.is_some() { Found::Void } else { Found::NotOurs });
    };
    let Some(account) = super::account_of(access_key_id) else { return Ok(Found::NotOurs) };
    if !issuing_key_works(system, &opened).await? {
        return Ok(Found::Void);
    }
    let secret = opened.secret.as_bytes();
    let key = sigv4::signing_key(secret, presented.date, presented.region, presented.service);
    let caller = principal::session(system, partition, &account, access_key_id, opened).await?;
    Ok(caller.map_or(Found::Void, |caller| Found::new(caller, key)))
}

/// Sessions asked for with an access key end with it.
async fn issuing_key_works(system: &System, session: &Session) -> Result<bool, Internal> {
    let (key, of_root) = match &session.holder {
        Holder::Role { .. } => return Ok(true),
        Holder::Root { key } | Holder::Federated { key, user_id: None, .. } => (key, true),
        Holder::User { key, .. } | Holder::Federated { key, .. } => (key, false),
    };
    let issued = system.store.load::<AccessKey>(key).await.map_err(internal)?;
    // A development server does not know the keys it lets in as the root user's.
    let let_in = of_root && matches!(system.mode, Mode::Development { .. });
    Ok(issued.map_or(let_in, |stored| stored.record.active))
}

fn unrecognized() -> Fault {
    Fault::new("UnrecognizedClientException", 400)
        .with_message("The security token included in the request is invalid.")
}
