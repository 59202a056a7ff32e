//! ListRetirableGrants: the grants a principal of the caller's account may retire, on keys of any account.

use claviger_store::Records;

use super::list_grants::{BOUNDS, page};
use super::prelude::*;
use crate::grant::record::retirer_prefix;
use crate::grant::{GrantRecord, Party, party};
use crate::page::Markers;
use crate::paged::Paged;

pub(super) struct ListRetirableGrants;

/// The retiring principal whose grants are asked for.
pub(super) struct Retirer {
    party: Party,
    /// The account whose policies decide: the principal's own.
    account: String,
}

impl Subject for Retirer {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        vec![Permission::on_account(action, &self.account)]
    }
}

fn filter(input: &kms::ListRetirableGrantsRequest) -> String {
    let of = |member: &Option<String>| member.clone().unwrap_or_default();
    [&input.retiring_principal, &input.retiring_service_principal].map(of).join("|")
}

impl Operation for ListRetirableGrants {
    type Service = Kms;
    const NAME: &'static str = "ListRetirableGrants";
    const ACTION: &'static str = "kms:ListRetirableGrants";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(100);
    type Input = kms::ListRetirableGrantsRequest;
    type Output = kms::ListGrantsResponse;
    type Error = kms::ListRetirableGrantsError;
    type Subject = Paged<Retirer>;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let names = (&input.retiring_principal, &input.retiring_service_principal);
        if matches!(names, (None, None) | (Some(_), Some(_))) {
            let text = "You must specify either RetiringPrincipal or RetiringServicePrincipal.";
            return Err(ValidationException::new(text).into());
        }
        let markers = Markers::new(cx.system, cx.call, Self::NAME, &filter(input));
        let after = markers.open::<Self::Error>(input.marker.as_deref()).await?;
        let party = match names {
            (Some(name), _) if name.starts_with("arn:") => party::require::<Self::Error>(cx, name, "").await?,
            (Some(name), _) => {
                let found = party::look_up(cx, name).await.map_err(InternalFailure::from)?;
                let text = || format!("Retiring principal {name} could not be found");
                found.ok_or_else(|| kms::NotFoundException::new(text()))?
            }
            (None, service) => Party::service(service.as_deref().unwrap_or_default()),
        };
        let account = if party.is_service() { cx.call.account() } else { &party.account };
        Ok(Paged::new(Retirer { account: account.to_owned(), party }, after))
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let prefix = retirer_prefix(&cx.call.region, cx.call.account(), &subject.party);
        let (after, limit) = (subject.after.as_deref(), BOUNDS.limit(input.limit));
        let rows = cx.system.store.list::<GrantRecord>(Some("by_retirer"), &prefix, None, after, limit).await;
        let (rows, next) = rows.map_err(InternalFailure::new)?;
        let markers = Markers::new(cx.system, cx.call, Self::NAME, &filter(input));
        Ok(Done::read(page(cx, rows, next, &markers).await?))
    }
}
