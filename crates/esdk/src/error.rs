use crate::{CommitmentPolicy, Suite};

/// Why something was not encrypted or decrypted. Texts are for people and hold nothing secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not a message of the format.
    #[error("not a message of the Encryption SDK: {0}")]
    Malformed(&'static str),
    /// The bytes look like the base64 form of a message (`client-apis/decrypt.md`, Encrypted Message Format).
    #[error("not a message of the Encryption SDK, but it looks like one in base64: decode it first")]
    Base64,
    /// The message ends before its end.
    #[error("the message is cut off")]
    Truncated,
    /// Something follows the message.
    #[error("there are bytes after the end of the message")]
    TrailingBytes,
    /// The commitment policy does not allow the suite.
    #[error("the algorithm suite {suite} is not allowed by the commitment policy {policy}")]
    Policy {
        /// Of the request or the message.
        suite: Suite,
        /// Of the client.
        policy: CommitmentPolicy,
    },
    /// More encrypted data keys than the client allows (`client-apis/client.md`).
    #[error("the message has {found} encrypted data keys; at most {max} are allowed")]
    TooManyEncryptedDataKeys {
        /// In the message or the materials.
        found: usize,
        /// Allowed.
        max: u16,
    },
    /// A frame, or the body in one piece, is longer than the client allows.
    #[error("the message has pieces of {bytes} bytes; at most {max} are allowed")]
    PieceTooLong {
        /// In the message.
        bytes: u64,
        /// Allowed.
        max: u64,
    },
    /// The header is not what was written, or the data key is another one.
    #[error("the header is not authentic")]
    HeaderNotAuthentic,
    /// The data key is not the one the message commits to.
    #[error("the data key is not the one the message commits to")]
    Commitment,
    /// A frame, or the body without frames, is not what was written.
    #[error("frame {0} is not authentic")]
    FrameNotAuthentic(u32),
    /// The signature at the end is not that of the message.
    #[error("the signature does not verify")]
    Signature,
    /// A signed message where only messages are accepted whose plaintext can be released as it comes.
    #[error("the message is signed, and signed messages are not accepted here")]
    SignedMessage,
    /// A key of the encryption context begins with what the format reserves.
    #[error("the encryption context's key {0:?} begins with aws-crypto-, which is reserved")]
    ReservedContextKey(String),
    /// The encryption context does not fit into a header.
    #[error("the encryption context is too long: its serialized form has at most 65535 bytes")]
    ContextTooLong,
    /// The message's context has another value.
    #[error("the encryption context's key {0:?} has another value in the message")]
    ContextMismatch(String),
    /// A required key of the encryption context was not given.
    #[error("the encryption context's key {0:?} is required")]
    ContextKeyMissing(String),
    /// The frame length is 0, or the message would have more than 2^32 - 1 frames.
    #[error("the frame length does not fit: {0}")]
    FrameLength(&'static str),
    /// More plaintext came than was announced.
    #[error("the plaintext is longer than the {0} bytes announced")]
    PlaintextTooLong(u64),
    /// Limits of a cache that cannot be.
    #[error("the cache's limits do not fit: {0}")]
    CacheLimits(&'static str),
    /// Keys cannot be made into a keyring.
    #[error("the keyring cannot be made: {0}")]
    InvalidKeyring(String),
    /// The keyring wrapped no data key.
    #[error("the data key was not encrypted: {0}")]
    NotEncrypted(String),
    /// No key of the keyring opens a data key of the message.
    #[error("no key opens the message's data key: {0}")]
    NotDecrypted(String),
    /// Materials are not what their suite needs: a defect of a keyring or a materials manager.
    #[error("the cryptographic materials are not valid: {0}")]
    InvalidMaterials(&'static str),
    /// The library failed to sign or to make a key, which has nothing to do with the input.
    #[error("the cryptographic library failed")]
    Library,
}
