"""Key pairs and HMAC keys, against another implementation of every algorithm."""

import hashlib
import hmac

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, utils

import aws

RSA = ["RSA_2048", "RSA_3072", "RSA_4096"]
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
CURVES = {
    "ECC_NIST_P256": (ec.SECP256R1(), "ECDSA_SHA_256"),
    "ECC_NIST_P384": (ec.SECP384R1(), "ECDSA_SHA_384"),
    "ECC_NIST_P521": (ec.SECP521R1(), "ECDSA_SHA_512"),
    "ECC_SECG_P256K1": (ec.SECP256K1(), "ECDSA_SHA_256"),
}
MESSAGE = b"a message"


@pytest.fixture(scope="module")
def maker(dev):
    """KMS, and one key for each spec and usage that a test of this module asks for."""
    kms = aws.client(dev, aws.fresh_account())
    made = {}

    def make(spec, usage):
        if (spec, usage) not in made:
            made[spec, usage] = kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]
        return made[spec, usage]

    make.kms = kms
    return make


def public_key(kms, key_id):
    return serialization.load_der_public_key(kms.get_public_key(KeyId=key_id)["PublicKey"])


def digest(algorithm, message=MESSAGE):
    return hashlib.new("sha" + algorithm.rsplit("_", 1)[1], message).digest()


@pytest.mark.parametrize("spec", RSA)
def test_rsa_signatures_verify_elsewhere(maker, spec):
    kms, key = maker.kms, maker(spec, "SIGN_VERIFY")
    assert key["SigningAlgorithms"] == [
        f"RSASSA_{scheme}_SHA_{size}" for scheme in ("PKCS1_V1_5", "PSS") for size in (256, 384, 512)
    ]
    assert "CurrentKeyMaterialId" not in key and "EncryptionAlgorithms" not in key
    public = public_key(kms, key["KeyId"])
    assert public.key_size == int(spec[4:])
    for algorithm in key["SigningAlgorithms"]:
        function = HASHES[algorithm[-3:]]
        scheme = (
            padding.PSS(padding.MGF1(function), function.digest_size) if "PSS" in algorithm else padding.PKCS1v15()
        )
        for kind, signed in [("RAW", MESSAGE), ("DIGEST", digest(algorithm))]:
            answer = kms.sign(KeyId=key["KeyId"], Message=signed, MessageType=kind, SigningAlgorithm=algorithm)
            assert answer["KeyId"] == key["Arn"] and answer["SigningAlgorithm"] == algorithm
            public.verify(answer["Signature"], MESSAGE, scheme, function)
            checked = kms.verify(
                KeyId=key["KeyId"], Message=MESSAGE, Signature=answer["Signature"], SigningAlgorithm=algorithm
            )
            assert checked["SignatureValid"] is True


@pytest.mark.parametrize("spec", CURVES)
def test_ecdsa_signatures_verify_elsewhere(maker, spec):
    kms, key = maker.kms, maker(spec, "SIGN_VERIFY")
    curve, algorithm = CURVES[spec]
    assert key["SigningAlgorithms"] == [algorithm]
    public = public_key(kms, key["KeyId"])
    assert public.curve.name == curve.name
    function = HASHES[algorithm[-3:]]
    first = kms.sign(KeyId=key["KeyId"], Message=MESSAGE, SigningAlgorithm=algorithm)["Signature"]
    second = kms.sign(
        KeyId=key["KeyId"], Message=digest(algorithm), MessageType="DIGEST", SigningAlgorithm=algorithm
    )["Signature"]
    assert first != second
    for signature in (first, second):
        public.verify(signature, MESSAGE, ec.ECDSA(function))
        utils.decode_dss_signature(signature)


def test_ed25519_is_pure_or_prehashed_and_never_mixed(maker):
    kms, key = maker.kms, maker("ECC_NIST_EDWARDS25519", "SIGN_VERIFY")
    assert key["SigningAlgorithms"] == ["ED25519_PH_SHA_512", "ED25519_SHA_512"]
    public = public_key(kms, key["KeyId"])
    assert isinstance(public, ed25519.Ed25519PublicKey)
    asked = {"KeyId": key["KeyId"], "SigningAlgorithm": "ED25519_SHA_512"}
    signature = kms.sign(Message=MESSAGE, **asked)["Signature"]
    public.verify(signature, MESSAGE)
    assert kms.sign(Message=MESSAGE, **asked)["Signature"] == signature
    hashed = {"KeyId": key["KeyId"], "SigningAlgorithm": "ED25519_PH_SHA_512"}
    prehashed = kms.sign(Message=digest("_512"), MessageType="DIGEST", **hashed)["Signature"]
    assert len(prehashed) == 64 and prehashed != signature
    kms.verify(Message=digest("_512"), MessageType="DIGEST", Signature=prehashed, **hashed)
    with aws.refused("KMSInvalidSignatureException"):
        kms.verify(Message=MESSAGE, Signature=prehashed, **asked)
    text = "Message type {} is incompatible with algorithm {}."
    with aws.refused("ValidationException", text.format("RAW", "ED25519_PH_SHA_512")):
        kms.sign(Message=MESSAGE, **hashed)
    with aws.refused("ValidationException", text.format("DIGEST", "ED25519_SHA_512")):
        kms.sign(Message=digest("_512"), MessageType="DIGEST", **asked)


@pytest.mark.parametrize("spec, length", [("ML_DSA_44", 2420), ("ML_DSA_65", 3309), ("ML_DSA_87", 4627)])
def test_ml_dsa_takes_messages_and_their_mu(maker, spec, length):
    kms, key = maker.kms, maker(spec, "SIGN_VERIFY")
    der = kms.get_public_key(KeyId=key["KeyId"])["PublicKey"]
    sizes = {"ML_DSA_44": 1312, "ML_DSA_65": 1952, "ML_DSA_87": 2592}
    bare = der[-sizes[spec] :]
    mu = hashlib.shake_256(hashlib.shake_256(bare).digest(64) + b"\0\0" + MESSAGE).digest(64)
    asked = {"KeyId": key["KeyId"], "SigningAlgorithm": "ML_DSA_SHAKE_256"}
    for kind, signed in [("RAW", MESSAGE), ("EXTERNAL_MU", mu)]:
        signature = kms.sign(Message=signed, MessageType=kind, **asked)["Signature"]
        assert len(signature) == length
        for other, checked in [("RAW", MESSAGE), ("EXTERNAL_MU", mu)]:
            kms.verify(Message=checked, MessageType=other, Signature=signature, **asked)
    with aws.refused("ValidationException", f"Message type DIGEST is incompatible with key spec {spec}."):
        kms.sign(Message=mu, MessageType="DIGEST", **asked)
    with aws.refused("ValidationException", "External Mu is invalid length for algorithm ML_DSA_SHAKE_256."):
        kms.sign(Message=mu[1:], MessageType="EXTERNAL_MU", **asked)


@pytest.mark.parametrize("spec", RSA)
def test_what_is_encrypted_elsewhere_with_rsa_decrypts(maker, spec):
    kms, key = maker.kms, maker(spec, "ENCRYPT_DECRYPT")
    assert key["EncryptionAlgorithms"] == ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]
    public = public_key(kms, key["KeyId"])
    size = int(spec[4:]) // 8
    for algorithm, function in [("RSAES_OAEP_SHA_1", hashes.SHA1()), ("RSAES_OAEP_SHA_256", hashes.SHA256())]:
        most = size - 2 * function.digest_size - 2
        oaep = padding.OAEP(padding.MGF1(function), function, None)
        asked = {"KeyId": key["KeyId"], "EncryptionAlgorithm": algorithm}
        for plaintext in (b"x", bytes(most)):
            answer = kms.decrypt(CiphertextBlob=public.encrypt(plaintext, oaep), **asked)
            assert answer["Plaintext"] == plaintext and "KeyMaterialId" not in answer
            sealed = kms.encrypt(Plaintext=plaintext, **asked)
            assert len(sealed["CiphertextBlob"]) == size and sealed["EncryptionAlgorithm"] == algorithm
            assert kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], **asked)["Plaintext"] == plaintext
        text = f"Algorithm {algorithm} and key spec {spec} cannot encrypt data larger than {most} bytes."
        with aws.refused("ValidationException", text):
            kms.encrypt(Plaintext=bytes(most + 1), **asked)
        for broken in (b"x", bytes(size), public.encrypt(b"x", oaep)[:-1] + b"\0"):
            with aws.refused("InvalidCiphertextException"):
                kms.decrypt(CiphertextBlob=broken, **asked)


def test_algorithms_a_key_does_not_offer(maker):
    kms, key = maker.kms, maker("RSA_2048", "ENCRYPT_DECRYPT")
    text = "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."
    with aws.refused("InvalidKeyUsageException", text):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    with aws.refused("InvalidKeyUsageException", text):
        kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256")
    with aws.refused("InvalidKeyUsageException", "You cannot generate a data key pair with an asymmetric CMK"):
        kms.generate_data_key_pair(KeyId=key["KeyId"], KeyPairSpec="ECC_NIST_P256")
    with aws.refused(
        "ValidationException", "EncryptionContext is not supported when encrypting/decrypting with asymmetric CMKs."
    ):
        kms.encrypt(
            KeyId=key["KeyId"], Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_1", EncryptionContext={"a": "b"}
        )
    with aws.refused(
        "InvalidKeyUsageException", f"{key['Arn']} key usage is ENCRYPT_DECRYPT which is not valid for Sign."
    ):
        kms.sign(KeyId=key["KeyId"], Message=b"x", SigningAlgorithm="RSASSA_PSS_SHA_256")
    signer = maker("RSA_2048", "SIGN_VERIFY")
    with aws.refused("InvalidKeyUsageException", "Algorithm ECDSA_SHA_256 is incompatible with key spec RSA_2048."):
        kms.sign(KeyId=signer["KeyId"], Message=b"x", SigningAlgorithm="ECDSA_SHA_256")
    with aws.refused("ValidationException", "Digest is invalid length for algorithm RSASSA_PSS_SHA_256."):
        kms.sign(KeyId=signer["KeyId"], Message=b"x", MessageType="DIGEST", SigningAlgorithm="RSASSA_PSS_SHA_256")
    with aws.refused("ValidationException", "Message type EXTERNAL_MU is incompatible with key spec RSA_2048."):
        kms.sign(
            KeyId=signer["KeyId"],
            Message=bytes(64),
            MessageType="EXTERNAL_MU",
            SigningAlgorithm="RSASSA_PSS_SHA_256",
        )


def test_from_one_kind_of_key_to_another(maker):
    kms, rsa = maker.kms, maker("RSA_2048", "ENCRYPT_DECRYPT")
    symmetric = kms.create_key()["KeyMetadata"]["KeyId"]
    sealed = kms.encrypt(KeyId=symmetric, Plaintext=b"secret")["CiphertextBlob"]
    moved = kms.re_encrypt(
        CiphertextBlob=sealed, DestinationKeyId=rsa["KeyId"], DestinationEncryptionAlgorithm="RSAES_OAEP_SHA_256"
    )
    assert moved["SourceEncryptionAlgorithm"] == "SYMMETRIC_DEFAULT" and "DestinationKeyMaterialId" not in moved
    back = kms.re_encrypt(
        CiphertextBlob=moved["CiphertextBlob"],
        SourceKeyId=rsa["KeyId"],
        SourceEncryptionAlgorithm="RSAES_OAEP_SHA_256",
        DestinationKeyId=symmetric,
    )
    assert kms.decrypt(CiphertextBlob=back["CiphertextBlob"])["Plaintext"] == b"secret"


@pytest.mark.parametrize("size", ["224", "256", "384", "512"])
def test_macs(maker, size):
    kms, key = maker.kms, maker(f"HMAC_{size}", "GENERATE_VERIFY_MAC")
    assert key["MacAlgorithms"] == [f"HMAC_SHA_{size}"]
    asked = {"KeyId": key["KeyId"], "MacAlgorithm": f"HMAC_SHA_{size}", "Message": MESSAGE}
    mac = kms.generate_mac(**asked)["Mac"]
    assert len(mac) == int(size) // 8 and kms.generate_mac(**asked)["Mac"] == mac
    assert kms.verify_mac(Mac=mac, **asked)["MacValid"] is True
    for wrong in (mac[:-1], mac + b"\0", bytes(len(mac)), hmac.new(b"k", MESSAGE, "sha" + size).digest()):
        with aws.refused("KMSInvalidMacException"):
            kms.verify_mac(Mac=wrong, **asked)
    other = "512" if size != "512" else "256"
    text = f"Algorithm HMAC_SHA_{other} is incompatible with key spec HMAC_{size}."
    with aws.refused("InvalidKeyUsageException", text):
        kms.generate_mac(**{**asked, "MacAlgorithm": f"HMAC_SHA_{other}"})
    with aws.refused("UnsupportedOperationException"):
        kms.get_public_key(KeyId=key["KeyId"])
    with aws.refused("UnsupportedOperationException"):
        kms.enable_key_rotation(KeyId=key["KeyId"])


@pytest.mark.parametrize("spec", ["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521"])
def test_agreement_with_a_key_made_elsewhere(maker, spec):
    kms, key = maker.kms, maker(spec, "KEY_AGREEMENT")
    assert key["KeyAgreementAlgorithms"] == ["ECDH"]
    curve, _ = CURVES[spec]
    peer = ec.generate_private_key(curve)
    encoded = peer.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    asked = {"KeyId": key["KeyId"], "KeyAgreementAlgorithm": "ECDH"}
    answer = kms.derive_shared_secret(PublicKey=encoded, **asked)
    assert answer["SharedSecret"] == peer.exchange(ec.ECDH(), public_key(kms, key["KeyId"]))
    assert answer["KeyOrigin"] == "AWS_KMS"
    other = ec.generate_private_key(ec.SECP256K1()).public_key()
    other = other.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    for wrong in (b"\x30\x00", encoded[:-1], encoded + b"\0", other):
        with aws.refused("ValidationException"):
            kms.derive_shared_secret(PublicKey=wrong, **asked)


@pytest.mark.parametrize("spec, length", [("ML_KEM_512", 768), ("ML_KEM_768", 1088), ("ML_KEM_1024", 1568)])
def test_encapsulation(maker, spec, length):
    kms, key = maker.kms, maker(spec, "ENCAPSULATE_DECAPSULATE")
    asked = {"KeyId": key["KeyId"], "EncapsulationAlgorithm": "ML_KEM"}
    made = kms.encapsulate(**asked)
    blob = made["SharedSecretCiphertextBlob"]
    assert len(made["SharedSecret"]) == 32 and len(blob) == length
    assert kms.decapsulate(SharedSecretCiphertextBlob=blob, **asked)["SharedSecret"] == made["SharedSecret"]
    # Another ciphertext of that length gives another secret, and always the same.
    other = bytes([blob[0] ^ 1]) + blob[1:]
    first, second = (kms.decapsulate(SharedSecretCiphertextBlob=other, **asked)["SharedSecret"] for _ in range(2))
    assert first == second != made["SharedSecret"]
    with aws.refused("InvalidCiphertextException"):
        kms.decapsulate(SharedSecretCiphertextBlob=blob[1:], **asked)
    assert kms.encapsulate(**asked)["SharedSecret"] != made["SharedSecret"]


PAIRS = ["RSA_2048", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1", "ECC_NIST_EDWARDS25519"]


@pytest.mark.parametrize("spec", PAIRS)
def test_data_key_pairs_load_elsewhere(maker, spec):
    kms = maker.kms
    key = kms.create_key()["KeyMetadata"]
    asked = {"KeyId": key["KeyId"], "KeyPairSpec": spec, "EncryptionContext": {"a": "b"}}
    made = kms.generate_data_key_pair(**asked)
    assert made["KeyMaterialId"] == key["CurrentKeyMaterialId"] and made["KeyPairSpec"] == spec
    private = serialization.load_der_private_key(made["PrivateKeyPlaintext"], None)
    assert private.public_key() == serialization.load_der_public_key(made["PublicKey"])
    opened = kms.decrypt(CiphertextBlob=made["PrivateKeyCiphertextBlob"], EncryptionContext={"a": "b"})
    assert opened["Plaintext"] == made["PrivateKeyPlaintext"]
    hidden = kms.generate_data_key_pair_without_plaintext(**asked)
    assert "PrivateKeyPlaintext" not in hidden and hidden["PublicKey"] != made["PublicKey"]


def test_decrypt_names_a_key_that_cannot(maker):
    kms, rsa = maker.kms, maker("RSA_2048", "ENCRYPT_DECRYPT")
    sealed = kms.encrypt(KeyId=rsa["KeyId"], Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_256")["CiphertextBlob"]
    with aws.refused("InvalidCiphertextException"):
        kms.decrypt(KeyId=rsa["KeyId"], CiphertextBlob=sealed)
    symmetric = kms.create_key()["KeyMetadata"]["KeyId"]
    with aws.refused("InvalidCiphertextException"):
        kms.decrypt(KeyId=symmetric, CiphertextBlob=sealed)
    blob = kms.encrypt(KeyId=symmetric, Plaintext=b"x")["CiphertextBlob"]
    text = "The key ID in the request does not identify a CMK that can perform this operation."
    for spec, usage in [("HMAC_256", "GENERATE_VERIFY_MAC"), ("RSA_2048", "SIGN_VERIFY")]:
        other = maker(spec, usage)["KeyId"]
        with aws.refused("IncorrectKeyException", text):
            kms.decrypt(KeyId=other, CiphertextBlob=blob)
        with aws.refused("IncorrectKeyException", text):
            kms.re_encrypt(SourceKeyId=other, CiphertextBlob=blob, DestinationKeyId=symmetric)


def test_a_signature_of_somebody_else(maker):
    kms, key = maker.kms, maker("ECC_NIST_P256", "SIGN_VERIFY")
    stranger = ec.generate_private_key(ec.SECP256R1())
    signature = stranger.sign(MESSAGE, ec.ECDSA(hashes.SHA256()))
    for wrong in (signature, b"x", signature[:-1]):
        with aws.refused("KMSInvalidSignatureException"):
            kms.verify(KeyId=key["KeyId"], Message=MESSAGE, Signature=wrong, SigningAlgorithm="ECDSA_SHA_256")
    with pytest.raises(InvalidSignature):
        public_key(kms, key["KeyId"]).verify(signature, MESSAGE, ec.ECDSA(hashes.SHA256()))


def test_states_of_a_key_pair(maker):
    kms = maker.kms
    key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    signing = {"KeyId": key["KeyId"], "Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256"}
    with aws.refused(
        "DryRunOperationException", "The request would have succeeded, but the DryRun option is set."
    ):
        kms.sign(**signing, DryRun=True)
    kms.disable_key(KeyId=key["KeyId"])
    with aws.refused("DisabledException", f"{key['Arn']} is disabled."):
        kms.sign(**signing)
    kms.get_public_key(KeyId=key["KeyId"])
    kms.schedule_key_deletion(KeyId=key["KeyId"])
    with aws.refused("KMSInvalidStateException", f"{key['Arn']} is pending deletion."):
        kms.get_public_key(KeyId=key["KeyId"])
