//! The store over its connections.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

use claviger_store::{Batch, BoxFuture, Changed, CommitError, Page, Row, Scan, Space, Store, StoreError};
use tokio::sync::oneshot;

use crate::open::{self, Options};
use crate::read::Readers;
use crate::spaces::Spaces;
use crate::writer::{Job, Writer};
use crate::{OpenError, snapshot};

/// A store in one SQLite file.
///
/// Dropping it finishes the queue, folds the log back and closes the file; commits whose future
/// was dropped after it was first polled are among what is finished.
pub struct SqliteStore {
    path: PathBuf,
    spaces: Arc<Spaces>,
    readers: Option<Readers>,
    queue: Option<Sender<Job>>,
    writer: Option<JoinHandle<()>>,
}

impl SqliteStore {
    /// Opens the store in the file `path`, creating it if nothing is there; its folder must exist.
    /// `spaces` are all spaces that will be used, the same or more at every opening.
    pub fn open(path: &Path, spaces: &[&'static Space], options: Options) -> Result<Arc<Self>, OpenError> {
        let spaces = Arc::new(Spaces::new(spaces)?);
        let db = open::writer(path, &spaces, &options)?;
        let readers = Readers::open(path, &spaces)?;
        let writer = Writer::new(db, spaces.clone(), options).map_err(|error| open::open_error(path, &error))?;
        let (queue, jobs) = mpsc::channel();
        let thread = thread::Builder::new().name("store-writer".into()).spawn(move || writer.run(&jobs));
        let thread = thread.map_err(|source| OpenError::Io { path: path.to_owned(), source })?;
        Ok(Arc::new(Self {
            path: path.to_owned(),
            spaces,
            readers: Some(readers),
            queue: Some(queue),
            writer: Some(thread),
        }))
    }

    fn readers(&self) -> Result<&Readers, StoreError> {
        self.readers.as_ref().ok_or(StoreError::Closed)
    }

    /// Hands a job to the writer and waits for its answer.
    async fn ask<T, E: From<StoreError>>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, E>>) -> Job,
    ) -> Result<T, E> {
        let (reply, answer) = oneshot::channel();
        let sent = self.queue.as_ref().map(|queue| queue.send(job(reply)));
        if !matches!(sent, Some(Ok(()))) {
            return Err(StoreError::Closed.into());
        }
        match answer.await {
            Ok(result) => result,
            Err(_) => Err(StoreError::OutcomeUnknown("the writer ended before it answered".into()).into()),
        }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        // The readers go first: the connection that is closed last folds the log back, and only
        // the writer's may write.
        self.readers = None;
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has nothing left to finish.
            let _ = writer.join();
        }
    }
}

impl Store for SqliteStore {
    fn get<'a>(&'a self, space: &'static Space, id: &'a str) -> BoxFuture<'a, Result<Option<Row>, StoreError>> {
        Box::pin(async move { self.readers()?.get(&self.spaces, space, id) })
    }

    fn get_many<'a>(
        &'a self,
        space: &'static Space,
        ids: &'a [String],
    ) -> BoxFuture<'a, Result<Vec<Option<Row>>, StoreError>> {
        Box::pin(async move { self.readers()?.get_many(&self.spaces, space, ids) })
    }

    fn scan<'a>(&'a self, scan: Scan<'a>) -> BoxFuture<'a, Result<Page, StoreError>> {
        Box::pin(async move { self.readers()?.scan(&self.spaces, &scan) })
    }

    fn count<'a>(&'a self, space: &'static Space, prefix: &'a str) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(async move { self.readers()?.count(&self.spaces, space, prefix) })
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<u64, CommitError>> {
        Box::pin(async move {
            batch.validate()?;
            self.ask(|reply| Job::Commit { batch, reply }).await
        })
    }

    fn revision(&self) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(async move { self.readers()?.revision() })
    }

    fn changes(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<Changed>, StoreError>> {
        Box::pin(async move { self.readers()?.changes(after, limit) })
    }

    fn lease<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        now_ms: i64,
        ttl_ms: i64,
    ) -> BoxFuture<'a, Result<Option<u64>, StoreError>> {
        let (name, holder) = (name.to_owned(), holder.to_owned());
        Box::pin(self.ask(move |reply| Job::Lease { name, holder, now_ms, ttl_ms, reply }))
    }

    fn release<'a>(&'a self, name: &'a str, holder: &'a str) -> BoxFuture<'a, Result<bool, StoreError>> {
        let (name, holder) = (name.to_owned(), holder.to_owned());
        Box::pin(self.ask(move |reply| Job::Release { name, holder, reply }))
    }

    fn snapshot<'a>(&'a self, to: &'a Path) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let (from, to) = (self.path.clone(), to.to_owned());
            let (reply, answer) = oneshot::channel();
            let work = move || drop(reply.send(snapshot::write(&from, &to)));
            let spawned = thread::Builder::new().name("store-snapshot".into()).spawn(work);
            spawned.map_err(|error| StoreError::Unavailable(error.to_string()))?;
            answer.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the snapshot was cut short".into())))
        })
    }

    fn scrub(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.ask(|reply| Job::Scrub { reply }))
    }
}
