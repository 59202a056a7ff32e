"""STS GetCallerIdentity, the call every client uses to ask who it is."""

import re

import pytest

import aws
import wire
from aws import refused


def identity(client):
    answer = client.get_caller_identity()
    answer.pop("ResponseMetadata")
    return answer


def root(account):
    return {"UserId": account, "Account": account, "Arn": f"arn:aws:iam::{account}:root"}


def test_the_access_key_picks_the_account(dev, account):
    assert identity(aws.client(dev, account, service="sts")) == root(account)


def test_the_default_account(dev):
    assert identity(aws.client(dev, "AKIAIOSFODNN7EXAMPLE", service="sts")) == root("0" * 12)


@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-west-1", "ap-southeast-7"])
def test_every_region(dev, account, region):
    assert identity(aws.client(dev, account, service="sts", region=region))["Account"] == account


def test_the_first_administrator(served, home):
    found = identity(aws.client(served, home.access_key, home.secret_key, service="sts"))
    assert found["Account"] == "111122223333"
    assert re.fullmatch(r"arn:aws:iam::111122223333:(root|user/.+)", found["Arn"])
    # Tools read the account out of the access key id.
    assert account_in(home.access_key) == "111122223333"


def account_in(access_key):
    """The account that an access key id encodes."""
    import base64

    assert re.fullmatch("AKIA[A-Z2-7]{16}", access_key)
    number = int.from_bytes(base64.b32decode(access_key[4:])[:6], "big")
    return f"{(number & 0x7FFFFFFFFF80) >> 7:012d}"


def test_wrong_secret(served, home):
    sts = aws.client(served, home.access_key, "wrong", service="sts")
    with refused("SignatureDoesNotMatch", wire.MISMATCH, status=403):
        sts.get_caller_identity()


def test_unknown_key(served):
    sts = aws.client(served, "AKIAIOSFODNN7EXAMPLE", service="sts")
    with refused("InvalidClientTokenId", "The security token included in the request is invalid.", status=403):
        sts.get_caller_identity()


QUERY = b"Action=GetCallerIdentity&Version=2011-06-15"


def query(server, body, **signing):
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    return wire.post(server, body, headers=headers, service="sts", **signing)


def test_the_answer_is_xml(dev, account):
    answer = query(dev, QUERY, access_key=account)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/xml")
    element = wire.xml(answer.body)
    assert element.tag == "{https://sts.amazonaws.com/doc/2011-06-15/}GetCallerIdentityResponse"
    request_id = element.find(".//{*}RequestId").text
    assert request_id == answer.headers["x-amzn-requestid"]


def test_unsigned(dev):
    answer = query(dev, QUERY, access_key=None)
    assert answer.status == 403
    error = wire.xml(answer.body)
    assert error.find(".//{*}Code").text == "MissingAuthenticationToken"


def test_unknown_action(dev, account):
    answer = query(dev, b"Action=Nonsense&Version=2011-06-15", access_key=account)
    assert answer.status == 400
    assert wire.xml(answer.body).find(".//{*}Code").text == "InvalidAction"


def test_get_equals_post(dev, account):
    answer = wire.post(dev, b"", method="GET", path="/?" + QUERY.decode(), service="sts", access_key=account)
    assert answer.status == 200
    assert wire.xml(answer.body).find(".//{*}Account").text == account
