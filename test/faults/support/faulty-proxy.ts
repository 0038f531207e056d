import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Random } from '../../fuzz/random.ts'

/**
 * What the network does:
 * - `well`: everything gets through.
 * - `silent`: connections stand and are taken, and nothing gets through.
 * - `half-open`: those that stand carry nothing any more; new ones are well.
 * - `cut`: connections are reset and none is taken.
 * - `lossy`: everything gets through late, in pieces, and one of twenty pieces as late as when it had to be sent again.
 */
export type Weather = 'well' | 'silent' | 'half-open' | 'cut' | 'lossy'

/** A network between a port of this machine and another. */
export interface FaultyProxy {
  readonly origin: string
  change(weather: Weather): void
  close(): Promise<void>
}

/** There and back together are 200 ms: an answer that is waited for for one second only is to be late, not missed. */
const DELAY_MS = 100
/** TCP sends again after about as long at such a delay, once the connection stands. */
const AGAIN_MS = 300
const LOST = 0.05
const LARGEST_PIECE = 1500

interface Proxied {
  readonly ends: readonly Socket[]
  isDead: boolean
}

/** Opens the network; it is well. */
export async function openFaultyProxy(port: number, random: Random): Promise<FaultyProxy> {
  const all = new Set<Proxied>()
  let weather: Weather = 'well'
  const server = createServer((near) => {
    if (weather === 'cut') {
      near.resetAndDestroy()
      return
    }
    const far = connect({ port, host: '127.0.0.1' })
    const proxied: Proxied = { ends: [near, far], isDead: weather === 'silent' }
    all.add(proxied)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      const carry = createCarrier(to, random)
      from.on('data', (bytes: Buffer) => {
        if (!proxied.isDead && weather !== 'silent') carry(bytes, weather === 'lossy')
      })
      from.on('error', () => undefined)
      from.on('close', () => {
        to.destroy()
        all.delete(proxied)
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    change: (to) => {
      weather = to
      for (const proxied of all) {
        if (to === 'half-open' || to === 'silent') proxied.isDead = true
        if (to === 'cut') for (const end of proxied.ends) end.resetAndDestroy()
      }
    },
    close: async () => {
      for (const { ends } of all) for (const end of ends) end.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Nothing overtakes what was sent before it. */
function createCarrier(to: Socket, random: Random): (bytes: Buffer, isLossy: boolean) => void {
  let last = 0
  const later = (bytes: Buffer): void => {
    const delay = DELAY_MS + (random.chance(LOST) ? AGAIN_MS : 0)
    last = Math.max(last, performance.now() + delay)
    setTimeout(() => to.writable && to.write(bytes), last - performance.now())
  }
  return (bytes, isLossy) => {
    if (!isLossy) {
      if (last < performance.now()) to.write(bytes)
      else later(bytes)
      return
    }
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + random.below(LARGEST_PIECE)
      later(bytes.subarray(at, end))
      at = end
    }
  }
}
