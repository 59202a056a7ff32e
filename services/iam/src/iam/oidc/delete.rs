//! DeleteOpenIDConnectProvider: roles that trust the provider stay, and nobody can become them by it.

use claviger_identity::ProviderRecord;
use claviger_store::Record;

use crate::iam::prelude::*;

pub(super) struct DeleteOpenIDConnectProvider;

impl Operation for DeleteOpenIDConnectProvider {
    declare!(
        DeleteOpenIDConnectProvider, Audit::write(),
        DeleteOpenIDConnectProviderRequest => DeleteOpenIDConnectProviderResponse,
        DeleteOpenIDConnectProviderError, Target<ProviderRecord>
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
        // Other than its documentation says, AWS does not take a second deletion for a success.
        let Some(provider) = &subject.found else {
            let text = format!("OpenId connect Provider {} cannot be found.", subject.arn);
            return Err(iam::NoSuchEntityException::new(text).into());
        };
        let mut batch = Batch::default();
        batch.remove::<ProviderRecord>(provider.record.id(), Some(provider.version));
        Ok(Done::write(Default::default(), batch))
    }
}
