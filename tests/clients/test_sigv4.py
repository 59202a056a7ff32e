"""Every way a signature can be wrong, made by the real signer and then damaged."""

import datetime
import json
import re

import pytest

import aws
import wire

BODY = b'{"Limit":1}'
INCOMPLETE = "IncompleteSignatureException"
INVALID = "InvalidSignatureException"
UNKNOWN = "UnrecognizedClientException"
NO_TOKEN = "The security token included in the request is invalid."
DAY_IN_SCOPE = re.compile(r"/(\d{8})/")


@pytest.fixture
def headers(served, home):
    """A correctly signed ListKeys."""
    return wire.signed(served, "ListKeys", BODY, access_key=home.access_key, secret_key=home.secret_key)


def send(server, headers, body=BODY):
    return wire.post(server, body, headers=headers)


def resigned(served, home, **signing):
    """A ListKeys signed in some other way."""
    return wire.signed(
        served, "ListKeys", BODY, **{"access_key": home.access_key, "secret_key": home.secret_key, **signing}
    )


def test_correct(served, headers):
    assert send(served, headers).status == 200


def test_no_credentials(served):
    answer = send(served, wire.operation_headers("ListKeys"))
    assert answer.error == (400, "MissingAuthenticationTokenException", "Missing Authentication Token")


def test_unknown_operation_comes_first(served):
    answer = send(served, wire.operation_headers("Nonsense"))
    assert answer.error[:2] == (400, "UnknownOperationException")


class TestHeaderForm:
    MISSING = {
        "Credential": "Authorization header requires 'Credential' parameter. ",
        "Signature": "Authorization header requires 'Signature' parameter. ",
        "SignedHeaders": "Authorization header requires 'SignedHeaders' parameter. ",
    }
    NO_DATE = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "

    @pytest.mark.parametrize(
        "gone", [["Credential"], ["Signature"], ["SignedHeaders"], ["Credential", "Signature", "SignedHeaders"]]
    )
    def test_missing_parameters(self, served, headers, gone):
        algorithm, _, parameters = headers["Authorization"].partition(" ")
        kept = [part for part in parameters.split(", ") if part.partition("=")[0] not in gone]
        text = f"{algorithm} {', '.join(kept) or 'Nothing=here'}"
        headers["Authorization"] = text
        expected = "".join(self.MISSING[name] for name in self.MISSING if name in gone) + f"Authorization={text}"
        assert send(served, headers).error == (400, INCOMPLETE, expected)

    def test_missing_date(self, served, headers):
        del headers["X-Amz-Date"]
        expected = self.NO_DATE + f"Authorization={headers['Authorization']}"
        assert send(served, headers).error == (400, INCOMPLETE, expected)

    def test_everything_missing(self, served, headers):
        del headers["X-Amz-Date"]
        headers["Authorization"] = "AWS4-HMAC-SHA256 Nothing=here"
        expected = "".join(self.MISSING.values()) + self.NO_DATE + "Authorization=AWS4-HMAC-SHA256 Nothing=here"
        assert send(served, headers).error == (400, INCOMPLETE, expected)

    def test_a_part_without_equal_sign(self, served, headers):
        headers["Authorization"] += ", junk"
        text = headers["Authorization"]
        expected = f"'junk' not a valid key=value pair (missing equal-sign) in Authorization header: '{text}'."
        assert send(served, headers).error == (400, INCOMPLETE, expected)

    @pytest.mark.parametrize("date", ["201", "20130609", "2013-06-09T09:52:04Z", "nonsense", "20131309T095204Z"])
    def test_date_form(self, served, headers, date):
        headers["X-Amz-Date"] = date
        expected = f"Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
        assert send(served, headers).error == (400, INCOMPLETE, expected)

    @pytest.mark.parametrize("algorithm", ["AWS4-HMAC-SHA512", "AWS4-ECDSA-P256-SHA256", "aws4-hmac-sha256"])
    def test_algorithm(self, served, headers, algorithm):
        headers["Authorization"] = headers["Authorization"].replace("AWS4-HMAC-SHA256", algorithm)
        expected = f"Unsupported AWS 'algorithm': '{algorithm}' (only AWS4-HMAC-SHA256 for now). "
        assert send(served, headers).error == (400, INCOMPLETE, expected)

    @pytest.mark.parametrize("credential", ["{key}", "{key}/20260101/us-east-1/kms", "{key}/a/b/c/d/aws4_request"])
    def test_credential_parts(self, served, home, headers, credential):
        credential = credential.format(key=home.access_key)
        headers["Authorization"] = re.sub("Credential=[^,]+", f"Credential={credential}", headers["Authorization"])
        expected = (
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
            f"got '{credential}'"
        )
        assert send(served, headers).error == (400, INCOMPLETE, expected)

    def test_host_not_signed(self, served, headers):
        headers["Authorization"] = headers["Authorization"].replace("host;", "")
        expected = "'Host' must be a 'SignedHeader' in the AWS Authorization."
        assert send(served, headers).error == (400, INVALID, expected)

    def test_separators_without_blanks(self, served, headers):
        headers["Authorization"] = headers["Authorization"].replace(", ", ",")
        assert send(served, headers).status == 200

    @pytest.mark.parametrize("text", ["", "AWS4-HMAC-SHA256", "Bearer abc", "Basic dTpw", "=", ",,,", "\u00ff" * 100])
    def test_other_headers(self, served, headers, text):
        headers["Authorization"] = text.encode("latin-1")
        status, code, _ = send(served, headers).error
        assert status == 400
        assert code in {INCOMPLETE, "MissingAuthenticationTokenException"}


class TestScope:
    SERVICE = "Credential should be scoped to correct service: 'kms'. "
    TERMINATOR = "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. "
    REGION = "Credential should be scoped to a valid region. "

    @staticmethod
    def date(headers, scope_date):
        stamp = headers["X-Amz-Date"]
        return (
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{scope_date}' != '{stamp[:8]}', from '{stamp}'."
        )

    def test_service(self, served, home):
        headers = resigned(served, home, service="s3")
        # Faults of the scope are told before the signature is looked at.
        assert send(served, headers).error == (400, INVALID, self.SERVICE)

    def test_terminator(self, served, headers):
        headers["Authorization"] = headers["Authorization"].replace("aws4_request", "aws5_request")
        assert send(served, headers).error == (400, INVALID, self.TERMINATOR)

    def test_date(self, served, headers):
        headers["Authorization"] = DAY_IN_SCOPE.sub("/20130608/", headers["Authorization"])
        assert send(served, headers).error == (400, INVALID, self.date(headers, "20130608"))

    def test_region(self, served, headers):
        headers["Authorization"] = headers["Authorization"].replace("/us-east-1/", "//")
        assert send(served, headers).error == (400, INVALID, self.REGION)

    def test_all_faults_together(self, served, headers):
        text = headers["Authorization"].replace("/kms/aws4_request", "/sqs/aws5_request")
        headers["Authorization"] = DAY_IN_SCOPE.sub("/20130608/", text)
        expected = self.SERVICE + self.TERMINATOR + self.date(headers, "20130608")
        assert send(served, headers).error == (400, INVALID, expected)

    def test_scope_comes_before_the_key(self, served, home):
        headers = resigned(served, home, service="s3", access_key="AKIAIOSFODNN7EXAMPLE")
        assert send(served, headers).error == (400, INVALID, self.SERVICE)


STAMP = r"\d{8}T\d{6}Z"


def seconds_between(earlier, later):
    first, second = (datetime.datetime.strptime(text, "%Y%m%dT%H%M%SZ") for text in (earlier, later))
    return (second - first).total_seconds()


class TestClock:
    @pytest.mark.parametrize("minutes", [-14, 14])
    def test_within_a_quarter_of_an_hour(self, served, home, minutes):
        assert send(served, resigned(served, home, moved_seconds=minutes * 60)).status == 200

    @pytest.mark.parametrize("minutes", [16, 60 * 24 * 400])
    def test_expired(self, served, home, minutes):
        headers = resigned(served, home, moved_seconds=-minutes * 60)
        status, code, message = send(served, headers).error
        assert (status, code) == (400, INVALID)
        found = re.fullmatch(
            rf"Signature expired: ({STAMP}) is now earlier than ({STAMP}) \(({STAMP}) - 15 min\.\)", message
        )
        assert found, message
        assert found[1] == headers["X-Amz-Date"]
        assert seconds_between(found[2], found[3]) == 900

    @pytest.mark.parametrize("minutes", [16, 60 * 24 * 400])
    def test_not_yet(self, served, home, minutes):
        headers = resigned(served, home, moved_seconds=minutes * 60)
        status, code, message = send(served, headers).error
        assert (status, code) == (400, INVALID)
        found = re.fullmatch(
            rf"Signature not yet current: ({STAMP}) is still later than ({STAMP}) \(({STAMP}) \+ 15 min\.\)", message
        )
        assert found, message
        assert found[1] == headers["X-Amz-Date"]
        assert seconds_between(found[3], found[2]) == 900

    def test_a_captured_request_works_again_only_within_the_window(self, served, home, headers):
        assert [send(served, headers).status for _ in range(2)] == [200, 200]
        captured = resigned(served, home, moved_seconds=-901)
        assert send(served, captured).error[:2] == (400, INVALID)
        # Its date cannot be refreshed without the secret.
        captured["X-Amz-Date"] = headers["X-Amz-Date"]
        assert send(served, captured).error == (400, INVALID, wire.MISMATCH)


class TestCredentials:
    def test_unknown_key(self, served, home):
        answer = send(served, resigned(served, home, access_key="AKIAIOSFODNN7EXAMPLE"))
        assert answer.error == (400, UNKNOWN, NO_TOKEN)

    @pytest.mark.parametrize("key", ["111122223333", "0" * 12])
    def test_an_account_is_no_key_here(self, served, home, key):
        assert send(served, resigned(served, home, access_key=key)).error == (400, UNKNOWN, NO_TOKEN)

    @pytest.mark.parametrize("token", [None, "nonsense"])
    def test_temporary_key_without_its_token(self, served, home, token):
        answer = send(served, resigned(served, home, access_key="ASIAIOSFODNN7EXAMPLE", token=token))
        assert answer.error == (400, UNKNOWN, NO_TOKEN)

    def test_wrong_secret(self, served, home):
        assert send(served, resigned(served, home, secret_key="x" * 40)).error == (400, INVALID, wire.MISMATCH)

    def test_case_of_the_key_matters(self, served, home):
        answer = send(served, resigned(served, home, access_key=home.access_key.lower()))
        assert answer.error == (400, UNKNOWN, NO_TOKEN)


class TestSignature:
    def test_changed_body(self, served, headers):
        assert send(served, headers, b'{"Limit":2}').error == (400, INVALID, wire.MISMATCH)

    def test_changed_target(self, served, headers):
        headers["X-Amz-Target"] = "TrentService.ListAliases"
        assert send(served, headers).error == (400, INVALID, wire.MISMATCH)

    def test_changed_path(self, served, headers):
        answer = wire.post(served, BODY, headers=headers, path="/?a=b")
        assert answer.error == (400, INVALID, wire.MISMATCH)

    @pytest.mark.parametrize("position", [0, 1, 31, 63])
    def test_one_digit(self, served, headers, position):
        start = headers["Authorization"].index("Signature=") + len("Signature=") + position
        text = headers["Authorization"]
        digit = "0" if text[start] != "0" else "1"
        headers["Authorization"] = text[:start] + digit + text[start + 1 :]
        assert send(served, headers).error == (400, INVALID, wire.MISMATCH)

    @pytest.mark.parametrize("change", [lambda s: s[:-1], lambda s: s + "0", lambda s: "", str.upper])
    def test_form(self, served, headers, change):
        head, _, signature = headers["Authorization"].rpartition("Signature=")
        headers["Authorization"] = f"{head}Signature={change(signature)}"
        status, code, _ = send(served, headers).error
        assert status == 400
        assert code in {INVALID, INCOMPLETE}

    def test_another_region_in_the_scope(self, served, headers):
        headers["Authorization"] = headers["Authorization"].replace("/us-east-1/", "/us-east-2/")
        assert send(served, headers).error == (400, INVALID, wire.MISMATCH)

    def test_body_hash_that_is_not_the_bodys(self, served, home):
        for claimed in ("UNSIGNED-PAYLOAD", "0" * 64, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"):
            headers = wire.sign(
                served.url + "/",
                BODY,
                access_key=home.access_key,
                secret_key=home.secret_key,
                headers={**wire.operation_headers("ListKeys"), "X-Amz-Content-SHA256": claimed},
            )
            assert send(served, headers).error == (400, INVALID, wire.MISMATCH)

    def test_blanks_in_header_values_do_not_count(self, served, home):
        headers = {**wire.operation_headers("ListKeys"), "X-Amz-Meta": "  a   b  c "}
        headers = wire.sign(
            served.url + "/", BODY, access_key=home.access_key, secret_key=home.secret_key, headers=headers
        )
        assert send(served, headers).status == 200

    def test_query_strings_are_signed_in_order(self, served, home):
        path = "/?b=2&a=%20x&a=1&empty"
        headers = wire.sign(
            served.url + path,
            BODY,
            access_key=home.access_key,
            secret_key=home.secret_key,
            headers=wire.operation_headers("ListKeys"),
        )
        assert wire.post(served, BODY, headers=headers, path=path).status == 200

    def test_unsigned_headers_are_ignored(self, served, headers):
        headers.update({"User-Agent": "other", "X-Amzn-Trace-Id": "Root=1", "Accept-Encoding": "identity"})
        assert send(served, headers).status == 200


class TestDev:
    """A dev server takes unknown keys, but only in a request that is signed in form."""

    def test_unsigned(self, dev):
        answer = send(dev, wire.operation_headers("ListKeys"))
        assert answer.error == (400, "MissingAuthenticationTokenException", "Missing Authentication Token")

    def test_damaged_form(self, dev, account):
        headers = wire.signed(dev, "ListKeys", BODY, access_key=account)
        headers["Authorization"] += ", junk"
        assert send(dev, headers).error[:2] == (400, INCOMPLETE)
        headers = wire.signed(dev, "ListKeys", BODY, access_key=account, service="s3")
        assert send(dev, headers).error == (400, INVALID, TestScope.SERVICE)

    @pytest.mark.parametrize("key", ["test", "AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"])
    def test_any_key_is_root_of_the_default_account(self, dev, key):
        made = wire.call(dev, "CreateKey", {}, access_key=key, token="any").json
        assert made["KeyMetadata"]["AWSAccountId"] == "0" * 12


def test_every_refusal_has_a_request_id(served):
    ids = {send(served, wire.operation_headers("ListKeys")).headers["x-amzn-requestid"] for _ in range(3)}
    assert len(ids) == 3
    assert all(re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one) for one in ids)


def test_boto3_and_the_signer_here_agree(served, home):
    client = aws.client(served, home.access_key, home.secret_key)
    key_id = client.create_key()["KeyMetadata"]["KeyId"]
    found = wire.call(served, "DescribeKey", {"KeyId": key_id}, access_key=home.access_key, secret_key=home.secret_key)
    assert json.loads(found.body)["KeyMetadata"]["KeyId"] == key_id
