"""A server killed again and again under load keeps what it acknowledged, whole, and has it on record."""

import concurrent.futures
import os
import random
import re
import subprocess
import time

import pytest

import server as servers
from crash.load import Client, Worker, every
from crash.trail import Trail

CYCLES = 15 if servers.QUICK else 2000 if servers.LONG else 200
WORKERS = 4
FULL_CHECK_EVERY = 25
LOAD_SECONDS = (0.005, 0.150)
# Some starts are killed before they are ready.
STARTS_KILLED = 0.1
START_SECONDS = (0, 0.05)
# The log's head goes into the database every five seconds, more than a usual cycle lasts.
ANCHORED_SECONDS = 5.3


class Ordeal:
    """A data folder, the load on it, and what both must agree on."""

    def __init__(self, folder, seed):
        self.home = servers.Home(folder)
        self.chance = random.Random(seed)
        self.workers = [Worker(number, self.home, random.Random(f"{seed}/{number}")) for number in range(WORKERS)]
        self.trail = Trail(self.home.folder)
        self.asked = []
        self.calls = 0
        self.unanswered = {"happened": 0, "did not happen": 0}
        self.start_seconds = []

    def start(self):
        """A server on the folder, after some that were killed on the way there."""
        while self.chance.random() < STARTS_KILLED:
            process = subprocess.Popen(
                [servers.BINARY, "serve", "--data-dir", self.home.folder, "--listen", "127.0.0.1:0"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=servers.clean_environment(),
            )
            time.sleep(self.chance.uniform(*START_SECONDS))
            process.kill()
            process.wait()
        server = self.home.serve()
        self.start_seconds.append(time.monotonic() - server.started)
        return server

    def load_and_kill(self, server):
        """Lets the workers loose and kills the server under them."""
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            running = [pool.submit(worker.run, server) for worker in self.workers]
            ended, _ = concurrent.futures.wait(
                running, self.chance.uniform(*LOAD_SECONDS), concurrent.futures.FIRST_COMPLETED
            )
            server.kill()
            for run in running:
                run.result()
        assert not ended, f"the server hung up by itself\n{server.log()}"
        assert "panicked" not in server.log()

    def settle(self):
        """Compares calls with audit records; the keys whose last call got no answer.

        A change and its record are one commit, so the record says whether a change happened that nobody heard of.
        """
        records = self.trail.added()
        touched = []
        for journal in [self.asked, *(worker.journal for worker in self.workers)]:
            for call in journal:
                record = records.pop(call.agent, None)
                if call.request_id is None:
                    assert call is journal[-1]
                    touched += self._settle_unanswered(call, record)
                    continue
                assert record is not None, f"acknowledged, but not on record: {call}"
                found = (record["requestID"], record["eventName"], record.get("errorCode"))
                assert found == (call.request_id, call.operation, call.error), record
            self.calls += len(journal)
            journal.clear()
        assert not records, f"on record, but never called: {records}"
        return touched

    def _settle_unanswered(self, call, record):
        if record is None:
            self.unanswered["did not happen"] += 1
        else:
            self.unanswered["happened"] += 1
            assert (record["eventName"], record.get("errorCode")) == (call.operation, call.refusal)
            if call.refusal is None:
                made = (record["responseElements"] or {}).get("keyMetadata", {})
                call.apply(made.get("keyId"))
        return [call.touches] if call.touches else []

    def check_some(self, client, touched):
        """What the last calls touched, all aliases, and a sample of the rest."""
        sample = [self.chance.choice(worker.keys) for worker in self.workers if worker.keys]
        for key in {*touched, *sample}:
            key.check(client)
        for worker in self.workers:
            worker.check_aliases(client)
            latest = worker.untried[-1:]
            for sealed in latest:
                if sealed.key.state == "Enabled":
                    sealed.opened_by(client)
                    worker.untried.remove(sealed)

    def check_all(self, client):
        """Every key, and that there are no others."""
        keys = {key.id: key for worker in self.workers for key in worker.keys}
        found = [key["KeyId"] for key in every(client, "ListKeys", "Keys")]
        assert sorted(found) == sorted(keys)
        for key in keys.values():
            key.check(client)

    def decrypt_all(self, client):
        """Every ciphertext that was not decrypted yet, with its key made usable."""
        for worker in self.workers:
            for sealed in worker.untried:
                if sealed.key.state == "PendingDeletion":
                    client.ask("CancelKeyDeletion", KeyId=sealed.key.id)
                    sealed.key.state = "Disabled"
                if sealed.key.state == "Disabled":
                    client.ask("EnableKey", KeyId=sealed.key.id)
                    sealed.key.state = "Enabled"
                sealed.opened_by(client)

    def verify(self):
        """`claviger audit verify`; how many heads in the database the log was compared with."""
        done = servers.run("audit", "verify", "--data-dir", self.home.folder)
        assert done.returncode == 0, done.stdout + done.stderr
        return int(re.search(r"(\d+) anchors hold", done.stdout).group(1))


@pytest.mark.timeout(1200)
def test_killed_under_load(tmp_path, record_property):
    seed = os.environ.get("CLAVIGER_SEED") or str(random.SystemRandom().randrange(10**9))
    print(f"CLAVIGER_SEED={seed}")
    started = time.monotonic()
    ordeal = Ordeal(tmp_path / "data", seed)
    for cycle in range(CYCLES + 1):
        print(f"cycle {cycle} at {time.monotonic() - started:.1f} s")
        if cycle % FULL_CHECK_EVERY == 1:
            ordeal.verify()
        server = ordeal.start()
        touched = ordeal.settle()
        client = Client(ordeal.home, server, ordeal.asked)
        ordeal.check_some(client, touched)
        if cycle == CYCLES:
            break
        if cycle % FULL_CHECK_EVERY == 0:
            ordeal.check_all(client)
        if cycle == CYCLES // 2:
            time.sleep(ANCHORED_SECONDS)
        client.close()
        ordeal.load_and_kill(server)
    ordeal.check_all(client)
    ordeal.decrypt_all(client)
    ordeal.check_all(client)
    client.close()
    assert server.stop() == 0
    ordeal.settle()
    assert ordeal.verify() == 1
    assert ordeal.unanswered["happened"] or servers.QUICK, "no kill ever fell between a change and its answer"
    record_property(
        f"{CYCLES} kills",
        f"{ordeal.calls} calls, {ordeal.trail.records} records, unanswered calls {ordeal.unanswered}, "
        f"slowest start {max(ordeal.start_seconds):.3f} s, {time.monotonic() - started:.0f} s in all",
    )
