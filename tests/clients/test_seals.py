"""What opens the root key and what does not, on a server at rest and on one at work."""

import concurrent.futures
import json
import random
import shutil
import socket
import time

import pytest

import aws
import server as servers
from crash.load import Client, Worker

FAILED, SEALED = 1, 3
PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def fresh(tmp_path):
    return servers.Home(tmp_path / "data")


@pytest.fixture
def passphrase_file(tmp_path):
    path = tmp_path / "passphrase"
    path.write_text(PASSPHRASE + "\n")
    return path


@pytest.fixture
def wrong_file(tmp_path):
    path = tmp_path / "wrong"
    path.write_text("incorrect horse battery staple\n")
    return path


def is_open(home):
    with socket.socket(socket.AF_UNIX) as stream:
        return stream.connect_ex(str(home.folder / "control.sock")) == 0


def serving(home, *arguments, **environment):
    """A server that also listens to its operator."""
    server = home.serve(*arguments, **environment)
    servers.eventually(lambda: is_open(home))
    return server


def seal(home, command, *arguments):
    """The answer to `claviger seal …`."""
    done = servers.run("seal", command, "--data-dir", home.folder, *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def seal_ids(home, *arguments):
    """The enrolled seals by kind."""
    return {found["kind"]: found["id"] for found in seal(home, "list", *arguments)["seals"]}


def stays_shut(home, *arguments, says, **environment):
    """The server gives up with the exit code for seals, and says why."""
    done = home.serve_fails(*arguments, **environment)
    assert done.returncode == SEALED, done.stderr
    assert says in done.stderr
    assert "panicked" not in done.stderr
    assert done.stdout == ""


def opens(home, *arguments, **environment):
    with home.serve(*arguments, **environment) as server:
        return aws.client(server, home.access_key, home.secret_key).list_keys()["Keys"]


class TestKeyFile:
    def test_of_another_installation(self, fresh, tmp_path):
        other = servers.Home(tmp_path / "other")
        stays_shut(fresh, "--key-file", other.key_file, says=f"wrong key file: {other.key_file}")
        for command in (["seal", "list"], ["audit", "verify"], ["backup", "--to", tmp_path / "backup"]):
            done = servers.run(*command, "--data-dir", fresh.folder, "--key-file", other.key_file)
            assert (done.returncode, done.stdout) == (SEALED, ""), done.stderr
        assert not (tmp_path / "backup").exists()
        assert opens(fresh) == []

    def test_missing(self, fresh, tmp_path):
        key = fresh.key_file.rename(tmp_path / "moved")
        stays_shut(fresh, says=str(fresh.key_file))
        stays_shut(fresh, "--key-file", tmp_path / "absent", says=str(tmp_path / "absent"))
        assert opens(fresh, "--key-file", key) == []

    def test_truncated(self, fresh):
        whole = fresh.key_file.read_bytes()
        # Without its last line end it is still whole.
        for length in (len(whole) - 2, len(whole) - 9, 60, 21, 20, 1):
            fresh.key_file.write_bytes(whole[:length])
            stays_shut(fresh, says=f"{fresh.key_file} is not an intact Claviger key file")

    def test_a_flipped_bit(self, fresh):
        whole = fresh.key_file.read_bytes()
        header, digits, check = 0, whole.index(b"\n") + 1, len(whole) - 9
        for position in (header, digits - 2, digits, digits + 31, digits + 63, check, check + 7):
            for bit in (0x01, 0x20):
                flipped = bytearray(whole)
                flipped[position] ^= bit
                fresh.key_file.write_bytes(flipped)
                stays_shut(fresh, says=f"{fresh.key_file} is not an intact Claviger key file")
        fresh.key_file.write_bytes(whole)
        assert opens(fresh) == []


class TestPassphrase:
    def test_alone(self, tmp_path, passphrase_file, wrong_file):
        home = servers.Home(tmp_path / "data", "--seal", "passphrase", "--passphrase-file", passphrase_file)
        assert not home.key_file.exists()
        assert opens(home, "--passphrase-file", passphrase_file) == []
        assert opens(home, CLAVIGER_PASSPHRASE=PASSPHRASE) == []
        stays_shut(home, "--passphrase-file", wrong_file, says="wrong passphrase")
        stays_shut(home, CLAVIGER_PASSPHRASE=PASSPHRASE + " ", says="wrong passphrase")
        stays_shut(home, says="CLAVIGER_PASSPHRASE")
        other = servers.Home(tmp_path / "other")
        stays_shut(home, "--key-file", other.key_file, says="it opens with: passphrase")

    def test_too_short(self, fresh, tmp_path):
        short = tmp_path / "short"
        short.write_text("1234567\n")
        done = servers.run("seal", "add-passphrase", "--data-dir", fresh.folder, "--new-passphrase-file", short)
        assert done.returncode != 0
        assert "shorter" in done.stderr
        assert set(seal_ids(fresh)) == {"key-file"}

    @pytest.mark.parametrize("at_work", [False, True], ids=["at rest", "at work"])
    def test_beside_a_key_file(self, fresh, passphrase_file, wrong_file, at_work):
        server = serving(fresh) if at_work else None
        seal(fresh, "add-passphrase", "--new-passphrase-file", passphrase_file)
        ids = seal_ids(fresh)
        assert set(ids) == {"key-file", "passphrase"}
        if server:
            assert server.stop() == 0
        assert opens(fresh) == []
        assert opens(fresh, "--passphrase-file", passphrase_file) == []
        stays_shut(fresh, "--passphrase-file", wrong_file, says="wrong passphrase")

        server = serving(fresh) if at_work else None
        seal(fresh, "remove", ids["key-file"])
        opener = () if at_work else ("--passphrase-file", passphrase_file)
        last = servers.run("seal", "remove", "--data-dir", fresh.folder, *opener, ids["passphrase"])
        assert last.returncode not in (0, 101)
        assert "last seal" in last.stderr
        if server:
            assert server.stop() == 0
        stays_shut(fresh, says="it opens with: passphrase")
        assert opens(fresh, "--passphrase-file", passphrase_file) == []


def test_rotating_the_root_key_under_load(fresh, tmp_path, passphrase_file):
    """Nothing is interrupted, every seal opens the new root key, and nothing is lost."""
    second = tmp_path / "second.key"
    workers = [Worker(number, fresh, random.Random(number)) for number in range(3)]
    server = serving(fresh)
    with concurrent.futures.ThreadPoolExecutor(len(workers)) as pool:
        running = [pool.submit(worker.run, server) for worker in workers]
        time.sleep(0.3)
        seal(fresh, "add-passphrase", "--new-passphrase-file", passphrase_file)
        seal(fresh, "add-key-file", second)
        roots = [seal(fresh, "list")["rootKeyId"]]
        for _ in range(5):
            before = [len(worker.journal) for worker in workers]
            roots.append(seal(fresh, "rotate-root-key")["rootKeyId"])
            assert seal(fresh, "list")["rootKeyId"] == roots[-1]
            # All go on.
            servers.eventually(
                lambda before=before: all(
                    len(worker.journal) > count for worker, count in zip(workers, before, strict=True)
                )
            )
        assert len(set(roots)) == len(roots)
        ended = [run for run in running if run.done()]
        server.kill()
        for run in running:
            run.result()
    assert not ended
    lost = [worker.journal[-1] for worker in workers]
    unsure = {call.touches for call in lost} | {worker.keys[-1] for worker in workers}
    for opener in ((), ("--passphrase-file", passphrase_file), ("--key-file", second)):
        with serving(fresh, *opener) as server:
            assert seal(fresh, "list")["rootKeyId"] == roots[-1]
            client = Client(fresh, server, [])
            for worker in workers:
                for key in worker.keys:
                    if key not in unsure:
                        key.check(client)
                for sealed in [sealed for sealed in worker.untried if sealed.key.state == "Enabled"][:100]:
                    if sealed.key not in unsure:
                        sealed.opened_by(client)
            client.close()


def test_what_a_removed_seal_wrapped_is_gone(fresh, tmp_path):
    """Neither the removed seal nor the replaced root key is left in the files, also while the server runs."""
    second = tmp_path / "second.key"
    with serving(fresh):
        added = seal(fresh, "add-key-file", second)["enrolled"]

        def in_files(text):
            return [path.name for path in fresh.folder.glob("claviger.db*") if text in path.read_bytes()]

        marks = [added.encode(), seal(fresh, "list")["rootKeyId"].encode()]
        assert all(in_files(mark) for mark in marks)
        seal(fresh, "remove", added)
        assert in_files(marks[0]) == []
        seal(fresh, "rotate-root-key")
        assert in_files(marks[1]) == []
    stale = fresh.serve_fails("--key-file", second)
    assert stale.returncode == SEALED
    assert f"wrong key file: {second}" in stale.stderr


def test_an_operator_is_heard_from_the_ready_line_on(fresh):
    """Scripts wait for the ready line and then send commands."""
    for _ in range(10):
        with fresh.serve():
            assert is_open(fresh)


def test_a_copied_folder_opens_only_with_its_key(fresh, tmp_path):
    stolen = tmp_path / "stolen"
    shutil.copytree(fresh.folder, stolen)
    done = servers.run("serve", "--data-dir", stolen, "--listen", "127.0.0.1:0")
    assert done.returncode == SEALED
    assert "nothing to open it with was given" in done.stderr
