// Imported key material, and multi-Region keys.
import assert from 'node:assert/strict'
import { constants, createHmac, createPublicKey, createSign, generateKeyPairSync, publicEncrypt, randomBytes }
  from 'node:crypto'
import { test } from 'node:test'
import { call, createKey, refused, sdk } from './server.mjs'

const MESSAGE = Buffer.from('a message')
const WRAPPINGS = [
  ['RSAES_OAEP_SHA_1', 'sha1', 'RSA_2048'], ['RSAES_OAEP_SHA_256', 'sha256', 'RSA_2048'],
  ['RSAES_OAEP_SHA_256', 'sha256', 'RSA_3072'], ['RSAES_OAEP_SHA_256', 'sha256', 'RSA_4096'],
]

/** Wraps material as its owner does, and brings it in. */
async function bring(kms, KeyId, material, [WrappingAlgorithm, oaepHash, WrappingKeySpec] = WRAPPINGS[1], more = {}) {
  const given = await call(kms, 'GetParametersForImport', { KeyId, WrappingAlgorithm, WrappingKeySpec })
  assert.ok(given.ParametersValidTo instanceof Date)
  const key = createPublicKey({ key: Buffer.from(given.PublicKey), format: 'der', type: 'spki' })
  assert.equal(key.asymmetricKeyDetails.modulusLength, Number(WrappingKeySpec.slice(4)))
  const EncryptedKeyMaterial = publicEncrypt({ key, oaepHash, padding: constants.RSA_PKCS1_OAEP_PADDING }, material)
  return call(kms, 'ImportKeyMaterial', { KeyId, ImportToken: given.ImportToken, EncryptedKeyMaterial,
    ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE', ...more })
}

const state = async (kms, KeyId) => (await call(kms, 'DescribeKey', { KeyId })).KeyMetadata.KeyState

/** Waits until a key has left its passing state. */
async function settled(kms, KeyId, wanted = 'Enabled') {
  for (let tries = 0; tries < 200; tries++) {
    if (await state(kms, KeyId) === wanted) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  assert.equal(await state(kms, KeyId), wanted)
}

export default scene => {
  test('material comes in under every kind of wrapping key, goes, and comes back', async () => {
    const kms = scene.server.client()
    for (const wrapping of WRAPPINGS) {
      const { KeyId, Arn, KeyState } = await createKey(kms, { Origin: 'EXTERNAL' })
      assert.equal(KeyState, sdk.KeyState.PendingImport)
      const material = randomBytes(32)
      const { KeyMaterialId } = await bring(kms, KeyId, material, wrapping)
      const { CiphertextBlob } = await call(kms, 'Encrypt', { KeyId, Plaintext: MESSAGE })
      const gone = await call(kms, 'DeleteImportedKeyMaterial', { KeyId })
      assert.deepEqual([gone.KeyId, gone.KeyMaterialId], [Arn, KeyMaterialId])
      const without = call(kms, 'Decrypt', { CiphertextBlob })
      await refused(without, 'KMSInvalidStateException', `${Arn} is pending import.`)
      await refused(bring(kms, KeyId, randomBytes(32), wrapping), 'IncorrectKeyMaterialException')
      assert.equal((await bring(kms, KeyId, material, wrapping)).KeyMaterialId, KeyMaterialId)
      assert.deepEqual(Buffer.from((await call(kms, 'Decrypt', { CiphertextBlob })).Plaintext), MESSAGE)
    }
  })

  test('an imported HMAC key answers as its owner computes', async () => {
    const kms = scene.server.client()
    const { KeyId } = await createKey(kms, { Origin: 'EXTERNAL', KeySpec: 'HMAC_384', KeyUsage: 'GENERATE_VERIFY_MAC' })
    const material = randomBytes(48)
    await bring(kms, KeyId, material)
    const { Mac } = await call(kms, 'GenerateMac', { KeyId, Message: MESSAGE, MacAlgorithm: 'HMAC_SHA_384' })
    assert.deepEqual(Buffer.from(Mac), createHmac('sha384', material).update(MESSAGE).digest())
  })

  test('an imported curve key verifies what its owner signed', async () => {
    const kms = scene.server.client()
    const { KeyId } = await createKey(kms, { Origin: 'EXTERNAL', KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    await bring(kms, KeyId, privateKey.export({ format: 'der', type: 'pkcs8' }))
    const Signature = createSign('sha256').update(MESSAGE).sign(privateKey)
    const asked = { KeyId, Message: MESSAGE, SigningAlgorithm: 'ECDSA_SHA_256', Signature }
    assert.equal((await call(kms, 'Verify', asked)).SignatureValid, true)
    const { PublicKey } = await call(kms, 'GetPublicKey', { KeyId })
    assert.deepEqual(Buffer.from(PublicKey), publicKey.export({ format: 'der', type: 'spki' }))
  })

  test('what is refused of an import', async () => {
    const kms = scene.server.client()
    const own = await createKey(kms)
    const asked = { WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' }
    const refusal = `${own.Arn} origin is AWS_KMS which is not valid for this operation.`
    const foreign = call(kms, 'GetParametersForImport', { KeyId: own.KeyId, ...asked })
    await refused(foreign, 'UnsupportedOperationException', refusal)
    const { KeyId } = await createKey(kms, { Origin: 'EXTERNAL' })
    await refused(bring(kms, KeyId, randomBytes(32), WRAPPINGS[1], { ImportToken: Buffer.from('junk') }),
      'InvalidImportTokenException')
    await refused(bring(kms, KeyId, randomBytes(31)), 'InvalidCiphertextException')
    await refused(bring(kms, KeyId, randomBytes(32), WRAPPINGS[1], { EncryptedKeyMaterial: randomBytes(256) }),
      'InvalidCiphertextException')
    assert.equal(await state(kms, KeyId), sdk.KeyState.PendingImport)
  })

  test('a key of several Regions', async () => {
    const here = scene.server.client(), there = scene.server.client(here.account, 'eu-west-1')
    const { KeyId, Arn } = await createKey(here, { MultiRegion: true })
    const { ReplicaKeyMetadata } = await call(here, 'ReplicateKey', { KeyId, ReplicaRegion: 'eu-west-1' })
    assert.equal(ReplicaKeyMetadata.Arn, Arn.replace('us-east-1', 'eu-west-1'))
    await settled(there, KeyId)
    const { CiphertextBlob } = await call(here, 'Encrypt', { KeyId, Plaintext: MESSAGE })
    assert.deepEqual(Buffer.from((await call(there, 'Decrypt', { CiphertextBlob })).Plaintext), MESSAGE)
    const again = call(here, 'ReplicateKey', { KeyId, ReplicaRegion: 'eu-west-1' })
    await refused(again, 'AlreadyExistsException',
      'You can create only one replica of each primary key in each AWS Region.')
    await call(here, 'UpdatePrimaryRegion', { KeyId, PrimaryRegion: 'eu-west-1' })
    await settled(here, KeyId)
    await settled(there, KeyId)
    const { KeyMetadata } = await call(here, 'DescribeKey', { KeyId })
    const configuration = KeyMetadata.MultiRegionConfiguration
    assert.equal(configuration.MultiRegionKeyType, sdk.MultiRegionKeyType.REPLICA)
    assert.equal(configuration.PrimaryKey.Region, 'eu-west-1')
    const back = call(here, 'UpdatePrimaryRegion', { KeyId, PrimaryRegion: 'us-east-1' })
    await refused(back, 'KMSInvalidStateException', `${Arn} is not a multi-Region primary key.`)
  })
}
