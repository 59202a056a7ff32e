//! What every operation's file names.

pub(super) use claviger_pipeline::{Audit, Authorized, Done, NoResource, Operation, Quota};
pub(super) use claviger_policy::Values;
pub(super) use claviger_shapes::{InternalFailure, service_quotas};

pub(super) use crate::{Catalog, QuotasCx};
