"""Custom key stores, of an account that has none: whatever is asked ends in the model's own errors."""

import pytest

import aws
import server as servers
from aws import refused

STORE = "cks-1234567890abcdef0"
NO_STORE = f"Custom key store {STORE} does not exist."
CLUSTER = {
    "CustomKeyStoreName": "store",
    "CloudHsmClusterId": "cluster-2a34b5cdefg",
    "TrustAnchorCertificate": "-----BEGIN CERTIFICATE-----",
    "KeyStorePassword": "kmspswd-secret",
}
PROXY = {
    "CustomKeyStoreName": "store",
    "CustomKeyStoreType": "EXTERNAL_KEY_STORE",
    "XksProxyConnectivity": "PUBLIC_ENDPOINT",
    "XksProxyUriEndpoint": "https://xks.example.com",
    "XksProxyUriPath": "/kms/xks/v1",
    "XksProxyAuthenticationCredential": {"AccessKeyId": "A" * 20, "RawSecretAccessKey": "s" * 43},
}
VPC = {
    "XksProxyConnectivity": "VPC_ENDPOINT_SERVICE",
    "XksProxyVpcEndpointServiceName": "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0",
}


def without(request, member):
    return {name: value for name, value in request.items() if name != member}


def test_there_are_none(kms):
    for request in ({}, {"Limit": 1}, {"Limit": 1000}):
        answer = kms.describe_custom_key_stores(**request)
        assert (answer["CustomKeyStores"], answer["Truncated"]) == ([], False)
        assert "NextMarker" not in answer
    assert list(kms.get_paginator("describe_custom_key_stores").paginate().search("CustomKeyStores[]")) == []


def test_none_is_found(kms):
    for request in ({"CustomKeyStoreId": STORE}, {"CustomKeyStoreName": STORE}):
        with refused("CustomKeyStoreNotFoundException", NO_STORE):
            kms.describe_custom_key_stores(**request)
    with refused("ValidationException", ...):
        kms.describe_custom_key_stores(CustomKeyStoreId=STORE, CustomKeyStoreName="store")
    with refused("InvalidMarkerException"):
        kms.describe_custom_key_stores(Marker="junk")


def test_a_marker_of_another_list_is_none_of_this(kms):
    for _ in range(2):
        kms.create_key()
    marker = kms.list_keys(Limit=1)["NextMarker"]
    with refused("InvalidMarkerException"):
        kms.describe_custom_key_stores(Marker=marker)


@pytest.mark.parametrize(
    "operation",
    [
        "connect_custom_key_store",
        "disconnect_custom_key_store",
        "delete_custom_key_store",
        "update_custom_key_store",
    ],
)
def test_none_can_be_acted_on(kms, operation):
    with refused("CustomKeyStoreNotFoundException", NO_STORE):
        getattr(kms, operation)(CustomKeyStoreId=STORE)


def test_none_serves_keys_or_random_bytes(kms):
    with refused("CustomKeyStoreNotFoundException", NO_STORE):
        kms.generate_random(NumberOfBytes=8, CustomKeyStoreId=STORE)
    with refused("CustomKeyStoreNotFoundException", NO_STORE):
        kms.create_key(Origin="AWS_CLOUDHSM", CustomKeyStoreId=STORE)
    with refused("CustomKeyStoreNotFoundException", NO_STORE):
        kms.create_key(Origin="EXTERNAL_KEY_STORE", CustomKeyStoreId=STORE, XksKeyId="external-1")


@pytest.mark.parametrize("kind", [{}, {"CustomKeyStoreType": "AWS_CLOUDHSM"}])
def test_creating_one_needs_a_cluster_that_is_there(kms, kind):
    with refused("CloudHsmClusterNotFoundException", ...):
        kms.create_custom_key_store(**CLUSTER, **kind)
    assert kms.describe_custom_key_stores()["CustomKeyStores"] == []


@pytest.mark.parametrize("connectivity", [{}, VPC, {**VPC, "XksProxyVpcEndpointServiceOwner": "123456789012"}])
def test_creating_one_needs_a_proxy_that_answers(kms, connectivity):
    with refused("XksProxyUriUnreachableException", ...):
        kms.create_custom_key_store(**{**PROXY, **connectivity})
    assert kms.describe_custom_key_stores()["CustomKeyStores"] == []


@pytest.mark.parametrize(
    "request_, fault",
    [(without(CLUSTER, member), f"{member} is required for CustomKeyStoreType AWS_CLOUDHSM.") for member in (
        "CloudHsmClusterId", "TrustAnchorCertificate", "KeyStorePassword",
    )]
    + [(without(PROXY, member), f"{member} is required for CustomKeyStoreType EXTERNAL_KEY_STORE.") for member in (
        "XksProxyConnectivity", "XksProxyUriEndpoint", "XksProxyUriPath", "XksProxyAuthenticationCredential",
    )]
    + [
        (
            {**CLUSTER, "XksProxyUriPath": "/kms/xks/v1"},
            "XksProxyUriPath is not valid for CustomKeyStoreType AWS_CLOUDHSM.",
        ),
        (
            {**CLUSTER, "XksProxyVpcEndpointServiceOwner": "123456789012"},
            "XksProxyVpcEndpointServiceOwner is not valid for CustomKeyStoreType AWS_CLOUDHSM.",
        ),
        (
            {**PROXY, "KeyStorePassword": "kmspswd-secret"},
            "KeyStorePassword is not valid for CustomKeyStoreType EXTERNAL_KEY_STORE.",
        ),
        (
            {**PROXY, **without(VPC, "XksProxyConnectivity")},
            "XksProxyVpcEndpointServiceName is not valid for XksProxyConnectivity PUBLIC_ENDPOINT.",
        ),
        (
            {**PROXY, **without(VPC, "XksProxyVpcEndpointServiceName")},
            "XksProxyVpcEndpointServiceName is required for XksProxyConnectivity VPC_ENDPOINT_SERVICE.",
        ),
    ],
)  # fmt: skip
def test_each_type_takes_its_own_members_and_no_others(kms, request_, fault):
    with refused("ValidationException", fault):
        kms.create_custom_key_store(**request_)


def test_what_opens_a_store_is_never_recorded(home):
    with home.serve() as running:
        kms = aws.client(running, home.access_key, home.secret_key)
        for request in (CLUSTER, PROXY):
            with pytest.raises(kms.exceptions.ClientError):
                kms.create_custom_key_store(**request)
            with refused("CustomKeyStoreNotFoundException", NO_STORE):
                changes = ("KeyStorePassword", "XksProxyAuthenticationCredential")
                members = {name: value for name, value in request.items() if name in changes}
                kms.update_custom_key_store(CustomKeyStoreId=STORE, **members)
    shown = servers.run("audit", "tail", "--json", "-n", 100, "--data-dir", home.folder).stdout
    assert shown.count("CreateCustomKeyStore") >= 2 and shown.count("UpdateCustomKeyStore") >= 2
    assert "XksProxyUriEndpoint" in shown or "xksProxyUriEndpoint" in shown
    for secret in ("kmspswd-secret", "s" * 43, "A" * 20, "BEGIN CERTIFICATE"):
        assert secret not in shown
