//! What every operation's file names.

pub(super) use claviger_pipeline::{Audit, Authorized, Done, Operation, Permission, Quota, Subject};
pub(super) use claviger_policy::Values;
pub(super) use claviger_shapes::{InternalFailure, ValidationException, sts};

pub(super) use super::{Sts, StsCx};
