"""Requests below the level of an AWS client: signed by botocore's signer, sent by hand."""

import dataclasses
import datetime
import http.client
import json
import socket
from unittest import mock
from xml.etree import ElementTree

import botocore.auth
import botocore.awsrequest
import botocore.credentials

JSON = "application/x-amz-json-1.1"
TARGET = "TrentService."

MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
NOT_NULL = "Member must not be null"


@dataclasses.dataclass
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        """Status, code and message; the message is `None` when the member is absent."""
        assert self.headers["content-type"] == JSON
        found = self.json
        assert set(found) <= {"__type", "message"}, found
        return self.status, found["__type"], found.get("message")


def sign(
    url,
    body=b"",
    *,
    access_key,
    secret_key="any",
    token=None,
    method="POST",
    headers=(),
    service="kms",
    region="us-east-1",
    moved_seconds=0,
):
    """All headers of a request that botocore's signer made, as if `moved_seconds` away from now."""
    request = botocore.awsrequest.AWSRequest(method=method, url=url, data=body, headers=dict(headers))
    when = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=moved_seconds)
    with mock.patch("botocore.auth.get_current_datetime", return_value=when):
        credentials = botocore.credentials.Credentials(access_key, secret_key, token)
        botocore.auth.SigV4Auth(credentials, service, region).add_auth(request)
    return dict(request.headers.items())


def operation_headers(operation):
    """The headers that choose an operation of KMS."""
    return {"Content-Type": JSON, "X-Amz-Target": TARGET + operation}


def signed(server, operation, body, **signing):
    """Headers of a signed KMS call."""
    return sign(server.url + "/", body, headers=operation_headers(operation), **signing)


def post(server, body, *, headers=(), method="POST", path="/", access_key=None, **signing):
    """Sends one request on a connection of its own; signed when there is an access key."""
    headers = dict(headers)
    if access_key is not None:
        headers = sign(server.url + path, body, access_key=access_key, method=method, headers=headers, **signing)
    connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, names, answer.read())
    finally:
        connection.close()


def call(server, operation, body, *, access_key, **signing):
    """A signed KMS call; `body` is bytes as they are, or an object to write as JSON."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return post(server, body, headers=operation_headers(operation), access_key=access_key, **signing)


def xml(body):
    """The root element of an XML answer."""
    return ElementTree.fromstring(body)


def validation_clauses(message):
    """The clauses of an aggregated validation text, as a set; their order is not promised."""
    head, _, tail = message.partition(" detected: ")
    clauses = tail.split("; ")
    number = len(clauses)
    assert head == f"{number} validation error{'' if number == 1 else 's'}", message
    return set(clauses)


class Line:
    """A bare TCP connection on which requests are written byte by byte."""

    def __init__(self, server, timeout=30):
        self.socket = socket.create_connection((server.host, server.port), timeout=timeout)
        self.input = self.socket.makefile("rb")

    def send(self, data):
        self.socket.sendall(data)

    def send_request(self, headers, body=b"", *, method="POST", path="/"):
        """A whole request; a Content-Length unless the headers say how the body is framed."""
        self.send(head(headers, len(body), method=method, path=path) + body)

    def status_line(self):
        """The next status and its headers."""
        line = self.input.readline()
        if not line:
            return None, {}
        names = {}
        while (header := self.input.readline()) not in (b"\r\n", b""):
            name, _, value = header.decode().partition(":")
            names[name.strip().lower()] = value.strip()
        return int(line.split()[1]), names

    def answer(self):
        """The next answer; status `None` when the connection was closed instead."""
        try:
            status, headers = self.status_line()
        except ConnectionError:
            status, headers = None, {}
        if status is None:
            return Answer(None, {}, b"")
        return Answer(status, headers, self.input.read(int(headers.get("content-length", 0))))

    def is_closed(self):
        """Whether the other side hung up, waiting as long as the timeout allows."""
        try:
            return self.input.read(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def close(self):
        self.input.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def head(headers, length, *, method="POST", path="/"):
    """Request line and headers as bytes."""
    lines = [f"{method} {path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    names = {name.lower() for name in headers}
    if not names & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def with_host(server, headers):
    """Headers for a bare connection, which adds none by itself."""
    return {"Host": f"{server.host}:{server.port}", **headers}
