//! What every operation's file names.

pub(in crate::iam) use claviger_identity::{Entity, GroupRecord, PolicyRecord, RoleRecord, UserRecord};
pub(in crate::iam) use claviger_pipeline::{Audit, Authorized, Done, NoResource, Operation};
pub(in crate::iam) use claviger_policy::Values;
pub(in crate::iam) use claviger_shapes::{InternalFailure, iam};
pub(in crate::iam) use claviger_store::Batch;

pub(in crate::iam) use crate::iam::page::Pager;
pub(in crate::iam) use crate::iam::subject::{Listed, Target};
pub(in crate::iam) use crate::iam::{IamCx, conditions, documents, find, tags, views};

/// The constants and types of an operation: its name as AWS spells it, what its record shows, and its shapes. IAM's
/// actions are named as its operations, and its request rates are not published.
macro_rules! declare {
    ($name:ident, $audit:expr, $input:ident => $output:ident, $error:ident, $subject:ty) => {
        type Service = crate::iam::Iam;
        const NAME: &'static str = stringify!($name);
        const ACTION: &'static str = concat!("iam:", stringify!($name));
        const AUDIT: claviger_pipeline::Audit = $audit;
        const QUOTA: claviger_pipeline::Quota = claviger_pipeline::Quota::Unlimited;
        type Input = claviger_shapes::iam::$input;
        type Output = claviger_shapes::iam::$output;
        type Error = claviger_shapes::iam::$error;
        type Subject = $subject;
    };
}
pub(in crate::iam) use declare;

/// No condition keys follow from the request.
macro_rules! unconditional {
    () => {
        fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<claviger_policy::Values<'a>> {
            None
        }
    };
}
pub(in crate::iam) use unconditional;
