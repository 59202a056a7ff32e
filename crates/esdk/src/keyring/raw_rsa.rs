use std::fmt;
use std::future::ready;
use std::str::FromStr;

use claviger_crypto::key_pair::{OaepHash, PrivateKey, PublicKey};
use claviger_crypto::secret::Secret;

use super::{namespace, none_named};
use crate::Error;
use crate::header::EncryptedDataKey;
use crate::materials::{BoxFuture, DecryptionMaterials, EncryptionMaterials, Keyring};

/// How RSA pads a data key (`framework/raw-rsa-keyring.md`, Supported Padding Schemes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Padding {
    /// RSAES-PKCS1-v1_5: only for messages that have it.
    Pkcs1,
    /// RSAES-OAEP, with the hash in MGF1 too.
    Oaep(OaepHash),
}

impl Padding {
    /// Every padding.
    pub const ALL: [Self; 5] = [
        Self::Pkcs1,
        Self::Oaep(OaepHash::Sha1),
        Self::Oaep(OaepHash::Sha256),
        Self::Oaep(OaepHash::Sha384),
        Self::Oaep(OaepHash::Sha512),
    ];

    /// As keyring files spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pkcs1 => "pkcs1",
            Self::Oaep(OaepHash::Sha1) => "oaep-sha1",
            Self::Oaep(OaepHash::Sha256) => "oaep-sha256",
            Self::Oaep(OaepHash::Sha384) => "oaep-sha384",
            Self::Oaep(OaepHash::Sha512) => "oaep-sha512",
        }
    }
}

impl fmt::Display for Padding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Padding {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|padding| padding.name() == text).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|padding| padding.name()).collect();
            format!("{text:?} is not a padding; use one of {}", names.join(", "))
        })
    }
}

/// Wraps data keys with RSA under a key of the caller's (`framework/raw-rsa-keyring.md`). Not bound to the encryption
/// context: only the message's own tag is.
pub struct RawRsaKeyring {
    namespace: String,
    name: String,
    padding: Padding,
    public: Option<PublicKey>,
    private: Option<PrivateKey>,
}

impl RawRsaKeyring {
    /// Over a public key, which encrypts, a private key, which decrypts, or both. The private key's public part does
    /// not encrypt, unless it is given as the public key.
    ///
    /// # Errors
    /// [`Error::InvalidKeyring`]: no key, a key that is not RSA, or a namespace that begins with `aws-kms`.
    pub fn new(
        key_namespace: &str,
        name: &str,
        padding: Padding,
        public: Option<PublicKey>,
        private: Option<PrivateKey>,
    ) -> Result<Self, Error> {
        let invalid = |text: &str| Err(Error::InvalidKeyring(text.to_owned()));
        let mut kinds = public.iter().map(PublicKey::kind).chain(private.iter().map(PrivateKey::kind)).peekable();
        if kinds.peek().is_none() {
            return invalid("it has neither a public nor a private key");
        }
        if !kinds.all(|kind| kind.modulus_bytes().is_some()) {
            return invalid("its key is not an RSA key");
        }
        Ok(Self { namespace: namespace(key_namespace)?, name: name.to_owned(), padding, public, private })
    }

    fn encrypt(&self, materials: &mut EncryptionMaterials) -> Result<(), Error> {
        let failed =
            |why: &str| Error::NotEncrypted(format!("the RSA key {:?} in {:?} {why}", self.name, self.namespace));
        let public = self.public.as_ref().ok_or_else(|| failed("has no public part"))?;
        let data_key = materials.data_key_or_random().expose();
        let ciphertext = match self.padding {
            Padding::Pkcs1 => public.encrypt_pkcs1(data_key),
            Padding::Oaep(hash) => public.encrypt(hash, data_key),
        };
        let ciphertext = ciphertext.map_err(|_| failed("is too short for the data key"))?;
        materials.add_encrypted_data_key(EncryptedDataKey {
            provider_id: self.namespace.clone(),
            provider_info: self.name.clone().into_bytes(),
            ciphertext,
        });
        Ok(())
    }

    fn decrypt(&self, materials: &mut DecryptionMaterials, keys: &[EncryptedDataKey]) -> Result<(), Error> {
        let named = format!("the RSA key {:?} in {:?}", self.name, self.namespace);
        let Some(private) = &self.private else {
            return Err(Error::NotDecrypted(format!("{named} has no private part")));
        };
        let mine =
            |key: &&EncryptedDataKey| key.provider_id == self.namespace && key.provider_info == self.name.as_bytes();
        let mut mine = keys.iter().filter(mine).peekable();
        if mine.peek().is_none() {
            return Err(none_named(&named));
        }
        for key in mine {
            let data_key = match self.padding {
                Padding::Pkcs1 => private.decrypt_pkcs1(&key.ciphertext),
                Padding::Oaep(hash) => private.decrypt(hash, &key.ciphertext),
            };
            if let Ok(mut data_key) = data_key
                && data_key.len() == materials.suite().data_key_bytes()
            {
                return materials.set_data_key(Secret::take(&mut data_key));
            }
        }
        Err(Error::NotDecrypted(format!("{named} does not open its encrypted data key")))
    }
}

impl Keyring for RawRsaKeyring {
    fn on_encrypt<'a>(&'a self, materials: &'a mut EncryptionMaterials) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(ready(self.encrypt(materials)))
    }

    fn on_decrypt<'a>(
        &'a self,
        materials: &'a mut DecryptionMaterials,
        encrypted_data_keys: &'a [EncryptedDataKey],
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(ready(self.decrypt(materials, encrypted_data_keys)))
    }
}
