"""No secret lies about: not in files, logs, backups, answers to operators, nor in an image of the process."""

import base64
import http.client
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest

import aws
import server as servers
from crash import scan

SEED = """
keys:
  - account: "{account}"
    key_id: 11111111-2222-4333-8444-555555555555
    material: {first}
    description: {decoy}
  - account: "{account}"
    key_id: 66666666-7777-4888-9999-aaaaaaaaaaaa
    material_hex: {second}
"""
KEY_IDS = ["11111111-2222-4333-8444-555555555555", "66666666-7777-4888-9999-aaaaaaaaaaaa"]
CALLS = 5 if servers.QUICK else 25


class Control:
    """The operator's socket, spoken to directly."""

    def __init__(self, folder):
        self._path = str(folder / "control.sock")

    def say(self, body):
        """Whatever is answered, head and all."""
        with socket.socket(socket.AF_UNIX) as stream:
            stream.settimeout(30)
            stream.connect(self._path)
            head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
            stream.sendall(head + body)
            answer = http.client.HTTPResponse(stream)
            answer.begin()
            return str(answer.headers).encode() + answer.read()

    def is_open(self):
        """Whether anybody listens."""
        with socket.socket(socket.AF_UNIX) as stream:
            return stream.connect_ex(self._path) == 0

    def root_key_id(self):
        """The public name of the root key in force."""
        return re.search(rb'"rootKeyId":"(\w+)"', self.say(b'{"command":"seals"}')).group(1).decode()


class Decoy:
    """Something that is no secret, in the same places; found, or the search proves nothing."""

    def __init__(self):
        self.text = "decoy" + os.urandom(32).hex()

    @property
    def as_secret(self):
        return {"decoy": self.text.encode()}


def use(kms, key_id, secrets):
    """Works with the key; what no one else should see goes into `secrets`."""
    for number in range(CALLS):
        plaintext = os.urandom(48)
        context = {"number": str(number)}
        blob = kms.encrypt(KeyId=key_id, Plaintext=plaintext, EncryptionContext=context)["CiphertextBlob"]
        assert kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)["Plaintext"] == plaintext
        moved = kms.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext=context, DestinationKeyId=key_id)
        assert kms.decrypt(CiphertextBlob=moved["CiphertextBlob"])["Plaintext"] == plaintext
        with aws.refused("InvalidCiphertextException"):
            kms.decrypt(CiphertextBlob=blob)
        data_key = kms.generate_data_key(KeyId=key_id, KeySpec="AES_256")
        assert kms.decrypt(CiphertextBlob=data_key["CiphertextBlob"])["Plaintext"] == data_key["Plaintext"]
        dice = kms.generate_random(NumberOfBytes=32)["Plaintext"]
        if number in (0, CALLS - 1):
            secrets[f"plaintext {number} under {key_id}"] = plaintext
            secrets[f"data key {number} under {key_id}"] = data_key["Plaintext"]
            secrets[f"random bytes {number}"] = dice


def key_in(key_file):
    """The bytes of a key file's key."""
    return bytes.fromhex(key_file.read_text().split()[1])


def core_image(server, path):
    """A core image by a debugger; `None` when the system refuses that even to us."""
    pid = server.process.pid
    done = subprocess.run(
        ["gdb", "-nx", "-batch", "-iex", "set auto-load off", "-p", str(pid), "-ex", f"generate-core-file {path}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        env=servers.clean_environment(DEBUGINFOD_URLS=""),
    )
    told = done.stdout + done.stderr
    if path.exists():
        assert f"Saved corefile {path}" in told
        return path
    assert "Operation not permitted" in told, told
    return None


def searched(secrets, decoy, server, folder, outside, record):
    """Searches the folder, a backup and the socket's answers; returns what is in an image of the process."""
    # The decoy shows that the searched places are those where things end up.
    assert any("audit-" in what for what in scan.found_under(decoy.as_secret, folder))
    # Records are sealed, but not the description of the seals.
    in_clear = {"name": b'"root_key_id":"' + Control(folder).root_key_id().encode()}
    assert any("claviger.db" in what for what in scan.found_under(in_clear, folder))
    assert scan.found_under(secrets, folder) == []

    backup = outside / "backup.db"
    done = servers.run("backup", "--data-dir", folder, "--to", backup)
    assert done.returncode == 0, done.stderr
    assert backup.stat().st_size > 4096
    assert scan.found_in_file(in_clear, backup) != []
    assert scan.found_in_file(secrets, backup) == []

    control = Control(folder)
    answers = [done.stdout.encode()]
    for body in (
        *(json.dumps({"command": name}).encode() for name in ("status", "seals", "rotate-root-key")),
        json.dumps({"command": "backup", "to": str(backup)}).encode(),
        json.dumps({"command": "remove-seal", "id": "none"}).encode(),
        b"nonsense",
        b"",
    ):
        answers.append(control.say(body))
    assert b"rootKeyId" in answers[1]
    assert scan.found(secrets, b"".join(answers)) == []

    for path in ("/_claviger/health", "/metrics"):
        assert scan.found(secrets, server.get(path)) == []

    core = core_image(server, outside / "core")
    record("core image by a debugger", "refused" if core is None else f"taken, {core.stat().st_size >> 20} MiB")
    if core is None:
        return []
    assert scan.found_in_file(decoy.as_secret, core) != []
    return scan.found_in_file(secrets, core)


class TestSearch:
    """The search itself."""

    SECRET = bytes(range(100, 148))

    @pytest.mark.parametrize("around", [b"", b"a", b"ab", b"abc", b"abcd"])
    def test_finds_every_form(self, around):
        text = around + self.SECRET + around
        for form, content in [
            ("raw", text),
            ("hex", text.hex().encode()),
            ("HEX", text.hex().upper().encode()),
            ("base64", base64.b64encode(text)),
            ("base64url", base64.urlsafe_b64encode(text)),
        ]:
            expected = {f"it as {form}", f"it as {form.removesuffix('url')}"}
            assert expected & set(scan.found({"it": self.SECRET}, b"before" + content + b"after"))

    def test_finds_a_piece(self):
        assert scan.found({"it": self.SECRET}, b"x" + self.SECRET[16:32] + b"x") == ["it as raw"]

    def test_finds_nothing_in_noise(self):
        assert scan.found({"it": self.SECRET}, os.urandom(1 << 16)) == []


class TestNowhere:
    @pytest.mark.skipif(shutil.which("gdb") is None, reason="needs gdb")
    def test_seeded(self, tmp_path, record_property):
        decoy = Decoy()
        secrets = {"first material": os.urandom(32), "second material": os.urandom(32)}
        first, second = secrets.values()
        seed = tmp_path / "seed.yaml"
        seed.write_text(
            SEED.format(
                account=servers.ACCOUNT, first=base64.b64encode(first).decode(), second=second.hex(), decoy=decoy.text
            )
        )
        # Seeds and their forms are found where they are known to be.
        assert {"seed.yaml: first material as base64", "seed.yaml: second material as hex"} <= set(
            scan.found_in_file(secrets, seed)
        )
        folder = tmp_path / "data"
        with servers.dev("--data-dir", folder, "--seed", seed, CLAVIGER_LOG_FILTER="trace") as server:
            secrets["key file"] = key_in(tmp_path / "data.unseal-key")
            kms = aws.client(server, servers.ACCOUNT)
            for key_id in KEY_IDS:
                use(kms, key_id, secrets)
                kms.rotate_key_on_demand(KeyId=key_id)
                use(kms, key_id, secrets)
            kms.update_key_description(KeyId=KEY_IDS[0], Description=decoy.text)
            kms.describe_key(KeyId=KEY_IDS[0])
            kms.close()
            in_memory = searched(secrets, decoy, server, folder, tmp_path, record_property)
        assert scan.found_under(secrets, folder) == []
        printed = "".join(server.stdout + server.rest_of_stdout()) + server.log()
        assert "is ready" in printed
        assert scan.found(secrets, printed.encode()) == []
        assert in_memory == []

    @pytest.mark.skipif(shutil.which("gdb") is None, reason="needs gdb")
    def test_served(self, tmp_path, record_property):
        decoy = Decoy()
        home = servers.Home(tmp_path / "data")
        passphrase = os.urandom(24).hex()
        passphrase_file = tmp_path / "passphrase"
        passphrase_file.write_text(passphrase + "\n")
        secrets = {
            "key file": key_in(home.key_file),
            "passphrase": passphrase.encode(),
            "access key": home.secret_key.encode(),
        }
        with home.serve(CLAVIGER_LOG_FILTER="trace") as server:
            servers.eventually(Control(home.folder).is_open)
            enrolled = servers.run(
                "seal", "add-passphrase", "--data-dir", home.folder, "--new-passphrase-file", passphrase_file
            )
            assert enrolled.returncode == 0, enrolled.stderr
            kms = aws.client(server, home.access_key, home.secret_key)
            key_id = kms.create_key(Description=decoy.text)["KeyMetadata"]["KeyId"]
            use(kms, key_id, secrets)
            kms.describe_key(KeyId=key_id)
            kms.close()
            in_memory = searched(secrets, decoy, server, home.folder, tmp_path, record_property)
        assert scan.found_under(secrets, home.folder) == []
        printed = "".join(server.stdout + server.rest_of_stdout()) + server.log() + enrolled.stdout + enrolled.stderr
        assert '"level":"INFO"' in server.log()
        assert scan.found(secrets, printed.encode()) == []
        assert in_memory == []


class TestNoCore:
    @pytest.fixture
    def cores_allowed(self, tmp_path, monkeypatch):
        """A folder to leave core files in, and a limit that allows them."""
        before = resource.getrlimit(resource.RLIMIT_CORE)
        if before[1] == 0:
            pytest.skip("this system allows no core files at all")
        monkeypatch.chdir(tmp_path)
        resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
        yield tmp_path
        resource.setrlimit(resource.RLIMIT_CORE, before)

    @staticmethod
    def ends(process):
        """How a process ended, as the kernel tells."""
        look = os.WEXITED | os.WNOWAIT | os.WNOHANG
        return servers.eventually(lambda: os.waitid(os.P_PID, process.pid, look)).si_code

    @pytest.mark.parametrize("by", [signal.SIGABRT, signal.SIGSEGV])
    @pytest.mark.parametrize("command", ["serve", "dev"])
    def test_a_crash_leaves_none(self, cores_allowed, command, by):
        home = servers.Home(cores_allowed / "data")
        server = home.serve() if command == "serve" else servers.dev()
        with open(f"/proc/{server.process.pid}/limits") as limits:
            line = next(line for line in limits if line.startswith("Max core file size"))
        assert line.split()[4:6] == ["0", "0"], line
        before = set(cores_allowed.rglob("*"))
        server.process.send_signal(by)
        # Rust's own handler lets the first SIGSEGV pass, expecting the faulty instruction to raise another.
        if by == signal.SIGSEGV:
            time.sleep(0.2)
            server.process.send_signal(by)
        assert self.ends(server.process) == os.CLD_KILLED
        assert server.process.wait() == -by
        left = {path.name for path in set(cores_allowed.rglob("*")) - before}
        assert not [name for name in left if "core" in name]

    def test_where_another_process_leaves_one(self, cores_allowed):
        process = subprocess.Popen([sys.executable, "-c", "import os; os.abort()"])
        assert self.ends(process) == os.CLD_DUMPED
        process.wait()
