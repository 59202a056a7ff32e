"""Parameter Store as boto3, the command line, ssm-cache and the Encryption SDK use it; and killed under load."""

import base64
import concurrent.futures
import json
import pathlib
import random
import subprocess
import sys
import time

import aws_encryption_sdk
import botocore.exceptions
import botocore.session
import pytest
import ssm_cache

import aws
import server as servers

KILLS = 2 if servers.QUICK else 6
WRITERS = 8


def parameter_arn(account, path):
    return f"arn:aws:ssm:{aws.REGION}:{account}:parameter{path}"


@pytest.fixture
def ssm(dev, account):
    """Parameter Store for a fresh account."""
    return aws.client(dev, account, service="ssm", checked=True)


class TestBoto3:
    def test_a_value_and_all_around_it(self, ssm, account):
        made = ssm.put_parameter(
            Name="/app/url",
            Value="https://example.com",
            Type="String",
            Description="where",
            Tags=[{"Key": "team", "Value": "red"}],
        )
        assert (made["Version"], made["Tier"]) == (1, "Standard")
        found = ssm.get_parameter(Name="/app/url")["Parameter"]
        assert found.pop("LastModifiedDate").timestamp() == pytest.approx(time.time(), abs=60)
        assert found == {
            "Name": "/app/url",
            "Type": "String",
            "Value": "https://example.com",
            "Version": 1,
            "ARN": parameter_arn(account, "/app/url"),
            "DataType": "text",
        }
        with pytest.raises(ssm.exceptions.ParameterAlreadyExists):
            ssm.put_parameter(Name="/app/url", Value="x", Type="String")
        with pytest.raises(ssm.exceptions.HierarchyTypeMismatchException):
            ssm.put_parameter(Name="/app/url", Value="x", Type="SecureString", Overwrite=True)
        ssm.label_parameter_version(Name="/app/url", Labels=["blue"])
        assert ssm.put_parameter(Name="/app/url", Value="x", Overwrite=True)["Version"] == 2
        assert ssm.get_parameter(Name="/app/url:blue")["Parameter"]["Selector"] == ":blue"
        past = ssm.get_parameter_history(Name="/app/url")["Parameters"]
        assert [(entry["Version"], entry["Labels"]) for entry in past] == [(1, ["blue"]), (2, [])]
        tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/app/url")["TagList"]
        assert tags == [{"Key": "team", "Value": "red"}]
        ssm.delete_parameter(Name="/app/url")
        with pytest.raises(ssm.exceptions.ParameterNotFound):
            ssm.get_parameter(Name="/app/url")

    def test_paginators_see_everything_once(self, ssm):
        names = [f"/many/{number:03}" for number in range(57)]
        with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(lambda name: ssm.put_parameter(Name=name, Value=name, Type="String"), names))
        by_path = ssm.get_paginator("get_parameters_by_path").paginate(Path="/many", Recursive=True)
        assert [found["Name"] for page in by_path for found in page["Parameters"]] == names
        described = ssm.get_paginator("describe_parameters").paginate(
            ParameterFilters=[{"Key": "Path", "Option": "Recursive", "Values": ["/many"]}],
            PaginationConfig={"PageSize": 7},
        )
        assert [found["Name"] for page in described for found in page["Parameters"]] == names

    def test_a_message_member_in_either_spelling_is_read(self, ssm):
        with aws.refused("InvalidNextToken", "The specified token is not valid."):
            ssm.get_parameters_by_path(Path="/", NextToken="x")
        text = "Systems Manager could not find version 9 of /one. Verify the version and try again."
        ssm.put_parameter(Name="/one", Value="v", Type="String")
        with aws.refused("ParameterVersionNotFound", text):
            ssm.get_parameter(Name="/one:9")


class TestSecureStrings:
    def test_an_advanced_value_is_a_message_of_the_encryption_sdk(self, dev, account, kms, arn, ssm, monkeypatch):
        value = "s" * 6000
        ssm.put_parameter(Name="/big", Value=value, Type="SecureString", KeyId=arn, Tier="Advanced")
        assert ssm.get_parameter(Name="/big", WithDecryption=True)["Parameter"]["Value"] == value
        stored = base64.b64decode(ssm.get_parameter(Name="/big")["Parameter"]["Value"])
        monkeypatch.setenv("AWS_ENDPOINT_URL", dev.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", account)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
        provider = aws_encryption_sdk.StrictAwsKmsMasterKeyProvider(
            key_ids=[arn], botocore_session=botocore.session.Session()
        )
        opened, header = aws_encryption_sdk.EncryptionSDKClient().decrypt(source=stored, key_provider=provider)
        assert opened.decode() == value
        assert header.encryption_context == {"PARAMETER_ARN": parameter_arn(account, "/big")}

    def test_a_standard_value_is_a_ciphertext_of_the_key_bound_to_its_parameter(self, account, kms, arn, ssm):
        ssm.put_parameter(Name="/small", Value="hunter2", Type="SecureString", KeyId=arn)
        blob = base64.b64decode(ssm.get_parameter(Name="/small")["Parameter"]["Value"])
        context = {"PARAMETER_ARN": parameter_arn(account, "/small")}
        assert kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)["Plaintext"] == b"hunter2"
        with aws.refused("InvalidCiphertextException"):
            kms.decrypt(CiphertextBlob=blob, EncryptionContext={"PARAMETER_ARN": parameter_arn(account, "/other")})


def test_the_command_line(dev, account, tmp_path):
    environment = servers.clean_environment(
        AWS_ENDPOINT_URL=dev.url,
        AWS_ACCESS_KEY_ID=account,
        AWS_SECRET_ACCESS_KEY="any",
        AWS_DEFAULT_REGION=aws.REGION,
        AWS_PAGER="",
        HOME=str(tmp_path),
    )

    def cli(*arguments):
        command = [str(pathlib.Path(sys.executable).with_name("aws")), "ssm", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        return json.loads(done.stdout) if done.stdout.strip() else done.stderr

    made = cli("put-parameter", "--name", "/cli/pw", "--value", "p w", "--type", "SecureString")
    assert made == {"Version": 1, "Tier": "Standard"}
    read = cli("get-parameters", "--names", "/cli/pw", "/cli/none", "--with-decryption")
    assert [found["Value"] for found in read["Parameters"]] == ["p w"]
    assert read["InvalidParameters"] == ["/cli/none"]
    assert "(ParameterNotFound)" in cli("get-parameter", "--name", "/cli/none")


def test_ssm_cache(dev, account, ssm):
    ssm.put_parameter(Name="/cache/hosts", Value="a,b", Type="StringList")
    ssm.put_parameter(Name="/cache/deep/pw", Value="old", Type="SecureString")
    for kind in (ssm_cache.SSMParameter, ssm_cache.SSMParameterGroup):
        kind.set_ssm_client(ssm)
    assert ssm_cache.SSMParameter("/cache/hosts").value == ["a", "b"]
    with pytest.raises(ssm_cache.InvalidParameterError):
        _ = ssm_cache.SSMParameter("/cache/none").value
    group = ssm_cache.SSMParameterGroup(base_path="/cache", max_age=300)
    assert {found.full_name: found.value for found in group.parameters("/")} == {
        "/cache/deep/pw": "old",
        "/cache/hosts": ["a", "b"],
    }
    ssm.put_parameter(Name="/cache/deep/pw", Value="new", Overwrite=True)
    pinned, newest = ssm_cache.SSMParameter("/cache/deep/pw:1"), ssm_cache.SSMParameter("/cache/deep/pw")
    assert (pinned.value, newest.value) == ("old", "new")


@pytest.mark.timeout(300)
def test_killed_under_writes(tmp_path):
    """What was acknowledged is there, in unbroken versions; what was not is there whole or not at all."""
    home, chance = servers.Home(tmp_path / "data"), random.Random(6)
    acknowledged = {}

    def write(ssm, writer, cycle):
        # Some names of its own and one that all share.
        for number in range(10**6):
            name = "/kill/shared" if number % 5 == 4 else f"/kill/{writer}/{number % 7}"
            value = f"{writer}.{cycle}.{number}"
            kind = "SecureString" if number % 7 == 3 and name != "/kill/shared" else "String"
            try:
                made = ssm.put_parameter(Name=name, Value=value, Type=kind, Overwrite=True)
            except (botocore.exceptions.HTTPClientError, botocore.exceptions.ConnectionError):
                return
            acknowledged[name, made["Version"]] = value

    for cycle in range(KILLS + 1):
        server = home.serve()
        ssm = aws.client(server, home.access_key, home.secret_key, service="ssm", max_pool_connections=WRITERS)
        newest = {}
        for name, version in acknowledged:
            newest[name] = max(version, newest.get(name, 0))
        for name, version in newest.items():
            pages = ssm.get_paginator("get_parameter_history").paginate(Name=name, WithDecryption=True)
            past = {found["Version"]: found["Value"] for page in pages for found in page["Parameters"]}
            assert max(past) >= version
            assert sorted(past) == list(range(max(1, max(past) - 99), max(past) + 1)), "versions are missing"
            for number, value in past.items():
                assert acknowledged.get((name, number), value) == value
        if cycle == KILLS:
            break
        with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
            running = [pool.submit(write, ssm, writer, cycle) for writer in range(WRITERS)]
            time.sleep(chance.uniform(0.2, 0.8))
            server.kill()
            for run in running:
                run.result()
    assert len(acknowledged) > 100
    server.stop()
    verified = servers.run("audit", "verify", "--data-dir", home.folder)
    assert verified.returncode == 0, verified.stdout + verified.stderr
