//! Keys of issuers, kept: one fetch serves everybody who waits for it, and an issuer that is down stays known for a while.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey};
use moka::sync::Cache;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::keys::KeySet;
use crate::{Error, Fetch};

/// Issuers remembered.
const ISSUERS_MAX: u64 = 10_000;
/// How long keys are used without asking again.
const FRESH: SignedDuration = SignedDuration::from_mins(10);
/// How long keys are used while the issuer cannot be asked.
const KEPT: SignedDuration = SignedDuration::from_hours(6);
/// Between two fetches, whatever tokens say: keys that nobody knows must not make this server hammer an issuer.
const PAUSE: SignedDuration = SignedDuration::from_secs(5);

/// Every issuer's keys.
pub(crate) struct Keys {
    fetch: Arc<dyn Fetch>,
    issuers: Cache<String, Arc<Issuer>>,
}

#[derive(Default)]
struct Issuer {
    held: RwLock<Option<Held>>,
    /// Whoever has it may fetch.
    turn: Arc<Mutex<Option<Attempt>>>,
}

#[derive(Clone)]
struct Held {
    keys: Arc<KeySet>,
    since: Timestamp,
}

struct Attempt {
    at: Timestamp,
    failure: Option<Error>,
}

/// The header's part in the choice of a key.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub id: Option<&'a str>,
    pub algorithm: Algorithm,
}

impl Held {
    fn find(&self, wanted: Wanted<'_>) -> Result<DecodingKey, Error> {
        self.keys.find(wanted.id, wanted.algorithm).cloned().ok_or(Error::NoKey)
    }
}

/// The clock may have been set back since `then`; what is from the future is as far away as what is from the past.
fn within(span: SignedDuration, now: Timestamp, then: Timestamp) -> bool {
    now.duration_since(then).abs() < span
}

impl Issuer {
    /// The keys held, if they may still be used at all.
    fn held(&self, now: Timestamp) -> Option<Held> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner).clone();
        held.filter(|held| within(KEPT, now, held.since))
    }

    fn fresh(&self, now: Timestamp, wanted: Wanted<'_>) -> Option<DecodingKey> {
        let held = self.held(now).filter(|held| within(FRESH, now, held.since))?;
        held.find(wanted).ok()
    }

    /// Asks the issuer, and keeps what it says. Tells why nothing came.
    async fn refresh(
        &self,
        fetch: &dyn Fetch,
        name: &str,
        now: Timestamp,
        mut turn: OwnedMutexGuard<Option<Attempt>>,
    ) -> Option<Error> {
        let fetched = KeySet::fetch(fetch, name).await;
        let failure = fetched.as_ref().err().cloned();
        if let Ok(keys) = fetched {
            let held = Held { keys: Arc::new(keys), since: now };
            *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(held);
        }
        *turn = Some(Attempt { at: now, failure: failure.clone() });
        failure
    }
}

impl Keys {
    pub(crate) fn new(fetch: Arc<dyn Fetch>) -> Self {
        Self { fetch, issuers: Cache::new(ISSUERS_MAX) }
    }

    /// The key of an issuer that a token was signed with.
    pub(crate) async fn find(&self, name: &str, wanted: Wanted<'_>, now: Timestamp) -> Result<DecodingKey, Error> {
        let issuer = self.issuers.get_with_by_ref(name, Arc::default);
        if let Some(key) = issuer.fresh(now, wanted) {
            return Ok(key);
        }
        // While somebody else asks, a key that was good a moment ago is good enough.
        let known = || issuer.held(now).and_then(|held| held.find(wanted).ok());
        let turn = match (Arc::clone(&issuer.turn).try_lock_owned(), known()) {
            (Ok(turn), _) => turn,
            (Err(_), Some(key)) => return Ok(key),
            (Err(_), None) => Arc::clone(&issuer.turn).lock_owned().await,
        };
        if let Some(key) = issuer.fresh(now, wanted) {
            return Ok(key);
        }
        let paused = turn.as_ref().filter(|last| within(PAUSE, now, last.at)).map(|last| last.failure.clone());
        let failure = match paused {
            Some(failure) => failure,
            None => self.ask(&issuer, name, now, turn).await,
        };
        match issuer.held(now) {
            Some(held) => held.find(wanted),
            None => Err(failure.unwrap_or(Error::NoKey)),
        }
    }

    /// The fetch is a task of its own: it ends, and counts, even if the caller who began it goes away.
    async fn ask(
        &self,
        issuer: &Arc<Issuer>,
        name: &str,
        now: Timestamp,
        turn: OwnedMutexGuard<Option<Attempt>>,
    ) -> Option<Error> {
        let (fetch, shared, name) = (Arc::clone(&self.fetch), Arc::clone(issuer), name.to_owned());
        let task = tokio::spawn(async move { shared.refresh(&*fetch, &name, now, turn).await });
        task.await.unwrap_or(Some(Error::Unreachable))
    }
}
