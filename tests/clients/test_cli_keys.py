"""The AWS command line with key pairs, grants, imported material, several Regions and custom key stores."""

import pathlib

import botocore
import pytest

import test_cli
from imports import wrap
from server import eventually
from test_cli import SERVICE_ERROR, cli, write_base64  # noqa: F401 - one is a fixture
from test_model import KMS

# What version 1 of the command line exits with when it does not know what is meant.
USAGE_ERROR = 2


@pytest.fixture
def made(cli, tmp_path):  # noqa: F811
    """Makes a key; calls on it leave what they answer in files."""

    def make(*arguments):
        key_id = cli.text("create-key", *arguments, "--query", "KeyMetadata.KeyId")

        def call(operation, *more, keep=None):
            answer = cli(operation, "--key-id", key_id, *more)
            if keep:
                write_base64(tmp_path / keep.lower(), answer[keep])
            return answer

        return key_id, call

    (tmp_path / "message").write_bytes(b"a message")
    return make


def test_signatures(made):
    _, call = made("--key-spec", "ECC_NIST_P256", "--key-usage", "SIGN_VERIFY")
    signing = ("--message", "fileb://message", "--signing-algorithm", "ECDSA_SHA_256")
    call("sign", *signing, keep="Signature")
    assert call("verify", *signing, "--signature", "fileb://signature")["SignatureValid"] is True
    assert call("get-public-key")["KeySpec"] == "ECC_NIST_P256"


def test_macs(made):
    _, call = made("--key-spec", "HMAC_256", "--key-usage", "GENERATE_VERIFY_MAC")
    asked = ("--message", "fileb://message", "--mac-algorithm", "HMAC_SHA_256")
    call("generate-mac", *asked, keep="Mac")
    assert call("verify-mac", *asked, "--mac", "fileb://mac")["MacValid"] is True


def test_agreement(made):
    _, peer = made("--key-spec", "ECC_NIST_P256", "--key-usage", "KEY_AGREEMENT")
    peer("get-public-key", keep="PublicKey")
    _, call = made("--key-spec", "ECC_NIST_P256", "--key-usage", "KEY_AGREEMENT")
    agreed = call("derive-shared-secret", "--key-agreement-algorithm", "ECDH", "--public-key", "fileb://publickey")
    assert len(agreed["SharedSecret"]) == 44


def test_data_key_pairs(cli, made):  # noqa: F811
    _, call = made()
    pair = call("generate-data-key-pair", "--key-pair-spec", "ECC_NIST_P256", keep="PrivateKeyCiphertextBlob")
    opened = cli("decrypt", "--ciphertext-blob", "fileb://privatekeyciphertextblob")
    assert opened["Plaintext"] == pair["PrivateKeyPlaintext"]
    blind = call("generate-data-key-pair-without-plaintext", "--key-pair-spec", "ECC_NIST_P256")
    assert "PrivateKeyPlaintext" not in blind


def test_grants(cli, made, account):  # noqa: F811
    key_id, call = made()
    root = f"arn:aws:iam::{account}:root"
    asked = ("--grantee-principal", root, "--retiring-principal", root, "--operations", "Encrypt", "Decrypt")
    one, two = call("create-grant", *asked), call("create-grant", *asked)
    assert len(call("list-grants")["Grants"]) == 2
    assert len(cli("list-retirable-grants", "--retiring-principal", root)["Grants"]) == 2
    call("revoke-grant", "--grant-id", one["GrantId"])
    cli("retire-grant", "--grant-token", two["GrantToken"])
    assert call("list-grants")["Grants"] == []


def test_imported_material(made, tmp_path):
    _, call = made("--origin", "EXTERNAL")
    algorithm = "RSAES_OAEP_SHA_256"
    given = call("get-parameters-for-import", "--wrapping-algorithm", algorithm, "--wrapping-key-spec", "RSA_2048")
    write_base64(tmp_path / "publickey", given["PublicKey"])
    write_base64(tmp_path / "token", given["ImportToken"])
    wrapped = wrap({"PublicKey": (tmp_path / "publickey").read_bytes()}, algorithm, bytes(range(32)))
    (tmp_path / "material").write_bytes(wrapped)
    call(
        "import-key-material", "--import-token", "fileb://token", "--encrypted-key-material", "fileb://material",
        "--expiration-model", "KEY_MATERIAL_DOES_NOT_EXPIRE",
    )  # fmt: skip
    assert call("describe-key")["KeyMetadata"]["KeyState"] == "Enabled"
    call("delete-imported-key-material")
    assert call("describe-key")["KeyMetadata"]["KeyState"] == "PendingImport"


def test_several_regions(made):
    _, call = made("--multi-region")
    replica = call("replicate-key", "--replica-region", "eu-west-1")["ReplicaKeyMetadata"]
    assert replica["Arn"].startswith("arn:aws:kms:eu-west-1:")
    eventually(lambda: call("describe-key", "--region", "eu-west-1")["KeyMetadata"]["KeyState"] == "Enabled")
    assert call("update-primary-region", "--primary-region", "eu-west-1") is None
    configuration = call("describe-key")["KeyMetadata"]["MultiRegionConfiguration"]
    assert configuration["PrimaryKey"]["Region"] == "eu-west-1"


def test_custom_key_stores(cli):  # noqa: F811
    assert cli("describe-custom-key-stores")["CustomKeyStores"] == []
    for operation in (
        "connect-custom-key-store",
        "delete-custom-key-store",
        "disconnect-custom-key-store",
        "update-custom-key-store",
    ):
        refused = cli.run("kms", operation, "--custom-key-store-id", "cks-1234567890abcdef0")
        assert refused.returncode == SERVICE_ERROR and "(CustomKeyStoreNotFoundException)" in refused.stderr
    refused = cli.run(
        "kms", "create-custom-key-store", "--custom-key-store-name", "store", "--key-store-password", "kmspassword",
        "--cloud-hsm-cluster-id", "cluster-2a34b5cdefg", "--trust-anchor-certificate", "a certificate",
    )  # fmt: skip
    assert refused.returncode == SERVICE_ERROR and "(CloudHsmClusterNotFoundException)" in refused.stderr


def test_every_operation_is_called(cli):  # noqa: F811
    written = "".join(pathlib.Path(file).read_text() for file in (__file__, test_cli.__file__))
    names = [botocore.xform_name(operation, "-") for operation in KMS["operations"]]
    missing = [name for name in names if f'"{name}"' not in written]
    # The command line brings a botocore of its own, which does not have these yet.
    assert missing == "decapsulate encapsulate".split()
    for name in missing:
        refused = cli.run("kms", name)
        assert refused.returncode == USAGE_ERROR and "Invalid choice" in refused.stderr
