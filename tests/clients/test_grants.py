"""Grants, as boto3 and the AWS CLI use them."""

import base64
import json
import re
import time
import uuid

import pytest

import aws
import server as servers
from aws import refused

ALL = [
    "CreateGrant", "RetireGrant", "DescribeKey", "Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo",
    "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
]  # fmt: skip


class People:
    """Users and roles of one account."""

    def __init__(self, server, account):
        self.server, self.account = server, account
        self.iam = aws.client(server, account, service="iam")

    def user(self, *actions):
        """KMS as a new user who may do these actions: (client, ARN, unique id)."""
        name = f"user-{uuid.uuid4().hex[:8]}"
        user = self.iam.create_user(UserName=name)["User"]
        if actions:
            statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
            policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            self.iam.put_user_policy(UserName=name, PolicyName="test", PolicyDocument=policy)
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        client = aws.client(self.server, key["AccessKeyId"], key["SecretAccessKey"])
        return client, user["Arn"], user["UserId"]

    def role(self, name=None):
        """A new role that everybody in the account may assume."""
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{self.account}:root"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        name = name or f"role-{uuid.uuid4().hex[:8]}"
        return self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]

    def session(self, role, name, **more):
        """KMS as a session of a role: (client, ARN of the session)."""
        key = self.iam.create_access_key(UserName=self._assumer())["AccessKey"]
        sts = aws.client(self.server, key["AccessKeyId"], key["SecretAccessKey"], service="sts")
        answer = sts.assume_role(RoleArn=role["Arn"], RoleSessionName=name, **more)
        credentials = answer["Credentials"]
        client = aws.client(
            self.server,
            credentials["AccessKeyId"],
            credentials["SecretAccessKey"],
            token=credentials["SessionToken"],
        )
        return client, answer["AssumedRoleUser"]["Arn"]

    def _assumer(self):
        name = f"assumer-{uuid.uuid4().hex[:8]}"
        self.iam.create_user(UserName=name)
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.iam.put_user_policy(UserName=name, PolicyName="test", PolicyDocument=policy)
        return name


@pytest.fixture
def people(dev, account):
    return People(dev, account)


def denied(action, place):
    """The refusal of a caller whose account is asked and says nothing."""
    text = f".*{place}.* because no identity-based policy allows the {action} action"
    return refused("AccessDeniedException", re.compile(text))


class TestUse:
    def test_at_once_and_gone_at_once(self, kms, people, key_id, arn):
        user, name, _ = people.user()
        with denied("kms:Encrypt", arn):
            user.encrypt(KeyId=key_id, Plaintext=b"x")
        grant = kms.create_grant(KeyId=key_id, GranteePrincipal=name, Operations=["Encrypt", "Decrypt"])
        assert set(grant) == {"GrantId", "GrantToken", "ResponseMetadata"}
        assert len(grant["GrantId"]) == 64 and int(grant["GrantId"], 16) >= 0
        blob = user.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
        assert user.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
        with denied("kms:GenerateDataKey", arn):
            user.generate_data_key(KeyId=key_id, KeySpec="AES_256")
        kms.revoke_grant(KeyId=key_id, GrantId=grant["GrantId"])
        with denied("kms:Encrypt", arn):
            user.encrypt(KeyId=key_id, Plaintext=b"x")
        with refused("AccessDeniedException", ...):
            user.decrypt(CiphertextBlob=blob)

    def test_every_operation(self, kms, people, key_id):
        user, name, _ = people.user()
        kms.create_grant(KeyId=key_id, GranteePrincipal=name, Operations=ALL)
        blob = user.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
        assert user.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key_id)["KeyId"].endswith(key_id)
        assert len(user.generate_data_key(KeyId=key_id, NumberOfBytes=7)["Plaintext"]) == 7
        user.generate_data_key_without_plaintext(KeyId=key_id, KeySpec="AES_128")
        assert user.describe_key(KeyId=key_id)["KeyMetadata"]["KeyId"] == key_id
        with refused("AccessDeniedException", ...):
            user.get_key_policy(KeyId=key_id)

    def test_both_sides_of_a_re_encryption(self, kms, people, key_id):
        user, name, _ = people.user()
        other = kms.create_key()["KeyMetadata"]["KeyId"]
        blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
        kms.create_grant(KeyId=key_id, GranteePrincipal=name, Operations=["ReEncryptFrom"])
        with denied("kms:ReEncryptTo", other):
            user.re_encrypt(CiphertextBlob=blob, DestinationKeyId=other)
        kms.create_grant(KeyId=other, GranteePrincipal=name, Operations=["ReEncryptTo"])
        assert user.re_encrypt(CiphertextBlob=blob, DestinationKeyId=other)["KeyId"].endswith(other)
        with denied("kms:ReEncryptTo", key_id):
            user.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key_id)

    def test_sessions_of_a_role(self, kms, people, key_id, arn):
        role = people.role()
        (one, one_arn), (two, _) = people.session(role, "one"), people.session(role, "two")
        of_role = kms.create_grant(KeyId=key_id, GranteePrincipal=role["Arn"], Operations=["Encrypt"])["GrantId"]
        for session in (one, two):
            session.encrypt(KeyId=key_id, Plaintext=b"x")
        kms.revoke_grant(KeyId=key_id, GrantId=of_role)
        kms.create_grant(KeyId=key_id, GranteePrincipal=one_arn, Operations=["Encrypt"])
        one.encrypt(KeyId=key_id, Plaintext=b"x")
        with denied("kms:Encrypt", arn):
            two.encrypt(KeyId=key_id, Plaintext=b"x")

    def test_a_role_made_again(self, kms, people, key_id, arn):
        role = people.role()
        kms.create_grant(KeyId=key_id, GranteePrincipal=role["Arn"], Operations=["Encrypt"])
        people.iam.delete_role(RoleName=role["RoleName"])
        successor = people.role(role["RoleName"])
        assert successor["Arn"] == role["Arn"] and successor["RoleId"] != role["RoleId"]
        session, _ = people.session(successor, "one")
        with denied("kms:Encrypt", arn):
            session.encrypt(KeyId=key_id, Plaintext=b"x")
        (entry,) = kms.list_grants(KeyId=key_id)["Grants"]
        assert entry["GranteePrincipal"] == role["RoleId"]

    def test_session_policy(self, kms, people, key_id):
        role = people.role()
        statement = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        session, session_arn = people.session(role, "limited", Policy=policy)
        kms.create_grant(KeyId=key_id, GranteePrincipal=role["Arn"], Operations=["Encrypt"])
        text = re.compile(".* because no session policy allows the kms:Encrypt action")
        with refused("AccessDeniedException", text):
            session.encrypt(KeyId=key_id, Plaintext=b"x")
        kms.create_grant(KeyId=key_id, GranteePrincipal=session_arn, Operations=["Encrypt"])
        session.encrypt(KeyId=key_id, Plaintext=b"x")


class TestTokens:
    def test_no_permission_for_others(self, kms, people, key_id, arn):
        (user, name, _), (other, _, _) = people.user(), people.user()
        token = kms.create_grant(KeyId=key_id, GranteePrincipal=name, Operations=["Encrypt"])["GrantToken"]
        user.encrypt(KeyId=key_id, Plaintext=b"x", GrantTokens=[token])
        with denied("kms:Encrypt", arn):
            other.encrypt(KeyId=key_id, Plaintext=b"x", GrantTokens=[token])

    def test_of_another_key_or_gone(self, kms, people, key_id, arn):
        user, name, _ = people.user()
        other = kms.create_key()["KeyMetadata"]["KeyId"]
        grant = kms.create_grant(KeyId=other, GranteePrincipal=name, Operations=["Encrypt"])
        token = grant["GrantToken"]
        with denied("kms:Encrypt", arn):
            user.encrypt(KeyId=key_id, Plaintext=b"x", GrantTokens=[token])
        assert kms.encrypt(KeyId=key_id, Plaintext=b"x", GrantTokens=[token])["KeyId"] == arn
        kms.revoke_grant(KeyId=other, GrantId=grant["GrantId"])
        with refused("AccessDeniedException", ...):
            user.encrypt(KeyId=other, Plaintext=b"x", GrantTokens=[token])
        assert kms.encrypt(KeyId=other, Plaintext=b"x", GrantTokens=[token])["CiphertextBlob"]

    def test_made_up(self, kms, people, key_id):
        _, name, _ = people.user()
        token = kms.create_grant(KeyId=key_id, GranteePrincipal=name, Operations=["Encrypt"])["GrantToken"]
        for wrong in ("no token!", base64.b64encode(b"nothing").decode(), token[:-2], token[::-1]):
            with refused("InvalidGrantTokenException", ...):
                kms.encrypt(KeyId=key_id, Plaintext=b"x", GrantTokens=[wrong])
            with refused("InvalidGrantTokenException", ...):
                kms.retire_grant(GrantToken=wrong)

    def test_ten(self, kms, people, key_id):
        user, name, _ = people.user()
        named = {"KeyId": key_id, "GranteePrincipal": name, "Operations": ["Encrypt"], "Name": "ten"}
        tokens = [kms.create_grant(**named)["GrantToken"] for _ in range(10)]
        assert len(set(tokens)) == 10
        user.encrypt(KeyId=key_id, Plaintext=b"x", GrantTokens=tokens)
        with refused("ValidationException", ...):
            user.encrypt(KeyId=key_id, Plaintext=b"x", GrantTokens=[*tokens, tokens[0]])
        assert len(kms.list_grants(KeyId=key_id)["Grants"]) == 1


class TestConstraints:
    @pytest.mark.parametrize(
        ("constraint", "met", "unmet"),
        [
            ("EncryptionContextSubset", [{"a": "1"}, {"a": "1", "b": "2"}], [{}, {"a": "2"}, {"A": "1"}, {"b": "1"}]),
            ("EncryptionContextEquals", [{"a": "1"}], [{}, {"a": "1", "b": "2"}, {"a": "2"}, {"A": "1"}]),
        ],
    )
    def test_context(self, kms, people, key_id, constraint, met, unmet):
        user, name, _ = people.user()
        kms.create_grant(
            KeyId=key_id,
            GranteePrincipal=name,
            Operations=["Encrypt", "Decrypt", "DescribeKey"],
            Constraints={constraint: {"a": "1"}},
        )
        for context in met:
            blob = user.encrypt(KeyId=key_id, Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
            assert user.decrypt(CiphertextBlob=blob, EncryptionContext=context)["Plaintext"] == b"x"
        for context in unmet:
            with refused("AccessDeniedException", ...):
                user.encrypt(KeyId=key_id, Plaintext=b"x", EncryptionContext=context)
            blob = kms.encrypt(KeyId=key_id, Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
            with refused("AccessDeniedException", ...):
                user.decrypt(CiphertextBlob=blob, EncryptionContext=context)
        user.describe_key(KeyId=key_id)

    def test_source(self, kms, people, account, key_id, arn):
        user, name, _ = people.user()
        source = {"SourceArn": f"arn:aws:s3:us-east-1:{account}:bucket"}
        kms.create_grant(KeyId=key_id, GranteePrincipal=name, Operations=["Encrypt"], Constraints=source)
        with denied("kms:Encrypt", arn):
            user.encrypt(KeyId=key_id, Plaintext=b"x")


class TestNames:
    def test_the_same_again(self, kms, people, key_id):
        _, name, unique_id = people.user()
        named = {"KeyId": key_id, "Operations": ["Encrypt", "Decrypt"], "Name": "nightly"}
        first = kms.create_grant(GranteePrincipal=name, **named)
        again = kms.create_grant(GranteePrincipal=unique_id, **named)
        assert again["GrantId"] == first["GrantId"] and again["GrantToken"] != first["GrantToken"]
        different = kms.create_grant(GranteePrincipal=name, **{**named, "Operations": ["Encrypt"]})
        assert different["GrantId"] != first["GrantId"]
        unnamed = {"KeyId": key_id, "GranteePrincipal": name, "Operations": ["Encrypt"]}
        assert kms.create_grant(**unnamed)["GrantId"] != kms.create_grant(**unnamed)["GrantId"]
        assert len(kms.list_grants(KeyId=key_id)["Grants"]) == 4


class TestLists:
    def test_entry_and_filters(self, kms, people, account, key_id, arn):
        (_, name, unique_id), (_, retirer, _) = people.user(), people.user()
        constraints = {"EncryptionContextEquals": {"a": "1"}}
        grant_id = kms.create_grant(
            KeyId=key_id,
            GranteePrincipal=name,
            RetiringPrincipal=retirer,
            Operations=["Encrypt", "Decrypt"],
            Constraints=constraints,
            Name="nightly",
        )["GrantId"]
        (entry,) = kms.list_grants(KeyId=key_id)["Grants"]
        assert abs(entry.pop("CreationDate").timestamp() - time.time()) < 60
        assert entry == {
            "KeyId": arn,
            "GrantId": grant_id,
            "Name": "nightly",
            "GranteePrincipal": name,
            "RetiringPrincipal": retirer,
            "IssuingAccount": f"arn:aws:iam::{account}:root",
            "Operations": ["Encrypt", "Decrypt"],
            "Constraints": constraints,
        }
        other = kms.create_grant(KeyId=key_id, GranteePrincipal=retirer, Operations=["Encrypt"])["GrantId"]
        for filters, found in [
            ({"GrantId": grant_id}, {grant_id}),
            ({"GranteePrincipal": name}, {grant_id}),
            ({"GranteePrincipal": unique_id}, {grant_id}),
            ({"GranteePrincipal": retirer}, {other}),
            ({}, {grant_id, other}),
        ]:
            assert {grant["GrantId"] for grant in kms.list_grants(KeyId=key_id, **filters)["Grants"]} == found
        (retirable,) = kms.list_retirable_grants(RetiringPrincipal=retirer)["Grants"]
        assert retirable["GrantId"] == grant_id
        assert kms.list_retirable_grants(RetiringPrincipal=name)["Grants"] == []

    @pytest.mark.parametrize("limit", [1, 3, 100, 1000])
    def test_pages(self, kms, people, key_id, limit):
        _, name, _ = people.user()
        make = {"KeyId": key_id, "GranteePrincipal": name, "RetiringPrincipal": name, "Operations": ["Encrypt"]}
        made = {kms.create_grant(**make)["GrantId"] for _ in range(7)}
        for call, arguments in [
            (kms.list_grants, {"KeyId": key_id}),
            (kms.list_grants, {"KeyId": key_id, "GranteePrincipal": name}),
            (kms.list_retirable_grants, {"RetiringPrincipal": name}),
        ]:
            found = list(aws.pages(call, "Grants", Limit=limit, **arguments))
            assert all(len(page) <= limit for page in found)
            ids = [grant["GrantId"] for page in found for grant in page]
            assert len(ids) == 7 and set(ids) == made

    def test_markers(self, kms, people, key_id):
        _, name, _ = people.user()
        for _ in range(2):
            kms.create_grant(KeyId=key_id, GranteePrincipal=name, Operations=["Encrypt"])
        marker = kms.list_grants(KeyId=key_id, Limit=1)["NextMarker"]
        other = kms.create_key()["KeyMetadata"]["KeyId"]
        with refused("InvalidMarkerException"):
            kms.list_grants(KeyId=other, Marker=marker)
        with refused("InvalidMarkerException"):
            kms.list_grants(KeyId=key_id, Marker="nonsense")


class TestEnds:
    def test_retiring(self, kms, people, key_id, arn):
        (user, name, _), (retirer, retirer_name, _) = people.user(), people.user()
        make = {"KeyId": key_id, "GranteePrincipal": name, "RetiringPrincipal": retirer_name, "Operations": ["Encrypt"]}
        token = kms.create_grant(**make)["GrantToken"]
        with denied("kms:RetireGrant", arn):
            user.retire_grant(GrantToken=token)
        retirer.retire_grant(GrantToken=token)
        with denied("kms:Encrypt", arn):
            user.encrypt(KeyId=key_id, Plaintext=b"x")
        with refused("NotFoundException", ...):
            retirer.retire_grant(GrantToken=token)
        grant_id = kms.create_grant(**make)["GrantId"]
        retirer.retire_grant(KeyId=arn, GrantId=grant_id)
        assert kms.list_grants(KeyId=key_id)["Grants"] == []

    def test_by_the_grantee(self, kms, people, key_id):
        user, name, _ = people.user()
        make = {"KeyId": key_id, "GranteePrincipal": name, "Operations": ["Encrypt", "RetireGrant"]}
        user.retire_grant(GrantToken=kms.create_grant(**make)["GrantToken"])
        assert kms.list_grants(KeyId=key_id)["Grants"] == []

    @pytest.mark.parametrize("members", [{}, {"GrantId": "0" * 64}, {"GrantToken": "x", "GrantId": "0" * 64}])
    def test_what_to_retire_must_be_said_one_way(self, kms, members):
        with refused("ValidationException", ...):
            kms.retire_grant(**members)

    def test_revoking(self, kms, people, key_id):
        _, name, _ = people.user()
        grant_id = kms.create_grant(KeyId=key_id, GranteePrincipal=name, Operations=["Encrypt"])["GrantId"]
        other = kms.create_key()["KeyMetadata"]["KeyId"]
        with refused("NotFoundException", ...):
            kms.revoke_grant(KeyId=other, GrantId=grant_id)
        with refused("InvalidGrantIdException", ...):
            kms.revoke_grant(KeyId=key_id, GrantId="nonsense")
        kms.schedule_key_deletion(KeyId=key_id)
        kms.revoke_grant(KeyId=key_id, GrantId=grant_id)
        with refused("NotFoundException", ...):
            kms.revoke_grant(KeyId=key_id, GrantId=grant_id)

    def test_across_accounts(self, dev, kms, key_id, arn):
        other = People(dev, aws.fresh_account())
        user, name, _ = other.user()
        allowed, allowed_name, _ = other.user("kms:Encrypt", "kms:RetireGrant")
        for grantee in (name, allowed_name):
            grant = kms.create_grant(
                KeyId=key_id, GranteePrincipal=grantee, RetiringPrincipal=grantee, Operations=["Encrypt"]
            )
        with denied("kms:Encrypt", "on this resource"):
            user.encrypt(KeyId=arn, Plaintext=b"x")
        assert allowed.encrypt(KeyId=arn, Plaintext=b"x")["KeyId"] == arn
        with denied("kms:RetireGrant", "on this resource"):
            (users,) = kms.list_grants(KeyId=key_id, GranteePrincipal=name)["Grants"]
            user.retire_grant(KeyId=arn, GrantId=users["GrantId"])
        allowed.retire_grant(GrantToken=grant["GrantToken"])
        with refused("AccessDeniedException", ...):
            allowed.encrypt(KeyId=arn, Plaintext=b"x")


class TestDelegation:
    def test_no_more_than_one_parent(self, kms, people, key_id, arn):
        (user, name, _), (child, child_name, _) = people.user(), people.user()
        kms.create_grant(KeyId=key_id, GranteePrincipal=name, Operations=["CreateGrant", "Encrypt"])
        kms.create_grant(
            KeyId=key_id,
            GranteePrincipal=name,
            Operations=["CreateGrant", "Decrypt"],
            Constraints={"EncryptionContextSubset": {"a": "1"}},
        )
        for operations, constraints in [
            (["Encrypt", "Decrypt"], {}),
            (["Decrypt"], {}),
            (["Decrypt"], {"Constraints": {"EncryptionContextSubset": {"b": "1"}}}),
            (["GenerateDataKey"], {}),
        ]:
            with denied("kms:CreateGrant", arn):
                user.create_grant(KeyId=key_id, GranteePrincipal=child_name, Operations=operations, **constraints)
        user.create_grant(KeyId=key_id, GranteePrincipal=child_name, Operations=["Encrypt"])
        user.create_grant(
            KeyId=key_id,
            GranteePrincipal=child_name,
            Operations=["Decrypt"],
            Constraints={"EncryptionContextEquals": {"a": "1"}},
        )
        blob = child.encrypt(KeyId=key_id, Plaintext=b"x", EncryptionContext={"a": "1"})["CiphertextBlob"]
        assert child.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "1"})["Plaintext"] == b"x"

    def test_by_policy(self, kms, people, key_id):
        user, _, _ = people.user("kms:CreateGrant")
        child, child_name, _ = people.user()
        user.create_grant(KeyId=key_id, GranteePrincipal=child_name, Operations=["Encrypt"])
        child.encrypt(KeyId=key_id, Plaintext=b"x")


class TestRefusals:
    def test_principals(self, kms, account, key_id):
        for name in (f"arn:aws:iam::{account}:role/nobody", f"arn:aws:iam::{account}:group/staff"):
            with refused("InvalidArnException", f"ARN does not refer to a valid principal: {name}"):
                kms.create_grant(KeyId=key_id, GranteePrincipal=name, Operations=["Encrypt"])
        with refused("InvalidArnException", f"ARN does not refer to a valid principal: {name}"):
            kms.list_retirable_grants(RetiringPrincipal=name)

    def test_operations(self, kms, people, key_id):
        _, name, _ = people.user()
        text = (
            "Operations [Sign] are not supported when creating a grant for a symmetric KMS key with key usage "
            f"ENCRYPT_DECRYPT. Valid operations are [{', '.join(ALL)}]"
        )
        with refused("ValidationException", text):
            kms.create_grant(KeyId=key_id, GranteePrincipal=name, Operations=["Encrypt", "Sign"])
        with refused("ValidationException", ...):
            kms.create_grant(KeyId=key_id, GranteePrincipal=name, Operations=[])

    def test_aliases(self, kms, people, key_id):
        _, name, _ = people.user()
        alias = f"alias/{uuid.uuid4()}"
        kms.create_alias(AliasName=alias, TargetKeyId=key_id)
        for call in (
            lambda: kms.create_grant(KeyId=alias, GranteePrincipal=name, Operations=["Encrypt"]),
            lambda: kms.list_grants(KeyId=alias),
            lambda: kms.revoke_grant(KeyId=alias, GrantId="0" * 64),
        ):
            with refused("InvalidArnException", "Key Aliases are not supported for this operation."):
                call()

    @pytest.mark.parametrize("call", ["create", "revoke", "retire"])
    def test_dry_runs(self, kms, people, key_id, arn, call):
        _, name, _ = people.user()
        grant = kms.create_grant(KeyId=key_id, GranteePrincipal=name, Operations=["Encrypt"])
        with refused("DryRunOperationException", "The request would have succeeded, but the DryRun option is set."):
            if call == "create":
                kms.create_grant(KeyId=key_id, GranteePrincipal=name, Operations=["Decrypt"], DryRun=True)
            elif call == "revoke":
                kms.revoke_grant(KeyId=key_id, GrantId=grant["GrantId"], DryRun=True)
            else:
                kms.retire_grant(KeyId=arn, GrantId=grant["GrantId"], DryRun=True)
        assert [entry["GrantId"] for entry in kms.list_grants(KeyId=key_id)["Grants"]] == [grant["GrantId"]]


class TestPolicies:
    def test_a_user_made_again(self, kms, people, account, key_id, arn):
        name = f"user-{uuid.uuid4().hex[:8]}"

        def make():
            user = people.iam.create_user(UserName=name)["User"]
            key = people.iam.create_access_key(UserName=name)["AccessKey"]
            return aws.client(people.server, key["AccessKeyId"], key["SecretAccessKey"]), user, key

        client, user, key = make()
        root = f"arn:aws:iam::{account}:root"
        statements = [
            {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"},
            {"Effect": "Allow", "Principal": {"AWS": user["Arn"]}, "Action": "kms:Encrypt", "Resource": "*"},
        ]
        policy = {"Version": "2012-10-17", "Statement": statements}
        kms.put_key_policy(KeyId=key_id, Policy=json.dumps(policy))
        client.encrypt(KeyId=key_id, Plaintext=b"x")
        people.iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        people.iam.delete_user(UserName=name)
        shown = json.loads(kms.get_key_policy(KeyId=key_id)["Policy"])
        assert shown["Statement"][1]["Principal"] == {"AWS": user["UserId"]}
        client, _, _ = make()
        with denied("kms:Encrypt", arn):
            client.encrypt(KeyId=key_id, Plaintext=b"x")

    def test_nobody(self, kms, account, key_id):
        root = f"arn:aws:iam::{account}:root"
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": [root, f"arn:aws:iam::{account}:user/nobody"]},
            "Action": "kms:*",
            "Resource": "*",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        text = "Policy contains a statement with one or more invalid principals."
        with refused("MalformedPolicyDocumentException", text):
            kms.put_key_policy(KeyId=key_id, Policy=policy)
        with refused("MalformedPolicyDocumentException", text):
            kms.create_key(Policy=policy)


def test_grants_outlive_the_server(tmp_path):
    """Grants, their tokens and their count survive a restart; a revoked one stays gone."""
    home = servers.Home(tmp_path / "data")
    with home.serve() as served:
        kms = aws.client(served, home.access_key, home.secret_key)
        key = kms.create_key()["KeyMetadata"]
        people = People(served, key["AWSAccountId"])
        people.iam = aws.client(served, home.access_key, home.secret_key, service="iam")
        name = people.iam.create_user(UserName="ada")["User"]["Arn"]
        access = people.iam.create_access_key(UserName="ada")["AccessKey"]
        kept = kms.create_grant(KeyId=key["KeyId"], GranteePrincipal=name, Operations=["Encrypt", "RetireGrant"])
        gone = kms.create_grant(KeyId=key["KeyId"], GranteePrincipal=name, Operations=["Decrypt"])
        kms.revoke_grant(KeyId=key["KeyId"], GrantId=gone["GrantId"])
    with home.serve() as served:
        kms = aws.client(served, home.access_key, home.secret_key)
        user = aws.client(served, access["AccessKeyId"], access["SecretAccessKey"])
        blob = user.encrypt(KeyId=key["KeyId"], Plaintext=b"x", GrantTokens=[kept["GrantToken"]])["CiphertextBlob"]
        with refused("AccessDeniedException", ...):
            user.decrypt(CiphertextBlob=blob)
        user.retire_grant(GrantToken=kept["GrantToken"])
        assert kms.list_grants(KeyId=key["KeyId"])["Grants"] == []
