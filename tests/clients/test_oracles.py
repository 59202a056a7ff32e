"""No decryption oracle: whatever is wrong with a ciphertext, the whole answer is the same.

Compared is everything on the wire but the request id and the date. That the answers also take alike is measured by
`cargo bench -p claviger-crypto --bench timing`: a test that judges by a clock fails on a busy machine.
"""

import base64
import hashlib
import os

import pytest
from cryptography.hazmat.primitives import serialization

import aws
import wire

INVALID = (400, b'{"__type":"InvalidCiphertextException"}')
SCHEMES = {"RSAES_OAEP_SHA_1": "sha1", "RSAES_OAEP_SHA_256": "sha256"}
MATERIAL_ID_BYTES, CHECK_BYTES, NONCE_BYTES, IV_BYTES, TAG_BYTES = 32, 4, 16, 12, 16


def text(data):
    return base64.b64encode(data).decode()


def whole(server, account, operation, **request):
    """Status, headers and body of an answer, without what differs between any two."""
    answer = wire.call(server, operation, request, access_key=account)
    headers = {name: value for name, value in answer.headers.items() if name not in ("x-amzn-requestid", "date")}
    return answer.status, headers, answer.body


def assert_alike(answers, expected):
    """All answers, by what was wrong, are one and the same."""
    reference = next(iter(answers.values()))
    assert (reference[0], reference[2]) == expected
    assert {what: answer for what, answer in answers.items() if answer != reference} == {}


def damaged(blob):
    """The blob with one bit changed in each of its bytes, cut, and lengthened."""
    for at in range(len(blob)):
        yield f"byte {at} changed", blob[:at] + bytes([blob[at] ^ 1 << at % 8]) + blob[at + 1 :]
    for length in [1, 2, 8, 36, 68, 71, 72, 88, 100, 115, len(blob) - TAG_BYTES, len(blob) - 8, len(blob) - 1]:
        yield f"{length} bytes", blob[:length]
    yield "a byte more", blob + b"\0"
    yield "as long as may be", blob + bytes(6144 - len(blob))


def under_another_material(blob, body):
    """A blob that names a material its key never had, in a header that is whole."""
    header = blob[: len(blob) - len(body)]
    unchecked = header[: -(MATERIAL_ID_BYTES + CHECK_BYTES)] + os.urandom(MATERIAL_ID_BYTES)
    return unchecked + hashlib.sha256(unchecked).digest()[:CHECK_BYTES] + body


@pytest.fixture(scope="module")
def sealed(dev):
    """An account, a key, and a blob under it with its context."""
    account = aws.fresh_account()
    kms = aws.client(dev, account)
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    context = {"purpose": "test"}
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x" * 32, EncryptionContext=context)["CiphertextBlob"]
    return account, key_id, blob, context


@pytest.mark.parametrize("operation", ["Decrypt", "Decrypt with KeyId", "ReEncrypt"])
def test_symmetric_ciphertexts(dev, sealed, operation):
    account, key_id, blob, context = sealed
    body = blob[-(NONCE_BYTES + IV_BYTES + 32 + TAG_BYTES) :]
    kms = aws.client(dev, account)
    other_context = kms.encrypt(KeyId=key_id, Plaintext=b"x" * 32, EncryptionContext={"purpose": "tests"})
    other_key = kms.encrypt(
        KeyId=kms.create_key()["KeyMetadata"]["KeyId"], Plaintext=b"x" * 32, EncryptionContext=context
    )

    def answer(blob, context):
        if operation == "ReEncrypt":
            request = {"SourceEncryptionContext": context, "DestinationKeyId": key_id}
        elif operation == "Decrypt with KeyId":
            request = {"EncryptionContext": context, "KeyId": key_id}
        else:
            request = {"EncryptionContext": context}
        return whole(dev, account, operation.split()[0], CiphertextBlob=text(blob), **request)

    assert answer(blob, context)[0] == 200
    answers = {what: answer(bad, context) for what, bad in damaged(blob)}
    for wrong in [{}, {"purpose": ""}, {"Purpose": "test"}, {"purpose": "test", "more": ""}, {"purpose": "x" * 3000}]:
        answers[f"context {wrong}"] = answer(blob, wrong)
    answers["another material"] = answer(under_another_material(blob, body), context)
    answers["another material, random"] = answer(under_another_material(blob, os.urandom(len(body))), context)
    answers["random after the header"] = answer(blob[: -len(body)] + os.urandom(len(body)), context)
    answers["a body with another context"] = answer(
        blob[: -len(body)] + other_context["CiphertextBlob"][-len(body) :], context
    )
    answers["a body under another key"] = answer(blob[: -len(body)] + other_key["CiphertextBlob"][-len(body) :], context)
    answers["random"] = answer(os.urandom(len(blob)), context)
    answers["one byte"] = answer(b"\0", context)
    assert_alike(answers, INVALID)


def mgf1(name, seed, length):
    blocks = (hashlib.new(name, seed + number.to_bytes(4, "big")).digest() for number in range(length))
    out = b""
    while len(out) < length:
        out += next(blocks)
    return out[:length]


def xor(one, other):
    return bytes(left ^ right for left, right in zip(one, other, strict=True))


def oaep(name, size, message, *, label=b"", first=0, padding=0, separator=1):
    """An encoded message (RFC 8017 section 7.1.1), with parts that can be wrong."""
    label_hash = hashlib.new(name, label).digest()
    gap = bytes([padding]) * (size - 2 * len(label_hash) - 2 - len(message))
    block = label_hash + gap + bytes([separator]) + message
    seed = os.urandom(len(label_hash))
    masked = xor(block, mgf1(name, seed, len(block)))
    return bytes([first]) + xor(seed, mgf1(name, masked, len(seed))) + masked


@pytest.fixture(scope="module")
def rsa(dev):
    """An account, an RSA key for encryption, and its public numbers."""
    account = aws.fresh_account()
    kms = aws.client(dev, account)
    key_id = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["KeyId"]
    public = serialization.load_der_public_key(kms.get_public_key(KeyId=key_id)["PublicKey"])
    return account, key_id, public.public_numbers()


@pytest.mark.parametrize("algorithm", SCHEMES)
@pytest.mark.parametrize("operation", ["Decrypt", "ReEncrypt"])
def test_rsa_ciphertexts(dev, rsa, algorithm, operation):
    account, key_id, numbers = rsa
    size, name = 256, SCHEMES[algorithm]

    def answer(ciphertext):
        if operation == "ReEncrypt":
            request = {"SourceKeyId": key_id, "SourceEncryptionAlgorithm": algorithm, "DestinationKeyId": key_id}
            request["DestinationEncryptionAlgorithm"] = "RSAES_OAEP_SHA_256"
        else:
            request = {"KeyId": key_id, "EncryptionAlgorithm": algorithm}
        return whole(dev, account, operation, CiphertextBlob=text(ciphertext), **request)

    def encrypted(encoded):
        return pow(int.from_bytes(encoded, "big"), numbers.e, numbers.n).to_bytes(size, "big")

    # The encoding is right when its parts are.
    good = encrypted(oaep(name, size, b"message"))
    assert answer(good)[0] == 200

    answers = {}
    for what, parts in {
        "a first byte that is not zero": {"first": 1},
        "a label": {"label": b"label"},
        "no separator": {"separator": 0},
        "another separator": {"separator": 2},
        "padding that is not zero": {"padding": 3},
        "everything wrong": {"first": 1, "label": b"label", "padding": 3, "separator": 0},
    }.items():
        answers[what] = answer(encrypted(oaep(name, size, b"message", **parts)))
    for other in {*SCHEMES.values(), "sha384"} - {name}:
        answers[f"padded with {other}"] = answer(encrypted(oaep(other, size, b"message")))
    pkcs1 = b"\0\2" + bytes(1 + byte % 255 for byte in os.urandom(size - 10)) + b"\0message"
    answers["PKCS #1 v1.5"] = answer(encrypted(pkcs1))
    answers["not padded"] = answer(encrypted(bytes(size - 7) + b"message"))
    for what, number in {
        "0": 0,
        "1": 1,
        "modulus - 1": numbers.n - 1,
        "modulus": numbers.n,
        "modulus + 1": numbers.n + 1,
        "the largest number": 2 ** (8 * size) - 1,
        "a ciphertext and the modulus": int.from_bytes(encrypted(bytes(size - 1) + b"x"), "big") + numbers.n,
    }.items():
        if number < 2 ** (8 * size):
            answers[what] = answer(number.to_bytes(size, "big"))
    for round in range(8):
        answers[f"random bytes, {round}"] = answer(os.urandom(size))
    for at in range(0, size, 15):
        answers[f"byte {at} changed"] = answer(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
    for length in [1, 128, size - 1]:
        answers[f"{length} bytes"] = answer(good[:length])
    answers["a zero more"] = answer(good + b"\0")
    answers["a zero before"] = answer(b"\0" + good)
    answers["twice"] = answer(good + good)
    assert_alike(answers, INVALID)


def test_macs(dev):
    account = aws.fresh_account()
    kms = aws.client(dev, account)
    key_id = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
    mac = kms.generate_mac(KeyId=key_id, Message=b"message", MacAlgorithm="HMAC_SHA_256")["Mac"]

    def answer(mac, message=b"message"):
        request = {"KeyId": key_id, "Message": text(message), "MacAlgorithm": "HMAC_SHA_256", "Mac": text(mac)}
        return whole(dev, account, "VerifyMac", **request)

    assert answer(mac)[0] == 200
    answers = {f"byte {at}": answer(mac[:at] + bytes([mac[at] ^ 1]) + mac[at + 1 :]) for at in range(len(mac))}
    answers |= {f"{length} bytes": answer(mac[:length]) for length in (1, 16, 31)}
    answers |= {"a byte more": answer(mac + b"\0"), "another message": answer(mac, b"massage")}
    assert_alike(answers, (400, b'{"__type":"KMSInvalidMacException"}'))
