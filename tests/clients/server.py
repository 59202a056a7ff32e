"""Starts and stops real `claviger` processes."""

import json
import os
import pathlib
import queue
import re
import signal
import subprocess
import tempfile
import threading
import time
import urllib.request

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("CLAVIGER_BIN") or REPOSITORY / "target/release/claviger")

QUICK = os.environ.get("CLAVIGER_QUICK") == "1"
LONG = os.environ.get("CLAVIGER_LONG") == "1"

READY = re.compile(r"https?://[\w.\[\]:-]+:\d+")
READY_SECONDS_MAX = 20
STOP_SECONDS_MAX = 15
DAY = 86_400


def clean_environment(**extra):
    """This process's environment without anything that would steer an AWS client or Claviger."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "CLAVIGER_")) and not name.lower().endswith("_proxy")
    }
    return {**kept, **extra}


def run(*arguments, seconds=20, **environment):
    """Runs `claviger` to its end."""
    return subprocess.run(
        [BINARY, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=seconds,
        stdin=subprocess.DEVNULL,
        env=clean_environment(**environment),
    )


class NotReady(Exception):
    """The process ended, or stayed silent, instead of printing its ready line."""


class Server:
    """A running `claviger` process that printed its ready line."""

    def __init__(self, *arguments, **environment):
        self._log = tempfile.TemporaryFile()
        self.stdout = []
        self._lines = queue.Queue()
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [BINARY, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=clean_environment(**environment),
        )
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self.url = self._wait_until_ready()
        except BaseException:
            self.kill()
            raise
        self.host, _, port = self.url.split("://", 1)[1].rpartition(":")
        self.port = int(port)

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line.decode())
        self._lines.put(None)

    def _wait_until_ready(self):
        deadline = time.monotonic() + READY_SECONDS_MAX
        while True:
            try:
                line = self._lines.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise NotReady(f"no ready line within {READY_SECONDS_MAX} s\n{self.log()}") from None
            if line is None:
                code = self.process.wait()
                raise NotReady(f"ended with {code}\n{''.join(self.stdout)}{self.log()}")
            self.stdout.append(line)
            if found := READY.search(line):
                return found.group(0)

    def log(self):
        """What the process wrote to standard error so far."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def rest_of_stdout(self):
        """Lines after the ready line; only once the process has ended."""
        lines = []
        while (line := self._lines.get(timeout=5)) is not None:
            lines.append(line)
        return lines

    def memory_kib_max(self):
        """The most resident memory the process ever had, in KiB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status).group(1))

    def stop(self, by=signal.SIGTERM):
        """Asks the process to end; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(by)
        try:
            return self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self):
        """Ends the process without giving it a chance."""
        if self.process.poll() is None:
            self.process.kill()
        return self.process.wait(STOP_SECONDS_MAX)

    def get(self, path):
        """GETs a path of Claviger's own; the body."""
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return answer.read()

    def _control(self, path, body=None):
        request = urllib.request.Request(
            self.url + "/_claviger/dev/" + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()

    def now(self):
        """The dev server's clock, in epoch seconds."""
        return json.loads(self._control("clock"))["now"]

    def advance(self, *, days=0, seconds=0):
        """Moves the dev server's clock forward."""
        self._control("clock", {"advance": days * DAY + seconds})

    def set_clock(self, epoch_seconds):
        """Sets the dev server's clock."""
        self._control("clock", {"set": epoch_seconds})

    def reset(self):
        """Empties the dev server."""
        self._control("reset", {})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def dev(*arguments, **environment):
    """A `claviger dev` on a free port."""
    return Server("dev", "--listen", "127.0.0.1:0", *arguments, **environment)


ACCOUNT = "111122223333"


class Home:
    """A data folder made by `claviger init`, and the credentials it printed."""

    def __init__(self, folder, *arguments, **environment):
        self.folder = pathlib.Path(folder)
        made = run("init", "--data-dir", self.folder, "--account", ACCOUNT, *arguments, **environment)
        assert made.returncode == 0, made.stderr
        self.printed = made.stdout
        exports = dict(re.findall(r"^export (AWS_\w+)=[\"']?([^\"'\s]+)", made.stdout, re.M))
        self.access_key = exports["AWS_ACCESS_KEY_ID"]
        self.secret_key = exports["AWS_SECRET_ACCESS_KEY"]

    @property
    def key_file(self):
        """Where the default seal keeps its key: beside the data, never in it."""
        return self.folder.with_name(self.folder.name + ".unseal-key")

    def serve(self, *arguments, listen="127.0.0.1:0", **environment):
        """`claviger serve` on this folder."""
        return Server("serve", "--data-dir", self.folder, "--listen", listen, *arguments, **environment)

    def serve_fails(self, *arguments, listen="127.0.0.1:0", **environment):
        """`claviger serve` on this folder, expected to give up by itself."""
        return run("serve", "--data-dir", self.folder, "--listen", listen, *arguments, **environment)


def eventually(check, seconds=15):
    """Repeats `check` until it returns something true; background work needs a moment."""
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < deadline, f"not so after {seconds} s; last: {found!r}"
        time.sleep(0.05)
