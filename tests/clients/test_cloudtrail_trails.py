"""Trails: settings, delivery, and files that the AWS command line finds whole, or not when they were tampered with."""

import gzip
import hashlib
import json
import shutil
import signal
import threading

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

import aws
import server as servers
from aws import refused
from trails import HOUR, Trail, records


@pytest.fixture(scope="module")
def buckets(tmp_path_factory):
    return tmp_path_factory.mktemp("buckets")


@pytest.fixture(scope="module")
def delivering(buckets):
    """A dev server whose clock may be moved and whose trails deliver into `buckets`."""
    with servers.dev(CLAVIGER_TRAILS_DIRECTORY=str(buckets)) as running:
        yield running


@pytest.fixture
def cloudtrail(delivering, account):
    return aws.client(delivering, account, service="cloudtrail")


@pytest.fixture
def trail(delivering, buckets, account):
    return Trail(delivering, buckets, account)


def bucket_of(account):
    return f"bucket-{account}"


def bare(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


# --- settings ---------------------------------------------------------------------------------------------------------


def test_the_life_of_a_trail(cloudtrail, delivering, account):
    bucket = bucket_of(account)
    tags = [{"Key": "team", "Value": "a"}]
    made = bare(cloudtrail.create_trail(Name="My-Trail", S3BucketName=bucket, S3KeyPrefix="a/b", TagsList=tags))
    arn = f"arn:aws:cloudtrail:us-east-1:{account}:trail/My-Trail"
    assert made == {
        "Name": "My-Trail",
        "S3BucketName": bucket,
        "S3KeyPrefix": "a/b",
        "IncludeGlobalServiceEvents": True,
        "IsMultiRegionTrail": False,
        "TrailARN": arn,
        "LogFileValidationEnabled": False,
        "IsOrganizationTrail": False,
    }
    shown = {**made, "HomeRegion": "us-east-1", "HasCustomEventSelectors": False, "HasInsightSelectors": False}
    assert cloudtrail.get_trail(Name=arn)["Trail"] == shown
    assert cloudtrail.describe_trails()["trailList"] == [shown]
    assert cloudtrail.describe_trails(trailNameList=["My-Trail", "other"])["trailList"] == [shown]
    assert cloudtrail.list_trails()["Trails"] == [{"TrailARN": arn, "Name": "My-Trail", "HomeRegion": "us-east-1"}]
    assert cloudtrail.get_trail_status(Name="My-Trail")["IsLogging"] is False

    updated = bare(cloudtrail.update_trail(Name=arn, IsMultiRegionTrail=True, EnableLogFileValidation=True))
    assert updated == {**made, "IsMultiRegionTrail": True, "LogFileValidationEnabled": True}
    assert cloudtrail.start_logging(Name="My-Trail")["ResponseMetadata"]["HTTPStatusCode"] == 200
    status = cloudtrail.get_trail_status(Name=arn)
    assert status["IsLogging"] is True
    assert abs(status["StartLoggingTime"].timestamp() - delivering.now()) < 60
    cloudtrail.stop_logging(Name=arn)
    assert cloudtrail.get_trail_status(Name=arn)["IsLogging"] is False

    cloudtrail.add_tags(ResourceId=arn, TagsList=[{"Key": "b", "Value": "c"}])
    cloudtrail.remove_tags(ResourceId=arn, TagsList=[{"Key": "team"}])
    listed = cloudtrail.list_tags(ResourceIdList=[arn])["ResourceTagList"]
    assert listed == [{"ResourceId": arn, "TagsList": [{"Key": "b", "Value": "c"}]}]
    cloudtrail.delete_trail(Name="My-Trail")
    with refused("TrailNotFoundException", f"Unknown trail: My-Trail for the user: {account}"):
        cloudtrail.get_trail(Name="My-Trail")


def test_what_cannot_be_a_trail(cloudtrail, account):
    bucket = bucket_of(account)
    for name in ["ab", "a" * 129, "-abc", "abc-", "a b c", "a--b", "192.168.0.1"]:
        with refused("InvalidTrailNameException", ...):
            cloudtrail.create_trail(Name=name, S3BucketName=bucket)
    for name in ["UPPER", "ab", "a..b", "../etc"]:
        with refused("InvalidS3BucketNameException", ...):
            cloudtrail.create_trail(Name="good", S3BucketName=name)
    for prefix in ["../x", "a//b", "x" * 201]:
        with refused("InvalidS3PrefixException", ...):
            cloudtrail.create_trail(Name="good", S3BucketName=bucket, S3KeyPrefix=prefix)
    with refused("InvalidParameterCombinationException", "Multi-Region trail must include global service events."):
        cloudtrail.create_trail(
            Name="good", S3BucketName=bucket, IsMultiRegionTrail=True, IncludeGlobalServiceEvents=False
        )
    for setting in [{"KmsKeyId": "alias/x"}, {"SnsTopicName": "x"}, {"IsOrganizationTrail": True}]:
        with refused("UnsupportedOperationException", ...):
            cloudtrail.create_trail(Name="good", S3BucketName=bucket, **setting)
    for number in range(5):
        cloudtrail.create_trail(Name=f"trail-{number}", S3BucketName=bucket)
    with refused("TrailAlreadyExistsException", f"Trail trail-0 already exists for customer: {account}"):
        cloudtrail.create_trail(Name="trail-0", S3BucketName=bucket)
    with refused("MaximumNumberOfTrailsExceededException", f"User: {account} already has 5 trails in us-east-1."):
        cloudtrail.create_trail(Name="trail-6", S3BucketName=bucket)
    with refused("CloudTrailARNInvalidException", ...):
        cloudtrail.get_trail(Name="arn:aws:kms:us-east-1:111122223333:key/x")


def test_a_bucket_belongs_to_the_account_that_named_it_first(trail, delivering):
    other = aws.client(delivering, aws.fresh_account(), service="cloudtrail")
    with refused("InsufficientS3BucketPolicyException", ...):
        other.create_trail(Name="mine", S3BucketName=trail.bucket)
    with refused("TrailNotFoundException", ...):
        other.get_trail(Name=trail.arn)


def test_a_trail_is_changed_at_home_and_seen_everywhere(delivering, buckets, account):
    trail = Trail(delivering, buckets, account, IsMultiRegionTrail=True)
    abroad = trail.service("cloudtrail", "eu-west-1")
    assert abroad.describe_trails()["trailList"][0]["TrailARN"] == trail.arn
    assert abroad.describe_trails(includeShadowTrails=False)["trailList"] == []
    assert abroad.get_trail_status(Name=trail.arn)["IsLogging"] is True
    for change in [
        lambda: abroad.stop_logging(Name=trail.arn),
        lambda: abroad.update_trail(Name=trail.arn, S3KeyPrefix="x"),
        lambda: abroad.delete_trail(Name="trail-1"),
        lambda: abroad.put_event_selectors(TrailName=trail.arn, EventSelectors=[{"ReadWriteType": "All"}]),
    ]:
        with refused("InvalidHomeRegionException", ...):
            change()


def test_event_selectors(cloudtrail, account):
    cloudtrail.create_trail(Name="trail", S3BucketName=bucket_of(account))
    default = {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [],
        "ExcludeManagementEventSources": [],
    }
    assert cloudtrail.get_event_selectors(TrailName="trail")["EventSelectors"] == [default]
    basic = [{**default, "ReadWriteType": "WriteOnly", "ExcludeManagementEventSources": ["kms.amazonaws.com"]}]
    cloudtrail.put_event_selectors(TrailName="trail", EventSelectors=basic)
    assert cloudtrail.get_event_selectors(TrailName="trail")["EventSelectors"] == basic
    assert cloudtrail.get_trail(Name="trail")["Trail"]["HasCustomEventSelectors"] is True
    advanced = [
        {
            "Name": "no KMS",
            "FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["Management"]},
                {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com"]},
            ],
        }
    ]
    cloudtrail.put_event_selectors(TrailName="trail", AdvancedEventSelectors=advanced)
    found = bare(cloudtrail.get_event_selectors(TrailName="trail"))
    assert found["AdvancedEventSelectors"] == advanced
    assert "EventSelectors" not in found
    management = {"Field": "eventCategory", "Equals": ["Management"]}
    for wrong in [
        {},
        {"EventSelectors": basic, "AdvancedEventSelectors": advanced},
        {"EventSelectors": [default] * 6},
        {"EventSelectors": [{"ReadWriteType": "Sometimes"}]},
        {"EventSelectors": [{"ExcludeManagementEventSources": ["iam.amazonaws.com"]}]},
        {"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "readOnly", "Equals": ["true"]}]}]},
        {"AdvancedEventSelectors": [{"FieldSelectors": [management, {"Field": "shoeSize", "Equals": ["9"]}]}]},
        {"AdvancedEventSelectors": [{"FieldSelectors": [management, {"Field": "readOnly", "NotEquals": ["true"]}]}]},
    ]:
        with refused("InvalidEventSelectorsException", ...):
            cloudtrail.put_event_selectors(TrailName="trail", **wrong)


# --- delivery ---------------------------------------------------------------------------------------------------------


def test_the_files_hold_what_was_done_and_nothing_else(trail, delivering):
    stranger = aws.client(delivering, aws.fresh_account())
    stranger.create_key()
    key = trail.kms.create_key()["KeyMetadata"]["KeyId"]
    request = trail.kms.encrypt(KeyId=key, Plaintext=b"x")["ResponseMetadata"]["RequestId"]
    trail.service("kms", "eu-west-1").list_keys()
    assert trail.files() == [], "files come about every five minutes"
    delivering.advance(seconds=301)
    (file,) = trail.files()
    assert file.name.startswith(f"{trail.account}_CloudTrail_us-east-1_")
    assert [record["eventName"] for record in records(file)] == ["StartLogging", "CreateKey", "Encrypt"]
    assert records(file)[2]["requestID"] == request
    assert gzip.decompress(file.read_bytes()).startswith(b'{"Records":[{"eventVersion":"1.11"')
    status = trail.client.get_trail_status(Name=trail.arn)
    assert abs(status["LatestDeliveryTime"].timestamp() - delivering.now()) < 60
    assert status["LatestDeliveryAttemptSucceeded"] == status["LatestDeliveryAttemptTime"] != ""


def test_selectors_choose_what_is_delivered(trail, delivering):
    trail.client.put_event_selectors(TrailName=trail.arn, EventSelectors=[{"ReadWriteType": "WriteOnly"}])
    key = trail.kms.create_key()["KeyMetadata"]["KeyId"]
    trail.kms.encrypt(KeyId=key, Plaintext=b"x")
    trail.kms.disable_key(KeyId=key)
    delivering.advance(seconds=301)
    names = [record["eventName"] for record in trail.events()]
    assert names == ["StartLogging", "PutEventSelectors", "CreateKey", "DisableKey"]


def test_a_trail_of_all_regions(delivering, buckets, account):
    trail = Trail(delivering, buckets, account, IsMultiRegionTrail=True)
    abroad = trail.service("kms", "eu-west-1")
    abroad.create_key()
    trail.service("iam").create_user(UserName="u")
    delivering.advance(seconds=301)
    delivering.advance(seconds=2 * HOUR)
    assert [record["eventName"] for record in trail.events("eu-west-1")] == ["CreateKey"]
    assert "CreateUser" in [record["eventName"] for record in trail.events()]
    assert trail.valid()[0] == 2
    digests, logs = trail.valid("eu-west-1")
    assert (digests >= 1, logs) == (True, 1)


def test_what_is_done_after_a_stop_is_not_delivered(trail, delivering):
    trail.kms.create_key()
    trail.client.stop_logging(Name=trail.arn)
    delivering.advance(seconds=30)
    trail.kms.list_aliases()
    delivering.advance(seconds=600)
    assert [record["eventName"] for record in trail.events()] == ["StartLogging", "CreateKey", "StopLogging"]
    assert len(trail.files("CloudTrail-Digest")) == 1, "the last digest comes with the stop"
    assert trail.valid() == (1, 1)
    trail.client.start_logging(Name=trail.arn)
    delivering.advance(seconds=HOUR + 1)
    newest = json.loads(gzip.decompress(trail.files("CloudTrail-Digest")[-1].read_bytes()))
    assert newest["previousDigestSignature"] is None, "a new chain"
    assert trail.valid()[0] == 2


def test_a_deleted_trail_delivers_what_it_owes(trail, delivering):
    trail.kms.create_key()
    trail.client.delete_trail(Name=trail.arn)
    delivering.advance(seconds=30)
    assert [record["eventName"] for record in trail.events()] == ["StartLogging", "CreateKey", "DeleteTrail"]
    assert len(trail.files("CloudTrail-Digest")) == 1


def test_a_bucket_that_is_gone_is_reported_and_made_up_for(trail, delivering):
    shutil.rmtree(trail.folder)
    trail.kms.create_key()
    delivering.advance(seconds=301)
    assert trail.client.get_trail_status(Name=trail.arn)["LatestDeliveryError"] == "NoSuchBucket"
    trail.folder.mkdir()
    delivering.advance(seconds=301)
    assert "LatestDeliveryError" not in trail.client.get_trail_status(Name=trail.arn)
    assert [record["eventName"] for record in trail.events()][:2] == ["StartLogging", "CreateKey"]


def test_a_new_key_signs_after_a_year(trail, delivering):
    delivering.advance(seconds=HOUR + 1)
    trail.client.stop_logging(Name=trail.arn)
    delivering.advance(seconds=30)
    delivering.advance(days=366)
    trail.client.start_logging(Name=trail.arn)
    delivering.advance(seconds=HOUR + 1)
    now = delivering.now()
    keys = trail.client.list_public_keys(StartTime=trail.began, EndTime=now)["PublicKeyList"]
    assert len({key["Fingerprint"] for key in keys}) == 2
    (present,) = trail.client.list_public_keys()["PublicKeyList"]
    assert present["Fingerprint"] == keys[-1]["Fingerprint"]
    assert trail.valid()[0] == 3
    with refused("InvalidTimeRangeException", ...):
        trail.client.list_public_keys(StartTime=now, EndTime=trail.began)


# --- the proof --------------------------------------------------------------------------------------------------------


@pytest.fixture
def chain(trail, delivering):
    """A trail with three digests, each with at least one log file."""
    for _ in range(3):
        trail.kms.create_key()
        delivering.advance(seconds=301)
        delivering.advance(seconds=HOUR)
    return trail


def test_digests_are_signed_as_published(chain):
    keys = chain.client.list_public_keys(StartTime=chain.began)["PublicKeyList"]
    published = {key["Fingerprint"]: key["Value"] for key in keys}
    previous = None
    for path in chain.files("CloudTrail-Digest"):
        content = gzip.decompress(path.read_bytes())
        digest = json.loads(content)
        der = published[digest["digestPublicKeyFingerprint"]]
        assert hashlib.md5(der).hexdigest() == digest["digestPublicKeyFingerprint"]
        metadata = json.loads(path.with_name(path.name + ".meta.json").read_text())
        place = f"{digest['digestS3Bucket']}/{digest['digestS3Object']}"
        assert place == f"{chain.bucket}/{path.relative_to(chain.folder)}"
        signed = [digest["digestEndTime"], place, hashlib.sha256(content).hexdigest(), previous or "null"]
        # PKCS#1, not SubjectPublicKeyInfo: the loader takes both, so look.
        public = serialization.load_der_public_key(der)
        assert der == public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
        public.verify(
            bytes.fromhex(metadata["signature"]), "\n".join(signed).encode(), padding.PKCS1v15(), hashes.SHA256()
        )
        assert digest["previousDigestSignature"] == previous
        previous = metadata["signature"]
        for log in digest["logFiles"]:
            body = gzip.decompress((chain.folder / log["s3Object"]).read_bytes())
            assert hashlib.sha256(body).hexdigest() == log["hashValue"]


def test_untouched_files_are_valid(chain):
    files = len(chain.files())
    assert files >= 3
    assert chain.valid() == (3, files)


def rewrite(path, change):
    path.write_bytes(gzip.compress(change(gzip.decompress(path.read_bytes()))))


def tampered(chain, *messages):
    code, output = chain.validate()
    assert code == 1, output
    for message in messages:
        assert message in output, output


def test_a_rewritten_log_is_found(chain):
    rewrite(chain.files()[0], lambda body: body.replace(b"CreateKey", b"ListKeys_"))
    tampered(chain, "INVALID: hash value doesn't match", "3/3 digest files valid")


def test_a_log_of_two_members_is_found(chain):
    path = chain.files()[0]
    path.write_bytes(path.read_bytes() + gzip.compress(b""))
    tampered(chain, "INVALID: unexpected data after end of compressed stream")


def test_a_log_that_is_gone_is_found(chain):
    chain.files()[0].unlink()
    tampered(chain, "INVALID: not found")


def test_a_digest_that_is_gone_is_found(chain):
    chain.files("CloudTrail-Digest")[1].unlink()
    tampered(chain, "INVALID: not found", "2/3 digest files valid")


def test_a_rewritten_digest_is_found(chain):
    rewrite(chain.files("CloudTrail-Digest")[0], lambda body: body.replace(b'"logFiles":[{', b'"logFiles": [{'))
    tampered(chain, "INVALID: signature verification failed")


def test_a_moved_digest_is_found(chain):
    first, second, _ = chain.files("CloudTrail-Digest")
    for suffix in ["", ".meta.json"]:
        shutil.copy(first.with_name(first.name + suffix), second.with_name(second.name + suffix))
    tampered(chain, "has been moved from its original location")


# --- reading and interruption -----------------------------------------------------------------------------------------


def test_files_are_read_by_those_who_may(home, served, tmp_path):
    root = {"access_key": home.access_key, "secret_key": home.secret_key}
    cloudtrail = aws.client(served, service="cloudtrail", **root)
    with refused("S3BucketDoesNotExistException", "S3 bucket the-bucket does not exist!"):
        cloudtrail.create_trail(Name="trail", S3BucketName="the-bucket")
    folder = home.folder / "trails" / "the-bucket"
    folder.mkdir(parents=True)
    cloudtrail.create_trail(Name="trail", S3BucketName="the-bucket")
    (folder / "AWSLogs").mkdir()
    (folder / "AWSLogs" / "x.json.gz").write_bytes(b"content")

    iam = aws.client(served, service="iam", **root)
    iam.create_user(UserName="reader")
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    s3 = aws.client(served, key["AccessKeyId"], key["SecretAccessKey"], service="s3")
    calls = {
        "s3:GetObject": lambda: s3.get_object(Bucket="the-bucket", Key="AWSLogs/x.json.gz")["Body"].read(),
        "s3:ListBucket": lambda: [item["Key"] for item in s3.list_objects(Bucket="the-bucket")["Contents"]],
        "s3:GetBucketLocation": lambda: s3.get_bucket_location(Bucket="the-bucket")["LocationConstraint"],
    }
    for call in calls.values():
        with refused("AccessDenied", ..., status=403):
            call()
    for action in calls:
        resources = ["arn:aws:s3:::the-bucket", "arn:aws:s3:::the-bucket/*"]
        statement = {"Effect": "Allow", "Action": action, "Resource": resources}
        policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
        iam.put_user_policy(UserName="reader", PolicyName="p", PolicyDocument=policy)
        for other, call in calls.items():
            if other == action:
                call()
            else:
                with refused("AccessDenied", ..., status=403):
                    call()
    s3 = aws.client(served, service="s3", **root)
    assert [item["Key"] for item in s3.list_objects(Bucket="the-bucket")["Contents"]] == ["AWSLogs/x.json.gz"]
    with refused("NoSuchKey", ..., status=404):
        s3.get_object(Bucket="the-bucket", Key="AWSLogs/y")
    with refused("NoSuchBucket", ..., status=404):
        s3.get_object(Bucket="another", Key="AWSLogs/y")
    for change in [
        lambda: s3.put_object(Bucket="the-bucket", Key="AWSLogs/x.json.gz", Body=b"other"),
        lambda: s3.delete_object(Bucket="the-bucket", Key="AWSLogs/x.json.gz"),
        lambda: s3.list_objects_v2(Bucket="the-bucket"),
    ]:
        with refused("NotImplemented", ..., status=501):
            change()
    assert (folder / "AWSLogs" / "x.json.gz").read_bytes() == b"content"


def test_pages_of_keys(trail, delivering):
    folder = trail.folder / "x"
    folder.mkdir()
    names = [f"{number:04}" for number in range(25)]
    for name in names:
        (folder / name).write_bytes(b"")
    s3 = trail.service("s3")
    pages = s3.get_paginator("list_objects")
    pages = pages.paginate(Bucket=trail.bucket, Prefix="x/", PaginationConfig={"PageSize": 10})
    pages = [[item["Key"] for item in page["Contents"]] for page in pages]
    assert [len(page) for page in pages] == [10, 10, 5]
    assert sum(pages, []) == [f"x/{name}" for name in names]


@pytest.mark.parametrize("pause", [0.0, 0.05, 0.15, 0.3, 0.6])
def test_a_killed_delivery_is_finished_without_loss_or_repetition(tmp_path, pause):
    folder, buckets = tmp_path / "data", tmp_path / "buckets"
    arguments = ("--data-dir", folder)
    environment = {"CLAVIGER_TRAILS_DIRECTORY": str(buckets)}
    account = aws.fresh_account()
    running = servers.dev(*arguments, **environment)
    try:
        trail = Trail(running, buckets, account)
        expected = {trail.kms.generate_random(NumberOfBytes=8)["ResponseMetadata"]["RequestId"] for _ in range(400)}
        moved = threading.Thread(target=lambda: ignore(lambda: running.advance(seconds=301)))
        moved.start()
        moved.join(pause)
        running.process.send_signal(signal.SIGKILL)
        running.kill()
        moved.join()
        running = servers.dev(*arguments, **environment)
        # The clock of the new process is the machine's, so the next delivery is up to ten minutes away.
        running.advance(seconds=700)
        trail.server = running
        running.advance(seconds=HOUR)
        delivered = [record["requestID"] for record in trail.events() if record["eventName"] == "GenerateRandom"]
        assert len(delivered) == len(set(delivered)), "an event was delivered twice"
        assert set(delivered) == expected, "an event is missing"
        trail.valid()
    finally:
        running.kill()


def ignore(call):
    try:
        call()
    except OSError:
        pass
