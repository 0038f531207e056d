import type { JsonObject } from '@behalf/core'
import type { ListedDelegation } from '@behalf/issuer'
import { formatTime } from '../format-time.ts'
import { listApis } from '../ledger/api-rows.ts'
import { findUses, type ReportedUse } from '../ledger/find-uses.ts'
import { originsOf, subjectOf } from './origins-of.ts'
import type { PeopleContext } from './people-context.ts'

/**
 * Returns what is known of the uses of each of these delegations, by its id: of each API where it may be used, and of
 * any other that accepted it, whether it reports to this authority, and what it reported.
 */
export async function viewUses(
  { database }: Pick<PeopleContext, 'database'>,
  delegations: readonly ListedDelegation[],
): Promise<ReadonlyMap<string, JsonObject>> {
  const reporting = new Set((await listApis(database)).flatMap(({ origins }) => origins))
  const uses = await findUses(
    database,
    delegations.map(({ id }) => id),
  )
  const views = delegations.map((delegation) => {
    const { maxUses } = subjectOf(delegation)
    const apis = viewApis(delegation, { reporting, uses: uses.get(delegation.id) ?? [] })
    return [delegation.id, { ...(typeof maxUses === 'number' && { max_uses: maxUses }), apis }] as const
  })
  return new Map(views)
}

function viewApis(
  delegation: ListedDelegation,
  known: { readonly reporting: ReadonlySet<string>; readonly uses: readonly ReportedUse[] },
): readonly JsonObject[] {
  const { reporting, uses } = known
  const origins = new Set([...originsOf(delegation), ...uses.map(({ origin }) => origin)])
  return [...origins].map((origin) => {
    const use = uses.find((reported) => reported.origin === origin)
    return {
      origin,
      reports: reporting.has(origin),
      uses: use?.uses ?? 0,
      ...(use && { last_used_at: formatTime(use.lastUsedAt) }),
    }
  })
}
