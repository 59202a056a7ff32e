"""Tags and key policies."""

import json
import re

import pytest

import aws
from aws import refused


def tags_of(kms, key_id):
    tags = [tag for page in aws.pages(kms.list_resource_tags, "Tags", KeyId=key_id) for tag in page]
    assert all(set(tag) == {"TagKey", "TagValue"} for tag in tags)
    return {tag["TagKey"]: tag["TagValue"] for tag in tags}


def as_tags(**tags):
    return [{"TagKey": name, "TagValue": value} for name, value in tags.items()]


class TestTags:
    def test_add_replace_remove(self, kms, key_id, arn):
        assert tags_of(kms, key_id) == {}
        kms.tag_resource(KeyId=key_id, Tags=as_tags(a="1", B="2", b="3", empty=""))
        kms.tag_resource(KeyId=arn, Tags=as_tags(a="one"))
        assert tags_of(kms, key_id) == {"a": "one", "B": "2", "b": "3", "empty": ""}
        kms.untag_resource(KeyId=key_id, TagKeys=["b", "never-there"])
        assert tags_of(kms, key_id) == {"a": "one", "B": "2", "empty": ""}

    def test_longest(self, kms, key_id):
        longest = {"k" * 128: "v" * 256}
        kms.tag_resource(KeyId=key_id, Tags=as_tags(**longest))
        assert tags_of(kms, key_id) == longest

    @pytest.mark.parametrize("name", ["aws:mine", "AWS:mine", "aWs:"])
    def test_prefix_of_aws(self, kms, key_id, name):
        with refused("TagException", "Tags beginning with aws: are reserved"):
            kms.tag_resource(KeyId=key_id, Tags=as_tags(**{name: "x"}))
        with refused("TagException", "Tags beginning with aws: are reserved"):
            kms.create_key(Tags=as_tags(**{name: "x"}))

    def test_fifty(self, kms, key_id):
        fifty = {f"k{number}": "v" for number in range(50)}
        kms.tag_resource(KeyId=key_id, Tags=as_tags(**fifty))
        kms.tag_resource(KeyId=key_id, Tags=as_tags(k0="replaced"))
        assert tags_of(kms, key_id) == {**fifty, "k0": "replaced"}
        with refused("LimitExceededException", ...):
            kms.tag_resource(KeyId=key_id, Tags=as_tags(one_more="x"))

    def test_too_many_at_once(self, kms, key_id):
        many = as_tags(**{f"k{number}": "v" for number in range(51)})
        with refused("TagException", "Too many tags"):
            kms.create_key(Tags=many)
        with refused("TagException", "Too many tags"):
            kms.tag_resource(KeyId=key_id, Tags=many)

    def test_duplicates(self, kms, key_id):
        with refused("TagException", "Duplicate tag keys"):
            kms.tag_resource(KeyId=key_id, Tags=as_tags(a="1") + as_tags(a="1"))
        assert tags_of(kms, key_id) == {}

    def test_a_name_too_long_is_a_matter_of_shape(self, kms, key_id):
        name = "k" * 129
        with refused(
            "ValidationException",
            f"1 validation error detected: Value '{name}' at 'tags.1.member.tagKey' failed to satisfy constraint: "
            "Member must have length less than or equal to 128",
        ):
            kms.tag_resource(KeyId=key_id, Tags=as_tags(**{name: ""}))

    def test_every_bad_member_is_named(self, kms, key_id):
        with pytest.raises(kms.exceptions.ClientError) as caught:
            kms.tag_resource(KeyId=key_id, Tags=as_tags(fine="", bad="v" * 257) + [{"TagKey": "no value"}])
        error = caught.value.response["Error"]
        assert error["Code"] == "ValidationException"
        head, _, clauses = error["Message"].partition(": ")
        assert head == "2 validation errors detected"
        paths = re.findall("at '([^']+)' failed to satisfy constraint", clauses)
        assert sorted(paths) == ["tags.2.member.tagValue", "tags.3.member.tagValue"]

    def test_pending_deletion(self, kms, key_id, arn):
        kms.tag_resource(KeyId=key_id, Tags=as_tags(kept="x"))
        kms.schedule_key_deletion(KeyId=key_id)
        with refused("KMSInvalidStateException", f"{arn} is pending deletion."):
            kms.tag_resource(KeyId=key_id, Tags=as_tags(a="1"))
        with refused("KMSInvalidStateException", f"{arn} is pending deletion."):
            kms.untag_resource(KeyId=key_id, TagKeys=["kept"])
        assert tags_of(kms, key_id) == {"kept": "x"}

    @pytest.mark.parametrize("limit", [1, 3, 50, 1000])
    def test_pages(self, kms, key_id, limit):
        seven = {f"k{number}": str(number) for number in range(7)}
        kms.tag_resource(KeyId=key_id, Tags=as_tags(**seven))
        found = list(aws.pages(kms.list_resource_tags, "Tags", KeyId=key_id, Limit=limit))
        assert all(len(page) <= min(limit, 50) for page in found)
        assert {tag["TagKey"]: tag["TagValue"] for page in found for tag in page} == seven

    def test_markers(self, kms, key_id):
        kms.tag_resource(KeyId=key_id, Tags=as_tags(a="1", b="2"))
        with refused("InvalidMarkerException"):
            kms.list_resource_tags(KeyId=key_id, Marker="nonsense")
        marker = kms.list_resource_tags(KeyId=key_id, Limit=1)["NextMarker"]
        other = kms.create_key()["KeyMetadata"]["KeyId"]
        with refused("InvalidMarkerException"):
            kms.list_resource_tags(KeyId=other, Marker=marker)


def policy_for(principal, action="kms:*", effect="Allow", **more):
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": effect, "Principal": {"AWS": principal}, "Action": action, "Resource": "*", **more},
        ],
    }


LOCKED_OUT = "The new key policy will not allow you to update the key policy in the future."


class TestPolicies:
    def test_default(self, kms, account, key_id):
        answer = kms.get_key_policy(KeyId=key_id)
        assert answer["PolicyName"] == "default"
        assert '"Version" : "2012-10-17"' in answer["Policy"]
        assert json.loads(answer["Policy"]) == {
            "Version": "2012-10-17",
            "Id": "key-default-1",
            "Statement": [
                {
                    "Sid": "Enable IAM User Permissions",
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                    "Action": "kms:*",
                    "Resource": "*",
                }
            ],
        }

    def test_put_and_get(self, kms, account, key_id):
        policy = policy_for(f"arn:aws:iam::{account}:root", Sid="mine")
        kms.put_key_policy(KeyId=key_id, PolicyName="default", Policy=json.dumps(policy))
        assert json.loads(kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]) == policy
        assert kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]

    def test_names(self, kms, key_id):
        answer = kms.list_key_policies(KeyId=key_id)
        assert (answer["PolicyNames"], answer["Truncated"]) == (["default"], False)
        assert "NextMarker" not in answer
        with refused("NotFoundException", ...):
            kms.get_key_policy(KeyId=key_id, PolicyName="AWS_RAM")
        with refused("ValidationException", "The AWS_RAM policy can only be managed by the RAM service"):
            kms.put_key_policy(KeyId=key_id, PolicyName="AWS_RAM", Policy="{}")

    @pytest.mark.parametrize("text", ["nonsense", "{", "[]", '{"Version": "2099-01-01", "Statement": []}'])
    def test_malformed(self, kms, key_id, text):
        before = kms.get_key_policy(KeyId=key_id)["Policy"]
        with refused("MalformedPolicyDocumentException", ...):
            kms.put_key_policy(KeyId=key_id, Policy=text)
        with refused("MalformedPolicyDocumentException", ...):
            kms.create_key(Policy=text)
        assert kms.get_key_policy(KeyId=key_id)["Policy"] == before

    def test_bad_effect(self, kms, account, key_id):
        with refused("MalformedPolicyDocumentException", ...):
            kms.put_key_policy(KeyId=key_id, Policy=json.dumps(policy_for(account, effect="Perhaps")))

    def test_statement_without_principal(self, kms, key_id):
        policy = policy_for("*")
        del policy["Statement"][0]["Principal"]
        with refused("MalformedPolicyDocumentException", "Policy contains a statement with no principal."):
            kms.put_key_policy(KeyId=key_id, Policy=json.dumps(policy))

    @pytest.mark.parametrize("principal", ["nobody", "arn:aws:iam::12:root", "arn:aws:s3:::bucket"])
    def test_principal_that_is_none(self, kms, key_id, principal):
        text = "Policy contains a statement with one or more invalid principals."
        with refused("MalformedPolicyDocumentException", text):
            kms.put_key_policy(KeyId=key_id, Policy=json.dumps(policy_for(principal)))

    def test_nobody_locks_himself_out(self, kms, account, key_id):
        root = f"arn:aws:iam::{account}:root"
        for policy in (policy_for(root, action="kms:Encrypt"), policy_for(f"arn:aws:iam::{aws.fresh_account()}:root")):
            with refused("MalformedPolicyDocumentException", LOCKED_OUT):
                kms.put_key_policy(KeyId=key_id, Policy=json.dumps(policy))
            with refused("MalformedPolicyDocumentException", LOCKED_OUT):
                kms.create_key(Policy=json.dumps(policy))

    def test_unless_asked_to(self, kms, account, key_id, arn):
        root = f"arn:aws:iam::{account}:root"
        policy = json.dumps(policy_for(root, action=["kms:Encrypt", "kms:GetKeyPolicy"]))
        kms.put_key_policy(KeyId=key_id, Policy=policy, BypassPolicyLockoutSafetyCheck=True)
        blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
        with refused(
            "AccessDeniedException",
            f"User: {root} is not authorized to perform: kms:DisableKey on resource: {arn} "
            "because no resource-based policy allows the kms:DisableKey action",
        ):
            kms.disable_key(KeyId=key_id)
        with refused("AccessDeniedException", ...):
            kms.decrypt(CiphertextBlob=blob)
        assert json.loads(kms.get_key_policy(KeyId=key_id)["Policy"]) == json.loads(policy)

    def test_too_long(self, kms, account, key_id):
        policy = policy_for(f"arn:aws:iam::{account}:root", Sid="s" * 32_768)
        with refused("LimitExceededException", ...):
            kms.put_key_policy(KeyId=key_id, Policy=json.dumps(policy))

    def test_pending_deletion(self, kms, account, key_id):
        kms.schedule_key_deletion(KeyId=key_id)
        policy = policy_for(f"arn:aws:iam::{account}:root")
        kms.put_key_policy(KeyId=key_id, Policy=json.dumps(policy))
        assert json.loads(kms.get_key_policy(KeyId=key_id)["Policy"]) == policy
