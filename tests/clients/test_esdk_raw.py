"""Messages under raw keys: written here and read by the official Python library, and the reverse."""

import base64
import json
import random
import signal
import subprocess
import time

import pytest
from aws_encryption_sdk import Algorithm
from cryptography.exceptions import InvalidTag

import messages
import server as servers

CONTEXT = {"purpose": "test", "ünit": "größe", "empty": "x"}
PAIRS = [f"{name}={value}" for name, value in CONTEXT.items()]
PLAINTEXT = random.Random(8).randbytes(1000)
COMMITTING = Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY
SIGNED = Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384


@pytest.fixture(scope="session")
def pem():
    return messages.rsa_pem()


@pytest.fixture(scope="session")
def keys(pem):
    return [*(messages.aes(size) for size in messages.AES), *(messages.rsa_key(each, pem[0]) for each in messages.PADDINGS)]


@pytest.fixture
def ring(tmp_path):
    """A keyring file with one AES key, and that key."""
    key = messages.aes(32)
    return messages.keyring(tmp_path / "ring.json", key), key


@pytest.mark.parametrize("suite", messages.SUITES, ids=lambda suite: suite.name)
class TestEverySuite:
    def test_ours_are_read_by_python(self, suite, keys, tmp_path):
        policy = messages.policy_for(suite)
        client = messages.client(policy)
        for key in keys:
            ring = messages.keyring(tmp_path / f"{key}.json", key)
            for frame_length, pairs in [(1, PAIRS), (7, []), (1000, PAIRS), (4096, PAIRS)]:
                plaintext = PLAINTEXT if frame_length > 1 else PLAINTEXT[:9]
                message = messages.succeed(
                    "encrypt", "--keyring", ring, "--commitment-policy", policy, "--algorithm", suite.name,
                    "--frame-length", frame_length, *(["--encryption-context", *pairs] if pairs else []),
                    stdin=plaintext,
                )  # fmt: skip
                opened, header = client.decrypt(source=message, key_provider=key.provider)
                assert opened == plaintext
                assert header.algorithm is suite
                if pairs:
                    assert CONTEXT.items() <= header.encryption_context.items()
                else:
                    assert set(header.encryption_context) <= {"aws-crypto-public-key"}

    def test_pythons_are_read_by_ours(self, suite, keys, tmp_path):
        policy = messages.policy_for(suite)
        client = messages.client(policy)
        for key in keys:
            ring = messages.keyring(tmp_path / f"{key}.json", key)
            # Without frames the body is one piece; the library writes frames of multiples of 128 bytes only.
            for frame_length, context in [(0, CONTEXT), (128, {}), (256, CONTEXT), (1024, {}), (4096, CONTEXT)]:
                plaintext = PLAINTEXT if frame_length != 256 else PLAINTEXT[:768]
                message, _ = client.encrypt(
                    source=plaintext, key_provider=key.provider, algorithm=suite, frame_length=frame_length,
                    encryption_context=context,
                )  # fmt: skip
                pairs = [f"{name}={value}" for name, value in context.items()]
                opened = messages.succeed(
                    "decrypt", "--keyring", ring, "--commitment-policy", policy,
                    *(["--encryption-context", *pairs] if pairs else []), stdin=message,
                )  # fmt: skip
                assert opened == plaintext

    def test_empty_plaintext(self, suite, ring):
        path, key = ring
        policy = messages.policy_for(suite)
        arguments = ("--keyring", path, "--commitment-policy", policy)
        message = messages.succeed("encrypt", *arguments, "--algorithm", suite.name)
        assert messages.client(policy).decrypt(source=message, key_provider=key.provider)[0] == b""
        for frame_length in (0, 128):
            message, _ = messages.client(policy).encrypt(
                source=b"", key_provider=key.provider, algorithm=suite, frame_length=frame_length
            )
            assert messages.succeed("decrypt", *arguments, stdin=message) == b""


class TestKeyrings:
    def test_all_wrap_and_any_unwraps(self, keys, tmp_path):
        together = messages.keyring(tmp_path / "all.json", *keys)
        message = messages.succeed("encrypt", "--keyring", together, stdin=PLAINTEXT)
        client = messages.client("require-encrypt-require-decrypt")
        for key in keys:
            assert client.decrypt(source=message, key_provider=key.provider)[0] == PLAINTEXT
            alone = messages.keyring(tmp_path / "one.json", messages.aes(16, "stranger", 9), key)
            assert messages.succeed("decrypt", "--keyring", alone, stdin=message) == PLAINTEXT
        for stranger in [messages.aes(32, "stranger"), messages.aes(32, "aes-256", 9)]:
            other = messages.keyring(tmp_path / "other.json", stranger)
            assert "no key opens" in messages.fail("decrypt", "--keyring", other, stdin=message)

    def test_a_public_key_only_encrypts(self, pem, tmp_path):
        key = messages.rsa_key("oaep-sha256", pem[0])
        entry = {name: value for name, value in key.entry.items() if name != "private_key_pem"}
        public = messages.keyring(tmp_path / "public.json", {**entry, "public_key_pem": pem[1].decode()})
        both = messages.keyring(tmp_path / "both.json", {**key.entry, "public_key_pem": pem[1].decode()})
        message = messages.succeed("encrypt", "--keyring", public, stdin=PLAINTEXT)
        client = messages.client("require-encrypt-require-decrypt")
        assert client.decrypt(source=message, key_provider=key.provider)[0] == PLAINTEXT
        assert messages.succeed("decrypt", "--keyring", both, stdin=message) == PLAINTEXT
        assert "no private part" in messages.fail("decrypt", "--keyring", public, stdin=message)

    def test_unusable_files_say_why_and_show_no_key(self, tmp_path):
        good = messages.aes(32).entry
        path = tmp_path / "ring.json"
        for content, why in [
            ([], "no keys"),
            ([{**good, "type": "raw-des"}], "unknown variant"),
            ([{**good, "key": "SECRET!!"}], "not base64"),
            ([{**good, "key": base64.b64encode(b"SECRET" * 5).decode()}], "not 30"),
            ([{**good, "namespace": "aws-kms"}], "reserved"),
            ([{**good, "more": 1}], "unknown field"),
            ([good, {name: value for name, value in good.items() if name != "name"}], "missing field"),
            ([{"type": "raw-rsa", "namespace": "n", "name": "n", "padding": "pkcs1"}], "neither"),
            ([{"type": "raw-rsa", "namespace": "n", "name": "n", "padding": "none", "public_key_pem": "x"}], "padding"),
            ([{"type": "raw-rsa", "namespace": "n", "name": "n", "padding": "pkcs1", "private_key_pem": "SECRET"}], "PKCS#8"),
            ("SECRET", "wrong kind"),
            ([{**good, "key": 7}], "wrong kind"),
        ]:
            path.write_text(json.dumps(content))
            line = messages.fail("encrypt", "--keyring", path, stdin=b"x")
            assert why in line and "SECRET" not in line, line
        path.write_text("[")
        assert "usable" in messages.fail("decrypt", "--keyring", path)
        assert "cannot read" in messages.fail("decrypt", "--keyring", tmp_path / "absent")


class TestRules:
    def test_policies(self, ring):
        path, key = ring
        for policy in messages.POLICIES:
            arguments = ("--keyring", path, "--commitment-policy", policy)
            for suite in (COMMITTING, Algorithm.AES_256_GCM_IV12_TAG16_HKDF_SHA256):
                writes = suite.is_committing() != policy.startswith("forbid")
                command = ("encrypt", *arguments, "--algorithm", suite.name)
                if writes:
                    messages.succeed(*command, stdin=b"x")
                else:
                    assert "commitment policy" in messages.fail(*command, stdin=b"x")
                message, _ = messages.client(messages.policy_for(suite)).encrypt(
                    source=b"x", key_provider=key.provider, algorithm=suite
                )
                if suite.is_committing() or "allow-decrypt" in policy:
                    assert messages.succeed("decrypt", *arguments, stdin=message) == b"x"
                else:
                    assert "commitment policy" in messages.fail("decrypt", *arguments, stdin=message)
        spelled = ("--commitment-policy", "REQUIRE_ENCRYPT_REQUIRE_DECRYPT")
        assert messages.succeed("encrypt", "--keyring", path, *spelled)
        assert messages.run("encrypt", "--keyring", path, "--commitment-policy", "none").returncode == 2

    def test_contexts(self, ring):
        path, _ = ring
        message = messages.succeed("encrypt", "--keyring", path, "-c", "a=1", "b=2=3", stdin=b"x")
        decrypt = ("decrypt", "--keyring", path)
        for pairs in (["a=1"], ["b=2=3", "a=1"], ["a"], ["b", "a=1"]):
            assert messages.succeed(*decrypt, "--encryption-context", *pairs, stdin=message) == b"x"
        assert messages.succeed(*decrypt, "-c", "a=1", "-c", "b=2=3", stdin=message) == b"x"
        for pairs in (["a=2"], ["c=1"], ["A=1"], ["a=1", "c=1"], ["c"], ["a="]):
            messages.fail(*decrypt, "--encryption-context", *pairs, stdin=message)
        for pairs in (["a"], ["=1"], ["a=1", "a=1"], ["aws-crypto-public-key=x"], ["aws-crypto-x=1"]):
            messages.fail("encrypt", "--keyring", path, "-c", *pairs, stdin=b"x")

    def test_required_context_keys(self, ring):
        path, key = ring
        message = messages.succeed(
            "encrypt", "--keyring", path, "-c", "a=1", "b=2", "--required-encryption-context-keys", "b", stdin=b"x"
        )
        assert json.loads(messages.succeed("inspect", "--json", stdin=message))["encryption_context"].keys() == {
            "a", "aws-crypto-public-key",
        }  # fmt: skip
        decrypt = ("decrypt", "--keyring", path)
        assert messages.succeed(*decrypt, "-c", "b=2", stdin=message) == b"x"
        assert messages.succeed(
            *decrypt, "-c", "a=1", "b=2", "--required-encryption-context-keys", "b", stdin=message
        ) == b"x"
        messages.fail(*decrypt, stdin=message)
        messages.fail(*decrypt, "-c", "b=3", stdin=message)
        line = messages.fail(*decrypt, "--required-encryption-context-keys", "b", stdin=message)
        assert '"b" is required' in line
        with pytest.raises(InvalidTag):
            messages.client("require-encrypt-require-decrypt").decrypt(source=message, key_provider=key.provider)

    def test_the_number_of_data_keys(self, tmp_path):
        three = messages.keyring(tmp_path / "three.json", *(messages.aes(16, name) for name in "abc"))
        arguments = ("--keyring", three, "--max-encrypted-data-keys")
        messages.fail("encrypt", *arguments, 2, stdin=b"x")
        message = messages.succeed("encrypt", *arguments, 3, stdin=b"x")
        assert messages.succeed("decrypt", *arguments, 3, stdin=message) == b"x"
        assert "3 encrypted data keys" in messages.fail("decrypt", *arguments, 2, stdin=message)
        assert messages.run("decrypt", *arguments, 0, stdin=message).returncode == 2

    def test_unsigned_only_and_lengths(self, ring):
        path, _ = ring
        signed = messages.succeed("encrypt", "--keyring", path, stdin=PLAINTEXT)
        unsigned = messages.succeed("encrypt", "--keyring", path, "--algorithm", COMMITTING.name, stdin=PLAINTEXT)
        for option in ("--decrypt-unsigned", "--stream"):
            assert "signed" in messages.fail("decrypt", "--keyring", path, option, stdin=signed)
            assert messages.succeed("decrypt", "--keyring", path, option, stdin=unsigned) == PLAINTEXT
        assert messages.succeed("decrypt", "--keyring", path, "--max-length", 4096, stdin=signed) == PLAINTEXT
        assert "4095 are allowed" in messages.fail("decrypt", "--keyring", path, "--max-length", 4095, stdin=signed)


class TestDamage:
    @pytest.mark.parametrize("suite", [COMMITTING, SIGNED], ids=lambda suite: suite.name)
    def test_nothing_comes_out_of_what_was_changed(self, ring, suite):
        path, _ = ring
        message = messages.succeed(
            "encrypt", "--keyring", path, "--algorithm", suite.name, "--frame-length", 100, stdin=PLAINTEXT
        )
        noise = random.Random(3)
        for _ in range(5 if servers.QUICK else 30):
            changed = bytearray(message)
            at = noise.randrange(len(message))
            changed[at] ^= 1 << noise.randrange(8)
            messages.fail("decrypt", "--keyring", path, stdin=bytes(changed))
            messages.fail("decrypt", "--keyring", path, stdin=message[:at])
        messages.fail("decrypt", "--keyring", path, stdin=message + b"\0")
        messages.fail("decrypt", "--keyring", path, stdin=b"")
        assert "base64" in messages.fail("decrypt", "--keyring", path, stdin=base64.b64encode(message))
        assert "not a message" in messages.fail("decrypt", "--keyring", path, stdin=PLAINTEXT)

    def test_a_file_is_whole_or_not_there(self, ring, tmp_path):
        path, _ = ring
        message = messages.succeed("encrypt", "--keyring", path, "--frame-length", 100, stdin=PLAINTEXT)
        folder = tmp_path / "out"
        folder.mkdir()
        sealed, opened = tmp_path / "sealed", folder / "opened"
        opened.write_text("before")
        sealed.write_bytes(message[:-1])
        messages.fail("decrypt", "--keyring", path, "-i", sealed, "-o", opened)
        assert opened.read_text() == "before"
        assert [entry.name for entry in folder.iterdir()] == ["opened"]
        sealed.write_bytes(message)
        messages.succeed("decrypt", "--keyring", path, "-i", sealed, "-o", opened)
        assert opened.read_bytes() == PLAINTEXT

    def test_a_signal_leaves_nothing(self, ring, tmp_path):
        path, _ = ring
        folder = tmp_path / "out"
        folder.mkdir()
        for number in (signal.SIGINT, signal.SIGTERM):
            command = [servers.BINARY, "encrypt", "--keyring", path, "-o", folder / "sealed"]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, env=servers.clean_environment())
            process.stdin.write(bytes(1 << 20))
            process.stdin.flush()
            deadline = time.monotonic() + 10
            while not any(entry.stat().st_size for entry in folder.iterdir()):
                assert time.monotonic() < deadline
                time.sleep(0.01)
            process.send_signal(number)
            assert process.wait(10) == 128 + number
            process.stdin.close()
            assert list(folder.iterdir()) == []


class TestPlaces:
    def test_folders_recursively_and_names(self, ring, tmp_path):
        path, key = ring
        source, sealed, opened = (tmp_path / name for name in ("source", "sealed", "opened"))
        for folder in (source / "deep/er", sealed, opened):
            folder.mkdir(parents=True)
        files = {"one": b"1", "deep/two": b"22" * 50_000, "deep/er/three": b""}
        for name, content in files.items():
            (source / name).write_bytes(content)
        arguments = ("--keyring", path, "--recursive")
        line = messages.fail("encrypt", "--keyring", path, "-i", source, "-o", sealed)
        assert "--recursive" in line
        messages.succeed("encrypt", *arguments, "-i", source, "-o", sealed)
        client = messages.client("require-encrypt-require-decrypt")
        for name, content in files.items():
            message = (sealed / f"{name}.encrypted").read_bytes()
            assert client.decrypt(source=message, key_provider=key.provider)[0] == content
        messages.succeed("decrypt", *arguments, "-i", sealed, "-o", opened, "--suffix")
        for name, content in files.items():
            assert (opened / f"{name}.encrypted").read_bytes() == content
        # One damaged file does not keep the others from being decrypted.
        (sealed / "one.encrypted").write_bytes(b"\x02")
        again = tmp_path / "again"
        again.mkdir()
        done = messages.run("decrypt", *arguments, "-i", sealed, "-o", again, "--suffix", ".x")
        assert done.returncode == 1 and b"one.encrypted" in done.stderr and b"1 of 3" in done.stderr
        assert sorted(str(entry.relative_to(again)) for entry in again.rglob("*.x")) == [
            "deep/er/three.encrypted.x", "deep/two.encrypted.x",
        ]  # fmt: skip

    def test_files_that_exist(self, ring, tmp_path):
        path, _ = ring
        plain, sealed = tmp_path / "plain", tmp_path / "sealed"
        plain.write_bytes(b"x")
        arguments = ("encrypt", "--keyring", path, "-i", plain, "-o", sealed)
        messages.succeed(*arguments)
        first = sealed.read_bytes()
        done = messages.run(*arguments, "--no-overwrite")
        assert sealed.read_bytes() == first and b"left as it is" in done.stderr
        messages.succeed(*arguments)
        assert sealed.read_bytes() != first
        assert "same file" in messages.fail("encrypt", "--keyring", path, "-i", plain, "-o", plain)
        assert plain.read_bytes() == b"x"

    def test_metadata(self, ring, tmp_path):
        path, key = ring
        plain, sealed, told = tmp_path / "plain", tmp_path / "sealed", tmp_path / "told"
        plain.write_bytes(PLAINTEXT)
        messages.succeed(
            "encrypt", "--keyring", path, "-i", plain, "-o", sealed, "-c", "a=1", "--metadata-output", told
        )
        messages.succeed("decrypt", "--keyring", path, "-i", sealed, "-o", tmp_path / "out", "--metadata-output", told)
        lines = [json.loads(line) for line in told.read_text().splitlines()]
        assert [(line["mode"], line["input"], line["output"]) for line in lines] == [
            ("encrypt", str(plain), str(sealed)),
            ("decrypt", str(sealed), str(tmp_path / "out")),
        ]
        assert lines[0]["header"] == lines[1]["header"] == json.loads(messages.succeed("inspect", "--json", sealed))
        with messages.client("require-encrypt-require-decrypt").stream(
            mode="d", source=sealed.read_bytes(), key_provider=key.provider
        ) as stream:
            header = lines[0]["header"]
            assert header["encryption_context"] == stream.header.encryption_context
            assert header["algorithm"] == stream.header.algorithm.name
            assert base64.b64decode(header["message_id"]) == stream.header.message_id
            assert base64.b64decode(header["commitment_key"]) == stream.header.commitment_key
            assert header["frame_length"] == stream.header.frame_length
        text = messages.succeed("inspect", sealed).decode()
        assert "a = 1" in text and "tests aes-256" in text and "not" not in text.split("None of this")[0]
