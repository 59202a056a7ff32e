//! Keys against a model of their documented life: made, switched, rotated, imported, replicated, promoted and deleted in
//! any order, while time passes.
//!
//! `PROPTEST_CASES=1000 cargo test -p claviger-tests life_cycle` looks further than the usual run.

mod model;
mod steps;

use std::cell::RefCell;
use std::collections::HashMap;

use base64_simd::STANDARD as BASE64;
use claviger_crypto::key_pair::{KeyPairKind, OaepHash, PublicKey};
use claviger_testkit::{Answer, Client, Server, Signing};
use jiff::{SignedDuration, Timestamp};
use proptest::test_runner::Config;
use proptest_state_machine::{StateMachineTest, prop_state_machine};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use model::{Bytes, CRYPTOGRAPHY, DAY, Expect, Family, Held, Keys, Model, REGIONS, Region, Stage, State};
use steps::{Documented, ImportType, Step, deletion_date};

use crate::text;

/// The machine's own time goes on while a test runs: dates may be this much later than the model says, in seconds.
const SLACK: i64 = 300;
/// Import parameters are good for a day.
const PARAMETERS_LIFE: i64 = DAY / 2;
const CASES: u32 = 12;
/// Ciphertexts that are tried after every step: the latest ones.
const BLOBS_TRIED: usize = 4;

fn config() -> Config {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    Config { cases: asked.unwrap_or(CASES), failure_persistence: None, max_shrink_iters: 300, ..Config::default() }
}

prop_state_machine! {
    #![proptest_config(config())]
    #[test]
    fn keys_live_as_documented(sequential 1..40 => LifeCycle);
}

/// What a material is known by: its bytes if it was imported, else its position.
type MaterialName = (Family, Option<Bytes>, usize);

struct Parameters {
    made: i64,
    token: Value,
    public: PublicKey,
}

struct LifeCycle {
    server: Server,
    clients: Vec<Client>,
    runtime: Runtime,
    start: Timestamp,
    ids: Vec<String>,
    blobs: Vec<Value>,
    parameters: HashMap<(Family, Region), Parameters>,
    /// Material ids as they were first seen.
    materials: RefCell<HashMap<MaterialName, Value>>,
}

impl StateMachineTest for LifeCycle {
    type SystemUnderTest = Self;
    type Reference = Documented;

    fn init_test(_: &Model) -> Self {
        let server = Server::development().unwrap();
        let clients = REGIONS.map(|region| {
            let mut client = server.client(Signing::Unknown("test".to_owned()));
            region.clone_into(&mut client.region);
            client
        });
        let start = server.system().clock.now();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (ids, blobs) = (Vec::new(), Vec::new());
        let (parameters, materials) = Default::default();
        Self { server, clients: clients.into(), runtime, start, ids, blobs, parameters, materials }
    }

    fn apply(mut life: Self, model: &Model, step: Step) -> Self {
        if let Some(answer) = life.take(model, &step) {
            life.assert_expected(&model.expected, &answer, &step);
        }
        for hop in &model.hops {
            life.server.system().clock.advance(SignedDuration::from_secs(*hop));
            life.runtime.block_on(async {
                life.server.shared().bell.ring_and_wait().await;
                // The turn under way when the bell rang may have read the clock before it moved.
                life.server.shared().bell.ring_and_wait().await;
            });
        }
        life
    }

    fn check_invariants(life: &Self, model: &Model) {
        let touched = |family| model.touched.is_none_or(|touched| touched == family);
        for (family, keys) in model.families.iter().enumerate().filter(|(family, _)| touched(*family)) {
            for region in 0..REGIONS.len() {
                match keys.keys.contains_key(&region) {
                    true => life.check_key(model, family, region),
                    false => {
                        let gone = life.call(region, "DescribeKey", json!({ "KeyId": life.ids[family] }));
                        assert_eq!(gone.code(), "NotFoundException", "{family} in {region}: {}", gone.body);
                    }
                }
            }
        }
        if model.touched.is_none() {
            life.check_aliases(model);
        }
        let blobs = model.blobs.iter().zip(&life.blobs).filter(|(blob, _)| touched(blob.family));
        for (blob, sealed) in blobs.rev().take(BLOBS_TRIED) {
            let keys = &model.families[blob.family];
            for region in (0..REGIONS.len()).filter(|region| keys.multi || *region == keys.primary) {
                let opened = life.call(region, "Decrypt", json!({ "CiphertextBlob": sealed }));
                if !keys.keys.contains_key(&region) {
                    assert_eq!(opened.code(), "AccessDeniedException", "{}", opened.body);
                    continue;
                }
                let expected = CRYPTOGRAPHY.refusal(keys.state(region), region).unwrap_or(Expect::Success);
                life.assert_expected(&expected, &opened, &(blob, region));
                if expected == Expect::Success {
                    assert_eq!(opened.body["KeyId"], life.arn(blob.family, region));
                    life.assert_material(keys, blob.family, blob.material, &opened.body["KeyMaterialId"]);
                }
            }
        }
    }
}

impl LifeCycle {
    fn call(&self, region: Region, operation: &str, input: Value) -> Answer {
        self.runtime.block_on(self.clients[region].kms(operation, &input)).unwrap()
    }

    fn arn(&self, family: Family, region: Region) -> String {
        format!("arn:aws:kms:{}:{}:key/{}", REGIONS[region], claviger_testkit::ACCOUNT, self.ids[family])
    }

    /// Does a step; its answer, unless it is only time that passes.
    fn take(&mut self, model: &Model, step: &Step) -> Option<Answer> {
        let done = *model.hops.first().unwrap_or(&0);
        let keyed = |family: Family, more: Value| {
            let mut input = more;
            input["KeyId"] = json!(self.ids[family]);
            input
        };
        Some(match *step {
            Step::Create { external, multi, region } => {
                let origin = if external { "EXTERNAL" } else { "AWS_KMS" };
                let made = self.call(region, "CreateKey", json!({ "Origin": origin, "MultiRegion": multi }));
                self.ids.push(text(&made.body, "/KeyMetadata/KeyId"));
                made
            }
            Step::Enable(family, region) => self.call(region, "EnableKey", keyed(family, json!({}))),
            Step::Disable(family, region) => self.call(region, "DisableKey", keyed(family, json!({}))),
            Step::Schedule(family, region, days) => {
                self.call(region, "ScheduleKeyDeletion", keyed(family, json!({ "PendingWindowInDays": days })))
            }
            Step::Cancel(family, region) => self.call(region, "CancelKeyDeletion", keyed(family, json!({}))),
            Step::RotationOn(family, region, days) => {
                let more = days.map_or(json!({}), |days| json!({ "RotationPeriodInDays": days }));
                self.call(region, "EnableKeyRotation", keyed(family, more))
            }
            Step::RotationOff(family, region) => self.call(region, "DisableKeyRotation", keyed(family, json!({}))),
            Step::RotateNow(family, region, disabled) => {
                let answer = self.call(region, "RotateKeyOnDemand", keyed(family, json!({})));
                if answer.status == 200 && disabled {
                    self.call(region, "DisableKey", keyed(family, json!({}))).ok().unwrap();
                }
                answer
            }
            Step::Encrypt(family, region) => {
                let answer = self.call(region, "Encrypt", keyed(family, json!({ "Plaintext": "eA==" })));
                if answer.status == 200 {
                    self.blobs.push(answer.body["CiphertextBlob"].clone());
                }
                answer
            }
            Step::CreateAlias(alias, family, region) => {
                let input = json!({ "AliasName": format!("alias/{alias}"), "TargetKeyId": self.ids[family] });
                self.call(region, "CreateAlias", input)
            }
            Step::UpdateAlias(alias, family, region) => {
                let input = json!({ "AliasName": format!("alias/{alias}"), "TargetKeyId": self.ids[family] });
                self.call(region, "UpdateAlias", input)
            }
            Step::DeleteAlias(alias, region) => {
                self.call(region, "DeleteAlias", json!({ "AliasName": format!("alias/{alias}") }))
            }
            Step::Import { family, region, bytes, kind, days } => {
                let mut input = self.import(model.now - done, family, region, bytes);
                match kind {
                    ImportType::Unsaid => {}
                    ImportType::New => input["ImportType"] = json!("NEW_KEY_MATERIAL"),
                    ImportType::Existing => input["ImportType"] = json!("EXISTING_KEY_MATERIAL"),
                }
                match days {
                    Some(days) => {
                        let until = self.server.system().clock.now() + SignedDuration::from_secs(days * DAY);
                        input["ValidTo"] = json!(until.as_second());
                    }
                    None => input["ExpirationModel"] = json!("KEY_MATERIAL_DOES_NOT_EXPIRE"),
                }
                self.call(region, "ImportKeyMaterial", input)
            }
            Step::DeleteMaterial(family, region, bytes) => {
                let id = bytes.and_then(|bytes| self.materials.borrow().get(&(family, Some(bytes), 0)).cloned());
                let more = id.map_or(json!({}), |id| json!({ "KeyMaterialId": id }));
                self.call(region, "DeleteImportedKeyMaterial", keyed(family, more))
            }
            Step::Replicate(family, from, to) => {
                self.call(from, "ReplicateKey", keyed(family, json!({ "ReplicaRegion": REGIONS[to] })))
            }
            Step::Promote(family, from, to) => {
                self.call(from, "UpdatePrimaryRegion", keyed(family, json!({ "PrimaryRegion": REGIONS[to] })))
            }
            Step::Pass(_) => return None,
        })
    }

    /// The members of an import that depend on parameters; where none are to be had, none that could be opened.
    fn import(&mut self, now: i64, family: Family, region: Region, bytes: Bytes) -> Value {
        let known = self.parameters.get(&(family, region)).filter(|known| now - known.made < PARAMETERS_LIFE);
        if known.is_none() {
            let input = json!({ "KeyId": self.ids[family], "WrappingAlgorithm": "RSAES_OAEP_SHA_256",
                "WrappingKeySpec": "RSA_2048" });
            let answer = self.call(region, "GetParametersForImport", input);
            self.parameters.remove(&(family, region));
            if answer.status == 200 {
                let der = BASE64.decode_to_vec(text(&answer.body, "/PublicKey")).unwrap();
                let public = PublicKey::from_der(KeyPairKind::Rsa2048, &der).unwrap();
                let parameters = Parameters { made: now, token: answer.body["ImportToken"].clone(), public };
                self.parameters.insert((family, region), parameters);
            }
        }
        let (token, wrapped) = match self.parameters.get(&(family, region)) {
            Some(known) => {
                let material = [u8::try_from(bytes).unwrap() + 1; 32];
                let wrapped = known.public.encrypt(OaepHash::Sha256, &material).unwrap();
                (known.token.clone(), BASE64.encode_to_string(wrapped))
            }
            None => (json!("AAAA"), "AAAA".to_owned()),
        };
        json!({ "KeyId": self.ids[family], "ImportToken": token, "EncryptedKeyMaterial": wrapped })
    }

    fn assert_expected(&self, expected: &Expect, answer: &Answer, what: &dyn std::fmt::Debug) {
        assert!(self.is_expected(expected, answer), "{what:?}: {expected:?}, but {}: {}", answer.status, answer.body);
    }

    fn is_expected(&self, expected: &Expect, answer: &Answer) -> bool {
        match expected {
            Expect::Success => answer.status == 200,
            Expect::Code(code) => answer.code() == *code,
            Expect::OneOf(choices) => choices.iter().any(|choice| self.is_expected(choice, answer)),
            Expect::Unsaid => true,
            Expect::Error(code, said) => {
                // Every family's ARN is tried: a text names only one.
                answer.code() == *code
                    && (0..self.ids.len()).any(|family| {
                        let said = said.replace("{id}", &self.ids[family]);
                        let regions = 0..REGIONS.len();
                        let said = regions.fold(said, |said, region| {
                            said.replace(&format!("{{arn{region}}}"), &self.arn(family, region))
                        });
                        said == answer.message()
                    })
            }
        }
    }

    fn assert_date(&self, shown: &Value, expected: Option<i64>, what: &str) {
        let shown = shown.as_f64();
        let expected = expected.map(|seconds| self.start.as_second() + seconds);
        match (shown, expected) {
            (None, None) => {}
            (Some(shown), Some(expected)) => {
                let late = shown as i64 - expected;
                assert!((-1..SLACK).contains(&late), "{what}: {late} seconds late");
            }
            both => panic!("{what}: {both:?}"),
        }
    }

    /// A material keeps its id, and no two have the same.
    fn assert_material(&self, keys: &Keys, family: Family, position: usize, id: &Value) {
        let bytes = keys.materials[position].bytes;
        let name = (family, bytes, if bytes.is_some() { 0 } else { position });
        let mut known = self.materials.borrow_mut();
        assert!(id.is_string(), "{name:?} has no id");
        assert_eq!(known.entry(name).or_insert_with(|| id.clone()), id, "{name:?}");
        assert_eq!(known.values().filter(|known| *known == id).count(), 1, "{name:?}");
    }

    fn check_key(&self, model: &Model, family: Family, region: Region) {
        let keys = &model.families[family];
        let (key, state) = (&keys.keys[&region], keys.state(region));
        let described = self.call(region, "DescribeKey", json!({ "KeyId": self.ids[family] })).ok().unwrap();
        let metadata = &described["KeyMetadata"];
        let what = format!("{family} in {region}: {metadata}");
        assert_eq!(metadata["KeyState"], format!("{state:?}"), "{what}");
        assert_eq!(metadata["Enabled"], state == State::Enabled, "{what}");
        self.assert_date(&metadata["DeletionDate"], deletion_date(key), &what);
        assert_eq!(
            metadata.get("PendingDeletionWindowInDays").is_some(),
            state == State::PendingReplicaDeletion,
            "{what}"
        );
        match keys.current() {
            Some(position) => self.assert_material(keys, family, position, &metadata["CurrentKeyMaterialId"]),
            None => assert_eq!(metadata.get("CurrentKeyMaterialId"), None, "{what}"),
        }
        let shows_expiration = keys.external && !keys.lacks_material(region);
        assert_eq!(metadata.get("ExpirationModel").is_some(), shows_expiration, "{what}");
        let of_needed = |held: &Held| (!held.expired).then_some(held.expires?);
        let staged_expired = key.held.values().any(|held| held.expired);
        if shows_expiration && !staged_expired {
            self.assert_date(&metadata["ValidTo"], key.held.values().filter_map(of_needed).min(), &what);
        }
        if keys.multi {
            let roles = &metadata["MultiRegionConfiguration"];
            assert_eq!(
                roles["MultiRegionKeyType"],
                if keys.is_replica(region) { "REPLICA" } else { "PRIMARY" },
                "{what}"
            );
            assert_eq!(roles["PrimaryKey"]["Arn"], self.arn(family, keys.primary), "{what}");
            let mut replicas: Vec<&str> =
                keys.keys.keys().filter(|region| keys.is_replica(**region)).map(|region| REGIONS[*region]).collect();
            replicas.sort_unstable();
            let shown = roles["ReplicaKeys"].as_array().unwrap();
            let shown: Vec<&str> = shown.iter().filter_map(|replica| replica["Region"].as_str()).collect();
            assert_eq!(shown, replicas, "{what}");
        }
        self.check_rotation(keys, family, region);
        self.check_materials(keys, family, region);
    }

    fn check_rotation(&self, keys: &Keys, family: Family, region: Region) {
        let input = json!({ "KeyId": self.ids[family] });
        let status = self.call(region, "GetKeyRotationStatus", input.clone()).ok().unwrap();
        // Of a replica whose primary is to be deleted nothing is said.
        let unsaid =
            keys.is_replica(region) && keys.keys.get(&keys.primary).is_none_or(|primary| primary.deletion.is_some());
        if !unsaid {
            let shown = keys.rotation.filter(|_| !keys.external && keys.state(region) != State::PendingDeletion);
            assert_eq!(status["KeyRotationEnabled"], shown.is_some(), "{family} in {region}: {status}");
            assert_eq!(status["RotationPeriodInDays"].as_i64(), shown.map(|shown| shown.period), "{status}");
            self.assert_date(&status["NextRotationDate"], shown.map(|shown| shown.next), &status.to_string());
        }
        let listed = self.call(region, "ListKeyRotations", input).ok().unwrap();
        let count = listed["Rotations"].as_array().map(Vec::len);
        assert_eq!(count, Some(keys.rotations), "{family} in {region}: {listed}");
    }

    fn check_materials(&self, keys: &Keys, family: Family, region: Region) {
        let input = json!({ "KeyId": self.ids[family], "IncludeKeyMaterial": "ALL_KEY_MATERIAL" });
        let listed = self.call(region, "ListKeyRotations", input).ok().unwrap();
        let shown = listed["Rotations"].as_array().unwrap();
        assert_eq!(shown.len(), keys.materials.len(), "{family} in {region}: {listed}");
        for (position, (shown, material)) in shown.iter().zip(&keys.materials).enumerate() {
            self.assert_material(keys, family, position, &shown["KeyMaterialId"]);
            let held = |region| material.bytes.is_some_and(|bytes| keys.keys[region].held.contains_key(&bytes));
            let stage = match material.stage {
                Stage::Current => "CURRENT",
                Stage::NonCurrent => "NON_CURRENT",
                Stage::Pending if keys.keys.keys().all(held) => "PENDING_ROTATION",
                Stage::Pending => "PENDING_MULTI_REGION_IMPORT_AND_ROTATION",
            };
            assert_eq!(shown["KeyMaterialState"], stage, "{family} in {region}: {listed}");
            let import = keys.external.then(|| if held(&region) { "IMPORTED" } else { "PENDING_IMPORT" });
            assert_eq!(shown["ImportState"].as_str(), import, "{family} in {region}: {listed}");
        }
    }

    fn check_aliases(&self, model: &Model) {
        for (region, name) in REGIONS.iter().enumerate() {
            let listed = self.call(region, "ListAliases", json!({})).ok().unwrap();
            let mut shown: Vec<(String, String)> = listed["Aliases"]
                .as_array()
                .unwrap()
                .iter()
                .map(|alias| (text(alias, "/AliasName"), alias["TargetKeyId"].as_str().unwrap_or_default().to_owned()))
                .filter(|(name, _)| !name.starts_with("alias/aws/"))
                .collect();
            shown.sort();
            let of_region = model.aliases.iter().filter(|((there, _), _)| *there == region);
            let expected: Vec<(String, String)> =
                of_region.map(|((_, alias), family)| (format!("alias/{alias}"), self.ids[*family].clone())).collect();
            assert_eq!(shown, expected, "{name}");
        }
    }
}
