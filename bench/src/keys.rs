//! Many keys: what they cost at the start, at rest, and when one of them is used.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use base64_simd::STANDARD;
use bytes::Bytes;
use claviger::foundation::{self, Folder, Parts};
use claviger::{config, unseal};
use claviger_kms::record::{KeyRecord, time_key};
use claviger_kms::seed::Seed;
use claviger_pipeline::{Clock, Mode, System};
use claviger_store::Records;
use serde_json::json;
use tokio::task::JoinSet;

use crate::load::{self, Until};
use crate::prepare;
use crate::server::{ACCOUNT, Home};

/// Seeds planted together, each of so many keys: their commits go to the disk in groups.
const PLANTERS: usize = 64;
const SEED_KEYS: usize = 256;
const CONNECTIONS: usize = 16;
/// Different keys that are used, at random among all.
const USED_MAX: usize = 100_000;
/// How long the server is watched doing nothing.
const IDLE: Duration = Duration::from_secs(10);
const ROTATION_DAYS: i32 = 365;
const LOOKS: u32 = 1000;

pub(crate) async fn run(program: &Path, folder: &Path, counts: &[usize], rotating: bool, seconds: f64) -> Result<()> {
    println!("\nKeys in a durable server{}", if rotating { ", all with rotation on" } else { "" });
    println!(
        "  {:>9} {:>9} {:>9} {:>11} {:>9} {:>9} {:>9} {:>9} {:>9} {:>11} {:>10}",
        "keys",
        "file MiB",
        "start ms",
        "first us",
        "idle KiB",
        "per key",
        "Encrypt/s",
        "p50 us",
        "p99 us",
        "used KiB",
        "idle CPU"
    );
    let home = Home::make(program, &folder.join("keys"))?;
    let mut ids: Vec<String> = Vec::new();
    let empty_kib = {
        let server = home.serve(None)?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        server.resident_kib()?
    };
    for &count in counts {
        let planting = Instant::now();
        plant(&home, count.saturating_sub(ids.len()), rotating, &mut ids).await?;
        eprintln!("{count} keys after {:.0} s", planting.elapsed().as_secs_f64());
        let server = home.serve(None)?;
        let start_ms = server.start.as_secs_f64() * 1e3;
        let encrypt = |id: &String| {
            let input = json!({ "KeyId": id, "Plaintext": STANDARD.encode_to_string([7; 32]) });
            prepare::raw(&home.signing, server.address, "Encrypt", &input).map(Bytes::from)
        };
        let cpu = server.cpu()?;
        tokio::time::sleep(IDLE).await;
        let idle_share = (server.cpu()? - cpu).as_secs_f64() / IDLE.as_secs_f64();
        let idle_kib = server.resident_kib()?;
        let per_key_bytes = idle_kib.saturating_sub(empty_kib) as f64 * 1024.0 / count as f64;
        let first = load::measure(server.address, 1, Until::Count(1), vec![encrypt(&ids[0])?]).await?;
        let requests: Vec<Bytes> = shuffled(&ids).take(USED_MAX).map(encrypt).collect::<Result<_, _>>()?;
        let used = load::measure(server.address, CONNECTIONS, Until::Seconds(seconds), requests).await?;
        let bytes = std::fs::metadata(home.dir.join("claviger.db"))?.len();
        println!(
            "  {count:>9} {:>9.0} {start_ms:>9.0} {:>11.0} {idle_kib:>9} {per_key_bytes:>7.0} B {:>9.0} {:>9.0} {:>9.0} {:>11} {:>9.2}%",
            bytes as f64 / 1048576.0,
            first.p50_us,
            used.per_second()?,
            used.p50_us,
            used.p99_us,
            server.resident_kib()?,
            idle_share * 100.0,
        );
        drop(server);
    }
    look(&home).await
}

/// What one turn of the worker asks of the store when nothing is due.
async fn look(home: &Home) -> Result<()> {
    let (_folder, system) = open(home).await?;
    let due = time_key(system.clock.now());
    let started = Instant::now();
    for _ in 0..LOOKS {
        let (found, _) = system.store.list::<KeyRecord>(Some("due"), "", Some(&due), None, 100).await?;
        anyhow::ensure!(found.is_empty(), "a key is due");
    }
    println!("  looking for keys that are due: {:.1} us", started.elapsed().as_secs_f64() * 1e6 / f64::from(LOOKS));
    Ok(())
}

/// Opens the data folder in this process, as the server does.
async fn open(home: &Home) -> Result<(Folder, System)> {
    let folder = Folder::open(&home.dir)?;
    let store = foundation::open_store(&folder)?;
    let found = foundation::read(&*store, &home.dir).await?;
    let root = unseal::choose(&home.dir, None, None)?.unseal(&found.seals)?;
    let parts = Parts { clock: Arc::new(Clock::default()), mode: Mode::Enforced, listeners: Vec::new() };
    let audit = config::Config::default().audit;
    let system = foundation::system(&folder, store, &found, root, &audit, parts).await?;
    Ok((folder, system))
}

async fn plant(home: &Home, count: usize, rotating: bool, ids: &mut Vec<String>) -> Result<()> {
    let (_folder, system) = open(home).await?;
    let system = Arc::new(system);
    let mut left = count;
    let mut planting = JoinSet::new();
    while left > 0 || !planting.is_empty() {
        while left > 0 && planting.len() < PLANTERS {
            let size = left.min(SEED_KEYS);
            left -= size;
            let system = Arc::clone(&system);
            planting.spawn_local(async move {
                let keys: Vec<_> = (0..size)
                    .map(|_| {
                        let material = STANDARD.encode_to_string(claviger_crypto::random::bytes::<32>());
                        let days = rotating.then_some(ROTATION_DAYS);
                        json!({ "key_id": uuid::Uuid::new_v4().to_string(), "material": material, "rotation_period_days": days })
                    })
                    .collect();
                let planted: Vec<String> =
                    keys.iter().filter_map(|key| key["key_id"].as_str().map(str::to_owned)).collect();
                let seed: Seed = serde_json::from_value(json!({ "keys": keys }))?;
                seed.plant(&system, ACCOUNT).await?;
                anyhow::Ok(planted)
            });
        }
        if let Some(planted) = planting.join_next().await {
            ids.extend(planted??);
        }
    }
    let system = Arc::into_inner(system).context("planting is over")?;
    system.log.close()?;
    Ok(())
}

/// The ids in an order that follows from nothing: they are random, so sorting by their ends will do.
fn shuffled(ids: &[String]) -> impl Iterator<Item = &String> {
    let mut ids: Vec<&String> = ids.iter().collect();
    ids.sort_unstable_by_key(|id| id.bytes().rev().collect::<Vec<u8>>());
    ids.into_iter()
}
