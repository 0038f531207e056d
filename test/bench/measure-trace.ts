import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuditLog, type NewEntry, serializeAuditRecord } from '@behalf/audit-log'
import { createSqliteLogStore } from '@behalf/audit-log/sqlite'
import { openDatabase } from '@behalf/authority'
import { collectTrace, verifyTrace } from '@behalf/authority/trace'
import { createEd25519Signer, systemRandomBytes } from '@behalf/core'
import { decodeDidKey } from '@behalf/did'
import { createMemoryWallet, type Wallet } from '@behalf/wallet'
import { describeTrace, writeTrace } from '../../apps/behalf/src/trace/describe-trace.ts'
import { termsOf } from '../../packages/authority/src/ledger/record-terms.ts'
import { openWorld, type World } from '../support/world.ts'
import type { TraceResult } from './results.ts'

// Prints how long it takes from the id of a request to its story, proven, as JSON: node measure-trace.ts <entries>.
// The story is a real one, over HTTP, in a log that is filled up with records of other requests.

const REQUESTS = 20
const AT_ONCE = 2000
const TOLD_EVERY = 50_000
const OTHERS = 1000
const TIME = Date.UTC(2026, 10, 28)

const seed = systemRandomBytes(32)
const signer = createEd25519Signer(seed)
const folder = mkdtempSync(join(tmpdir(), 'behalf-bench-'))
const database = openDatabase(join(folder, 'authority.db'))
const world = await openWorld({
  database,
  issuerSeed: seed,
  reports: true,
  // What is filled in uses the connection of the authority, which does nothing else meanwhile.
  repeat: () => async () => undefined,
})
try {
  const [entries = '1000000'] = process.argv.slice(2)
  console.log(JSON.stringify(await measure(world, Number(entries))))
} finally {
  await world.end()
  rmSync(folder, { recursive: true })
}

async function measure(told: World, entries: number): Promise<TraceResult> {
  const agent = createMemoryWallet()
  await told.grant(agent, { paths: ['/projects/**'] })
  const ids = await callOften(told, agent, REQUESTS)
  const [delegation] = agent.delegations()
  await told.operator
    .authority(told.authority)
    .revoke({ delegation: delegation?.id ?? '' }, 'the bench is over')
  // Last: meanwhile the delegation ends and the status of the API grows old.
  await fill(told.issuer, entries)
  const taken: Taken[] = []
  for (const id of ids) taken.push(await tell(told, id))
  const elapsed = sort(taken.map(({ milliseconds }) => milliseconds))
  const processor = sort(taken.map(({ cpu }) => cpu))
  const middle = taken.length / 2
  return {
    entries,
    traces: taken.length,
    median: elapsed[middle] ?? 0,
    longest: elapsed.at(-1) ?? 0,
    processor: processor[middle] ?? 0,
  }
}

function sort(numbers: readonly number[]): readonly number[] {
  return numbers.toSorted((one, other) => one - other)
}

async function callOften({ api }: World, agent: Wallet, times: number): Promise<readonly string[]> {
  const ids: string[] = []
  for (let number = 0; number < times; number += 1) {
    const response = await agent.fetch(`${api}/projects/${number}`)
    await response.body?.cancel()
    if (!response.ok) throw new Error(`refused: ${response.status}`)
    ids.push(response.headers.get('request-id') ?? '')
  }
  return ids
}

/** How long a story took, in milliseconds, and of processor time. */
interface Taken {
  readonly milliseconds: number
  readonly cpu: number
}

/** The story of a request: collected over HTTP, every line proven, written. */
async function tell({ operator, authority, issuer }: World, id: string): Promise<Taken> {
  const startedAt = performance.now()
  const used = process.cpuUsage()
  const key = { name: issuer, publicKey: decodeDidKey(issuer) }
  const { bundle } = await collectTrace(operator.authority(authority), id, key)
  const verified = await verifyTrace(bundle, issuer)
  const text = writeTrace(verified, describeTrace(verified)).join('\n')
  const milliseconds = performance.now() - startedAt
  const { user, system } = process.cpuUsage(used)
  if (!text.includes(id) || !text.includes('revoked')) throw new Error('the story is not whole')
  return { milliseconds, cpu: (user + system) / 1000 }
}

/** Records of requests of a thousand other agents, as APIs report them. */
async function fill(origin: string, entries: number): Promise<void> {
  const store = createSqliteLogStore(database, { termsOf })
  const log = createAuditLog({ store, signer, origin, setTimer })
  // Only while it is filled up, which would take hours otherwise.
  database.exec('pragma cache_size = -1048576; pragma wal_autocheckpoint = 100000')
  for (let done = 0; done < entries; done += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, entries - done) }, (_, place) => done + place)
    await Promise.all(some.map((number) => log.append(createEntry(number))))
    if (done % TOLD_EVERY === 0) console.error(`  ${done} of ${entries} records …`)
  }
  database.exec(
    'pragma cache_size = -2000; pragma wal_autocheckpoint = 1000; pragma wal_checkpoint(truncate)',
  )
}

function createEntry(number: number): NewEntry {
  const other = number % OTHERS
  const members = {
    request_id: `01KB${number}`,
    api: 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
    code: number % 10 === 0 ? 'scope_exceeded' : 'ok',
    method: 'GET',
    audience: 'https://api.example.com',
    path: '/projects/ACME/issues',
    subject: `did:key:z6Mk${other}`,
    principal: `sha-256:${other}`,
    delegations: [`urn:uuid:${other}-root`, `urn:uuid:${other}-leaf`],
    workflow: { id: 'triage', run: `run-${other}` },
    digest: 'sha-256:47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU',
  }
  const type = number % 10 === 0 ? 'request_refused' : 'request_accepted'
  return { id: `filler:${number}`, data: serializeAuditRecord({ type, time: TIME + number, members }) }
}

function setTimer(run: () => void, milliseconds: number): () => void {
  const timer = setTimeout(run, milliseconds)
  return () => clearTimeout(timer)
}
