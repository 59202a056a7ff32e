//! CreateCustomKeyStore: its parameters are checked, then its backing is sought and not found: neither a CloudHSM
//! cluster nor an external key store proxy can be configured yet.

use super::prelude::*;
use crate::key_store;

pub(super) struct CreateCustomKeyStore;

impl Operation for CreateCustomKeyStore {
    type Service = Kms;
    const NAME: &'static str = "CreateCustomKeyStore";
    const ACTION: &'static str = "kms:CreateCustomKeyStore";
    const AUDIT: Audit = Audit::write().hide(key_store::SECRET_MEMBERS).with_response();
    const QUOTA: Quota = Quota::Own(5);
    type Input = kms::CreateCustomKeyStoreRequest;
    type Output = kms::CreateCustomKeyStoreResponse;
    type Error = kms::CreateCustomKeyStoreError;
    type Subject = NoResource;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        check(input)?;
        Ok(NoResource::of(&cx))
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        _cx: KmsCx<'_>,
        _subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        Err(match &input.cloud_hsm_cluster_id {
            Some(cluster) if kind(input) == kms::CustomKeyStoreType::AwsCloudhsm => {
                let text =
                    format!("Cluster {cluster} does not exist: this server has no CloudHSM clusters configured.");
                kms::CloudHsmClusterNotFoundException::new(text).into()
            }
            _ => {
                let text = "This server does not connect to external key store proxies.";
                kms::XksProxyUriUnreachableException::new(text).into()
            }
        })
    }
}

fn kind(input: &kms::CreateCustomKeyStoreRequest) -> kms::CustomKeyStoreType {
    input.custom_key_store_type.unwrap_or(kms::CustomKeyStoreType::AwsCloudhsm)
}

/// Each type needs all of its own members and takes none of the other's.
fn check(input: &kms::CreateCustomKeyStoreRequest) -> Result<(), ValidationException> {
    let kind = kind(input);
    let of_cluster = [
        ("CloudHsmClusterId", input.cloud_hsm_cluster_id.is_some()),
        ("TrustAnchorCertificate", input.trust_anchor_certificate.is_some()),
        ("KeyStorePassword", input.key_store_password.is_some()),
    ];
    let of_proxy = [
        ("XksProxyConnectivity", input.xks_proxy_connectivity.is_some()),
        ("XksProxyUriEndpoint", input.xks_proxy_uri_endpoint.is_some()),
        ("XksProxyUriPath", input.xks_proxy_uri_path.is_some()),
        ("XksProxyAuthenticationCredential", input.xks_proxy_authentication_credential.is_some()),
    ];
    let name = ("XksProxyVpcEndpointServiceName", input.xks_proxy_vpc_endpoint_service_name.is_some());
    let owner = ("XksProxyVpcEndpointServiceOwner", input.xks_proxy_vpc_endpoint_service_owner.is_some());
    if kind == kms::CustomKeyStoreType::AwsCloudhsm {
        let what = "CustomKeyStoreType AWS_CLOUDHSM";
        require(&of_cluster, what)?;
        return [&of_proxy[..], &[name, owner]].into_iter().try_for_each(|members| refuse(members, what));
    }
    let what = "CustomKeyStoreType EXTERNAL_KEY_STORE";
    require(&of_proxy, what)?;
    refuse(&of_cluster, what)?;
    match input.xks_proxy_connectivity {
        Some(kms::XksProxyConnectivityType::VpcEndpointService) => {
            require(&[name], "XksProxyConnectivity VPC_ENDPOINT_SERVICE")
        }
        _ => refuse(&[name, owner], "XksProxyConnectivity PUBLIC_ENDPOINT"),
    }
}

fn require(members: &[(&str, bool)], what: &str) -> Result<(), ValidationException> {
    match members.iter().find(|(_, given)| !given) {
        Some((member, _)) => Err(ValidationException::new(format!("{member} is required for {what}."))),
        None => Ok(()),
    }
}

fn refuse(members: &[(&str, bool)], what: &str) -> Result<(), ValidationException> {
    match members.iter().find(|(_, given)| *given) {
        Some((member, _)) => Err(ValidationException::new(format!("{member} is not valid for {what}."))),
        None => Ok(()),
    }
}
