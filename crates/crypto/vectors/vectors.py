"""Every layout of this crate, written a second time, to make the known answers that its tests check.

Run: pip install cryptography kyber-py && python vectors.py

Prints the values pasted into the unit tests and writes seal-set-v1.json beside itself. Uses none of Claviger's code:
KDF, GCM and Argon2id come from Python's `cryptography`, ML-KEM from `kyber-py`. Nonces and seeds are fixed, so the
output is always the same.
"""
import base64
import hashlib
import json
import pathlib
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFHMAC, CounterLocation, Mode
from kyber_py.ml_kem import ML_KEM_1024

u32 = struct.Struct(">I").pack
u64 = struct.Struct(">Q").pack


def kdf(key, label, context=b""):
    return KBKDFHMAC(hashes.SHA256(), Mode.CounterMode, 32, 4, 4, CounterLocation.BeforeFixed, label, context, None).derive(key)


def message(key, label, aad, plaintext, nonce_and_iv):
    return nonce_and_iv + AESGCM(kdf(key, label, nonce_and_iv[:16])).encrypt(nonce_and_iv[16:], plaintext, aad)


def envelope(key, label, parts, plaintext, nonce_and_iv=bytes(range(0x80, 0x9C))):
    aad = b"\x01" + b"".join(u64(len(part)) + part for part in parts)
    return b"\x01" + message(key, label, aad, plaintext, nonce_and_iv)


def canonical(context):
    out = b"\x01" + u32(len(context))
    for name, value in sorted((n.encode(), v.encode()) for n, v in context.items()):
        out += u32(len(name)) + name + u32(len(value)) + value
    return out


def material_id(material, key_id):
    return kdf(material, b"claviger.material-id.v1", key_id.encode())


def header(account, region, key_id, material):
    end = material_id(material, key_id)
    if key_id.startswith("mrk-"):
        form, key = b"\x01", bytes.fromhex(key_id[4:])
    elif len(key_id) == 36:
        form, key = b"\x00", bytes.fromhex(key_id.replace("-", ""))
    else:
        texts = [account.encode(), key_id.encode(), region.encode()]
        return checked(b"\xc1\xa7\x16\x01\xff" + b"".join(u32(len(text)) + text for text in texts) + end)
    where = int(account).to_bytes(5, "big") + key + bytes([len(region)]) + region.encode()
    return checked(b"\xc1\xa7\x16\x01" + form + where + end)


def checked(head):
    return head + hashlib.sha256(head).digest()[:4]


def blob(material, account, region, key_id, context, plaintext):
    head = header(account, region, key_id, material)
    nonce_and_iv = bytes(range(0x80, 0x9C))
    return head + message(material, b"claviger.blob.v1", head + canonical(context), plaintext, nonce_and_iv)


def parts32(*parts):
    return b"".join(u32(len(part)) + part for part in parts)


def seal(number, root, opener, kind):
    """One enrolled seal; `number` seeds everything that is random in a real one."""
    noise = lambda what, length: hashlib.shake_256(f"{number} {what}".encode()).digest(length)
    id, created, secret = noise("id", 8).hex(), "2026-01-02T03:04:05Z", noise("seal secret", 32)
    public, private = ML_KEM_1024._keygen_internal(noise("d", 32), noise("z", 32))
    shared, ciphertext = ML_KEM_1024._encaps_internal(public, noise("m", 32))
    root_id = kdf(root, b"claviger.root-id.v1")[:16].hex().encode()
    if kind["kind"] == "key-file":
        parameters = [kind["key_file_id"].encode()]
    else:
        costs = (kind["memory_kib"], kind["passes"], kind["lanes"])
        parameters = [base64.b64decode(kind["salt"])] + [u32(cost) for cost in costs]
    description = parts32(id.encode(), created.encode(), kind["kind"].encode(), *parameters, public)
    opening_key = envelope(opener, b"claviger.seal-opening.v1", [description], secret + private, noise("1", 28))
    seal_secret = envelope(root, b"claviger.seal-secret.v1", [id.encode(), public], secret, noise("2", 28))
    sealed_root_key = envelope(
        secret + shared, b"claviger.sealed-root.v1", [id.encode(), root_id, ciphertext], root, noise("3", 28)
    )
    binary = {
        "public_key": public,
        "opening_key": opening_key,
        "seal_secret": seal_secret,
        "kem_ciphertext": ciphertext,
        "sealed_root_key": sealed_root_key,
    }
    checked = parts32(root_id, description, opening_key, seal_secret, ciphertext, sealed_root_key)
    return {
        "id": id,
        **kind,
        "created": created,
        **{name: base64.b64encode(value).decode() for name, value in binary.items()},
        "checksum": hashlib.sha256(checked).hexdigest(),
    }


def key_pair_lines(domain_key, key_id):
    seed = bytes([0x22]) * 32
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    # RFC 8410: fixed beginnings of PrivateKeyInfo and SubjectPublicKeyInfo.
    private_info = bytes.fromhex("302e020100300506032b657004220420") + seed
    public_info = bytes.fromhex("302a300506032b6570032100") + public
    pair_id = kdf(public_info, b"claviger.key-pair-id.v1", key_id.encode())
    return {
        "key pair id": pair_id,
        "key pair": envelope(domain_key, b"claviger.key-pair.v1", [key_id.encode(), b"ed25519", pair_id], private_info),
        "mac key": envelope(
            domain_key, b"claviger.mac-key.v1", [key_id.encode(), b"hmac-256", material_id(seed, key_id)], seed
        ),
    }


key = bytes(range(32))
uuid, mrk = "1234abcd-12ab-34cd-56ef-1234567890ab", "mrk-1234abcd12ab34cd56ef1234567890ab"
lines = {
    "kdf": kdf(key, b"claviger.blob.v1", bytes(range(0x80, 0x90))),
    "kdf, long": kdf(key, b"l" * 40, b"c" * 60),
    "message": message(key, b"label", b"aad", b"plaintext", bytes(range(0x80, 0x9C))),
    "envelope": envelope(key, b"record", [b"ab", b"c"], b"sealed record"),
    "context": canonical({"\u00fcnit": "", "purpose": "test"}),
    "material id": material_id(key, uuid),
    "material id, multi-Region": material_id(key, mrk),
    "blob": blob(key, "111122223333", "us-east-1", uuid, {"\u00fcnit": "", "purpose": "test"}, b"plaintext"),
    "blob, multi-Region": blob(key, "000000000000", "eu-west-3", mrk, {}, b""),
    "blob, spelled out": blob(key, "000000000000", "local", "my-key", {}, b"x"),
    "root id": kdf(key, b"claviger.root-id.v1")[:16],
    "domain key": envelope(key, b"claviger.domain-key.v1", [b"111122223333", b"us-east-1"], bytes([0x11]) * 32),
    "store key": envelope(key, b"claviger.store-key.v1", [], bytes([0x33]) * 32),
    "key material": envelope(
        bytes([0x11]) * 32,
        b"claviger.key-material.v1",
        [uuid.encode(), material_id(bytes([0x22]) * 32, uuid)],
        bytes([0x22]) * 32,
    ),
    "domain secret": envelope(bytes([0x11]) * 32, b"claviger.domain-secret.v1", [b"access-key", b"AKIA1"], b"s3cret"),
    **key_pair_lines(bytes([0x11]) * 32, uuid),
}
for name, value in lines.items():
    print(f"{name}: {value.hex()}")

file_text = f"claviger-key-file-v1\n{key.hex()}\n"
file_text += hashlib.sha256(file_text.encode()).hexdigest()[:8] + "\n"
print(f"key file: {file_text!r}")

root = bytes([0x44]) * 32
salt = bytes(range(16))
stretched = Argon2id(salt=salt, length=32, iterations=3, lanes=1, memory_cost=65536).derive("correct h\u00f6rse".encode())
seal_set = {
    "version": 1,
    "root_key_id": kdf(root, b"claviger.root-id.v1")[:16].hex(),
    "seals": [
        seal(1, root, key, {"kind": "key-file", "key_file_id": kdf(key, b"claviger.key-file-id.v1")[:16].hex()}),
        seal(
            2,
            root,
            stretched,
            {"kind": "passphrase", "salt": base64.b64encode(salt).decode(), "memory_kib": 65536, "passes": 3, "lanes": 1},
        ),
    ],
}
(pathlib.Path(__file__).parent / "seal-set-v1.json").write_text(json.dumps(seal_set, indent=1) + "\n")
