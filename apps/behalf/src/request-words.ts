import type { DelegationRequest } from '@behalf/wallet'
import { describeCapabilities } from './capability-words.ts'
import { plain, toPlainText } from './plain-text.ts'
import { describeSeconds } from './time-words.ts'
import { describeWorkload } from './workload-words.ts'

/**
 * What an agent asks for, for the person who decides. What the agent says about itself is marked as its own words and
 * can neither move the cursor nor hide anything.
 */
export function describeRequest(request: DelegationRequest, now: number): string[] {
  return [
    `Request ${plain(request.id)}`,
    `  agent (its key)  ${plain(request.agent)}`,
    ...describeRuns(request),
    ...describeOwnWords('name', request.agentName),
    ...describeOwnWords('purpose', request.purpose),
    `  on behalf of     ${describePrincipal(request.onBehalfOf)}`,
    ...describeWorkflow(request),
    '  wants to',
    ...describeCapabilities(request.capabilities).map((line) => `    ${line}`),
    `  for              ${describeLength(request)}`,
    `  uses             ${request.maxUses ?? 'as many as it likes'}`,
    `  handing on       ${describeDepth(request.maxDelegationDepth)}`,
    `  decide within    ${describeSeconds((request.expiresAt - now) / 1000)}`,
  ]
}

function describeRuns({ agentWorkload: workload }: DelegationRequest): string[] {
  if (workload === undefined) return ['  runs as          it did not prove where']
  return describeWorkload(workload).map(
    (line, index) => `  ${(index === 0 ? 'runs as' : '').padEnd(15)}  ${line}`,
  )
}

/** A principal in one line. */
export function describePrincipal(principal: DelegationRequest['onBehalfOf']): string {
  const { id, role, tenant } = principal
  return [
    plain(id),
    role === undefined ? '' : ` as ${plain(role)}`,
    tenant === undefined ? '' : ` in ${plain(tenant)}`,
  ].join('')
}

function describeOwnWords(name: string, text: string | undefined): string[] {
  if (text === undefined) {
    return []
  }
  const { text: shown, warnings } = toPlainText(text)
  return [
    `  ${`its own ${name}`.padEnd(15)}  "${shown}"`,
    ...warnings.map((warning) => `  ${''.padEnd(15)}  careful: this text ${warning}`),
  ]
}

function describeWorkflow({ workflow }: DelegationRequest): string[] {
  if (workflow === undefined) {
    return []
  }
  const run = workflow.run === undefined ? '' : `, run ${plain(workflow.run)}`
  return [`  workflow         ${plain(workflow.id)}${run}`]
}

function describeLength({ validForSeconds }: DelegationRequest): string {
  return validForSeconds === undefined ? "the authority's usual time" : describeSeconds(validForSeconds)
}

function describeDepth(depth = 0): string {
  return depth === 0 ? 'not allowed' : `up to ${depth} ${depth === 1 ? 'time' : 'times'}`
}
