"""Roles for the bearers of an identity provider's tokens, as boto3 and its own credential provider ask for them."""

import json
import re
import subprocess
import sys
import time

import boto3
import botocore.config
import botocore.session
import pytest

import aws
import server as servers
from aws import refused
from issuer import AUDIENCE, SUBJECT, EcKey, Issuer, RsaKey

NO_KEY = (
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity "
    "documentation for requirements"
)
DENIED = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
WEB = "sts:AssumeRoleWithWebIdentity"


class World:
    """An account with a provider and roles that trust it."""

    def __init__(self, server, account, secret="any"):
        self.server, self.account = server, account
        self.credentials = (account, secret)
        self.issuer = Issuer()
        self.iam = self.client("iam")
        created = self.iam.create_open_id_connect_provider(Url=self.issuer.url, ClientIDList=[AUDIENCE])
        self.provider = created["OpenIDConnectProviderArn"]
        self.sts = anonymous(server)

    def client(self, service):
        return aws.client(self.server, *self.credentials, service=service)

    def role(self, name, *actions, **condition):
        statement = {
            "Effect": "Allow",
            "Principal": {"Federated": self.provider},
            "Action": list(actions) or [WEB],
            "Condition": condition,
        }
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        allow = {"Effect": "Allow", "Action": ["kms:CreateKey", "kms:Encrypt", "kms:Decrypt"], "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        self.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)
        return arn

    def ask(self, role, token=None, **more):
        token = token or self.issuer.token()
        return self.sts.assume_role_with_web_identity(
            RoleArn=role, RoleSessionName="app-1", WebIdentityToken=token, **more
        )


def anonymous(server):
    """STS as a client without any credentials sees it."""
    config = botocore.config.Config(retries={"max_attempts": 0}, parameter_validation=False)
    session = boto3.session.Session(botocore_session=botocore.session.Session())
    return session.client("sts", region_name=aws.REGION, endpoint_url=server.url, config=config)


@pytest.fixture
def world(dev, account):
    made = World(dev, account)
    yield made
    made.issuer.stop()


def test_a_token_opens_a_role(world):
    role = world.role("app", StringEquals={f"{world.issuer.host}:aud": AUDIENCE, f"{world.issuer.host}:sub": SUBJECT})
    answer = world.ask(role)
    assert answer["SubjectFromWebIdentityToken"] == SUBJECT
    assert answer["Audience"] == AUDIENCE
    assert answer["Provider"] == world.provider
    session = f"arn:aws:sts::{world.account}:assumed-role/app/app-1"
    assert answer["AssumedRoleUser"]["Arn"] == session
    assert re.fullmatch(r"AROA\w+:app-1", answer["AssumedRoleUser"]["AssumedRoleId"])
    found = answer["Credentials"]
    kms = boto3.client(
        "kms",
        region_name=aws.REGION,
        endpoint_url=world.server.url,
        aws_access_key_id=found["AccessKeyId"],
        aws_secret_access_key=found["SecretAccessKey"],
        aws_session_token=found["SessionToken"],
    )
    kms.create_key()
    with refused("AccessDeniedException", re.compile(f"User: {session} is not authorized to perform: kms:ListKeys .*")):
        kms.list_keys()


PROGRAM = """
import boto3
kms = boto3.client("kms")
key = kms.create_key()["KeyMetadata"]["KeyId"]
sealed = kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"secret"
print(boto3.client("sts").get_caller_identity()["Arn"])
"""


def environment(world, role, file):
    """What a Kubernetes webhook puts into a pod."""
    return servers.clean_environment(
        AWS_ROLE_ARN=role,
        AWS_WEB_IDENTITY_TOKEN_FILE=str(file),
        AWS_ROLE_SESSION_NAME="pod",
        AWS_ENDPOINT_URL=world.server.url,
        AWS_REGION=aws.REGION,
        AWS_DEFAULT_REGION=aws.REGION,
        AWS_EC2_METADATA_DISABLED="true",
        AWS_CONFIG_FILE="/dev/null",
        AWS_SHARED_CREDENTIALS_FILE="/dev/null",
    )


def test_the_sdk_finds_its_token_in_a_file(world, tmp_path):
    role, file = world.role("pod"), tmp_path / "token"
    file.write_text(world.issuer.token())
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment(world, role, file),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"arn:aws:sts::{world.account}:assumed-role/pod/pod"


def test_one_issuer_serves_many_calls(world):
    role = world.role("app")
    for _ in range(20):
        world.ask(role)
    assert len(world.issuer.asked) == 2, "its configuration and its keys, once"


def test_what_opens_nothing(world):
    role, issuer = world.role("app"), world.issuer
    world.ask(role)
    now = int(time.time())
    no_jwt = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
    expired = re.compile(f"Token expired: current date/time \\d+ must be before the expiration date/time {now - 5}")
    claims = issuer.token(sub="system:serviceaccount:team:admin").split(".")[1]
    head, _, signature = issuer.token().split(".")
    for token, code, message in [
        (f"{head}.{claims}.{signature}", "InvalidIdentityToken", "Couldn't verify signed token."),
        (issuer.token(key=RsaKey("first")), "InvalidIdentityToken", "Couldn't verify signed token."),
        (issuer.token(header={"kid": "nowhere"}), "InvalidIdentityToken", NO_KEY),
        (issuer.token(header={"alg": "none"}), "InvalidIdentityToken", no_jwt),
        (issuer.token(header={"alg": "HS256"}), "InvalidIdentityToken", no_jwt),
        ("no.token.either", "InvalidIdentityToken", no_jwt),
        (issuer.token(exp=now - 5), "ExpiredTokenException", expired),
        (issuer.token(nbf=now + 300), "InvalidIdentityToken", "Token is not valid yet."),
        (issuer.token(aud="someone else"), "InvalidIdentityToken", "Incorrect token audience"),
        (issuer.token(aud=None), "InvalidIdentityToken", "Missing a required claim: aud"),
    ]:
        with refused(code, message):
            world.ask(role, token)


def test_nobody_is_asked_whom_the_account_does_not_name(world, account):
    role = world.role("app")
    with Issuer() as stranger:
        missing = f"No OpenIDConnect provider found in your account for {stranger.url}"
        with refused("InvalidIdentityToken", missing):
            world.ask(role, stranger.token())
        # Its own keys do not help it to speak for the other one.
        with refused("InvalidIdentityToken", "Couldn't verify signed token."):
            world.ask(role, world.issuer.token(key=stranger.keys[0]))
        elsewhere = aws.client(world.server, aws.fresh_account(), service="iam")
        elsewhere.create_open_id_connect_provider(Url=stranger.url, ClientIDList=[AUDIENCE])
        with refused("InvalidIdentityToken", missing):
            world.ask(role, stranger.token())
        assert stranger.asked == []


def test_trust_decides(world):
    role = world.role("closed", StringLike={f"{world.issuer.host}:sub": "system:serviceaccount:other:*"})
    with refused("AccessDenied", DENIED, status=403):
        world.ask(role)
    with refused("AccessDenied", DENIED, status=403):
        world.ask(f"arn:aws:iam::{world.account}:role/not-there")
    with refused("AccessDenied", DENIED, status=403):
        world.ask(world.role("assumed", "sts:AssumeRole"))


def test_tags_come_with_the_token(world):
    tags = {"principal_tags": {"Team": ["blue"]}, "transitive_tag_keys": ["Team"]}
    token = world.issuer.token(**{"https://aws.amazon.com/tags": tags})
    with refused("AccessDenied", "Not authorized to perform sts:TagSession", status=403):
        world.ask(world.role("plain"), token)
    role = world.role("tagged", WEB, "sts:TagSession", StringEquals={"aws:RequestTag/Team": "blue"})
    assert 0 < world.ask(role, token)["PackedPolicySize"] < 100


def test_keys_rotate(world):
    role, issuer = world.role("app"), world.issuer
    world.ask(role)
    old = issuer.token()
    issuer.keys = [EcKey("second")]
    # The server asks an issuer at most once in five seconds.
    servers.eventually(lambda: opened(world, role))
    with refused("InvalidIdentityToken", NO_KEY):
        world.ask(role, old)


def opened(world, role):
    try:
        return world.ask(role)
    except world.sts.exceptions.InvalidIdentityTokenException as error:
        assert error.response["Error"]["Message"] == NO_KEY
        return None


def test_an_issuer_that_is_down(world):
    role = world.role("app")
    world.ask(role)
    token = world.issuer.token()
    world.issuer.stop()
    world.ask(role, token)
    with Issuer() as silent:
        silent.stop()
        world.iam.create_open_id_connect_provider(Url=silent.url, ClientIDList=[AUDIENCE])
        with refused("IDPCommunicationError", NO_KEY):
            world.ask(role, silent.token())


def test_the_log_names_the_bearer_and_no_token(tmp_path):
    home = servers.Home(tmp_path / "data")
    settings = tmp_path / "claviger.toml"
    with home.serve() as served:
        world = World(served, home.access_key, home.secret_key)
        world.account = servers.ACCOUNT
        role, token = world.role("app"), world.issuer.token()
        # A durable server speaks plain HTTP only with issuers its settings name.
        with refused("InvalidIdentityToken", NO_KEY):
            world.ask(role, token)
        assert world.issuer.asked == []
    settings.write_text(f'[oidc]\nissuers = ["{world.issuer.url}"]\n')
    with home.serve("--config", settings) as served:
        world.sts = anonymous(served)
        world.ask(role, token)
        log = served.log()
    shown = servers.run("audit", "tail", "--json", "-n", 1000, "--data-dir", home.folder).stdout
    records = [json.loads(line) for line in shown.splitlines()]
    records = [record for record in records if record["eventName"] == "AssumeRoleWithWebIdentity"]
    assert records[-1]["userIdentity"] == {
        "type": "WebIdentityUser",
        "principalId": f"{world.provider}:{AUDIENCE}:{SUBJECT}",
        "userName": SUBJECT,
        "identityProvider": world.provider,
    }
    assert records[-1]["recipientAccountId"] == servers.ACCOUNT
    for part in token.split("."):
        assert part not in shown + log
    world.issuer.stop()
