import { setTimeout as wait } from 'node:timers/promises'
import type { Authority } from '@behalf/authority'
import { createEd25519Signer, systemRandomBytes } from '@behalf/core'
import { encodeDidKey } from '@behalf/did'
import { takeOrders } from './child.ts'
import { type Memory, measureMemory } from './memory.ts'
import { openStorageAuthority, operatorWallet } from './storage-authority.ts'

/** An authority opens, revokes so many keys of agents one after the other, or says how it is. */
export type StreamingOrder =
  | { readonly do: 'open'; readonly folder: string; readonly port: number }
  | { readonly do: 'revoke'; readonly count: number; readonly everyMilliseconds: number }
  | { readonly do: 'report' }

/** How it is. */
export interface StreamingReport {
  /** What was published by this order, and when, milliseconds on the clock that all processes share. */
  readonly published: readonly { readonly sequence: number; readonly at: number }[]
  readonly memory: Memory
}

// An authority whose stream many read, in a process of its own.
let authority: Authority | undefined

takeOrders<StreamingOrder, StreamingReport>(async (order) => {
  const published: { sequence: number; at: number }[] = []
  if (order.do === 'open') {
    authority = await openStorageAuthority(order)
    await authority.listen({ host: '127.0.0.1', port: order.port })
  }
  for (let count = 0; order.do === 'revoke' && count < order.count; count += 1) {
    const agent = encodeDidKey(createEd25519Signer(systemRandomBytes(32)).publicKey)
    const at = sharedTime()
    const receipt = await authority?.issuer.revokeKey({ agent, operator: operatorWallet().did })
    published.push({ sequence: receipt?.sequence ?? 0, at })
    await wait(order.everyMilliseconds)
  }
  return { published, memory: await measureMemory() }
})

function sharedTime(): number {
  return Number(process.hrtime.bigint()) / 1_000_000
}
