"""The AWS Encryption SDK and its command line: envelope encryption of a real file."""

import hashlib
import pathlib
import random
import subprocess
import sys

import aws_encryption_sdk
import botocore.session
import pytest
from aws_encryption_sdk.exceptions import AWSEncryptionSDKClientError
from aws_encryption_sdk.key_providers.kms import DiscoveryFilter

import aws
import server as servers

MIB = 1 << 20
SIZE = (1024 if servers.LONG else 4 if servers.QUICK else 64) * MIB
CLI = pathlib.Path(sys.executable).with_name("aws-encryption-cli")
CONTEXT = {"purpose": "backup", "stage": "test"}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A file of noise, and its digest."""
    path = tmp_path_factory.mktemp("plain") / "plain"
    noise = random.Random(2)
    with path.open("wb") as out:
        for _ in range(SIZE // MIB):
            out.write(noise.randbytes(MIB))
    return path


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@pytest.fixture
def environment(dev, account, tmp_path, monkeypatch):
    """The endpoint and credentials, as a person would set them."""
    settings = {
        "AWS_ENDPOINT_URL": dev.url,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "us-east-1",
        "HOME": str(tmp_path),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return servers.clean_environment(**settings)


@pytest.fixture
def provider(environment, arn):
    return aws_encryption_sdk.StrictAwsKmsMasterKeyProvider(key_ids=[arn], botocore_session=botocore.session.Session())


@pytest.fixture
def client():
    return aws_encryption_sdk.EncryptionSDKClient()


class TestLibrary:
    def test_a_file(self, client, provider, plain, tmp_path):
        sealed, opened = tmp_path / "sealed", tmp_path / "opened"
        with plain.open("rb") as source, sealed.open("wb") as out:
            with client.stream(
                mode="e", source=source, key_provider=provider, encryption_context=CONTEXT, frame_length=MIB
            ) as stream:
                for chunk in stream:
                    out.write(chunk)
        with sealed.open("rb") as source, opened.open("wb") as out:
            with client.stream(mode="d", source=source, key_provider=provider) as stream:
                assert CONTEXT.items() <= stream.header.encryption_context.items()
                for chunk in stream:
                    out.write(chunk)
        assert digest(opened) == digest(plain)
        assert sealed.stat().st_size > SIZE

    def test_no_other_key_opens_it(self, client, environment, provider, kms):
        sealed, _ = client.encrypt(source=b"secret", key_provider=provider, encryption_context=CONTEXT)
        other = aws_encryption_sdk.StrictAwsKmsMasterKeyProvider(
            key_ids=[kms.create_key()["KeyMetadata"]["Arn"]], botocore_session=botocore.session.Session()
        )
        with pytest.raises(AWSEncryptionSDKClientError):
            client.decrypt(source=sealed, key_provider=other)
        assert client.decrypt(source=sealed, key_provider=provider)[0] == b"secret"

    def test_discovery_finds_the_key(self, client, environment, account, provider):
        sealed, _ = client.encrypt(source=b"secret", key_provider=provider)
        discovery = aws_encryption_sdk.DiscoveryAwsKmsMasterKeyProvider(
            botocore_session=botocore.session.Session(),
            discovery_filter=DiscoveryFilter(account_ids=(account,), partition="aws"),
        )
        assert client.decrypt(source=sealed, key_provider=discovery)[0] == b"secret"

    def test_several_keys_each_open_it(self, client, environment, kms):
        arns = [kms.create_key()["KeyMetadata"]["Arn"] for _ in range(3)]
        session = botocore.session.Session()
        all_three = aws_encryption_sdk.StrictAwsKmsMasterKeyProvider(key_ids=arns, botocore_session=session)
        sealed, _ = client.encrypt(source=b"secret", key_provider=all_three, encryption_context=CONTEXT)
        for one in arns:
            alone = aws_encryption_sdk.StrictAwsKmsMasterKeyProvider(key_ids=[one], botocore_session=session)
            assert client.decrypt(source=sealed, key_provider=alone)[0] == b"secret"

    def test_a_changed_context_is_refused(self, client, provider):
        sealed, _ = client.encrypt(source=b"secret" * 100, key_provider=provider, encryption_context=CONTEXT)
        position = sealed.index(b"backup")
        changed = sealed[:position] + b"BACKUP" + sealed[position + 6 :]
        with pytest.raises(AWSEncryptionSDKClientError):
            client.decrypt(source=changed, key_provider=provider)

    def test_a_disabled_key_opens_nothing(self, client, provider, kms, key_id):
        sealed, _ = client.encrypt(source=b"secret", key_provider=provider)
        kms.disable_key(KeyId=key_id)
        with pytest.raises(AWSEncryptionSDKClientError):
            client.decrypt(source=sealed, key_provider=provider)
        kms.enable_key(KeyId=key_id)
        assert client.decrypt(source=sealed, key_provider=provider)[0] == b"secret"


class TestCommandLine:
    def run(self, environment, *arguments):
        return subprocess.run(
            [CLI, *map(str, arguments), "--suppress-metadata"],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=3000,
        )

    def test_a_file(self, environment, arn, plain, tmp_path):
        sealed, opened, more = tmp_path / "sealed", tmp_path / "opened", tmp_path / "more"
        done = self.run(
            environment, "--encrypt", "--input", plain, "--output", sealed, "--wrapping-keys", f"key={arn}",
            "--encryption-context", "purpose=backup", "--frame-length", MIB,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        unwrap = ("--decrypt", "--input", sealed, "--wrapping-keys", f"key={arn}")
        done = self.run(environment, *unwrap, "--output", opened, "--encryption-context", "purpose=backup")
        assert done.returncode == 0, done.stderr
        assert digest(opened) == digest(plain)
        # A context that the file does not carry is refused: the tool skips the file, and says so.
        done = self.run(environment, *unwrap, "--output", more, "--encryption-context", "purpose=other")
        assert "Skipping decrypt because discovered encryption context did not match" in done.stderr
        assert not more.exists()

    def test_by_alias(self, environment, kms, account, key_id, tmp_path):
        kms.create_alias(AliasName="alias/files", TargetKeyId=key_id)
        plain = tmp_path / "note"
        plain.write_text("hello")
        sealed = tmp_path / "note.encrypted"
        alias = aws.alias_arn(account, "alias/files")
        done = self.run(
            environment, "--encrypt", "--input", plain, "--output", sealed, "--wrapping-keys", f"key={alias}"
        )
        assert done.returncode == 0, done.stderr
        done = self.run(
            environment, "--decrypt", "--input", sealed, "--output", "-", "--wrapping-keys", "discovery=true"
        )
        assert (done.returncode, done.stdout) == (0, "hello")
