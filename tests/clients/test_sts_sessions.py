"""Temporary credentials: who gets them, what they may, and when they end."""

import concurrent.futures
import datetime
import json
import re

import pytest

import aws
import server as servers
from identities import allow, document

ACCOUNT = "111122223333"
PARTNER = "444455556666"


def trust(principal, action=("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"), **more):
    return {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": list(action), **more}


class World:
    """One durable server, its administrator, and a second account."""

    def __init__(self, home, served):
        self.served = served
        self.root = (home.access_key, home.secret_key)
        made = servers.run("account", "create", "--data-dir", home.folder, "--name", "partner", "--account", PARTNER)
        assert made.returncode == 0, made.stderr
        self.partner = tuple(re.findall(r"export AWS_\w+=(\S+)", made.stdout))
        self.names = iter(range(10**6))

    def client(self, credentials, service="kms", **config):
        return aws.client(self.served, *credentials, service=service, **config)

    def iam(self, credentials=None):
        return self.client(credentials or self.root, "iam")

    def sts(self, credentials):
        return self.client(credentials, "sts")

    def name(self, prefix):
        return f"{prefix}-{next(self.names)}"

    def user(self, policy=None, root=None):
        """(name, ARN, credentials)"""
        name, iam = self.name("user"), self.iam(root)
        arn = iam.create_user(UserName=name)["User"]["Arn"]
        key = iam.create_access_key(UserName=name)["AccessKey"]
        if policy:
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy)
        return name, arn, (key["AccessKeyId"], key["SecretAccessKey"])

    def role(self, trusting, policy=None, root=None, **more):
        name, iam = self.name("role"), self.iam(root)
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trusting), **more)["Role"]
        if policy:
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)
        return name, role["Arn"]

    def assume(self, credentials, role, **more):
        answer = self.sts(credentials).assume_role(**{"RoleArn": role, "RoleSessionName": "shift", **more})
        return session_of(answer)


def session_of(answer):
    given = answer["Credentials"]
    return given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]


@pytest.fixture(scope="module")
def world(home, served):
    return World(home, served)


@pytest.fixture(scope="module")
def arn(world):
    return world.client(world.root).create_key()["KeyMetadata"]["Arn"]


KMS = document(allow("kms:*"))
ASSUME = document(allow(["sts:AssumeRole", "sts:TagSession"]))


def denied(role, action="sts:AssumeRole"):
    return aws.refused(
        "AccessDenied",
        re.compile(rf"User: arn:aws:\S+ is not authorized to perform: {action} on resource: {re.escape(role)}"),
        status=403,
    )


def test_a_session_is_its_role_and_says_so(world, arn):
    _, user_arn, user = world.user()
    name, role = world.role(trust(user_arn), KMS)
    answer = world.sts(user).assume_role(RoleArn=role, RoleSessionName="shift")
    assumed = answer["AssumedRoleUser"]
    assert assumed["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/shift"
    assert re.fullmatch(r"AROA[A-Z2-7]{17}:shift", assumed["AssumedRoleId"])
    assert "PackedPolicySize" not in answer and "SourceIdentity" not in answer
    assert re.fullmatch(r"ASIA[A-Z2-7]{16}", answer["Credentials"]["AccessKeyId"])
    session = session_of(answer)
    identity = world.sts(session).get_caller_identity()
    assert (identity["Arn"], identity["UserId"], identity["Account"]) == (
        assumed["Arn"],
        assumed["AssumedRoleId"],
        ACCOUNT,
    )
    world.client(session).encrypt(KeyId=arn, Plaintext=b"x")
    # The session is the role, not the user.
    with aws.refused("AccessDeniedException", ...):
        world.client(user).encrypt(KeyId=arn, Plaintext=b"x")


def test_trust_decides_and_an_unknown_role_looks_the_same(world):
    _, user_arn, user = world.user(ASSUME)
    _, other_arn, _ = world.user()
    _, closed = world.role(trust(other_arn))
    with denied(closed):
        world.assume(user, closed)
    missing = f"arn:aws:iam::{ACCOUNT}:role/missing"
    with denied(missing):
        world.assume(user, missing)
    # The account delegates: the identity policy is asked too.
    _, delegated = world.role(trust(f"arn:aws:iam::{ACCOUNT}:root"))
    world.assume(user, delegated)
    _, _, silent = world.user()
    with denied(delegated):
        world.assume(silent, delegated)
    with aws.refused("ValidationError", "nonsense-that-is-long is invalid"):
        world.assume(user, "nonsense-that-is-long")
    with aws.refused("AccessDenied", "Roles may not be assumed by root accounts.", status=403):
        world.assume(world.root, delegated)


def test_another_account_needs_both_sides(world):
    _, user_arn, user = world.user(root=world.partner)
    _, role = world.role(trust(user_arn), KMS)
    with denied(role):
        world.assume(user, role)
    _, user_arn, user = world.user(ASSUME, root=world.partner)
    with denied(role):
        world.assume(user, role)
    _, role = world.role(trust(user_arn), KMS)
    world.assume(user, role)


def test_conditions_of_the_trust_policy(world):
    _, user_arn, user = world.user()
    external = {"StringEquals": {"sts:ExternalId": "4711"}}
    _, role = world.role(trust(user_arn, Condition=external))
    for more in [{}, {"ExternalId": "4712"}]:
        with denied(role):
            world.assume(user, role, **more)
    world.assume(user, role, ExternalId="4711")
    named = {"StringLike": {"sts:RoleSessionName": "${aws:username}"}}
    user_name = user_arn.rsplit("/", 1)[1]
    _, role = world.role(trust(user_arn, Condition=named))
    with denied(role):
        world.assume(user, role)
    world.assume(user, role, RoleSessionName=user_name)


def test_session_policies_only_take_away(world, arn):
    _, user_arn, user = world.user()
    _, role = world.role(trust(user_arn), document(allow("kms:Encrypt")))
    session = world.assume(user, role, Policy=KMS)
    world.client(session).encrypt(KeyId=arn, Plaintext=b"x")
    with aws.refused("AccessDeniedException", re.compile(".*no identity-based policy allows the kms:DescribeKey action")):
        world.client(session).describe_key(KeyId=arn)
    answer = world.sts(user).assume_role(
        RoleArn=role, RoleSessionName="shift", Policy=document(allow("kms:DescribeKey"))
    )
    assert 0 < answer["PackedPolicySize"] < 100
    with aws.refused("AccessDeniedException", re.compile(".*no session policy allows the kms:Encrypt action")):
        world.client(session_of(answer)).encrypt(KeyId=arn, Plaintext=b"x")
    managed = [{"arn": "arn:aws:iam::aws:policy/IAMReadOnlyAccess"}]
    session = world.assume(user, role, PolicyArns=managed)
    with aws.refused("AccessDeniedException", re.compile(".*no session policy allows the kms:Encrypt action")):
        world.client(session).encrypt(KeyId=arn, Plaintext=b"x")
    with aws.refused("MalformedPolicyDocument", ...):
        world.assume(user, role, Policy="{}")
    with aws.refused("ValidationError", ...):
        world.assume(user, role, PolicyArns=[{"arn": f"arn:aws:iam::{ACCOUNT}:policy/missing"}])
    with aws.refused("ValidationError", ...):
        world.assume(user, role, Policy=document(allow("kms:" + "x" * 2100)))


def test_durations(world):
    _, user_arn, user = world.user(ASSUME)
    _, role = world.role(trust(user_arn), document(allow("sts:AssumeRole")), MaxSessionDuration=7200)
    with aws.refused(
        "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    ):
        world.assume(user, role, DurationSeconds=7201)
    with aws.refused("ValidationError", ...):
        world.assume(user, role, DurationSeconds=899)
    session = world.assume(user, role, DurationSeconds=7200)
    _, second = world.role(trust(role), MaxSessionDuration=7200)
    with aws.refused(
        "ValidationError",
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
    ):
        world.assume(session, second, DurationSeconds=3601)
    world.assume(session, second, DurationSeconds=3600)


def test_tags_decide_and_transitive_ones_go_on(world, arn):
    _, user_arn, user = world.user()
    by_tag = document(allow("kms:Encrypt", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}}))
    _, role = world.role(trust(user_arn), document(allow(["sts:AssumeRole", "sts:TagSession"])))
    _, second = world.role(trust(role), by_tag)
    blue = [{"Key": "team", "Value": "blue"}]
    passing = world.assume(user, role, Tags=blue, TransitiveTagKeys=["team"])
    staying = world.assume(user, role, Tags=blue)
    world.client(world.assume(passing, second)).encrypt(KeyId=arn, Plaintext=b"x")
    with aws.refused("AccessDeniedException", ...):
        world.client(world.assume(staying, second)).encrypt(KeyId=arn, Plaintext=b"x")
    with aws.refused(
        "InvalidParameterValue",
        "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key "
        "from the calling session.",
    ):
        world.assume(passing, second, Tags=[{"Key": "Team", "Value": "red"}])
    with aws.refused(
        "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive."
    ):
        world.assume(user, role, Tags=[*blue, {"Key": "TEAM", "Value": "red"}])
    with aws.refused(
        "InvalidParameterValue", "The specified transitive tag key must be included in the requested tags."
    ):
        world.assume(user, role, Tags=blue, TransitiveTagKeys=["stage"])
    # Tagging is a permission of its own.
    _, untaggable = world.role(trust(user_arn, action=["sts:AssumeRole"]))
    world.assume(user, untaggable)
    with denied(untaggable, "sts:TagSession"):
        world.assume(user, untaggable, Tags=blue)


def test_the_source_identity_stays(world, arn):
    _, user_arn, user = world.user()
    _, role = world.role(trust(user_arn), document(allow(["sts:AssumeRole", "sts:SetSourceIdentity"])))
    by_source = document(allow("kms:Encrypt", Condition={"StringEquals": {"aws:SourceIdentity": "kim"}}))
    _, second = world.role(trust(role), by_source)
    session = world.assume(user, role, SourceIdentity="kim")
    world.client(world.assume(session, second)).encrypt(KeyId=arn, Plaintext=b"x")
    with aws.refused(
        "AccessDenied", "The source identity is already set for this assume role session", status=403
    ):
        world.assume(session, second, SourceIdentity="lee")
    _, deaf = world.role(trust(user_arn, action=["sts:AssumeRole"]))
    with denied(deaf, "sts:SetSourceIdentity"):
        world.assume(user, deaf, SourceIdentity="kim")


def test_policies_count_live_and_a_deleted_role_ends_its_sessions(world, arn):
    _, user_arn, user = world.user()
    name, role = world.role(trust(user_arn), KMS)
    session = world.assume(user, role)
    kms, iam = world.client(session), world.iam()
    kms.encrypt(KeyId=arn, Plaintext=b"x")
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(allow("kms:ListKeys")))
    with aws.refused("AccessDeniedException", ...):
        kms.encrypt(KeyId=arn, Plaintext=b"x")
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=KMS)
    kms.encrypt(KeyId=arn, Plaintext=b"x")
    # The trust policy is for new sessions only.
    _, other_arn, _ = world.user()
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=document(trust(other_arn)))
    kms.encrypt(KeyId=arn, Plaintext=b"x")
    iam.delete_role_policy(RoleName=name, PolicyName="p")
    iam.delete_role(RoleName=name)
    invalid = "The security token included in the request is invalid."
    with aws.refused("UnrecognizedClientException", invalid):
        kms.encrypt(KeyId=arn, Plaintext=b"x")
    # A role made again under the same name is another role.
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust(user_arn)))
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=KMS)
    with aws.refused("UnrecognizedClientException", invalid):
        kms.encrypt(KeyId=arn, Plaintext=b"x")


def test_tokens_belong_to_their_key_and_are_sealed(world):
    _, user_arn, user = world.user()
    _, role = world.role(trust(user_arn), KMS)
    (key, secret, token), (other_key, other_secret, other_token) = world.assume(user, role), world.assume(user, role)
    invalid = "The security token included in the request is invalid."
    broken = token[:40] + ("A" if token[40] != "A" else "B") + token[41:]
    for wrong in [
        (key, secret, other_token),
        (other_key, other_secret, token),
        (key, secret, broken),
        (key, secret, "bm90aGluZw=="),
        (key, secret),
        (user[0], user[1], token),
    ]:
        with aws.refused("UnrecognizedClientException", invalid):
            world.client(wrong).list_keys()
    with aws.refused("InvalidSignatureException", ...):
        world.client((key, other_secret, token)).list_keys()
    world.client((key, secret, token)).list_keys()
    with aws.refused("InvalidClientTokenId", invalid, status=403):
        world.sts((key, secret, broken)).get_caller_identity()


def test_session_tokens_of_users(world, arn):
    name, user_arn, user = world.user(KMS)
    sts = world.sts(user)
    session = session_of(sts.get_session_token(DurationSeconds=900))
    assert world.sts(session).get_caller_identity()["Arn"] == user_arn
    world.client(session).encrypt(KeyId=arn, Plaintext=b"x")
    with aws.refused("AccessDenied", "Cannot call GetSessionToken with session credentials", status=403):
        world.sts(session).get_session_token()
    with aws.refused("AccessDenied", "Cannot call GetFederationToken with session credentials", status=403):
        world.sts(session).get_federation_token(Name="guest")
    with aws.refused("AccessDenied", re.compile("MultiFactorAuthentication failed.*"), status=403):
        sts.get_session_token(SerialNumber=f"arn:aws:iam::{ACCOUNT}:mfa/x", TokenCode="123456")
    # The session ends with the key it was asked for with.
    iam = world.iam()
    iam.update_access_key(UserName=name, AccessKeyId=user[0], Status="Inactive")
    with aws.refused("UnrecognizedClientException", ...):
        world.client(session).encrypt(KeyId=arn, Plaintext=b"x")
    iam.update_access_key(UserName=name, AccessKeyId=user[0], Status="Active")
    world.client(session).encrypt(KeyId=arn, Plaintext=b"x")
    iam.delete_access_key(UserName=name, AccessKeyId=user[0])
    with aws.refused("UnrecognizedClientException", ...):
        world.client(session).encrypt(KeyId=arn, Plaintext=b"x")


def test_sessions_of_root_last_an_hour_at_most(world):
    answer = world.sts(world.root).get_session_token(DurationSeconds=36000)
    left = answer["Credentials"]["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(minutes=59) < left <= datetime.timedelta(hours=1)
    assert world.sts(session_of(answer)).get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"


def test_federated_users(world, arn):
    _, _, user = world.user(document(allow(["kms:*", "sts:GetFederationToken"])))
    sts = world.sts(user)
    answer = sts.get_federation_token(Name="guest", Policy=document(allow("kms:Encrypt")))
    assert answer["FederatedUser"] == {
        "FederatedUserId": f"{ACCOUNT}:guest",
        "Arn": f"arn:aws:sts::{ACCOUNT}:federated-user/guest",
    }
    session = session_of(answer)
    assert world.sts(session).get_caller_identity()["UserId"] == f"{ACCOUNT}:guest"
    world.client(session).encrypt(KeyId=arn, Plaintext=b"x")
    with aws.refused("AccessDeniedException", re.compile(".*no session policy allows the kms:DescribeKey action")):
        world.client(session).describe_key(KeyId=arn)
    bare = session_of(sts.get_federation_token(Name="guest"))
    with aws.refused("AccessDeniedException", ...):
        world.client(bare).encrypt(KeyId=arn, Plaintext=b"x")
    _, _, silent = world.user(KMS)
    with aws.refused("AccessDenied", re.compile(".*sts:GetFederationToken on resource: .*:federated-user/guest.*"), status=403):
        world.sts(silent).get_federation_token(Name="guest")
    with aws.refused("AccessDenied", ..., status=403):
        world.assume(session, f"arn:aws:iam::{ACCOUNT}:role/any")


def test_the_account_of_an_access_key(world):
    sts = world.sts(world.root)
    assert sts.get_access_key_info(AccessKeyId=world.partner[0])["Account"] == PARTNER
    # A published example.
    assert sts.get_access_key_info(AccessKeyId="ASIAQNZGKIQY56JQ7WML")["Account"] == "029608264753"
    with aws.refused("ValidationError", ...):
        sts.get_access_key_info(AccessKeyId="not-an-access-key-id")


def test_sessions_are_named_in_the_record(world, arn, home):
    _, user_arn, user = world.user()
    name, role = world.role(trust(user_arn), KMS)
    session = world.assume(user, role, SourceIdentity="kim")
    world.client(session).encrypt(KeyId=arn, Plaintext=b"named")
    tail = servers.run("audit", "tail", "--data-dir", home.folder, "-n", "40", "--json")
    records = [json.loads(line) for line in tail.stdout.splitlines() if line.startswith("{")]
    record = [r for r in records if r["eventName"] == "Encrypt"][-1]
    identity = record["userIdentity"]
    assert identity["type"] == "AssumedRole"
    assert identity["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/shift"
    assert identity["accessKeyId"] == session[0]
    context = identity["sessionContext"]
    assert context["sessionIssuer"]["arn"] == role and context["sessionIssuer"]["userName"] == name
    assert context["sourceIdentity"] == "kim"
    made = [r for r in records if r["eventName"] == "AssumeRole"][-1]
    assert made["userIdentity"]["arn"] == user_arn
    assert session[1] not in tail.stdout and session[2] not in tail.stdout
    assert made["responseElements"]["credentials"]["accessKeyId"] == session[0]


def test_sessions_expire(clocked):
    """On a server whose clock can be moved."""
    account = aws.fresh_account()
    iam = aws.client(clocked, account, service="iam")
    user = iam.create_user(UserName="ada")["User"]
    key = iam.create_access_key(UserName="ada")["AccessKey"]
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=document(trust(user["Arn"])))["Role"]
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=KMS)
    sts = aws.client(clocked, key["AccessKeyId"], key["SecretAccessKey"], service="sts")
    given = session_of(sts.assume_role(RoleArn=role["Arn"], RoleSessionName="shift", DurationSeconds=900))
    kms = aws.client(clocked, *given)
    kms.list_keys()
    clocked.advance(seconds=899)
    kms.list_keys()
    clocked.advance(seconds=2)
    with aws.refused("ExpiredTokenException", "The security token included in the request is expired"):
        kms.list_keys()
    expired = aws.client(clocked, *given, service="sts")
    with aws.refused("ExpiredToken", "The security token included in the request is expired", status=403):
        expired.get_caller_identity()


def test_many_sessions_at_once(world, arn):
    _, user_arn, user = world.user()
    _, role = world.role(trust(user_arn), KMS)

    def one(number):
        session = world.assume(user, role, RoleSessionName=f"shift-{number}")
        world.client(session).encrypt(KeyId=arn, Plaintext=b"x")
        return session[0]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(one, range(40)))) == 40


def test_a_refusal_can_be_handed_on_sealed(world, arn, home):
    _, user_arn, _ = world.user(document({"Effect": "Deny", "Action": "kms:*", "Resource": "*", "Sid": "NoKeys"}))
    asked = ["--principal", user_arn, "--action", "kms:Encrypt", "--resource", arn, "--encode"]
    encoded = servers.run("policy", "explain", "--data-dir", home.folder, *asked).stdout.strip()
    assert encoded and "NoKeys" not in encoded and user_arn not in encoded
    answer = world.sts(world.root).decode_authorization_message(EncodedMessage=encoded)
    decoded = json.loads(answer["DecodedMessage"])
    assert (decoded["allowed"], decoded["explicitDeny"]) == (False, True)
    assert decoded["context"]["principal"]["arn"] == user_arn
    assert (decoded["context"]["action"], decoded["context"]["resource"]) == ("kms:Encrypt", arn)
    assert {"statementId": "NoKeys", "effect": "Deny"} in decoded["matchedStatements"]["items"]
    for sts, message in [
        (world.sts(world.partner), encoded),
        (world.sts(world.root), encoded[:-4] + "AAAA"),
        (world.sts(world.root), "bm90aGluZw"),
    ]:
        with aws.refused("InvalidAuthorizationMessageException", ...):
            sts.decode_authorization_message(EncodedMessage=message)
    _, _, silent = world.user()
    with aws.refused("AccessDenied", ..., status=403):
        world.sts(silent).decode_authorization_message(EncodedMessage=encoded)
