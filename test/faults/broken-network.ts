import { setTimeout as wait } from 'node:timers/promises'
import { withFolder } from '../attacks/support/databases.ts'
import { Random } from '../fuzz/random.ts'
import { check, type Experiment, type Size } from './experiment.ts'
import { type FaultyProxy, openFaultyProxy, type Weather } from './support/faulty-proxy.ts'
import { createHandedAgent, type HandedAgent } from './support/handed-agent.ts'
import { type NetworkedApi, openNetworkedApi } from './support/networked-api.ts'
import { spellMilliseconds } from './support/percentile.ts'
import { type StorageSite, startStorage, withStorageSite } from './support/storage-site.ts'

const SEED = 1128
const HEARTBEAT_SECONDS = 0.5
const MAX_STALENESS_MS = 4000
/** A poll every half second, of which two may meet a dead connection; a short run is no measurement. */
const HEALED_MS: Readonly<Record<Size, number>> = { long: 2000, short: 20_000 }
/** What a busy machine may take to look. */
const SLACK_MS = 500
const ASK_EVERY_MS = 50
/** What is late is waited for, what is lost is asked for again. */
const PATIENCE_SECONDS = { late: 1, usual: 0.6 } as const
const BROKEN: readonly Weather[] = ['silent', 'half-open', 'cut', 'lossy']
const ROUNDS: Readonly<Record<Size, number>> = { long: 10, short: 1 }
/** How long a fault lasts: in a short run as long as it takes until status is stale, in a long one anything up to twice that. */
const FAULT_MS = MAX_STALENESS_MS + 1500

/** What one fault did; milliseconds. */
interface Outcome {
  /** From the revocation to the last time that what was revoked was accepted. */
  readonly acceptedFor: number
  /** From the end of the fault to the first honest request that was accepted. */
  readonly healedIn: number
  /** Codes that honest requests got meanwhile. */
  readonly codes: ReadonlySet<string>
}

interface Fault {
  readonly site: StorageSite
  readonly proxy: FaultyProxy
  readonly api: NetworkedApi
  readonly honest: HandedAgent
  readonly size: Size
  readonly weather: Weather
  readonly milliseconds: number
}

/** The network is broken for a while; just then something is revoked. */
async function breakNetwork(fault: Fault): Promise<Outcome> {
  const { site, proxy, api, honest, weather, milliseconds } = fault
  const doomed = await createHandedAgent(site)
  await until(async () => (await api.ask(doomed)) === 'ok' && (await api.ask(honest)) === 'ok', 'before')
  proxy.change(weather)
  const brokenAt = performance.now()
  await site.operator.revoke({ delegation: doomed.delegation })
  const revokedAt = performance.now()
  const codes = new Set<string>()
  let acceptedFor = 0
  const look = async (): Promise<string> => {
    const askedAt = performance.now()
    if ((await api.ask(doomed)) === 'ok') acceptedFor = askedAt - revokedAt
    return api.ask(honest)
  }
  while (performance.now() - brokenAt < milliseconds) {
    codes.add(await look())
    await wait(ASK_EVERY_MS)
  }
  proxy.change('well')
  const healingAt = performance.now()
  await until(
    async () => (await look()) === 'ok',
    `well again after ${weather}`,
    HEALED_MS[fault.size] + SLACK_MS,
  )
  const healedIn = performance.now() - healingAt
  await until(async () => (await api.ask(doomed)) === 'credential_revoked', 'what was revoked is known to be')
  return { acceptedFor, healedIn, codes }
}

async function until(isSo: () => Promise<boolean>, what: string, milliseconds = 30_000): Promise<void> {
  const since = performance.now()
  while (!(await isSo())) {
    check(performance.now() - since < milliseconds, `${what}: not within ${milliseconds} ms`)
    await wait(ASK_EVERY_MS)
  }
}

/** Honest requests are refused only where nothing comes through, and then for that reason. */
function judge(
  { acceptedFor, codes }: Outcome,
  { weather, milliseconds, size }: Pick<Fault, 'weather' | 'milliseconds' | 'size'>,
): void {
  const late = MAX_STALENESS_MS + SLACK_MS
  check(acceptedFor <= late, `${weather}: what was revoked is accepted ${acceptedFor} ms later`)
  const isUnreachable = weather === 'silent' || weather === 'cut'
  // In a short run beside others the processor may be as late as a network that is down.
  const allowed = isUnreachable || size === 'short' ? ['ok', 'status_stale'] : ['ok']
  for (const code of codes) check(allowed.includes(code), `${weather}: ${code} to an honest request`)
  const isStale = isUnreachable && milliseconds >= FAULT_MS
  check(!isStale || codes.has('status_stale'), `${weather}: nothing is believed for ever`)
}

async function runBrokenNetwork(size: Size, progress: (text: string) => void): Promise<string> {
  return withSite(async (site) => {
    await startStorage(site, { heartbeatSeconds: HEARTBEAT_SECONDS })
    const random = new Random(SEED, 0)
    const proxy = await openFaultyProxy(site.port, random)
    try {
      const parts: Parts = { site, proxy, honest: await createHandedAgent(site), size, random }
      const told: string[] = []
      for (const weather of BROKEN) {
        told.push(await breakOften(weather, parts))
        progress(told.at(-1) ?? '')
      }
      return told.join('; ')
    } finally {
      await proxy.close()
    }
  })
}

interface Parts extends Pick<Fault, 'site' | 'proxy' | 'honest' | 'size'> {
  readonly random: Random
}

/** The network is broken in this way again and again; says what came of it. */
async function breakOften(weather: Weather, parts: Parts): Promise<string> {
  const { site, proxy, size, random } = parts
  const { issuer } = await site.operator.describe()
  const api = await openNetworkedApi({
    issuer,
    origin: site.origin,
    reachedAt: proxy.origin,
    maxStalenessSeconds: MAX_STALENESS_MS / 1000,
    timeoutSeconds: PATIENCE_SECONDS[weather === 'lossy' ? 'late' : 'usual'],
  })
  try {
    const outcomes: Outcome[] = []
    for (let round = 0; round < ROUNDS[size]; round += 1) {
      const milliseconds = size === 'short' ? FAULT_MS : random.below(2 * FAULT_MS)
      const fault: Fault = { ...parts, api, weather, milliseconds }
      const outcome = await breakNetwork(fault)
      judge(outcome, fault)
      outcomes.push(outcome)
    }
    return describe(weather, outcomes)
  } finally {
    api.close()
  }
}

function withSite<Result>(run: (site: StorageSite) => Promise<Result>): Promise<Result> {
  return withFolder((folder) => withStorageSite(folder, run))
}

function describe(weather: Weather, outcomes: readonly Outcome[]): string {
  const most = (member: 'acceptedFor' | 'healedIn'): string =>
    spellMilliseconds(Math.max(...outcomes.map((outcome) => outcome[member])))
  const codes = [...new Set(outcomes.flatMap((outcome) => [...outcome.codes]))].toSorted()
  return `${outcomes.length} times ${weather}: ${codes.join(', ')} to honest requests, what was revoked accepted for at most ${most('acceptedFor')}, well again after at most ${most('healedIn')}`
}

/** F-10, F-11: the network between an API and its authority is broken in every way that a program can see. */
export const brokenNetwork: Experiment = {
  name: 'broken-network',
  about: 'an API hears from its authority through a network that is silent, half-open, cut or lossy',
  run: runBrokenNetwork,
}
