import { NOW } from '../attacks/support/chain.ts'
import { encodeRequest } from '../attacks/support/request.ts'
import type { Answer } from '../attacks/support/wire.ts'
import { check, checkEqual, type Experiment, type Size } from './experiment.ts'
import { openConnection } from './support/connection.ts'
import { type LiveApi, withLiveApi } from './support/live-api.ts'
import { signAt } from './support/parties.ts'
import { mintChain } from './support/timeline.ts'

const REVOKED_INDEX = 300
const REQUESTS_DURING = 20
const MAX_RECOVERY_MS = 2000

interface Chains {
  readonly honest: readonly string[]
  readonly revoked: readonly string[]
}

async function ask(api: LiveApi, chain: readonly string[]): Promise<string> {
  const connection = await openConnection(api.port)
  const answer = await connection.send(encodeRequest(await signAt(api.now(), { chain })))
  connection.close()
  return readCode(answer)
}

function readCode({ body }: Answer): string {
  return String(JSON.parse(body).code)
}

/** While a handler stands still for longer than status stays fresh, a delegation is revoked. */
async function stallHandler(api: LiveApi, chains: Chains, milliseconds: number): Promise<readonly string[]> {
  checkEqual(await ask(api, chains.revoked), 'ok', 'before it is revoked')
  await api.arrangeStall({ stall: 'handler', milliseconds })
  const stalling = ask(api, chains.honest)
  await api.stalled()
  api.feed.revoke(REVOKED_INDEX)
  await api.feed.publish(api.now())
  const during = Array.from({ length: REQUESTS_DURING }, (_, index) =>
    ask(api, index % 2 === 0 ? chains.honest : chains.revoked),
  )
  checkEqual(await stalling, 'ok', 'what was accepted before')
  const codes = await Promise.all(during)
  for (const [index, code] of codes.entries()) {
    const expected = index % 2 === 0 ? ['ok', 'status_stale'] : ['credential_revoked', 'status_stale']
    check(expected.includes(code), `after the stall, request ${index}: ${code}`)
  }
  return codes
}

/** Resolves to the milliseconds until honest requests are accepted. */
async function recover(api: LiveApi, chains: Chains): Promise<number> {
  const since = performance.now()
  while ((await ask(api, chains.honest)) !== 'ok') {
    check(performance.now() - since < MAX_RECOVERY_MS, 'well again within 2 s')
  }
  return performance.now() - since
}

async function runLoopStall(size: Size): Promise<string> {
  const isLong = size === 'long'
  const milliseconds = isLong ? 5000 : 2200
  const timing = isLong
    ? { maxStalenessSeconds: 3, pollSeconds: 0.5, heartbeatSeconds: 0.5 }
    : { maxStalenessSeconds: 1.5, pollSeconds: 0.2, heartbeatSeconds: 0.2 }
  const chains = {
    honest: await mintChain(NOW + 86_400_000, { firstIndex: 500 }),
    revoked: await mintChain(NOW + 86_400_000, { firstIndex: REVOKED_INDEX }),
  }
  return withLiveApi(timing, async (api) => {
    await recover(api, chains)
    const codes = await stallHandler(api, chains, milliseconds)
    const recoveries = [await recover(api, chains)]
    await api.arrangeStall({ stall: 'account', milliseconds })
    const [during] = await Promise.all([ask(api, chains.honest), api.stalled()])
    checkEqual(during, 'status_stale', 'what stood still after its status had been looked at')
    recoveries.push(await recover(api, chains))
    checkEqual(await ask(api, chains.revoked), 'credential_revoked', 'afterwards')
    const { faults } = await api.report()
    checkEqual(
      faults.filter((code) => code !== 'status_unavailable'),
      [],
      'no faults',
    )
    const stale = codes.filter((code) => code === 'status_stale').length
    return `${milliseconds} ms in a handler and in a callback, status good for ${timing.maxStalenessSeconds} s; ${stale} of ${codes.length} requests that waited refused as status_stale, 0 revoked accepted; well again after ${recoveries.map((ms) => `${ms.toFixed(0)} ms`).join(' and ')}`
  })
}

/** F-17: the event loop of an API stands still for longer than status stays fresh. */
export const loopStall: Experiment = {
  name: 'loop-stall',
  about: 'the event loop of an API stands still in a handler and in a callback',
  run: runLoopStall,
}
