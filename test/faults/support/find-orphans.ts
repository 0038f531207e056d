import { collectTrace, verifyTrace } from '@behalf/authority/trace'
import { decodeDidKey } from '@behalf/did'
import { describeTrace } from '../../../apps/behalf/src/trace/describe-trace.ts'
import type { StorageSite } from './storage-site.ts'

/** A request that is on record as accepted. */
interface Intent {
  readonly request_id: string
  readonly path: string
}

/**
 * Ids of the requests that are on record as accepted and were not done.
 *
 * @param done paths of what was
 */
export async function findOrphans(
  { operator }: StorageSite,
  done: ReadonlySet<string>,
): Promise<readonly string[]> {
  const orphans: string[] = []
  for (let from = 0; ; ) {
    const entries = await operator.listLogEntries({ about: 'type:request_accepted', from })
    const last = entries.at(-1)
    if (last === undefined) return orphans
    const intents = entries.map(({ record }): Intent => JSON.parse(record))
    orphans.push(...intents.filter(({ path }) => !done.has(path)).map(({ request_id: id }) => id))
    from = last.index + 1
  }
}

/** Whether the trace of a request says that nobody knows what became of it. */
export async function isToldUnknown({ operator }: StorageSite, requestId: string): Promise<boolean> {
  const { issuer } = await operator.describe()
  const { bundle } = await collectTrace(operator, requestId, {
    name: issuer,
    publicKey: decodeDidKey(issuer),
  })
  const steps = describeTrace(await verifyTrace(bundle, issuer, []))
  return JSON.stringify(steps).includes('outcome unknown')
}
