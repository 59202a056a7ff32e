"""Makes tokens.json: tokens that must and must not be accepted, signed by another implementation.

    python make.py > tokens.json

Keys are new at every run, so the file changes as a whole.
"""

import base64
import hashlib
import hmac
import json

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

ISSUER = "https://issuer.example.com/tenant"
NOW = 1_800_000_000
HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, size=None):
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


RSA = rsa.generate_private_key(65537, 2048)
NEXT = rsa.generate_private_key(65537, 3072)
FOREIGN = rsa.generate_private_key(65537, 2048)
P256 = ec.generate_private_key(ec.SECP256R1())
P384 = ec.generate_private_key(ec.SECP384R1())
ED = ed25519.Ed25519PrivateKey.generate()


def jwk(key, kid, **more):
    public = key.public_key()
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = public.public_numbers()
        found = {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        numbers, size = public.public_numbers(), key.curve.key_size // 8
        found = {"kty": "EC", "crv": f"P-{key.curve.key_size}", "x": number(numbers.x, size), "y": number(numbers.y, size)}
    else:
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        found = {"kty": "OKP", "crv": "Ed25519", "x": b64(raw)}
    return found | ({"kid": kid} if kid else {}) | more


def signature(key, alg, message):
    if alg == "none":
        return b""
    if alg.startswith("HS"):
        return hmac.new(key, message, getattr(hashlib, "sha" + alg[2:])).digest()
    if alg == "EdDSA":
        return key.sign(message)
    digest = HASHES[alg[2:]]()
    if alg.startswith("RS"):
        return key.sign(message, padding.PKCS1v15(), digest)
    if alg.startswith("PS"):
        return key.sign(message, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    r, s = utils.decode_dss_signature(key.sign(message, ec.ECDSA(digest)))
    size = key.curve.key_size // 8
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def claims(**changed):
    usual = {"iss": ISSUER, "sub": "system:serviceaccount:team:app", "aud": "sts.amazonaws.com"}
    usual |= {"iat": NOW - 60, "nbf": NOW - 60, "exp": NOW + 3600} | changed
    return {name: value for name, value in usual.items() if value is not None}


def token(key=RSA, alg="RS256", kid="one", payload=None, header=None, **changed):
    head = {"alg": alg, "typ": "JWT"} | ({"kid": kid} if kid else {}) | (header or {})
    payload = payload if payload is not None else json.dumps(claims(**changed))
    message = f"{b64(json.dumps(head).encode())}.{b64(payload.encode())}"
    return f"{message}.{b64(signature(key, alg, message.encode()))}"


def swapped(changed):
    """The signature of one token under the claims of another."""
    head, _, signed = token().split(".")
    return f"{head}.{b64(json.dumps(claims(**changed)).encode())}.{signed}"


def public_pem(key):
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


modulus = RSA.public_key().public_numbers().n.to_bytes(256, "big")
once = json.dumps(claims())
accepted = {alg: token(alg=alg) for alg in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")}
accepted |= {
    "ES256": token(P256, "ES256", "p256"),
    "ES384": token(P384, "ES384", "p384"),
    "EdDSA": token(ED, "EdDSA", "ed"),
    "ES256 without a key id: one key of that kind": token(P256, "ES256", None),
    "a key of 3072 bits": token(NEXT, kid="two"),
    "times with fractions": token(exp=NOW + 0.5, iat=NOW - 0.5),
    "no nbf": token(nbf=None),
    "issued by a clock that is a minute ahead": token(iat=NOW + 60, nbf=NOW + 60),
    "the last second": token(exp=NOW + 1),
    "azp in place of aud": token(aud=None, azp="client"),
    "a day long": token(iat=NOW - 43_200, nbf=NOW - 43_200, exp=NOW + 43_200),
    "another type": token(header={"typ": "at+jwt"}),
    "a key in the header that is not looked at": token(header={"jwk": jwk(FOREIGN, "x"), "jku": "https://evil.example"}),
}
refused = {
    "Malformed": {
        "alg none": token(alg="none"),
        "alg none without a signature's dot": token(alg="none").rstrip("."),
        "HS256 with the public key's PEM": token(public_pem(RSA), "HS256"),
        "HS256 with the modulus": token(modulus, "HS256"),
        "an algorithm nobody knows": token(header={"alg": "RS1"}),
        "no algorithm": token(header={"alg": None}),
        "a critical extension": token(header={"crit": ["exp"]}),
        "payload not encoded": token(header={"crit": ["b64"], "b64": False}),
        "sub twice": token(payload=once[:-1] + ', "sub": "admin"}'),
        "an own claim twice": token(payload=once[:-1] + ', "x": 1, "x": 2}'),
        "iss a list": token(iss=[ISSUER]),
        "exp a text": token(exp=str(NOW + 3600)),
        "exp beyond all time": token(exp=1e300),
        "sub a number": token(sub=7),
        "aud an object": token(aud={"a": 1}),
        "claims no object": token(payload="[]"),
        "claims no JSON": token(payload="{"),
        "encrypted": "a.b.c.d.e",
        "two parts": ".".join(token().split(".")[:2]),
        "four parts": token() + ".x",
        "no text at all": "",
        "dots": "..",
        "padded": token() + "==",
        "white space": token() + "\n",
        "too long": token(extra="x" * 20_000),
    },
    "MissingClaim": {
        name: token(**{name: None}) for name in ("iss", "sub", "aud", "exp", "iat")
    } | {"sub empty": token(sub=""), "aud empty": token(aud=[])},
    "WrongIssuer": {
        "another": token(iss="https://evil.example.com"),
        "longer": token(iss=ISSUER + "/"),
        "shorter": token(iss=ISSUER[:-1]),
        "other case": token(iss=ISSUER.upper()),
    },
    "BadSignature": {
        "claims of another token": swapped({"sub": "system:serviceaccount:kube-system:admin"}),
        "another issuer's key under this one's id": token(FOREIGN),
        "the wrong key of the issuer": token(NEXT),
        "PS256 said to be RS256": token(alg="PS256").replace(
            b64(json.dumps({"alg": "PS256", "typ": "JWT", "kid": "one"}).encode()),
            b64(json.dumps({"alg": "RS256", "typ": "JWT", "kid": "one"}).encode()),
        ),
        "no signature": token().rsplit(".", 1)[0] + ".",
        "half a signature": token().rsplit(".", 1)[0] + "." + b64(bytes(128)),
    },
    "NoKey": {
        "an id nobody has": token(kid="three"),
        "RS256 without a key id: several keys of that kind": token(kid=None),
        "the id of a key of another kind": token(RSA, kid="p256"),
        "the wrong curve for the algorithm": token(P384, "ES384", "p256"),
        "a key for encryption": token(NEXT, kid="encryption"),
        "a key for another algorithm": token(RSA, "RS512", kid="only-rs256"),
    },
    "Expired": {
        "now": token(exp=NOW),
        "a second ago": token(exp=NOW - 1),
        "in 1970": token(exp=0),
        "before 1970": token(exp=-1),
        "with a foreign signature": token(FOREIGN, exp=NOW - 1),
    },
    "NotYetValid": {
        "nbf": token(nbf=NOW + 61),
        "iat": token(iat=NOW + 61),
    },
}
keys = [
    jwk(RSA, "one", use="sig"),
    jwk(NEXT, "two", alg="RS256", use="sig"),
    jwk(RSA, "only-rs256", alg="RS256"),
    jwk(NEXT, "encryption", use="enc"),
    jwk(P256, "p256"),
    jwk(P384, "p384", alg="ES384"),
    jwk(ED, "ed"),
    # What a reader has to pass over.
    {"kty": "oct", "kid": "secret", "k": b64(b"0" * 32)},
    {"kty": "future", "kid": "new"},
    {"kid": "nothing"},
    "no object",
]
print(json.dumps({"issuer": ISSUER, "now": NOW, "jwks": {"keys": keys}, "accepted": accepted, "refused": refused}, indent=1))
