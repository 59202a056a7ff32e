//! Keys with fixed ids and fixed material, for test fixtures whose ciphertexts outlive the server.

use std::collections::BTreeMap;

use claviger_crypto::material::KeyMaterial;
use claviger_crypto::secret::Secret;
use claviger_pipeline::{Internal, System, internal};
use claviger_policy::{Document, Kind, default_key_policy};
use claviger_store::{Batch, Records};
use claviger_wire::arn::{is_region, partition_of};
use serde::de::{Deserialize, Deserializer, Error};
use zeroize::Zeroizing;

use crate::backing::Backing;
use crate::create::NewKey;
use crate::record::{AliasRecord, KeyRecord, Manager, alias_path, key_path};
use crate::reference::is_key_id;
use claviger_shapes::kms::{KeySpec, KeyUsageType, OriginType};

/// What a seed file says.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    /// Account of keys that name none.
    pub account: Option<String>,
    /// Region of keys that name none; `us-east-1` unless given.
    pub region: Option<String>,
    /// The keys.
    #[serde(default)]
    pub keys: Vec<SeedKey>,
}

/// One key of a seed file.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedKey {
    /// Owning account, 12 digits.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// A lower-case UUID.
    pub key_id: String,
    /// 32 bytes of key material in base64.
    #[serde(default, deserialize_with = "base64_secret")]
    pub material: Option<Secret>,
    /// 32 bytes of key material in hex.
    #[serde(default, deserialize_with = "hex_secret")]
    pub material_hex: Option<Secret>,
    /// Description.
    #[serde(default)]
    pub description: String,
    /// Names with the prefix `alias/`.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The key policy, as text or as a structure; the default policy unless given.
    pub policy: Option<serde_json::Value>,
    /// Tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Whether the key can be used.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Days between automatic rotations (90-2560); off unless given.
    pub rotation_period_days: Option<i32>,
}

/// Key material is held in guarded memory from the moment it is read: a development server keeps its seed for resets.
fn base64_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    let text = Zeroizing::new(String::deserialize(deserializer)?);
    let bytes = base64_simd::STANDARD.decode_to_vec(text.as_bytes());
    let mut bytes = bytes.map_err(|_| D::Error::custom("material is not base64")).map(Zeroizing::new)?;
    Ok(Some(Secret::take(&mut bytes)))
}

fn hex_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    let text = Zeroizing::new(String::deserialize(deserializer)?);
    let bytes = hex::decode(text.as_bytes());
    let mut bytes = bytes.map_err(|_| D::Error::custom("material_hex is not hex")).map(Zeroizing::new)?;
    Ok(Some(Secret::take(&mut bytes)))
}

const fn yes() -> bool {
    true
}

/// Why a seed was refused. Nothing of a refused key is made.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// A value is not what it has to be.
    #[error("seed key {key_id}: {reason}")]
    Key {
        /// Which key.
        key_id: String,
        /// What is wrong.
        reason: String,
    },
    /// The store failed.
    #[error("{0}")]
    Internal(String),
}

impl From<Internal> for SeedError {
    fn from(error: Internal) -> Self {
        Self::Internal(error.to_string())
    }
}

impl Seed {
    /// Makes every key that is not there yet. A key that is there must have the same material.
    pub async fn plant(&self, system: &System, default_account: &str) -> Result<usize, SeedError> {
        let mut planted = 0;
        for key in &self.keys {
            let account = key.account.as_deref().or(self.account.as_deref()).unwrap_or(default_account);
            let region = key.region.as_deref().or(self.region.as_deref()).unwrap_or("us-east-1");
            planted += usize::from(key.plant(system, account, region).await?);
        }
        Ok(planted)
    }
}

impl SeedKey {
    async fn plant(&self, system: &System, account: &str, region: &str) -> Result<bool, SeedError> {
        let refuse = |reason: String| SeedError::Key { key_id: self.key_id.clone(), reason };
        if !claviger_pipeline::credentials::is_account(account) {
            return Err(refuse(format!("account `{account}` is not 12 digits (quote it, or a leading zero is lost)")));
        }
        if !is_region(region) {
            return Err(refuse(format!("`{region}` is not a Region name")));
        }
        if !is_key_id(&self.key_id) || self.key_id.starts_with("mrk-") {
            return Err(refuse("key_id is not a lower-case UUID".to_owned()));
        }
        let material = self.material().map_err(refuse)?;
        let policy = self.policy_text(account, region).map_err(refuse)?;
        if let Some(days) = self.rotation_period_days
            && !(90..=2560).contains(&days)
        {
            return Err(refuse(format!("rotation_period_days {days} is not within 90-2560")));
        }
        if let Some(alias) = self.aliases.iter().find(|alias| !is_alias(alias)) {
            return Err(refuse(format!("`{alias}` is not an alias name such as alias/orders")));
        }
        let path = key_path(account, region, &self.key_id);
        if let Some(stored) = system.store.load::<KeyRecord>(&path).await.map_err(internal)? {
            let id = material.id(&self.key_id);
            let known = crate::record::material_path(&path, &id);
            let held = system.store.load::<crate::record::MaterialRecord>(&known).await.map_err(internal)?;
            return match held {
                Some(_) => Ok(false),
                None => Err(refuse(format!(
                    "the key exists with other material (its current key material id is {})",
                    stored.record.current_material.map(|id| id.to_string()).unwrap_or_default()
                ))),
            };
        }
        let domain = system.vault.domain(&*system.store, account, region).await.map_err(internal)?;
        let now = system.clock.now();
        let new = NewKey {
            account: account.to_owned(),
            region: region.to_owned(),
            key_id: self.key_id.clone(),
            spec: KeySpec::SymmetricDefault,
            usage: KeyUsageType::EncryptDecrypt,
            description: self.description.clone(),
            // A seed is planted before anybody could be made whom its policies may name: names count as they are written.
            policy: policy.into(),
            tags: self.tags.clone(),
            manager: Manager::Customer,
            created: now,
            period_days: self.rotation_period_days,
            enabled: self.enabled,
            origin: OriginType::AwsKms,
            multi_region: None,
        };
        let mut batch = Batch::default();
        new.add_to(&mut batch, &domain, &Backing::Symmetric(material))?;
        for name in &self.aliases {
            let alias = alias_path(account, region, name);
            if system.store.load::<AliasRecord>(&alias).await.map_err(internal)?.is_some() {
                return Err(refuse(format!("{name} already stands for another key")));
            }
            batch.insert(&AliasRecord {
                account: account.to_owned(),
                region: region.to_owned(),
                name: name.clone(),
                target: self.key_id.clone(),
                created: now,
                updated: now,
            });
        }
        system.commit(batch).await.map_err(internal)?;
        Ok(true)
    }

    fn material(&self) -> Result<KeyMaterial, String> {
        let ((Some(secret), None) | (None, Some(secret))) = (&self.material, &self.material_hex) else {
            return Err("exactly one of material (base64) and material_hex must be given".to_owned());
        };
        let mut bytes = Zeroizing::new(secret.expose().to_vec());
        KeyMaterial::import(&mut bytes)
            .map_err(|_| format!("the key material has {} bytes instead of 32", secret.len()))
    }

    fn policy_text(&self, account: &str, region: &str) -> Result<String, String> {
        let text = match &self.policy {
            None => return Ok(default_key_policy(partition_of(region), account)),
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(structure) => serde_json::to_string_pretty(structure).map_err(|error| error.to_string())?,
        };
        Document::parse(&text, Kind::Key).map_err(|error| format!("policy: {error}"))?;
        Ok(text)
    }
}

fn is_alias(name: &str) -> bool {
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-');
    name.len() <= 256
        && !name.starts_with("alias/aws")
        && name.strip_prefix("alias/").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(valid))
}
