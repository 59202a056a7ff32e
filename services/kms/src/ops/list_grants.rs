//! ListGrants: the grants on a key.

use claviger_pipeline::internal;
use claviger_store::{Records, Stored};

use super::prelude::*;
use crate::find::{self, Forms};
use crate::grant::record::list_path;
use crate::grant::{Entries, GrantRecord, Party, find_by_id, party};
use crate::page::{Bounds, Markers};
use crate::paged::Paged;

pub(super) const BOUNDS: Bounds = Bounds { default: 50, max: 100 };

pub(super) struct ListGrants;

/// Whatever narrows the list: a marker is good for one key and one filter.
fn filter(input: &kms::ListGrantsRequest) -> String {
    let of = |member: &Option<String>| member.clone().unwrap_or_default();
    let parts = [&input.grant_id, &input.grantee_principal, &input.grantee_service_principal].map(of);
    format!("{}|{}", input.key_id, parts.join("|"))
}

impl Operation for ListGrants {
    type Service = Kms;
    const NAME: &'static str = "ListGrants";
    const ACTION: &'static str = "kms:ListGrants";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(100);
    type Input = kms::ListGrantsRequest;
    type Output = kms::ListGrantsResponse;
    type Error = kms::ListGrantsError;
    type Subject = Paged<KeySubject>;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        if input.grantee_principal.is_some() && input.grantee_service_principal.is_some() {
            let text = "You can specify GranteePrincipal or GranteeServicePrincipal, but not both.";
            return Err(ValidationException::new(text).into());
        }
        let markers = Markers::new(cx.system, cx.call, Self::NAME, &filter(input));
        let after = markers.open::<Self::Error>(input.marker.as_deref()).await?;
        super::check_grant_id::<Self::Error>(input.grant_id.as_deref())?;
        let found = find::find::<Self::Error>(cx, &input.key_id, Forms::NoAlias, true, Self::ACTION).await?;
        Ok(Paged::new(found, after))
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let key = &subject.key;
        let grantee = match (&input.grantee_principal, &input.grantee_service_principal) {
            (Some(name), _) => {
                let unnamed = "Input does not refer to a valid principal";
                Some(party::require::<Self::Error>(cx, name, unnamed).await?)
            }
            (None, service) => service.as_deref().map(Party::service),
        };
        let (rows, next) = match &input.grant_id {
            Some(id) => {
                let found = find_by_id(cx.system, key, id).await.map_err(InternalFailure::from)?;
                let wanted = |grant: &GrantRecord| grantee.as_ref().is_none_or(|grantee| *grantee == grant.grantee);
                (found.into_iter().filter(|stored| wanted(&stored.record)).collect(), None)
            }
            None => {
                let (index, prefix) = match &grantee {
                    Some(grantee) => (None, format!("{}/", list_path(&key.path, &grantee.id))),
                    None => (Some("by_key"), format!("{}/", key.path)),
                };
                let (after, limit) = (subject.after.as_deref(), BOUNDS.limit(input.limit));
                let page = cx.system.store.list::<GrantRecord>(index, &prefix, None, after, limit).await;
                page.map_err(InternalFailure::new)?
            }
        };
        Ok(Done::read(page(cx, rows, next, &Markers::new(cx.system, cx.call, Self::NAME, &filter(input))).await?))
    }
}

/// One page of a list of grants.
pub(super) async fn page(
    cx: KmsCx<'_>,
    rows: Vec<Stored<GrantRecord>>,
    next: Option<String>,
    markers: &Markers<'_>,
) -> Result<kms::ListGrantsResponse, InternalFailure> {
    let mut entries = Entries::new(cx);
    let mut grants = Vec::with_capacity(rows.len());
    for row in rows {
        grants.push(entries.entry(row.record).await.map_err(internal)?);
    }
    let truncated = Some(next.is_some());
    Ok(kms::ListGrantsResponse { grants: Some(grants), next_marker: markers.seal(next).await?, truncated })
}
