"""The JSON protocol: what a body may look like, and what the answers look like."""

import base64
import json
import re
import uuid

import pytest

import wire
from wire import NOT_NULL, validation_clauses

SERIALIZATION = "SerializationException"


@pytest.fixture
def call(dev, account):
    """Calls an operation as a fresh account."""
    return lambda operation, body, **more: wire.call(dev, operation, body, access_key=account, **more)


@pytest.fixture
def key_id(call):
    return call("CreateKey", {}).json["KeyMetadata"]["KeyId"]


class TestAnswers:
    def test_headers(self, call):
        answer = call("ListKeys", {})
        assert answer.status == 200
        assert answer.headers["content-type"] == wire.JSON
        assert uuid.UUID(answer.headers["x-amzn-requestid"])
        assert int(answer.headers["content-length"]) == len(answer.body)
        assert answer.headers["cache-control"] == "no-cache, no-store, must-revalidate, private"
        assert answer.headers["expires"] == "0"
        assert answer.headers["pragma"] == "no-cache"
        assert "x-amz-crc32" not in answer.headers

    def test_error_headers(self, call):
        answer = call("DescribeKey", {"KeyId": "nonsense"})
        assert answer.error == (400, "NotFoundException", "Invalid keyId 'nonsense'")
        assert answer.headers["x-amzn-errortype"] == "NotFoundException"
        assert uuid.UUID(answer.headers["x-amzn-requestid"])
        assert int(answer.headers["content-length"]) == len(answer.body)

    def test_error_without_message(self, call):
        junk = base64.b64encode(b"junk").decode()
        assert call("Decrypt", {"CiphertextBlob": junk}).json == {"__type": "InvalidCiphertextException"}
        assert call("ListKeys", {"Marker": "junk"}).json == {"__type": "InvalidMarkerException"}

    def test_nothing_to_say_is_an_empty_body(self, call, key_id):
        answer = call("EnableKey", {"KeyId": key_id})
        assert (answer.status, answer.body) == (200, b"")
        assert answer.headers["content-length"] == "0"
        assert call("TagResource", {"KeyId": key_id, "Tags": []}).body == b""

    def test_times_are_numbers(self, call):
        created = call("CreateKey", {}).json["KeyMetadata"]["CreationDate"]
        assert isinstance(created, (int, float)) and not isinstance(created, bool)
        assert round(created, 3) == created

    def test_absent_members_are_not_null(self, call, key_id):
        for operation, body in (
            ("DescribeKey", {"KeyId": key_id}),
            ("ListKeys", {}),
            ("ListAliases", {}),
            ("GetKeyRotationStatus", {"KeyId": key_id}),
            ("GetKeyLastUsage", {"KeyId": key_id}),
        ):
            assert b"null" not in call(operation, body).body

    def test_blobs_are_standard_base64(self, call, key_id):
        answer = call("GenerateDataKey", {"KeyId": key_id, "NumberOfBytes": 1024}).json
        for blob in (answer["Plaintext"], answer["CiphertextBlob"]):
            assert len(blob) % 4 == 0
            base64.b64decode(blob, validate=True)


class TestBodies:
    @pytest.mark.parametrize("body", [b"", b"{}", b" \r\n\t{ } \n", b'{"Limit":null,"Marker":null}'])
    def test_nothing_given(self, call, body):
        answer = call("ListKeys", body)
        assert (answer.status, answer.json) == (200, {"Keys": [], "Truncated": False})

    @pytest.mark.parametrize("body", [b"", b"{}", b'{"KeyId":null}', b'{"keyId":"x"}'])
    def test_required_member_missing(self, call, body):
        text = f"1 validation error detected: Value null at 'keyId' failed to satisfy constraint: {NOT_NULL}"
        assert call("DescribeKey", body).error == (400, "ValidationException", text)

    def test_unknown_members_are_ignored(self, call, key_id):
        body = {"KeyId": key_id, "Unknown": {"a": [1, None, {"b": True}]}, "": 0}
        assert call("DescribeKey", body).status == 200

    @pytest.mark.parametrize(
        "body",
        [
            b"{",
            b"}",
            b"nonsense",
            b"null",
            b"[]",
            b'"text"',
            b"5",
            b"{}{}",
            b"{} x",
            b'{"Limit":1,}',
            b"{'Limit':1}",
            b'{"Limit":01}',
            b'{"Limit":NaN}',
            b'{"Limit":1e400}',
            b'{"Marker":"\\x"}',
            b'{"Marker":"\\ud800"}',
            b'{"Marker":"a\nb"}',
            b'{"Limit" 1}',
            b"\xef\xbb\xbf{",
            b"\x00",
        ],
    )
    def test_malformed(self, call, body):
        assert call("ListKeys", body).error[:2] == (400, SERIALIZATION)

    @pytest.mark.parametrize(
        "body",
        [b'{"Marker":"\xff"}', b'{"Marker":"\xc3\x28"}', b'{"Marker":"\xed\xa0\x80"}', b'{"\x80":1}', b"\xfe\xff\x00{"],
    )
    def test_not_utf8(self, call, body):
        assert call("ListKeys", body).error[:2] == (400, SERIALIZATION)

    @pytest.mark.parametrize(
        "operation, body",
        [
            ("ListKeys", {"Limit": "1"}),
            ("ListKeys", {"Limit": True}),
            ("ListKeys", {"Limit": [1]}),
            ("ListKeys", {"Marker": 1}),
            ("ListKeys", {"ResourceOwners": "SELF"}),
            ("DescribeKey", {"KeyId": 5}),
            ("DescribeKey", {"KeyId": ["x"]}),
            ("DescribeKey", {"KeyId": {}}),
            ("DescribeKey", {"KeyId": "x", "GrantTokens": {}}),
            ("Encrypt", {"KeyId": "x", "Plaintext": 5}),
            ("Encrypt", {"KeyId": "x", "Plaintext": "eA==", "EncryptionContext": "a=b"}),
            ("Encrypt", {"KeyId": "x", "Plaintext": "eA==", "EncryptionContext": ["a"]}),
            ("Encrypt", {"KeyId": "x", "Plaintext": "eA==", "EncryptionContext": {"a": 1}}),
            ("Encrypt", {"KeyId": "x", "Plaintext": "eA==", "DryRun": "maybe"}),
            ("TagResource", {"KeyId": "x", "Tags": [1]}),
            ("TagResource", {"KeyId": "x", "Tags": {"TagKey": "a"}}),
            ("CreateKey", {"MultiRegion": 1}),
            ("CreateKey", {"Policy": {"Version": "2012-10-17"}}),
        ],
    )
    def test_wrong_type(self, call, operation, body):
        assert call(operation, body).error[:2] == (400, SERIALIZATION)

    @pytest.mark.parametrize("text", ["=", "e", "eA", "eA=", "eA===", "e A=", "eA==\n", "-_==", "e\u00e4==", "!!!!"])
    def test_not_base64(self, call, key_id, text):
        assert call("Encrypt", {"KeyId": key_id, "Plaintext": text}).error[:2] == (400, SERIALIZATION)

    def test_numbers_are_cut_to_32_bit_integers(self, call):
        answer = call("GenerateRandom", {"NumberOfBytes": 8.9})
        assert len(base64.b64decode(answer.json["Plaintext"])) == 8
        _, code, message = call("ListKeys", {"Limit": 10**30}).error
        assert code == "ValidationException"
        assert message.startswith("1 validation error detected: Value '2147483647' at 'limit'")

    def test_deep(self, call):
        depth = 20_000  # below the limit of a body, far above any stack
        for body in (
            b"[" * depth,
            b'{"a":' * depth,
            b'{"Unknown":' + b"[" * depth + b"]" * depth + b"}",
            b'{"EncryptionContext":' * depth + b"{}" + b"}" * depth,
        ):
            assert call("ListKeys", body).error[:2] == (400, SERIALIZATION)
        assert call("ListKeys", {}).status == 200

    def test_of_two_members_with_one_name_the_last_counts(self, call, key_id):
        answer = call("GenerateRandom", b'{"NumberOfBytes":8,"NumberOfBytes":16}')
        assert len(base64.b64decode(answer.json["Plaintext"])) == 16
        body = f'{{"KeyId":"{key_id}","Plaintext":"eA==","EncryptionContext":{{"a":"1","a":"2"}}}}'.encode()
        blob = call("Encrypt", body).json["CiphertextBlob"]
        assert call("Decrypt", {"CiphertextBlob": blob, "EncryptionContext": {"a": "2"}}).status == 200
        assert call("Decrypt", {"CiphertextBlob": blob, "EncryptionContext": {"a": "1"}}).status == 400

    def test_escapes_mean_what_they_spell(self, call, key_id):
        spelled = f'{{"K\\u0065yId":"{key_id}","Description":"\\ud83d\\udd11\\/\\u0041"}}'.encode()
        assert call("UpdateKeyDescription", spelled).status == 200
        described = call("DescribeKey", {"KeyId": key_id}).json["KeyMetadata"]["Description"]
        assert described == "\U0001f511/A"

    def test_a_null_inside_a_list_or_map(self, call, key_id):
        for body in (
            {"KeyId": key_id, "Plaintext": "eA==", "EncryptionContext": {"a": None}},
            {"KeyId": key_id, "Plaintext": "eA==", "GrantTokens": [None]},
        ):
            assert call("Encrypt", body).error[0] == 400


class TestRouting:
    @pytest.mark.parametrize(
        "target",
        [
            "TrentService.Nonsense",
            "TrentService.encrypt",
            "TrentService.",
            "TrentService",
            "Encrypt",
            "OtherService.Encrypt",
            "TrentService.ListKeys.More",
        ],
    )
    def test_unknown_operation(self, dev, account, target):
        headers = {"Content-Type": wire.JSON, "X-Amz-Target": target}
        answer = wire.post(dev, b"{}", headers=headers, access_key=account)
        assert answer.error[:2] == (400, "UnknownOperationException")

    @pytest.mark.parametrize(
        "content_type", ["application/x-amz-json-1.1", "application/x-amz-json-1.1; charset=utf-8"]
    )
    def test_content_type(self, dev, account, content_type):
        headers = {"Content-Type": content_type, "X-Amz-Target": "TrentService.ListKeys"}
        assert wire.post(dev, b"{}", headers=headers, access_key=account).status == 200

    @pytest.mark.parametrize("content_type", [None, "", "text/xml", "application/cbor", "nonsense"])
    def test_other_content_types(self, dev, account, content_type):
        headers = {"X-Amz-Target": "TrentService.ListKeys"}
        if content_type is not None:
            headers["Content-Type"] = content_type
        status, code, _ = wire.post(dev, b"{}", headers=headers, access_key=account).error
        assert status == 400
        assert code in {"UnknownOperationException", SERIALIZATION}

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
    def test_other_methods(self, dev, account, method):
        answer = wire.post(dev, b"", headers=wire.operation_headers("ListKeys"), method=method, access_key=account)
        assert 400 <= answer.status < 500

    def test_other_paths(self, dev, account):
        answer = wire.post(
            dev, b"{}", headers=wire.operation_headers("ListKeys"), path="/nowhere/at/all", access_key=account
        )
        assert 400 <= answer.status < 500


class TestValidation:
    def test_all_missing_members_are_named(self, call):
        status, code, message = call("CreateAlias", {}).error
        assert (status, code) == (400, "ValidationException")
        assert validation_clauses(message) == {
            f"Value null at 'aliasName' failed to satisfy constraint: {NOT_NULL}",
            f"Value null at 'targetKeyId' failed to satisfy constraint: {NOT_NULL}",
        }

    def test_a_missing_blob(self, call):
        _, code, message = call("Encrypt", {}).error
        assert code == "ValidationException"
        assert {re.sub("^Value( null)? at", "Value at", clause) for clause in validation_clauses(message)} == {
            f"Value at 'keyId' failed to satisfy constraint: {NOT_NULL}",
            f"Value at 'plaintext' failed to satisfy constraint: {NOT_NULL}",
        }

    def test_different_constraints_in_one_answer(self, call):
        body = {
            "KeyId": "",
            "NumberOfBytes": 1025,
            "KeySpec": "AES_512",
            "EncryptionContext": {"a": "b"},
        }
        _, code, message = call("GenerateDataKey", body).error
        assert code == "ValidationException"
        clauses = validation_clauses(message)
        (enum,) = (clause for clause in clauses if "enum" in clause)
        assert clauses - {enum} == {
            "Value '' at 'keyId' failed to satisfy constraint: Member must have length greater than or equal to 1",
            "Value '1025' at 'numberOfBytes' failed to satisfy constraint: "
            "Member must have value less than or equal to 1024",
        }
        found = re.fullmatch(
            r"Value 'AES_512' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: \[(.*)\]",
            enum,
        )
        assert set(found[1].split(", ")) == {"AES_256", "AES_128"}

    def test_key_id_too_long(self, call):
        long = "k" * 2049
        text = (
            f"1 validation error detected: Value '{long}' at 'keyId' failed to satisfy constraint: "
            "Member must have length less than or equal to 2048"
        )
        assert call("DescribeKey", {"KeyId": long}).error == (400, "ValidationException", text)

    def test_members_of_lists_are_counted_from_one(self, call, key_id):
        tags = [{"TagKey": "", "TagValue": "x"}, {"TagKey": "fine", "TagValue": "x"}, {"TagKey": "k" * 129}]
        _, code, message = call("TagResource", {"KeyId": key_id, "Tags": tags}).error
        assert code == "ValidationException"
        assert validation_clauses(message) == {
            "Value '' at 'tags.1.member.tagKey' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1",
            f"Value '{'k' * 129}' at 'tags.3.member.tagKey' failed to satisfy constraint: "
            "Member must have length less than or equal to 128",
            f"Value null at 'tags.3.member.tagValue' failed to satisfy constraint: {NOT_NULL}",
        }

    def test_too_many_grant_tokens(self, call, key_id):
        _, code, message = call("DescribeKey", {"KeyId": key_id, "GrantTokens": ["t"] * 11}).error
        assert code == "ValidationException"
        (clause,) = validation_clauses(message)
        assert "at 'grantTokens' failed to satisfy constraint: " in clause
        assert "Member must have length less than or equal to 10" in clause

    def test_policy_characters(self, call, key_id):
        _, code, message = call("PutKeyPolicy", {"KeyId": key_id, "Policy": "\u20ac"}).error
        assert code == "ValidationException"
        assert "at 'policy' failed to satisfy constraint: Member must satisfy regular expression pattern: " in message

    def test_secrets_are_not_repeated(self, call, key_id):
        secret = base64.b64encode(b"hunter2" * 1000).decode()
        answer = call("Encrypt", {"KeyId": key_id, "Plaintext": secret})
        assert answer.error[1] == "ValidationException"
        assert b"hunter2" not in answer.body and secret[:40].encode() not in answer.body

    def test_the_whole_request_is_checked_before_anything_is_looked_up(self, call):
        body = json.dumps({"KeyId": "nonsense", "Plaintext": ""}).encode()
        assert call("Encrypt", body).error[1] == "ValidationException"
