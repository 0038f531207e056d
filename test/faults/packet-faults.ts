import { setTimeout as wait } from 'node:timers/promises'
import { withFolder } from '../attacks/support/databases.ts'
import { Random } from '../fuzz/random.ts'
import { check, type Experiment, type Size } from './experiment.ts'
import { createHandedAgent, type HandedAgent } from './support/handed-agent.ts'
import { type NetworkedApi, openNetworkedApi } from './support/networked-api.ts'
import {
  NO_FAULTS,
  openPacketNetwork,
  type PacketCounts,
  type PacketFaults,
  type PacketNetwork,
} from './support/packet-network.ts'
import { percentile, spellMilliseconds } from './support/percentile.ts'
import { type StorageSite, startStorage, withStorageSite } from './support/storage-site.ts'

const SEED = 1130
const HEARTBEAT_SECONDS = 0.5
const MAX_STALENESS_MS = 4000
const SLACK_MS = 500
const ASK_EVERY_MS = 20
/** As long as it takes until status that is not renewed is stale. */
const FAULT_MS = MAX_STALENESS_MS + 1500
const ROUNDS: Readonly<Record<Size, number>> = { long: 20, short: 1 }

const WEATHERS: Readonly<Record<string, PacketFaults>> = {
  'nothing happens': NO_FAULTS,
  '5 % are lost': { ...NO_FAULTS, lost: 0.05 },
  'all are 200 ms late': { ...NO_FAULTS, delayMilliseconds: 200 },
  '25 % are overtaken': { ...NO_FAULTS, late: 0.25, lateMilliseconds: 40 },
  '10 % come twice': { ...NO_FAULTS, doubled: 0.1 },
  'all of this': { lost: 0.05, delayMilliseconds: 200, late: 0.25, lateMilliseconds: 40, doubled: 0.1 },
}

const SHORT: readonly string[] = ['5 % are lost', 'all of this']

interface Parts {
  readonly site: StorageSite
  readonly network: PacketNetwork
  readonly api: NetworkedApi
  readonly honest: HandedAgent
  readonly size: Size
}

/** Something is revoked while packets are lost. Resolves to the milliseconds from the order until the API refuses it. */
async function revokeUnder(parts: Parts, weather: string): Promise<number> {
  const { site, network, api, honest, size } = parts
  const doomed = await createHandedAgent(site)
  network.change(WEATHERS[weather] ?? NO_FAULTS)
  const brokenAt = performance.now()
  let highest = 0
  const look = async (): Promise<string> => {
    const said = await api.ask(honest)
    const sequence = api.sequence() ?? highest
    check(sequence >= highest, `${weather}: what is believed does not go back`)
    highest = sequence
    return said
  }
  const orderedAt = performance.now()
  await site.operator.revoke({ delegation: doomed.delegation })
  const revokedAt = performance.now()
  let refusedAt: number | undefined
  while (refusedAt === undefined || performance.now() - brokenAt < FAULT_MS) {
    const said = await api.ask(doomed)
    if (said === 'credential_revoked') refusedAt ??= performance.now()
    const isStale = said === 'status_stale' && size === 'short'
    const isKnown = said === 'credential_revoked' || (said === 'ok' && refusedAt === undefined)
    check(isKnown || isStale, `${weather}: ${said} to what was revoked`)
    const late = performance.now() - revokedAt
    check(
      refusedAt !== undefined || late <= MAX_STALENESS_MS + SLACK_MS,
      `${weather}: not refused after ${late} ms`,
    )
    // In a short run beside others the processor may be as late as a network that is down.
    const toHonest = await look()
    check(
      toHonest === 'ok' || (size === 'short' && toHonest === 'status_stale'),
      `${weather}: ${toHonest} to an honest request`,
    )
    await wait(ASK_EVERY_MS)
  }
  network.change(NO_FAULTS)
  return refusedAt - orderedAt
}

async function runWeather(parts: Parts, weather: string): Promise<string> {
  const { network, size } = parts
  const before = { ...network.counts }
  const took: number[] = []
  for (let round = 0; round < ROUNDS[size]; round += 1) took.push(await revokeUnder(parts, weather))
  const counts = countSince(before, network.counts)
  const { sent, lost, doubled, late } = counts
  return `${weather}: refused ${spellMilliseconds(percentile(took, 0.5))}, at most ${spellMilliseconds(Math.max(...took))} after the order (${sent} packets, ${lost} lost, ${late} overtaken, ${doubled} twice)`
}

function countSince(before: PacketCounts, now: PacketCounts): PacketCounts {
  return {
    sent: now.sent - before.sent,
    lost: now.lost - before.lost,
    doubled: now.doubled - before.doubled,
    late: now.late - before.late,
  }
}

async function runPacketFaults(size: Size, progress: (text: string) => void): Promise<string> {
  const network = await openPacketNetwork(new Random(SEED, 0))
  try {
    return await withFolder((folder) =>
      withStorageSite(folder, async (site) => {
        const unrelay = await network.relay(site.port)
        try {
          await startStorage(site, {
            heartbeatSeconds: HEARTBEAT_SECONDS,
            host: '0.0.0.0',
            under: network.enter,
          })
          const { issuer } = await site.operator.describe()
          const api = await openNetworkedApi({
            issuer,
            origin: site.origin,
            reachedAt: `http://${network.address}:${site.port}`,
            maxStalenessSeconds: MAX_STALENESS_MS / 1000,
            timeoutSeconds: 1,
          })
          const told: string[] = []
          try {
            const parts: Parts = { site, network, api, honest: await createHandedAgent(site), size }
            for (const weather of size === 'short' ? SHORT : Object.keys(WEATHERS)) {
              told.push(await runWeather(parts, weather))
              progress(told.at(-1) ?? '')
            }
            const { lost, late, doubled } = network.counts
            check(Math.min(lost, late, doubled) > 0, 'what is said to happen to packets does')
          } finally {
            api.close()
          }
          return told.join('; ')
        } finally {
          unrelay()
        }
      }),
    )
  } finally {
    await network.close()
  }
}

/** F-16: IP packets between an API and its authority are lost, late, overtaken and doubled. */
export const packetFaults: Experiment = {
  name: 'packet-faults',
  about: 'IP packets between an API and its authority are lost, late, overtaken or come twice',
  needs: 'tun',
  run: runPacketFaults,
}
