"""Who did what: the event history through boto3, and the operator's commands on the log, while the server runs and after."""

import datetime
import json
import re
import shutil
import subprocess

import pytest

import aws
import server as servers
from identities import allow, document

ACCOUNT = "111122223333"
PLAINTEXT = b"nobody shall read this in a log"


class Morning:
    """What an officer finds: a key with an alias, its users, and somebody who was refused."""

    def __init__(self, home, served):
        self.home = home
        self.kms = aws.client(served, home.access_key, home.secret_key)
        self.trail = aws.client(served, home.access_key, home.secret_key, service="cloudtrail", checked=True)
        iam = aws.client(served, home.access_key, home.secret_key, service="iam")
        self.key = self.kms.create_key()["KeyMetadata"]
        self.kms.create_alias(AliasName="alias/payroll", TargetKeyId=self.key["KeyId"])
        for name in ("ada", "eve"):
            iam.create_user(UserName=name)
        iam.put_user_policy(UserName="ada", PolicyName="use", PolicyDocument=document(allow("kms:*")))
        ada, eve = (iam.create_access_key(UserName=name)["AccessKey"] for name in ("ada", "eve"))
        self.ada_key = ada["AccessKeyId"]
        self.ada = aws.client(served, ada["AccessKeyId"], ada["SecretAccessKey"])
        eve = aws.client(served, eve["AccessKeyId"], eve["SecretAccessKey"])
        sealed = self.ada.encrypt(KeyId="alias/payroll", Plaintext=PLAINTEXT)["CiphertextBlob"]
        for _ in range(3):
            self.ada.decrypt(CiphertextBlob=sealed)
        with aws.refused("AccessDeniedException", ...):
            eve.decrypt(CiphertextBlob=sealed)

    def run(self, *words, code=0, log=None):
        source = ("--log", log) if log else ("--data-dir", self.home.folder)
        done = servers.run(*words, *source)
        assert done.returncode == code, (done.stdout, done.stderr)
        return done.stdout

    def found(self, *words, **how):
        lines = self.run("audit", "search", "--json", *words, **how).splitlines()
        return [json.loads(line)["record"] for line in lines]


@pytest.fixture(scope="module")
def morning(home, served):
    return Morning(home, served)


def lookup(trail, **attribute):
    ((key, value),) = attribute.items()
    pages = trail.get_paginator("lookup_events").paginate(
        LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}], PaginationConfig={"PageSize": 2}
    )
    return [event for page in pages for event in page["Events"]]


def test_boto3_pages_through_the_history(morning):
    events = lookup(morning.trail, ResourceName=morning.key["Arn"])
    names = [event["EventName"] for event in events]
    assert names == ["Decrypt"] * 4 + ["Encrypt", "CreateAlias", "CreateKey"]
    assert [event["Username"] for event in events] == ["eve"] + ["ada"] * 4 + ["root"] * 2
    for event in events:
        record = json.loads(event["CloudTrailEvent"])
        assert record["eventID"] == event["EventId"]
        assert event["ReadOnly"] == str(record["readOnly"]).lower()
        assert {"ResourceType": "AWS::KMS::Key", "ResourceName": morning.key["Arn"]} in event["Resources"]
        told = datetime.datetime.fromisoformat(record["eventTime"])
        assert event["EventTime"] == told
    assert len({event["EventId"] for event in events}) == 7
    assert len(lookup(morning.trail, AccessKeyId=morning.ada_key)) == 4
    now = datetime.datetime.now(datetime.timezone.utc)
    later = morning.trail.lookup_events(StartTime=now + datetime.timedelta(hours=1))
    assert later["Events"] == []
    earlier = morning.trail.lookup_events(EndTime=now - datetime.timedelta(hours=1))
    assert earlier["Events"] == []


def test_the_command_line_of_aws_looks_up(morning, served):
    done = subprocess.run(
        [servers.REPOSITORY / "target/venv/bin/aws", "cloudtrail", "lookup-events", "--max-items", "1",
         "--lookup-attributes", "AttributeKey=EventName,AttributeValue=CreateAlias"],
        capture_output=True, text=True, timeout=60,
        env=servers.clean_environment(
            AWS_ENDPOINT_URL=served.url, AWS_REGION="us-east-1", AWS_DEFAULT_REGION="us-east-1",
            AWS_ACCESS_KEY_ID=morning.home.access_key, AWS_SECRET_ACCESS_KEY=morning.home.secret_key),
    )
    assert done.returncode == 0, done.stderr
    assert [event["EventName"] for event in json.loads(done.stdout)["Events"]] == ["CreateAlias"]


def test_search_finds_by_everything_it_offers(morning):
    arn, key = morning.key["Arn"], morning.key["KeyId"]
    for words, count in [
        (("--event-name", "Decrypt"), 4),
        (("--event-name", "Decrypt", "--event-name", "Encrypt"), 5),
        (("--event-name", "Decrypt", "--user", "ada"), 3),
        (("--user", f"arn:aws:iam::{ACCOUNT}:user/ada"), 4),
        (("--access-key", morning.ada_key), 4),
        (("--resource", arn), 7),
        (("--key", key), 7),
        (("--key", "alias/payroll"), 7),
        (("--error", "AccessDenied"), 1),
        (("--error",), 1),
        (("--source", "kms", "--user", "eve"), 1),
        (("--event-name", "Decrypt", "-n", "2"), 2),
        (("--event-name", "Decrypt", "--since", "1h"), 4),
        (("--event-name", "Decrypt", "--until", "1h"), 0),
        (("--event-name", "Decrypt", "--account", ACCOUNT, "--region", "us-east-1"), 4),
        (("--event-name", "Decrypt", "--account", ACCOUNT, "--region", "eu-west-1"), 0),
        (("--event-name", "None"), 0),
    ]:
        assert len(morning.found(*words)) == count, words
    table = morning.run("audit", "search", "--event-name", "Decrypt", "--error")
    assert "AccessDenied" in table and "user/eve" in table and arn in table and "\n1 records" in table
    assert "knows no key" in servers.run("audit", "search", "--key", "x", "--data-dir", morning.home.folder).stderr
    assert servers.run("audit", "search", "--since", "whenever", "--data-dir", morning.home.folder).returncode == 2
    assert PLAINTEXT.decode() not in morning.run("audit", "search", "--json")


def test_who_used_a_key(morning):
    told = json.loads(morning.run("audit", "who-used", "alias/payroll", "--json"))
    used = {(line["caller"].rsplit(":", 1)[1], line["operation"]): (line["uses"], line["failures"]) for line in told}
    assert used == {
        ("user/ada", "kms:Decrypt"): (3, 0),
        ("user/ada", "kms:Encrypt"): (1, 0),
        ("user/eve", "kms:Decrypt"): (1, 1),
        ("root", "kms:CreateKey"): (1, 0),
        ("root", "kms:CreateAlias"): (1, 0),
    }
    assert all(line["first"] <= line["last"] for line in told)
    assert "user/ada" in morning.run("audit", "who-used", morning.key["KeyId"], "--since", "1d")
    tomorrow = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)).date()
    assert "used by nobody" in morning.run("audit", "who-used", morning.key["Arn"], "--since", tomorrow)


def test_usage_is_priced(morning, tmp_path):
    prices = tmp_path / "prices.toml"
    prices.write_text('currency = "EUR"\nkey_month = 5.0\ncalls = 10000.0\n')
    told = json.loads(morning.run("usage", "--json", "--prices", prices))
    lines = {line["what"]: line for line in told["lines"]}
    keys = lines["customer-managed keys, a month"]
    assert (keys["quantity"], keys["amount"], told["currency"]) == (1, 5.0, "EUR")
    kms = sum(count["calls"] for count in told["operations"] if count["operation"].startswith("kms:"))
    assert kms >= 7 and lines["calls"]["quantity"] == kms and lines["calls"]["amount"] == pytest.approx(kms)
    assert told["total"] == pytest.approx(sum(line["amount"] for line in told["lines"]))
    callers = {count["caller"]: count for count in told["callers"]}
    assert callers[f"arn:aws:iam::{ACCOUNT}:user/ada"] == {
        "caller": f"arn:aws:iam::{ACCOUNT}:user/ada", "calls": 4, "failures": 0}
    table = morning.run("usage")
    assert "AWS would have charged" in table and "kms:Decrypt" in table and "user/ada" in table
    prices.write_text("nonsense = 1\n")
    assert servers.run("usage", "--prices", prices, "--data-dir", morning.home.folder).returncode == 1


def test_tail_follows(morning):
    words = ["audit", "tail", "-n", "1", "-f", "--json", "--data-dir", morning.home.folder]
    with subprocess.Popen([servers.BINARY, *map(str, words)], stdout=subprocess.PIPE, text=True) as tail:
        try:
            tail.stdout.readline()
            for _ in range(2):
                morning.kms.generate_random(NumberOfBytes=8)
                assert json.loads(tail.stdout.readline())["eventName"] == "GenerateRandom"
        finally:
            tail.kill()
    assert len(morning.run("audit", "tail", "-n", "3").splitlines()) == 3


def test_a_copy_is_verified_elsewhere_with_the_anchors_alone(morning, tmp_path):
    anchors = tmp_path / "anchors.json"
    anchors.write_text(morning.run("audit", "anchors"))
    exported = json.loads(anchors.read_text())
    assert {"node", "store", "sequence", "hash", "time"} <= exported[0].keys()
    log = tmp_path / "copy"
    shutil.copytree(morning.home.folder / "audit", log)

    def verify(*more, code=0):
        done = servers.run("audit", "verify", "--log", log, "--anchors", anchors, *more)
        assert done.returncode == code, (done.stdout, done.stderr)
        return done.stdout + done.stderr

    assert re.search(r"[1-9]\d* anchors hold", verify())
    assert "records in 1 files" in verify("--from", "1h", "--to", "5")
    assert len(morning.found("--event-name", "Decrypt", log=log)) == 4
    assert servers.run("audit", "verify", "--log", log).returncode == 2
    (file,) = log.glob("audit-*.jsonl")
    whole = file.read_text()
    file.write_text(whole.replace("user/ada", "user/eve"))
    first = next(json.loads(line)["seq"] for line in whole.splitlines() if "user/ada" in line)
    assert f"record {first}," in verify(code=1)
    file.write_text("".join(whole.splitlines(keepends=True)[:-5]))
    assert "the log ends before record" in verify(code=1)
    file.unlink()
    verify(code=1)
    # The server's own log, meanwhile, is whole, and may be checked while it runs.
    assert "anchors hold" in morning.run("audit", "verify")
    assert "anchors hold" in morning.run("audit", "verify", "--anchors", anchors, "--from", "2")


def test_the_index_is_built_again_and_works_without_the_server(tmp_path):
    home = servers.Home(tmp_path / "data")
    with home.serve() as server:
        kms = aws.client(server, home.access_key, home.secret_key)
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.generate_data_key(KeyId=key, KeySpec="AES_256")
        index = home.folder / "audit-index.db"
        # It follows the log by itself.
        servers.eventually(lambda: index.with_name("audit-index.db-wal").stat().st_size > 0)
        assert index.stat().st_mode & 0o777 == 0o600
    for path in home.folder.glob("audit-index.db*"):
        path.unlink()
    search = ["audit", "search", "--event-name", "GenerateDataKey", "--json", "--data-dir", home.folder]
    assert len(servers.run(*search).stdout.splitlines()) == 1
    index.write_bytes(b"no database at all " * 500)
    assert len(servers.run(*search).stdout.splitlines()) == 1
    with home.serve() as server:
        trail = aws.client(server, home.access_key, home.secret_key, service="cloudtrail")
        events = lookup(trail, EventName="GenerateDataKey")
        assert [event["Resources"][0]["ResourceName"].rsplit("/", 1)[1] for event in events] == [key]
    done = servers.run("audit", "verify", "--data-dir", home.folder)
    assert done.returncode == 0, done.stderr
