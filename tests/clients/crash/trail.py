"""Reads the audit log as it grows."""

import json


class Trail:
    """Reads what was added since the last time; the server must be at rest meanwhile."""

    def __init__(self, folder):
        self._folder = folder / "audit"
        self._read = {}
        self._sequence = 0
        self._hash = None
        self._request_ids = set()
        self.records = 0

    def added(self):
        """The new records by user agent. No request may be on record twice, no link of the chain missing."""
        by_agent = {}
        for path in sorted(self._folder.glob("audit-*.jsonl")):
            with open(path, "rb") as file:
                file.seek(self._read.get(path, 0))
                content = file.read()
            self._read[path] = self._read.get(path, 0) + len(content)
            assert not content or content.endswith(b"\n"), f"{path} ends in half a line after recovery"
            for line in content.splitlines():
                self._take(json.loads(line), by_agent)
        return by_agent

    def _take(self, line, by_agent):
        if "claviger_audit_log" in line:
            return
        assert line["seq"] == self._sequence + 1
        assert self._hash in (None, line["prev"]), line
        self._sequence, self._hash = line["seq"], line["hash"]
        self.records += 1
        record = line["record"]
        if request_id := record.get("requestID"):
            assert request_id not in self._request_ids, f"on record twice: {record}"
            self._request_ids.add(request_id)
        if agent := record.get("userAgent"):
            assert agent not in by_agent, f"one call, two records: {record}"
            by_agent[agent] = record
