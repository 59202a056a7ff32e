"""Wraps key material for import, as the owner of the material does it: with another implementation."""

import os

from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import padding

HASHES = {"1": hashes.SHA1(), "256": hashes.SHA256()}


def oaep(algorithm):
    function = HASHES[algorithm.rsplit("_", 1)[1]]
    return padding.OAEP(padding.MGF1(function), function, None)


def wrap(parameters, algorithm, material):
    """`material` under the public key of an answer of GetParametersForImport."""
    public = serialization.load_der_public_key(parameters["PublicKey"])
    if not algorithm.startswith("RSA_AES"):
        return public.encrypt(material, oaep(algorithm))
    ephemeral = os.urandom(32)
    return public.encrypt(ephemeral, oaep(algorithm)) + keywrap.aes_key_wrap_with_padding(ephemeral, material)


def parameters(kms, key_id, algorithm="RSAES_OAEP_SHA_256", spec="RSA_2048"):
    return kms.get_parameters_for_import(KeyId=key_id, WrappingAlgorithm=algorithm, WrappingKeySpec=spec)


def do_import(kms, key_id, material, *, algorithm="RSAES_OAEP_SHA_256", spec="RSA_2048", given=None, **arguments):
    """The whole way; without a date the material does not expire."""
    given = given or parameters(kms, key_id, algorithm, spec)
    if "ValidTo" not in arguments:
        arguments.setdefault("ExpirationModel", "KEY_MATERIAL_DOES_NOT_EXPIRE")
    return kms.import_key_material(
        KeyId=key_id,
        ImportToken=given["ImportToken"],
        EncryptedKeyMaterial=wrap(given, algorithm, material),
        **arguments,
    )


def pkcs8(private):
    return private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
