"""Imported material that expires, and that takes turns."""

import datetime
import os

import pytest

import aws
from aws import refused
from imports import do_import
from server import eventually
from test_import import describe, rotations
from test_time import at, near


@pytest.fixture
def kms(clocked, account):
    """KMS for a fresh account on the server whose clock may be moved."""
    return aws.client(clocked, account)


@pytest.fixture
def arn(kms):
    return kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["Arn"]


def rotate(kms, arn):
    """Rotates on demand and waits for it."""
    before = describe(kms, arn)["CurrentKeyMaterialId"]
    assert kms.rotate_key_on_demand(KeyId=arn)["KeyId"] == arn
    eventually(lambda: describe(kms, arn)["CurrentKeyMaterialId"] != before)


class TestExpiry:
    def test_material_ends_at_its_date(self, clocked, kms, arn):
        material = os.urandom(32)
        date = at(clocked) + datetime.timedelta(days=2)
        first = do_import(kms, arn, material, ValidTo=date)["KeyMaterialId"]
        found = describe(kms, arn)
        assert found["ExpirationModel"] == "KEY_MATERIAL_EXPIRES" and near(found["ValidTo"], date, 1)
        sealed = kms.encrypt(KeyId=arn, Plaintext=b"x")["CiphertextBlob"]
        clocked.advance(days=1)
        assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
        clocked.advance(days=1, seconds=5)
        eventually(lambda: describe(kms, arn)["KeyState"] == "PendingImport")
        found = describe(kms, arn)
        assert found["CurrentKeyMaterialId"] == first and not {"ExpirationModel", "ValidTo"} & found.keys()
        with refused("KMSInvalidStateException", f"{arn} is pending import."):
            kms.decrypt(CiphertextBlob=sealed)
        [listed] = rotations(kms, arn)
        assert listed["ImportState"] == "IMPORTED" and listed["ExpirationModel"] == "KEY_MATERIAL_EXPIRES"
        assert near(listed["ValidTo"], date, 1)
        do_import(kms, arn, material)
        assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
        found = describe(kms, arn)
        assert found["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE" and "ValidTo" not in found

    def test_a_new_import_moves_the_date(self, clocked, kms, arn):
        material = os.urandom(32)
        do_import(kms, arn, material, ValidTo=at(clocked) + datetime.timedelta(days=1))
        do_import(kms, arn, material, ValidTo=at(clocked) + datetime.timedelta(days=300))
        clocked.advance(days=200)
        assert describe(kms, arn)["KeyState"] == "Enabled"


class TestRotation:
    def test_staged_material_takes_its_turn(self, kms, arn):
        with refused("KMSInvalidStateException", f"{arn} is pending import."):
            kms.rotate_key_on_demand(KeyId=arn)
        old, new = os.urandom(32), os.urandom(32)
        first = do_import(kms, arn, old, KeyMaterialDescription="the first")["KeyMaterialId"]
        with refused(
            "KMSInvalidStateException", f"No available key material pending rotation for the key: {arn}."
        ):
            kms.rotate_key_on_demand(KeyId=arn)
        sealed = kms.encrypt(KeyId=arn, Plaintext=b"x")["CiphertextBlob"]
        text = f"Key material (id: {first}) being imported as NEW_KEY_MATERIAL is already associated with KMS key {arn}."
        with refused("IncorrectKeyMaterialException", text):
            do_import(kms, arn, old, ImportType="NEW_KEY_MATERIAL")
        second = do_import(kms, arn, new, ImportType="NEW_KEY_MATERIAL")["KeyMaterialId"]
        assert describe(kms, arn)["CurrentKeyMaterialId"] == first
        with refused("KMSInvalidStateException", ...):
            do_import(kms, arn, os.urandom(32), ImportType="NEW_KEY_MATERIAL")
        assert rotations(kms, arn, everything=False) == []
        states = [(e["KeyMaterialId"], e["KeyMaterialState"]) for e in rotations(kms, arn)]
        assert states == [(first, "CURRENT"), (second, "PENDING_ROTATION")]

        rotate(kms, arn)
        assert describe(kms, arn)["CurrentKeyMaterialId"] == second
        [done] = rotations(kms, arn, everything=False)
        assert done["RotationType"] == "ON_DEMAND" and done["KeyMaterialId"] == second and "RotationDate" in done
        states = [(e["KeyMaterialId"], e["KeyMaterialState"]) for e in rotations(kms, arn)]
        assert states == [(first, "NON_CURRENT"), (second, "CURRENT")]
        assert rotations(kms, arn)[0]["KeyMaterialDescription"] == "the first"
        assert kms.decrypt(CiphertextBlob=sealed)["KeyMaterialId"] == first
        assert kms.generate_data_key(KeyId=arn, KeySpec="AES_256")["KeyMaterialId"] == second

        # Whatever is missing, the whole key waits: also for what is under material that is there.
        fresh = kms.encrypt(KeyId=arn, Plaintext=b"y")["CiphertextBlob"]
        assert kms.delete_imported_key_material(KeyId=arn, KeyMaterialId=first)["KeyMaterialId"] == first
        assert describe(kms, arn)["KeyState"] == "PendingImport"
        with refused("KMSInvalidStateException", f"{arn} is pending import."):
            kms.decrypt(CiphertextBlob=fresh)
        # The bytes alone tell which material they are.
        assert do_import(kms, arn, old)["KeyMaterialId"] == first
        assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"

    def test_deleting_staged_material_forgets_it(self, kms, arn):
        first = do_import(kms, arn, os.urandom(32))["KeyMaterialId"]
        staged = os.urandom(32)
        second = do_import(kms, arn, staged, ImportType="NEW_KEY_MATERIAL")["KeyMaterialId"]
        kms.delete_imported_key_material(KeyId=arn, KeyMaterialId=second)
        assert [e["KeyMaterialId"] for e in rotations(kms, arn)] == [first]
        assert describe(kms, arn)["KeyState"] == "Enabled"
        with refused("IncorrectKeyMaterialException", ...):
            do_import(kms, arn, staged)
        assert do_import(kms, arn, staged, ImportType="NEW_KEY_MATERIAL")["KeyMaterialId"] == second

    def test_staged_material_that_expired_is_rotated_in(self, clocked, kms, arn):
        do_import(kms, arn, os.urandom(32))
        material = os.urandom(32)
        date = at(clocked) + datetime.timedelta(days=1)
        second = do_import(kms, arn, material, ImportType="NEW_KEY_MATERIAL", ValidTo=date)["KeyMaterialId"]
        clocked.advance(days=2)
        assert describe(kms, arn)["KeyState"] == "Enabled"
        rotate(kms, arn)
        found = describe(kms, arn)
        assert (found["CurrentKeyMaterialId"], found["KeyState"]) == (second, "PendingImport")
        do_import(kms, arn, material)
        assert describe(kms, arn)["KeyState"] == "Enabled"
