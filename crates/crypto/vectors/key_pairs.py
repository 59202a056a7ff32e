"""Keys, signatures, ciphertexts and wrapped keys made by other implementations, for the tests of `key_pair`.

Run: pip install cryptography pycryptodome && python key_pairs.py

Writes key-pairs.json beside itself, with new random keys each time. Uses none of Claviger's code: everything comes from
Python's `cryptography` (OpenSSL), Ed25519ph from `pycryptodome`, mu from `hashlib`.
"""
import hashlib
import hmac
import json
import os
import pathlib

from Crypto.Hash import SHA512
from Crypto.PublicKey import ECC
from Crypto.Signature import eddsa
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, mlkem, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding

MESSAGE = b"what an independent implementation signed"
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


def private_der(key):
    encoding, form = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption())


def public_der(key):
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def digest(name):
    return hashlib.new("sha" + name, MESSAGE).digest()


def oaep(hash):
    return padding.OAEP(padding.MGF1(hash), hash, None)


def wrap(public, hash, material):
    kek = os.urandom(32)
    return public.encrypt(kek, oaep(hash)) + aes_key_wrap_with_padding(kek, material)


def rsa_key(bits, kind):
    key = rsa.generate_private_key(65537, bits)
    signatures, longest = {}, lambda hash: padding.PSS(padding.MGF1(hash), padding.PSS.MAX_LENGTH)
    for name, hash in HASHES.items():
        signatures["RsaPkcs1Sha" + name] = key.sign(MESSAGE, padding.PKCS1v15(), hash)
        pss = padding.PSS(padding.MGF1(hash), padding.PSS.DIGEST_LENGTH)
        signatures["RsaPssSha" + name] = key.sign(digest(name), pss, Prehashed(hash))
    public, material = key.public_key(), private_der(ec.generate_private_key(ec.SECP521R1()))
    return {
        **pair(kind, key, signatures),
        # A salt of another length than the hash's, which KMS does not take.
        "pss_with_another_salt": key.sign(MESSAGE, longest(HASHES["256"]), HASHES["256"]),
        "oaep": {"Sha1": public.encrypt(MESSAGE, oaep(hashes.SHA1())), "Sha256": public.encrypt(MESSAGE, oaep(hashes.SHA256()))},
        "material": material,
        "wrapped": {"Sha1": wrap(public, hashes.SHA1(), material), "Sha256": wrap(public, hashes.SHA256(), material)},
    }


def ec_key(curve, kind, bits):
    key, peer = ec.generate_private_key(curve), ec.generate_private_key(curve)
    vector = pair(kind, key, {"EcdsaSha" + bits: key.sign(MESSAGE, ec.ECDSA(HASHES[bits]))})
    if kind != "Secp256k1":
        vector |= {"peer": public_der(peer), "shared": key.exchange(ec.ECDH(), peer.public_key())}
    return vector


def ed25519_key():
    key = ed25519.Ed25519PrivateKey.generate()
    # What KMS prehashes is the digest that it was given.
    prehash = SHA512.new(digest("512"))
    prehashed = eddsa.new(ECC.import_key(private_der(key)), "rfc8032").sign(prehash)
    return pair("Ed25519", key, {"Ed25519": key.sign(MESSAGE), "Ed25519Ph": prehashed})


def ml_dsa_key(cls, kind):
    key = cls.generate()
    tr = hashlib.shake_256(key.public_key().public_bytes_raw()).digest(64)
    mu = hashlib.shake_256(tr + b"\x00\x00" + MESSAGE).digest(64)
    return {**pair(kind, key, {"MlDsa": key.sign(MESSAGE)}), "mu": mu}


def ml_kem_key(cls, kind):
    key = cls.generate()
    shared, ciphertext = key.public_key().encapsulate()
    return {**pair(kind, key, {}), "ciphertext": ciphertext, "shared": shared}


def pair(kind, key, signatures):
    return {"kind": kind, "private": private_der(key), "public": public_der(key), "signatures": signatures}


def mac_vector(bits, length):
    key = os.urandom(length)
    return {"kind": "Sha" + bits, "key": key, "mac": hmac.new(key, MESSAGE, "sha" + bits).digest()}


vectors = {
    "message": MESSAGE,
    "pairs": [
        rsa_key(2048, "Rsa2048"),
        rsa_key(3072, "Rsa3072"),
        rsa_key(4096, "Rsa4096"),
        ec_key(ec.SECP256R1(), "P256", "256"),
        ec_key(ec.SECP384R1(), "P384", "384"),
        ec_key(ec.SECP521R1(), "P521", "512"),
        ec_key(ec.SECP256K1(), "Secp256k1", "256"),
        ed25519_key(),
        ml_dsa_key(mldsa.MLDSA44PrivateKey, "MlDsa44"),
        ml_dsa_key(mldsa.MLDSA65PrivateKey, "MlDsa65"),
        ml_dsa_key(mldsa.MLDSA87PrivateKey, "MlDsa87"),
        ml_kem_key(mlkem.MLKEM768PrivateKey, "MlKem768"),
        ml_kem_key(mlkem.MLKEM1024PrivateKey, "MlKem1024"),
    ],
    "macs": [mac_vector(bits, length) for bits, length in [("224", 28), ("256", 32), ("384", 48), ("512", 64), ("512", 128)]],
}
text = json.dumps(vectors, default=bytes.hex, indent=1) + "\n"
(pathlib.Path(__file__).parent / "key-pairs.json").write_text(text)
for bits, length in [("224", 28), ("256", 32), ("384", 48), ("512", 64)]:
    print("HMAC", bits, hmac.new(b"\xaa" * length, b"\xdd" * 50, "sha" + bits).hexdigest())
