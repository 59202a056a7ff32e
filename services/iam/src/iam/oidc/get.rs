//! GetOpenIDConnectProvider.

use claviger_identity::ProviderRecord;

use crate::iam::prelude::*;

pub(super) struct GetOpenIDConnectProvider;

impl Operation for GetOpenIDConnectProvider {
    declare!(
        GetOpenIDConnectProvider, Audit::read_only(),
        GetOpenIDConnectProviderRequest => GetOpenIDConnectProviderResponse,
        GetOpenIDConnectProviderError, Target<ProviderRecord>
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        super::find(cx, &input.open_id_connect_provider_arn).await
    }

    unconditional!();

    async fn run(
        _cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let record = &subject.there::<Self::Error>()?.record;
        Ok(Done::read(iam::GetOpenIDConnectProviderResponse {
            // Without its scheme, as AWS shows it.
            url: Some(record.url.clone()),
            client_id_list: Some(record.client_ids.iter().cloned().collect()),
            thumbprint_list: Some(record.thumbprints.iter().cloned().collect()),
            create_date: Some(record.created.into()),
            tags: tags::shown(&record.tags),
        }))
    }
}
