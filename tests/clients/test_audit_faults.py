"""No answer without a record: what happens to the calls when the audit log cannot be written."""

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request

import botocore.exceptions
import pytest

import aws
import server as servers
from server import eventually

MIB = 1024 * 1024


class Disk:
    """A file system of one MiB over the audit folder of a data folder."""

    def __init__(self, folder):
        self.folder = folder
        kept = folder.with_name("kept")
        shutil.copytree(folder, kept)
        mounted = self._mount("size=1m,mode=700")
        if mounted.returncode:
            pytest.skip(f"file systems cannot be mounted here: {mounted.stderr}")
        for file in kept.iterdir():
            shutil.copy2(file, folder)

    def _mount(self, options):
        command = ["mount", "-t", "tmpfs", "-o", options, "claviger-test", self.folder]
        return subprocess.run(command, capture_output=True, text=True)

    def fill(self, leave):
        """Leaves this many bytes."""
        free = shutil.disk_usage(self.folder).free
        (self.folder / "filler").write_bytes(b"x" * max(0, free - leave))

    def clear(self):
        (self.folder / "filler").unlink()

    def read_only(self):
        subprocess.run(["mount", "-o", "remount,ro", self.folder], check=True, capture_output=True)

    def unmount(self):
        subprocess.run(["umount", "-l", self.folder], check=True, capture_output=True)


@pytest.fixture
def home(tmp_path):
    return servers.Home(tmp_path / "data")


@pytest.fixture
def disk(home):
    disk = Disk(home.folder / "audit")
    yield disk
    disk.unmount()


@pytest.fixture
def kms(home):
    def connect(server):
        return aws.client(server, home.access_key, home.secret_key)

    return connect


def health(server):
    try:
        with urllib.request.urlopen(f"{server.url}/_claviger/health") as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def alarm(server, name):
    with urllib.request.urlopen(f"{server.url}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    [line] = [line for line in lines if line.startswith(f'claviger_alarm{{alarm="{name}"}}')]
    return line.endswith(" 1")


def fails(call):
    try:
        call()
    except botocore.exceptions.ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert error.response["Error"]["Code"] == "ServiceUnavailable"
        return True
    return False


def intact(home):
    checked = servers.run("audit", "verify", "--data-dir", home.folder)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_full_disk(home, disk, kms):
    with home.serve() as server:
        client = kms(server)
        key_id = client.create_key()["KeyMetadata"]["KeyId"]
        assert health(server)[0] == 200 and not alarm(server, "audit_disk_filling")
        # The alarm rises while there is still room, and calls are still answered.
        disk.fill(leave=150 * 1024)
        eventually(lambda: alarm(server, "audit_disk_filling"), seconds=2)
        client.encrypt(KeyId=key_id, Plaintext=b"x")
        assert health(server)[0] == 200
        disk.clear()
        disk.fill(leave=0)
        began = time.monotonic()
        eventually(lambda: fails(lambda: client.encrypt(KeyId=key_id, Plaintext=b"x")), seconds=5)
        eventually(lambda: health(server)[0] == 503, seconds=1)
        assert time.monotonic() - began < 5
        status, told = health(server)
        assert told["live"] and not told["ready"] and "no room left for audit records" in told["problem"]
        eventually(lambda: alarm(server, "audit_not_writable"), seconds=1)
        # Nothing is changed in the dark either.
        assert fails(lambda: client.create_key(Description="in the dark"))
        disk.clear()
        eventually(lambda: health(server)[0] == 200, seconds=2)
        eventually(lambda: not alarm(server, "audit_not_writable"), seconds=1)
        eventually(lambda: not alarm(server, "audit_disk_filling"), seconds=1)
        client.encrypt(KeyId=key_id, Plaintext=b"x")
        assert [key["KeyId"] for key in client.list_keys()["Keys"]] == [key_id]
    intact(home)
    records = recorded(disk.folder)
    assert [r["eventName"] for r in records].count("AuditLogResumed") >= 1
    assert [r["eventName"] for r in records].count("CreateKey") == 1


def recorded(folder):
    """The records of a log, oldest first."""
    lines = [line for file in sorted(folder.glob("audit-*.jsonl")) for line in file.read_text().splitlines()[1:]]
    return [json.loads(line)["record"] for line in lines if line]


def test_a_change_at_the_very_moment(home, disk, kms):
    """The change that meets the failure first is on record once there is room."""
    with home.serve() as server:
        client = kms(server)
        disk.fill(leave=8 * 1024)
        eventually(lambda: fails(client.create_key), seconds=20)
        disk.clear()
        eventually(lambda: health(server)[0] == 200, seconds=2)
        made = {key["KeyArn"] for page in aws.pages(client.list_keys, "Keys") for key in page}

        def complete():
            told = [r["resources"][0]["ARN"] for r in recorded(disk.folder) if r["eventName"] == "CreateKey"]
            assert len(told) == len(set(told))
            return set(told) == made

        eventually(complete, seconds=5)
    intact(home)


@pytest.mark.parametrize("durability", ["os", "disk"])
def test_a_deleted_file(home, kms, durability):
    with home.serve(CLAVIGER_AUDIT_DURABILITY=durability) as server:
        client = kms(server)
        key_id = client.create_key()["KeyMetadata"]["KeyId"]
        [file] = (home.folder / "audit").glob("audit-*.jsonl")
        before = file.read_bytes().rstrip(b"\n")
        file.unlink()
        eventually(lambda: fails(lambda: client.encrypt(KeyId=key_id, Plaintext=b"x")), seconds=1)
        eventually(lambda: health(server)[0] == 200, seconds=3)
        client.encrypt(KeyId=key_id, Plaintext=b"x")
        assert file.read_bytes().startswith(before)
        assert b"AuditLogFileRestored" in file.read_bytes()
    intact(home)


def test_a_read_only_disk_at_the_start(home, disk):
    disk.read_only()
    ended = home.serve_fails()
    assert ended.returncode != 0
    assert "audit" in ended.stderr and "Read-only file system" in ended.stderr
