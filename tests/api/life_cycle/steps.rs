//! What can be done to keys, and what the model says comes of it.

use proptest::prelude::*;
use proptest::sample::Index;
use proptest_state_machine::ReferenceStateMachine;

use super::model::{
    ALIAS, Blob, Bytes, CANCEL, CRYPTOGRAPHY, DAY, Deletion, Expect, Family, Held, IMPORT, Key, Keys, Material, Model,
    REGIONS, ROTATION, Region, SCHEDULE, STEP, SWITCH, Stage, error, one_of,
};

const FAMILIES_MAX: usize = 3;
const ALIASES: usize = 2;
const BYTES: usize = 3;

/// How an import names what it brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ImportType {
    Unsaid,
    New,
    Existing,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Create {
        external: bool,
        multi: bool,
        region: Region,
    },
    Enable(Family, Region),
    Disable(Family, Region),
    Schedule(Family, Region, i64),
    Cancel(Family, Region),
    RotationOn(Family, Region, Option<i64>),
    RotationOff(Family, Region),
    /// Followed by DisableKey before it is done, if so.
    RotateNow(Family, Region, bool),
    Encrypt(Family, Region),
    CreateAlias(usize, Family, Region),
    UpdateAlias(usize, Family, Region),
    DeleteAlias(usize, Region),
    Import {
        family: Family,
        region: Region,
        bytes: Bytes,
        kind: ImportType,
        days: Option<i64>,
    },
    DeleteMaterial(Family, Region, Option<Bytes>),
    Replicate(Family, Region, Region),
    Promote(Family, Region, Region),
    Pass(i64),
}

impl Step {
    /// The family whose key it is about.
    fn family(&self) -> Option<Family> {
        match *self {
            Self::Enable(family, _)
            | Self::Disable(family, _)
            | Self::Schedule(family, ..)
            | Self::Cancel(family, _)
            | Self::RotationOn(family, ..)
            | Self::RotationOff(family, _)
            | Self::RotateNow(family, ..)
            | Self::Encrypt(family, _)
            | Self::Import { family, .. }
            | Self::DeleteMaterial(family, ..)
            | Self::Replicate(family, ..)
            | Self::Promote(family, ..) => Some(family),
            Self::Create { .. }
            | Self::CreateAlias(..)
            | Self::UpdateAlias(..)
            | Self::DeleteAlias(..)
            | Self::Pass(_) => None,
        }
    }
}

/// The model as a machine.
pub(super) struct Documented;

impl ReferenceStateMachine for Documented {
    type State = Model;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Model> {
        Just(Model::new()).boxed()
    }

    fn transitions(model: &Model) -> BoxedStrategy<Step> {
        let region = || 0..REGIONS.len();
        let create = (any::<bool>(), any::<bool>(), region()).prop_map(|(external, multi, region)| Step::Create {
            external,
            multi,
            region,
        });
        let keys: Vec<(Family, Region)> = (model.families.iter().enumerate())
            .flat_map(|(family, keys)| keys.keys.keys().map(move |region| (family, *region)))
            .collect();
        let days = prop_oneof![Just(1), Just(7), Just(8), Just(30), Just(90), Just(400)];
        let pass = days.prop_map(|days| Step::Pass(days * DAY));
        if keys.is_empty() {
            return prop_oneof![4 => create, 1 => pass].boxed();
        }
        let families = model.families.clone();
        let any_key = move || proptest::sample::select(keys.clone());
        let period = prop_oneof![Just(None), Just(Some(90)), Just(Some(365))];
        let window = prop_oneof![Just(7), Just(30)];
        let kind = prop_oneof![Just(ImportType::Unsaid), Just(ImportType::New), Just(ImportType::Existing)];
        let expiry = prop_oneof![2 => Just(None), 1 => Just(Some(5)), 1 => Just(Some(100))];
        let delete = (any_key(), any::<Index>()).prop_map(move |((family, region), which)| {
            let mut choices = vec![None];
            choices.extend(families[family].materials.iter().map(|material| material.bytes));
            Step::DeleteMaterial(family, region, *which.get(&choices))
        });
        let keys = prop_oneof![
            2 => any_key().prop_map(|(family, region)| Step::Enable(family, region)),
            2 => any_key().prop_map(|(family, region)| Step::Disable(family, region)),
            1 => (any_key(), window).prop_map(|((family, region), days)| Step::Schedule(family, region, days)),
            2 => any_key().prop_map(|(family, region)| Step::Cancel(family, region)),
            2 => (any_key(), period).prop_map(|((family, region), days)| Step::RotationOn(family, region, days)),
            1 => any_key().prop_map(|(family, region)| Step::RotationOff(family, region)),
            3 => (any_key(), any::<bool>()).prop_map(|((family, region), off)| Step::RotateNow(family, region, off)),
            3 => any_key().prop_map(|(family, region)| Step::Encrypt(family, region)),
        ];
        let aliases = prop_oneof![
            (0..ALIASES, any_key()).prop_map(|(alias, (family, region))| Step::CreateAlias(alias, family, region)),
            (0..ALIASES, any_key()).prop_map(|(alias, (family, region))| Step::UpdateAlias(alias, family, region)),
            (0..ALIASES, region()).prop_map(|(alias, region)| Step::DeleteAlias(alias, region)),
        ];
        let import = (any_key(), 0..BYTES, kind, expiry)
            .prop_map(|((family, region), bytes, kind, days)| Step::Import { family, region, bytes, kind, days });
        let related = prop_oneof![
            2 => (any_key(), region()).prop_map(|((family, from), to)| Step::Replicate(family, from, to)),
            1 => (any_key(), region()).prop_map(|((family, from), to)| Step::Promote(family, from, to)),
        ];
        let create = create.prop_filter("enough keys", {
            let more = model.families.len() < FAMILIES_MAX;
            move |_| more
        });
        if model.families.len() < FAMILIES_MAX {
            prop_oneof![2 => create, 16 => keys, 3 => aliases, 5 => import, 2 => delete, 4 => related, 3 => pass]
                .boxed()
        } else {
            prop_oneof![16 => keys, 3 => aliases, 5 => import, 2 => delete, 4 => related, 3 => pass].boxed()
        }
    }

    fn preconditions(model: &Model, step: &Step) -> bool {
        let there = |family: &Family, region: &Region| {
            model.families.get(*family).is_some_and(|keys| keys.keys.contains_key(region))
        };
        match step {
            Step::Create { .. } => model.families.len() < FAMILIES_MAX,
            Step::Enable(family, region)
            | Step::Disable(family, region)
            | Step::Schedule(family, region, _)
            | Step::Cancel(family, region)
            | Step::RotationOn(family, region, _)
            | Step::RotationOff(family, region)
            | Step::RotateNow(family, region, _)
            | Step::Encrypt(family, region)
            | Step::CreateAlias(_, family, region)
            | Step::UpdateAlias(_, family, region)
            | Step::Import { family, region, .. }
            | Step::Replicate(family, region, _)
            | Step::Promote(family, region, _) => there(family, region),
            Step::DeleteMaterial(family, region, bytes) => {
                there(family, region)
                    && (bytes.is_none() || model.families[*family].materials.iter().any(|known| known.bytes == *bytes))
            }
            Step::DeleteAlias(..) | Step::Pass(_) => true,
        }
    }

    fn apply(mut model: Model, step: &Step) -> Model {
        model.hops.clear();
        model.expected = model.take(step);
        model.pass(if let Step::Pass(seconds) = step { *seconds } else { STEP });
        model.touched = step.family().filter(|_| model.hops.len() == 1);
        model
    }
}

impl Model {
    /// Does a step; what it answers.
    fn take(&mut self, step: &Step) -> Expect {
        let now = self.now;
        match *step {
            Step::Create { external, multi, region } => {
                self.families.push(Keys::new(external, multi, region));
                Expect::Success
            }
            Step::Enable(family, region) => {
                let keys = &mut self.families[family];
                refused_or(SWITCH.refusal(keys.state(region), region), || keys.enable(region))
            }
            Step::Disable(family, region) => {
                let keys = &mut self.families[family];
                refused_or(SWITCH.refusal(keys.state(region), region), || keys.key(region).enabled = false)
            }
            Step::Schedule(family, region, window) => {
                let keys = &mut self.families[family];
                refused_or(SCHEDULE.refusal(keys.state(region), region), || keys.schedule(region, now, window))
            }
            Step::Cancel(family, region) => {
                let keys = &mut self.families[family];
                refused_or(CANCEL.refusal(keys.state(region), region), || {
                    let key = keys.key(region);
                    (key.deletion, key.enabled) = (None, false);
                })
            }
            Step::RotationOn(family, region, period) => {
                let refusal = self.rotation_refusal(family, region, "EnableKeyRotation");
                refused_or(refusal, || self.families[family].turn_rotation_on(now, period))
            }
            Step::RotationOff(family, region) => {
                let refusal = self.rotation_refusal(family, region, "DisableKeyRotation");
                refused_or(refusal, || self.families[family].rotation = None)
            }
            Step::RotateNow(family, region, disabled) => {
                let keys = &mut self.families[family];
                let refusal = ROTATION.refusal(keys.state(region), region).or_else(|| keys.on_demand_refusal(region));
                refused_or(refusal, || {
                    keys.rotate_on_demand();
                    keys.key(region).enabled &= !disabled;
                })
            }
            Step::Encrypt(family, region) => {
                let keys = &self.families[family];
                let refusal = CRYPTOGRAPHY.refusal(keys.state(region), region);
                let material = keys.current();
                refused_or(refusal, || {
                    self.blobs.push(Blob { family, material: material.expect("an enabled key has material") })
                })
            }
            Step::CreateAlias(alias, family, region) => {
                let exists =
                    self.aliases.contains_key(&(region, alias)).then_some(Expect::Code("AlreadyExistsException"));
                let refusal = match (ALIAS.refusal(self.families[family].state(region), region), exists) {
                    (Some(state), exists) => Some(one_of(state, exists)),
                    (None, exists) => exists,
                };
                refused_or(refusal, || _ = self.aliases.insert((region, alias), family))
            }
            Step::UpdateAlias(alias, family, region) => {
                let unknown = !self.aliases.contains_key(&(region, alias));
                let refusal = if unknown {
                    Some(Expect::Code("NotFoundException"))
                } else {
                    ALIAS.refusal(self.families[family].state(region), region)
                };
                refused_or(refusal, || _ = self.aliases.insert((region, alias), family))
            }
            Step::DeleteAlias(alias, region) => match self.aliases.remove(&(region, alias)) {
                Some(_) => Expect::Success,
                None => Expect::Code("NotFoundException"),
            },
            Step::Import { family, region, bytes, kind, days } => self.import(family, region, bytes, kind, days),
            Step::DeleteMaterial(family, region, bytes) => self.delete_material(family, region, bytes),
            Step::Replicate(family, from, to) => self.replicate(family, from, to),
            Step::Promote(family, from, to) => self.promote(family, from, to),
            Step::Pass(_) => Expect::Success,
        }
    }

    fn rotation_refusal(&self, family: Family, region: Region, operation: &str) -> Option<Expect> {
        let keys = &self.families[family];
        let state = ROTATION.refusal(keys.state(region), region);
        if keys.external {
            let origin = "ARN origin is EXTERNAL which is not valid for this operation.";
            let origin = error("UnsupportedOperationException", region, origin);
            // Said to come before the state of keys that wait for material or are disabled; nothing is said of deletion.
            let deleted = state.filter(|_| keys.keys[&region].deletion.is_some());
            return Some(one_of(origin, deleted));
        }
        let role = || {
            let text = format!("ARN is a multi-region replica key which is not valid for {operation}.");
            error("UnsupportedOperationException", region, &text)
        };
        state.or_else(|| keys.is_replica(region).then(role))
    }

    fn import(&mut self, family: Family, region: Region, bytes: Bytes, kind: ImportType, days: Option<i64>) -> Expect {
        let now = self.now;
        let keys = &mut self.families[family];
        let replica = keys.is_replica(region).then(|| {
            let text = "Input parameter ImportType NEW_KEY_MATERIAL cannot be used on replica Multi-Region keys";
            error("ValidationException", region, text)
        });
        let replica = replica.filter(|_| kind == ImportType::New);
        if !keys.external {
            let text = "ARN origin is AWS_KMS which is not valid for this operation.";
            return one_of(error("UnsupportedOperationException", region, text), replica);
        }
        let state = IMPORT.refusal(keys.state(region), region);
        if let Some(replica) = replica {
            return one_of(replica, state);
        }
        if let Some(refusal) = state {
            return refusal;
        }
        let known = keys.materials.iter().any(|material| material.bytes == Some(bytes));
        let new = kind == ImportType::New || (kind == ImportType::Unsaid && keys.materials.is_empty());
        if new {
            let staged = keys.pending().map(|_| Expect::Code("KMSInvalidStateException"));
            if known {
                return one_of(Expect::Code("IncorrectKeyMaterialException"), staged);
            }
            if let Some(refusal) = staged {
                return refusal;
            }
            let stage = if keys.materials.is_empty() { Stage::Current } else { Stage::Pending };
            keys.materials.push(Material { bytes: Some(bytes), stage });
        } else if !known {
            return if keys.materials.is_empty() {
                Expect::Unsaid
            } else {
                Expect::Code("IncorrectKeyMaterialException")
            };
        }
        let held = Held { expires: days.map(|days| now + days * DAY), expired: false };
        let key = keys.key(region);
        key.held.insert(bytes, held);
        key.enabled = true;
        Expect::Success
    }

    fn delete_material(&mut self, family: Family, region: Region, bytes: Option<Bytes>) -> Expect {
        let keys = &mut self.families[family];
        if !keys.external {
            let text = "ARN origin is AWS_KMS which is not valid for this operation.";
            return error("UnsupportedOperationException", region, text);
        }
        let bytes = bytes.or_else(|| keys.materials[keys.current()?].bytes);
        let Some(bytes) = bytes else { return Expect::Success };
        if keys.pending() != Some(bytes) {
            keys.key(region).held.remove(&bytes);
        } else if keys.is_replica(region) {
            // Nothing is said of a replica that has not taken it yet.
            return match keys.key(region).held.remove(&bytes) {
                Some(_) => Expect::Success,
                None => Expect::Unsaid,
            };
        } else {
            keys.materials.retain(|material| material.bytes != Some(bytes));
            for key in keys.keys.values_mut() {
                key.held.remove(&bytes);
            }
        }
        Expect::Success
    }

    fn replicate(&mut self, family: Family, from: Region, to: Region) -> Expect {
        let keys = &mut self.families[family];
        let state = ROTATION.refusal(keys.state(from), from);
        if !keys.multi || keys.is_replica(from) {
            let role = error("UnsupportedOperationException", from, "ARN is not a multi-region primary key.");
            // Another Region's rule may be first too.
            let place = (to == from || keys.primary == to).then_some(Expect::Code("ValidationException"));
            return Expect::OneOf([Some(role), state, place].into_iter().flatten().collect());
        }
        if to == keys.primary {
            let text = format!("{} cannot have a replica because it contains the primary.", REGIONS[to]);
            return one_of(Expect::Error("ValidationException", text), state);
        }
        if let Some(refusal) = state {
            return refusal;
        }
        if keys.keys.contains_key(&to) {
            let text = "You can create only one replica of each primary key in each AWS Region.";
            return Expect::Error("AlreadyExistsException", text.to_owned());
        }
        keys.keys.insert(to, Key { enabled: true, ..Key::default() });
        Expect::Success
    }

    fn promote(&mut self, family: Family, from: Region, to: Region) -> Expect {
        let keys = &mut self.families[family];
        if !keys.multi {
            return Expect::Unsaid;
        }
        let absent = (!keys.keys.contains_key(&to)).then(|| {
            let text = "{id} does not have a replica key in the specified Region.";
            Expect::Error("ValidationException", text.to_owned())
        });
        if keys.is_replica(from) {
            let role = error("KMSInvalidStateException", from, "ARN is not a multi-Region primary key.");
            return one_of(role, absent);
        }
        if let Some(absent) = absent {
            return absent;
        }
        let state = |region| ROTATION.refusal(keys.state(region), region);
        if to == from {
            return one_of(Expect::Success, state(from));
        }
        let refusal = match (state(from), state(to)) {
            (Some(own), other) => Some(one_of(own, other)),
            (None, other) => other,
        };
        refused_or(refusal, || keys.primary = to)
    }
}

fn refused_or(refusal: Option<Expect>, done: impl FnOnce()) -> Expect {
    match refusal {
        Some(refusal) => refusal,
        None => {
            done();
            Expect::Success
        }
    }
}

/// Whether a deletion date is shown.
pub(super) fn deletion_date(key: &Key) -> Option<i64> {
    match key.deletion? {
        Deletion::At(time) => Some(time),
        Deletion::AfterReplicas { .. } => None,
    }
}
