//! CreateOpenIDConnectProvider.

use claviger_identity::{ProviderRecord, provider_path};
use claviger_store::Records;

use super::{CLIENT_IDS_MAX, thumbprints, url};
use crate::iam::prelude::*;

pub(super) struct CreateOpenIDConnectProvider;

impl Operation for CreateOpenIDConnectProvider {
    declare!(
        CreateOpenIDConnectProvider, Audit::write().with_response(),
        CreateOpenIDConnectProviderRequest => CreateOpenIDConnectProviderResponse,
        CreateOpenIDConnectProviderError, Target<ProviderRecord>
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let (_, url) = url::cut::<Self::Error>(&input.url)?;
        let arn = format!("arn:{}:iam::{}:oidc-provider/{url}", cx.call.partition, cx.call.account());
        Ok(Target::planned(arn, cx.call.account()))
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        conditions::request_tags(input.tags.as_deref(), key)
    }

    async fn run(
        cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let (scheme, url) = url::cut::<Self::Error>(&input.url)?;
        let tags = tags::accept::<Self::Error>(input.tags.as_deref())?;
        let client_ids = input.client_id_list.iter().flatten().cloned().collect();
        let record = ProviderRecord {
            account: cx.call.account().to_owned(),
            url: url.to_owned(),
            scheme: scheme.to_owned(),
            client_ids,
            thumbprints: thumbprints::accept::<Self::Error>(input.thumbprint_list.as_deref().unwrap_or_default())?,
            created: cx.call.now,
            tags,
        };
        if record.client_ids.len() > CLIENT_IDS_MAX {
            let text = format!("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {CLIENT_IDS_MAX}");
            return Err(iam::LimitExceededException::new(text).into());
        }
        let found = cx.system.store.load::<ProviderRecord>(&provider_path(&record.account, url)).await;
        if found.map_err(InternalFailure::new)?.is_some() {
            let text = format!("Provider with url {} already exists.", input.url);
            return Err(iam::EntityAlreadyExistsException::new(text).into());
        }
        let mut batch = Batch::default();
        batch.insert(&record);
        let output = iam::CreateOpenIDConnectProviderResponse {
            open_id_connect_provider_arn: Some(subject.arn.clone()),
            tags: tags::shown(&record.tags),
        };
        Ok(Done::write(output, batch))
    }
}
