//! SecureString values: encrypted and decrypted by the key service. Small ones by the key itself, those of the advanced
//! tier in an envelope.

use claviger_shapes::{Blob, Fault, SecretString};

use crate::SsmCx;
use crate::envelope;
use crate::keys::{KeyError, Keys, failed};
use crate::record::Tier;

/// The key of values whose writer names none.
pub(crate) const DEFAULT_KEY: &str = "alias/aws/ssm";

/// Stored ciphertexts.
const ENCODING: base64_simd::Base64 = base64_simd::STANDARD;

/// Encrypts a value under `key_id` for the parameter `arn`.
pub(crate) async fn encrypt<E: KeyError>(
    cx: SsmCx<'_>,
    key_id: &str,
    arn: &str,
    tier: Tier,
    value: &str,
) -> Result<String, E> {
    let keys = Keys { cx, arn };
    let sealed = match tier {
        Tier::Standard => keys.encrypt(key_id, value).await,
        Tier::Advanced => envelope::seal(keys, key_id, value).await,
    };
    sealed.map(|sealed| ENCODING.encode_to_string(sealed)).map_err(E::of)
}

/// Decrypts what [`encrypt`] made for the same parameter.
pub(crate) async fn decrypt<E: KeyError>(
    cx: SsmCx<'_>,
    arn: &str,
    tier: Tier,
    ciphertext: &str,
) -> Result<SecretString, E> {
    open(Keys { cx, arn }, tier, ciphertext).await.map_err(E::of)
}

async fn open(keys: Keys<'_>, tier: Tier, ciphertext: &str) -> Result<SecretString, Fault> {
    let unreadable = || failed(format!("the stored value of {} is not readable", keys.arn));
    let sealed = ENCODING.decode_to_vec(ciphertext.as_bytes()).map_err(|_| unreadable())?;
    let plaintext = match tier {
        Tier::Standard => keys.decrypt(Blob(sealed), keys.context()).await?,
        Tier::Advanced => envelope::open(keys, &sealed).await?,
    };
    let text = std::str::from_utf8(plaintext.as_ref()).map_err(|_| unreadable())?;
    Ok(SecretString::new(text.to_owned()))
}
