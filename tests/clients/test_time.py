"""What time does: keys are deleted, keys rotate. The clock of a dev server is moved for it."""

import datetime
import re
import uuid

import pytest

import aws
from aws import refused
from server import eventually
from test_crypto import unreadable

FIRST_ERROR = "1 validation error detected: "


@pytest.fixture
def kms(clocked, account):
    """KMS for a fresh account on the server whose clock may be moved."""
    return aws.client(clocked, account)


def at(server):
    """The server's time, as botocore would read it."""
    return datetime.datetime.fromtimestamp(server.now(), datetime.UTC)


def near(found, expected, seconds=60):
    return abs((found - expected).total_seconds()) <= seconds


def state(kms, key_id):
    return kms.describe_key(KeyId=key_id)["KeyMetadata"]


def gone(kms, key_id):
    try:
        state(kms, key_id)
    except kms.exceptions.NotFoundException:
        return True
    return False


class TestClock:
    def test_it_runs_and_can_be_moved(self, clocked):
        before = clocked.now()
        clocked.advance(seconds=100)
        assert 100 <= clocked.now() - before < 160
        target = int(clocked.now()) + 500
        clocked.set_clock(target)
        assert 0 <= clocked.now() - target < 60

    def test_clients_with_a_real_clock_are_still_served(self, clocked, kms):
        clocked.advance(days=2)
        created = kms.create_key()["KeyMetadata"]["CreationDate"]
        assert near(created, at(clocked))


class TestDeletion:
    def test_schedule_and_cancel(self, clocked, kms, key_id, arn):
        scheduled = kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
        assert (scheduled["KeyId"], scheduled["KeyState"]) == (arn, "PendingDeletion")
        assert scheduled["PendingWindowInDays"] == 7
        assert near(scheduled["DeletionDate"], at(clocked) + datetime.timedelta(days=7))
        key = state(kms, key_id)
        assert (key["KeyState"], key["Enabled"]) == ("PendingDeletion", False)
        assert key["DeletionDate"] == scheduled["DeletionDate"]
        assert "PendingDeletionWindowInDays" not in key
        assert kms.cancel_key_deletion(KeyId=key_id)["KeyId"] == arn
        key = state(kms, key_id)
        assert (key["KeyState"], key["Enabled"]) == ("Disabled", False)
        assert "DeletionDate" not in key
        kms.enable_key(KeyId=key_id)
        assert state(kms, key_id)["KeyState"] == "Enabled"

    def test_default_window(self, clocked, kms, key_id):
        scheduled = kms.schedule_key_deletion(KeyId=key_id)
        assert scheduled["PendingWindowInDays"] == 30
        assert near(scheduled["DeletionDate"], at(clocked) + datetime.timedelta(days=30))

    @pytest.mark.parametrize("days", [0, 1, 6, 31, 365, 366])
    def test_windows_out_of_range(self, kms, key_id, days):
        with refused("ValidationException", ...):
            kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=days)
        assert state(kms, key_id)["KeyState"] == "Enabled"

    def test_what_a_key_pending_deletion_refuses(self, kms, key_id, arn):
        blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
        kms.schedule_key_deletion(KeyId=key_id)
        for call in (
            lambda: kms.encrypt(KeyId=key_id, Plaintext=b"x"),
            lambda: kms.decrypt(CiphertextBlob=blob),
            lambda: kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key_id),
            lambda: kms.generate_data_key(KeyId=key_id, KeySpec="AES_256"),
            lambda: kms.generate_data_key_without_plaintext(KeyId=key_id, KeySpec="AES_256"),
            lambda: kms.enable_key(KeyId=key_id),
            lambda: kms.disable_key(KeyId=key_id),
            lambda: kms.update_key_description(KeyId=key_id, Description="late"),
            lambda: kms.schedule_key_deletion(KeyId=key_id),
            lambda: kms.enable_key_rotation(KeyId=key_id),
            lambda: kms.disable_key_rotation(KeyId=key_id),
            lambda: kms.rotate_key_on_demand(KeyId=key_id),
        ):
            with refused("KMSInvalidStateException", f"{arn} is pending deletion."):
                call()
        kms.get_key_policy(KeyId=key_id)
        kms.list_key_policies(KeyId=key_id)
        kms.list_resource_tags(KeyId=key_id)
        kms.list_key_rotations(KeyId=key_id)
        kms.get_key_last_usage(KeyId=key_id)

    def test_nothing_to_cancel(self, kms, key_id, arn):
        for _ in ("enabled", "disabled"):
            with refused("KMSInvalidStateException", f"{arn} is not pending deletion."):
                kms.cancel_key_deletion(KeyId=key_id)
            kms.disable_key(KeyId=key_id)

    def test_it_happens(self, clocked, kms, account, key_id, arn):
        kms.create_alias(AliasName="alias/doomed", TargetKeyId=key_id)
        kms.tag_resource(KeyId=key_id, Tags=[{"TagKey": "a", "TagValue": "b"}])
        blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
        kept = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
        clocked.advance(days=7, seconds=-600)
        assert state(kms, key_id)["KeyState"] == "PendingDeletion"
        clocked.advance(seconds=600 + 61)
        eventually(lambda: gone(kms, key_id))
        missing = f"Key '{arn}' does not exist"
        for call in (
            lambda: kms.describe_key(KeyId=key_id),
            lambda: kms.cancel_key_deletion(KeyId=arn),
            lambda: kms.list_resource_tags(KeyId=key_id),
            lambda: kms.encrypt(KeyId=key_id, Plaintext=b"x"),
            lambda: kms.decrypt(KeyId=key_id, CiphertextBlob=blob),
        ):
            with refused("NotFoundException", missing):
                call()
        with refused("AccessDeniedException", unreadable(account)):
            kms.decrypt(CiphertextBlob=blob)
        with refused("NotFoundException", f"Alias {aws.alias_arn(account, 'alias/doomed')} is not found."):
            kms.describe_key(KeyId="alias/doomed")
        assert [key["KeyId"] for key in kms.list_keys()["Keys"]] == [kept]
        kms.create_alias(AliasName="alias/doomed", TargetKeyId=kept)

    def test_cancelled_in_time(self, clocked, kms, key_id):
        kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
        kms.cancel_key_deletion(KeyId=key_id)
        clocked.advance(days=8)
        assert state(kms, key_id)["KeyState"] == "Disabled"


def rotations(kms, key_id, everything=False):
    more = {"IncludeKeyMaterial": "ALL_KEY_MATERIAL"} if everything else {}
    return [entry for page in aws.pages(kms.list_key_rotations, "Rotations", KeyId=key_id, **more) for entry in page]


def rotate_now(clocked, kms, key_id):
    """Asks for a rotation and waits until it is done; the real service takes about two minutes."""
    before = state(kms, key_id)["CurrentKeyMaterialId"]
    kms.rotate_key_on_demand(KeyId=key_id)
    if state(kms, key_id)["CurrentKeyMaterialId"] == before:
        clocked.advance(seconds=180)
    return eventually(
        lambda: (
            "OnDemandRotationStartDate" not in kms.get_key_rotation_status(KeyId=key_id)
            and state(kms, key_id)["CurrentKeyMaterialId"] != before
            and state(kms, key_id)["CurrentKeyMaterialId"]
        )
    )


class TestAutomaticRotation:
    def test_status(self, clocked, kms, key_id, arn):
        def status():
            answer = kms.get_key_rotation_status(KeyId=key_id)
            answer.pop("ResponseMetadata")
            return answer

        off = {"KeyId": arn, "KeyRotationEnabled": False}
        assert status() == off
        kms.enable_key_rotation(KeyId=key_id)
        on = status()
        assert near(on.pop("NextRotationDate"), at(clocked) + datetime.timedelta(days=365))
        assert on == {"KeyId": arn, "KeyRotationEnabled": True, "RotationPeriodInDays": 365}
        kms.disable_key_rotation(KeyId=key_id)
        assert status() == off
        kms.disable_key_rotation(KeyId=key_id)
        assert status() == off

    def test_changing_the_period(self, clocked, kms, key_id):
        kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=100)
        first = kms.get_key_rotation_status(KeyId=key_id)["NextRotationDate"]
        clocked.advance(days=3)
        for same in ({}, {"RotationPeriodInDays": 100}):
            kms.enable_key_rotation(KeyId=key_id, **same)
            status = kms.get_key_rotation_status(KeyId=key_id)
            assert (status["RotationPeriodInDays"], status["NextRotationDate"]) == (100, first)
        kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=2560)
        status = kms.get_key_rotation_status(KeyId=key_id)
        assert status["RotationPeriodInDays"] == 2560
        assert near(status["NextRotationDate"], at(clocked) + datetime.timedelta(days=2560))
        kms.disable_key_rotation(KeyId=key_id)
        kms.enable_key_rotation(KeyId=key_id)
        assert kms.get_key_rotation_status(KeyId=key_id)["RotationPeriodInDays"] == 365

    @pytest.mark.parametrize("days, text", [(89, "greater than or equal to 90"), (2561, "less than or equal to 2560")])
    def test_periods_out_of_range(self, kms, key_id, days, text):
        with refused(
            "ValidationException",
            f"{FIRST_ERROR}Value '{days}' at 'rotationPeriodInDays' failed to satisfy constraint: "
            f"Member must have value {text}",
        ):
            kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=days)

    def test_it_happens(self, clocked, kms, key, key_id, arn):
        old_material = key["CurrentKeyMaterialId"]
        kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=90)
        blob = kms.encrypt(KeyId=key_id, Plaintext=b"old")["CiphertextBlob"]
        clocked.advance(days=90, seconds=61)
        new_material = eventually(lambda: (now := state(kms, key_id)["CurrentKeyMaterialId"]) != old_material and now)
        (entry,) = eventually(lambda: rotations(kms, key_id))
        rotated = entry["RotationDate"]
        assert near(rotated, at(clocked), 120)
        assert {**entry, "RotationDate": None} == {
            "KeyId": arn,
            "KeyMaterialId": new_material,
            "KeyMaterialState": "CURRENT",
            "RotationDate": None,
            "RotationType": "AUTOMATIC",
        }
        opened = kms.decrypt(CiphertextBlob=blob)
        assert (opened["Plaintext"], opened["KeyMaterialId"]) == (b"old", old_material)
        assert kms.generate_data_key(KeyId=key_id, KeySpec="AES_256")["KeyMaterialId"] == new_material
        status = kms.get_key_rotation_status(KeyId=key_id)
        assert near(status["NextRotationDate"], rotated + datetime.timedelta(days=90))
        # Nothing else about the key changed.
        assert {**state(kms, key_id), "CurrentKeyMaterialId": old_material} == key

    def test_many_years(self, clocked, kms, key_id):
        kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=90)
        blobs = []
        for number in range(4):
            blobs.append(kms.encrypt(KeyId=key_id, Plaintext=b"%d" % number)["CiphertextBlob"])
            clocked.advance(days=90, seconds=61)
            eventually(lambda: len(rotations(kms, key_id)) == number + 1)
        for number, blob in enumerate(blobs):
            assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"%d" % number

    def test_a_disabled_key_waits(self, clocked, kms, key_id):
        kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=90)
        kms.disable_key(KeyId=key_id)
        assert kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"] is True
        clocked.advance(days=91)
        other = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.enable_key_rotation(KeyId=other, RotationPeriodInDays=90)
        clocked.advance(days=91)
        eventually(lambda: rotations(kms, other))
        assert rotations(kms, key_id) == []
        kms.enable_key(KeyId=key_id)
        clocked.advance(seconds=61)
        assert len(eventually(lambda: rotations(kms, key_id))) == 1

    def test_pending_deletion_hides_the_schedule(self, kms, key_id, arn):
        kms.enable_key_rotation(KeyId=key_id)
        before = kms.get_key_rotation_status(KeyId=key_id)
        kms.schedule_key_deletion(KeyId=key_id)
        hidden = kms.get_key_rotation_status(KeyId=key_id)
        hidden.pop("ResponseMetadata")
        assert hidden == {"KeyId": arn, "KeyRotationEnabled": False}
        kms.cancel_key_deletion(KeyId=key_id)
        after = kms.get_key_rotation_status(KeyId=key_id)
        assert after["KeyRotationEnabled"] is True
        assert after["NextRotationDate"] == before["NextRotationDate"]


class TestRotationOnDemand:
    def test_old_ciphertext_stays_readable(self, clocked, kms, key, key_id, arn):
        materials = [key["CurrentKeyMaterialId"]]
        blobs = []
        for number in range(3):
            blobs.append(kms.encrypt(KeyId=key_id, Plaintext=b"%d" % number)["CiphertextBlob"])
            materials.append(rotate_now(clocked, kms, key_id))
        assert len(set(materials)) == 4
        for number, blob in enumerate(blobs):
            opened = kms.decrypt(CiphertextBlob=blob)
            assert (opened["Plaintext"], opened["KeyMaterialId"]) == (b"%d" % number, materials[number])
        moved = kms.re_encrypt(CiphertextBlob=blobs[0], DestinationKeyId=key_id)
        assert moved["SourceKeyMaterialId"] == materials[0]
        assert moved["DestinationKeyMaterialId"] == materials[3]

        done = rotations(kms, key_id)
        assert [entry["KeyMaterialId"] for entry in done] == materials[1:]
        assert [entry["KeyMaterialState"] for entry in done] == ["NON_CURRENT", "NON_CURRENT", "CURRENT"]
        dates = [entry["RotationDate"] for entry in done]
        assert dates == sorted(dates)
        for entry in done:
            assert set(entry) == {"KeyId", "KeyMaterialId", "KeyMaterialState", "RotationDate", "RotationType"}
            assert (entry["KeyId"], entry["RotationType"]) == (arn, "ON_DEMAND")
        first, *others = rotations(kms, key_id, everything=True)
        assert first == {"KeyId": arn, "KeyMaterialId": materials[0], "KeyMaterialState": "NON_CURRENT"}
        assert others == done

    def test_answer(self, kms, key_id, arn):
        assert kms.rotate_key_on_demand(KeyId=key_id)["KeyId"] == arn

    def test_before_any_rotation(self, kms, key, key_id, arn):
        assert rotations(kms, key_id) == []
        assert rotations(kms, key_id, everything=True) == [
            {"KeyId": arn, "KeyMaterialId": key["CurrentKeyMaterialId"], "KeyMaterialState": "CURRENT"}
        ]

    def test_pages(self, clocked, kms, key_id):
        for _ in range(5):
            rotate_now(clocked, kms, key_id)
        everything = rotations(kms, key_id)
        found = list(aws.pages(kms.list_key_rotations, "Rotations", KeyId=key_id, Limit=2))
        assert [len(page) for page in found] == [2, 2, 1]
        assert [entry for page in found for entry in page] == everything
        with refused("InvalidMarkerException"):
            kms.list_key_rotations(KeyId=key_id, Marker="nonsense")

    def test_twenty_five_times(self, clocked, kms, key_id, arn):
        for _ in range(25):
            rotate_now(clocked, kms, key_id)
        with refused(
            "LimitExceededException",
            "The on-demand rotations limit has been reached for the given keyId. "
            f"No more on-demand rotations can be performed for this key: {arn}",
        ):
            kms.rotate_key_on_demand(KeyId=key_id)

    def test_the_schedule_is_not_touched(self, clocked, kms, key_id):
        kms.enable_key_rotation(KeyId=key_id)
        before = kms.get_key_rotation_status(KeyId=key_id)["NextRotationDate"]
        rotate_now(clocked, kms, key_id)
        assert kms.get_key_rotation_status(KeyId=key_id)["NextRotationDate"] == before

    def test_not_when_an_automatic_one_is_due(self, clocked, kms, key_id):
        kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=90)
        clocked.advance(days=90, seconds=-900)
        with refused("ConflictException", ...):
            kms.rotate_key_on_demand(KeyId=key_id)

    def test_unknown_key(self, kms, account):
        unknown = str(uuid.uuid4())
        with refused("NotFoundException", f"Key '{aws.key_arn(account, unknown)}' does not exist"):
            kms.rotate_key_on_demand(KeyId=unknown)

    def test_kinds_of_material(self, kms, key_id):
        with refused("ValidationException", re.compile(".*'SOME' at 'includeKeyMaterial'.*enum value set: .*")):
            kms.list_key_rotations(KeyId=key_id, IncludeKeyMaterial="SOME")


def test_reset_empties_the_server(clocked, kms, account, key_id):
    """Last of this file: it also puts the clock back."""
    clocked.reset()
    assert kms.list_keys()["Keys"] == []
    with refused("NotFoundException", f"Key '{aws.key_arn(account, key_id)}' does not exist"):
        kms.describe_key(KeyId=key_id)
    assert near(at(clocked), datetime.datetime.now(datetime.UTC))
