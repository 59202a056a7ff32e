"""Aliases: one name, one key, and the key may change."""

import re
import uuid

import pytest

import aws
from aws import refused


def own(kms, **arguments):
    """The account's own aliases, those predefined by AWS left out."""
    aliases = [alias for page in aws.pages(kms.list_aliases, "Aliases", **arguments) for alias in page]
    return [alias for alias in aliases if not alias["AliasName"].startswith("alias/aws/")]


def test_life_of_an_alias(kms, account, key_id):
    kms.create_alias(AliasName="alias/app/main_1-a", TargetKeyId=key_id)
    (alias,) = own(kms)
    created = alias.pop("CreationDate")
    assert alias.pop("LastUpdatedDate") == created
    assert alias == {
        "AliasName": "alias/app/main_1-a",
        "AliasArn": aws.alias_arn(account, "alias/app/main_1-a"),
        "TargetKeyId": key_id,
    }
    other = kms.create_key()["KeyMetadata"]
    kms.update_alias(AliasName="alias/app/main_1-a", TargetKeyId=other["Arn"])
    (alias,) = own(kms)
    assert alias["TargetKeyId"] == other["KeyId"]
    assert alias["CreationDate"] == created
    assert alias["LastUpdatedDate"] >= created
    kms.delete_alias(AliasName="alias/app/main_1-a")
    assert own(kms) == []
    with refused("NotFoundException", f"Alias {aws.alias_arn(account, 'alias/app/main_1-a')} is not found."):
        kms.encrypt(KeyId="alias/app/main_1-a", Plaintext=b"x")


def test_a_moved_alias_leaves_old_ciphertext_with_its_key(kms, key_id, arn):
    kms.create_alias(AliasName="alias/moving", TargetKeyId=key_id)
    blob = kms.encrypt(KeyId="alias/moving", Plaintext=b"before")["CiphertextBlob"]
    other = kms.create_key()["KeyMetadata"]
    kms.update_alias(AliasName="alias/moving", TargetKeyId=other["KeyId"])
    assert kms.encrypt(KeyId="alias/moving", Plaintext=b"after")["KeyId"] == other["Arn"]
    opened = kms.decrypt(CiphertextBlob=blob)
    assert (opened["Plaintext"], opened["KeyId"]) == (b"before", arn)
    text = "The key ID in the request does not identify a CMK that can perform this operation."
    with refused("IncorrectKeyException", text):
        kms.decrypt(CiphertextBlob=blob, KeyId="alias/moving")


def test_names_are_taken_once(kms, account, key_id):
    kms.create_alias(AliasName="alias/taken", TargetKeyId=key_id)
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    text = f"An alias with the name {aws.alias_arn(account, 'alias/taken')} already exists"
    for target in (key_id, other):
        with refused("AlreadyExistsException", text):
            kms.create_alias(AliasName="alias/taken", TargetKeyId=target)
    # Names are case-sensitive, and each Region and account has its own.
    kms.create_alias(AliasName="alias/TAKEN", TargetKeyId=key_id)


def test_regions_do_not_share_aliases(dev, kms, account, key_id):
    kms.create_alias(AliasName="alias/here", TargetKeyId=key_id)
    elsewhere = aws.client(dev, account, region="ap-south-1")
    with refused("NotFoundException", f"Alias {aws.alias_arn(account, 'alias/here', 'ap-south-1')} is not found."):
        elsewhere.describe_key(KeyId="alias/here")


PREFIX_TEXT = (
    'Alias must start with the prefix "alias/". '
    "Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
)


class TestNames:
    @pytest.mark.parametrize("operation", ["create_alias", "update_alias"])
    @pytest.mark.parametrize("name", ["app", "Alias/app", "/alias/app", "aliases/app"])
    def test_prefix(self, kms, key_id, operation, name):
        with refused("ValidationException", PREFIX_TEXT):
            getattr(kms, operation)(AliasName=name, TargetKeyId=key_id)

    def test_prefix_on_delete(self, kms):
        with refused("ValidationException", PREFIX_TEXT):
            kms.delete_alias(AliasName="app")

    @pytest.mark.parametrize("name", ["alias/a b", "alias/\u00fc", "alias/a.b", "alias/a+b"])
    def test_pattern(self, kms, key_id, name):
        with refused(
            "ValidationException",
            f"1 validation error detected: Value '{name}' at 'aliasName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$",
        ):
            kms.create_alias(AliasName=name, TargetKeyId=key_id)

    def test_a_colon_fits_the_pattern_and_is_refused_all_the_same(self, kms, key_id):
        with refused("ValidationException", "alias/a:b contains invalid characters for an alias"):
            kms.create_alias(AliasName="alias/a:b", TargetKeyId=key_id)

    def test_nothing_after_the_prefix(self, kms, key_id):
        with pytest.raises(kms.exceptions.ClientError) as caught:
            kms.create_alias(AliasName="alias/", TargetKeyId=key_id)
        assert caught.value.response["Error"]["Code"] in {"ValidationException", "InvalidAliasNameException"}

    def test_length(self, kms, key_id):
        longest = "alias/" + "n" * 250
        kms.create_alias(AliasName=longest, TargetKeyId=key_id)
        assert own(kms)[0]["AliasName"] == longest
        with refused(
            "ValidationException",
            f"1 validation error detected: Value '{longest}n' at 'aliasName' failed to satisfy constraint: "
            "Member must have length less than or equal to 256",
        ):
            kms.create_alias(AliasName=longest + "n", TargetKeyId=key_id)

    @pytest.mark.parametrize("name", ["alias/aws/mine", "alias/aws/s3", "alias/awsome"])
    def test_names_of_aws_are_reserved(self, kms, key_id, name):
        with refused("NotAuthorizedException"):
            kms.create_alias(AliasName=name, TargetKeyId=key_id)
        with refused("NotAuthorizedException"):
            kms.update_alias(AliasName=name, TargetKeyId=key_id)
        with refused("NotAuthorizedException"):
            kms.delete_alias(AliasName=name)


class TestTargets:
    def test_another_alias(self, kms, key_id):
        kms.create_alias(AliasName="alias/one", TargetKeyId=key_id)
        with refused("ValidationException", "Aliases must refer to keys. Not aliases"):
            kms.create_alias(AliasName="alias/two", TargetKeyId="alias/one")
        with refused("ValidationException", "Aliases must refer to keys. Not aliases"):
            kms.update_alias(AliasName="alias/one", TargetKeyId="alias/one")

    def test_unknown_key(self, kms, account, key_id):
        unknown = str(uuid.uuid4())
        text = f"Key '{aws.key_arn(account, unknown)}' does not exist"
        with refused("NotFoundException", text):
            kms.create_alias(AliasName="alias/none", TargetKeyId=unknown)
        kms.create_alias(AliasName="alias/some", TargetKeyId=key_id)
        with refused("NotFoundException", text):
            kms.update_alias(AliasName="alias/some", TargetKeyId=unknown)
        with refused("NotFoundException", "Invalid keyId 'nonsense'"):
            kms.create_alias(AliasName="alias/none", TargetKeyId="nonsense")

    def test_key_pending_deletion(self, kms, key_id, arn):
        other = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName="alias/stays", TargetKeyId=other)
        kms.schedule_key_deletion(KeyId=key_id)
        with refused("KMSInvalidStateException", f"{arn} is pending deletion."):
            kms.create_alias(AliasName="alias/late", TargetKeyId=key_id)
        with refused("KMSInvalidStateException", f"{arn} is pending deletion."):
            kms.update_alias(AliasName="alias/stays", TargetKeyId=key_id)

    def test_away_from_a_key_pending_deletion(self, kms, key_id):
        kms.create_alias(AliasName="alias/leaving", TargetKeyId=key_id)
        kms.schedule_key_deletion(KeyId=key_id)
        other = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.update_alias(AliasName="alias/leaving", TargetKeyId=other)
        assert own(kms)[0]["TargetKeyId"] == other
        kms.delete_alias(AliasName="alias/leaving")

    def test_unknown_alias(self, kms, account, key_id):
        text = f"Alias {aws.alias_arn(account, 'alias/none')} is not found."
        with refused("NotFoundException", text):
            kms.update_alias(AliasName="alias/none", TargetKeyId=key_id)
        with refused("NotFoundException", text):
            kms.delete_alias(AliasName="alias/none")

    def test_fifty_for_a_key(self, kms, key_id):
        for number in range(50):
            kms.create_alias(AliasName=f"alias/n{number}", TargetKeyId=key_id)
        with refused("LimitExceededException", ...):
            kms.create_alias(AliasName="alias/n50", TargetKeyId=key_id)
        kms.delete_alias(AliasName="alias/n0")
        kms.create_alias(AliasName="alias/n50", TargetKeyId=key_id)


class TestListAliases:
    @pytest.fixture
    def three(self, kms, key_id):
        names = {f"alias/list-{number}" for number in range(3)}
        for name in names:
            kms.create_alias(AliasName=name, TargetKeyId=key_id)
        return names

    @pytest.mark.parametrize("limit", [1, 2, 100, 1000])
    def test_pages(self, kms, three, limit):
        found = list(aws.pages(kms.list_aliases, "Aliases", Limit=limit))
        assert all(len(page) <= min(limit, 100) for page in found)
        names = [alias["AliasName"] for page in found for alias in page]
        assert len(names) == len(set(names))
        assert three <= set(names)

    def test_of_one_key(self, kms, key_id, arn, three):
        other = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName="alias/other", TargetKeyId=other)
        for form in (key_id, arn):
            found = [
                alias["AliasName"]
                for page in aws.pages(kms.list_aliases, "Aliases", KeyId=form, Limit=2)
                for alias in page
            ]
            assert sorted(found) == sorted(three)
        assert [alias["AliasName"] for alias in kms.list_aliases(KeyId=other)["Aliases"]] == ["alias/other"]

    def test_a_marker_belongs_to_its_filter(self, kms, key_id, three):
        marker = kms.list_aliases(KeyId=key_id, Limit=1)["NextMarker"]
        with refused("InvalidMarkerException"):
            kms.list_aliases(Limit=1, Marker=marker)
        with refused("InvalidMarkerException"):
            kms.list_aliases(KeyId=key_id, Marker=marker[:-1] + ("A" if marker[-1] != "A" else "B"))

    def test_of_an_unknown_key(self, kms, account):
        unknown = str(uuid.uuid4())
        with refused("NotFoundException", f"Key '{aws.key_arn(account, unknown)}' does not exist"):
            kms.list_aliases(KeyId=unknown)

    def test_limits(self, kms):
        for limit, text in ((0, "greater than or equal to 1"), (1001, "less than or equal to 1000")):
            with refused(
                "ValidationException",
                re.compile(
                    f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: "
                    f"Member must have value {text}"
                ),
            ):
                kms.list_aliases(Limit=limit)
