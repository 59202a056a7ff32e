"""Quotas as SDKs meet them: throttling that is retried, limits that are raised, and what Service Quotas shows."""

import boto3
import botocore.config
import pytest

import aws
import server as servers
from aws import refused

THROTTLED = "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls."
KEYS, ALIASES, CREATE_KEY = "L-C2F1777E", "L-340F62FB", "L-32B67F4A"

SETTINGS = f"""
[quotas.values]
"Customer Master Keys (CMKs)" = 2
"{ALIASES}" = 1
"Cryptographic operations (RSA) request rate" = 0.001
"""


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    """A dev server with small quotas."""
    settings = tmp_path_factory.mktemp("quotas") / "claviger.toml"
    settings.write_text(SETTINGS)
    with servers.dev("--config", settings) as running:
        yield running


def both(server, account):
    """KMS and Service Quotas for an account."""
    return aws.client(server, account), aws.client(server, account, service="service-quotas")


def test_sdks_wait_and_try_again(account):
    with servers.dev("--quotas", "aws") as server:
        patient = boto3.client(
            "kms",
            region_name=aws.REGION,
            endpoint_url=server.url,
            aws_access_key_id=account,
            aws_secret_access_key="any",
            config=botocore.config.Config(retries={"max_attempts": 12, "mode": "standard"}),
        )
        key_id = patient.create_key()["KeyMetadata"]["KeyId"]
        # AWS lets five of these through in a second.
        attempts = [patient.enable_key(KeyId=key_id)["ResponseMetadata"]["RetryAttempts"] for _ in range(12)]
        assert sum(attempts) > 0


def test_a_pool_that_is_empty(limited, account):
    kms, _ = both(limited, account)
    rsa = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["KeyId"]
    encrypt = dict(KeyId=rsa, Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    kms.encrypt(**encrypt)
    with refused("ThrottlingException", THROTTLED):
        kms.encrypt(**encrypt)
    # Nobody else is any slower, and neither is the account elsewhere or with other keys.
    other = aws.client(limited, aws.fresh_account())
    theirs = other.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["KeyId"]
    other.encrypt(**{**encrypt, "KeyId": theirs})
    kms.generate_random(NumberOfBytes=8)
    limited.advance(seconds=1001)
    kms.encrypt(**encrypt)


def test_raising_a_quota(limited, account):
    kms, quotas = both(limited, account)
    first = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_key()
    full = "Key quota for this account in this region is 2 but the current usage is 2."
    with refused("LimitExceededException", full):
        kms.create_key()
    change = quotas.request_service_quota_increase(ServiceCode="kms", QuotaCode=KEYS, DesiredValue=3)["RequestedQuota"]
    assert (change["Status"], change["DesiredValue"], change["ServiceCode"]) == ("APPROVED", 3.0, "kms")
    assert quotas.get_requested_service_quota_change(RequestId=change["Id"])["RequestedQuota"] == change
    kms.create_key()
    with refused("LimitExceededException", full.replace("2", "3")):
        kms.create_key()

    kms.create_alias(AliasName="alias/one", TargetKeyId=first)
    with refused(
        "LimitExceededException", "Aliases per key quota for this account in this region is 1, current usage is 1."
    ):
        kms.create_alias(AliasName="alias/two", TargetKeyId=first)
    kms.delete_alias(AliasName="alias/one")
    kms.create_alias(AliasName="alias/two", TargetKeyId=first)


def test_what_is_listed(limited, account):
    _, quotas = both(limited, account)
    services = quotas.list_services()["Services"]
    assert {"ServiceCode": "kms", "ServiceName": "AWS Key Management Service (AWS KMS)"} in services

    def listed(operation):
        pages = quotas.get_paginator(operation).paginate(ServiceCode="kms", PaginationConfig={"PageSize": 10})
        return {quota["QuotaCode"]: quota for page in pages for quota in page["Quotas"]}

    applied, default = listed("list_service_quotas"), listed("list_aws_default_service_quotas")
    assert applied.keys() == default.keys() and len(applied) > 50
    assert (applied[KEYS]["Value"], default[KEYS]["Value"]) == (2.0, 100_000.0)
    assert applied[CREATE_KEY] == {
        "ServiceCode": "kms",
        "ServiceName": "AWS Key Management Service (AWS KMS)",
        "QuotaArn": f"arn:aws:servicequotas:{aws.REGION}:{account}:kms/{CREATE_KEY}",
        "QuotaCode": CREATE_KEY,
        "QuotaName": "CreateKey request rate",
        "Value": 5.0,
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
        "Period": {"PeriodValue": 1, "PeriodUnit": "SECOND"},
        "QuotaAppliedAtLevel": "ACCOUNT",
    }
    assert quotas.get_service_quota(ServiceCode="kms", QuotaCode=CREATE_KEY)["Quota"] == applied[CREATE_KEY]


def test_modelled_exceptions(limited, account):
    _, quotas = both(limited, account)
    with pytest.raises(quotas.exceptions.NoSuchResourceException):
        quotas.get_service_quota(ServiceCode="kms", QuotaCode="L-00000000")
    with pytest.raises(quotas.exceptions.IllegalArgumentException) as caught:
        quotas.request_service_quota_increase(ServiceCode="kms", QuotaCode=KEYS, DesiredValue=1)
    assert caught.value.response["Error"]["Message"] == (
        "You must provide a quota value greater than the current quota value"
    )
    with pytest.raises(quotas.exceptions.InvalidPaginationTokenException):
        quotas.list_service_quotas(ServiceCode="kms", NextToken="AAAA")


def test_what_was_granted_stays_granted(tmp_path):
    home = servers.Home(tmp_path / "data")
    settings = tmp_path / "claviger.toml"
    settings.write_text(SETTINGS)

    def client(server):
        return aws.client(server, home.access_key, home.secret_key, service="service-quotas")

    ask = dict(ServiceCode="kms", QuotaCode=KEYS)
    with home.serve("--config", settings) as server:
        client(server).request_service_quota_increase(**ask, DesiredValue=7)
        assert client(server).get_service_quota(**ask)["Quota"]["Value"] == 7.0
        assert server.stop() == 0
    with home.serve("--config", settings) as server:
        assert client(server).get_service_quota(**ask)["Quota"]["Value"] == 7.0
        history = client(server).list_requested_service_quota_change_history(ServiceCode="kms")["RequestedQuotas"]
        assert [change["DesiredValue"] for change in history] == [7.0]


def test_settings_that_name_no_quota_are_refused(tmp_path):
    settings = tmp_path / "claviger.toml"
    settings.write_text('[quotas.values]\n"CreateKeys request rate" = 5')
    refusal = servers.run("dev", "--listen", "127.0.0.1:0", "--config", settings)
    assert refusal.returncode == 1
    assert "did you mean `CreateKey request rate`?" in refusal.stderr
