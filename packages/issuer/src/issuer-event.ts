import type { JsonObject, JsonValue } from '@behalf/core'
import type { OnBehalfOf } from '@behalf/credential'
import type { IssuerContext } from './issuer-context.ts'
import type { IssuerEventType, IssuerTransaction } from './issuer-store.ts'

/**
 * The event stands in the append-only record, in the same transaction as what it tells of.
 *
 * @param data - members that are undefined are left out
 */
export async function record(
  context: Pick<IssuerContext, 'clock'>,
  tx: IssuerTransaction,
  event: { readonly type: IssuerEventType; readonly data: Readonly<Record<string, JsonValue | undefined>> },
): Promise<void> {
  await tx.appendEvent({ time: context.clock(), type: event.type, data: compact(event.data) })
}

/** A principal as events spell it. */
export function principalOf(context: Pick<IssuerContext, 'did'>, onBehalfOf: OnBehalfOf): JsonObject {
  return { issuer: context.did, ...onBehalfOf }
}

function compact(data: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  const present = Object.entries(data).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  return Object.fromEntries(present)
}
