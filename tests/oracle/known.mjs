// Where the oracle and AWS's documents differ. The documents are followed.
//
// A difference counts as known if it goes away once the statements (or the session policy) that a reason names are
// left out, on both sides: so no reason hides a second difference behind it.
const GUIDE = 'https://docs.aws.amazon.com/IAM/latest/UserGuide/'

const list = value => [].concat(value ?? [])
/** Whether the request has a value for a key, whatever its case. */
const has = (one, key) => Object.keys(one.context).some(name => name.toLowerCase() === key.toLowerCase())
const conditions = statement => Object.entries(statement.Condition ?? {})
  .flatMap(([operator, keys]) => Object.entries(keys).map(([key, values]) => ({ operator, key, values: list(values) })))
/** Whether a text has a variable that the request has no value for, and no default. */
const unfilled = one => text => [...String(text).matchAll(/\$\{([^},']+)\}/g)].some(([, key]) => !'*?$'.includes(key) && !has(one, key))

export const known = [
  {
    what: 'a set operator with IfExists holds when the key is not in the request',
    document: GUIDE + 'reference_policies_elements_condition_operators.html#Conditions_IfExists',
    statement: (statement, one) => conditions(statement)
      .some(({ operator, key }) => /^For(AllValues|AnyValue):.*IfExists$/.test(operator) && !has(one, key)),
  },
  {
    what: 'a variable without a value equals nothing, so that a negated operator holds',
    document: GUIDE + 'reference_policies_variables.html#policy-vars-no-value',
    statement: (statement, one) => conditions(statement)
      .some(({ operator, values }) => operator.includes('Not') && values.some(unfilled(one))),
  },
  {
    what: 'a variable without a value matches no resource, so that NotResource does',
    document: GUIDE + 'reference_policies_variables.html#policy-vars-no-value',
    statement: (statement, one) => list(statement.NotResource).some(unfilled(one)),
  },
  {
    what: '0.0.0.0/0 is every address of IPv4',
    document: GUIDE + 'reference_policies_elements_condition_operators.html#Conditions_IPAddress',
    statement: statement => conditions(statement).some(({ values }) => values.includes('0.0.0.0/0')),
  },
  {
    what: 'an address of IPv6 is in no block of IPv4, so that NotIpAddress holds',
    document: GUIDE + 'reference_policies_elements_condition_operators.html#Conditions_IPAddress',
    statement: (statement, one) => String(one.context['aws:SourceIp'] ?? '').includes(':')
      && conditions(statement).some(({ operator, values }) => /^NotIpAddress/.test(operator) && values.some(block => !block.includes(':'))),
  },
  {
    what: 'NotPrincipal with Deny spares a caller only if every name it goes under is listed',
    document: GUIDE + 'reference_policies_elements_notprincipal.html',
    statement: statement => statement.Effect === 'Deny' && statement.NotPrincipal !== undefined,
  },
  {
    what: 'a resource policy that means the session itself is not limited by the session policy',
    document: GUIDE + 'reference_policies_evaluation-logic_policy-eval-basics.html',
    session: one => list(one.resourcePolicy?.Statement).some(statement => statement.Effect === 'Allow'
      && (statement.NotPrincipal || /assumed-role|federated-user|"\*"/.test(JSON.stringify(statement.Principal)))),
  },
]

const NOTHING = { Effect: 'Deny', Action: 'none:None', Resource: '*' }

/** The case without what some reasons name, and those reasons. */
export function reduced(one) {
  const reasons = new Set()
  const strip = policy => {
    if (!policy) return policy
    const kept = list(policy.Statement).filter(statement => {
      const found = known.filter(reason => reason.statement?.(statement, one))
      found.forEach(reason => reasons.add(reason))
      return found.length === 0
    })
    const like = list(policy.Statement)[0]
    const nothing = { ...NOTHING, ...(like.Principal || like.NotPrincipal ? { Principal: '*' } : {}) }
    // Trust policies have neither resources nor other services' actions.
    if (!like.Resource && !like.NotResource) { delete nothing.Resource; nothing.Action = 'sts:GetSessionToken' }
    return { ...policy, Statement: kept.length ? kept : [nothing] }
  }
  const session = known.find(reason => one.session && reason.session?.(one))
  if (session) reasons.add(session)
  const rest = {
    ...one,
    resourcePolicy: strip(one.resourcePolicy), identity: one.identity.map(strip), boundary: strip(one.boundary),
    session: session ? null : strip(one.session),
    scp: one.scp.map(level => level.map(strip)), rcp: one.rcp.map(level => level.map(strip)),
  }
  return { rest, reasons: [...reasons] }
}
