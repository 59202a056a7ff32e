"""The AWS command line, with nothing but its endpoint set."""

import base64
import json
import pathlib
import subprocess
import sys

import pytest

import server as servers
from aws import fresh_account

AWS = pathlib.Path(sys.executable).with_name("aws")
# What version 1 of the command line exits with when the service refuses.
SERVICE_ERROR = 255


class Cli:
    """Runs `aws`; each call is a process of its own, as a person's would be."""

    def __init__(self, server, folder, access_key, secret_key="any"):
        self.folder = folder
        self.environment = servers.clean_environment(
            HOME=str(folder),
            AWS_ENDPOINT_URL=server.url,
            AWS_ACCESS_KEY_ID=access_key,
            AWS_SECRET_ACCESS_KEY=secret_key,
            AWS_DEFAULT_REGION="eu-central-1",
        )

    def run(self, *arguments):
        return subprocess.run(
            [AWS, *map(str, arguments)],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def __call__(self, *arguments):
        """The parsed output of `aws kms …`."""
        done = self.run("kms", *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def text(self, *arguments):
        """What a shell would catch with `--output text`."""
        done = self.run("kms", *arguments, "--output", "text")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture
def cli(dev, account, tmp_path):
    return Cli(dev, tmp_path, account)


def write_base64(path, text):
    path.write_bytes(base64.b64decode(text))


def test_who_am_i(cli, account):
    done = cli.run("sts", "get-caller-identity")
    assert json.loads(done.stdout) == {
        "UserId": account,
        "Account": account,
        "Arn": f"arn:aws:iam::{account}:root",
    }


def test_keys_and_aliases(cli, account):
    key = cli("create-key", "--description", "from a shell", "--tags", "TagKey=team,TagValue=ops")["KeyMetadata"]
    assert key["Arn"] == f"arn:aws:kms:eu-central-1:{account}:key/{key['KeyId']}"
    key_id = key["KeyId"]
    assert cli("create-alias", "--alias-name", "alias/cli", "--target-key-id", key_id) is None
    assert cli("describe-key", "--key-id", "alias/cli")["KeyMetadata"] == key
    assert cli.text("describe-key", "--key-id", "alias/cli", "--query", "KeyMetadata.Description") == "from a shell"
    other = cli.text("create-key", "--query", "KeyMetadata.KeyId")
    keys = cli("list-keys", "--page-size", "1")["Keys"]
    assert {found["KeyId"] for found in keys} == {key_id, other}
    assert cli("update-alias", "--alias-name", "alias/cli", "--target-key-id", other) is None
    aliases = cli("list-aliases", "--key-id", other)["Aliases"]
    assert [alias["AliasName"] for alias in aliases] == ["alias/cli"]
    cli("update-key-description", "--key-id", key_id, "--description", "")
    cli("tag-resource", "--key-id", key_id, "--tags", "TagKey=stage,TagValue=test")
    cli("untag-resource", "--key-id", key_id, "--tag-keys", "team")
    assert cli("list-resource-tags", "--key-id", key_id)["Tags"] == [{"TagKey": "stage", "TagValue": "test"}]
    cli("delete-alias", "--alias-name", "alias/cli")
    failed = cli.run("kms", "describe-key", "--key-id", "alias/cli")
    assert failed.returncode == SERVICE_ERROR
    assert (
        "An error occurred (NotFoundException) when calling the DescribeKey operation: "
        f"Alias arn:aws:kms:eu-central-1:{account}:alias/cli is not found."
    ) in failed.stderr


def test_cryptography(cli, tmp_path):
    key_id = cli.text("create-key", "--query", "KeyMetadata.KeyId")
    plain = tmp_path / "plain"
    plain.write_bytes(bytes(range(256)))
    blob = tmp_path / "blob"
    context = ("--encryption-context", "purpose=test,stage=dev")
    write_base64(
        blob,
        cli.text("encrypt", "--key-id", key_id, "--plaintext", "fileb://plain", *context, "--query", "CiphertextBlob"),
    )
    opened = cli("decrypt", "--ciphertext-blob", "fileb://blob", *context)
    assert base64.b64decode(opened["Plaintext"]) == plain.read_bytes()
    refused = cli.run("kms", "decrypt", "--ciphertext-blob", "fileb://blob")
    assert refused.returncode == SERVICE_ERROR
    assert "(InvalidCiphertextException)" in refused.stderr

    other = cli.text("create-key", "--query", "KeyMetadata.KeyId")
    moved = cli(
        "re-encrypt", "--ciphertext-blob", "fileb://blob", "--source-encryption-context", "purpose=test,stage=dev",
        "--destination-key-id", other,
    )  # fmt: skip
    write_base64(blob, moved["CiphertextBlob"])
    opened = cli("decrypt", "--ciphertext-blob", "fileb://blob", "--key-id", other)
    assert base64.b64decode(opened["Plaintext"]) == plain.read_bytes()

    data_key = cli("generate-data-key", "--key-id", key_id, "--key-spec", "AES_256")
    write_base64(blob, data_key["CiphertextBlob"])
    assert cli("decrypt", "--ciphertext-blob", "fileb://blob")["Plaintext"] == data_key["Plaintext"]
    sealed = cli("generate-data-key-without-plaintext", "--key-id", key_id, "--number-of-bytes", "64")
    assert "Plaintext" not in sealed
    assert len(base64.b64decode(cli("generate-random", "--number-of-bytes", "24")["Plaintext"])) == 24
    assert cli("get-key-last-usage", "--key-id", key_id)["KeyLastUsage"]["Operation"] == (
        "GenerateDataKeyWithoutPlaintext"
    )


def test_life_of_a_key(cli):
    key_id = cli.text("create-key", "--query", "KeyMetadata.KeyId")

    def state():
        return cli.text("describe-key", "--key-id", key_id, "--query", "KeyMetadata.KeyState")

    cli("disable-key", "--key-id", key_id)
    assert state() == "Disabled"
    cli("enable-key", "--key-id", key_id)
    assert state() == "Enabled"
    cli("enable-key-rotation", "--key-id", key_id, "--rotation-period-in-days", "180")
    assert cli("get-key-rotation-status", "--key-id", key_id)["RotationPeriodInDays"] == 180
    cli("disable-key-rotation", "--key-id", key_id)
    assert cli("rotate-key-on-demand", "--key-id", key_id)["KeyId"].endswith(key_id)
    assert "Rotations" in cli("list-key-rotations", "--key-id", key_id)
    policy = cli.text("get-key-policy", "--key-id", key_id, "--policy-name", "default", "--query", "Policy")
    cli("put-key-policy", "--key-id", key_id, "--policy-name", "default", "--policy", policy)
    assert cli("list-key-policies", "--key-id", key_id)["PolicyNames"] == ["default"]
    assert cli("schedule-key-deletion", "--key-id", key_id, "--pending-window-in-days", "7")["KeyState"] == (
        "PendingDeletion"
    )
    assert state() == "PendingDeletion"
    assert cli("cancel-key-deletion", "--key-id", key_id)["KeyId"].endswith(key_id)
    assert state() == "Disabled"


def test_with_the_credentials_of_init(served, home, tmp_path):
    """The printed lines, evaluated by a shell, are all that a person needs besides the endpoint."""
    (tmp_path / "credentials.sh").write_text("\n".join(exports(home)))
    script = (
        f". ./credentials.sh; export AWS_ENDPOINT_URL={served.url}; exec {AWS} kms create-key --query KeyMetadata.Arn"
    )
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=tmp_path,
        env=servers.clean_environment(HOME=str(tmp_path), AWS_DEFAULT_REGION="us-east-1"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout).startswith(f"arn:aws:kms:us-east-1:{servers.ACCOUNT}:key/")
    wrong = Cli(served, tmp_path, home.access_key, "wrong").run("kms", "list-keys")
    assert wrong.returncode == SERVICE_ERROR
    assert "(InvalidSignatureException)" in wrong.stderr
    unknown = Cli(served, tmp_path, fresh_account()).run("kms", "list-keys")
    assert "(UnrecognizedClientException)" in unknown.stderr


def exports(home):
    return [line.strip() for line in home.printed.splitlines() if line.strip().startswith("export ")]
