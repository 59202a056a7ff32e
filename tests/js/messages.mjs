// The Encryption SDK for JavaScript and our command read each other's messages.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { binary, encryption } from './server.mjs'

const { AlgorithmSuiteIdentifier, CommitmentPolicy, RawAesKeyringNode, RawAesWrappingSuiteIdentifier, RawRsaKeyringNode,
  buildClient } = encryption
const PLAINTEXT = randomBytes(10_000)
const CONTEXT = { purpose: 'test', 'ünit': 'größe' }
const PAIRS = Object.entries(CONTEXT).flatMap(([name, value]) => ['-c', `${name}=${value}`])
const OAEP = { 'oaep-sha1': 'sha1', 'oaep-sha256': 'sha256', 'oaep-sha384': 'sha384', 'oaep-sha512': 'sha512' }

/** Raw keys, each as an entry of a keyring file and as a keyring of the SDK. */
function keys() {
  const keyNamespace = 'tests', namespace = 'tests', all = []
  for (const [bits, suite] of [
    [128, 'AES128_GCM_IV12_TAG16_NO_PADDING'], [192, 'AES192_GCM_IV12_TAG16_NO_PADDING'],
    [256, 'AES256_GCM_IV12_TAG16_NO_PADDING'],
  ]) {
    const name = `aes-${bits}`, key = randomBytes(bits / 8)
    // The SDK wants memory that belongs to nothing else.
    const unencryptedMasterKey = new Uint8Array(key.length)
    unencryptedMasterKey.set(key)
    const wrappingSuite = RawAesWrappingSuiteIdentifier[suite]
    all.push({
      entry: { type: 'raw-aes', namespace, name, key: key.toString('base64') },
      keyring: new RawAesKeyringNode({ keyName: name, keyNamespace, unencryptedMasterKey, wrappingSuite }),
    })
  }
  const pem = { format: 'pem' }
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048, privateKeyEncoding: { ...pem, type: 'pkcs8' }, publicKeyEncoding: { ...pem, type: 'spki' },
  })
  for (const [padding, oaepHash] of Object.entries(OAEP)) {
    const name = `rsa-${padding}`
    all.push({
      entry: { type: 'raw-rsa', namespace, name, padding, private_key_pem: privateKey },
      keyring: new RawRsaKeyringNode({ keyName: name, keyNamespace, rsaKey: { privateKey, publicKey }, oaepHash }),
    })
  }
  return all
}

function run(input, ...args) {
  const done = spawnSync(binary, args, { input, maxBuffer: 1 << 26 })
  assert.equal(done.status, 0, done.stderr.toString())
  return done.stdout
}

export default () => {
  const suites = Object.keys(AlgorithmSuiteIdentifier).filter(name => isNaN(name))

  test('the Encryption SDK and the command read each other', { timeout: 300_000 }, async t => {
    const folder = mkdtempSync(join(tmpdir(), 'messages-'))
    t.after(() => rmSync(folder, { recursive: true }))
    for (const { entry, keyring } of keys()) {
      const ring = join(folder, `${entry.name}.json`)
      writeFileSync(ring, JSON.stringify([entry]))
      for (const suite of suites) {
        const suiteId = AlgorithmSuiteIdentifier[suite]
        const commits = suite.includes('COMMIT_KEY')
        const policy = commits ? 'require-encrypt-allow-decrypt' : 'forbid-encrypt-allow-decrypt'
        const { encrypt, decrypt } = buildClient(CommitmentPolicy[policy.toUpperCase().replaceAll('-', '_')])
        const common = ['--keyring', ring, '--commitment-policy', policy, ...PAIRS]
        const ours = run(PLAINTEXT, 'encrypt', ...common, '--algorithm', nameOf(suiteId), '--frame-length', '1000')
        const opened = await decrypt(keyring, ours)
        assert.deepEqual(opened.plaintext, PLAINTEXT)
        assert.equal(opened.messageHeader.suiteId, suiteId)
        for (const [name, value] of Object.entries(CONTEXT)) {
          assert.equal(opened.messageHeader.encryptionContext[name], value)
        }
        for (const frameLength of [999, 1000, 20_000]) {
          const { result } = await encrypt(keyring, PLAINTEXT, { suiteId, frameLength, encryptionContext: CONTEXT })
          assert.deepEqual(run(result, 'decrypt', ...common), PLAINTEXT)
        }
      }
    }
  })
}

/** A suite by the name that the SDK for Python gives it, which is what the command takes. */
function nameOf(suiteId) {
  return {
    0x0014: 'AES_128_GCM_IV12_TAG16', 0x0046: 'AES_192_GCM_IV12_TAG16', 0x0078: 'AES_256_GCM_IV12_TAG16',
    0x0114: 'AES_128_GCM_IV12_TAG16_HKDF_SHA256', 0x0146: 'AES_192_GCM_IV12_TAG16_HKDF_SHA256',
    0x0178: 'AES_256_GCM_IV12_TAG16_HKDF_SHA256', 0x0214: 'AES_128_GCM_IV12_TAG16_HKDF_SHA256_ECDSA_P256',
    0x0346: 'AES_192_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384', 0x0378: 'AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384',
    0x0478: 'AES_256_GCM_HKDF_SHA512_COMMIT_KEY', 0x0578: 'AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384',
  }[suiteId]
}
