//! Files of keys.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use claviger_crypto::key_pair::{KeyPairKind, PrivateKey, PublicKey};
use claviger_crypto::secret::Secret;
use claviger_esdk::keyring::{Padding, RawAesKeyring, RawRsaKeyring};
use claviger_esdk::materials::Keyring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};
use serde::Deserialize;
use zeroize::{Zeroize, Zeroizing};

const RSA: [KeyPairKind; 3] = [KeyPairKind::Rsa2048, KeyPairKind::Rsa3072, KeyPairKind::Rsa4096];

/// One key of a file.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
enum Entry {
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
}

/// The keyrings of a file, in its order.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<Arc<dyn Keyring>>> {
    let wrong = || format!("{} is not a usable file of keys", path.display());
    let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let text = Zeroizing::new(text);
    let entries: Vec<Entry> = serde_json::from_slice(&text).map_err(without_values).with_context(wrong)?;
    let keyrings = entries
        .into_iter()
        .enumerate()
        .map(|(at, entry)| keyring(entry).with_context(|| format!("entry {}", at + 1)).with_context(wrong));
    keyrings.collect()
}

/// An error of the parser that quotes nothing: what stands there may be a key.
fn without_values(error: serde_json::Error) -> anyhow::Error {
    let text = error.to_string();
    let quotes = text.starts_with("invalid type") || text.starts_with("invalid value");
    let text = if quotes { "a value of the wrong kind" } else { &text };
    anyhow::anyhow!("{text} (line {}, column {})", error.line(), error.column())
}

fn keyring(entry: Entry) -> anyhow::Result<Arc<dyn Keyring>> {
    Ok(match entry {
        Entry::RawAes { namespace, name, key } => {
            let mut key = base64_simd::STANDARD.decode_to_vec(&*key).context("its key is not base64")?;
            Arc::new(RawAesKeyring::new(&namespace, &name, &Secret::take(&mut key))?)
        }
        Entry::RawRsa { namespace, name, padding, private_key_pem, public_key_pem } => {
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
