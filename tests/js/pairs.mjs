// Key pairs: what the service signs, encrypts and agrees on, Node's cryptography checks or undoes.
import assert from 'node:assert/strict'
import { constants, createHash, createPublicKey, diffieHellman, generateKeyPairSync, publicEncrypt, verify }
  from 'node:crypto'
import { test } from 'node:test'
import { call, createKey, refused } from './server.mjs'

const MESSAGE = Buffer.from('a message')
const ECDSA = {
  ECC_NIST_P256: 'prime256v1', ECC_NIST_P384: 'secp384r1', ECC_NIST_P521: 'secp521r1', ECC_SECG_P256K1: 'secp256k1',
}
const ML_DSA_BYTES = { ML_DSA_44: 2420, ML_DSA_65: 3309, ML_DSA_87: 4627 }
const ML_KEM_BYTES = { ML_KEM_512: 768, ML_KEM_768: 1088, ML_KEM_1024: 1568 }

const digest = (algorithm, message = MESSAGE) =>
  createHash(`sha${algorithm.split('_').at(-1)}`).update(message).digest()

const imported = spki => createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })

async function publicKey(kms, KeyId) {
  return imported((await call(kms, 'GetPublicKey', { KeyId })).PublicKey)
}

/** The key, or nothing where Node was built with an OpenSSL that does not know its kind. */
function importedIfKnown(spki) {
  try {
    return imported(spki)
  } catch {
    return undefined
  }
}

/** Whether a signature holds, outside of the service. */
function holds(key, algorithm, signature) {
  const hash = algorithm.startsWith('ED25519') ? null : `sha${algorithm.split('_').at(-1)}`
  const padding = algorithm.includes('PSS')
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : {}
  return verify(hash, MESSAGE, { key, ...padding }, signature)
}

/** Signs in one way, checks here and there, and sees a changed signature refused. */
async function signs(kms, KeyId, SigningAlgorithm, MessageType, Message, offline) {
  const asked = { KeyId, SigningAlgorithm, MessageType, Message }
  const { Signature } = await call(kms, 'Sign', asked)
  if (offline) assert.ok(holds(offline, SigningAlgorithm, Signature), `${SigningAlgorithm} of ${MessageType}`)
  assert.equal((await call(kms, 'Verify', { ...asked, Signature })).SignatureValid, true)
  const broken = Uint8Array.from(Signature)
  broken[broken.length - 1] ^= 1
  await refused(call(kms, 'Verify', { ...asked, Signature: broken }), 'KMSInvalidSignatureException')
  return Signature
}

export default scene => {
  for (const KeySpec of ['RSA_2048', 'RSA_3072', 'RSA_4096']) {
    test(`${KeySpec} signs`, async () => {
      const kms = scene.server.client()
      const { KeyId, SigningAlgorithms } = await createKey(kms, { KeySpec, KeyUsage: 'SIGN_VERIFY' })
      assert.equal(SigningAlgorithms.length, 6)
      const offline = await publicKey(kms, KeyId)
      assert.equal(offline.asymmetricKeyDetails.modulusLength, Number(KeySpec.slice(4)))
      for (const algorithm of SigningAlgorithms) {
        await signs(kms, KeyId, algorithm, 'RAW', MESSAGE, offline)
        await signs(kms, KeyId, algorithm, 'DIGEST', digest(algorithm), offline)
      }
    })

    test(`${KeySpec} decrypts what was encrypted elsewhere`, async () => {
      const kms = scene.server.client()
      const { KeyId } = await createKey(kms, { KeySpec, KeyUsage: 'ENCRYPT_DECRYPT' })
      const key = await publicKey(kms, KeyId)
      for (const [EncryptionAlgorithm, oaepHash] of [['RSAES_OAEP_SHA_1', 'sha1'], ['RSAES_OAEP_SHA_256', 'sha256']]) {
        const CiphertextBlob = publicEncrypt({ key, oaepHash, padding: constants.RSA_PKCS1_OAEP_PADDING }, MESSAGE)
        const opened = await call(kms, 'Decrypt', { KeyId, EncryptionAlgorithm, CiphertextBlob })
        assert.deepEqual(Buffer.from(opened.Plaintext), MESSAGE)
        const sealed = await call(kms, 'Encrypt', { KeyId, EncryptionAlgorithm, Plaintext: MESSAGE })
        const again = await call(kms, 'Decrypt', { KeyId, EncryptionAlgorithm, CiphertextBlob: sealed.CiphertextBlob })
        assert.deepEqual(Buffer.from(again.Plaintext), MESSAGE)
      }
    })
  }

  for (const [KeySpec, curve] of Object.entries(ECDSA)) {
    test(`${KeySpec} signs`, async () => {
      const kms = scene.server.client()
      const { KeyId, SigningAlgorithms } = await createKey(kms, { KeySpec, KeyUsage: 'SIGN_VERIFY' })
      const [algorithm, ...others] = SigningAlgorithms
      assert.deepEqual(others, [])
      const offline = await publicKey(kms, KeyId)
      assert.equal(offline.asymmetricKeyDetails.namedCurve, curve)
      await signs(kms, KeyId, algorithm, 'RAW', MESSAGE, offline)
      await signs(kms, KeyId, algorithm, 'DIGEST', digest(algorithm), offline)
    })
  }

  test('Ed25519 signs, messages and digests', async () => {
    const kms = scene.server.client()
    const { KeyId } = await createKey(kms, { KeySpec: 'ECC_NIST_EDWARDS25519', KeyUsage: 'SIGN_VERIFY' })
    await signs(kms, KeyId, 'ED25519_SHA_512', 'RAW', MESSAGE, await publicKey(kms, KeyId))
    // Node has no Ed25519ph; what it must not be is a plain signature of the digest or of the message.
    const signature = await signs(kms, KeyId, 'ED25519_PH_SHA_512', 'DIGEST', digest('SHA_512'))
    for (const message of [MESSAGE, digest('SHA_512')]) {
      assert.ok(!verify(null, message, await publicKey(kms, KeyId), signature))
    }
  })

  for (const [KeySpec, length] of Object.entries(ML_DSA_BYTES)) {
    test(`${KeySpec} signs`, async context => {
      const kms = scene.server.client()
      const { KeyId } = await createKey(kms, { KeySpec, KeyUsage: 'SIGN_VERIFY' })
      const signature = await signs(kms, KeyId, 'ML_DSA_SHAKE_256', 'RAW', MESSAGE)
      assert.equal(signature.length, length)
      const key = importedIfKnown((await call(kms, 'GetPublicKey', { KeyId })).PublicKey)
      if (key) assert.ok(verify(null, MESSAGE, key, signature))
      else context.diagnostic('this Node knows no ML-DSA: the signature was verified by the service alone')
    })
  }

  for (const [KeySpec, namedCurve] of Object.entries(ECDSA).filter(([spec]) => spec.startsWith('ECC_NIST'))) {
    test(`${KeySpec} agrees on a secret`, async () => {
      const kms = scene.server.client()
      const { KeyId } = await createKey(kms, { KeySpec, KeyUsage: 'KEY_AGREEMENT' })
      const own = generateKeyPairSync('ec', { namedCurve })
      const { SharedSecret } = await call(kms, 'DeriveSharedSecret', {
        KeyId, KeyAgreementAlgorithm: 'ECDH', PublicKey: own.publicKey.export({ format: 'der', type: 'spki' }),
      })
      const expected = diffieHellman({ privateKey: own.privateKey, publicKey: await publicKey(kms, KeyId) })
      assert.deepEqual(Buffer.from(SharedSecret), expected)
    })
  }

  for (const [KeySpec, length] of Object.entries(ML_KEM_BYTES)) {
    test(`${KeySpec} encapsulates`, async () => {
      const kms = scene.server.client()
      const { KeyId, EncapsulationAlgorithms } = await createKey(kms, { KeySpec, KeyUsage: 'ENCAPSULATE_DECAPSULATE' })
      const asked = { KeyId, EncapsulationAlgorithm: EncapsulationAlgorithms[0] }
      const sent = await call(kms, 'Encapsulate', asked)
      assert.equal(sent.SharedSecretCiphertextBlob.length, length)
      const got = await call(kms, 'Decapsulate', { ...asked, SharedSecretCiphertextBlob: sent.SharedSecretCiphertextBlob })
      assert.equal(got.SharedSecret.length, 32)
      assert.deepEqual(got.SharedSecret, sent.SharedSecret)
    })
  }

  test('a symmetric key has no public half', async () => {
    const kms = scene.server.client()
    const { KeyId } = await createKey(kms)
    await refused(call(kms, 'GetPublicKey', { KeyId }), 'UnsupportedOperationException')
    const signing = call(kms, 'Sign', { KeyId, Message: MESSAGE, SigningAlgorithm: 'ECDSA_SHA_256' })
    await refused(signing, 'InvalidKeyUsageException')
  })
}
