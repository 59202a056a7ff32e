"""What the operator of a server can do on its host: accounts, policies over them, break-glass, questions."""

import json
import re

import pytest

import aws
import server as servers
from identities import allow, document

ACCOUNT = "111122223333"


class Operator:
    """The command line on one data folder."""

    def __init__(self, home):
        self.home = home

    def run(self, *words, code=0):
        done = servers.run(*words, "--data-dir", self.home.folder)
        assert done.returncode == code, (done.stdout, done.stderr)
        return done

    def account(self, name, *more):
        """Makes an account: (id, root credentials)."""
        printed = self.run("account", "create", "--name", name, *more).stdout
        credentials = tuple(re.findall(r"^export AWS_\w+=(\S+)$", printed, re.M))
        return re.search(r"# Account (\d{12}) ", printed)[1], credentials

    def records(self, name):
        tail = self.run("audit", "tail", "-n", "200", "--json").stdout
        records = [json.loads(line) for line in tail.splitlines() if line.startswith("{")]
        return [record for record in records if record["eventName"] == name]


@pytest.fixture(scope="module")
def operator(home, served):
    """Of the running server of this module."""
    return Operator(home)


def identity(served, credentials):
    return aws.client(served, *credentials, service="sts").get_caller_identity()


def test_accounts_are_made_while_the_server_runs(operator, served):
    account, credentials = operator.account("partner", "--account", "444455556666")
    assert account == "444455556666"
    assert identity(served, credentials)["Arn"] == "arn:aws:iam::444455556666:root"
    chosen, other = operator.account("by chance")
    assert identity(served, other)["Account"] == chosen
    listed = operator.run("account", "list").stdout
    assert f"{ACCOUNT}  management  (management account)" in listed
    assert "444455556666  partner" in listed and f"{chosen}  by chance" in listed
    again = operator.run("account", "create", "--name", "x", "--account", "444455556666", code=1)
    assert "exists already" in again.stderr and "root-key" in again.stderr
    wrong = operator.run("account", "create", "--name", "x", "--account", "4444", code=2)
    assert "exactly 12 digits" in wrong.stderr
    made = operator.records("CreateAccount")[-1]
    assert made["userIdentity"]["accountId"] == chosen and made["serviceEventDetails"]["operator"]["uid"] >= 0
    assert other[1] not in json.dumps(made)


def test_another_key_for_an_accounts_root(operator, served):
    account, first = operator.account("lost its key")
    printed = operator.run("account", "root-key", account).stdout
    second = tuple(re.findall(r"^export AWS_\w+=(\S+)$", printed, re.M))
    assert second != first
    for credentials in (first, second):
        assert identity(served, credentials)["Account"] == account
    missing = operator.run("account", "root-key", "999988887777", code=1)
    assert "there is no account 999988887777" in missing.stderr


def test_accounts_survive_a_restart(tmp_path):
    home = servers.Home(tmp_path / "data")
    operator = Operator(home)
    # No server runs: the command opens the folder itself.
    account, credentials = operator.account("offline")
    with home.serve() as running:
        assert identity(running, credentials)["Account"] == account
    assert account in operator.run("account", "list").stdout


def test_a_policy_over_an_account_binds_its_root_user(operator, served, tmp_path):
    account, credentials = operator.account("bound")
    kms = aws.client(served, *credentials)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    file = tmp_path / "policy.json"
    deny = {"Effect": "Deny", "Action": "kms:ScheduleKeyDeletion", "Resource": "*"}
    file.write_text(document(allow("*"), deny))
    words = ["account", "control-policy"]
    named = ["--kind", "service", "--name", "no-deletion", account]
    operator.run(*words, "put", *named, file)
    with aws.refused("AccessDeniedException", re.compile(".* with an explicit deny in a service control policy")):
        kms.schedule_key_deletion(KeyId=key)
    kms.describe_key(KeyId=key)
    # Two policies are two levels: both must allow.
    file.write_text(document(allow("kms:DescribeKey")))
    operator.run(*words, "put", "--kind", "service", "--name", "only-look", account, file)
    kms.describe_key(KeyId=key)
    with aws.refused("AccessDeniedException", re.compile(".* because no service control policy allows the kms:ListKeys.*")):
        kms.list_keys()
    shown = json.loads(operator.run(*words, "list", account).stdout)
    assert set(shown["service"]) == {"no-deletion", "only-look"}
    operator.run(*words, "remove", "--kind", "service", "--name", "only-look", account)
    kms.list_keys()
    operator.run(*words, "remove", *named)
    kms.schedule_key_deletion(KeyId=key)
    gone = operator.run(*words, "remove", *named, code=1)
    assert "no such policy no-deletion" in gone.stderr
    file.write_text("{}")
    broken = operator.run(*words, "put", *named, file, code=1)
    assert "not acceptable" in broken.stderr


def test_a_perimeter_around_an_accounts_resources(operator, served, tmp_path, home):
    account, credentials = operator.account("fenced")
    inside = aws.client(served, *credentials)
    arn = inside.create_key()["KeyMetadata"]["Arn"]
    opened = [
        {"Effect": "Allow", "Principal": {"AWS": each}, "Action": "kms:*", "Resource": "*"}
        for each in (account, ACCOUNT)
    ]
    inside.put_key_policy(KeyId=arn, Policy=document(*opened))
    outside = aws.client(served, home.access_key, home.secret_key)
    outside.encrypt(KeyId=arn, Plaintext=b"x")
    fence = {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}
    fence["Condition"] = {"StringNotEquals": {"aws:PrincipalAccount": account}}
    file = tmp_path / "policy.json"
    file.write_text(document(fence))
    operator.run("account", "control-policy", "put", "--kind", "resource", "--name", "fence", account, file)
    with aws.refused("AccessDeniedException", re.compile(".* on this resource because .*")):
        outside.encrypt(KeyId=arn, Plaintext=b"x")
    inside.encrypt(KeyId=arn, Plaintext=b"x")


def test_a_key_that_nobody_can_reach_is_rescued_and_everybody_can_see_it(operator, served, home, tmp_path):
    kms = aws.client(served, home.access_key, home.secret_key)
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    blob = kms.encrypt(KeyId=arn, Plaintext=b"precious")["CiphertextBlob"]
    account, _ = operator.account("stranger")
    closed = document({"Effect": "Allow", "Principal": {"AWS": account}, "Action": "kms:Sign", "Resource": "*"})
    kms.put_key_policy(KeyId=arn, Policy=closed, BypassPolicyLockoutSafetyCheck=True)
    for call in (kms.describe_key, kms.get_key_policy):
        with aws.refused("AccessDeniedException", ...):
            call(KeyId=arn)
    # Being on the host is not enough.
    elsewhere = servers.Home(tmp_path / "elsewhere")
    for wrong, why in [(elsewhere.key_file, "cannot unseal: "), (tmp_path / "none", "cannot unseal: ")]:
        refused = operator.run("rescue", "key", arn, "--key-file", wrong, code=1)
        assert why in refused.stderr and refused.stderr.count(str(wrong)) == 1, refused.stderr
    with aws.refused("AccessDeniedException", ...):
        kms.describe_key(KeyId=arn)
    for other, why in [("arn:aws:kms:us-east-1:111122223333:key/none", "there is no key"), ("none", "is not the ARN")]:
        assert why in operator.run("rescue", "key", other, code=1).stderr
    operator.run("rescue", "key", arn)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"precious"
    record = operator.records("RescueKey")[-1]
    assert record["resources"][0]["ARN"] == arn
    details = record["serviceEventDetails"]
    assert details["previousPolicy"] == closed and details["operator"]["uid"] >= 0
    assert "BREAK-GLASS" in served.log()


def test_questions_about_decisions_change_and_record_nothing(operator, served, home):
    kms = aws.client(served, home.access_key, home.secret_key)
    iam = aws.client(served, home.access_key, home.secret_key, service="iam")
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    user = iam.create_user(UserName="asked-about")["User"]["Arn"]
    asked = ["policy", "explain", "--principal", user, "--action", "kms:Encrypt", "--resource", arn]
    before = len(operator.records("Encrypt"))
    denied = operator.run(*asked, code=1)
    assert denied.stdout.startswith("DENIED: no identity-based policy allows it")
    iam.put_user_policy(
        UserName="asked-about",
        PolicyName="only-prod",
        PolicyDocument=document(
            allow("kms:Encrypt", Condition={"StringEquals": {"kms:EncryptionContext:stage": "prod"}})
        ),
    )
    close = operator.run(*asked, code=1)
    assert "user/asked-about/only-prod" in close.stdout and "would have allowed it" in close.stdout
    allowed = operator.run(*asked, "--context", "kms:EncryptionContext:stage=prod")
    assert allowed.stdout.startswith("ALLOWED")
    assert len(operator.records("Encrypt")) == before
    nobody = operator.run(*asked[:3], "arn:aws:iam::111122223333:user/nobody", *asked[4:], code=1)
    assert "there is no principal" in nobody.stderr
