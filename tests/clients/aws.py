"""boto3 clients, and what to expect of the errors they raise."""

import contextlib
import itertools
import random

import boto3
import botocore.config
import botocore.exceptions
import pytest

REGION = "us-east-1"

# One session: it parses the service models once.
_SESSION = boto3.session.Session(aws_access_key_id="unused", aws_secret_access_key="unused", region_name=REGION)

# Tests in one process share a server, so each takes an account of its own: lists start empty.
_ACCOUNTS = (f"{number:012d}" for number in itertools.count(random.randrange(10**11, 9 * 10**11)))


def fresh_account():
    """A 12-digit account id that nobody has used."""
    return next(_ACCOUNTS)


def client(
    server, access_key, secret_key="any", token=None, *, service="kms", region=REGION, checked=False, **config
):
    """A client for `server`. Unless `checked`, botocore sends what it would refuse itself."""
    return _SESSION.client(
        service,
        region_name=region,
        endpoint_url=server.url,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        aws_session_token=token,
        config=botocore.config.Config(
            retries={"max_attempts": 1, "mode": "standard"},
            parameter_validation=checked,
            connect_timeout=5,
            read_timeout=30,
            **config,
        ),
    )


@contextlib.contextmanager
def refused(code, message="", *, status=400):
    """The block must end in exactly this error. No message means the answer carries none.

    A compiled pattern as message has to match all of it; `...` leaves it open.
    """
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        yield
    answer = caught.value.response
    error = answer["Error"]
    assert error["Code"] == code, error
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
    found = error.get("Message", "")
    if hasattr(message, "fullmatch"):
        assert message.fullmatch(found), found
    elif message is not ...:
        assert found == message


def key_arn(account, key_id, region=REGION):
    """The ARN of a key."""
    return f"arn:aws:kms:{region}:{account}:key/{key_id}"


def alias_arn(account, name, region=REGION):
    """The ARN of an alias; `name` includes its prefix."""
    return f"arn:aws:kms:{region}:{account}:{name}"


def pages(call, result, **arguments):
    """All pages of a list operation; checks that the marker comes exactly with `Truncated`."""
    marker = {}
    while True:
        answer = call(**arguments, **marker)
        assert answer["Truncated"] is ("NextMarker" in answer)
        yield answer[result]
        if not answer["Truncated"]:
            return
        marker = {"Marker": answer["NextMarker"]}
