//! PutUserPermissionsBoundary, PutRolePermissionsBoundary and their deletion: the managed policy that limits what an
//! entity's own policies can give it.

use crate::iam::find::Managed;
use crate::iam::prelude::*;

macro_rules! put {
    ($name:ident, $input:ident => $output:ident, $error:ident, $record:ty, $member:ident) => {
        pub(super) struct $name;

        impl Operation for $name {
            declare!($name, Audit::write(), $input => $output, $error, Target<$record>);

            async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
                find::entity(cx, &input.$member).await
            }

            fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
                conditions::boundary(Some(&input.permissions_boundary), key)
            }

            async fn run(
                cx: IamCx<'_>,
                subject: &Authorized<Self::Subject>,
                input: &Self::Input,
            ) -> Result<Done<Self::Output>, Self::Error> {
                let stored = subject.there::<Self::Error>()?;
                let arn = &input.permissions_boundary;
                let managed = find::attachable::<Self::Error>(cx, arn, "Scope ARN:").await?;
                let mut record = stored.record.clone();
                record.boundary = Some(arn.clone());
                let mut batch = Batch::default();
                batch.update(stored.version, &record);
                if let Managed::Own(policy) = managed {
                    // Writing the policy too makes its use and its deletion exclude each other.
                    batch.update(policy.version, &policy.record);
                }
                Ok(Done::write(Default::default(), batch))
            }
        }
    };
}

macro_rules! delete {
    ($name:ident, $input:ident => $output:ident, $error:ident, $record:ty, $member:ident) => {
        pub(super) struct $name;

        impl Operation for $name {
            declare!($name, Audit::write(), $input => $output, $error, Target<$record>);

            async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
                Ok(find::entity::<$record, Self::Error>(cx, &input.$member).await?.keyed_by_boundary())
            }

            unconditional!();

            async fn run(
                _cx: IamCx<'_>,
                subject: &Authorized<Self::Subject>,
                _input: &Self::Input,
            ) -> Result<Done<Self::Output>, Self::Error> {
                let stored = subject.there::<Self::Error>()?;
                let mut record = stored.record.clone();
                record.boundary = None;
                let mut batch = Batch::default();
                batch.update(stored.version, &record);
                Ok(Done::write(Default::default(), batch))
            }
        }
    };
}

put!(
    PutUserPermissionsBoundary,
    PutUserPermissionsBoundaryRequest => PutUserPermissionsBoundaryResponse,
    PutUserPermissionsBoundaryError, UserRecord, user_name
);
put!(
    PutRolePermissionsBoundary,
    PutRolePermissionsBoundaryRequest => PutRolePermissionsBoundaryResponse,
    PutRolePermissionsBoundaryError, RoleRecord, role_name
);
delete!(
    DeleteUserPermissionsBoundary,
    DeleteUserPermissionsBoundaryRequest => DeleteUserPermissionsBoundaryResponse,
    DeleteUserPermissionsBoundaryError, UserRecord, user_name
);
delete!(
    DeleteRolePermissionsBoundary,
    DeleteRolePermissionsBoundaryRequest => DeleteRolePermissionsBoundaryResponse,
    DeleteRolePermissionsBoundaryError, RoleRecord, role_name
);
