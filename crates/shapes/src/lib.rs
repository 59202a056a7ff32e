//! Request and response types of the AWS services Claviger answers for, with their constraints
//! and their lists of exceptions.
//!
//! The service modules ([`kms`], [`iam`], [`sts`], [`ssm`], [`service_quotas`], [`cloudtrail`]) are generated from
//! `models/*.json` by `cargo xtask model` and checked in. What is hand-written here is the small runtime they share:
//! decoding a request in one pass while collecting every constraint violation ([`decode`]),
//! writing a response ([`Output`]), the view of both that may enter the audit log ([`Audited`]),
//! and the faults every operation can answer with ([`fault`]).
//!
//! A decoded request satisfies its model: lengths, ranges, patterns, enums and required members
//! hold. Rules that need more than the member itself belong to the service.

mod audit;
mod blob;
pub mod decode;
mod enumeration;
pub mod fault;
mod output;
mod timestamp;
mod view;

#[cfg(test)]
mod tests;

pub mod cloudtrail;
pub mod iam;
pub mod kms;
pub mod service_quotas;
pub mod ssm;
pub mod sts;

pub use audit::{AuditView, Audited};
pub use blob::{Blob, SecretBlob, SecretString};
pub use decode::{DecodeError, Input};
pub use enumeration::UnknownValue;
pub use fault::{
    AccessDeniedException, Fault, InternalFailure, InvalidParameterValueException, NotAuthorizedException,
    ThrottlingException, UnrecognizedClientException, ValidationException,
};
pub use output::{Content, OperationInfo, Output};
pub use timestamp::{TIMESTAMP, Timestamp};

/// What the generated modules use, in one import.
mod generated {
    pub(crate) use std::collections::BTreeMap;

    pub(crate) use serde::de::Deserializer;

    pub(crate) use crate::blob::{Blob, SecretBlob, SecretString};
    pub(crate) use crate::decode::{
        Bytes, DecodeError, Input, List, Members, Pattern, Range, Set, Span, Stop, Structure, Text,
    };
    pub(crate) use crate::enumeration::enumeration;
    pub(crate) use crate::fault::{exceptions, operation_error};
    pub(crate) use crate::output::{OperationInfo, Output};
    pub(crate) use crate::timestamp::Timestamp;
    pub(crate) use crate::view::{Field, Fields, structure};
}
