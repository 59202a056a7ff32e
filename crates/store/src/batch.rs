//! Spaces, rows, and the batches that change them.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::{Record, StoreError, rules};

/// A kind of record. Declared once, as a static, by the service that owns it.
#[derive(Debug, PartialEq, Eq)]
pub struct Space {
    /// Unique among all spaces; lower-case letters, digits and `_`, starting with a letter, at
    /// most [`rules::MAX_NAME`] long. It becomes a table name.
    pub name: &'static str,
    /// The indexes its records may be listed by; names as for spaces.
    pub indexes: &'static [&'static str],
    /// Whether [`SealedStore`](crate::SealedStore) encrypts the values. `false` only for what is
    /// needed to obtain the sealing key itself. Ids and index keys are never encrypted.
    pub sealed: bool,
}

/// A record as it was read.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// Its id within the space.
    pub id: Arc<str>,
    /// Its version; grows with every put.
    pub version: u64,
    /// Its content.
    pub value: Arc<[u8]>,
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row")
            .field("id", &self.id)
            .field("version", &self.version)
            .field("len", &self.value.len())
            .finish()
    }
}

/// What must be true of a record, as it was before the batch, for the batch to be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Anything goes.
    Any,
    /// There is no such record.
    Absent,
    /// The record is there and has exactly this version.
    Version(u64),
}

/// One part of a batch.
#[derive(Clone, PartialEq, Eq)]
pub enum Change {
    /// Create or replace a record together with its index entries.
    Put {
        /// Where.
        space: &'static Space,
        /// Under which id.
        id: String,
        /// The whole new content, at most [`rules::MAX_VALUE`] bytes.
        value: Vec<u8>,
        /// `(index, key)`: all index entries the record has from now on. An index may occur
        /// several times with different keys; the record is then listed under each.
        index: Vec<(&'static str, String)>,
        /// The condition.
        expect: Expect,
    },
    /// Remove a record and its index entries; removing what is not there is not an error unless
    /// the expectation says so.
    Delete {
        /// Where.
        space: &'static Space,
        /// Which.
        id: String,
        /// The condition.
        expect: Expect,
    },
    /// Change nothing, but insist on the condition.
    Check {
        /// Where.
        space: &'static Space,
        /// Which.
        id: String,
        /// The condition.
        expect: Expect,
    },
}

impl Change {
    /// The space the change is about.
    pub fn space(&self) -> &'static Space {
        match self {
            Self::Put { space, .. } | Self::Delete { space, .. } | Self::Check { space, .. } => space,
        }
    }

    /// The id the change is about.
    pub fn id(&self) -> &str {
        match self {
            Self::Put { id, .. } | Self::Delete { id, .. } | Self::Check { id, .. } => id,
        }
    }

    /// The condition of the change.
    pub fn expect(&self) -> Expect {
        match self {
            Self::Put { expect, .. } | Self::Delete { expect, .. } | Self::Check { expect, .. } => *expect,
        }
    }

    fn writes(&self) -> bool {
        !matches!(self, Self::Check { .. })
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Put { .. } => "Put",
            Self::Delete { .. } => "Delete",
            Self::Check { .. } => "Check",
        };
        let mut out = f.debug_struct(kind);
        out.field("space", &self.space().name).field("id", &self.id()).field("expect", &self.expect());
        if let Self::Put { value, index, .. } = self {
            out.field("len", &value.len()).field("index", index);
        }
        out.finish()
    }
}

/// A change as engines see it: with the version the writer stated for a put, if one did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The change.
    pub change: Change,
    /// The version the record is to get. Wrappers that bind content to its version state it; it
    /// must be new for the id and not above the revision of the commit
    /// ([`rules::next_version`]). `None`: the engine chooses.
    pub version: Option<u64>,
}

/// A condition on a lease: the batch is applied only while the lease's token is still this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// The lease.
    pub name: String,
    /// The token [`Store::lease`](crate::Store::lease) gave.
    pub token: u64,
}

impl Fence {
    /// What a conflict names as the space when a lease was lost.
    pub const SPACE: &'static str = "leases";
}

/// Changes that are applied together or not at all.
///
/// A batch may put or delete an id at most once; conditions speak of the state before the batch.
#[derive(Debug, Default, Clone)]
pub struct Batch {
    steps: Vec<Step>,
    fences: Vec<Fence>,
    broken: Option<StoreError>,
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a change.
    pub fn push(&mut self, change: Change) {
        self.steps.push(Step { change, version: None });
    }

    /// Adds a change whose resulting version the caller states; see [`Step::version`].
    pub fn push_step(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// Adds everything of another batch, or a list of changes.
    pub fn extend(&mut self, other: impl Into<Batch>) {
        let other = other.into();
        self.steps.extend(other.steps);
        self.fences.extend(other.fences);
        self.broken = self.broken.take().or(other.broken);
    }

    /// Makes the batch fail with a conflict unless the lease still has this token, so that a
    /// holder that was overtaken cannot write.
    pub fn fence(&mut self, name: impl Into<String>, token: u64) {
        let name = name.into();
        self.fences.push(Fence { name, token });
    }

    /// Creates a record; a conflict if the id is taken.
    pub fn insert<R: Record>(&mut self, record: &R) {
        self.put_expecting(record, Expect::Absent);
    }

    /// Replaces the record that was loaded with `version`; a conflict if it changed since.
    pub fn update<R: Record>(&mut self, version: u64, record: &R) {
        self.put_expecting(record, Expect::Version(version));
    }

    /// Creates or replaces a record, whatever was there.
    pub fn put<R: Record>(&mut self, record: &R) {
        self.put_expecting(record, Expect::Any);
    }

    /// Removes a record; with a version, only if it still has that one.
    pub fn remove<R: Record>(&mut self, id: impl Into<String>, version: Option<u64>) {
        self.push(Change::Delete {
            space: R::SPACE,
            id: id.into(),
            expect: version.map_or(Expect::Any, Expect::Version),
        });
    }

    /// Insists on a condition without changing the record.
    pub fn check<R: Record>(&mut self, id: impl Into<String>, expect: Expect) {
        self.push(Change::Check { space: R::SPACE, id: id.into(), expect });
    }

    /// Whether there is nothing to change and nothing to check.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.fences.is_empty()
    }

    /// How many changes and checks it holds.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// The changes, in the order they were added.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The changes, to be altered by a wrapper on their way down.
    pub fn steps_mut(&mut self) -> &mut [Step] {
        &mut self.steps
    }

    /// The changes, taken out.
    pub fn into_steps(self) -> Vec<Step> {
        self.steps
    }

    /// The conditions on leases.
    pub fn fences(&self) -> &[Fence] {
        &self.fences
    }

    /// Whether applying it would change any record, and so make a new revision.
    pub fn writes(&self) -> bool {
        self.steps.iter().any(|step| step.change.writes())
    }

    /// Refuses what no engine accepts. Every engine calls this first.
    pub fn validate(&self) -> Result<(), StoreError> {
        if let Some(broken) = &self.broken {
            return Err(broken.clone());
        }
        let mut written = HashSet::new();
        for step in &self.steps {
            rules::check_change(&step.change)?;
            let key = (step.change.space().name, step.change.id());
            if self.steps.len() > 1 && step.change.writes() && !written.insert(key) {
                return Err(StoreError::Invalid(format!(
                    "record {:?} in space {} is changed twice in one batch",
                    key.1, key.0
                )));
            }
        }
        Ok(())
    }

    fn put_expecting<R: Record>(&mut self, record: &R, expect: Expect) {
        let id = record.id();
        match serde_json::to_vec(record) {
            Ok(value) => self.push(Change::Put { space: R::SPACE, id, value, index: record.index(), expect }),
            // The caller learns of it from the commit, where it handles errors anyway.
            Err(error) => {
                self.broken.get_or_insert(StoreError::Invalid(format!(
                    "record {id:?} in space {} cannot be encoded: {:?}",
                    R::SPACE.name,
                    error.classify()
                )));
            }
        }
    }
}

impl From<Vec<Change>> for Batch {
    fn from(changes: Vec<Change>) -> Self {
        let mut batch = Self::default();
        changes.into_iter().for_each(|change| batch.push(change));
        batch
    }
}
