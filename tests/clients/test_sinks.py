"""Events for whoever listens: a file, a syslog receiver, a web hook; also when they are slow, dead or come back."""

import base64
import hashlib
import hmac
import http.server
import json
import re
import socketserver
import threading
import time
import urllib.request

import pytest

import aws
import server as servers
from server import eventually

SECRET = base64.b64encode(b"k" * 32).decode()


@pytest.fixture
def home(tmp_path):
    return servers.Home(tmp_path / "data")


def configured(home, text):
    file = home.folder.with_name("claviger.toml")
    file.write_text(text)
    return home.serve("--config", file)


def connect(home, server):
    return aws.client(server, home.access_key, home.secret_key)


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


class Hook(http.server.BaseHTTPRequestHandler):
    """Keeps what it is sent; answers what it is told to."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.seen.append((dict(self.headers), body))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Syslog(socketserver.StreamRequestHandler):
    """Reads messages framed by their length."""

    def handle(self):
        while True:
            digits = b""
            while (byte := self.rfile.read(1)).isdigit():
                digits += byte
            if not digits:
                return
            self.server.seen.append(self.rfile.read(int(digits)).decode())


def listening(kind, handler, port=0):
    kind.allow_reuse_address = True
    server = kind(("127.0.0.1", port), handler)
    server.seen, server.answers = [], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def test_a_file_gets_what_its_pattern_chooses(home, tmp_path):
    events = tmp_path / "events.jsonl"
    pattern = json.dumps({"source": ["aws.kms"], "detail": {"eventName": ["Encrypt", {"prefix": "Disable"}]}})
    with configured(home, f"[[sinks]]\nname = 'f'\ntype = 'file'\npath = '{events}'\npattern = '{pattern}'\n") as server:
        kms = connect(home, server)
        key = kms.create_key()["KeyMetadata"]
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"secret plaintext")
        kms.disable_key(KeyId=key["KeyId"])
        eventually(lambda: len(lines(events)) == 2)
        # Whoever rotates the file moves it away.
        events.rename(events.with_suffix(".1"))
        kms.disable_key(KeyId=key["KeyId"])
        eventually(lambda: len(lines(events)) == 1)
    found = lines(events.with_suffix(".1")) + lines(events)
    assert [event["detail"]["eventName"] for event in found] == ["Encrypt", "DisableKey", "DisableKey"]
    assert list(found[0]) == [
        *("version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail")
    ]
    assert found[0]["detail-type"] == "AWS API Call via CloudTrail" and found[0]["account"] == key["AWSAccountId"]
    assert found[0]["detail"]["resources"][0]["ARN"] == key["Arn"]
    assert "secret plaintext" not in json.dumps(found)


def test_what_services_tell_by_themselves(home, tmp_path):
    events = tmp_path / "events.jsonl"
    pattern = '{"detail-type": [{"prefix": "Parameter Store"}]}'
    with configured(home, f"[[sinks]]\nname = 'f'\ntype = 'file'\npath = '{events}'\npattern = '{pattern}'\n") as server:
        ssm = aws.client(server, home.access_key, home.secret_key, service="ssm")
        for value in ("planted-1", "planted-2"):
            ssm.put_parameter(Name="/app/x", Value=value, Type="String", Description="an x", Overwrite=True)
        ssm.label_parameter_version(Name="/app/x", Labels=["good"])
        ssm.delete_parameter(Name="/app/x")
        eventually(lambda: len(lines(events)) == 4)
    found = lines(events)
    assert [event["detail"]["operation"] for event in found] == ["Create", "Update", "LabelParameterVersion", "Delete"]
    arn = f"arn:aws:ssm:us-east-1:{servers.ACCOUNT}:parameter/app/x"
    assert all(event["resources"] == [arn] and event["source"] == "aws.ssm" for event in found)
    assert found[0]["detail"] == {"operation": "Create", "name": "/app/x", "type": "String", "description": "an x"}
    assert "planted" not in json.dumps(found)


def test_a_hook_that_fails_gets_every_event_signed(home, tmp_path):
    hook = listening(http.server.ThreadingHTTPServer, Hook)
    hook.answers = [500, 503]
    (tmp_path / "secret").write_text(f"whsec_{SECRET}\n")
    settings = (
        f"[[sinks]]\nname = 'hook'\ntype = 'webhook'\nurl = 'http://127.0.0.1:{hook.server_address[1]}/in?x=1'\n"
        f"secret_file = '{tmp_path}/secret'\n"
    )
    with configured(home, settings) as server:
        kms = connect(home, server)
        for _ in range(3):
            kms.generate_random(NumberOfBytes=8)
        eventually(lambda: len(hook.seen) == 5)
    names = [json.loads(body)["detail"]["eventName"] for _, body in hook.seen]
    assert names == ["GenerateRandom"] * 5
    ids = [headers["webhook-id"] for headers, _ in hook.seen]
    assert ids[0] == ids[1] == ids[2] and len(set(ids)) == 3, "the first was tried three times"
    for headers, body in hook.seen:
        assert json.loads(body)["id"] == headers["webhook-id"]
        assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.new(base64.b64decode(SECRET), signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
    hook.shutdown()


def test_a_dead_receiver_holds_nothing_up_and_misses_nothing(home):
    receiver = listening(socketserver.ThreadingTCPServer, Syslog)
    port = receiver.server_address[1]
    receiver.shutdown()
    receiver.server_close()
    settings = f"[[sinks]]\nname = 'siem'\ntype = 'syslog'\naddress = 'tcp://127.0.0.1:{port}'\n"
    with configured(home, settings) as server:
        kms = connect(home, server)
        began = time.monotonic()
        for _ in range(20):
            kms.generate_random(NumberOfBytes=8)
        assert time.monotonic() - began < 5

        def behind():
            with urllib.request.urlopen(f"{server.url}/metrics") as answer:
                text = answer.read().decode()
            return int(re.search(r'claviger_sink_behind_records\{sink="siem"\} (\d+)', text).group(1))

        eventually(lambda: behind() >= 1)
        # It is away while the server stops and starts again, too.
    receiver = listening(socketserver.ThreadingTCPServer, Syslog, port)
    with configured(home, settings) as server:
        eventually(lambda: len([m for m in receiver.seen if "GenerateRandom" in m.split(" {")[0]]) >= 20)
    receiver.shutdown()
    calls = [message for message in receiver.seen if " claviger - GenerateRandom [" in message]
    ids = [re.search(r'\[event@32473 id="([^"]+)"', message).group(1) for message in calls]
    assert len(set(ids)) == 20 and len(ids) == 20
    assert all(re.match(r"<109>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \S+ claviger - ", message) for message in calls)
    assert all(json.loads(message.split("] ", 1)[1])["source"] == "aws.kms" for message in calls)


@pytest.mark.parametrize(
    "settings, told",
    [
        ("type = 'file'", "a sink of type file needs `path`"),
        ("type = 'file'\npath = '/x'\npattern = '{\"a\": 1}'", "event pattern at a: must be an object or a list"),
        ("type = 'syslog'\naddress = 'host:1'", "does not begin with tcp:// or tls://"),
        ("type = 'webhook'\nurl = 'http://example.com/'", "events go over plain HTTP to this machine only"),
        ("type = 'file'\npth = '/x'", "unknown setting `sinks.pth`; did you mean `sinks.path`?"),
    ],
)
def test_settings_that_cannot_work_are_told_at_the_start(home, settings, told):
    file = home.folder.with_name("claviger.toml")
    file.write_text(f"[[sinks]]\nname = 'mine'\n{settings}\n")
    ended = home.serve_fails("--config", file)
    assert ended.returncode != 0 and told in ended.stderr, ended.stderr
