"""Calls on a keep-alive connection, and a worker that makes them one after the other until the server is gone."""

import base64
import dataclasses
import http.client
import itertools
import json
import os
from collections.abc import Callable

import botocore.auth
import botocore.awsrequest
import botocore.credentials

from aws import REGION
from crash.model import Key, policy
from wire import operation_headers

GONE = (OSError, http.client.HTTPException)

ALIASES = 4
TAGS = 4
ACTIVE_KEYS = 3


# Tells calls apart in the audit log, even those whose request id never came back.
_NUMBERS = itertools.count()


@dataclasses.dataclass(eq=False)
class Call:
    """One call. `apply` does to the model what success did to the server, given the new key's id if there is one."""

    operation: str
    body: dict
    touches: Key | None = None
    apply: Callable[[str | None], None] = lambda key_id: None
    refusal: str | None = None
    agent: str = dataclasses.field(default_factory=lambda: f"crash-test/{next(_NUMBERS)}")
    request_id: str | None = None
    error: str | None = None
    answer: dict | None = None


class Client:
    """One connection; every call goes into `journal`. Not to be shared by threads."""

    def __init__(self, home, server, journal):
        self._url = server.url + "/"
        credentials = botocore.credentials.Credentials(home.access_key, home.secret_key)
        self._signer = botocore.auth.SigV4Auth(credentials, "kms", REGION)
        self._connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
        self._journal = journal

    def send(self, call):
        """Makes the call; one of `GONE` when no whole answer came."""
        self._journal.append(call)
        body = json.dumps(call.body).encode()
        headers = operation_headers(call.operation)
        # wire.sign() replaces botocore's clock for a moment, which threads must not do to each other.
        request = botocore.awsrequest.AWSRequest(method="POST", url=self._url, data=body, headers=headers)
        self._signer.add_auth(request)
        headers = {**dict(request.headers.items()), "User-Agent": call.agent}
        self._connection.request("POST", "/", body=body, headers=headers)
        answer = self._connection.getresponse()
        content = answer.read()
        parsed = json.loads(content) if content else {}
        call.request_id = answer.headers["x-amzn-RequestId"]
        if answer.status == 200:
            call.answer = parsed
        else:
            call.error = parsed["__type"]
        assert call.error == call.refusal, (call, answer.status, parsed)
        return call

    def ask(self, operation, refusal=None, **body):
        """The answer to a call that changes nothing."""
        return self.send(Call(operation, body, refusal=refusal)).answer

    def close(self):
        self._connection.close()


def every(client, operation, member):
    """All entries of a list."""
    marker = {}
    while True:
        answer = client.ask(operation, **marker)
        yield from answer[member]
        if not answer["Truncated"]:
            return
        marker = {"Marker": answer["NextMarker"]}


@dataclasses.dataclass(eq=False)
class Sealed:
    """An acknowledged ciphertext."""

    key: Key
    context: dict
    plaintext: bytes
    blob: str

    def opened_by(self, client):
        """Decrypts it; what that says is checked."""
        answer = client.ask("Decrypt", CiphertextBlob=self.blob, EncryptionContext=self.context)
        assert base64.b64decode(answer["Plaintext"]) == self.plaintext, self
        assert answer["KeyId"].endswith(self.key.id)


class Worker:
    """Owns some keys and aliases: nobody else changes them, so their state is what its calls made of them."""

    def __init__(self, number, home, chance):
        self._home = home
        self._name = f"worker-{number}"
        self._prefix = f"alias/worker-{number}-"
        self._chance = chance
        self._count = 0
        self.journal = []
        self.keys = []
        self.aliases = {}
        self.untried = []

    def run(self, server):
        """Calls until the server is gone."""
        client = Client(self._home, server, self.journal)
        try:
            while True:
                call = self._next()
                try:
                    client.send(call)
                except GONE:
                    return
                if call.error is None:
                    call.apply(call.answer.get("KeyMetadata", {}).get("KeyId"))
        finally:
            client.close()

    def check_aliases(self, client):
        """Each alias of this worker is there and points where it should."""
        found = {
            alias["AliasName"]: alias["TargetKeyId"]
            for alias in every(client, "ListAliases", "Aliases")
            if alias["AliasName"].startswith(self._prefix)
        }
        assert found == {name: key.id for name, key in self.aliases.items()}

    def _token(self):
        self._count += 1
        return f"{self._name} {self._count}"

    def _next(self):
        active = self.keys[-ACTIVE_KEYS:]
        if len(active) < ACTIVE_KEYS or self._chance.random() < 0.01:
            return self._create_key()
        key = self._chance.choice(active)
        if key.state == "PendingDeletion":
            return self._chance.choice([self._cancel_deletion, self._encrypt])(key)
        plans = [
            self._create_alias,
            self._update_alias,
            self._delete_alias,
            self._tag,
            self._describe,
            self._put_policy,
            self._switch,
            self._encrypt,
            self._encrypt,
            self._decrypt,
        ]
        if key.state == "Enabled":
            plans.append(self._enable_rotation)
        if self._chance.random() < 0.3:
            plans.append(self._schedule_deletion)
        return self._chance.choice(plans)(key)

    def _create_key(self):
        token = self._token()
        tags = {f"tag-{self._chance.randrange(TAGS)}": token}
        body = {
            "Description": token,
            "Tags": [{"TagKey": name, "TagValue": value} for name, value in tags.items()],
            "Policy": policy(token),
        }
        return Call(
            "CreateKey",
            body,
            apply=lambda key_id: self.keys.append(Key(key_id, description=token, tags=tags, policy=token)),
        )

    def _create_alias(self, key):
        free = [name for number in range(ALIASES) if (name := f"{self._prefix}{number}") not in self.aliases]
        if not free:
            return self._delete_alias(key)
        name = self._chance.choice(free)
        return Call(
            "CreateAlias", {"AliasName": name, "TargetKeyId": key.id}, key, lambda _: self.aliases.update({name: key})
        )

    def _update_alias(self, key):
        if not self.aliases:
            return self._create_alias(key)
        name = self._chance.choice(sorted(self.aliases))
        return Call(
            "UpdateAlias", {"AliasName": name, "TargetKeyId": key.id}, key, lambda _: self.aliases.update({name: key})
        )

    def _delete_alias(self, key):
        if not self.aliases:
            return self._create_alias(key)
        name = self._chance.choice(sorted(self.aliases))
        return Call("DeleteAlias", {"AliasName": name}, key, lambda _: self.aliases.pop(name))

    def _tag(self, key):
        tags = {f"tag-{number}": self._token() for number in self._chance.sample(range(TAGS), 2)}
        body = {"KeyId": key.id, "Tags": [{"TagKey": name, "TagValue": value} for name, value in tags.items()]}
        return Call("TagResource", body, key, lambda _: key.tags.update(tags))

    def _describe(self, key):
        token = self._token()
        body = {"KeyId": key.id, "Description": token}
        return Call("UpdateKeyDescription", body, key, lambda _: setattr(key, "description", token))

    def _put_policy(self, key):
        token = self._token()
        body = {"KeyId": key.id, "PolicyName": "default", "Policy": policy(token)}
        return Call("PutKeyPolicy", body, key, lambda _: setattr(key, "policy", token))

    def _switch(self, key):
        operation, state = ("DisableKey", "Disabled") if key.state == "Enabled" else ("EnableKey", "Enabled")
        return Call(operation, {"KeyId": key.id}, key, lambda _: setattr(key, "state", state))

    def _schedule_deletion(self, key):
        body = {"KeyId": key.id, "PendingWindowInDays": self._chance.randint(7, 30)}
        return Call("ScheduleKeyDeletion", body, key, lambda _: setattr(key, "state", "PendingDeletion"))

    def _cancel_deletion(self, key):
        return Call("CancelKeyDeletion", {"KeyId": key.id}, key, lambda _: setattr(key, "state", "Disabled"))

    def _enable_rotation(self, key):
        days = self._chance.randint(90, 2560)
        body = {"KeyId": key.id, "RotationPeriodInDays": days}
        return Call("EnableKeyRotation", body, key, lambda _: setattr(key, "rotation", days))

    def _encrypt(self, key):
        plaintext = os.urandom(self._chance.randint(1, 200))
        context = {"for": self._token()}
        body = {
            "KeyId": key.id,
            "Plaintext": base64.b64encode(plaintext).decode(),
            "EncryptionContext": context,
        }
        call = Call("Encrypt", body, refusal=key.refusal)
        call.apply = lambda _: (
            call.answer and self.untried.append(Sealed(key, context, plaintext, call.answer["CiphertextBlob"]))
        )
        return call

    def _decrypt(self, key):
        usable = [position for position, sealed in enumerate(self.untried[:50]) if sealed.key.state == "Enabled"]
        if not usable:
            return self._encrypt(key)
        position = self._chance.choice(usable)
        sealed = self.untried[position]
        call = Call("Decrypt", {"CiphertextBlob": sealed.blob, "EncryptionContext": sealed.context})

        def opened(_):
            if call.answer:
                assert base64.b64decode(call.answer["Plaintext"]) == sealed.plaintext, sealed
                self.untried.remove(sealed)

        call.apply = opened
        return call
