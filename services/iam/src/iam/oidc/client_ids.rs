//! AddClientIDToOpenIDConnectProvider and RemoveClientIDFromOpenIDConnectProvider: to add what is there or to remove
//! what is not changes nothing.

use claviger_identity::ProviderRecord;

use super::CLIENT_IDS_MAX;
use crate::iam::prelude::*;

pub(super) struct AddClientIDToOpenIDConnectProvider;

impl Operation for AddClientIDToOpenIDConnectProvider {
    declare!(
        AddClientIDToOpenIDConnectProvider, Audit::write(),
        AddClientIDToOpenIDConnectProviderRequest => AddClientIDToOpenIDConnectProviderResponse,
        AddClientIDToOpenIDConnectProviderError, Target<ProviderRecord>
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        super::find(cx, &input.open_id_connect_provider_arn).await
    }

    unconditional!();

    async fn run(
        _cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let provider = subject.there::<Self::Error>()?;
        let mut record = provider.record.clone();
        let mut batch = Batch::default();
        if record.client_ids.insert(input.client_id.clone()) {
            if record.client_ids.len() > CLIENT_IDS_MAX {
                let text = format!("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {CLIENT_IDS_MAX}");
                return Err(iam::LimitExceededException::new(text).into());
            }
            batch.update(provider.version, &record);
        }
        Ok(Done::write(Default::default(), batch))
    }
}

pub(super) struct RemoveClientIDFromOpenIDConnectProvider;

impl Operation for RemoveClientIDFromOpenIDConnectProvider {
    declare!(
        RemoveClientIDFromOpenIDConnectProvider, Audit::write(),
        RemoveClientIDFromOpenIDConnectProviderRequest => RemoveClientIDFromOpenIDConnectProviderResponse,
        RemoveClientIDFromOpenIDConnectProviderError, Target<ProviderRecord>
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        super::find(cx, &input.open_id_connect_provider_arn).await
    }

    unconditional!();

    async fn run(
        _cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let provider = subject.there::<Self::Error>()?;
        let mut record = provider.record.clone();
        let mut batch = Batch::default();
        if record.client_ids.remove(&input.client_id) {
            batch.update(provider.version, &record);
        }
        Ok(Done::write(Default::default(), batch))
    }
}
