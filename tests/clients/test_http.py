"""HTTP below the protocol: framing, connections, limits, and clients that misbehave."""

import json
import socket
import threading
import time

import pytest

import server as servers
import wire

# Generous against a busy machine, far below what reading 100 MB would take a victim of it.
QUICK_SECONDS = 5
HUNDRED_MB = 100_000_000
# Instead of the defaults, so that the test does not take longer than its point.
PATIENCE = {"CLAVIGER_SERVER_HEADER_SECONDS_MAX": "2", "CLAVIGER_SERVER_BODY_SECONDS_MAX": "3"}
SLOW_SECONDS_MAX = 15


@pytest.fixture
def request_for(dev, account):
    """Headers and body of a signed call, ready for a bare connection."""

    def make(operation, body=None):
        body = json.dumps(body or {}).encode()
        headers = wire.signed(dev, operation, body, access_key=account)
        return wire.with_host(dev, headers), body

    return make


def alive(dev):
    assert wire.call(dev, "ListKeys", {}, access_key="0" * 12).status == 200


class TestConnections:
    def test_kept_alive(self, dev, request_for):
        headers, body = request_for("GenerateRandom", {"NumberOfBytes": 8})
        with wire.Line(dev) as line:
            seen = set()
            for _ in range(50):
                line.send_request(headers, body)
                answer = line.answer()
                assert answer.status == 200
                seen.add(answer.body)
            assert len(seen) == 50

    def test_kept_alive_after_errors(self, dev, request_for):
        with wire.Line(dev) as line:
            for operation, status in (("Nonsense", 400), ("DescribeKey", 400), ("ListKeys", 200)):
                line.send_request(*request_for(operation))
                assert line.answer().status == status

    def test_pipelined(self, dev, request_for):
        with wire.Line(dev) as line:
            requests = [request_for("GenerateRandom", {"NumberOfBytes": size}) for size in range(1, 21)]
            line.send(b"".join(wire.head(headers, len(body)) + body for headers, body in requests))
            lengths = [len(line.answer().json["Plaintext"]) for _ in requests]
        assert lengths == [4 * ((size + 2) // 3) for size in range(1, 21)]

    def test_closed_on_request(self, dev, request_for):
        headers, body = request_for("ListKeys")
        with wire.Line(dev) as line:
            line.send_request({**headers, "Connection": "close"}, body)
            assert line.answer().status == 200
            assert line.is_closed()

    def test_http_1_0(self, dev, request_for):
        headers, body = request_for("ListKeys")
        with wire.Line(dev) as line:
            line.send(wire.head(headers, len(body)).replace(b"HTTP/1.1", b"HTTP/1.0") + body)
            assert line.answer().status == 200
            assert line.is_closed()

    def test_many_at_once(self, dev, request_for):
        lines = [wire.Line(dev) for _ in range(200)]
        try:
            headers, body = request_for("ListKeys")
            for line in lines:
                line.send_request(headers, body)
            assert {line.answer().status for line in lines} == {200}
        finally:
            for line in lines:
                line.close()


class TestFraming:
    def test_chunked(self, dev, request_for):
        headers, body = request_for("GenerateRandom", {"NumberOfBytes": 8})
        headers["Transfer-Encoding"] = "chunked"
        with wire.Line(dev) as line:
            line.send(wire.head(headers, 0))
            for byte in body:
                line.send(b"1\r\n%c\r\n" % byte)
            line.send(b"0\r\n\r\n")
            assert line.answer().status == 200
            line.send_request(*request_for("ListKeys"))
            assert line.answer().status == 200

    def test_byte_by_byte(self, dev, request_for):
        headers, body = request_for("ListKeys")
        with wire.Line(dev) as line:
            line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in wire.head(headers, len(body)) + body:
                line.send(bytes([byte]))
            assert line.answer().status == 200

    def test_expect_100_continue(self, dev, request_for):
        headers, body = request_for("ListKeys")
        with wire.Line(dev) as line:
            line.send(wire.head({**headers, "Expect": "100-continue"}, len(body)))
            status, _ = line.status_line()
            assert status == 100
            line.send(body)
            assert line.answer().status == 200

    def test_expect_without_waiting(self, dev, request_for):
        headers, body = request_for("ListKeys")
        with wire.Line(dev) as line:
            line.send_request({**headers, "Expect": "100-continue"}, body)
            answer = line.answer()
            if answer.status == 100:
                answer = line.answer()
            assert answer.status == 200

    @pytest.mark.parametrize(
        "framing",
        [
            b"Content-Length: 2\r\nContent-Length: 3\r\n",
            b"Content-Length: -1\r\n",
            b"Content-Length: 2x\r\n",
            b"Content-Length: 99999999999999999999999\r\n",
            b"Transfer-Encoding: nonsense\r\n",
            b"Transfer-Encoding: chunked, nonsense\r\n",
        ],
    )
    def test_ambiguous_length(self, dev, framing):
        with wire.Line(dev) as line:
            line.send(b"POST / HTTP/1.1\r\nHost: a\r\n" + framing + b"\r\n{}")
            assert line.answer().status in {None, 400, 413, 501}
        alive(dev)

    @pytest.mark.parametrize("chunk", [b"x\r\n", b"-1\r\n", b"fffffffffffffffff\r\n", b"2\r\n{}x"])
    def test_broken_chunks(self, dev, request_for, chunk):
        headers, _ = request_for("ListKeys")
        headers["Transfer-Encoding"] = "chunked"
        with wire.Line(dev) as line:
            line.send(wire.head(headers, 0) + chunk)
            assert line.answer().status in {None, 400, 413}
        alive(dev)

    @pytest.mark.parametrize(
        "junk",
        [
            b"nonsense\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"\0" * 100 + b"\r\n\r\n",
            b"GET  /  HTTP/1.1\r\n\r\n",
            b"POST / HTTP/9.9\r\nHost: a\r\n\r\n",
            b"POST / HTTP/1.1\r\nNo colon here\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nX-Amz-Target: a\0b\r\n\r\n",
        ],
    )
    def test_junk(self, dev, junk):
        with wire.Line(dev, timeout=SLOW_SECONDS_MAX) as line:
            line.send(junk)
            line.socket.shutdown(socket.SHUT_WR)
            status = line.answer().status
            assert status is None or 400 <= status < 500 or status == 505
        alive(dev)

    def test_no_host(self, dev, request_for):
        headers, body = request_for("ListKeys")
        del headers["Host"]
        with wire.Line(dev) as line:
            line.send_request(headers, body)
            status = line.answer().status
            assert status is None or 400 <= status < 500


class TestLimits:
    def test_a_body_of_100_mb_is_refused_unread(self, dev, request_for):
        headers, _ = request_for("ListKeys")
        before = dev.memory_kib_max()
        started = time.monotonic()
        with wire.Line(dev) as line:
            line.send(wire.head({**headers, "Content-Length": HUNDRED_MB}, 0))
            assert line.answer().status in {400, 413}
        assert time.monotonic() - started < QUICK_SECONDS
        assert dev.memory_kib_max() - before < 20_000

    def test_and_so_it_is_when_it_comes_anyway(self, dev, request_for):
        headers, _ = request_for("ListKeys")
        before = dev.memory_kib_max()
        started = time.monotonic()
        with wire.Line(dev) as line:
            try:
                line.send(wire.head({**headers, "Content-Length": HUNDRED_MB}, 0))
                for _ in range(HUNDRED_MB // 1_000_000):
                    line.send(b" " * 1_000_000)
            except ConnectionError:
                pass
            assert line.answer().status in {None, 400, 413}
        assert time.monotonic() - started < QUICK_SECONDS
        assert dev.memory_kib_max() - before < 20_000
        alive(dev)

    def test_no_invitation_to_send_it(self, dev, request_for):
        headers, _ = request_for("ListKeys")
        with wire.Line(dev) as line:
            line.send(wire.head({**headers, "Content-Length": HUNDRED_MB, "Expect": "100-continue"}, 0))
            assert line.answer().status in {400, 413, 417}

    def test_chunks_without_end(self, dev, request_for):
        headers, _ = request_for("ListKeys")
        headers["Transfer-Encoding"] = "chunked"
        before = dev.memory_kib_max()
        with wire.Line(dev) as line:
            try:
                line.send(wire.head(headers, 0))
                for _ in range(HUNDRED_MB // 1_000_000):
                    line.send(b"f4240\r\n" + b" " * 1_000_000 + b"\r\n")
            except ConnectionError:
                pass
            assert line.answer().status in {None, 400, 413}
        assert dev.memory_kib_max() - before < 20_000
        alive(dev)

    def test_the_largest_request_there_is_fits(self, dev, account, request_for):
        key = wire.call(dev, "CreateKey", {}, access_key=account).json["KeyMetadata"]
        policy = {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
        }
        text = json.dumps(policy).ljust(32_000)
        body = {"KeyId": key["KeyId"], "Policy": text, "Unknown": "\u00e9" * 50_000}
        assert wire.call(dev, "PutKeyPolicy", body, access_key=account).status == 200

    @pytest.mark.parametrize(
        "flood",
        [
            b"X-Long: " + b"a" * 2_000_000 + b"\r\n\r\n",
            b"".join(b"X-%d: a\r\n" % number for number in range(20_000)) + b"\r\n",
        ],
        ids=["long", "many"],
    )
    def test_headers(self, dev, flood):
        with wire.Line(dev) as line:
            try:
                line.send(b"POST / HTTP/1.1\r\nHost: a\r\n" + flood)
            except ConnectionError:
                pass
            assert line.answer().status in {None, 400, 431}
        alive(dev)

    def test_long_path(self, dev):
        with wire.Line(dev) as line:
            try:
                line.send(b"POST /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            except ConnectionError:
                pass
            assert line.answer().status in {None, 400, 414, 431}
        alive(dev)


class TestClientsThatStop:
    def test_truncated_body(self, dev, request_for):
        headers, body = request_for("ListKeys")
        with wire.Line(dev) as line:
            line.send(wire.head(headers, len(body) + 100) + body)
            line.socket.shutdown(socket.SHUT_WR)
            assert line.answer().status in {None, 400}
        alive(dev)

    def test_reset_in_the_middle(self, dev, request_for):
        headers, body = request_for("CreateKey")
        for cut in range(1, len(body) + 1):
            line = wire.Line(dev)
            # Lingering for zero seconds makes close send a reset.
            line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            line.send(wire.head(headers, len(body)) + body[:cut])
            line.close()
        alive(dev)

    def test_slow_ones_are_closed(self):
        """Three kinds at once, because each takes as long as the server's patience."""
        with servers.dev(**PATIENCE) as server:
            self.slow_ones(server)

    def slow_ones(self, server):
        body = b"{}"
        headers = wire.with_host(server, wire.signed(server, "ListKeys", body, access_key="0" * 12))
        complete = wire.head(headers, len(body) + 10_000)
        outcome = {}

        def drip(kind, first, rest):
            started = time.monotonic()
            with wire.Line(server, timeout=1) as line:
                line.send(first)
                while time.monotonic() - started < SLOW_SECONDS_MAX:
                    try:
                        if rest:
                            line.send(rest)
                        if line.socket.recv(4096) == b"":
                            outcome[kind] = time.monotonic() - started
                            return
                    except TimeoutError:
                        continue
                    except ConnectionError:
                        outcome[kind] = time.monotonic() - started
                        return

        kinds = {
            "headers": (b"POST / HTTP/1.1\r\nHost: a\r\nX-Slow: ", b"a"),
            "body": (complete, b" "),
            "silence": (b"POST / HTTP/1.1\r\n", b""),
        }
        threads = [threading.Thread(target=drip, args=(kind, *parts)) for kind, parts in kinds.items()]
        for thread in threads:
            thread.start()
        # Others are served meanwhile.
        alive(server)
        for thread in threads:
            thread.join()
        assert set(outcome) == set(kinds), f"still open after {SLOW_SECONDS_MAX} s; closed: {outcome}"
