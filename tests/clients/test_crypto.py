"""Encrypt, Decrypt, ReEncrypt, data keys and random bytes."""

import random
import re
import uuid

import pytest

import aws
from aws import refused

WRONG_KEY = "The key ID in the request does not identify a CMK that can perform this operation."
DRY_RUN = "The request would have succeeded, but the DryRun option is set."


def unreadable(account):
    """What a caller hears of a blob whose key is gone, foreign or forbidden: always the same."""
    return (
        f"User: arn:aws:iam::{account}:root is not authorized to perform: kms:Decrypt on the resource associated with "
        "this ciphertext because the resource does not exist in this Region, no resource-based policies allow access, "
        "or a resource-based policy explicitly denies access"
    )


def bare(answer):
    """An answer without what botocore adds."""
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


class TestEncrypt:
    @pytest.mark.parametrize("size", [1, 16, 4095, 4096])
    def test_there_and_back(self, kms, key, size):
        plaintext = random.randbytes(size)
        sealed = bare(kms.encrypt(KeyId=key["KeyId"], Plaintext=plaintext))
        blob = sealed.pop("CiphertextBlob")
        assert sealed == {"KeyId": key["Arn"], "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}
        assert size < len(blob) <= 6144
        assert plaintext not in blob or size < 8
        assert bare(kms.decrypt(CiphertextBlob=blob)) == {
            "KeyId": key["Arn"],
            "Plaintext": plaintext,
            "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
            "KeyMaterialId": key["CurrentKeyMaterialId"],
        }

    def test_every_form_of_the_key_answers_with_its_arn(self, kms, account, key_id, arn):
        kms.create_alias(AliasName="alias/e", TargetKeyId=key_id)
        for form in (key_id, arn, "alias/e", aws.alias_arn(account, "alias/e")):
            sealed = kms.encrypt(KeyId=form, Plaintext=b"x", EncryptionAlgorithm="SYMMETRIC_DEFAULT")
            assert sealed["KeyId"] == arn
            opened = kms.decrypt(KeyId=form, CiphertextBlob=sealed["CiphertextBlob"])
            assert (opened["KeyId"], opened["Plaintext"]) == (arn, b"x")

    def test_the_same_twice_differs(self, kms, key_id):
        blobs = {kms.encrypt(KeyId=key_id, Plaintext=b"same")["CiphertextBlob"] for _ in range(20)}
        assert len(blobs) == 20

    @pytest.mark.parametrize("size, text", [(0, "greater than or equal to 1"), (4097, "less than or equal to 4096")])
    def test_sizes_out_of_range(self, kms, key_id, size, text):
        with refused(
            "ValidationException",
            "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: "
            f"Member must have length {text}",
        ):
            kms.encrypt(KeyId=key_id, Plaintext=b"x" * size)

    @pytest.mark.parametrize("algorithm", ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"])
    def test_algorithm_of_another_key_spec(self, kms, key_id, algorithm):
        text = f"Algorithm {algorithm} is incompatible with key spec SYMMETRIC_DEFAULT."
        with refused("InvalidKeyUsageException", text):
            kms.encrypt(KeyId=key_id, Plaintext=b"x", EncryptionAlgorithm=algorithm)
        blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
        with refused("InvalidKeyUsageException", text):
            kms.decrypt(KeyId=key_id, CiphertextBlob=blob, EncryptionAlgorithm=algorithm)

    def test_dry_run(self, kms, account, key_id, arn):
        with refused("DryRunOperationException", DRY_RUN):
            kms.encrypt(KeyId=key_id, Plaintext=b"x", DryRun=True)
        unknown = str(uuid.uuid4())
        with refused("NotFoundException", f"Key '{aws.key_arn(account, unknown)}' does not exist"):
            kms.encrypt(KeyId=unknown, Plaintext=b"x", DryRun=True)
        assert kms.encrypt(KeyId=key_id, Plaintext=b"x", DryRun=False)["KeyId"] == arn

    def test_grant_tokens(self, kms, key_id, arn):
        with refused("InvalidGrantTokenException", ...):
            kms.encrypt(KeyId=key_id, Plaintext=b"x", GrantTokens=["no token!"])
        # One that belongs to no grant of this key changes nothing.
        other = kms.create_key()["KeyMetadata"]
        root = f"arn:aws:iam::{other['AWSAccountId']}:root"
        token = kms.create_grant(KeyId=other["KeyId"], GranteePrincipal=root, Operations=["Encrypt"])["GrantToken"]
        assert kms.encrypt(KeyId=key_id, Plaintext=b"x", GrantTokens=[token])["KeyId"] == arn


class TestContext:
    CONTEXT = {"purpose": "test", "Größe": "\U0001f511", "": "empty name", "empty value": ""}

    def test_the_same_in_any_order(self, kms, key_id):
        blob = kms.encrypt(KeyId=key_id, Plaintext=b"x", EncryptionContext=self.CONTEXT)["CiphertextBlob"]
        reordered = dict(reversed(self.CONTEXT.items()))
        assert kms.decrypt(CiphertextBlob=blob, EncryptionContext=reordered)["Plaintext"] == b"x"

    def test_none_and_empty_are_the_same(self, kms, key_id):
        with_empty = kms.encrypt(KeyId=key_id, Plaintext=b"x", EncryptionContext={})["CiphertextBlob"]
        without = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
        assert kms.decrypt(CiphertextBlob=with_empty)["Plaintext"] == b"x"
        assert kms.decrypt(CiphertextBlob=without, EncryptionContext={})["Plaintext"] == b"x"

    @pytest.mark.parametrize(
        "sealed, opened",
        [
            ({"a": "bc"}, {}),
            ({}, {"a": "bc"}),
            ({"a": "bc"}, {"ab": "c"}),
            ({"a": "bc"}, {"a": "BC"}),
            ({"a": "bc"}, {"A": "bc"}),
            ({"a": "b", "c": "d"}, {"a": "b"}),
            ({"a": "b"}, {"a": "b", "c": "d"}),
            ({"a": "b", "c": "d"}, {"a": "d", "c": "b"}),
            ({"a": "b,c=d"}, {"a": "b", "c": "d"}),
            ({"a": '"'}, {"a": '\\"'}),
            ({"\u00e9": ""}, {"e\u0301": ""}),  # no normalisation: equal on screen only
            ({"a": ""}, {"a": "\0"}),
        ],
    )
    def test_any_difference_refuses(self, kms, key_id, sealed, opened):
        for blob in (
            kms.encrypt(KeyId=key_id, Plaintext=b"x", EncryptionContext=sealed)["CiphertextBlob"],
            kms.generate_data_key(KeyId=key_id, KeySpec="AES_128", EncryptionContext=sealed)["CiphertextBlob"],
            kms.generate_data_key_without_plaintext(KeyId=key_id, KeySpec="AES_128", EncryptionContext=sealed)[
                "CiphertextBlob"
            ],
        ):
            with refused("InvalidCiphertextException"):
                kms.decrypt(CiphertextBlob=blob, EncryptionContext=opened)
            with refused("InvalidCiphertextException"):
                kms.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext=opened, DestinationKeyId=key_id)
            assert kms.decrypt(CiphertextBlob=blob, EncryptionContext=sealed)["Plaintext"]

    def test_up_to_eight_kibibytes(self, kms, key_id):
        large = {f"k{number:02}": "v" * 180 for number in range(40)}
        blob = kms.encrypt(KeyId=key_id, Plaintext=b"x", EncryptionContext=large)["CiphertextBlob"]
        assert kms.decrypt(CiphertextBlob=blob, EncryptionContext=large)["Plaintext"] == b"x"
        with refused("ValidationException", ...):
            kms.encrypt(KeyId=key_id, Plaintext=b"x", EncryptionContext={"k": "v" * 8192})


class TestDecrypt:
    def test_wrong_key(self, kms, account, key_id):
        blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
        other = kms.create_key()["KeyMetadata"]
        kms.create_alias(AliasName="alias/other", TargetKeyId=other["KeyId"])
        for form in (other["KeyId"], other["Arn"], "alias/other", aws.alias_arn(account, "alias/other")):
            with refused("IncorrectKeyException", WRONG_KEY):
                kms.decrypt(CiphertextBlob=blob, KeyId=form)

    def test_the_given_key_is_looked_at_first(self, kms, account, key_id):
        blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
        unknown = str(uuid.uuid4())
        with refused("NotFoundException", f"Key '{aws.key_arn(account, unknown)}' does not exist"):
            kms.decrypt(CiphertextBlob=blob, KeyId=unknown)
        other = kms.create_key()["KeyMetadata"]
        kms.disable_key(KeyId=other["KeyId"])
        with refused("DisabledException", f"{other['Arn']} is disabled."):
            kms.decrypt(CiphertextBlob=blob, KeyId=other["KeyId"])

    def test_a_changed_byte_anywhere(self, kms, key_id):
        blob = kms.encrypt(KeyId=key_id, Plaintext=b"0123456789abcdef")["CiphertextBlob"]
        for position in range(len(blob)):
            changed = bytearray(blob)
            changed[position] ^= 1 << (position % 8)
            for given in ({}, {"KeyId": key_id}):
                with refused("InvalidCiphertextException"):
                    kms.decrypt(CiphertextBlob=bytes(changed), **given)

    def test_cut_or_extended(self, kms, key_id):
        blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
        for damaged in (*(blob[:length] for length in range(1, len(blob), 7)), blob[:-1], blob[1:], blob + b"\0"):
            with refused("InvalidCiphertextException"):
                kms.decrypt(CiphertextBlob=damaged)

    @pytest.mark.parametrize("junk", [b"\0", b"\xff" * 6144, b"not a blob", bytes(range(256))])
    def test_junk(self, kms, junk):
        with refused("InvalidCiphertextException"):
            kms.decrypt(CiphertextBlob=junk)

    def test_a_blob_of_real_aws(self, kms, account):
        # The layout that the service's blobs are seen to have; its key is not here.
        material, nonce = random.randbytes(32), random.randbytes(16)
        sealed = bytes.fromhex("306a060a2b0601040182") + random.randbytes(80)
        blob = b"\x01\x02\x02\x00\x78" + material + b"\x01" + nonce + len(sealed).to_bytes(4, "big") + sealed
        with refused("AccessDeniedException", unreadable(account)):
            kms.decrypt(CiphertextBlob=blob)

    def test_somebody_elses_blob(self, dev, kms, key_id):
        blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
        stranger = aws.fresh_account()
        with refused("AccessDeniedException", unreadable(stranger)):
            aws.client(dev, stranger).decrypt(CiphertextBlob=blob)

    def test_a_blob_of_another_region(self, dev, kms, account, key_id):
        blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
        with refused("AccessDeniedException", unreadable(account)):
            aws.client(dev, account, region="eu-west-1").decrypt(CiphertextBlob=blob)

    def test_size(self, kms):
        with refused(
            "ValidationException",
            "1 validation error detected: Value at 'ciphertextBlob' failed to satisfy constraint: "
            "Member must have length less than or equal to 6144",
        ):
            kms.decrypt(CiphertextBlob=b"x" * 6145)

    def test_rsa_without_a_key(self, kms, key_id):
        blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
        with refused("ValidationException", "KeyId must not be null"):
            kms.decrypt(CiphertextBlob=blob, EncryptionAlgorithm="RSAES_OAEP_SHA_256")

    def test_dry_run_still_opens(self, kms, key_id):
        blob = kms.encrypt(KeyId=key_id, Plaintext=b"x", EncryptionContext={"a": "b"})["CiphertextBlob"]
        with refused("DryRunOperationException", DRY_RUN):
            kms.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "b"}, DryRun=True)
        with refused("InvalidCiphertextException"):
            kms.decrypt(CiphertextBlob=blob, DryRun=True)
        other = kms.create_key()["KeyMetadata"]["KeyId"]
        with refused("IncorrectKeyException", WRONG_KEY):
            kms.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "b"}, KeyId=other, DryRun=True)


class TestReEncrypt:
    @pytest.fixture
    def other(self, kms):
        return kms.create_key()["KeyMetadata"]

    def test_to_another_key_and_context(self, kms, key, other):
        blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext={"a": "b"})["CiphertextBlob"]
        answer = bare(
            kms.re_encrypt(
                CiphertextBlob=blob,
                SourceKeyId=key["KeyId"],
                SourceEncryptionContext={"a": "b"},
                SourceEncryptionAlgorithm="SYMMETRIC_DEFAULT",
                DestinationKeyId=other["KeyId"],
                DestinationEncryptionContext={"c": "d"},
                DestinationEncryptionAlgorithm="SYMMETRIC_DEFAULT",
            )
        )
        moved = answer.pop("CiphertextBlob")
        assert answer == {
            "SourceKeyId": key["Arn"],
            "KeyId": other["Arn"],
            "SourceEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
            "DestinationEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
            "SourceKeyMaterialId": key["CurrentKeyMaterialId"],
            "DestinationKeyMaterialId": other["CurrentKeyMaterialId"],
        }
        opened = kms.decrypt(CiphertextBlob=moved, EncryptionContext={"c": "d"})
        assert (opened["Plaintext"], opened["KeyId"]) == (b"x", other["Arn"])
        with refused("InvalidCiphertextException"):
            kms.decrypt(CiphertextBlob=moved, EncryptionContext={"a": "b"})

    def test_without_naming_the_source(self, kms, key, other):
        kms.create_alias(AliasName="alias/destination", TargetKeyId=other["KeyId"])
        blob = kms.generate_data_key_without_plaintext(KeyId=key["KeyId"], KeySpec="AES_256")["CiphertextBlob"]
        answer = kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId="alias/destination")
        assert (answer["SourceKeyId"], answer["KeyId"]) == (key["Arn"], other["Arn"])
        assert (
            kms.decrypt(CiphertextBlob=answer["CiphertextBlob"])["Plaintext"]
            == kms.decrypt(CiphertextBlob=blob)["Plaintext"]
        )

    def test_largest_plaintext(self, kms, key_id, other):
        plaintext = random.randbytes(4096)
        blob = kms.encrypt(KeyId=key_id, Plaintext=plaintext)["CiphertextBlob"]
        moved = kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=other["KeyId"])["CiphertextBlob"]
        assert kms.decrypt(CiphertextBlob=moved)["Plaintext"] == plaintext

    def test_wrong_source(self, kms, key_id, other):
        blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
        with refused("IncorrectKeyException", WRONG_KEY):
            kms.re_encrypt(CiphertextBlob=blob, SourceKeyId=other["KeyId"], DestinationKeyId=key_id)

    def test_unknown_destination(self, kms, account, key_id):
        blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
        unknown = str(uuid.uuid4())
        with refused("NotFoundException", f"Key '{aws.key_arn(account, unknown)}' does not exist"):
            kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=unknown)

    def test_either_side_disabled(self, kms, key_id, arn, other):
        blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
        kms.disable_key(KeyId=other["KeyId"])
        with refused("DisabledException", f"{other['Arn']} is disabled."):
            kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=other["KeyId"])
        kms.enable_key(KeyId=other["KeyId"])
        kms.disable_key(KeyId=key_id)
        with refused("DisabledException", f"{arn} is disabled."):
            kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=other["KeyId"])

    def test_junk(self, kms, key_id):
        with refused("InvalidCiphertextException"):
            kms.re_encrypt(CiphertextBlob=b"junk", DestinationKeyId=key_id)

    def test_dry_run(self, kms, key_id, other):
        blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
        with refused("DryRunOperationException", DRY_RUN):
            kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=other["KeyId"], DryRun=True)
        with refused("InvalidCiphertextException"):
            kms.re_encrypt(
                CiphertextBlob=blob,
                SourceEncryptionContext={"a": "b"},
                DestinationKeyId=other["KeyId"],
                DryRun=True,
            )


class TestDataKeys:
    @pytest.mark.parametrize(
        "size, length",
        [
            ({"KeySpec": "AES_128"}, 16),
            ({"KeySpec": "AES_256"}, 32),
            ({"NumberOfBytes": 1}, 1),
            ({"NumberOfBytes": 64}, 64),
            ({"NumberOfBytes": 1024}, 1024),
        ],
    )
    def test_both_forms(self, kms, key, size, length):
        kms.create_alias(AliasName="alias/data", TargetKeyId=key["KeyId"])
        made = bare(kms.generate_data_key(KeyId="alias/data", EncryptionContext={"a": "b"}, **size))
        blob, plaintext = made.pop("CiphertextBlob"), made.pop("Plaintext")
        assert made == {"KeyId": key["Arn"], "KeyMaterialId": key["CurrentKeyMaterialId"]}
        assert len(plaintext) == length
        assert kms.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "b"})["Plaintext"] == plaintext
        sealed = bare(kms.generate_data_key_without_plaintext(KeyId="alias/data", **size))
        blob = sealed.pop("CiphertextBlob")
        assert sealed == made
        assert len(kms.decrypt(CiphertextBlob=blob)["Plaintext"]) == length

    def test_all_differ(self, kms, key_id):
        made = [kms.generate_data_key(KeyId=key_id, KeySpec="AES_256") for _ in range(20)]
        assert len({key["Plaintext"] for key in made}) == 20
        assert len({key["CiphertextBlob"] for key in made}) == 20

    @pytest.mark.parametrize("size", [{}, {"KeySpec": "AES_256", "NumberOfBytes": 32}])
    @pytest.mark.parametrize("operation", ["generate_data_key", "generate_data_key_without_plaintext"])
    def test_exactly_one_size(self, kms, key_id, operation, size):
        with refused("ValidationException", "Please specify either number of bytes or key spec."):
            getattr(kms, operation)(KeyId=key_id, **size)
        with refused("ValidationException", "Please specify either number of bytes or key spec."):
            getattr(kms, operation)(KeyId=str(uuid.uuid4()), **size)

    @pytest.mark.parametrize("number, text", [(0, "greater than or equal to 1"), (1025, "less than or equal to 1024")])
    @pytest.mark.parametrize("operation", ["generate_data_key", "generate_data_key_without_plaintext"])
    def test_sizes_out_of_range(self, kms, key_id, operation, number, text):
        with refused(
            "ValidationException",
            f"1 validation error detected: Value '{number}' at 'numberOfBytes' failed to satisfy constraint: "
            f"Member must have value {text}",
        ):
            getattr(kms, operation)(KeyId=key_id, NumberOfBytes=number)

    def test_spec_of_no_data_key(self, kms, key_id):
        pattern = re.compile(
            "1 validation error detected: Value 'AES_192' at 'keySpec' failed to satisfy constraint: "
            r"Member must satisfy enum value set: \[(AES_256, AES_128|AES_128, AES_256)\]"
        )
        with refused("ValidationException", pattern):
            kms.generate_data_key(KeyId=key_id, KeySpec="AES_192")

    @pytest.mark.parametrize("operation", ["generate_data_key", "generate_data_key_without_plaintext"])
    def test_dry_run(self, kms, key_id, operation):
        with refused("DryRunOperationException", DRY_RUN):
            getattr(kms, operation)(KeyId=key_id, KeySpec="AES_256", DryRun=True)


class TestRandom:
    @pytest.mark.parametrize("length", [1, 32, 1024])
    def test_length(self, kms, length):
        first, second = (bare(kms.generate_random(NumberOfBytes=length)) for _ in range(2))
        assert set(first) == {"Plaintext"}
        assert len(first["Plaintext"]) == length
        assert length < 8 or first != second

    def test_length_is_needed(self, kms):
        with refused("ValidationException", "NumberOfBytes is required."):
            kms.generate_random()

    @pytest.mark.parametrize("number, text", [(0, "greater than or equal to 1"), (1025, "less than or equal to 1024")])
    def test_lengths_out_of_range(self, kms, number, text):
        with refused(
            "ValidationException",
            f"1 validation error detected: Value '{number}' at 'numberOfBytes' failed to satisfy constraint: "
            f"Member must have value {text}",
        ):
            kms.generate_random(NumberOfBytes=number)

    def test_store_that_does_not_exist(self, kms):
        with refused("CustomKeyStoreNotFoundException", ...):
            kms.generate_random(NumberOfBytes=8, CustomKeyStoreId="cks-1234567890abcdef0")
