// Symmetric encryption, data keys, MACs, random bytes.
import assert from 'node:assert/strict'
import { createCipheriv, createDecipheriv, createHmac, createPrivateKey, createPublicKey, randomBytes, sign, verify }
  from 'node:crypto'
import { test } from 'node:test'
import { call, createKey, refused } from './server.mjs'

const MESSAGE = Buffer.from('a message')
const EncryptionContext = { purpose: 'test' }

export default scene => {
  test('what is encrypted decrypts, in its context only', async () => {
    const kms = scene.server.client()
    const { KeyId, Arn } = await createKey(kms)
    const { CiphertextBlob } = await call(kms, 'Encrypt', { KeyId, Plaintext: MESSAGE, EncryptionContext })
    const opened = await call(kms, 'Decrypt', { CiphertextBlob, EncryptionContext })
    assert.deepEqual([Buffer.from(opened.Plaintext), opened.KeyId], [MESSAGE, Arn])
    await refused(call(kms, 'Decrypt', { CiphertextBlob }), 'InvalidCiphertextException')
    const other = await createKey(kms)
    const wrong = call(kms, 'Decrypt', { CiphertextBlob, EncryptionContext, KeyId: other.KeyId })
    await refused(wrong, 'IncorrectKeyException')
    const DestinationKeyId = other.KeyId
    const moved = await call(kms, 'ReEncrypt', { CiphertextBlob, SourceEncryptionContext: EncryptionContext,
      DestinationKeyId })
    assert.deepEqual([moved.SourceKeyId, moved.KeyId], [Arn, other.Arn])
    const again = await call(kms, 'Decrypt', { CiphertextBlob: moved.CiphertextBlob, KeyId: other.Arn })
    assert.deepEqual(Buffer.from(again.Plaintext), MESSAGE)
    await refused(call(kms, 'Encrypt', { KeyId, Plaintext: MESSAGE, DryRun: true }), 'DryRunOperationException')
  })

  test('data keys seal files', async () => {
    const kms = scene.server.client()
    const { KeyId } = await createKey(kms)
    const key = await call(kms, 'GenerateDataKey', { KeyId, KeySpec: 'AES_256', EncryptionContext })
    const iv = randomBytes(12), cipher = createCipheriv('aes-256-gcm', key.Plaintext, iv)
    const sealed = Buffer.concat([cipher.update(MESSAGE), cipher.final()])
    const { Plaintext } = await call(kms, 'Decrypt', { CiphertextBlob: key.CiphertextBlob, EncryptionContext })
    const decipher = createDecipheriv('aes-256-gcm', Plaintext, iv).setAuthTag(cipher.getAuthTag())
    assert.deepEqual(Buffer.concat([decipher.update(sealed), decipher.final()]), MESSAGE)
    const blind = await call(kms, 'GenerateDataKeyWithoutPlaintext', { KeyId, NumberOfBytes: 33 })
    assert.equal(blind.Plaintext, undefined)
    const revealed = await call(kms, 'Decrypt', { CiphertextBlob: blind.CiphertextBlob })
    assert.equal(revealed.Plaintext.length, 33)
  })

  test('data key pairs sign', async () => {
    const kms = scene.server.client()
    const { KeyId } = await createKey(kms)
    const check = (pkcs8, spki, hash) => {
      const privateKey = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
      const publicKey = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
      assert.ok(createPublicKey(privateKey).equals(publicKey))
      assert.ok(verify(hash, MESSAGE, publicKey, sign(hash, MESSAGE, privateKey)))
    }
    for (const KeyPairSpec of ['RSA_2048', 'ECC_NIST_P256', 'ECC_NIST_P384', 'ECC_NIST_P521', 'ECC_SECG_P256K1',
      'ECC_NIST_EDWARDS25519']) {
      const hash = KeyPairSpec.endsWith('25519') ? null : 'sha256'
      const pair = await call(kms, 'GenerateDataKeyPair', { KeyId, KeyPairSpec })
      check(pair.PrivateKeyPlaintext, pair.PublicKey, hash)
      const opened = await call(kms, 'Decrypt', { CiphertextBlob: pair.PrivateKeyCiphertextBlob })
      assert.deepEqual(opened.Plaintext, pair.PrivateKeyPlaintext)
      const blind = await call(kms, 'GenerateDataKeyPairWithoutPlaintext', { KeyId, KeyPairSpec })
      assert.equal(blind.PrivateKeyPlaintext, undefined)
      const revealed = await call(kms, 'Decrypt', { CiphertextBlob: blind.PrivateKeyCiphertextBlob })
      check(revealed.Plaintext, blind.PublicKey, hash)
    }
  })

  test('MACs of every size', async () => {
    const kms = scene.server.client()
    for (const size of [224, 256, 384, 512]) {
      const { KeyId } = await createKey(kms, { KeySpec: `HMAC_${size}`, KeyUsage: 'GENERATE_VERIFY_MAC' })
      const asked = { KeyId, Message: MESSAGE, MacAlgorithm: `HMAC_SHA_${size}` }
      const { Mac } = await call(kms, 'GenerateMac', asked)
      // Its key never leaves; the length is what an outsider can tell.
      assert.equal(Mac.length, createHmac(`sha${size}`, 'any').digest().length)
      assert.equal((await call(kms, 'VerifyMac', { ...asked, Mac })).MacValid, true)
      Mac[0] ^= 1
      await refused(call(kms, 'VerifyMac', { ...asked, Mac }), 'KMSInvalidMacException')
    }
  })

  test('random bytes', async () => {
    const kms = scene.server.client()
    const one = await call(kms, 'GenerateRandom', { NumberOfBytes: 1024 })
    const two = await call(kms, 'GenerateRandom', { NumberOfBytes: 1024 })
    assert.equal(one.Plaintext.length, 1024)
    assert.notDeepEqual(one.Plaintext, two.Plaintext)
  })
}
