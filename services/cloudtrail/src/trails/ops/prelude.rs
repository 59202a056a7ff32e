//! What every operation's file names.

pub(super) use claviger_pipeline::{Audit, Authorized, Cx, Done, NoResource, Operation, internal};
pub(super) use claviger_shapes::{InternalFailure, cloudtrail as shapes};
pub(super) use claviger_store::{Batch, Record, Records};

pub(super) use crate::CloudTrail;
pub(super) use crate::trails::names::Named;
pub(super) use crate::trails::subject::{TrailSubject, TrailSubjects};
pub(super) use crate::trails::{find, view};

/// The constants and types of an operation. CloudTrail's actions are named as its operations.
macro_rules! declare {
    ($name:ident, $audit:expr, $rate:expr, $input:ident => $output:ident, $error:ident, $subject:ty) => {
        type Service = crate::CloudTrail;
        const NAME: &'static str = stringify!($name);
        const ACTION: &'static str = concat!("cloudtrail:", stringify!($name));
        const AUDIT: claviger_pipeline::Audit = $audit;
        const QUOTA: claviger_pipeline::Quota = claviger_pipeline::Quota::Own($rate);
        type Input = claviger_shapes::cloudtrail::$input;
        type Output = claviger_shapes::cloudtrail::$output;
        type Error = claviger_shapes::cloudtrail::$error;
        type Subject = $subject;
    };
}
pub(super) use declare;

/// No condition keys follow from the request.
macro_rules! unconditional {
    () => {
        fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<claviger_policy::Values<'a>> {
            None
        }
    };
}
pub(super) use unconditional;

/// The trail under the member `$member` is the subject.
macro_rules! named_trail {
    ($member:ident) => {
        async fn subject(cx: Cx<'_, CloudTrail>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
            Ok(find::find(cx, Named::parse::<Self::Error>(&input.$member)?).await?)
        }
    };
}
pub(super) use named_trail;
