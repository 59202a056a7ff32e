//! Each limit of the cache, told by how often the manager behind it is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use super::*;
use crate::manager::{CacheLimits, CachingManager, MaterialsCache};
use crate::materials::{
    BoxFuture, DecryptionMaterials, DecryptionRequest, EncryptionMaterials, EncryptionRequest, MaterialsManager,
};

const SUITE: Suite = Suite::Aes256HkdfSha512CommitKey;

/// Counts, and waits once before it answers so that callers meet.
#[derive(Clone)]
struct Counting(Arc<Inner>);

struct Inner {
    manager: DefaultManager<RawAesKeyring>,
    asked: AtomicUsize,
    failing: bool,
}

impl Counting {
    fn new(failing: bool) -> Self {
        Self(Arc::new(Inner { manager: manager(), asked: AtomicUsize::new(0), failing }))
    }

    fn asked(&self) -> usize {
        self.0.asked.swap(0, Ordering::SeqCst)
    }

    async fn ask(&self) -> Result<(), Error> {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        if self.0.failing { Err(Error::NotDecrypted("failing".to_owned())) } else { Ok(()) }
    }
}

impl MaterialsManager for Counting {
    fn encryption_materials<'a>(
        &'a self,
        request: EncryptionRequest,
    ) -> BoxFuture<'a, Result<Arc<EncryptionMaterials>, Error>> {
        Box::pin(async move {
            self.ask().await?;
            self.0.manager.encryption_materials(request).await
        })
    }

    fn decryption_materials<'a>(
        &'a self,
        request: DecryptionRequest,
    ) -> BoxFuture<'a, Result<Arc<DecryptionMaterials>, Error>> {
        Box::pin(async move {
            self.ask().await?;
            self.0.manager.decryption_materials(request).await
        })
    }
}

/// A cache whose time is the test's, in seconds.
fn cache(capacity: usize) -> (Arc<MaterialsCache>, Arc<AtomicU64>) {
    let seconds = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&seconds);
    let clock = move || Duration::from_secs(clock.load(Ordering::SeqCst));
    (Arc::new(MaterialsCache::with_clock(capacity, Arc::new(clock))), seconds)
}

const LIMITS: CacheLimits = CacheLimits::new(Duration::from_secs(60));

fn caching(cache: &Arc<MaterialsCache>, limits: CacheLimits) -> (CachingManager<Counting>, Counting) {
    let counting = Counting::new(false);
    (CachingManager::new(counting.clone(), Arc::clone(cache), limits).unwrap(), counting)
}

fn write_with(manager: &dyn MaterialsManager, suite: Suite, purpose: &str, plaintext: &[u8]) -> Encrypted {
    let options = EncryptOptions { context: context(&[("purpose", purpose)]), ..options(suite, 64) };
    block_on(client(suite).encrypt(manager, plaintext, options)).unwrap()
}

fn write(manager: &dyn MaterialsManager, purpose: &str) -> Encrypted {
    write_with(manager, SUITE, purpose, b"plaintext")
}

fn read(manager: &dyn MaterialsManager, message: &Encrypted, pairs: &[(&str, &str)]) -> Result<(), Error> {
    block_on(client(message.header.suite).decrypt(manager, &message.message, context(pairs))).map(|_| ())
}

#[test]
fn messages_share_a_data_key_and_nothing_else() {
    for suite in [SUITE, Suite::Aes256HkdfSha512CommitKeyEcdsaP384, Suite::Aes128HkdfSha256] {
        let (manager, counting) = caching(&cache(10).0, LIMITS);
        let (one, other) = (write_with(&manager, suite, "a", b"x"), write_with(&manager, suite, "a", b"x"));
        assert_eq!(counting.asked(), 1);
        assert_eq!(one.header.encrypted_data_keys, other.header.encrypted_data_keys);
        assert_ne!(one.header.message_id, other.header.message_id);
        assert_ne!(one.message, other.message);
        for message in [&one, &other, &one] {
            read(&manager, message, &[]).unwrap();
        }
        assert_eq!(counting.asked(), 1);
        read(&super::manager(), &one, &[]).unwrap();
    }
}

#[test]
fn age_ends_an_entry() {
    let (cache, seconds) = cache(10);
    let (manager, counting) = caching(&cache, LIMITS);
    let message = write(&manager, "a");
    read(&manager, &message, &[]).unwrap();
    seconds.store(59, Ordering::SeqCst);
    write(&manager, "a");
    read(&manager, &message, &[]).unwrap();
    assert_eq!(counting.asked(), 2);
    seconds.store(60, Ordering::SeqCst);
    write(&manager, "a");
    read(&manager, &message, &[]).unwrap();
    assert_eq!(counting.asked(), 2);
    write(&manager, "a");
    assert_eq!(counting.asked(), 0);
}

#[test]
fn messages_and_bytes_end_an_entry() {
    let (manager, counting) = caching(&cache(10).0, CacheLimits { max_messages: 3, ..LIMITS });
    (0..7).for_each(|_| drop(write(&manager, "a")));
    assert_eq!(counting.asked(), 3);
    // Decryption is not limited.
    let message = write(&manager, "a");
    counting.asked();
    (0..7).for_each(|_| read(&manager, &message, &[]).unwrap());
    assert_eq!(counting.asked(), 1);

    let (manager, counting) = caching(&cache(10).0, CacheLimits { max_bytes: 25, ..LIMITS });
    let write = |len| drop(write_with(&manager, SUITE, "a", &vec![0; len]));
    write(10);
    write(10);
    write(5);
    assert_eq!(counting.asked(), 1);
    write(1);
    assert_eq!(counting.asked(), 1);
    // More than any entry may carry: not cached, and the entry stays.
    write(26);
    assert_eq!(counting.asked(), 1);
    write(24);
    assert_eq!(counting.asked(), 0);
}

#[test]
fn capacity_drops_the_least_recently_used() {
    let (manager, counting) = caching(&cache(2).0, LIMITS);
    for purpose in ["a", "b", "a", "c"] {
        write(&manager, purpose);
    }
    assert_eq!(counting.asked(), 3);
    write(&manager, "a");
    assert_eq!(counting.asked(), 0);
    write(&manager, "b");
    assert_eq!(counting.asked(), 1);
    let (manager, counting) = caching(&cache(0).0, LIMITS);
    (0..3).for_each(|_| drop(write(&manager, "a")));
    assert_eq!(counting.asked(), 3);
}

#[test]
fn entries_are_shared_within_a_partition_only() {
    let (cache, _) = cache(10);
    let ((one, first), (other, second)) = (caching(&cache, LIMITS), caching(&cache, LIMITS));
    write(&one, "a");
    write(&other, "a");
    assert_eq!((first.asked(), second.asked()), (1, 1));
    let (one, other) = (one.with_partition("shared"), other.with_partition("shared"));
    write(&one, "a");
    write(&other, "a");
    assert_eq!((first.asked(), second.asked()), (1, 0));
}

#[test]
fn what_must_not_be_cached_is_not() {
    let (manager, counting) = caching(&cache(10).0, LIMITS);
    let message = write_with(&manager, Suite::Aes256NoKdf, "a", b"x");
    write_with(&manager, Suite::Aes256NoKdf, "a", b"x");
    (0..2).for_each(|_| read(&manager, &message, &[]).unwrap());
    assert_eq!(counting.asked(), 4);
    // Nobody can count bytes that are not known beforehand.
    for _ in 0..2 {
        block_on(client(SUITE).encryptor(&manager, options(SUITE, 64))).unwrap();
    }
    assert_eq!(counting.asked(), 2);
}

#[test]
fn a_cached_key_does_not_get_around_a_check() {
    let (manager, counting) = caching(&cache(10).0, LIMITS);
    let message = write(&manager, "a");
    read(&manager, &message, &[("purpose", "a")]).unwrap();
    assert!(read(&manager, &message, &[("purpose", "b")]).is_err());
    assert!(read(&manager, &message, &[("more", "")]).is_err());
    assert_eq!(counting.asked(), 4);
    let old = write_with(&manager, Suite::Aes256HkdfSha256, "a", b"x");
    read(&manager, &old, &[]).unwrap();
    let strict = Client::default();
    let refused = block_on(strict.decrypt(&manager, &old.message, EncryptionContext::new()));
    assert!(matches!(refused.err(), Some(Error::Policy { .. })));
}

#[test]
fn a_cold_cache_under_a_crowd_makes_one_call() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let message = Arc::new(write(&manager(), "a").message);
    for failing in [false, true] {
        let counting = Counting::new(failing);
        let manager = Arc::new(CachingManager::new(counting.clone(), cache(10).0, LIMITS).unwrap());
        let opened = runtime.block_on(async {
            let tasks: Vec<_> = (0..3000)
                .map(|_| {
                    let (manager, message) = (Arc::clone(&manager), Arc::clone(&message));
                    tokio::spawn(async move {
                        client(SUITE).decrypt(&*manager, &message, EncryptionContext::new()).await.is_ok()
                    })
                })
                .collect();
            let mut opened = 0;
            for task in tasks {
                opened += usize::from(task.await.unwrap());
            }
            opened
        });
        assert_eq!((opened, counting.asked()), (if failing { 0 } else { 3000 }, 1));
        // A failure is not kept: whoever asks later asks again.
        let _ = block_on(client(SUITE).decrypt(&*manager, &message, EncryptionContext::new()));
        assert_eq!(counting.asked(), usize::from(failing));
    }
}

#[test]
fn limits_that_cannot_be_are_refused() {
    for limits in [
        CacheLimits { max_age: Duration::ZERO, ..LIMITS },
        CacheLimits { max_messages: 0, ..LIMITS },
        CacheLimits { max_messages: (1 << 32) + 1, ..LIMITS },
    ] {
        let made = CachingManager::new(manager(), cache(1).0, limits);
        assert!(matches!(made.err(), Some(Error::CacheLimits(_))));
    }
}
