import type { Delegation } from '@behalf/credential'
import type { HeldDelegation } from '@behalf/wallet'
import { describeCapabilities } from './capability-words.ts'
import { plain } from './plain-text.ts'
import { describePrincipal } from './request-words.ts'
import { describeSeconds, formatTime } from './time-words.ts'

/** A delegation in a wallet, in plain words. */
export function describeHeld(held: HeldDelegation, now: number): string[] {
  return [...describeDelegation(held.leaf, now), row('authority', plain(held.authority))]
}

/** One link in plain words: what it allows whom, for whom and until when. */
export function describeDelegation(delegation: Delegation, now: number): string[] {
  const { purpose, maxUses } = delegation
  return [
    `Delegation ${plain(delegation.id)}`,
    row('from', plain(delegation.issuer)),
    row('to', plain(delegation.subject)),
    row('on behalf of', describePrincipal(delegation.onBehalfOf)),
    ...(purpose === undefined ? [] : [row('purpose', `"${plain(purpose)}"`)]),
    '  allows',
    ...describeCapabilities(delegation.capabilities).map((line) => `    ${line}`),
    ...(maxUses === undefined ? [] : [row('uses', `at most ${maxUses}`)]),
    row('handing on', describeDepth(delegation.maxDelegationDepth)),
    row('valid', describeValidity(delegation, now)),
  ]
}

function row(label: string, text: string): string {
  return `  ${label.padEnd(12)}  ${text}`
}

function describeDepth(depth: number): string {
  return depth === 0 ? 'not allowed' : `${depth} more`
}

function describeValidity({ validFrom, validUntil }: Delegation, now: number): string {
  if (now >= validUntil) {
    return `ended ${formatTime(validUntil)}`
  }
  if (now < validFrom) {
    return `begins ${formatTime(validFrom)}`
  }
  return `until ${formatTime(validUntil)}, ${describeSeconds((validUntil - now) / 1000)} left`
}
