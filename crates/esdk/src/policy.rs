use std::fmt;
use std::str::FromStr;

use crate::{Error, Suite};

/// Which suites are used with regard to key commitment (`framework/commitment-policy.md`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CommitmentPolicy {
    /// Encrypts without commitment and decrypts everything: while some readers do not know commitment yet.
    ForbidEncryptAllowDecrypt,
    /// Encrypts with commitment and decrypts everything: while old messages are about.
    RequireEncryptAllowDecrypt,
    /// Encrypts and decrypts with commitment only.
    #[default]
    RequireEncryptRequireDecrypt,
}

impl CommitmentPolicy {
    /// Every policy.
    pub const ALL: [Self; 3] =
        [Self::ForbidEncryptAllowDecrypt, Self::RequireEncryptAllowDecrypt, Self::RequireEncryptRequireDecrypt];

    /// As the command line of the Encryption SDK spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ForbidEncryptAllowDecrypt => "forbid-encrypt-allow-decrypt",
            Self::RequireEncryptAllowDecrypt => "require-encrypt-allow-decrypt",
            Self::RequireEncryptRequireDecrypt => "require-encrypt-require-decrypt",
        }
    }

    /// The suite when none is asked for. Without commitment it is the signed one with AES-256, as in every released
    /// Encryption SDK; the specification's present text names the one without derivation there.
    pub const fn default_suite(self) -> Suite {
        match self {
            Self::ForbidEncryptAllowDecrypt => Suite::Aes256HkdfSha384EcdsaP384,
            Self::RequireEncryptAllowDecrypt | Self::RequireEncryptRequireDecrypt => {
                Suite::Aes256HkdfSha512CommitKeyEcdsaP384
            }
        }
    }

    /// # Errors
    /// [`Error::Policy`].
    pub fn check_encrypt(self, suite: Suite) -> Result<(), Error> {
        let allowed = suite.commits() != matches!(self, Self::ForbidEncryptAllowDecrypt);
        if allowed { Ok(()) } else { Err(Error::Policy { suite, policy: self }) }
    }

    /// # Errors
    /// [`Error::Policy`].
    pub fn check_decrypt(self, suite: Suite) -> Result<(), Error> {
        let allowed = suite.commits() || !matches!(self, Self::RequireEncryptRequireDecrypt);
        if allowed { Ok(()) } else { Err(Error::Policy { suite, policy: self }) }
    }
}

impl fmt::Display for CommitmentPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for CommitmentPolicy {
    type Err = String;

    /// Reads [`name`](Self::name), also in capitals and with underscores, as the SDKs' enumerations have it.
    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.to_ascii_lowercase().replace('_', "-");
        Self::ALL.into_iter().find(|policy| policy.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|policy| policy.name()).collect();
            format!("not a commitment policy; use one of {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_policy_allows_what_its_name_says() {
        use CommitmentPolicy::*;
        for suite in Suite::ALL {
            assert_eq!(ForbidEncryptAllowDecrypt.check_encrypt(suite).is_ok(), !suite.commits());
            assert_eq!(RequireEncryptAllowDecrypt.check_encrypt(suite).is_ok(), suite.commits());
            assert_eq!(RequireEncryptRequireDecrypt.check_encrypt(suite).is_ok(), suite.commits());
            assert!(ForbidEncryptAllowDecrypt.check_decrypt(suite).is_ok());
            assert!(RequireEncryptAllowDecrypt.check_decrypt(suite).is_ok());
            assert_eq!(RequireEncryptRequireDecrypt.check_decrypt(suite).is_ok(), suite.commits());
        }
        for policy in CommitmentPolicy::ALL {
            assert_eq!(policy.check_encrypt(policy.default_suite()), Ok(()));
            assert_eq!(policy.name().parse(), Ok(policy));
            assert_eq!(policy.name().to_uppercase().replace('-', "_").parse(), Ok(policy));
        }
        assert!("require".parse::<CommitmentPolicy>().is_err());
    }
}
