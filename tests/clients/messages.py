"""Keys and messages of the Encryption SDK, for both sides: the official Python library, and files for our command."""

import base64
import json
import subprocess

import aws_encryption_sdk
from aws_encryption_sdk import Algorithm, CommitmentPolicy
from aws_encryption_sdk.identifiers import EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

import server as servers

NAMESPACE = "tests"
SUITES = list(Algorithm)
POLICIES = {
    "forbid-encrypt-allow-decrypt": CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT,
    "require-encrypt-allow-decrypt": CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT,
    "require-encrypt-require-decrypt": CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
}
AES = {
    16: WrappingAlgorithm.AES_128_GCM_IV12_TAG16_NO_PADDING,
    24: WrappingAlgorithm.AES_192_GCM_IV12_TAG16_NO_PADDING,
    32: WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
}
PADDINGS = {
    "pkcs1": WrappingAlgorithm.RSA_PKCS1,
    "oaep-sha1": WrappingAlgorithm.RSA_OAEP_SHA1_MGF1,
    "oaep-sha256": WrappingAlgorithm.RSA_OAEP_SHA256_MGF1,
    "oaep-sha384": WrappingAlgorithm.RSA_OAEP_SHA384_MGF1,
    "oaep-sha512": WrappingAlgorithm.RSA_OAEP_SHA512_MGF1,
}


class Provider(RawMasterKeyProvider):
    """One raw key, by its name."""

    def __init__(self, wrapping_key):  # pylint: disable=unused-argument
        self.wrapping_key = wrapping_key

    def __new__(cls, wrapping_key):
        return super().__new__(cls)

    @property
    def provider_id(self):
        return NAMESPACE

    def _get_raw_key(self, key_id):
        return self.wrapping_key


class Key:
    """A raw key as an entry of a keyring file, and as a key provider of the Python library."""

    def __init__(self, name, entry, wrapping_key):
        self.name = name
        self.entry = {"namespace": NAMESPACE, "name": name, **entry}
        self.wrapping_key = wrapping_key

    def __repr__(self):
        return self.name

    @property
    def provider(self):
        provider = Provider(self.wrapping_key)
        provider.add_master_key(self.name)
        return provider


def aes(size, name=None, byte=7):
    material = bytes([byte]) * size
    entry = {"type": "raw-aes", "key": base64.b64encode(material).decode()}
    return Key(name or f"aes-{size * 8}", entry, WrappingKey(AES[size], material, EncryptionKeyType.SYMMETRIC))


def rsa_pem(bits=2048):
    """A private key in PKCS#8 and its public key."""
    key = rsa.generate_private_key(65537, bits)
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private, key.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)


def rsa_key(padding, private):
    entry = {"type": "raw-rsa", "padding": padding, "private_key_pem": private.decode()}
    return Key(f"rsa-{padding}", entry, WrappingKey(PADDINGS[padding], private, EncryptionKeyType.PRIVATE))


def keyring(path, *entries):
    """A keyring file."""
    path.write_text(json.dumps([entry.entry if isinstance(entry, Key) else entry for entry in entries]))
    return path


def policy_for(suite):
    """The policy under which both sides write with the suite and read everything."""
    return "require-encrypt-allow-decrypt" if suite.is_committing() else "forbid-encrypt-allow-decrypt"


def client(policy, **rules):
    return aws_encryption_sdk.EncryptionSDKClient(commitment_policy=POLICIES[policy], **rules)


def run(*arguments, stdin=b"", **environment):
    """Our command; bytes in, bytes out."""
    return subprocess.run(
        [servers.BINARY, *map(str, arguments)],
        input=stdin,
        env=servers.clean_environment(**environment),
        capture_output=True,
        timeout=600,
    )


def succeed(*arguments, stdin=b"", **environment):
    done = run(*arguments, stdin=stdin, **environment)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    return done.stdout


def fail(*arguments, stdin=b"", **environment):
    """The one line it says; nothing came out."""
    done = run(*arguments, stdin=stdin, **environment)
    assert done.returncode not in (0, 101, -6), (done.returncode, done.stderr)
    assert done.stdout == b""
    line = done.stderr.decode()
    assert line.startswith("claviger: ") and line.count("\n") == 1, line
    return line
