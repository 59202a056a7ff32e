// The JavaScript SDKs drive KMS and read messages: every operation, each algorithm, checked by Node's own cryptography where it can.
//
//   CLAVIGER_BIN=PROGRAM CLAVIGER_JS_MODULES=NODE_MODULES node tests/js/all.mjs
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { called, sdk, start } from './server.mjs'
import imports from './imports.mjs'
import keys from './keys.mjs'
import messages from './messages.mjs'
import pairs from './pairs.mjs'
import policies from './policies.mjs'
import stores from './stores.mjs'
import symmetric from './symmetric.mjs'

// One process and one server for all of it, so that what was called can be counted at the end.
const scene = {}
before(async () => { scene.server = await start() })
after(() => scene.server?.stop())

for (const part of [keys, symmetric, pairs, policies, imports, stores, messages]) part(scene)

test('every operation of the SDK was called', () => {
  const known = Object.keys(sdk).filter(name => name.endsWith('Command') && name !== '$Command')
  const missing = known.map(name => name.replace(/Command$/, '')).filter(name => !called.has(name))
  assert.deepEqual(missing, [])
})
