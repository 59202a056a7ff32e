// The life of keys: states, aliases, tags, rotation, deletion, lists.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, createKey, refused, sdk } from './server.mjs'

const UNKNOWN = '1234abcd-12ab-34cd-56ef-1234567890ab'

export default scene => {
  test('a key is made, described, disabled, enabled', async () => {
    const kms = scene.server.client()
    const made = await createKey(kms, { Description: 'first', Tags: [{ TagKey: 'a', TagValue: 'b' }] })
    assert.equal(made.Arn, `arn:aws:kms:us-east-1:${kms.account}:key/${made.KeyId}`)
    assert.ok(made.CreationDate instanceof Date)
    const described = async () => (await call(kms, 'DescribeKey', { KeyId: made.Arn })).KeyMetadata
    assert.deepEqual(await described(), made)
    await call(kms, 'DisableKey', { KeyId: made.KeyId })
    assert.equal((await described()).KeyState, sdk.KeyState.Disabled)
    const sealing = call(kms, 'Encrypt', { KeyId: made.KeyId, Plaintext: Buffer.from('x') })
    await refused(sealing, 'DisabledException', `${made.Arn} is disabled.`)
    await call(kms, 'EnableKey', { KeyId: made.KeyId })
    await call(kms, 'UpdateKeyDescription', { KeyId: made.KeyId, Description: 'second' })
    assert.equal((await described()).Description, 'second')
    const { TrackingStartDate, KeyCreationDate } = await call(kms, 'GetKeyLastUsage', { KeyId: made.KeyId })
    assert.ok(TrackingStartDate instanceof Date && KeyCreationDate instanceof Date)
  })

  test('what is not there is an exception of its own class', async () => {
    const kms = scene.server.client()
    const arn = `arn:aws:kms:us-east-1:${kms.account}:key/${UNKNOWN}`
    await refused(call(kms, 'DescribeKey', { KeyId: UNKNOWN }), 'NotFoundException', `Key '${arn}' does not exist`)
    await refused(call(kms, 'EnableKey', { KeyId: 'alias/x' }), 'InvalidArnException')
    await refused(call(kms, 'ListKeys', { Marker: 'junk' }), 'InvalidMarkerException')
    const caught = await call(kms, 'ListKeys', { Limit: 1001 }).catch(error => error)
    assert.equal(caught.name, 'ValidationException')
    assert.equal(caught.$metadata.httpStatusCode, 400)
    assert.match(caught.$metadata.requestId, /^[0-9a-f-]{36}$/)
  })

  test('aliases', async () => {
    const kms = scene.server.client()
    const [one, two] = [await createKey(kms), await createKey(kms)]
    const AliasName = 'alias/orders'
    await call(kms, 'CreateAlias', { AliasName, TargetKeyId: one.KeyId })
    await refused(call(kms, 'CreateAlias', { AliasName, TargetKeyId: two.KeyId }), 'AlreadyExistsException')
    await call(kms, 'UpdateAlias', { AliasName, TargetKeyId: two.KeyId })
    const { Aliases } = await call(kms, 'ListAliases', { KeyId: two.KeyId })
    assert.deepEqual(Aliases.map(alias => [alias.AliasName, alias.TargetKeyId]), [[AliasName, two.KeyId]])
    assert.equal((await call(kms, 'DescribeKey', { KeyId: AliasName })).KeyMetadata.Arn, two.Arn)
    await call(kms, 'DeleteAlias', { AliasName })
    await refused(call(kms, 'DescribeKey', { KeyId: AliasName }), 'NotFoundException')
  })

  test('tags', async () => {
    const kms = scene.server.client()
    const { KeyId } = await createKey(kms)
    await call(kms, 'TagResource', { KeyId, Tags: [{ TagKey: 'a', TagValue: '1' }, { TagKey: 'b', TagValue: '2' }] })
    await call(kms, 'UntagResource', { KeyId, TagKeys: ['a'] })
    assert.deepEqual((await call(kms, 'ListResourceTags', { KeyId })).Tags, [{ TagKey: 'b', TagValue: '2' }])
    const reserved = call(kms, 'TagResource', { KeyId, Tags: [{ TagKey: 'aws:a', TagValue: '1' }] })
    await refused(reserved, 'TagException')
  })

  test('rotation', async () => {
    const kms = scene.server.client()
    const { KeyId, Arn } = await createKey(kms)
    await call(kms, 'EnableKeyRotation', { KeyId, RotationPeriodInDays: 90 })
    const status = await call(kms, 'GetKeyRotationStatus', { KeyId })
    assert.deepEqual([status.KeyRotationEnabled, status.RotationPeriodInDays, status.KeyId], [true, 90, Arn])
    assert.ok(status.NextRotationDate instanceof Date)
    await call(kms, 'DisableKeyRotation', { KeyId })
    assert.equal((await call(kms, 'GetKeyRotationStatus', { KeyId })).KeyRotationEnabled, false)
    const { CiphertextBlob } = await call(kms, 'Encrypt', { KeyId, Plaintext: Buffer.from('old') })
    await call(kms, 'RotateKeyOnDemand', { KeyId })
    const rotations = async () => (await call(kms, 'ListKeyRotations', { KeyId })).Rotations
    for (let tries = 0; !(await rotations()).length && tries < 100; tries++) await new Promise(r => setTimeout(r, 50))
    assert.deepEqual((await rotations()).map(rotation => rotation.RotationType), ['ON_DEMAND'])
    assert.equal(Buffer.from((await call(kms, 'Decrypt', { CiphertextBlob })).Plaintext).toString(), 'old')
  })

  test('deletion', async () => {
    const kms = scene.server.client()
    const { KeyId, Arn } = await createKey(kms)
    const scheduled = await call(kms, 'ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 })
    assert.equal(scheduled.KeyState, sdk.KeyState.PendingDeletion)
    assert.ok(scheduled.DeletionDate instanceof Date)
    const random = call(kms, 'GenerateDataKey', { KeyId, KeySpec: 'AES_256' })
    await refused(random, 'KMSInvalidStateException', `${Arn} is pending deletion.`)
    assert.equal((await call(kms, 'CancelKeyDeletion', { KeyId })).KeyId, Arn)
    assert.equal((await call(kms, 'DescribeKey', { KeyId })).KeyMetadata.KeyState, sdk.KeyState.Disabled)
  })

  test('paginators reach the end of every list', async () => {
    const kms = scene.server.client()
    const made = []
    for (let count = 0; count < 5; count++) made.push((await createKey(kms)).KeyId)
    const [KeyId] = made
    for (const name of ['a', 'b', 'c']) {
      await call(kms, 'CreateAlias', { AliasName: `alias/${name}`, TargetKeyId: KeyId })
      await call(kms, 'TagResource', { KeyId, Tags: [{ TagKey: name, TagValue: '' }] })
      const GranteePrincipal = `arn:aws:iam::${kms.account}:root`
      await call(kms, 'CreateGrant', { KeyId, Name: name, GranteePrincipal, Operations: ['Encrypt'],
        RetiringPrincipal: GranteePrincipal })
    }
    const all = async (name, member, input) => {
      const found = []
      for await (const page of sdk[`paginate${name}`]({ client: kms, pageSize: 2 }, input)) {
        assert.ok(page[member].length <= 2)
        found.push(...page[member])
      }
      return found
    }
    assert.deepEqual((await all('ListKeys', 'Keys', {})).map(key => key.KeyId).sort(), made.toSorted())
    const aliases = await all('ListAliases', 'Aliases', { KeyId })
    assert.deepEqual(aliases.map(alias => alias.AliasName).sort(), ['alias/a', 'alias/b', 'alias/c'])
    assert.equal((await all('ListResourceTags', 'Tags', { KeyId })).length, 3)
    const names = grants => grants.map(grant => grant.Name).sort()
    assert.deepEqual(names(await all('ListGrants', 'Grants', { KeyId })), ['a', 'b', 'c'])
    const RetiringPrincipal = `arn:aws:iam::${kms.account}:root`
    assert.deepEqual(names(await all('ListRetirableGrants', 'Grants', { RetiringPrincipal })), ['a', 'b', 'c'])
    assert.deepEqual(await all('ListKeyPolicies', 'PolicyNames', { KeyId }), ['default'])
    assert.deepEqual(await all('DescribeCustomKeyStores', 'CustomKeyStores', {}), [])
    assert.deepEqual(await all('ListKeyRotations', 'Rotations', { KeyId }), [])
  })
}
