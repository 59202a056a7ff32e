"""Keys that AWS services would own: made on first sight of their alias, and not to be managed."""

import json
import re

import pytest

import aws
from aws import refused

SERVICES = ["s3", "ssm", "secretsmanager", "sqs"]


@pytest.mark.parametrize("service", SERVICES)
def test_made_when_first_described(kms, account, service):
    alias = f"alias/aws/{service}"
    key = kms.describe_key(KeyId=alias)["KeyMetadata"]
    assert (key["KeyManager"], key["KeyState"], key["Enabled"]) == ("AWS", "Enabled", True)
    assert (key["Origin"], key["KeySpec"], key["MultiRegion"]) == ("AWS_KMS", "SYMMETRIC_DEFAULT", False)
    for form in (alias, aws.alias_arn(account, alias), key["KeyId"], key["Arn"]):
        assert kms.describe_key(KeyId=form)["KeyMetadata"] == key


def test_each_account_and_region_has_its_own(dev, kms, account):
    here = kms.describe_key(KeyId="alias/aws/ssm")["KeyMetadata"]["KeyId"]
    there = aws.client(dev, account, region="eu-west-1").describe_key(KeyId="alias/aws/ssm")["KeyMetadata"]["KeyId"]
    other = aws.client(dev, aws.fresh_account()).describe_key(KeyId="alias/aws/ssm")["KeyMetadata"]["KeyId"]
    assert len({here, there, other}) == 3


def test_description(kms):
    key = kms.describe_key(KeyId="alias/aws/sqs")["KeyMetadata"]
    assert key["Description"] == "Default key that protects my SQS messages when no other key is defined"


def test_a_service_that_does_not_exist(kms, account):
    with refused("NotFoundException", f"Alias {aws.alias_arn(account, 'alias/aws/nonsense')} is not found."):
        kms.describe_key(KeyId="alias/aws/nonsense")


def test_only_describing_makes_it(kms, account):
    with refused("NotFoundException", f"Alias {aws.alias_arn(account, 'alias/aws/ssm')} is not found."):
        kms.encrypt(KeyId="alias/aws/ssm", Plaintext=b"x")


def test_aliases_without_a_key_are_listed_without_a_target(kms):
    def predefined():
        aliases = [alias for page in aws.pages(kms.list_aliases, "Aliases") for alias in page]
        return {alias["AliasName"]: alias.get("TargetKeyId") for alias in aliases}

    before = predefined()
    assert {f"alias/aws/{service}" for service in SERVICES} <= set(before)
    assert set(before.values()) == {None}
    key_id = kms.describe_key(KeyId="alias/aws/ssm")["KeyMetadata"]["KeyId"]
    assert predefined() == {**before, "alias/aws/ssm": key_id}


def test_policy(kms, account):
    key_id = kms.describe_key(KeyId="alias/aws/sqs")["KeyMetadata"]["KeyId"]
    policy = json.loads(kms.get_key_policy(KeyId=key_id)["Policy"])
    assert policy["Id"] == "auto-sqs-1"
    by_service, by_account = policy["Statement"]
    assert by_service["Condition"]["StringEquals"] == {
        "kms:CallerAccount": account,
        "kms:ViaService": "sqs.us-east-1.amazonaws.com",
    }
    assert set(by_service["Action"]) == {
        "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey",
    }  # fmt: skip
    assert set(by_account["Action"]) == {"kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"}
    assert by_account["Principal"] == {"AWS": f"arn:aws:iam::{account}:root"}


def test_reading_is_allowed(kms):
    key = kms.describe_key(KeyId="alias/aws/ssm")["KeyMetadata"]
    status = kms.get_key_rotation_status(KeyId=key["KeyId"])
    status.pop("ResponseMetadata")
    assert status == {"KeyId": key["Arn"], "KeyRotationEnabled": False}
    assert kms.list_key_policies(KeyId=key["KeyId"])["PolicyNames"] == ["default"]
    assert kms.list_resource_tags(KeyId=key["KeyId"])["Tags"] == []
    rotations = kms.list_key_rotations(KeyId=key["KeyId"], IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    assert [(r["KeyMaterialState"], r["KeyMaterialId"]) for r in rotations] == [
        ("CURRENT", key["CurrentKeyMaterialId"])
    ]


@pytest.mark.parametrize(
    "operation, more",
    [
        ("DisableKey", {}),
        ("EnableKey", {}),
        ("EnableKeyRotation", {}),
        ("DisableKeyRotation", {}),
        ("RotateKeyOnDemand", {}),
        ("ScheduleKeyDeletion", {"PendingWindowInDays": 7}),
        ("UpdateKeyDescription", {"Description": "mine"}),
        ("TagResource", {"Tags": [{"TagKey": "a", "TagValue": "b"}]}),
        ("UntagResource", {"TagKeys": ["a"]}),
        ("PutKeyPolicy", {"Policy": "{}"}),
    ],
)
def test_managing_is_not(kms, account, operation, more):
    key = kms.describe_key(KeyId="alias/aws/ssm")["KeyMetadata"]
    text = (
        f"User: arn:aws:iam::{account}:root is not authorized to perform: kms:{operation} on resource: {key['Arn']} "
        f"because no resource-based policy allows the kms:{operation} action"
    )
    method = re.sub("(?<!^)(?=[A-Z])", "_", operation).lower()
    with refused("AccessDeniedException", text):
        getattr(kms, method)(KeyId=key["KeyId"], **more)
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] == key


def test_direct_use_is_not(kms, account):
    arn = kms.describe_key(KeyId="alias/aws/ssm")["KeyMetadata"]["Arn"]
    for operation, call in (
        ("Encrypt", lambda: kms.encrypt(KeyId="alias/aws/ssm", Plaintext=b"x")),
        ("GenerateDataKey", lambda: kms.generate_data_key(KeyId=arn, KeySpec="AES_256")),
    ):
        with refused(
            "AccessDeniedException",
            f"User: arn:aws:iam::{account}:root is not authorized to perform: kms:{operation} on resource: {arn} "
            f"because no resource-based policy allows the kms:{operation} action",
        ):
            call()
