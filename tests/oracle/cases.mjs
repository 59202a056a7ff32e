// Requests and policies made up at random, the same for the same seed.
//
// They are spread over what decides: operators and quantifiers, kinds of principals, the KMS rule, boundaries, sessions,
// control policies, accounts, variables, wildcards. Where the oracle is known to differ from AWS's documents they go
// too, if seldom: known.mjs says what to make of it.
let state = 0
const rnd = () => { state = state + 0x6D2B79F5 | 0; let t = Math.imul(state ^ state >>> 15, 1 | state); t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t; return ((t ^ t >>> 14) >>> 0) / 4294967296 }
const pick = a => a[Math.floor(rnd() * a.length)]
const chance = p => rnd() < p
const some = (a, max) => { const n = 1 + Math.floor(rnd() * max); const s = new Set(); for (let i = 0; i < n; i++) s.add(pick(a)); return [...s] }
const one = a => a.length === 1 && chance(0.6) ? a[0] : a

const A = '111122223333', B = '444455556666'
const key = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
const key2 = 'arn:aws:kms:eu-west-1:111122223333:key/mrk-99887766554433221100aabbccddeeff'
const secret = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf'
const role = 'arn:aws:iam::111122223333:role/svc/app'
const user = (a, n) => `arn:aws:iam::${a}:user/${n}`
const session = (a, r, s) => `arn:aws:sts::${a}:assumed-role/${r}/${s}`
const principals = [
  { kind: 'User', account: A, arn: user(A, 'alice') },
  { kind: 'User', account: A, arn: user(A, 'ops/bob') },
  { kind: 'AssumedRole', account: A, arn: session(A, 'app', 'one'), role_arn: role },
  { kind: 'AssumedRole', account: A, arn: session(A, 'app', 'two'), role_arn: role },
  { kind: 'FederatedUser', account: A, arn: `arn:aws:sts::${A}:federated-user/alice`, role_arn: user(A, 'alice') },
  { kind: 'User', account: B, arn: user(B, 'carol') },
  { kind: 'AssumedRole', account: B, arn: session(B, 'remote', 'x'), role_arn: `arn:aws:iam::${B}:role/remote` },
  { kind: 'Service', account: '', arn: 'logs.amazonaws.com' },
  { kind: 'Root', account: A, arn: `arn:aws:iam::${A}:root` },
]
const targets = [
  { rule: 'KmsKey', resource: key, owner: A, actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:DescribeKey', 'kms:CreateGrant', 'kms:PutKeyPolicy'] },
  { rule: 'KmsKey', resource: key2, owner: A, actions: ['kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom'] },
  { rule: 'Ordinary', resource: secret, owner: A, actions: ['secretsmanager:GetSecretValue', 'secretsmanager:DeleteSecret', 'secretsmanager:PutResourcePolicy'] },
  { rule: 'Trust', resource: 'arn:aws:iam::111122223333:role/target', owner: A, actions: ['sts:AssumeRole', 'sts:TagSession'] },
]
// context: each key with the values a request may have; arrays are multi-valued keys
const contextPool = {
  'aws:SourceIp': ['10.1.2.3', '203.0.113.77', '192.168.0.1', '2001:db8::17'],
  'aws:username': ['alice', 'bob', '*'],
  'aws:SecureTransport': ['true', 'false'],
  'aws:CurrentTime': ['2024-06-01T00:00:00Z', '2025-01-15T12:30:00Z', '2026-09-12T23:59:59Z'],
  'aws:EpochTime': ['1700000000', '1750000000'],
  'aws:MultiFactorAuthPresent': ['true', 'false'],
  'aws:MultiFactorAuthAge': ['300', '3600', '0'],
  'aws:PrincipalTag/team': ['blue', 'Blue', 'red', '*', 'b?ue', 'green/one'],
  'aws:PrincipalTag/Project': ['kms', 'x:y'],
  'aws:RequestedRegion': ['eu-west-1', 'us-east-1'],
  'aws:SourceArn': ['arn:aws:logs:eu-west-1:111122223333:log-group:app:prod', 'arn:aws:s3:::bucket/key', 'arn:aws:lambda:us-east-1:444455556666:function:f'],
  'aws:SourceAccount': [A, B],
  'aws:CalledVia': [['athena.amazonaws.com'], ['cloudformation.amazonaws.com', 'athena.amazonaws.com'], ['s3.amazonaws.com']],
  'aws:PrincipalOrgPaths': [['o-a/r-1/ou-2/'], ['o-a/r-1/ou-3/', 'o-b/r-1/']],
  'aws:ViaAWSService': ['true', 'false'],
  'aws:userid': ['AIDAEXAMPLEALICE1234', 'AROAEXAMPLEAPP123456:one'],
  'aws:PrincipalArn': [user(A, 'alice'), role, user(B, 'carol')],
  'aws:PrincipalAccount': [A, B],
}
const kmsContext = {
  'kms:EncryptionContext:app': ['pay', 'PAY', 'ship', '*'],
  'kms:EncryptionContext:Tenant': ['t1', 't2'],
  'kms:EncryptionContextKeys': [['app'], ['app', 'Tenant'], ['other']],
  'kms:ViaService': ['ssm.eu-west-1.amazonaws.com', 's3.us-east-1.amazonaws.com'],
  'kms:CallerAccount': [A, B],
  'kms:EncryptionAlgorithm': ['SYMMETRIC_DEFAULT', 'RSAES_OAEP_SHA_256'],
  'kms:ResourceAliases': [['alias/app'], ['alias/app', 'alias/other']],
  'aws:ResourceTag/env': ['prod', 'dev'],
}
const strings = {
  'aws:PrincipalTag/team': ['blue', 'red', 'BLUE', 'b*', '?lue', 'gr*', '*'],
  'aws:RequestedRegion': ['eu-west-1', 'eu-*', 'us-east-1'],
  'aws:SourceAccount': [A, B, '1*'],
  'aws:userid': ['AIDAEXAMPLEALICE1234', 'AROAEXAMPLEAPP123456:*'],
  'kms:EncryptionContext:APP': ['pay', 'ship', 'p*', 'Pay'],
  'kms:EncryptionContext:tenant': ['t1', 't?', '${aws:PrincipalTag/team}', '${aws:PrincipalTag/none, \'t1\'}', '${aws:username}?', 't${*}'],
  'kms:ViaService': ['ssm.*.amazonaws.com', 's3.us-east-1.amazonaws.com'],
  'kms:CallerAccount': [A, B],
  'kms:EncryptionAlgorithm': ['SYMMETRIC_DEFAULT'],
  'aws:ResourceTag/env': ['prod', '${aws:PrincipalTag/team}', 'd*'],
  'aws:PrincipalAccount': [A, B],
}
const multi = {
  'aws:CalledVia': ['athena.amazonaws.com', 'cloudformation.amazonaws.com', 's3*'],
  'kms:EncryptionContextKeys': ['app', 'Tenant', '*'],
  'aws:PrincipalOrgPaths': ['o-a/r-1/*', 'o-b/*'],
  'kms:ResourceAliases': ['alias/app', 'alias/o*'],
}
function condition(kind) {
  const r = rnd()
  const keyPolicy = kind === 'Key'
  const ife = op => chance(0.2) ? op + 'IfExists' : op
  if (r < 0.35) {
    const k = pick(Object.keys(strings))
    const op = pick(['StringEquals', 'StringNotEquals', 'StringLike', 'StringNotLike', 'StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase'])
    return [ife(op), k, one(some(strings[k], 3))]
  }
  if (r < 0.5) {
    const k = pick(Object.keys(multi).filter(k => !(keyPolicy && k === 'kms:ResourceAliases')))
    const op = pick(['ForAllValues:', 'ForAnyValue:', 'ForAllValues:', 'ForAnyValue:', '']) + pick(['StringEquals', 'StringLike', 'StringNotEquals', 'StringNotLike'])
    return [chance(0.2) ? op + 'IfExists' : op, k, one(some(multi[k], 2))]
  }
  if (r < 0.6) return [ife(pick(['IpAddress', 'NotIpAddress'])), 'aws:SourceIp', one(some(['10.0.0.0/8', '203.0.113.77', '203.0.113.0/24', '2001:db8::/32', '192.168.0.0/31', '10.0.0.0/15', '2001:db8:0:0::/64', '0.0.0.0/0'], 2))]
  if (r < 0.67) return [ife('Bool'), pick(['aws:SecureTransport', 'aws:MultiFactorAuthPresent', 'aws:ViaAWSService']), pick(['true', 'false', true, ['true', 'false']])]
  if (r < 0.75) return [ife('Date' + pick(['Equals', 'NotEquals', 'LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals'])), 'aws:CurrentTime', pick(['2025-01-15T12:30:00Z', '2024-06-01T02:00:00+02:00', '2026-01-01', '2024-06-01'])]
  if (r < 0.82) return [ife('Numeric' + pick(['Equals', 'NotEquals', 'LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals'])), pick(['aws:MultiFactorAuthAge', 'aws:EpochTime']), one(some(['300', '3600', '1750000000', '299.5', '0'], 2))]
  if (r < 0.93) {
    const k = pick(['aws:SourceArn', 'aws:PrincipalArn'])
    return [ife(pick(['ArnEquals', 'ArnLike', 'ArnNotEquals', 'ArnNotLike'])), k, one(some(['arn:aws:logs:*:111122223333:log-group:*', 'arn:aws:s3:::bucket/*', 'arn:aws:*:*:444455556666:*', 'arn:aws:iam::111122223333:user/*', 'arn:aws:iam::*:role/svc/app', 'arn:*:iam::111122223333:*', user(B, 'c?rol')], 2))]
  }
  return ['Null', pick(['aws:PrincipalTag/team', 'kms:EncryptionContext:app', 'aws:SourceIp', 'kms:ViaService', 'aws:CalledVia']), pick(['true', 'false'])]
}
function conditions(kind) {
  const c = {}
  const n = chance(0.5) ? 0 : chance(0.7) ? 1 : 2
  for (let i = 0; i < n; i++) { const [op, k, v] = condition(kind); (c[op] ??= {})[k] = v }
  return n ? c : undefined
}
const actionsFor = rule => rule === 'KmsKey' ? ['kms:*', 'kms:Encrypt', 'kms:Decrypt', 'kms:GenerateDataKey*', 'kms:Describe*', 'KMS:encrypt', 'kms:ReEncrypt*', 'kms:*Grant', 'kms:P?tKeyPolicy', '*', 's3:*']
  : rule === 'Ordinary' ? ['secretsmanager:*', 'secretsmanager:GetSecretValue', 'secretsmanager:Get*', 'SecretsManager:delete*', 'secretsmanager:PutResourcePolic?', '*', 'kms:*']
  : ['sts:AssumeRole', 'sts:*', 'sts:TagSession', 'sts:Assume*', 'sts:assumerole']
const resourcesFor = rule => rule === 'KmsKey' ? ['*', key, 'arn:aws:kms:*:111122223333:key/*', 'arn:aws:kms:eu-west-1:111122223333:key/1234*', key2, 'arn:aws:kms:eu-west-1:111122223333:alias/app', 'arn:aws:kms:us-*:*:key/*', 'arn:aws:kms:*:*:key/mrk-*', 'arn:*:kms:eu-west-?:111122223333:key/*']
  : rule === 'Ordinary' ? ['*', secret, 'arn:aws:secretsmanager:*:*:secret:prod/*', 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-??????', 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:dev/*', 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:${aws:PrincipalTag/team}*']
  : ['*', 'arn:aws:iam::111122223333:role/target', 'arn:aws:iam::*:role/t*', 'arn:aws:iam::111122223333:role/other']
const named = ['*', A, `arn:aws:iam::${A}:root`, `arn:aws:iam::${B}:root`, user(A, 'alice'), user(A, 'ops/bob'), role, session(A, 'app', 'one'), `arn:aws:sts::${A}:federated-user/alice`, user(B, 'carol'), `arn:aws:iam::${B}:role/remote`, session(B, 'remote', 'x'), `arn:aws:iam::${A}:root`, role]
function principalElement() {
  const r = rnd()
  if (r < 0.08) return '*'
  if (r < 0.2) return { Service: one(some(['logs.amazonaws.com', 'events.amazonaws.com'], 2)) }
  if (r < 0.25) return { Service: 'logs.amazonaws.com', AWS: one(some(named, 2)) }
  return { AWS: one(some(named, 3)) }
}
function statement(kind, rule) {
  const s = { Effect: chance(kind === 'Identity' || kind === 'Key' ? 0.86 : 0.92) ? 'Allow' : 'Deny' }
  if (['Key', 'Resource', 'Trust'].includes(kind)) {
    s[chance(0.08) ? 'NotPrincipal' : 'Principal'] = principalElement()
    if (s.NotPrincipal) s.Effect = pick(['Allow', 'Deny'])
  }
  if (kind === 'ResourceControl') Object.assign(s, { Effect: 'Deny', Principal: '*' })
  // In a resource control policy an action names its service.
  const actions = actionsFor(rule).filter(action => kind !== 'ResourceControl' || action !== '*')
  if (kind !== 'ResourceControl' && chance(0.12)) s.NotAction = one(some(actions.filter(a => a !== '*'), 2)); else s.Action = one(some(actions, 3))
  if (kind !== 'Trust') {
    const resources = kind === 'Key' && chance(0.7) ? ['*'] : resourcesFor(rule)
    const list = some(resources, 2)
    if (chance(0.1)) s.NotResource = one(list.concat(['arn:aws:kms:eu-west-1:111122223333:key/none'])); else s.Resource = one(list)
  }
  const c = conditions(kind); if (c) s.Condition = c
  return s
}
function document(kind, rule) {
  const n = 1 + Math.floor(rnd() * 3)
  const statements = Array.from({ length: n }, () => statement(kind, rule))
  return { Version: kind !== 'ResourceControl' && chance(0.05) ? '2008-10-17' : '2012-10-17', Statement: n === 1 && chance(0.5) ? statements[0] : statements }
}

const full = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }
const times = (count, make) => Array.from({ length: count }, make)

// Documents and contexts that a batch of cases is put together from.
function poolsOf(rule) {
  const of = { KmsKey: 'Key', Ordinary: 'Resource', Trust: 'Trust' }[rule]
  return {
    identity: [full, full, full, full, ...times(20, () => document('Identity', rule))],
    resource: times(34, () => document(of, rule)),
    boundary: [full, full, full, ...times(6, () => document('Boundary', rule))],
    session: [full, full, full, ...times(6, () => document('Session', rule))],
    scp: [full, full, full, ...times(4, () => document('ServiceControl', rule))],
    rcp: times(6, () => document('ResourceControl', rule)),
    contexts: times(14, () => makeContext(rule)),
  }
}

function makeContext(rule) {
  const pool = rule === 'KmsKey' ? { ...contextPool, ...kmsContext } : contextPool
  const context = {}
  for (const [key, values] of Object.entries(pool)) if (chance(0.6)) context[key] = pick(values)
  return context
}

function makeCase(pools) {
  const target = pick([targets[0], targets[0], targets[1], targets[2], targets[3]])
  const principal = pick(principals)
  const pool = pools[target.rule]
  const service = principal.kind === 'Service', root = principal.kind === 'Root'
  const resource = target.rule === 'Ordinary' && chance(0.3) ? null : pick(pool.resource)
  const limited = !service && !root
  return {
    principal,
    rule: target.rule,
    resource: target.resource,
    owner: target.owner,
    action: pick(target.actions),
    context: pick(pool.contexts),
    resourcePolicy: resource,
    identity: !limited || chance(0.15) ? [] : some(pool.identity, 2),
    boundary: !limited || principal.kind === 'FederatedUser' && chance(0.5) || chance(0.6) ? null : pick(pool.boundary),
    session: limited && principal.kind !== 'User' && chance(0.5) ? pick(pool.session) : null,
    scp: service || chance(0.7) ? [] : times(chance(0.5) ? 2 : 1, () => [pick(pool.scp)]),
    rcp: chance(0.85) ? [] : [[pick(pool.rcp)]],
  }
}

/** Cases without end, with new documents for every `batch`. */
export function* cases(seed, batch = 200) {
  state = seed | 0
  for (;;) {
    const pools = Object.fromEntries(['KmsKey', 'Ordinary', 'Trust'].map(rule => [rule, poolsOf(rule)]))
    for (let i = 0; i < batch; i++) yield makeCase(pools)
  }
}
