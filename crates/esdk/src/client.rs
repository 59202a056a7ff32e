use std::num::NonZeroU32;

use claviger_crypto::Zeroizing;

use crate::context::RESERVED_PREFIX;
use crate::decryptor::{Decryptor, SignedPlaintext};
use crate::encryptor::Encryptor;
use crate::header::{self, Header, HeaderReader};
use crate::materials::{DecryptionRequest, EncryptionRequest, MaterialsManager};
use crate::{CommitmentPolicy, EncryptionContext, Error, Suite};

/// Plaintext in a frame unless asked for otherwise, in bytes (`client-apis/encrypt.md`, Frame Length).
pub const FRAME_LENGTH_DEFAULT: NonZeroU32 = NonZeroU32::new(4096).unwrap();

/// Encrypts and decrypts messages under the same rules (`client-apis/client.md`).
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// Which suites are allowed.
    pub policy: CommitmentPolicy,
    /// Messages with more encrypted data keys are neither written nor read; `None` for as many as the format allows.
    /// Each one may cost whoever decrypts a call, so set it where messages come from others.
    pub encrypted_data_keys_max: Option<u16>,
    /// Messages whose frames, or whose body if it is in one piece, have more bytes are not read; `None` for as many as
    /// the format allows. That much is held in memory at a time.
    pub piece_bytes_max: Option<u64>,
    /// When plaintext of signed messages is given out.
    pub signed_plaintext: SignedPlaintext,
}

/// What to encrypt with (`client-apis/encrypt.md`, Input).
#[derive(Clone, Debug, Default)]
pub struct EncryptOptions {
    /// Pairs to bind the message to; names beginning with `aws-crypto-` are refused.
    pub context: EncryptionContext,
    /// The suite; `None` for the policy's default.
    pub suite: Option<Suite>,
    /// Plaintext in each frame, in bytes; `None` for [`FRAME_LENGTH_DEFAULT`].
    pub frame_length: Option<NonZeroU32>,
    /// The plaintext has at most so many bytes; more is an error.
    pub plaintext_bytes_max: Option<u64>,
}

/// A message that was encrypted in one go.
#[derive(Debug)]
pub struct Encrypted {
    /// The message.
    pub message: Vec<u8>,
    /// Its header.
    pub header: Header,
}

/// A message that was decrypted in one go.
pub struct Decrypted {
    /// The plaintext.
    pub plaintext: Zeroizing<Vec<u8>>,
    /// The message's header.
    pub header: Header,
    /// All pairs the message is bound to, those that are not stored in it too.
    pub context: EncryptionContext,
}

impl Client {
    /// Starts a message.
    ///
    /// # Errors
    /// [`Error::Policy`], [`Error::ReservedContextKey`], [`Error::ContextTooLong`],
    /// [`Error::TooManyEncryptedDataKeys`], and what the manager fails with.
    pub async fn encryptor(&self, manager: &dyn MaterialsManager, options: EncryptOptions) -> Result<Encryptor, Error> {
        if let Some(reserved) = options.context.keys().find(|name| name.starts_with(RESERVED_PREFIX)) {
            return Err(Error::ReservedContextKey(reserved.clone()));
        }
        if let Some(suite) = options.suite {
            self.policy.check_encrypt(suite)?;
        }
        let request = EncryptionRequest {
            context: options.context,
            policy: self.policy,
            suite: options.suite,
            plaintext_bytes_max: options.plaintext_bytes_max,
            ..EncryptionRequest::default()
        };
        let materials = manager.encryption_materials(request).await?;
        // A manager may have chosen another suite.
        self.policy.check_encrypt(materials.suite())?;
        let found = materials.encrypted_data_keys().len();
        if let Some(max) = self.encrypted_data_keys_max.filter(|max| found > usize::from(*max)) {
            return Err(Error::TooManyEncryptedDataKeys { found, max });
        }
        let frame_length = options.frame_length.unwrap_or(FRAME_LENGTH_DEFAULT);
        Encryptor::new(materials, frame_length.get(), options.plaintext_bytes_max)
    }

    /// For collecting a message's header, which [`decryptor`](Self::decryptor) takes.
    pub fn header_reader(&self) -> HeaderReader {
        HeaderReader::new(self.encrypted_data_keys_max)
    }

    /// Opens a message whose header is complete. Every pair of `context` must be one the message is bound to.
    ///
    /// # Errors
    /// [`Error::Truncated`] for a header that is not complete, [`Error::Malformed`], [`Error::Policy`],
    /// [`Error::SignedMessage`], [`Error::PieceTooLong`], [`Error::ContextMismatch`], [`Error::HeaderNotAuthentic`], [`Error::Commitment`], and
    /// what the manager fails with.
    pub async fn decryptor(
        &self,
        manager: &dyn MaterialsManager,
        header: HeaderReader,
        context: EncryptionContext,
    ) -> Result<Decryptor, Error> {
        if !header.is_complete() {
            return Err(Error::Truncated);
        }
        let bytes = header.into_bytes();
        let parsed = header::parse(&bytes)?;
        let suite = parsed.header.suite;
        self.policy.check_decrypt(suite)?;
        if suite.signs() && self.signed_plaintext == SignedPlaintext::Refuse {
            return Err(Error::SignedMessage);
        }
        if let Some(length) = parsed.header.frame_length {
            check_piece(self.piece_bytes_max, u64::from(length))?;
        }
        let request = DecryptionRequest {
            suite,
            policy: self.policy,
            encrypted_data_keys: parsed.header.encrypted_data_keys.clone(),
            context: parsed.header.context.clone(),
            reproduced_context: context,
        };
        let materials = manager.decryption_materials(request).await?;
        Decryptor::new(parsed, &bytes, materials, self.signed_plaintext, self.piece_bytes_max)
    }

    /// Encrypts in one go.
    ///
    /// # Errors
    /// As [`encryptor`](Self::encryptor) and [`Encryptor::update`].
    pub async fn encrypt(
        &self,
        manager: &dyn MaterialsManager,
        plaintext: &[u8],
        mut options: EncryptOptions,
    ) -> Result<Encrypted, Error> {
        options.plaintext_bytes_max = Some(plaintext.len() as u64);
        let mut encryptor = self.encryptor(manager, options).await?;
        let header = encryptor.header().clone();
        let mut message = Vec::new();
        encryptor.update(plaintext, &mut message)?;
        encryptor.finish(&mut message)?;
        Ok(Encrypted { message, header })
    }

    /// Decrypts in one go; gives nothing out unless the whole message is authentic. Every pair of `context` must be
    /// one the message is bound to.
    ///
    /// # Errors
    /// As [`decryptor`](Self::decryptor), [`Decryptor::update`] and [`Decryptor::finish`].
    pub async fn decrypt(
        &self,
        manager: &dyn MaterialsManager,
        message: &[u8],
        context: EncryptionContext,
    ) -> Result<Decrypted, Error> {
        let mut reader = self.header_reader();
        let used = reader.push(message)?;
        let mut decryptor = self.decryptor(manager, reader, context).await?;
        let mut plaintext = Zeroizing::new(Vec::new());
        decryptor.update(&message[used..], &mut plaintext)?;
        let (header, context) = (decryptor.header().clone(), decryptor.context().clone());
        decryptor.finish(&mut plaintext)?;
        Ok(Decrypted { plaintext, header, context })
    }
}

pub(crate) fn check_piece(max: Option<u64>, bytes: u64) -> Result<(), Error> {
    match max.filter(|max| bytes > *max) {
        Some(max) => Err(Error::PieceTooLong { bytes, max }),
        None => Ok(()),
    }
}
