//! TagUser, UntagUser, ListUserTags, and the same of roles and of OpenID Connect providers.

use claviger_identity::ProviderRecord;

use super::oidc;
use super::prelude::*;
use super::table::Table;

/// Adds the operations of this file.
pub(super) fn add(table: Table) -> Table {
    table
        .with::<TagUser>()
        .with::<UntagUser>()
        .with::<ListUserTags>()
        .with::<TagRole>()
        .with::<UntagRole>()
        .with::<ListRoleTags>()
        .with::<TagOpenIDConnectProvider>()
        .with::<UntagOpenIDConnectProvider>()
        .with::<ListOpenIDConnectProviderTags>()
}

macro_rules! tag {
    ($name:ident, $input:ident => $output:ident, $error:ident, $record:ty, $find:path, $member:ident) => {
        struct $name;

        impl Operation for $name {
            declare!($name, Audit::write(), $input => $output, $error, Target<$record>);

            async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
                $find(cx, &input.$member).await
            }

            fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
                conditions::request_tags(Some(&input.tags), key)
            }

            async fn run(
                _cx: IamCx<'_>,
                subject: &Authorized<Self::Subject>,
                input: &Self::Input,
            ) -> Result<Done<Self::Output>, Self::Error> {
                let stored = subject.there::<Self::Error>()?;
                let mut record = stored.record.clone();
                tags::add::<Self::Error>(&mut record.tags, &input.tags)?;
                let mut batch = Batch::default();
                batch.update(stored.version, &record);
                Ok(Done::write(Default::default(), batch))
            }
        }
    };
}

macro_rules! untag {
    ($name:ident, $input:ident => $output:ident, $error:ident, $record:ty, $find:path, $member:ident) => {
        struct $name;

        impl Operation for $name {
            declare!($name, Audit::write(), $input => $output, $error, Target<$record>);

            async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
                $find(cx, &input.$member).await
            }

            fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
                conditions::removed_tags(&input.tag_keys, key)
            }

            async fn run(
                _cx: IamCx<'_>,
                subject: &Authorized<Self::Subject>,
                input: &Self::Input,
            ) -> Result<Done<Self::Output>, Self::Error> {
                let stored = subject.there::<Self::Error>()?;
                let mut record = stored.record.clone();
                tags::remove(&mut record.tags, &input.tag_keys);
                let mut batch = Batch::default();
                batch.update(stored.version, &record);
                Ok(Done::write(Default::default(), batch))
            }
        }
    };
}

macro_rules! list {
    ($name:ident, $input:ident => $output:ident, $error:ident, $record:ty, $find:path, $member:ident) => {
        struct $name;

        impl Operation for $name {
            declare!($name, Audit::read_only(), $input => $output, $error, Target<$record>);

            async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
                $find(cx, &input.$member).await
            }

            unconditional!();

            async fn run(
                _cx: IamCx<'_>,
                subject: &Authorized<Self::Subject>,
                input: &Self::Input,
            ) -> Result<Done<Self::Output>, Self::Error> {
                let pager = Pager::new::<Self::Error>(input.marker.as_deref(), input.max_items)?;
                let record = &subject.there::<Self::Error>()?.record;
                let all = tags::all(&record.tags).into_iter().map(|tag| (tag.key.clone(), tag));
                let page = pager.cut(all);
                Ok(Done::read(iam::$output {
                    is_truncated: page.is_truncated(),
                    tags: Some(page.items),
                    marker: page.marker,
                }))
            }
        }
    };
}

tag!(TagUser, TagUserRequest => TagUserResponse, TagUserError, UserRecord, find::entity, user_name);
tag!(TagRole, TagRoleRequest => TagRoleResponse, TagRoleError, RoleRecord, find::entity, role_name);
tag!(
    TagOpenIDConnectProvider,
    TagOpenIDConnectProviderRequest => TagOpenIDConnectProviderResponse,
    TagOpenIDConnectProviderError, ProviderRecord, oidc::find, open_id_connect_provider_arn
);
untag!(UntagUser, UntagUserRequest => UntagUserResponse, UntagUserError, UserRecord, find::entity, user_name);
untag!(UntagRole, UntagRoleRequest => UntagRoleResponse, UntagRoleError, RoleRecord, find::entity, role_name);
untag!(
    UntagOpenIDConnectProvider,
    UntagOpenIDConnectProviderRequest => UntagOpenIDConnectProviderResponse,
    UntagOpenIDConnectProviderError, ProviderRecord, oidc::find, open_id_connect_provider_arn
);
list!(
    ListUserTags,
    ListUserTagsRequest => ListUserTagsResponse, ListUserTagsError, UserRecord, find::entity, user_name
);
list!(
    ListRoleTags,
    ListRoleTagsRequest => ListRoleTagsResponse, ListRoleTagsError, RoleRecord, find::entity, role_name
);
list!(
    ListOpenIDConnectProviderTags,
    ListOpenIDConnectProviderTagsRequest => ListOpenIDConnectProviderTagsResponse,
    ListOpenIDConnectProviderTagsError, ProviderRecord, oidc::find, open_id_connect_provider_arn
);
