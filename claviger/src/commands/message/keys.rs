//! Keys by file and by name.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use anyhow::{Context, bail};
use claviger_crypto::key_pair::{KeyPairKind, PrivateKey, PublicKey};
use claviger_crypto::secret::Secret;
use claviger_esdk::keyring::{
    DiscoveryFilter, KeyIdentifier, KmsDiscoveryKeyring, KmsKeyring, KmsRsaKeyring, Padding, RawAesKeyring,
    RawRsaKeyring,
};
use claviger_esdk::kms::{Credentials, Endpoint, HttpKms, KmsClient, KmsClients};
use claviger_esdk::materials::Keyring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};
use serde::Deserialize;
use zeroize::{Zeroize, Zeroizing};

const RSA: [KeyPairKind; 3] = [KeyPairKind::Rsa2048, KeyPairKind::Rsa3072, KeyPairKind::Rsa4096];

/// One key of a file.
enum Entry {
    /// A key in KMS.
    Kms(String),
    Key(Key),
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
enum Key {
    RawAes {
        namespace: String,
        name: String,
        /// 16, 24 or 32 bytes in base64.
        key: Zeroizing<String>,
    },
    RawRsa {
        namespace: String,
        name: String,
        padding: String,
        private_key_pem: Option<Zeroizing<String>>,
        public_key_pem: Option<String>,
    },
    AwsKms {
        key: String,
        #[serde(default)]
        grant_tokens: Vec<String>,
    },
    AwsKmsRsa {
        key: String,
        padding: String,
        public_key_pem: Option<String>,
        #[serde(default)]
        grant_tokens: Vec<String>,
    },
    AwsKmsDiscovery {
        #[serde(default = "aws")]
        partition: String,
        /// Empty: all.
        #[serde(default)]
        accounts: Vec<String>,
        region: Option<String>,
    },
}

fn aws() -> String {
    "aws".to_owned()
}

/// KMS as the environment describes it, when a key needs it.
#[derive(Default)]
pub(super) struct Kms(OnceLock<Arc<HttpKms>>);

impl Kms {
    fn clients(&self) -> anyhow::Result<Arc<dyn KmsClients>> {
        if self.0.get().is_none() {
            let endpoint = Endpoint::from_environment().map_err(anyhow::Error::msg)?;
            let credentials = Credentials::from_environment()
                .context("keys in KMS need AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment")?;
            let _ = self.0.set(Arc::new(HttpKms::new(endpoint, credentials)));
        }
        let kms = self.0.get().context("no KMS")?;
        Ok(Arc::clone(kms) as Arc<dyn KmsClients>)
    }

    /// In the Region of the key's ARN, or the environment's.
    fn for_key(&self, key: &str) -> anyhow::Result<Arc<dyn KmsClient>> {
        let clients = self.clients()?;
        if let KeyIdentifier::Arn(arn) = KeyIdentifier::parse(key)? {
            return Ok(clients.in_region(&arn.region));
        }
        let set = |name| std::env::var(name).ok().filter(|region: &String| !region.is_empty());
        let region = set("AWS_REGION").or_else(|| set("AWS_DEFAULT_REGION"));
        let region = region.with_context(|| format!("{key} is not an ARN, and AWS_REGION is not set"))?;
        Ok(clients.in_region(&region))
    }
}

/// The keyrings of a file, in its order.
pub(super) fn read(path: &Path, kms: &Kms) -> anyhow::Result<Vec<Arc<dyn Keyring>>> {
    let wrong = || format!("{} is not a usable file of keys", path.display());
    let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let text = Zeroizing::new(text);
    let entries: Vec<&serde_json::value::RawValue> =
        serde_json::from_slice(&text).map_err(without_values).with_context(wrong)?;
    let keyrings = entries.into_iter().enumerate().map(|(at, entry)| {
        let entry = match entry.get().starts_with('"') {
            true => serde_json::from_str(entry.get()).map(Entry::Kms),
            false => serde_json::from_str(entry.get()).map(Entry::Key),
        };
        let keyring = entry.map_err(without_values).and_then(|entry| keyring(entry, kms));
        keyring.with_context(|| format!("entry {}", at + 1)).with_context(wrong)
    });
    keyrings.collect()
}

/// The keyrings of `--wrapping-key`: keys in KMS by name, or `key=…`, or what `aws-encryption-cli` says for discovery.
pub(super) fn named(values: &[String], kms: &Kms) -> anyhow::Result<Vec<Arc<dyn Keyring>>> {
    let mut keyrings = Vec::new();
    let (mut discovery, mut accounts, mut partition) = (false, Vec::new(), aws());
    for value in values {
        match value.split_once('=') {
            None => keyrings.push(in_kms(value, Vec::new(), kms)?),
            Some(("key", key)) => keyrings.push(in_kms(key, Vec::new(), kms)?),
            Some(("provider", "aws-kms")) => {}
            Some(("provider", _)) => bail!("--wrapping-key takes keys in KMS; put raw keys into a file for --keyring"),
            Some(("discovery", "true")) => discovery = true,
            Some(("discovery", "false")) => discovery = false,
            Some(("discovery-account", account)) => accounts.push(account.to_owned()),
            Some(("discovery-partition", name)) => partition = name.to_owned(),
            Some((name, _)) => bail!("--wrapping-key does not know `{name}`"),
        }
    }
    if discovery {
        let filter = (!accounts.is_empty()).then_some(DiscoveryFilter { partition, accounts });
        keyrings.push(Arc::new(KmsDiscoveryKeyring::new(kms.clients()?, filter)));
    }
    Ok(keyrings)
}

fn in_kms(key: &str, grant_tokens: Vec<String>, kms: &Kms) -> anyhow::Result<Arc<dyn Keyring>> {
    let keyring = KmsKeyring::new(kms.for_key(key)?, key)?;
    Ok(Arc::new(keyring.multi_region_aware().with_grant_tokens(grant_tokens)))
}

/// An error of the parser that quotes nothing: what stands there may be a key.
fn without_values(error: serde_json::Error) -> anyhow::Error {
    let text = error.to_string();
    let quotes = text.starts_with("invalid type") || text.starts_with("invalid value");
    let text = if quotes { "a value of the wrong kind" } else { &text };
    anyhow::anyhow!("{text} (line {}, column {})", error.line(), error.column())
}

fn keyring(entry: Entry, kms: &Kms) -> anyhow::Result<Arc<dyn Keyring>> {
    let key = match entry {
        Entry::Kms(key) => return in_kms(&key, Vec::new(), kms),
        Entry::Key(key) => key,
    };
    Ok(match key {
        Key::RawAes { namespace, name, key } => {
            let mut key = base64_simd::STANDARD.decode_to_vec(&*key).context("its key is not base64")?;
            Arc::new(RawAesKeyring::new(&namespace, &name, &Secret::take(&mut key))?)
        }
        Key::RawRsa { namespace, name, padding, private_key_pem, public_key_pem } => {
            let padding: Padding = padding.parse().map_err(anyhow::Error::msg)?;
            let private = private_key_pem.map(|pem| private_key(&pem)).transpose()?;
            let public = match (public_key_pem, &private) {
                (Some(pem), _) => Some(public_key(&pem)?),
                // Whoever names only a private key here means the pair.
                (None, Some(private)) => PublicKey::from_der(private.kind(), private.public_key().to_der()),
                (None, None) => bail!("it has neither private_key_pem nor public_key_pem"),
            };
            Arc::new(RawRsaKeyring::new(&namespace, &name, padding, public, private)?)
        }
        Key::AwsKms { key, grant_tokens } => in_kms(&key, grant_tokens, kms)?,
        Key::AwsKmsRsa { key, padding, public_key_pem, grant_tokens } => {
            let Padding::Oaep(hash) = padding.parse().map_err(anyhow::Error::msg)? else {
                bail!("RSA keys in KMS pad with oaep-sha1 or oaep-sha256");
            };
            let public = public_key_pem.map(|pem| public_key(&pem)).transpose()?;
            let keyring = KmsRsaKeyring::new(Some(kms.for_key(&key)?), &key, hash, public)?;
            Arc::new(keyring.with_grant_tokens(grant_tokens))
        }
        Key::AwsKmsDiscovery { partition, accounts, region } => {
            let filter = (!accounts.is_empty()).then_some(DiscoveryFilter { partition, accounts });
            let keyring = KmsDiscoveryKeyring::new(kms.clients()?, filter);
            match region {
                Some(region) => Arc::new(keyring.in_region(&region)),
                None => Arc::new(keyring),
            }
        }
    })
}

fn private_key(pem: &str) -> anyhow::Result<PrivateKey> {
    let wrong = "its private_key_pem is not an RSA key of 2048, 3072 or 4096 bits in PKCS#8 (BEGIN PRIVATE KEY)";
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).ok().context(wrong)?;
    let mut der = der.secret_pkcs8_der().to_vec();
    let key = RSA.into_iter().find_map(|kind| PrivateKey::from_pkcs8(kind, &mut der.clone()).ok());
    der.zeroize();
    key.context(wrong)
}

fn public_key(pem: &str) -> anyhow::Result<PublicKey> {
    let wrong = "its public_key_pem is not an RSA key of 2048, 3072 or 4096 bits (BEGIN PUBLIC KEY)";
    let der = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).ok().context(wrong)?;
    RSA.into_iter().find_map(|kind| PublicKey::from_der(kind, &der)).context(wrong)
}
