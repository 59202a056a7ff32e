//! What every operation's file names.

pub(in crate::iam) use claviger_identity::{Entity, GroupRecord, PolicyRecord, RoleRecord, UserRecord};
pub(in crate::iam) use claviger_pipeline::{Audit, Authorized, Done, NoResource, Operation, Quota};
pub(in crate::iam) use claviger_policy::Values;
pub(in crate::iam) use claviger_shapes::{InternalFailure, iam};
pub(in crate::iam) use claviger_store::Batch;

pub(in crate::iam) use crate::iam::subject::Target;
pub(in crate::iam) use crate::iam::{Iam, IamCx, conditions, documents, find, tags, views};
