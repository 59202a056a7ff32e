// Key policies and grants.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, createKey, refused } from './server.mjs'

export default scene => {
  test('key policies', async () => {
    const kms = scene.server.client()
    const { KeyId } = await createKey(kms)
    const { Policy, PolicyName } = await call(kms, 'GetKeyPolicy', { KeyId, PolicyName: 'default' })
    assert.equal(PolicyName, 'default')
    const document = JSON.parse(Policy)
    const changed = JSON.stringify({ ...document, Id: 'changed' })
    await call(kms, 'PutKeyPolicy', { KeyId, PolicyName: 'default', Policy: changed })
    assert.equal(JSON.parse((await call(kms, 'GetKeyPolicy', { KeyId })).Policy).Id, 'changed')
    assert.deepEqual((await call(kms, 'ListKeyPolicies', { KeyId })).PolicyNames, ['default'])
    const locking = JSON.stringify({ Version: '2012-10-17', Statement: [] })
    await refused(call(kms, 'PutKeyPolicy', { KeyId, Policy: locking }), 'MalformedPolicyDocumentException')
    await refused(call(kms, 'PutKeyPolicy', { KeyId, Policy: '{' }), 'MalformedPolicyDocumentException')
  })

  test('another account comes in with a grant and leaves with it', async () => {
    const owner = scene.server.client(), guest = scene.server.client()
    const { KeyId, Arn } = await createKey(owner)
    const seal = GrantTokens => call(guest, 'Encrypt', { KeyId: Arn, Plaintext: Buffer.from('x'), GrantTokens })
    await refused(seal(), 'AccessDeniedException')
    const GranteePrincipal = `arn:aws:iam::${guest.account}:root`
    const asked = { KeyId, GranteePrincipal, Operations: ['Encrypt', 'RetireGrant'] }
    const granted = await call(owner, 'CreateGrant', { ...asked, Name: 'guest' })
    assert.ok((await seal([granted.GrantToken])).CiphertextBlob.length > 0)
    const { Grants: [grant] } = await call(owner, 'ListGrants', { KeyId })
    assert.deepEqual([grant.GrantId, grant.Name, grant.Operations], [granted.GrantId, 'guest', asked.Operations])
    await call(guest, 'RetireGrant', { GrantToken: granted.GrantToken })
    await refused(seal(), 'AccessDeniedException')
    const second = await call(owner, 'CreateGrant', asked)
    await seal()
    await call(owner, 'RevokeGrant', { KeyId, GrantId: second.GrantId })
    await refused(seal(), 'AccessDeniedException')
    const missing = call(owner, 'RevokeGrant', { KeyId, GrantId: second.GrantId })
    await refused(missing, 'NotFoundException')
    await refused(call(owner, 'RevokeGrant', { KeyId, GrantId: 'short' }), 'InvalidGrantIdException')
  })

  test('grants that an account may retire', async () => {
    const owner = scene.server.client(), retirer = scene.server.client()
    const { KeyId } = await createKey(owner)
    const principal = `arn:aws:iam::${retirer.account}:root`
    const { GrantId } = await call(owner, 'CreateGrant', { KeyId, GranteePrincipal: principal,
      RetiringPrincipal: principal, Operations: ['Decrypt'] })
    const { Grants } = await call(retirer, 'ListRetirableGrants', { RetiringPrincipal: principal })
    assert.deepEqual(Grants.map(grant => grant.GrantId), [GrantId])
  })
}
