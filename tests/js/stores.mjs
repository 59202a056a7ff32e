// Custom key stores, of an account that has none.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, refused } from './server.mjs'

const CustomKeyStoreId = 'cks-1234567890abcdef0'

export default scene => {
  test('custom key stores', async () => {
    const kms = scene.server.client()
    assert.deepEqual((await call(kms, 'DescribeCustomKeyStores')).CustomKeyStores, [])
    for (const operation of ['Connect', 'Disconnect', 'Update', 'Delete']) {
      await refused(call(kms, `${operation}CustomKeyStore`, { CustomKeyStoreId }), 'CustomKeyStoreNotFoundException')
    }
    const cluster = { CustomKeyStoreName: 'store', CloudHsmClusterId: 'cluster-2a34b5cdefg',
      TrustAnchorCertificate: 'a certificate', KeyStorePassword: 'kmspassword' }
    await refused(call(kms, 'CreateCustomKeyStore', cluster), 'CloudHsmClusterNotFoundException')
  })
}
