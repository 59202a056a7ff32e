"""A durable server: what survives, what is refused, how it stops and what it tells."""

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

import aws
import server as servers
import wire
from aws import refused


@pytest.fixture
def fresh(tmp_path):
    """A data folder of this test's own."""
    return servers.Home(tmp_path / "data")


def admin_of(home, server, **more):
    return aws.client(server, home.access_key, home.secret_key, **more)


FAILED, USAGE, SEALED, IN_USE = 1, 2, 3, 4


def complains(done, code, *words):
    """The process gave up by itself, said why, and did not panic."""
    assert done.returncode == code, done.stderr
    said = done.stderr.lower()
    assert "panicked" not in said
    for word in words:
        assert word.lower() in said, done.stderr


class TestInit:
    def test_prints_the_credentials_once(self, fresh):
        assert fresh.printed.count(fresh.secret_key) >= 1
        secret = fresh.secret_key.encode()
        for folder, _, names in os.walk(fresh.folder.parent):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    assert secret not in file.read(), name

    def test_key_file_is_apart_and_private(self, fresh):
        assert fresh.key_file.is_file()
        assert fresh.key_file.stat().st_mode & 0o077 == 0
        assert not fresh.key_file.is_relative_to(fresh.folder)
        assert fresh.folder.stat().st_mode & 0o077 == 0

    def test_not_twice(self, fresh):
        key = fresh.key_file.read_bytes()
        again = servers.run("init", "--data-dir", fresh.folder, "--account", servers.ACCOUNT)
        complains(again, FAILED, str(fresh.folder), "empty")
        assert fresh.key_file.read_bytes() == key
        with fresh.serve() as server:
            admin_of(fresh, server).list_keys()

    def test_not_over_other_files(self, tmp_path):
        folder = tmp_path / "mine"
        folder.mkdir()
        (folder / "letter").write_text("dear")
        complains(servers.run("init", "--data-dir", folder, "--account", servers.ACCOUNT), FAILED, "empty")
        assert [path.name for path in folder.iterdir()] == ["letter"]

    def test_not_over_a_key_file(self, tmp_path):
        key_file = tmp_path / "data.unseal-key"
        key_file.write_text("the only copy of something")
        done = servers.run("init", "--data-dir", tmp_path / "data", "--account", servers.ACCOUNT)
        complains(done, FAILED, "unseal-key")
        assert key_file.read_text() == "the only copy of something"

    @pytest.mark.parametrize("account", ["", "12345", "1234567890123", "abcdefghijkl", "-11122223333"])
    def test_accounts_have_twelve_digits(self, tmp_path, account):
        done = servers.run("init", "--data-dir", tmp_path / "data", f"--account={account}")
        complains(done, USAGE, "12")
        assert not (tmp_path / "data").exists()


class TestDurability:
    def test_a_restart_keeps_everything(self, fresh):
        with fresh.serve() as server:
            kms = admin_of(fresh, server)
            key = kms.create_key(Description="kept", Tags=[{"TagKey": "a", "TagValue": "b"}])["KeyMetadata"]
            key_id = key["KeyId"]
            kms.create_alias(AliasName="alias/kept", TargetKeyId=key_id)
            kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=100)
            rotation = kms.get_key_rotation_status(KeyId=key_id)["NextRotationDate"]
            blob = kms.encrypt(KeyId=key_id, Plaintext=b"kept", EncryptionContext={"a": "b"})["CiphertextBlob"]
            disabled = kms.create_key()["KeyMetadata"]["KeyId"]
            kms.disable_key(KeyId=disabled)
            doomed = kms.create_key()["KeyMetadata"]["KeyId"]
            date = kms.schedule_key_deletion(KeyId=doomed, PendingWindowInDays=9)["DeletionDate"]
            policy = kms.get_key_policy(KeyId=key_id)["Policy"]
            elsewhere = admin_of(fresh, server, region="eu-west-1").create_key()["KeyMetadata"]
        for _ in range(2):
            with fresh.serve() as server:
                kms = admin_of(fresh, server)
                assert kms.describe_key(KeyId="alias/kept")["KeyMetadata"] == key
                assert kms.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "b"})["Plaintext"] == b"kept"
                assert kms.get_key_rotation_status(KeyId=key_id)["NextRotationDate"] == rotation
                assert kms.get_key_policy(KeyId=key_id)["Policy"] == policy
                assert kms.list_resource_tags(KeyId=key_id)["Tags"] == [{"TagKey": "a", "TagValue": "b"}]
                assert kms.describe_key(KeyId=disabled)["KeyMetadata"]["KeyState"] == "Disabled"
                assert kms.describe_key(KeyId=doomed)["KeyMetadata"]["DeletionDate"] == date
                assert len(kms.list_keys()["Keys"]) == 3
                used = kms.get_key_last_usage(KeyId=key_id)["KeyLastUsage"]
                assert used["Operation"] in {"Encrypt", "Decrypt"}
                there = admin_of(fresh, server, region="eu-west-1")
                assert there.describe_key(KeyId=elsewhere["KeyId"])["KeyMetadata"] == elsewhere

    def test_what_was_acknowledged_survives_being_killed(self, fresh):
        server = fresh.serve()
        kms = admin_of(fresh, server)
        blobs = {}
        for number in range(20):
            key = kms.create_key(Description=str(number))["KeyMetadata"]
            blobs[key["KeyId"]] = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"%d" % number)["CiphertextBlob"]
        server.kill()
        with fresh.serve() as server:
            kms = admin_of(fresh, server)
            for number, (key_id, blob) in enumerate(blobs.items()):
                assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["Description"] == str(number)
                assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"%d" % number


class TestSeal:
    def test_missing_key_file(self, fresh):
        fresh.key_file.unlink()
        complains(fresh.serve_fails(), SEALED, str(fresh.key_file))

    @pytest.mark.parametrize(
        "damage",
        [
            lambda key: b"",
            lambda key: b"nonsense\n",
            lambda key: key[: len(key) // 2],
            lambda key: os.urandom(len(key)),
        ],
        ids=["empty", "nonsense", "half", "noise"],
    )
    def test_damaged_key_file(self, fresh, damage):
        key = fresh.key_file.read_bytes()
        fresh.key_file.write_bytes(damage(key))
        complains(fresh.serve_fails(), SEALED, "key")
        fresh.key_file.write_bytes(key)
        with fresh.serve() as server:
            admin_of(fresh, server).list_keys()

    def test_key_file_of_another_folder(self, fresh, tmp_path):
        other = servers.Home(tmp_path / "other")
        shutil.copy(other.key_file, fresh.key_file)
        complains(fresh.serve_fails(), SEALED, "key")

    def test_a_folder_that_is_none_of_ours(self, tmp_path):
        (tmp_path / "data").mkdir()
        for folder in (tmp_path / "data", tmp_path / "absent"):
            done = servers.run("serve", "--data-dir", folder, "--listen", "127.0.0.1:0")
            complains(done, FAILED, str(folder), "init")


class TestStarting:
    def test_one_process_for_a_folder(self, served, home):
        complains(home.serve_fails(), IN_USE, str(home.folder))
        # The first one is not disturbed.
        assert admin_of(home, served).list_keys()["ResponseMetadata"]["HTTPStatusCode"] == 200

    def test_a_killed_process_leaves_no_lock(self, fresh):
        fresh.serve().kill()
        with fresh.serve() as server:
            admin_of(fresh, server).list_keys()

    @pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0"])
    def test_plain_http_stays_on_this_machine(self, fresh, listen):
        complains(fresh.serve_fails(listen=listen), FAILED, "plain http", listen)

    def test_a_port_that_is_taken(self, served, fresh):
        complains(fresh.serve_fails(listen=f"127.0.0.1:{served.port}"), FAILED, str(served.port))

    @pytest.mark.parametrize("listen", ["nonsense", "127.0.0.1", "127.0.0.1:99999", ""])
    def test_addresses_that_are_none(self, fresh, listen):
        complains(fresh.serve_fails(listen=listen), USAGE)

    def test_unknown_setting(self, fresh, tmp_path):
        config = tmp_path / "claviger.toml"
        config.write_text("[server]\nlisetn = '127.0.0.1:0'\n")
        complains(fresh.serve_fails("--config", config), FAILED, "lisetn", "did you mean `server.listen`")

    def test_malformed_settings(self, fresh, tmp_path):
        config = tmp_path / "claviger.toml"
        config.write_text("listen = \n")
        complains(fresh.serve_fails("--config", config), FAILED, "claviger.toml")
        complains(fresh.serve_fails("--config", tmp_path / "absent.toml"), FAILED, "absent.toml")

    def test_tls(self, fresh, tmp_path):
        certificate, key = tmp_path / "tls.crt", tmp_path / "tls.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
            check=True,
            capture_output=True,
        )  # fmt: skip
        with fresh.serve("--tls-cert", certificate, "--tls-key", key) as server:
            assert server.url.startswith("https://")
            kms = aws._SESSION.client(
                "kms",
                endpoint_url=server.url,
                aws_access_key_id=fresh.access_key,
                aws_secret_access_key=fresh.secret_key,
                verify=str(certificate),
            )
            assert kms.list_keys()["Keys"] == []
        complains(fresh.serve_fails("--tls-cert", certificate), USAGE, "tls-key")
        certificate.write_text("nonsense")
        complains(fresh.serve_fails("--tls-cert", certificate, "--tls-key", key), FAILED, str(certificate))


class TestStopping:
    @pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
    def test_idle(self, fresh, by):
        server = fresh.serve()
        with wire.Line(server):  # an idle connection holds nobody up
            started = time.monotonic()
            assert server.stop(by) == 0
            assert time.monotonic() - started < 5
        assert "panicked" not in server.log()

    def test_a_call_in_flight_finishes(self, fresh):
        server = fresh.serve()
        body = json.dumps({"Description": "in flight"}).encode()
        headers = wire.signed(server, "CreateKey", body, access_key=fresh.access_key, secret_key=fresh.secret_key)
        with wire.Line(server) as line:
            line.send(wire.head(wire.with_host(server, headers), len(body)) + body[:10])
            time.sleep(0.2)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            with pytest.raises(ConnectionError):
                wire.Line(server).close()
            line.send(body[10:])
            answer = line.answer()
            assert answer.status == 200
            assert line.is_closed()
        assert server.stop() == 0
        with fresh.serve() as again:
            kept = admin_of(fresh, again).describe_key(KeyId=answer.json["KeyMetadata"]["KeyId"])
            assert kept["KeyMetadata"]["Description"] == "in flight"

    def test_a_client_that_stalls_does_not_hold_it_up_for_ever(self, fresh):
        server = fresh.serve(CLAVIGER_SERVER_STOP_SECONDS_MAX="2")
        headers = wire.signed(server, "ListKeys", b"{}", access_key=fresh.access_key, secret_key=fresh.secret_key)
        with wire.Line(server) as line:
            line.send(wire.head(wire.with_host(server, headers), 2) + b"{")
            time.sleep(0.2)
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(8)
        assert "panicked" not in server.log()


class TestEnforcement:
    def test_wrong_secret(self, served, home):
        with refused("InvalidSignatureException", wire.MISMATCH):
            aws.client(served, home.access_key, "x" * 40).list_keys()

    def test_unknown_key(self, served):
        with refused("UnrecognizedClientException", "The security token included in the request is invalid."):
            aws.client(served, "AKIAIOSFODNN7EXAMPLE").list_keys()

    def test_no_control_of_the_clock(self, served):
        for path in ("clock", "reset", ""):
            with pytest.raises(urllib.error.HTTPError) as caught:
                served.get("/_claviger/dev/" + path)
            assert caught.value.code == 404


class TestTelling:
    def test_health(self, served):
        health = json.loads(served.get("/_claviger/health"))
        assert health["live"] is True
        assert health["ready"] is True

    def test_metrics(self, served, admin):
        admin.generate_random(NumberOfBytes=8)
        with refused("NotFoundException", "Invalid keyId 'nonsense'"):
            admin.describe_key(KeyId="nonsense")
        text = served.get("/metrics").decode()
        assert text.endswith("# EOF\n")
        families = {family.name: family for family in text_string_to_metric_families(text)}
        assert families
        samples = [sample for family in families.values() for sample in family.samples]
        labels = {value for sample in samples for value in sample.labels.values()}
        assert {"GenerateRandom", "DescribeKey"} <= labels
        assert all(family.documentation for family in families.values())

    def test_metrics_content_type(self, served):
        answer = wire.post(served, b"", method="GET", path="/metrics")
        assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")

    def test_status_of_a_running_server(self, served, home):
        done = servers.run("status", "--data-dir", home.folder)
        assert done.returncode == 0, done.stderr
        assert servers.ACCOUNT in done.stdout or str(served.port) in done.stdout
        assert home.secret_key not in done.stdout

    def test_status_without_a_server(self, fresh):
        done = servers.run("status", "--data-dir", fresh.folder)
        assert "panicked" not in done.stderr
        assert "running" in (done.stdout + done.stderr).lower()

    def test_version(self):
        done = servers.run("version")
        assert (done.returncode, done.stderr) == (0, "")
        assert "0.1.0" in done.stdout

    def test_help(self):
        done = servers.run("--help")
        assert done.returncode == 0
        for command in ("dev", "init", "serve", "tour", "status", "version"):
            assert command in done.stdout

    def test_secrets_stay_out_of_logs(self, fresh):
        with fresh.serve(RUST_LOG="trace") as server:
            kms = admin_of(fresh, server)
            key_id = kms.create_key()["KeyMetadata"]["KeyId"]
            kms.encrypt(KeyId=key_id, Plaintext=b"plaintext-that-must-not-show")
            with refused("InvalidSignatureException", wire.MISMATCH):
                aws.client(server, fresh.access_key, "x" * 40).list_keys()
        log = server.log()
        assert fresh.secret_key not in log
        assert "plaintext-that-must-not-show" not in log
        assert "cGxhaW50ZXh0LXRoYXQtbXVzdC1ub3Qtc2hvd" not in log
