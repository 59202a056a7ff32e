// The oracle: an evaluator that is not ours, npm's @cloud-copilot/iam-simulate.
import { createRequire } from 'module'
import path from 'path'

const ANYTHING = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }

/** @param modules the node_modules folder it is installed in */
export function oracle(modules) {
  const { runSimulation } = createRequire(path.resolve(modules, 'any.js'))('@cloud-copilot/iam-simulate')
  // `verdict`: A allowed, I implicitly denied, D explicitly denied. `context`: the keys it took into account; it drops
  // those that the action does not define.
  return async one => {
    const named = (policies, name) => policies.map((policy, i) => ({ name: name + i, policy }))
    const levels = (all, name) => all.map((level, i) => ({ orgIdentifier: name + i, policies: named(level, `${name}${i}-`) }))
    const result = await runSimulation({
      request: {
        principal: one.principal.arn,
        action: one.action,
        resource: { resource: one.resource, accountId: one.owner },
        contextVariables: one.context,
      },
      // Whatever an identity policy could allow, the root user may.
      identityPolicies: named(one.principal.kind === 'Root' ? [ANYTHING] : one.identity, 'identity'),
      serviceControlPolicies: levels(one.scp, 'service'),
      resourceControlPolicies: levels(one.rcp, 'resource'),
      resourcePolicy: one.resourcePolicy ?? undefined,
      sessionPolicy: one.session ?? undefined,
      permissionBoundaryPolicies: one.boundary ? named([one.boundary], 'boundary') : undefined,
    }, {})
    if (result.resultType !== 'single') return { refused: JSON.stringify(result.errors ?? result.resultType) }
    const ignored = new Set((result.result.ignoredContextKeys ?? []).map(key => key.toLowerCase()))
    return {
      verdict: { Allowed: 'A', ImplicitlyDenied: 'I', ExplicitlyDenied: 'D' }[result.overallResult],
      context: Object.fromEntries(Object.entries(one.context).filter(([key]) => !ignored.has(key.toLowerCase()))),
    }
  }
}
