import type { JsonObject } from '@behalf/core'
import type { RegisteredApi } from '../ledger/api-rows.ts'
import type { ConfirmationCounts } from './confirmations.ts'

/**
 * Returns how many hold a heartbeat, as the authority tells it, with the APIs among them that are to be named.
 *
 * @param named - and the origins that are told of each
 */
export function describeConfirmations(
  { connected, confirmed, apis, unproven }: ConfirmationCounts,
  named: readonly Pick<RegisteredApi, 'did' | 'origins'>[],
): JsonObject {
  const described = named.flatMap(({ did, origins }) =>
    apis.filter((api) => api.did === did).map((api) => ({ ...api, origins: [...origins] })),
  )
  return { connected, confirmed, apis: described, unproven: { ...unproven } }
}
