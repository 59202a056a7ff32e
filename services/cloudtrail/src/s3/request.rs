//! What requests ask, and what they are told when they fail.

use claviger_shapes::{
    AccessDeniedException, Audited, DecodeError, Fault, Input, InternalFailure, ValidationException,
};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serializer};

/// A request of any of the three operations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct S3Request {
    /// The bucket.
    #[serde(rename = "Bucket")]
    pub(super) bucket: String,
    /// The file; empty where none is named.
    #[serde(rename = "Key")]
    pub(super) key: String,
    /// Only keys that begin with this.
    #[serde(default)]
    pub(super) prefix: Option<String>,
    /// Only keys after this one.
    #[serde(default)]
    pub(super) marker: Option<String>,
    /// `url`: keys are answered percent-encoded.
    #[serde(default, rename = "encoding-type")]
    pub(super) encoding_type: Option<String>,
    /// Keys of a page.
    #[serde(default, rename = "max-keys")]
    pub(super) max_keys: Option<String>,
}

impl Input for S3Request {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, DecodeError> {
        Self::deserialize(deserializer).map_err(|_| DecodeError::Serialization("".into()))
    }
}

impl Audited for S3Request {
    /// As CloudTrail shows requests of S3: names of its own for bucket and key, the parameters as sent.
    fn audit<S: Serializer>(&self, _hide: &[&str], serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("bucketName", &self.bucket)?;
        let key = Some(&self.key).filter(|key| !key.is_empty());
        let parameters = [
            ("key", key),
            ("prefix", self.prefix.as_ref()),
            ("marker", self.marker.as_ref()),
            ("encoding-type", self.encoding_type.as_ref()),
            ("max-keys", self.max_keys.as_ref()),
        ];
        for (name, value) in parameters {
            if let Some(value) = value {
                members.serialize_entry(name, value)?;
            }
        }
        members.end()
    }
}

/// Why a request fails.
#[derive(Debug)]
pub(super) struct S3Error(Fault);

impl S3Error {
    pub(super) fn no_such_bucket() -> Self {
        Self(Fault::new("NoSuchBucket", 404).with_message("The specified bucket does not exist"))
    }

    pub(super) fn no_such_key() -> Self {
        Self(Fault::new("NoSuchKey", 404).with_message("The specified key does not exist."))
    }

    pub(super) fn invalid_argument(message: &'static str) -> Self {
        Self(Fault::new("InvalidArgument", 400).with_message(message))
    }
}

impl From<ValidationException> for S3Error {
    fn from(error: ValidationException) -> Self {
        Self(error.into())
    }
}

impl From<AccessDeniedException> for S3Error {
    fn from(error: AccessDeniedException) -> Self {
        Self(error.into())
    }
}

impl From<InternalFailure> for S3Error {
    fn from(error: InternalFailure) -> Self {
        Self(Fault { code: "InternalError", ..error.into() })
    }
}

impl From<S3Error> for Fault {
    fn from(error: S3Error) -> Self {
        error.0
    }
}
