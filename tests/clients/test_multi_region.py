"""Multi-Region keys: replicated, promoted, deleted; what they share and what is their own."""

import os
import re

import pytest

import aws
from aws import refused
from imports import do_import
from server import eventually
from test_import import describe, rotations

HERE, THERE, FAR = aws.REGION, "eu-west-1", "ap-northeast-1"


@pytest.fixture
def regions(clocked, account):
    """KMS of one account in three Regions."""
    return {region: aws.client(clocked, account, region=region) for region in (HERE, THERE, FAR)}


@pytest.fixture
def kms(regions):
    return regions[HERE]


@pytest.fixture
def primary(kms):
    return kms.create_key(MultiRegion=True)["KeyMetadata"]


def replicate(regions, key_id, *to, **arguments):
    for region in to:
        regions[HERE].replicate_key(KeyId=key_id, ReplicaRegion=region, **arguments)
        eventually(lambda region=region: describe(regions[region], key_id)["KeyState"] != "Creating")


def configuration(kms, key_id):
    found = describe(kms, key_id)["MultiRegionConfiguration"]
    return (
        found["MultiRegionKeyType"],
        found["PrimaryKey"]["Region"],
        [replica["Region"] for replica in found["ReplicaKeys"]],
    )


def settled(kms, key_id, state="Enabled"):
    eventually(lambda: describe(kms, key_id)["KeyState"] == state)


def test_a_primary_key(kms, primary):
    assert re.fullmatch(r"mrk-[0-9a-f]{32}", primary["KeyId"]) and primary["MultiRegion"] is True
    assert primary["MultiRegionConfiguration"] == {
        "MultiRegionKeyType": "PRIMARY",
        "PrimaryKey": {"Arn": primary["Arn"], "Region": HERE},
        "ReplicaKeys": [],
    }
    assert "MultiRegionConfiguration" not in kms.create_key()["KeyMetadata"]


def test_replicate(regions, kms, primary, account):
    key_id = primary["KeyId"]
    kms.tag_resource(KeyId=key_id, Tags=[{"TagKey": "here", "TagValue": "only"}])
    kms.create_alias(AliasName="alias/here", TargetKeyId=key_id)
    answer = kms.replicate_key(KeyId=key_id, ReplicaRegion=THERE)
    made = answer["ReplicaKeyMetadata"]
    assert made["Arn"] == aws.key_arn(account, key_id, THERE)
    assert made["KeyState"] == "Creating" and made["Enabled"] is False and "CurrentKeyMaterialId" not in made
    assert "ReplicaTags" not in answer and "Enable IAM User Permissions" in answer["ReplicaPolicy"]
    there = regions[THERE]
    settled(there, key_id)
    found = describe(there, key_id)
    assert found["CurrentKeyMaterialId"] == describe(kms, key_id)["CurrentKeyMaterialId"]
    assert found["Description"] == "" and there.list_resource_tags(KeyId=key_id)["Tags"] == []
    assert there.list_aliases(KeyId=key_id)["Aliases"] == []
    for region in (HERE, THERE):
        role = "PRIMARY" if region == HERE else "REPLICA"
        assert configuration(regions[region], key_id) == (role, HERE, [THERE])
    with refused("AlreadyExistsException", "You can create only one replica of each primary key in each AWS Region."):
        kms.replicate_key(KeyId=key_id, ReplicaRegion=THERE)
    with refused("UnsupportedOperationException", f"{found['Arn']} is not a multi-region primary key."):
        there.replicate_key(KeyId=key_id, ReplicaRegion=FAR)


def test_own_properties(regions, kms, primary):
    key_id = primary["KeyId"]
    tags = [{"TagKey": "stage", "TagValue": "test"}]
    answer = kms.replicate_key(KeyId=key_id, ReplicaRegion=THERE, Description="there", Tags=tags)
    assert answer["ReplicaTags"] == tags and answer["ReplicaKeyMetadata"]["Description"] == "there"
    there = regions[THERE]
    settled(there, key_id)
    assert there.list_resource_tags(KeyId=key_id)["Tags"] == tags
    there.update_key_description(KeyId=key_id, Description="changed")
    there.disable_key(KeyId=key_id)
    assert describe(kms, key_id)["Description"] == "" and describe(kms, key_id)["KeyState"] == "Enabled"
    owner = primary["AWSAccountId"]
    kms.create_grant(KeyId=key_id, GranteePrincipal=f"arn:aws:iam::{owner}:root", Operations=["Decrypt"])
    assert there.list_grants(KeyId=key_id)["Grants"] == []


@pytest.mark.parametrize(
    "region, text",
    [
        (HERE, f"{HERE} cannot have a replica because it contains the primary."),
        ("cn-north-1", "The replica key Region must be in the same AWS partition as the primary key Region."),
        (
            "us-invalid-1",
            "Region us-invalid-1 is not a valid Region or multi-Region keys are not supported in Region us-invalid-1.",
        ),
    ],
)
def test_regions_that_cannot_have_a_replica(kms, primary, region, text):
    with refused("ValidationException", text):
        kms.replicate_key(KeyId=primary["KeyId"], ReplicaRegion=region)


def test_single_region_keys_have_no_replicas(kms):
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    with refused("UnsupportedOperationException", f"{arn} is not a multi-region primary key."):
        kms.replicate_key(KeyId=arn, ReplicaRegion=THERE)
    with refused("UnsupportedOperationException", ...):
        kms.update_primary_region(KeyId=arn, PrimaryRegion=THERE)


@pytest.mark.parametrize("call", ["replicate_key", "update_primary_region"])
def test_no_aliases(kms, call):
    region = {"ReplicaRegion": THERE} if call == "replicate_key" else {"PrimaryRegion": THERE}
    with refused("InvalidArnException", "Key Aliases are not supported for this operation."):
        getattr(kms, call)(KeyId="alias/any", **region)


def test_any_related_key_decrypts(regions, kms, primary):
    key_id = primary["KeyId"]
    replicate(regions, key_id, THERE, FAR)
    sealed = kms.encrypt(KeyId=key_id, Plaintext=b"x", EncryptionContext={"a": "b"})["CiphertextBlob"]
    # The first Region is out of action: its key can do nothing.
    kms.disable_key(KeyId=key_id)
    for region in (THERE, FAR):
        arn = describe(regions[region], key_id)["Arn"]
        for named in ({}, {"KeyId": key_id}, {"KeyId": arn}):
            opened = regions[region].decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "b"}, **named)
            assert opened["Plaintext"] == b"x" and opened["KeyId"] == arn
        text = "The key ID in the request does not identify a CMK that can perform this operation."
        with refused("IncorrectKeyException", text):
            regions[region].decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "b"}, KeyId=primary["Arn"])
        with refused("InvalidCiphertextException"):
            regions[region].decrypt(CiphertextBlob=sealed)


def test_signatures_and_macs_are_the_same_everywhere(regions, kms):
    pair = kms.create_key(MultiRegion=True, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    code = kms.create_key(MultiRegion=True, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
    for key_id in (pair, code):
        replicate(regions, key_id, THERE)
    there = regions[THERE]
    assert kms.get_public_key(KeyId=pair)["PublicKey"] == there.get_public_key(KeyId=pair)["PublicKey"]
    signed = kms.sign(KeyId=pair, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")["Signature"]
    assert there.verify(KeyId=pair, Message=b"m", Signature=signed, SigningAlgorithm="ECDSA_SHA_256")["SignatureValid"]
    made = kms.generate_mac(KeyId=code, Message=b"m", MacAlgorithm="HMAC_SHA_256")["Mac"]
    assert there.verify_mac(KeyId=code, Message=b"m", Mac=made, MacAlgorithm="HMAC_SHA_256")["MacValid"]


def test_rotation_is_the_primarys(clocked, regions, kms, primary):
    key_id = primary["KeyId"]
    replicate(regions, key_id, THERE)
    there = regions[THERE]
    arn = describe(there, key_id)["Arn"]
    for name, call in [
        ("EnableKeyRotation", there.enable_key_rotation),
        ("DisableKeyRotation", there.disable_key_rotation),
        ("RotateKeyOnDemand", there.rotate_key_on_demand),
    ]:
        text = f"{arn} is a multi-region replica key which is not valid for {name}."
        with refused("UnsupportedOperationException", text):
            call(KeyId=key_id)
    kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=90)
    status = there.get_key_rotation_status(KeyId=key_id)
    assert status["KeyRotationEnabled"] and status["RotationPeriodInDays"] == 90 and status["KeyId"] == arn
    before = describe(kms, key_id)["CurrentKeyMaterialId"]
    sealed = there.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    clocked.advance(days=91)
    eventually(lambda: describe(kms, key_id)["CurrentKeyMaterialId"] != before)
    assert describe(there, key_id)["CurrentKeyMaterialId"] == describe(kms, key_id)["CurrentKeyMaterialId"]
    assert len(rotations(there, key_id)) == 2
    assert there.decrypt(CiphertextBlob=sealed)["KeyMaterialId"] == before
    fresh = kms.encrypt(KeyId=key_id, Plaintext=b"y")["CiphertextBlob"]
    assert there.decrypt(CiphertextBlob=fresh)["Plaintext"] == b"y"
    # A disabled replica does not hold the set up; a disabled primary does.
    there.disable_key(KeyId=key_id)
    count = len(rotations(kms, key_id))
    clocked.advance(days=91)
    eventually(lambda: len(rotations(kms, key_id)) == count + 1)
    kms.disable_key(KeyId=key_id)
    clocked.advance(days=91)
    assert len(rotations(kms, key_id)) == count + 1


def test_promote(regions, kms, primary):
    key_id = primary["KeyId"]
    replicate(regions, key_id, THERE, FAR)
    there = regions[THERE]
    with refused("ValidationException", f"{key_id} does not have a replica key in the specified Region."):
        kms.update_primary_region(KeyId=key_id, PrimaryRegion="sa-east-1")
    arn = describe(there, key_id)["Arn"]
    with refused("KMSInvalidStateException", f"{arn} is not a multi-Region primary key."):
        there.update_primary_region(KeyId=key_id, PrimaryRegion=HERE)
    there.disable_key(KeyId=key_id)
    with refused("DisabledException", f"{arn} is disabled."):
        kms.update_primary_region(KeyId=key_id, PrimaryRegion=THERE)
    there.enable_key(KeyId=key_id)
    kms.update_primary_region(KeyId=key_id, PrimaryRegion=HERE)
    assert describe(kms, key_id)["KeyState"] == "Enabled"

    kms.update_primary_region(KeyId=key_id, PrimaryRegion=THERE)
    assert configuration(kms, key_id) == ("REPLICA", THERE, [FAR, HERE])
    assert configuration(there, key_id) == ("PRIMARY", THERE, [FAR, HERE])
    assert configuration(regions[FAR], key_id) == ("REPLICA", THERE, [FAR, HERE])
    for region in (HERE, THERE):
        settled(regions[region], key_id)
    there.enable_key_rotation(KeyId=key_id)
    assert kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"] is True


def test_deletion_order(clocked, regions, kms, primary):
    key_id = primary["KeyId"]
    replicate(regions, key_id, THERE)
    there = regions[THERE]
    answer = kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    assert answer["KeyState"] == "PendingReplicaDeletion" and "DeletionDate" not in answer
    assert answer["PendingWindowInDays"] == 7
    found = describe(kms, key_id)
    assert found["PendingDeletionWindowInDays"] == 7 and "DeletionDate" not in found
    with refused("KMSInvalidStateException", f"{primary['Arn']} is pending replica deletion."):
        kms.encrypt(KeyId=key_id, Plaintext=b"x")
    there.encrypt(KeyId=key_id, Plaintext=b"x")
    clocked.advance(days=30)
    assert describe(kms, key_id)["KeyState"] == "PendingReplicaDeletion"
    there.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=10)
    clocked.advance(days=11)
    eventually(lambda: describe(kms, key_id)["KeyState"] == "PendingDeletion")
    assert configuration(kms, key_id) == ("PRIMARY", HERE, [])
    with refused("NotFoundException", ...):
        describe(there, key_id)
    clocked.advance(days=8)

    def gone():
        try:
            describe(kms, key_id)
        except kms.exceptions.NotFoundException:
            return True

    eventually(gone)


def test_a_region_can_be_replicated_to_again(clocked, regions, kms, primary):
    key_id = primary["KeyId"]
    replicate(regions, key_id, THERE)
    regions[THERE].schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    with refused("AlreadyExistsException", ...):
        kms.replicate_key(KeyId=key_id, ReplicaRegion=THERE)
    clocked.advance(days=8)
    eventually(lambda: configuration(kms, key_id) == ("PRIMARY", HERE, []))
    replicate(regions, key_id, THERE)
    kms.schedule_key_deletion(KeyId=key_id)
    kms.cancel_key_deletion(KeyId=key_id)
    assert describe(kms, key_id)["KeyState"] == "Disabled"
    assert describe(regions[THERE], key_id)["KeyState"] == "Enabled"


def test_imported_material_is_brought_to_every_region(regions, kms):
    arn = kms.create_key(MultiRegion=True, Origin="EXTERNAL")["KeyMetadata"]["Arn"]
    key_id, there = arn.split("/")[1], regions[THERE]
    with refused("KMSInvalidStateException", f"{arn} is pending import."):
        kms.replicate_key(KeyId=key_id, ReplicaRegion=THERE)
    material, other = os.urandom(32), os.urandom(32)
    first = do_import(kms, key_id, material)["KeyMaterialId"]
    answer = kms.replicate_key(KeyId=key_id, ReplicaRegion=THERE)["ReplicaKeyMetadata"]
    assert answer["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE"
    settled(there, key_id, "PendingImport")
    found = describe(there, key_id)
    assert found["CurrentKeyMaterialId"] == first and "ExpirationModel" not in found
    for arguments, text in [
        ({"KeyMaterialDescription": "x"}, "Key material description can only be specified on primary Multi-Region keys"),
        (
            {"ImportType": "NEW_KEY_MATERIAL"},
            "Input parameter ImportType NEW_KEY_MATERIAL cannot be used on replica Multi-Region keys",
        ),
    ]:
        with refused("ValidationException", text):
            do_import(there, key_id, material, **arguments)
    with refused("IncorrectKeyMaterialException", ...):
        do_import(there, key_id, other)
    assert do_import(there, key_id, material)["KeyMaterialId"] == first
    sealed = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    assert there.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"

    second = do_import(kms, key_id, other, ImportType="NEW_KEY_MATERIAL")["KeyMaterialId"]
    waiting = "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"
    for region in (HERE, THERE):
        assert [e["KeyMaterialState"] for e in rotations(regions[region], key_id)] == ["CURRENT", waiting]
    assert rotations(there, key_id)[1]["ImportState"] == "PENDING_IMPORT"
    text = (
        "Cannot perform key material rotation: "
        "Key material has not been imported for replicas of the Multi-Region key."
    )
    with refused("KMSInvalidStateException", text):
        kms.rotate_key_on_demand(KeyId=key_id)
    do_import(there, key_id, other)
    for region in (HERE, THERE):
        assert rotations(regions[region], key_id)[1]["KeyMaterialState"] == "PENDING_ROTATION"
    kms.rotate_key_on_demand(KeyId=key_id)
    eventually(lambda: describe(there, key_id)["CurrentKeyMaterialId"] == second)
    assert describe(there, key_id)["KeyState"] == "Enabled"
    # Deleting is each Region's own affair.
    there.delete_imported_key_material(KeyId=key_id)
    assert describe(there, key_id)["KeyState"] == "PendingImport"
    assert describe(kms, key_id)["KeyState"] == "Enabled"


def test_another_account_cannot_replicate(clocked, primary):
    with refused("AccessDeniedException", ...):
        aws.client(clocked, aws.fresh_account()).replicate_key(KeyId=primary["Arn"], ReplicaRegion=FAR)
