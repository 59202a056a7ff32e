//! ListOpenIDConnectProviders: all of them, without pages.

use claviger_identity::ProviderRecord;
use claviger_store::Records;

use crate::iam::prelude::*;

pub(super) struct ListOpenIDConnectProviders;

impl Operation for ListOpenIDConnectProviders {
    declare!(
        ListOpenIDConnectProviders, Audit::read_only(),
        ListOpenIDConnectProvidersRequest => ListOpenIDConnectProvidersResponse, ListOpenIDConnectProvidersError, Listed
    );

    async fn subject(cx: IamCx<'_>, _input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        Ok(Listed::entities(&cx, "oidc-provider", None))
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        _subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let prefix = format!("{}/", cx.call.account());
        let all = cx.system.store.all::<ProviderRecord>(None, &prefix).await.map_err(InternalFailure::new)?;
        let entry = |arn| iam::OpenIDConnectProviderListEntry { arn: Some(arn) };
        let list = all.iter().map(|stored| entry(stored.record.arn(cx.call.partition))).collect();
        Ok(Done::read(iam::ListOpenIDConnectProvidersResponse { open_id_connect_provider_list: Some(list) }))
    }
}
