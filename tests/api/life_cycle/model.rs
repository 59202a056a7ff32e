//! The model: what the documentation says of keys, written without a look at the implementation. Times are seconds.

use std::collections::BTreeMap;

pub(super) const REGIONS: [&str; 3] = ["us-east-1", "eu-west-1", "ap-south-1"];
pub(super) const DAY: i64 = 86_400;
/// What passes after every step, so that what takes seconds is done before the next.
pub(super) const STEP: i64 = 1;
const PERIOD_DEFAULT: i64 = 365;
const ON_DEMAND_MAX: usize = 25;

/// Position of a key with all its replicas, in the order they were made.
pub(super) type Family = usize;
/// Position in [`REGIONS`].
pub(super) type Region = usize;
/// Which of the byte strings that are imported.
pub(super) type Bytes = usize;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Enabled,
    Disabled,
    PendingDeletion,
    PendingReplicaDeletion,
    PendingImport,
}

/// What a call answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expect {
    Success,
    /// Code and text; `{arn0}` is the ARN in the first Region, `{id}` the key id.
    Error(&'static str, String),
    /// An error of this code whose text holds identifiers.
    Code(&'static str),
    /// Two rules apply and the documentation does not say which is first.
    OneOf(Vec<Expect>),
    /// The documentation does not say.
    Unsaid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deletion {
    At(i64),
    AfterReplicas { window: i64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Current,
    NonCurrent,
    Pending,
}

/// A material of a family; bytes only of imported ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Material {
    pub bytes: Option<Bytes>,
    pub stage: Stage,
}

/// Imported bytes as one Region holds them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub expires: Option<i64>,
    pub expired: bool,
}

/// A key in one Region.
#[derive(Clone, Debug, Default)]
pub(super) struct Key {
    pub enabled: bool,
    pub deletion: Option<Deletion>,
    pub held: BTreeMap<Bytes, Held>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Rotation {
    pub period: i64,
    pub next: i64,
}

/// A key with its replicas.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    pub external: bool,
    pub multi: bool,
    pub primary: Region,
    pub keys: BTreeMap<Region, Key>,
    pub materials: Vec<Material>,
    pub rotation: Option<Rotation>,
    pub rotations: usize,
    pub on_demand: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Blob {
    pub family: Family,
    /// Position among the family's materials.
    pub material: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Model {
    pub now: i64,
    pub families: Vec<Keys>,
    /// Region and number of the alias.
    pub aliases: BTreeMap<(Region, usize), Family>,
    pub blobs: Vec<Blob>,
    /// What the last call had to answer.
    pub expected: Expect,
    /// The only family that the last step can have changed, if there is one.
    pub touched: Option<Family>,
    /// By how much the clock moved in the last step, from one event to the next.
    pub hops: Vec<i64>,
}

/// An error with the ARN of a Region's key in its text.
pub(super) fn error(code: &'static str, region: Region, text: &str) -> Expect {
    Expect::Error(code, text.replace("ARN", &format!("{{arn{region}}}")))
}

pub(super) fn one_of(first: Expect, second: Option<Expect>) -> Expect {
    match second {
        Some(second) => Expect::OneOf(vec![first, second]),
        None => first,
    }
}

/// A row of the table of operations and states: Enabled, Disabled, PendingDeletion, PendingReplicaDeletion, PendingImport.
pub(super) struct Row(pub &'static str);

pub(super) const CRYPTOGRAPHY: Row = Row("oDPRI");
pub(super) const SWITCH: Row = Row("ooPRI");
pub(super) const SCHEDULE: Row = Row("ooPRo");
pub(super) const CANCEL: Row = Row("NNooN");
pub(super) const ROTATION: Row = Row("oDPRI");
pub(super) const ALIAS: Row = Row("ooPRo");
pub(super) const IMPORT: Row = Row("ooPRo");

impl Row {
    pub(super) fn refusal(&self, state: State, region: Region) -> Option<Expect> {
        let says = |what| Some(error("KMSInvalidStateException", region, what));
        match self.0.as_bytes()[state as usize] {
            b'D' => Some(error("DisabledException", region, "ARN is disabled.")),
            b'P' => says("ARN is pending deletion."),
            b'R' => says("ARN is pending replica deletion."),
            b'I' => says("ARN is pending import."),
            b'N' => says("ARN is not pending deletion."),
            _ => None,
        }
    }
}

impl Keys {
    pub(super) fn new(external: bool, multi: bool, region: Region) -> Self {
        let materials = if external { vec![] } else { vec![Material { bytes: None, stage: Stage::Current }] };
        let key = Key { enabled: true, ..Key::default() };
        let keys = BTreeMap::from([(region, key)]);
        Self { external, multi, primary: region, keys, materials, rotation: None, rotations: 0, on_demand: 0 }
    }

    /// Whether a Region lacks material that encrypted once.
    pub(super) fn lacks_material(&self, region: Region) -> bool {
        let there = |bytes| self.keys[&region].held.get(&bytes).is_some_and(|held| !held.expired);
        let mut needed = self.materials.iter().filter(|material| material.stage != Stage::Pending);
        self.external && (self.materials.is_empty() || needed.any(|material| !material.bytes.is_some_and(there)))
    }

    pub(super) fn state(&self, region: Region) -> State {
        let key = &self.keys[&region];
        match key.deletion {
            Some(Deletion::At(_)) => State::PendingDeletion,
            Some(Deletion::AfterReplicas { .. }) => State::PendingReplicaDeletion,
            None if self.lacks_material(region) => State::PendingImport,
            None if key.enabled => State::Enabled,
            None => State::Disabled,
        }
    }

    pub(super) fn current(&self) -> Option<usize> {
        self.materials.iter().position(|material| material.stage == Stage::Current)
    }

    pub(super) fn pending(&self) -> Option<Bytes> {
        self.materials.iter().find(|material| material.stage == Stage::Pending)?.bytes
    }

    pub(super) fn is_replica(&self, region: Region) -> bool {
        self.multi && region != self.primary
    }

    /// The staged material, or a fresh one, becomes the current one.
    fn rotate(&mut self) {
        for material in &mut self.materials {
            material.stage = if material.stage == Stage::Pending { Stage::Current } else { Stage::NonCurrent };
        }
        if !self.external {
            self.materials.push(Material { bytes: None, stage: Stage::Current });
        }
        self.rotations += 1;
    }

    fn rotates_by_itself(&self) -> bool {
        self.keys.contains_key(&self.primary) && self.state(self.primary) == State::Enabled
    }

    pub(super) fn enable(&mut self, region: Region) {
        self.key(region).enabled = true;
    }

    pub(super) fn key(&mut self, region: Region) -> &mut Key {
        self.keys.get_mut(&region).expect("a precondition")
    }

    pub(super) fn schedule(&mut self, region: Region, now: i64, window: i64) {
        let replicas = self.multi && region == self.primary && self.keys.len() > 1;
        let deletion = if replicas { Deletion::AfterReplicas { window } } else { Deletion::At(now + window * DAY) };
        self.key(region).deletion = Some(deletion);
    }

    /// Two rules in one: while it is on, an absent or equal period changes nothing.
    pub(super) fn turn_rotation_on(&mut self, now: i64, period: Option<i64>) {
        let asked = period.unwrap_or(PERIOD_DEFAULT);
        match self.rotation {
            Some(known) if period.is_none_or(|period| period == known.period) => {}
            _ => self.rotation = Some(Rotation { period: asked, next: now + asked * DAY }),
        }
    }

    /// What a request to rotate now answers when the key's state allows it.
    pub(super) fn on_demand_refusal(&self, region: Region) -> Option<Expect> {
        if self.is_replica(region) {
            let text = "ARN is a multi-region replica key which is not valid for RotateKeyOnDemand.";
            return Some(error("UnsupportedOperationException", region, text));
        }
        if self.external {
            let Some(pending) = self.pending() else {
                let text = "No available key material pending rotation for the key: ARN.";
                return Some(error("KMSInvalidStateException", region, text));
            };
            if self.keys.values().any(|key| !key.held.contains_key(&pending)) {
                let text = "Cannot perform key material rotation: Key material has not been imported for replicas of \
                            the Multi-Region key.";
                return Some(error("KMSInvalidStateException", region, text));
            }
        }
        (self.on_demand >= ON_DEMAND_MAX).then_some(Expect::Code("LimitExceededException"))
    }

    pub(super) fn rotate_on_demand(&mut self) {
        self.on_demand += 1;
        self.rotate();
    }
}

impl Model {
    pub(super) fn new() -> Self {
        let (families, aliases, blobs) = (Vec::new(), BTreeMap::new(), Vec::new());
        Self { now: 0, families, aliases, blobs, expected: Expect::Success, touched: None, hops: Vec::new() }
    }

    /// Lets time pass, from one thing that happens to the next.
    pub(super) fn pass(&mut self, seconds: i64) {
        let end = self.now + seconds;
        while let Some(next) = self.next_event().filter(|next| *next <= end) {
            let next = next.max(self.now);
            self.hops.push(next - self.now);
            self.now = next;
            self.do_what_is_due();
        }
        self.hops.push(end - self.now);
        self.now = end;
    }

    fn next_event(&self) -> Option<i64> {
        let of_family = |keys: &Keys| {
            let rotation = keys.rotation.filter(|_| keys.rotates_by_itself()).map(|rotation| rotation.next);
            let mut times: Vec<i64> = rotation.into_iter().collect();
            for key in keys.keys.values() {
                times.extend(key.deletion.and_then(|deletion| match deletion {
                    Deletion::At(time) => Some(time),
                    Deletion::AfterReplicas { .. } => None,
                }));
                times.extend(key.held.values().filter(|held| !held.expired).filter_map(|held| held.expires));
            }
            times.into_iter().min()
        };
        self.families.iter().filter_map(of_family).min()
    }

    fn do_what_is_due(&mut self) {
        let now = self.now;
        for (family, keys) in self.families.iter_mut().enumerate() {
            for key in keys.keys.values_mut() {
                for held in key.held.values_mut() {
                    held.expired |= held.expires.is_some_and(|time| time <= now);
                }
            }
            let gone: Vec<Region> = keys
                .keys
                .iter()
                .filter(|(_, key)| matches!(key.deletion, Some(Deletion::At(time)) if time <= now))
                .map(|(region, _)| *region)
                .collect();
            for region in gone {
                keys.keys.remove(&region);
                self.aliases.retain(|(there, _), target| (*there, *target) != (region, family));
                if keys.keys.len() == 1
                    && let Some(key) = keys.keys.get_mut(&keys.primary)
                    && let Some(Deletion::AfterReplicas { window }) = key.deletion
                {
                    key.deletion = Some(Deletion::At(now + window * DAY));
                }
            }
            if keys.rotates_by_itself()
                && let Some(Rotation { period, next }) = keys.rotation
                && next <= now
            {
                keys.rotate();
                keys.rotation = Some(Rotation { period, next: now + period * DAY });
            }
        }
    }
}
