//! Three stores and a model that is too simple to be wrong, in step through random histories.

use std::collections::BTreeMap;

use claviger_store::{Changed, CommitError, MemoryStore, Page, Row, Scan};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use super::*;

const IDS: [&str; 7] = ["", "a", "a/1", "a/2", "a\0", "b", "\u{fc}"];
const KEYS: [&str; 6] = ["", "g", "g/1", "g/2", "g\u{10ffff}", "h"];

#[derive(Debug, Clone, Copy)]
enum Kind {
    Put,
    Delete,
    Check,
}

/// A condition that is made concrete when it is known what is there.
#[derive(Debug, Clone, Copy)]
enum Condition {
    Any,
    Absent,
    /// The version it has, or version 1 if it is not there.
    Current,
    /// A version it does not have.
    Wrong,
}

#[derive(Debug, Clone)]
struct Op {
    kind: Kind,
    space: &'static Space,
    id: &'static str,
    value: u8,
    keys: Vec<(&'static str, &'static str)>,
    condition: Condition,
}

#[derive(Debug, Clone, Copy)]
struct Listing {
    space: &'static Space,
    index: Option<&'static str>,
    prefix: &'static str,
    up_to: Option<&'static str>,
    limit: usize,
}

#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<Op>),
    /// From the beginning, page after page.
    List(Listing),
    /// Begin a listing that is gone on with after other things have happened.
    Begin(Listing),
    GoOn,
    Changes {
        back: u64,
        limit: usize,
    },
    Reopen,
}

/// What a step gives, in terms every store can be compared in.
#[derive(Debug, Clone, PartialEq)]
enum Expected {
    Nothing,
    Revision(u64),
    Conflict(&'static str, String),
    Rows(Vec<Item>),
    Page(Vec<Item>, bool),
    Changes(Vec<Changed>),
}

/// Id, version, value. Below a seal, versions may run ahead.
type Item = (String, u64, Vec<u8>);

#[derive(Debug, Clone, Default)]
struct Entry {
    version: u64,
    value: Vec<u8>,
    keys: Vec<(&'static str, &'static str)>,
}

#[derive(Debug, Clone)]
struct Model {
    spaces: BTreeMap<&'static str, BTreeMap<&'static str, Entry>>,
    feed: Vec<Changed>,
    revision: u64,
    /// The listing under way and the (key, id) it has come to.
    listing: Option<(Listing, (String, String))>,
    expected: Expected,
}

impl Model {
    fn entry(&self, op: &Op) -> Option<&Entry> {
        self.spaces.get(op.space.name)?.get(op.id)
    }

    fn commit(&mut self, ops: &[Op]) -> Expected {
        for op in ops {
            let there = self.entry(op).is_some();
            let holds = match op.condition {
                Condition::Any => true,
                Condition::Absent => !there,
                Condition::Current => there,
                Condition::Wrong => false,
            };
            if !holds {
                return Expected::Conflict(op.space.name, op.id.into());
            }
        }
        if ops.iter().all(|op| matches!(op.kind, Kind::Check)) {
            return Expected::Revision(self.revision);
        }
        self.revision += 1;
        let mut changed = Vec::new();
        for op in ops {
            let version = self.entry(op).map_or(self.revision, |entry| entry.version + 1);
            let records = self.spaces.entry(op.space.name).or_default();
            let touched = match op.kind {
                Kind::Check => false,
                Kind::Delete => records.remove(op.id).is_some(),
                Kind::Put => {
                    records.insert(op.id, Entry { version, value: vec![op.value], keys: op.keys.clone() });
                    true
                }
            };
            if touched {
                changed.push(Changed { revision: self.revision, space: op.space.name.into(), id: op.id.into() });
            }
        }
        changed.sort();
        self.feed.extend(changed);
        Expected::Revision(self.revision)
    }

    /// Everything a listing covers, as ((key, id), item), in order.
    fn list(&self, listing: &Listing) -> Vec<((String, String), Item)> {
        let mut found = Vec::new();
        for (id, entry) in self.spaces.get(listing.space.name).into_iter().flatten() {
            let mut keys: Vec<&str> = match listing.index {
                None => vec![id],
                Some(index) => entry.keys.iter().filter(|(name, _)| *name == index).map(|(_, key)| *key).collect(),
            };
            keys.sort_unstable();
            keys.dedup();
            keys.retain(|key| key.starts_with(listing.prefix) && listing.up_to.is_none_or(|limit| *key <= limit));
            let item = ((*id).to_owned(), entry.version, entry.value.clone());
            found.extend(keys.into_iter().map(|key| ((key.to_owned(), (*id).to_owned()), item.clone())));
        }
        found.sort();
        found
    }

    fn page(&mut self, listing: Listing, after: Option<(String, String)>) -> Expected {
        let mut rest = self.list(&listing);
        rest.retain(|(position, _)| after.as_ref().is_none_or(|after| position > after));
        let more = rest.len() > listing.limit;
        rest.truncate(listing.limit);
        self.listing = rest.last().filter(|_| more).map(|(position, _)| (listing, position.clone()));
        Expected::Page(rest.into_iter().map(|(_, item)| item).collect(), more)
    }

    fn changes(&self, after: u64, limit: usize) -> Vec<Changed> {
        let all: Vec<_> = self.feed.iter().filter(|changed| changed.revision > after).cloned().collect();
        let last = all.iter().take(limit).next_back().map(|changed| changed.revision);
        all.into_iter().filter(|changed| Some(changed.revision) <= last).collect()
    }
}

fn op() -> impl Strategy<Value = Op> {
    let kind = prop_oneof![5 => Just(Kind::Put), 2 => Just(Kind::Delete), 1 => Just(Kind::Check)];
    let condition = prop_oneof![
        8 => Just(Condition::Any),
        3 => Just(Condition::Absent),
        5 => Just(Condition::Current),
        1 => Just(Condition::Wrong),
    ];
    let key = (select(THINGS.indexes), select(&KEYS[..]));
    (kind, select(SPACES), select(&IDS[..]), any::<u8>(), vec(key, 0..4), condition).prop_map(
        |(kind, space, id, value, keys, condition)| {
            let keys = if space.indexes.is_empty() { vec![] } else { keys };
            Op { kind, space, id, value, keys, condition }
        },
    )
}

fn listing() -> impl Strategy<Value = Listing> {
    let prefix = select(vec!["", "a", "a/", "g", "g/", "g\u{10ffff}"]);
    let up_to = proptest::option::of(select(vec!["a/1", "g/1", "g", "z"]));
    (select(SPACES), 0..3_usize, prefix, up_to, 1..4_usize).prop_map(|(space, index, prefix, up_to, limit)| {
        let index = space.indexes.get(index).copied();
        Listing { space, index, prefix, up_to, limit }
    })
}

impl ReferenceStateMachine for Model {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self { spaces: BTreeMap::new(), feed: vec![], revision: 0, listing: None, expected: Expected::Nothing })
            .boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Step> {
        // A batch writes an id once; checks beside are free.
        let commit = vec(op(), 1..5).prop_map(|mut ops: Vec<Op>| {
            let mut written = Vec::new();
            ops.retain(|op| {
                let key = (op.space.name, op.id);
                let keep = matches!(op.kind, Kind::Check) || !written.contains(&key);
                written.push(key);
                keep
            });
            Step::Commit(ops)
        });
        prop_oneof![
            10 => commit,
            3 => listing().prop_map(Step::List),
            2 => listing().prop_map(Step::Begin),
            4 => Just(Step::GoOn),
            1 => (0..10_u64, 0..4_usize).prop_map(|(back, limit)| Step::Changes { back, limit }),
            1 => Just(Step::Reopen),
        ]
        .boxed()
    }

    fn apply(mut state: Self, step: &Step) -> Self {
        state.expected = match step {
            Step::Commit(ops) => state.commit(ops),
            Step::List(listing) => Expected::Rows(state.list(listing).into_iter().map(|(_, item)| item).collect()),
            Step::Begin(listing) => state.page(*listing, None),
            Step::GoOn => match state.listing.take() {
                Some((listing, position)) => state.page(listing, Some(position)),
                None => Expected::Nothing,
            },
            Step::Changes { back, limit } => {
                Expected::Changes(state.changes(state.revision.saturating_sub(*back), (*limit).max(1)))
            }
            Step::Reopen => Expected::Nothing,
        };
        state
    }
}

/// One store under test.
struct Subject {
    store: Arc<dyn Store>,
    /// How to come back to the same data, if it is kept anywhere.
    reopen: Option<Box<dyn Fn() -> Arc<dyn Store>>>,
    /// Whether versions are exactly the model's.
    exact: bool,
    listing: Option<(Listing, String)>,
}

impl Subject {
    fn concrete(&self, op: &Op) -> Change {
        let (space, id) = (op.space, op.id.to_owned());
        let current = block_on(self.store.get(space, &id)).unwrap().map_or(1, |row| row.version);
        let expect = match op.condition {
            Condition::Any => Expect::Any,
            Condition::Absent => Expect::Absent,
            Condition::Current => Expect::Version(current),
            Condition::Wrong => Expect::Version(current + 1000),
        };
        match op.kind {
            Kind::Check => Change::Check { space, id, expect },
            Kind::Delete => Change::Delete { space, id, expect },
            Kind::Put => {
                let index = op.keys.iter().map(|(name, key)| (*name, (*key).to_owned())).collect();
                Change::Put { space, id, value: vec![op.value], index, expect }
            }
        }
    }

    fn item(&self, row: &Row, like: Option<&Item>) -> Item {
        let version = match like {
            Some(like) if !self.exact => {
                assert!(row.version >= like.1);
                like.1
            }
            _ => row.version,
        };
        (row.id.to_string(), version, row.value.to_vec())
    }

    fn items(&self, rows: &[Row], like: &[Item]) -> Vec<Item> {
        rows.iter().enumerate().map(|(at, row)| self.item(row, like.get(at))).collect()
    }

    fn page(&mut self, listing: Listing, after: Option<&str>) -> Page {
        let Listing { space, index, prefix, up_to, limit } = listing;
        let page = block_on(self.store.scan(Scan { space, index, prefix, up_to, after, limit })).unwrap();
        self.listing = page.next.clone().map(|next| (listing, next));
        page
    }

    fn step(&mut self, step: &Step, expected: &Expected, revision: u64) -> Expected {
        let like = match expected {
            Expected::Rows(items) | Expected::Page(items, _) => items.as_slice(),
            _ => &[],
        };
        match step {
            Step::Commit(ops) => {
                let changes: Vec<Change> = ops.iter().map(|op| self.concrete(op)).collect();
                match block_on(self.store.commit(changes.into())) {
                    Ok(revision) => Expected::Revision(revision),
                    Err(CommitError::Conflict { space, id }) => Expected::Conflict(space, id),
                    Err(other) => panic!("{other}"),
                }
            }
            Step::List(listing) => {
                let (mut rows, mut after) = (Vec::new(), None);
                let kept = self.listing.take();
                loop {
                    let page = self.page(*listing, after.as_deref());
                    rows.extend(page.rows);
                    after = page.next;
                    if after.is_none() {
                        self.listing = kept;
                        return Expected::Rows(self.items(&rows, like));
                    }
                }
            }
            Step::Begin(listing) => {
                let page = self.page(*listing, None);
                Expected::Page(self.items(&page.rows, like), page.next.is_some())
            }
            Step::GoOn => match self.listing.take() {
                Some((listing, cursor)) => {
                    let page = self.page(listing, Some(&cursor));
                    Expected::Page(self.items(&page.rows, like), page.next.is_some())
                }
                None => Expected::Nothing,
            },
            Step::Changes { back, limit } => {
                Expected::Changes(block_on(self.store.changes(revision.saturating_sub(*back), *limit)).unwrap())
            }
            Step::Reopen => {
                if let Some(reopen) = &self.reopen {
                    // Closed first: the last reference goes before the file is opened again.
                    self.store = MemoryStore::new();
                    self.store = reopen();
                }
                Expected::Nothing
            }
        }
    }
}

struct Trio {
    subjects: Vec<Subject>,
    _places: [Place; 2],
}

impl StateMachineTest for Trio {
    type SystemUnderTest = Self;
    type Reference = Model;

    fn init_test(_: &Model) -> Self {
        let places = [Place::new(), Place::new()];
        let [plain, sealed] = [places[0].path(), places[1].path()];
        let open = |path: &PathBuf| SqliteStore::open(path, SPACES, quick()).unwrap();
        let plain = move || open(&plain) as Arc<dyn Store>;
        let sealed = move || {
            let key = Secret::take(&mut [3; 32]);
            CachedStore::new(SealedStore::new(open(&sealed), key), 4) as Arc<dyn Store>
        };
        let subject = |store, reopen, exact| Subject { store, reopen, exact, listing: None };
        Self {
            subjects: vec![
                subject(MemoryStore::new(), None, true),
                subject(plain(), Some(Box::new(plain)), true),
                subject(sealed(), Some(Box::new(sealed)), false),
            ],
            _places: places,
        }
    }

    fn apply(mut state: Self, model: &Model, step: Step) -> Self {
        for (at, subject) in state.subjects.iter_mut().enumerate() {
            assert_eq!(subject.step(&step, &model.expected, model.revision), model.expected, "store {at}");
        }
        state
    }

    fn check_invariants(state: &Self, model: &Model) {
        for subject in &state.subjects {
            assert_eq!(block_on(subject.store.revision()), Ok(model.revision));
            for space in SPACES {
                let ids = IDS.map(String::from);
                let rows = block_on(subject.store.get_many(space, &ids)).unwrap();
                for (id, many) in ids.iter().zip(rows) {
                    let one = block_on(subject.store.get(space, id)).unwrap();
                    assert_eq!(one, many);
                    let entry = model.spaces.get(space.name).and_then(|records| records.get(id.as_str()));
                    let like = entry.map(|entry| (id.clone(), entry.version, entry.value.clone()));
                    assert_eq!(one.map(|row| subject.item(&row, like.as_ref())), like);
                }
            }
        }
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn stores_and_model_stay_in_step(sequential 1..50 => Trio);
}
