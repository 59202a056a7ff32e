"""Messages under keys in KMS: our command and the official library and command line, against the same server."""

import json
import pathlib
import random
import subprocess
import sys

import aws_encryption_sdk
import botocore.session
import pytest
from aws_encryption_sdk.key_providers.kms import DiscoveryFilter
from cryptography.hazmat.primitives import serialization
from prometheus_client.openmetrics.parser import text_string_to_metric_families

import aws
import messages
import server as servers
from server import eventually

CLI = pathlib.Path(sys.executable).with_name("aws-encryption-cli")
PLAINTEXT = random.Random(5).randbytes(100_000)
CONTEXT = {"purpose": "test", "ünit": "größe"}
PAIRS = [f"{name}={value}" for name, value in CONTEXT.items()]


@pytest.fixture
def environment(dev, account, monkeypatch, tmp_path):
    settings = {
        "AWS_ENDPOINT_URL": dev.url,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "us-east-1",
        "HOME": str(tmp_path),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return settings


@pytest.fixture
def client():
    return messages.client("require-encrypt-require-decrypt")


def strict(*arns):
    return aws_encryption_sdk.StrictAwsKmsMasterKeyProvider(
        key_ids=list(arns), botocore_session=botocore.session.Session()
    )


class TestLibrary:
    def test_both_directions(self, environment, client, arn):
        message = messages.succeed("encrypt", "--wrapping-key", arn, "-c", *PAIRS, stdin=PLAINTEXT, **environment)
        opened, header = client.decrypt(source=message, key_provider=strict(arn))
        assert opened == PLAINTEXT and CONTEXT.items() <= header.encryption_context.items()
        message, _ = client.encrypt(source=PLAINTEXT, key_provider=strict(arn), encryption_context=CONTEXT)
        for keys in (["--wrapping-key", arn], ["-w", f"key={arn}"], ["--wrapping-keys", "discovery=true"]):
            assert messages.succeed("decrypt", *keys, "-c", *PAIRS, stdin=message, **environment) == PLAINTEXT

    def test_suites(self, environment, arn):
        for suite in messages.SUITES:
            policy = messages.policy_for(suite)
            arguments = ("--wrapping-key", arn, "--commitment-policy", policy)
            client = messages.client(policy)
            message = messages.succeed("encrypt", *arguments, "--algorithm", suite.name, stdin=b"x", **environment)
            assert client.decrypt(source=message, key_provider=strict(arn))[0] == b"x"
            message, _ = client.encrypt(source=b"x", key_provider=strict(arn), algorithm=suite)
            assert messages.succeed("decrypt", *arguments, stdin=message, **environment) == b"x"

    def test_several_keys_and_an_alias(self, environment, client, kms, account, tmp_path):
        arns = [kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2)]
        kms.create_alias(AliasName="alias/messages", TargetKeyId=arns[0])
        ring = messages.keyring(tmp_path / "ring.json", messages.aes(32))
        message = messages.succeed(
            "encrypt", "--wrapping-key", "alias/messages", arns[1], "--keyring", ring, stdin=b"x", **environment
        )
        for one in arns:
            assert client.decrypt(source=message, key_provider=strict(one))[0] == b"x"
            assert messages.succeed("decrypt", "--wrapping-key", one, stdin=message, **environment) == b"x"
        assert messages.succeed("decrypt", "--keyring", ring, stdin=message) == b"x"
        alias = aws.alias_arn(account, "alias/messages")
        assert "no encrypted data key names" in messages.fail("decrypt", "-w", alias, stdin=message, **environment)

    def test_keyring_files(self, environment, client, arn, account, tmp_path):
        for entry in (arn, {"type": "aws-kms", "key": arn}):
            ring = messages.keyring(tmp_path / "ring.json", entry)
            message = messages.succeed("encrypt", "--keyring", ring, stdin=b"x", **environment)
            assert client.decrypt(source=message, key_provider=strict(arn))[0] == b"x"
            assert messages.succeed("decrypt", "--keyring", ring, stdin=message, **environment) == b"x"
        for accounts, opens in ([], True), ([account], True), (["999999999999"], False):
            ring = messages.keyring(tmp_path / "ring.json", {"type": "aws-kms-discovery", "accounts": accounts})
            command = ("decrypt", "--keyring", ring)
            if opens:
                assert messages.succeed(*command, stdin=message, **environment) == b"x"
            else:
                messages.fail(*command, stdin=message, **environment)

    def test_a_discovery_filter(self, environment, client, arn, account):
        message = messages.succeed("encrypt", "--wrapping-key", arn, stdin=b"x", **environment)
        discovery = aws_encryption_sdk.DiscoveryAwsKmsMasterKeyProvider(
            botocore_session=botocore.session.Session(),
            discovery_filter=DiscoveryFilter(account_ids=(account,), partition="aws"),
        )
        assert client.decrypt(source=message, key_provider=discovery)[0] == b"x"
        decrypt = ("decrypt", "--wrapping-key", "discovery=true")
        assert messages.succeed(*decrypt, f"discovery-account={account}", stdin=message, **environment) == b"x"
        messages.fail(*decrypt, "discovery-account=999999999999", stdin=message, **environment)
        partition = ("discovery-partition=aws-cn", f"discovery-account={account}")
        messages.fail(*decrypt, *partition, stdin=message, **environment)


class TestRefusals:
    def test_kms_is_quoted(self, environment, kms, arn, key_id):
        message = messages.succeed("encrypt", "--wrapping-key", arn, stdin=b"x", **environment)
        kms.disable_key(KeyId=key_id)
        assert "DisabledException" in messages.fail("encrypt", "--wrapping-key", arn, stdin=b"x", **environment)
        assert "DisabledException" in messages.fail("decrypt", "--wrapping-key", arn, stdin=message, **environment)

    def test_a_changed_context_is_refused_by_kms(self, environment, arn):
        message = messages.succeed("encrypt", "--wrapping-key", arn, "-c", "a=1", stdin=b"x", **environment)
        changed = message.replace(b"\0\x01a\0\x011", b"\0\x01a\0\x012")
        assert changed != message
        line = messages.fail("decrypt", "--wrapping-key", arn, stdin=changed, **environment)
        assert "InvalidCiphertextException" in line

    def test_without_credentials_or_a_server(self, environment, arn):
        line = messages.fail("encrypt", "--wrapping-key", arn, stdin=b"x", AWS_ENDPOINT_URL="http://127.0.0.1:1")
        assert "AWS_ACCESS_KEY_ID" in line
        nowhere = {**environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
        assert "127.0.0.1:1" in messages.fail("encrypt", "--wrapping-key", arn, stdin=b"x", **nowhere)
        wrong = {**environment, "AWS_ENDPOINT_URL": "ftp://127.0.0.1"}
        assert "not an http" in messages.fail("encrypt", "--wrapping-key", arn, stdin=b"x", **wrong)
        for name in ("arn:aws:s3:::bucket", "provider=raw", "colour=blue"):
            messages.fail("encrypt", "--wrapping-key", name, stdin=b"x", **environment)


class TestMultiRegion:
    def test_a_replica_opens_in_the_other_region(self, environment, kms, account, dev):
        key = kms.create_key(MultiRegion=True)["KeyMetadata"]
        kms.replicate_key(KeyId=key["KeyId"], ReplicaRegion="eu-west-1")
        elsewhere = aws.client(dev, account, region="eu-west-1")
        eventually(lambda: elsewhere.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] != "Creating")
        replica = key["Arn"].replace("us-east-1", "eu-west-1")
        message = messages.succeed("encrypt", "--wrapping-key", key["Arn"], stdin=b"x", **environment)
        assert messages.succeed("decrypt", "--wrapping-key", replica, stdin=message, **environment) == b"x"


class TestCaching:
    def calls(self, dev, operation):
        families = text_string_to_metric_families(dev.get("/metrics").decode())
        samples = [sample for family in families for sample in family.samples]
        return sum(
            sample.value for sample in samples if sample.name.endswith("_total") and operation in sample.labels.values()
        )

    def test_a_thousand_messages_make_few_calls(self, environment, dev, arn, tmp_path):
        plain, sealed, opened = (tmp_path / name for name in ("plain", "sealed", "opened"))
        for folder in (plain, sealed, opened):
            folder.mkdir()
        for number in range(1000):
            (plain / str(number)).write_bytes(b"%d" % number)
        arguments = ("-r", "--wrapping-key", arn, "-c", "a=1", "--caching", "capacity=10", "max_age=600")
        made, unwrapped = self.calls(dev, "GenerateDataKey"), self.calls(dev, "Decrypt")
        messages.succeed("encrypt", *arguments, "max_messages_encrypted=250", "-i", plain, "-o", sealed, **environment)
        assert self.calls(dev, "GenerateDataKey") - made == 4
        messages.succeed("decrypt", *arguments, "-i", sealed, "-o", opened, **environment)
        assert self.calls(dev, "Decrypt") - unwrapped == 4
        for number in range(1000):
            assert (opened / f"{number}.encrypted.decrypted").read_bytes() == b"%d" % number
        some = sorted(sealed.iterdir())[:50]
        ids = {json.loads(messages.succeed("inspect", "--json", path))["message_id"] for path in some}
        assert len(ids) == len(some)

    def test_limits_are_understood_or_refused(self, environment, arn):
        for limits in (["capacity=1"], ["max_age=1"], ["capacity=1", "max_age=0"], ["capacity=x", "max_age=1"],
                       ["capacity=1", "max_age=1", "more=1"], ["capacity=1", "max_age=-1"], ["capacity=1", "max_age=inf"],
                       ["capacity=1", "max_age=1", "max_messages_encrypted=0"]):  # fmt: skip
            messages.fail("encrypt", "--wrapping-key", arn, "--caching", *limits, stdin=b"x", **environment)


class TestRsa:
    def test_wrapped_here_and_unwrapped_by_kms(self, environment, kms, tmp_path):
        key = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["Arn"]
        der = kms.get_public_key(KeyId=key)["PublicKey"]
        pem = serialization.load_der_public_key(der).public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        for padding in ("oaep-sha1", "oaep-sha256"):
            entry = {"type": "aws-kms-rsa", "key": key, "padding": padding, "public_key_pem": pem.decode()}
            ring = messages.keyring(tmp_path / "ring.json", entry)
            unsigned = ("--algorithm", "AES_256_GCM_HKDF_SHA512_COMMIT_KEY")
            message = messages.succeed("encrypt", "--keyring", ring, *unsigned, "-c", "a=1", stdin=b"x", **environment)
            assert messages.succeed("decrypt", "--keyring", ring, "-c", "a=1", stdin=message, **environment) == b"x"
            changed = message.replace(b"\0\x01a\0\x011", b"\0\x01a\0\x012")
            line = messages.fail("decrypt", "--keyring", ring, stdin=changed, **environment)
            assert "another encryption context" in line
            assert "sign" in messages.fail("encrypt", "--keyring", ring, stdin=b"x", **environment)


class TestCommandLine:
    def run(self, environment, *arguments):
        return subprocess.run(
            [CLI, *map(str, arguments)],
            env=servers.clean_environment(**environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
        )

    def test_folders_both_ways(self, environment, arn, tmp_path):
        plain, theirs, ours, opened = (tmp_path / name for name in ("plain", "theirs", "ours", "opened"))
        for folder in (plain / "deep", theirs, ours, opened):
            folder.mkdir(parents=True)
        files = {"one": PLAINTEXT, "deep/two": b"2"}
        for name, content in files.items():
            (plain / name).write_bytes(content)
        keys = ("--wrapping-keys", f"key={arn}")
        done = self.run(
            environment, "--encrypt", "-r", "-i", plain, "-o", theirs, *keys, "--suppress-metadata",
            "--encryption-context", "a=1",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        messages.succeed("decrypt", "-r", "-i", theirs, "-o", opened, *keys, "-c", "a=1", **environment)
        for name, content in files.items():
            assert (opened / f"{name}.encrypted.decrypted").read_bytes() == content
        told = tmp_path / "told"
        messages.succeed(
            "encrypt", "-r", "-i", plain, "-o", ours, *keys, "--metadata-output", told, "-c", "a=1", **environment
        )
        done = self.run(
            environment, "--decrypt", "-r", "-i", ours, "-o", opened, *keys, "--metadata-output", tmp_path / "theirs.told"
        )
        assert done.returncode == 0, done.stderr
        for name, content in files.items():
            assert (opened / f"{name}.encrypted.decrypted").read_bytes() == content
        # They tell the same of our messages as we do.
        mine, other = (
            {
                line["header"]["message_id"]: line["header"]
                for line in map(json.loads, path.read_text().splitlines())
            }
            for path in (told, tmp_path / "theirs.told")
        )
        assert mine.keys() == other.keys() and len(mine) == 2
        for number, header in mine.items():
            for name, value in header.items():
                assert other[number][name] == value, name
