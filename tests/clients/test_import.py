"""Imported key material: wrapped by another implementation, checked, expired, deleted, imported again."""

import datetime
import hashlib
import hmac
import os
import re
import subprocess

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

import aws
from aws import refused
from imports import do_import, parameters, pkcs8, wrap

OAEP = ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]
KEY_WRAP = ["RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256"]
WRAPPING_KEYS = ["RSA_2048", "RSA_3072", "RSA_4096"]
CURVES = {
    "ECC_NIST_P256": ec.SECP256R1(),
    "ECC_NIST_P384": ec.SECP384R1(),
    "ECC_NIST_P521": ec.SECP521R1(),
    "ECC_SECG_P256K1": ec.SECP256K1(),
}
ID = re.compile(r"[0-9a-f]{64}")
MESSAGE = b"a message"


@pytest.fixture
def external(kms):
    """Makes a key that waits for its material; its metadata."""

    def make(**arguments):
        return kms.create_key(Origin="EXTERNAL", **arguments)["KeyMetadata"]

    return make


@pytest.fixture
def arn(external):
    return external()["Arn"]


def describe(kms, key_id):
    return kms.describe_key(KeyId=key_id)["KeyMetadata"]


def soon(**delta):
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0) + datetime.timedelta(**delta)


def rotations(kms, key_id, everything=True):
    asked = {"IncludeKeyMaterial": "ALL_KEY_MATERIAL"} if everything else {}
    return kms.list_key_rotations(KeyId=key_id, **asked)["Rotations"]


def test_a_key_waits_for_its_material(kms, external):
    made = external()
    assert made["KeyState"] == "PendingImport" and made["Enabled"] is False and made["Origin"] == "EXTERNAL"
    assert not {"CurrentKeyMaterialId", "ExpirationModel", "ValidTo"} & made.keys()
    arn = made["Arn"]
    with refused("KMSInvalidStateException", f"{arn} is pending import."):
        kms.encrypt(KeyId=arn, Plaintext=b"x")
    assert rotations(kms, arn) == []


@pytest.mark.parametrize("spec", WRAPPING_KEYS)
@pytest.mark.parametrize("algorithm", OAEP)
def test_symmetric(kms, arn, algorithm, spec):
    given = parameters(kms, arn, algorithm, spec)
    assert given["KeyId"] == arn
    assert abs((given["ParametersValidTo"] - soon(hours=24)).total_seconds()) < 60
    assert serialization.load_der_public_key(given["PublicKey"]).key_size == int(spec[4:])
    answer = do_import(kms, arn, os.urandom(32), algorithm=algorithm, given=given)
    assert answer["KeyId"] == arn and ID.fullmatch(answer["KeyMaterialId"])
    found = describe(kms, arn)
    assert found["KeyState"] == "Enabled" and found["Enabled"]
    assert found["CurrentKeyMaterialId"] == answer["KeyMaterialId"]
    assert found["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE" and "ValidTo" not in found
    sealed = kms.encrypt(KeyId=arn, Plaintext=b"x")["CiphertextBlob"]
    opened = kms.decrypt(CiphertextBlob=sealed)
    assert opened["Plaintext"] == b"x" and opened["KeyMaterialId"] == answer["KeyMaterialId"]


def test_with_openssl(kms, arn, tmp_path):
    """The procedure of the developer guide, with nothing but openssl."""
    given = parameters(kms, arn)
    (tmp_path / "wrapping.der").write_bytes(given["PublicKey"])

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, cwd=tmp_path, capture_output=True)

    openssl("rand", "-out", "plain.bin", "32")
    openssl(
        *"pkeyutl -encrypt -in plain.bin -out wrapped.bin -inkey wrapping.der -keyform DER -pubin".split(),
        *"-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256".split(),
    )
    kms.import_key_material(
        KeyId=arn,
        ImportToken=given["ImportToken"],
        EncryptedKeyMaterial=(tmp_path / "wrapped.bin").read_bytes(),
        ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
    )
    assert describe(kms, arn)["KeyState"] == "Enabled"
    with refused("IncorrectKeyMaterialException", ...):
        do_import(kms, arn, os.urandom(32))
    do_import(kms, arn, (tmp_path / "plain.bin").read_bytes())


@pytest.mark.parametrize("size, name", [(224, "sha224"), (256, "sha256"), (384, "sha384"), (512, "sha512")])
def test_hmac(kms, external, size, name):
    arn = external(KeySpec=f"HMAC_{size}", KeyUsage="GENERATE_VERIFY_MAC")["Arn"]
    material = os.urandom(size // 8)
    with refused("InvalidCiphertextException"):
        do_import(kms, arn, material[:-1])
    assert describe(kms, arn)["KeyState"] == "PendingImport"
    answer = do_import(kms, arn, material, algorithm=OAEP[0])
    assert "KeyMaterialId" not in answer
    made = kms.generate_mac(KeyId=arn, Message=MESSAGE, MacAlgorithm=f"HMAC_SHA_{size}")["Mac"]
    assert made == hmac.new(material, MESSAGE, name).digest()


@pytest.mark.parametrize("algorithm", OAEP + KEY_WRAP)
@pytest.mark.parametrize("spec", CURVES)
def test_elliptic_curves(kms, external, spec, algorithm):
    private = ec.generate_private_key(CURVES[spec])
    arn = external(KeySpec=spec, KeyUsage="SIGN_VERIFY")["Arn"]
    if spec == "ECC_NIST_P521" and algorithm in OAEP:
        with refused(
            "ValidationException",
            f"Wrapping algorithm {algorithm} and wrapping key spec RSA_2048 cannot be used to import a {spec} key.",
        ):
            parameters(kms, arn, algorithm)
    wrapping_key = "RSA_3072" if spec == "ECC_NIST_P521" else "RSA_2048"
    answer = do_import(kms, arn, pkcs8(private), algorithm=algorithm, spec=wrapping_key)
    assert "KeyMaterialId" not in answer
    assert serialization.load_der_public_key(kms.get_public_key(KeyId=arn)["PublicKey"]) == private.public_key()
    [scheme] = describe(kms, arn)["SigningAlgorithms"]
    signature = kms.sign(KeyId=arn, Message=MESSAGE, SigningAlgorithm=scheme)["Signature"]
    function = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[scheme[-3:]]
    private.public_key().verify(signature, MESSAGE, ec.ECDSA(function))


def test_ed25519(kms, external):
    private = ed25519.Ed25519PrivateKey.generate()
    arn = external(KeySpec="ECC_NIST_EDWARDS25519", KeyUsage="SIGN_VERIFY")["Arn"]
    with refused("ValidationException", ...):
        parameters(kms, arn, OAEP[1], "RSA_2048")
    do_import(kms, arn, pkcs8(private), algorithm=KEY_WRAP[1])
    signature = kms.sign(KeyId=arn, Message=MESSAGE, SigningAlgorithm="ED25519_SHA_512")["Signature"]
    assert signature == private.sign(MESSAGE)


@pytest.mark.parametrize("usage", ["SIGN_VERIFY", "ENCRYPT_DECRYPT"])
@pytest.mark.parametrize("algorithm", KEY_WRAP)
def test_rsa(kms, external, usage, algorithm):
    private = rsa.generate_private_key(65537, 2048)
    arn = external(KeySpec="RSA_2048", KeyUsage=usage)["Arn"]
    do_import(kms, arn, pkcs8(private), algorithm=algorithm)
    public = serialization.load_der_public_key(kms.get_public_key(KeyId=arn)["PublicKey"])
    assert public == private.public_key()
    if usage == "SIGN_VERIFY":
        scheme = "RSASSA_PKCS1_V1_5_SHA_256"
        signature = kms.sign(KeyId=arn, Message=MESSAGE, SigningAlgorithm=scheme)["Signature"]
        assert signature == private.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256())
    else:
        oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
        sealed = public.encrypt(MESSAGE, oaep)
        scheme = "RSAES_OAEP_SHA_256"
        assert kms.decrypt(KeyId=arn, CiphertextBlob=sealed, EncryptionAlgorithm=scheme)["Plaintext"] == MESSAGE


@pytest.mark.parametrize(
    "spec, usage, algorithm",
    [
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "RSA_AES_KEY_WRAP_SHA_256"),
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "RSAES_PKCS1_V1_5"),
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "SM2PKE"),
        ("HMAC_256", "GENERATE_VERIFY_MAC", "RSA_AES_KEY_WRAP_SHA_1"),
        ("RSA_2048", "SIGN_VERIFY", "RSAES_OAEP_SHA_256"),
    ],
)
def test_wrappings_that_do_not_fit(kms, external, spec, usage, algorithm):
    arn = external(KeySpec=spec, KeyUsage=usage)["Arn"]
    text = f"Wrapping algorithm {algorithm} and wrapping key spec RSA_2048 cannot be used to import a {spec} key."
    with refused("ValidationException", text):
        parameters(kms, arn, algorithm)


@pytest.mark.parametrize("spec, usage", [("ML_DSA_44", "SIGN_VERIFY"), ("ML_KEM_768", "ENCAPSULATE_DECAPSULATE")])
def test_post_quantum_keys_cannot_be_external(kms, spec, usage):
    with refused("ValidationException", f"KeySpec {spec} is not supported for Origin EXTERNAL"):
        kms.create_key(Origin="EXTERNAL", KeySpec=spec, KeyUsage=usage)


def test_keys_that_make_their_own_material(kms, key_id):
    arn = describe(kms, key_id)["Arn"]
    text = f"{arn} origin is AWS_KMS which is not valid for this operation."
    with refused("UnsupportedOperationException", text):
        parameters(kms, key_id)
    with refused("UnsupportedOperationException", text):
        kms.import_key_material(
            KeyId=key_id, ImportToken=b"x", EncryptedKeyMaterial=b"x", ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE"
        )
    with refused("UnsupportedOperationException", text):
        kms.delete_imported_key_material(KeyId=key_id)


class TestTokens:
    def test_several_are_open_and_each_lasts(self, kms, arn):
        older, newer = parameters(kms, arn), parameters(kms, arn)
        material = os.urandom(32)
        for given in (newer, older, newer):
            do_import(kms, arn, material, given=given)

    def test_of_another_key(self, kms, arn, external):
        given = parameters(kms, external()["Arn"])
        with refused("InvalidImportTokenException"):
            do_import(kms, arn, os.urandom(32), given=given)

    @pytest.mark.parametrize("damage", [lambda t: t[:-1], lambda t: b"", lambda t: t + b"x", lambda t: b"{}"])
    def test_damaged(self, kms, arn, damage):
        given = parameters(kms, arn)
        wrapped = wrap(given, "RSAES_OAEP_SHA_256", os.urandom(32))
        token = damage(given["ImportToken"]) or b"x"
        with refused("InvalidImportTokenException"):
            kms.import_key_material(
                KeyId=arn,
                ImportToken=token,
                EncryptedKeyMaterial=wrapped,
                ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
            )

    def test_every_flipped_bit_of_what_it_says(self, kms, arn):
        given = parameters(kms, arn)
        token = given["ImportToken"]
        for index in range(0, len(token), max(1, len(token) // 64)):
            damaged = {**given, "ImportToken": token[:index] + bytes([token[index] ^ 1]) + token[index + 1 :]}
            with refused("InvalidImportTokenException"):
                do_import(kms, arn, os.urandom(32), given=damaged)

    def test_the_algorithm_is_the_one_asked_for(self, kms, arn):
        given = parameters(kms, arn, "RSAES_OAEP_SHA_256")
        with refused("InvalidCiphertextException"):
            do_import(kms, arn, os.urandom(32), algorithm="RSAES_OAEP_SHA_1", given=given)
        assert describe(kms, arn)["KeyState"] == "PendingImport"

    @pytest.mark.parametrize("size", [0, 16, 31, 33, 64])
    def test_wrong_length(self, kms, arn, size):
        with refused("InvalidCiphertextException"):
            do_import(kms, arn, os.urandom(size))

    def test_after_a_day(self, clocked, account):
        kms = aws.client(clocked, account)
        arn = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["Arn"]
        given = parameters(kms, arn)
        clocked.advance(seconds=25 * 3600)
        with refused("ExpiredImportTokenException", ...):
            do_import(kms, arn, os.urandom(32), given=given)
        do_import(kms, arn, os.urandom(32))


class TestParameters:
    @pytest.mark.parametrize(
        "arguments, text",
        [
            ({}, "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"),
            (
                {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE", "ValidTo": soon(days=1)},
                "A validTo date cannot be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE",
            ),
            ({"ValidTo": soon(days=-1)}, "ValidTo must be in the future"),
            ({"ValidTo": soon(days=366)}, "ValidTo must be less than 365 days in the future"),
            (
                {"ValidTo": soon(days=1), "ImportType": "NEW_KEY_MATERIAL", "KeyMaterialId": "0" * 64},
                "Input parameter keyMaterialId cannot be used with NEW_KEY_MATERIAL importType.",
            ),
        ],
    )
    def test_dates_and_types(self, kms, arn, arguments, text):
        with refused("ValidationException", text):
            kms.import_key_material(KeyId=arn, ImportToken=b"x", EncryptedKeyMaterial=b"x", **arguments)

    @pytest.mark.parametrize(
        "arguments, member",
        [
            ({"ImportType": "NEW_KEY_MATERIAL"}, "importType"),
            ({"KeyMaterialId": "0" * 64}, "keyMaterialId"),
            ({"KeyMaterialDescription": "text"}, "keyMaterialDescription"),
        ],
    )
    def test_what_only_symmetric_keys_take(self, kms, external, arguments, member):
        arn = external(KeySpec="HMAC_224", KeyUsage="GENERATE_VERIFY_MAC")["Arn"]
        with refused("ValidationException", f"Input parameter {member} cannot be used with HMAC_224 imported keys."):
            do_import(kms, arn, os.urandom(28), **arguments)


class TestMaterial:
    def test_other_bytes_are_not_the_expected_ones(self, kms, arn):
        first = do_import(kms, arn, os.urandom(32))["KeyMaterialId"]
        text = f"Imported key material does not have the expected identifier ({first})."
        with refused("IncorrectKeyMaterialException", text):
            do_import(kms, arn, os.urandom(32))
        named = f"Imported key material does not have the expected identifier ({'0' * 64})."
        with refused("IncorrectKeyMaterialException", named):
            do_import(kms, arn, os.urandom(32), KeyMaterialId="0" * 64)

    def test_the_id_follows_from_key_and_bytes(self, kms, arn, external):
        material = os.urandom(32)
        here = do_import(kms, arn, material)["KeyMaterialId"]
        elsewhere = do_import(kms, external()["Arn"], material)["KeyMaterialId"]
        assert here != elsewhere
        assert do_import(kms, arn, material)["KeyMaterialId"] == here

    def test_delete_and_import_again(self, kms, arn):
        assert kms.delete_imported_key_material(KeyId=arn)["KeyId"] == arn
        material = os.urandom(32)
        first = do_import(kms, arn, material)["KeyMaterialId"]
        sealed = kms.encrypt(KeyId=arn, Plaintext=b"x")["CiphertextBlob"]
        for _ in range(2):
            answer = kms.delete_imported_key_material(KeyId=arn)
            assert answer["KeyId"] == arn and answer["KeyMaterialId"] == first
        found = describe(kms, arn)
        assert found["KeyState"] == "PendingImport" and found["CurrentKeyMaterialId"] == first
        assert not {"ExpirationModel", "ValidTo"} & found.keys()
        [listed] = rotations(kms, arn)
        assert listed["ImportState"] == "PENDING_IMPORT" and listed["KeyMaterialState"] == "CURRENT"
        assert not {"ExpirationModel", "ValidTo", "RotationDate", "RotationType"} & listed.keys()
        with refused("KMSInvalidStateException", f"{arn} is pending import."):
            kms.decrypt(CiphertextBlob=sealed)
        do_import(kms, arn, material)
        assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
        never = "ab" * 32
        with refused(
            "ValidationException", f"Key material (id: {never}) has never been imported into KMS key {arn}."
        ):
            kms.delete_imported_key_material(KeyId=arn, KeyMaterialId=never)

    def test_an_import_enables(self, kms, arn):
        material = os.urandom(32)
        do_import(kms, arn, material)
        kms.disable_key(KeyId=arn)
        do_import(kms, arn, material)
        assert describe(kms, arn)["KeyState"] == "Enabled"

    def test_cancelled_deletion_of_a_key_without_material(self, kms, arn):
        kms.schedule_key_deletion(KeyId=arn)
        with refused("KMSInvalidStateException", f"{arn} is pending deletion."):
            do_import(kms, arn, os.urandom(32), given={"ImportToken": b"x", "PublicKey": rsa_public()})
        kms.cancel_key_deletion(KeyId=arn)
        assert describe(kms, arn)["KeyState"] == "PendingImport"

    def test_rotation_by_period_is_not_for_them(self, kms, arn):
        text = f"{arn} origin is EXTERNAL which is not valid for this operation."
        for call in (kms.enable_key_rotation, kms.disable_key_rotation):
            with refused("UnsupportedOperationException", text):
                call(KeyId=arn)
        assert kms.get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"] is False


def rsa_public():
    public = rsa.generate_private_key(65537, 2048).public_key()
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def test_public_keys_of_imported_pairs_name_the_key(kms, external):
    """Two keys with the same pair are two keys."""
    private = ec.generate_private_key(ec.SECP256R1())
    arns = [external(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["Arn"] for _ in range(2)]
    for arn in arns:
        do_import(kms, arn, pkcs8(private), algorithm=KEY_WRAP[1])
    digests = {hashlib.sha256(kms.get_public_key(KeyId=arn)["PublicKey"]).hexdigest() for arn in arns}
    assert len(digests) == 1 and arns[0] != arns[1]
