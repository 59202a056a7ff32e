//! What every operation's file names.

pub(super) use claviger_pipeline::{Audit, Authorized, Done, Operation, Quota, bool_text};
pub(super) use claviger_policy::Values;
pub(super) use claviger_shapes::{InternalFailure, ValidationException, ssm};
pub(super) use claviger_store::Batch;

pub(super) use crate::subject::{Target, Targets};
pub(super) use crate::{Ssm, SsmCx, find, name};
