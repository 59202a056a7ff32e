//! Sends events to whoever listens: a file, a syslog receiver, a web hook.
//!
//! The audit log is the spool. Every sink has a cursor into it, kept in the store, and a task of its own; a sink that is
//! slow or dead holds up nothing and loses nothing, it only falls behind, which metrics and an alarm tell. Delivery is at
//! least once: after a crash the events since the last kept cursor go out again, with the same ids.

mod deliver;
mod settings;
pub(crate) use settings::NAMES;

use std::sync::Arc;
use std::time::Duration;

use claviger_audit::Follower;
use claviger_pipeline::System;
use claviger_store::{Batch, Record, Records, Space};
use claviger_stream::{Envelope, Pattern, envelopes};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::metrics::{Metrics, SINK_BEHIND};
use deliver::Target;
pub use settings::{Kind, Sink};

/// Where every sink is in the log, by its name.
pub static CURSORS: Space = Space { name: "sink_cursors", indexes: &[], sealed: true };

/// How often the log is looked at.
const PERIOD: Duration = Duration::from_millis(500);
/// Bytes of records handled between two looks.
const BATCH_BYTES: usize = 256 * 1024;
/// Longest wait between two tries of one event.
const RETRY_MAX: Duration = Duration::from_secs(60);
/// The alarm rises when the oldest event that was not delivered is older than this.
const BEHIND_SECONDS_MAX: i64 = 300;

#[derive(Serialize, Deserialize)]
struct Cursor {
    sink: String,
    /// The number of the next record.
    next: u64,
}

impl Record for Cursor {
    const SPACE: &'static Space = &CURSORS;
    fn id(&self) -> String {
        self.sink.clone()
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// One sink, ready to run.
pub struct Stream {
    name: String,
    pattern: Option<Pattern>,
    target: Target,
}

impl Stream {
    /// By its settings.
    ///
    /// # Errors
    /// A pattern, an address or a file cannot be used; says which.
    pub fn new(sink: &Sink) -> anyhow::Result<Self> {
        let pattern = sink.pattern.as_deref().map(Pattern::parse).transpose()?;
        Ok(Self { name: sink.name.clone(), pattern, target: Target::new(sink)? })
    }

    /// Delivers for ever. A sink seen for the first time begins with what happens from now on.
    pub async fn run(self, system: Arc<System>, metrics: Arc<Metrics>) {
        let name = self.name.as_str();
        let mut next = loop {
            match system.store.load::<Cursor>(name).await {
                Ok(Some(stored)) => break stored.record.next,
                Ok(None) => {
                    let next = system.log.head().sequence + 1;
                    keep(&system, name, next).await;
                    break next;
                }
                Err(error) => tracing::error!(sink = name, %error, "the sink's place in the log cannot be read"),
            }
            tokio::time::sleep(PERIOD).await;
        };
        let mut follower = Follower::new(next);
        loop {
            metrics.sink_behind(name, (system.log.head().sequence + 1).saturating_sub(next));
            let records = match follower.read(&system.log, BATCH_BYTES) {
                Ok(records) => records,
                Err(error) => {
                    tracing::error!(sink = name, %error, "the audit log cannot be read");
                    metrics.sink_alarm(SINK_BEHIND, name, true);
                    tokio::time::sleep(RETRY_MAX).await;
                    continue;
                }
            };
            if records.is_empty() {
                metrics.sink_alarm(SINK_BEHIND, name, false);
                tokio::time::sleep(PERIOD).await;
                continue;
            }
            for record in &records {
                for event in envelopes(&record.json) {
                    if self.wants(&event) {
                        self.deliver(&event, &metrics).await;
                    }
                }
                next = record.sequence + 1;
            }
            keep(&system, name, next).await;
        }
    }

    fn wants(&self, event: &Envelope) -> bool {
        let Some(pattern) = &self.pattern else { return true };
        serde_json::to_value(event).is_ok_and(|event| pattern.matches(&event))
    }

    /// Tries until it succeeds.
    async fn deliver(&self, event: &Envelope, metrics: &Metrics) {
        let mut wait = Duration::from_millis(500);
        let mut failing = false;
        loop {
            match self.target.send(event).await {
                Ok(()) => {
                    if failing {
                        tracing::warn!(sink = self.name, "the sink takes events again");
                    }
                    metrics.sink_delivered(&self.name);
                    return;
                }
                Err(error) => {
                    if !failing {
                        tracing::error!(sink = self.name, error = %format!("{error:#}"), "the sink does not take events; they wait");
                    }
                    failing = true;
                    let since = event.time.parse::<Timestamp>().unwrap_or_else(|_| Timestamp::now());
                    let age = Timestamp::now().duration_since(since).as_secs();
                    metrics.sink_alarm(SINK_BEHIND, &self.name, age > BEHIND_SECONDS_MAX);
                }
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(RETRY_MAX);
        }
    }
}

async fn keep(system: &System, sink: &str, next: u64) {
    let mut batch = Batch::default();
    batch.put(&Cursor { sink: sink.to_owned(), next });
    if let Err(error) = system.commit(batch).await {
        // The events since the last cursor would go out again after a restart.
        tracing::warn!(sink, %error, "the sink's place in the log cannot be kept");
    }
}

/// Runs all sinks on a thread of their own until the process stops.
pub fn start(sinks: &[Sink], system: &Arc<System>, metrics: &Arc<Metrics>) -> anyhow::Result<()> {
    if sinks.is_empty() {
        return Ok(());
    }
    let mut names = std::collections::BTreeSet::new();
    let mut streams = Vec::new();
    for sink in sinks {
        anyhow::ensure!(names.insert(&sink.name), "two sinks have the name `{}`", sink.name);
        streams.push(Stream::new(sink).map_err(|error| error.context(format!("sink `{}`", sink.name)))?);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (system, metrics) = (Arc::clone(system), Arc::clone(metrics));
    std::thread::Builder::new().name("sinks".to_owned()).spawn(move || {
        runtime.block_on(async {
            let mut tasks = tokio::task::JoinSet::new();
            for stream in streams {
                tasks.spawn(stream.run(Arc::clone(&system), Arc::clone(&metrics)));
            }
            while tasks.join_next().await.is_some() {}
        });
    })?;
    Ok(())
}
