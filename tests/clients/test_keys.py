"""Creating, describing, listing and switching keys."""

import datetime
import json
import re
import uuid

import pytest

import aws
from aws import refused

ALWAYS_PRESENT = {
    "AWSAccountId", "KeyId", "Arn", "CreationDate", "Enabled", "Description", "KeyUsage", "KeyState", "Origin",
    "KeyManager", "KeySpec", "CustomerMasterKeySpec", "MultiRegion",
}  # fmt: skip
SYMMETRIC = ALWAYS_PRESENT | {"EncryptionAlgorithms", "CurrentKeyMaterialId"}


def utc_now():
    return datetime.datetime.now(datetime.UTC)


class TestCreateKey:
    def test_defaults(self, kms, account):
        key = kms.create_key()["KeyMetadata"]
        assert set(key) == SYMMETRIC
        assert str(uuid.UUID(key["KeyId"], version=4)) == key["KeyId"]
        assert re.fullmatch("[0-9a-f]{64}", key.pop("CurrentKeyMaterialId"))
        assert abs((key.pop("CreationDate") - utc_now()).total_seconds()) < 60
        key_id = key.pop("KeyId")
        assert key == {
            "AWSAccountId": account,
            "Arn": aws.key_arn(account, key_id),
            "Enabled": True,
            "Description": "",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "KeyState": "Enabled",
            "Origin": "AWS_KMS",
            "KeyManager": "CUSTOMER",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "MultiRegion": False,
            "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        }

    def test_everything_given(self, kms, account):
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                    "Action": "kms:*",
                    "Resource": "*",
                }
            ],
        }
        key = kms.create_key(
            Description="für Rechnungen",
            KeySpec="SYMMETRIC_DEFAULT",
            CustomerMasterKeySpec="SYMMETRIC_DEFAULT",
            KeyUsage="ENCRYPT_DECRYPT",
            Origin="AWS_KMS",
            MultiRegion=False,
            Policy=json.dumps(policy),
            Tags=[{"TagKey": "team", "TagValue": "billing"}, {"TagKey": "empty", "TagValue": ""}],
            BypassPolicyLockoutSafetyCheck=False,
        )["KeyMetadata"]
        assert set(key) == SYMMETRIC
        assert key["Description"] == "für Rechnungen"
        assert json.loads(kms.get_key_policy(KeyId=key["KeyId"])["Policy"]) == policy
        tags = kms.list_resource_tags(KeyId=key["KeyId"])["Tags"]
        assert {tag["TagKey"]: tag["TagValue"] for tag in tags} == {"team": "billing", "empty": ""}

    def test_each_key_has_its_own_material(self, kms):
        keys = [kms.create_key()["KeyMetadata"] for _ in range(3)]
        assert len({key["KeyId"] for key in keys}) == 3
        assert len({key["CurrentKeyMaterialId"] for key in keys}) == 3

    @pytest.mark.parametrize("spec", ["RSA_2048", "ECC_NIST_P256", "HMAC_256", "ML_DSA_44", "ML_KEM_768"])
    def test_only_the_symmetric_spec_has_a_default_usage(self, kms, spec):
        text = "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."
        with refused("ValidationException", text):
            kms.create_key(KeySpec=spec)

    @pytest.mark.parametrize(
        "spec, usage",
        [
            ("RSA_2048", "KEY_AGREEMENT"),
            ("RSA_4096", "GENERATE_VERIFY_MAC"),
            ("ECC_NIST_P256", "ENCRYPT_DECRYPT"),
            ("ECC_SECG_P256K1", "KEY_AGREEMENT"),
            ("HMAC_256", "SIGN_VERIFY"),
            ("SYMMETRIC_DEFAULT", "SIGN_VERIFY"),
            ("ML_DSA_65", "ENCRYPT_DECRYPT"),
            ("ML_KEM_512", "KEY_AGREEMENT"),
        ],
    )
    def test_usage_has_to_fit_the_spec(self, kms, spec, usage):
        with refused("ValidationException", f"KeyUsage {usage} is not compatible with KeySpec {spec}"):
            kms.create_key(KeySpec=spec, KeyUsage=usage)

    def test_two_specs_that_differ(self, kms):
        with refused("ValidationException", ...):
            kms.create_key(KeySpec="SYMMETRIC_DEFAULT", CustomerMasterKeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")

    def test_the_older_spec_member_knows_no_newer_specs(self, kms):
        with refused("ValidationException", re.compile(".*'ML_DSA_44' at 'customerMasterKeySpec'.*enum value set.*")):
            kms.create_key(CustomerMasterKeySpec="ML_DSA_44", KeyUsage="SIGN_VERIFY")

    @pytest.mark.parametrize("origin", ["AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"])
    def test_a_store_origin_needs_a_store(self, kms, origin):
        with refused("ValidationException", ...):
            kms.create_key(Origin=origin)

    def test_a_store_needs_a_store_origin(self, kms):
        with refused("ValidationException", ...):
            kms.create_key(CustomKeyStoreId="cks-1234567890abcdef0")

    def test_an_external_key_id_needs_its_origin(self, kms):
        with refused("ValidationException", ...):
            kms.create_key(XksKeyId="key-1")

    @pytest.mark.parametrize("spec", ["ML_DSA_44", "ML_KEM_768"])
    def test_specs_that_cannot_be_imported(self, kms, spec):
        usage = "SIGN_VERIFY" if spec.startswith("ML_DSA") else "ENCAPSULATE_DECAPSULATE"
        with refused("ValidationException", f"KeySpec {spec} is not supported for Origin EXTERNAL"):
            kms.create_key(KeySpec=spec, KeyUsage=usage, Origin="EXTERNAL")

    def test_a_refused_key_leaves_nothing(self, kms):
        with refused("TagException", "Duplicate tag keys"):
            kms.create_key(Tags=[{"TagKey": "a", "TagValue": "1"}, {"TagKey": "a", "TagValue": "2"}])
        assert kms.list_keys()["Keys"] == []


class TestKeyIdentifiers:
    def test_all_four_forms(self, kms, account, key):
        kms.create_alias(AliasName="alias/forms", TargetKeyId=key["KeyId"])
        for form in (key["KeyId"], key["Arn"], "alias/forms", aws.alias_arn(account, "alias/forms")):
            assert kms.describe_key(KeyId=form)["KeyMetadata"] == key

    @pytest.mark.parametrize(
        "text",
        [
            "fake-key-id",
            "1234abcd-12ab-34cd-56ef-1234567890a",
            "1234abcd12ab34cd56ef1234567890ab",
            "mrk-1234",
            "mrk-" + "g" * 32,
            "../../etc/passwd",
            "\u00e9" * 10,
            "' OR 1=1 --",
        ],
    )
    def test_text_of_no_form(self, kms, text):
        with refused("NotFoundException", f"Invalid keyId '{text}'"):
            kms.describe_key(KeyId=text)
        with refused("NotFoundException", f"Invalid keyId '{text}'"):
            kms.encrypt(KeyId=text, Plaintext=b"x")

    @pytest.mark.parametrize("unknown", ["01234567-89ab-4cde-8f01-23456789abcd", "mrk-" + "0" * 32])
    def test_unknown_key(self, kms, account, unknown):
        text = f"Key '{aws.key_arn(account, unknown)}' does not exist"
        for form in (unknown, aws.key_arn(account, unknown)):
            with refused("NotFoundException", text):
                kms.describe_key(KeyId=form)
            with refused("NotFoundException", text):
                kms.disable_key(KeyId=form)

    def test_unknown_alias(self, kms, account):
        text = f"Alias {aws.alias_arn(account, 'alias/nobody')} is not found."
        for form in ("alias/nobody", aws.alias_arn(account, "alias/nobody")):
            with refused("NotFoundException", text):
                kms.describe_key(KeyId=form)
            with refused("NotFoundException", text):
                kms.encrypt(KeyId=form, Plaintext=b"x")

    def test_arn_of_another_region(self, kms, account, key_id):
        with refused("NotFoundException", "Invalid arn us-west-2"):
            kms.describe_key(KeyId=aws.key_arn(account, key_id, region="us-west-2"))

    def test_arn_of_another_service(self, kms, account, key_id):
        with refused("NotFoundException", re.compile("Invalid arn .*")):
            kms.describe_key(KeyId=f"arn:aws:s3:us-east-1:{account}:key/{key_id}")

    def test_regions_do_not_share_keys(self, dev, kms, account, key_id):
        elsewhere = aws.client(dev, account, region="eu-central-1")
        text = f"Key '{aws.key_arn(account, key_id, region='eu-central-1')}' does not exist"
        with refused("NotFoundException", text):
            elsewhere.describe_key(KeyId=key_id)
        assert elsewhere.list_keys()["Keys"] == []

    @pytest.mark.parametrize(
        "operation, more",
        [
            ("enable_key", {}),
            ("disable_key", {}),
            ("schedule_key_deletion", {}),
            ("cancel_key_deletion", {}),
            ("update_key_description", {"Description": ""}),
            ("list_resource_tags", {}),
            ("tag_resource", {"Tags": [{"TagKey": "a", "TagValue": ""}]}),
            ("untag_resource", {"TagKeys": ["a"]}),
            ("get_key_policy", {}),
            ("put_key_policy", {"Policy": "{}"}),
            ("list_key_policies", {}),
            ("enable_key_rotation", {}),
            ("disable_key_rotation", {}),
            ("get_key_rotation_status", {}),
            ("rotate_key_on_demand", {}),
            ("list_key_rotations", {}),
            ("get_key_last_usage", {}),
            ("list_aliases", {}),
        ],
    )
    def test_management_takes_no_alias(self, kms, account, key_id, operation, more):
        kms.create_alias(AliasName="alias/name", TargetKeyId=key_id)
        for form in ("alias/name", aws.alias_arn(account, "alias/name")):
            with refused("InvalidArnException", "Key Aliases are not supported for this operation."):
                getattr(kms, operation)(KeyId=form, **more)

    def test_a_foreign_key_is_not_to_be_had(self, dev, kms, key):
        stranger_account = aws.fresh_account()
        stranger = aws.client(dev, stranger_account)
        for call in (
            lambda form: stranger.encrypt(KeyId=form, Plaintext=b"x"),
            lambda form: stranger.describe_key(KeyId=form),
            lambda form: stranger.disable_key(KeyId=form),
        ):
            with refused(
                "AccessDeniedException",
                re.compile(
                    rf"User: arn:aws:iam::{stranger_account}:root is not authorized to perform: kms:\w+ on this resource .+"
                ),
            ):
                call(key["Arn"])
        # Whether it exists must not show either.
        unknown = aws.key_arn(key["AWSAccountId"], str(uuid.uuid4()))
        with refused("AccessDeniedException", ...):
            stranger.describe_key(KeyId=unknown)
        assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["Enabled"] is True


class TestListKeys:
    def test_nothing(self, kms):
        answer = kms.list_keys()
        assert (answer["Keys"], answer["Truncated"]) == ([], False)
        assert "NextMarker" not in answer

    @pytest.mark.parametrize("limit", [1, 2, 7, 1000])
    def test_pages(self, kms, limit):
        created = [kms.create_key()["KeyMetadata"] for _ in range(7)]
        found = list(aws.pages(kms.list_keys, "Keys", Limit=limit))
        assert all(len(page) <= limit for page in found)
        listed = [key for page in found for key in page]
        assert sorted(key["KeyId"] for key in listed) == sorted(key["KeyId"] for key in created)
        assert {key["KeyArn"] for key in listed} == {key["Arn"] for key in created}
        assert all(set(key) == {"KeyId", "KeyArn"} for key in listed)

    def test_boto3_paginator(self, kms):
        created = {kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(5)}
        paginator = kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2})
        assert {key["KeyId"] for page in paginator for key in page["Keys"]} == created

    def test_keys_pending_deletion_are_listed(self, kms, key_id):
        kms.schedule_key_deletion(KeyId=key_id)
        assert [key["KeyId"] for key in kms.list_keys()["Keys"]] == [key_id]

    @pytest.mark.parametrize("marker", ["nonsense", "AAAA", "\u00ff", "x" * 1024, "0"])
    def test_a_marker_nobody_gave(self, kms, marker):
        with refused("InvalidMarkerException"):
            kms.list_keys(Marker=marker)

    def test_a_marker_belongs_to_its_account_and_operation(self, dev, kms):
        for _ in range(2):
            kms.create_key()
        marker = kms.list_keys(Limit=1)["NextMarker"]
        with refused("InvalidMarkerException"):
            aws.client(dev, aws.fresh_account()).list_keys(Marker=marker)
        with refused("InvalidMarkerException"):
            kms.list_aliases(Marker=marker)
        assert len(kms.list_keys(Marker=marker)["Keys"]) == 1

    def test_owners(self, kms, key_id):
        assert [key["KeyId"] for key in kms.list_keys(ResourceOwners=["SELF"])["Keys"]] == [key_id]
        assert kms.list_keys(ResourceOwners=["OTHER_ACCOUNTS_VIA_RAM"])["Keys"] == []


class TestStates:
    def test_disable_and_enable(self, kms, key_id, arn):
        blob = kms.encrypt(KeyId=key_id, Plaintext=b"kept")["CiphertextBlob"]
        for _ in range(2):  # both are idempotent
            kms.disable_key(KeyId=key_id)
            state = kms.describe_key(KeyId=key_id)["KeyMetadata"]
            assert (state["Enabled"], state["KeyState"]) == (False, "Disabled")
        for call in (
            lambda: kms.encrypt(KeyId=key_id, Plaintext=b"x"),
            lambda: kms.decrypt(CiphertextBlob=blob),
            lambda: kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key_id),
            lambda: kms.generate_data_key(KeyId=key_id, KeySpec="AES_256"),
            lambda: kms.generate_data_key_without_plaintext(KeyId=key_id, KeySpec="AES_256"),
            lambda: kms.enable_key_rotation(KeyId=key_id),
            lambda: kms.disable_key_rotation(KeyId=key_id),
            lambda: kms.rotate_key_on_demand(KeyId=key_id),
        ):
            with refused("DisabledException", f"{arn} is disabled."):
                call()
        kms.get_key_rotation_status(KeyId=key_id)
        kms.list_key_rotations(KeyId=key_id)
        kms.tag_resource(KeyId=key_id, Tags=[{"TagKey": "a", "TagValue": ""}])
        kms.create_alias(AliasName="alias/of-disabled", TargetKeyId=key_id)
        for _ in range(2):
            kms.enable_key(KeyId=key_id)
            state = kms.describe_key(KeyId=key_id)["KeyMetadata"]
            assert (state["Enabled"], state["KeyState"]) == (True, "Enabled")
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"kept"

    def test_the_state_is_checked_after_the_shape_and_before_the_usage(self, kms, key_id, arn):
        kms.disable_key(KeyId=key_id)
        with refused("ValidationException", ...):
            kms.encrypt(KeyId=key_id, Plaintext=b"")
        with refused("DisabledException", f"{arn} is disabled."):
            kms.encrypt(KeyId=key_id, Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_256")
        with refused("DisabledException", f"{arn} is disabled."):
            kms.encrypt(KeyId=key_id, Plaintext=b"x", DryRun=True)


class TestDescriptions:
    def test_set_and_clear(self, kms, key_id):
        for text in ("first", "\u65e5\u672c\u8a9e \U0001f511", "x" * 8192, ""):
            kms.update_key_description(KeyId=key_id, Description=text)
            assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["Description"] == text

    def test_too_long(self, kms, key_id):
        long = "x" * 8193
        with refused(
            "ValidationException",
            f"1 validation error detected: Value '{long}' at 'description' failed to satisfy constraint: "
            "Member must have length less than or equal to 8192",
        ):
            kms.update_key_description(KeyId=key_id, Description=long)


class TestLastUsage:
    def test_unused(self, kms, key):
        answer = kms.get_key_last_usage(KeyId=key["KeyId"])
        answer.pop("ResponseMetadata")
        tracked_since = answer.pop("TrackingStartDate")
        assert abs((tracked_since - utc_now()).total_seconds()) < 3600
        assert answer == {"KeyId": key["Arn"], "KeyLastUsage": {}, "KeyCreationDate": key["CreationDate"]}

    def test_the_last_successful_call_shows(self, kms, key_id):
        def last():
            return kms.get_key_last_usage(KeyId=key_id)["KeyLastUsage"]

        answer = kms.encrypt(KeyId=key_id, Plaintext=b"x")
        used = last()
        assert used["Operation"] == "Encrypt"
        assert used["KmsRequestId"] == answer["ResponseMetadata"]["RequestId"]
        assert uuid.UUID(used["CloudTrailEventId"])
        assert abs((used["Timestamp"] - utc_now()).total_seconds()) < 60
        with refused("InvalidCiphertextException"):
            kms.decrypt(CiphertextBlob=answer["CiphertextBlob"], EncryptionContext={"no": "match"})
        kms.describe_key(KeyId=key_id)
        assert last() == used
        kms.decrypt(CiphertextBlob=answer["CiphertextBlob"])
        assert last()["Operation"] == "Decrypt"
        kms.generate_data_key(KeyId=key_id, KeySpec="AES_128")
        assert last()["Operation"] == "GenerateDataKey"
        kms.generate_data_key_without_plaintext(KeyId=key_id, KeySpec="AES_128")
        assert last()["Operation"] == "GenerateDataKeyWithoutPlaintext"

    def test_reencryption_marks_both_keys(self, kms, key_id):
        other = kms.create_key()["KeyMetadata"]["KeyId"]
        blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
        kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=other)
        for used in (key_id, other):
            assert kms.get_key_last_usage(KeyId=used)["KeyLastUsage"]["Operation"] == "ReEncrypt"
