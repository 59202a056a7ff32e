//! What every operation's file names.

pub(super) use claviger_pipeline::{Audit, Authorized, Done, NoResource, Operation, Permission, Quota, Subject};
pub(super) use claviger_policy::Values;
pub(super) use claviger_shapes::{Blob, InternalFailure, SecretBlob, Timestamp, ValidationException, kms};
pub(super) use claviger_store::Batch;

pub(super) use crate::key::KeySubject;
pub(super) use crate::{Kms, KmsCx, quotas};

/// The message type of signing, effective when a request names none.
pub(super) const RAW: &str = "RAW";
/// The algorithm of symmetric encryption keys, effective when a request names none.
pub(super) const SYMMETRIC_DEFAULT: &str = "SYMMETRIC_DEFAULT";
