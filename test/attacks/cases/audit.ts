import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  AuditLogError,
  createAuditLog,
  createMemoryLogStore,
  followCheckpoint,
  hashChildren,
  hashLeaf,
  type NewEntry,
  parseAuditRecord,
  type VerifiedCheckpoint,
  verifyCheckpoint,
  verifyLog,
} from '@behalf/audit-log'
import { createSqliteLogStore } from '@behalf/audit-log/sqlite'
import { concatBytes, encodeBase64url, encodeHex, encodeUtf8, isJsonObject, parseJson } from '@behalf/core'
import { expect } from 'vitest'
import { runWithSecrets } from '../../support/secret-run.ts'
import { findSecrets } from '../../support/wire-secrets.ts'
import { type CaseGroup, call, invariantOnce } from '../support/attack-case.ts'
import { ASKED, operator, type RunningAuthority, withAuthority } from '../support/authority.ts'
import { codeOf } from '../support/expectation.ts'
import { issuer, stranger } from '../support/party.ts'
import { traceEveryHit } from '../support/trace-hits.ts'
import { writeFromTwo } from '../support/two-writers.ts'

const ORIGIN = 'https://api.test'
const KEY = { name: issuer.did, publicKey: issuer.publicKey }
const REPORT = { request_id: 'r1', decision: 'refused', code: 'signature_missing', origin: ORIGIN }
const setTimer = (run: () => void, milliseconds: number): (() => void) =>
  clearTimeout.bind(undefined, setTimeout(run, milliseconds))

async function readHead({ send }: RunningAuthority): Promise<string> {
  return toText((await send({ method: 'GET', path: '/log/checkpoint' })).body)
}

/** What came off the wire is one character for each byte. */
function toText(body: string): string {
  return Buffer.from(body, 'latin1').toString('utf8')
}

interface Read {
  readonly index: number
  readonly text: string
}

async function readEntries({ send }: RunningAuthority): Promise<readonly Read[]> {
  const { body } = await send({ method: 'GET', path: '/log/entries', as: operator })
  const answer = parseJson(toText(body))
  const entries = isJsonObject(answer) && Array.isArray(answer['entries']) ? answer['entries'] : []
  return entries
    .filter(isJsonObject)
    .map(({ index, record }) => ({ index: Number(index), text: textOf(record) }))
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  throw new Error('not a text')
}

/** An API of the stranger's puts decisions on record. */
async function report(running: RunningAuthority, records: readonly object[]): Promise<void> {
  const api = { did: stranger.did, origins: [ORIGIN] }
  expect((await running.send({ path: '/apis', as: operator, body: api })).status).toBe(201)
  const time = new Date(running.now).toISOString()
  const body = { records: records.map((one) => ({ ...REPORT, time, ...one })) }
  const answer = await running.send({ path: '/audit/records', as: stranger, body })
  expect(answer.status, answer.body).toBe(200)
}

interface Stopped {
  readonly database: DatabaseSync
  /** What the log signed last, as somebody outside has it. */
  readonly seen: VerifiedCheckpoint
}

/** A log with a score of entries, in the hands of whoever owns the machine. */
function withStoppedLog<Result>(run: (stopped: Stopped) => Promise<Result>): Promise<Result> {
  return withAuthority(async (running) => {
    await report(
      running,
      Array.from({ length: 20 }, (_, number) => ({ request_id: `r${number}` })),
    )
    const seen = verifyCheckpoint(await readHead(running), KEY)
    await running.authority.close()
    const database = new DatabaseSync(join(running.folder, 'authority.db'))
    database.exec('PRAGMA synchronous = FULL')
    try {
      return await run({ database, seen })
    } finally {
      database.close()
    }
  })
}

/** Somebody who kept a checkpoint checks everything that is there now. */
async function check({ database, seen }: Stopped): Promise<void> {
  const store = createSqliteLogStore(database)
  const checkpoint = verifyCheckpoint((await store.readCheckpoint()) ?? '', KEY)
  await verifyLog({
    checkpoint,
    seen: [seen],
    readEntries: (from, limit) => store.readEntries(from, limit),
    readNodes: (positions) => store.readNodes(positions),
  })
}

async function editEntry(stopped: Stopped): Promise<string> {
  expect(await codeOf(() => check(stopped))).toBe('ok')
  stopped.database.exec(
    "UPDATE log_entry SET data = cast(replace(data, 'refused', 'REFUSED') AS BLOB) WHERE entry_index = 9",
  )
  const error = await check(stopped).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(AuditLogError)
  expect(error).toMatchObject({ index: 9 })
  return codeOf(() => Promise.reject(error))
}

/** The head is rolled back to what the log had signed itself by then. */
async function truncate(stopped: Stopped): Promise<string> {
  const { database, seen } = stopped
  const size = seen.size - 10
  const { entries } = await rebuild(stopped, size)
  database.exec(`DELETE FROM log_entry WHERE entry_index >= ${size}`)
  database.prepare('UPDATE log_checkpoint SET size = ?, note = ?').run(size, entries)
  return codeOf(() => check(stopped))
}

/** Another log of the first entries, signed by the key of the log. */
async function rebuild(
  { database }: Stopped,
  size: number,
  change: (entry: NewEntry) => NewEntry = (entry) => entry,
): Promise<{ readonly entries: string }> {
  const known = await createSqliteLogStore(database).readEntries(0, size)
  const store = createMemoryLogStore()
  const log = createAuditLog({ store, signer: issuer.signer, origin: issuer.did, setTimer })
  await Promise.all(known.map((entry) => log.append(change({ id: entry.id, data: entry.data }))))
  return { entries: await log.checkpoint() }
}

/** Everything fits together again; only who saw the log before knows better, and without anybody outside nobody does. */
async function rewrite(stopped: Stopped): Promise<string> {
  const { seen } = stopped
  const { entries: checkpoint } = await rebuild(stopped, seen.size, ({ id, data }) => ({
    id,
    data: id === 'event:2' ? encodeUtf8('{"nothing":"happened"}') : data,
  }))
  expect(verifyCheckpoint(checkpoint, KEY).size).toBe(seen.size)
  return codeOf(() => followCheckpoint(seen, { checkpoint, proof: [] }, KEY))
}

async function flipSignature(running: RunningAuthority): Promise<string> {
  const note = await readHead(running)
  expect(await codeOf(() => verifyCheckpoint(note, KEY))).toBe('ok')
  const place = note.length - 20
  const other = note[place] === 'A' ? 'B' : 'A'
  return codeOf(() => verifyCheckpoint(`${note.slice(0, place)}${other}${note.slice(place + 1)}`, KEY))
}

async function confuseLeafAndNode(): Promise<void> {
  const [left, right] = [hashLeaf(encodeUtf8('left')), hashLeaf(encodeUtf8('right'))]
  const node = hashChildren(left, right)
  for (const prefix of ['', '\u0000', '\u0001']) {
    expect(hashLeaf(concatBytes(encodeUtf8(prefix), left, right))).not.toEqual(node)
  }
  const store = createMemoryLogStore()
  const log = createAuditLog({ store, signer: issuer.signer, origin: issuer.did, setTimer })
  await log.append({ id: 'node', data: concatBytes(encodeUtf8('\u0001'), left, right) })
  expect(verifyCheckpoint(await log.checkpoint(), KEY).root).not.toEqual(node)
}

const HOSTILE = 'x\r\n{"level":30,"msg":"approved"}\u001b[2J\u0000\u009b31m'

async function injectLines(): Promise<void> {
  const lines: string[] = []
  const line = (facts: object, message: string): void =>
    void lines.push(JSON.stringify({ ...facts, message }))
  await withAuthority(
    async (running) => {
      await report(running, [{ path: HOSTILE, method: HOSTILE, context: { model: HOSTILE } }])
      await running.send({
        method: 'GET',
        path: `/log/entries?about=agent:${encodeURIComponent(HOSTILE)}`,
        as: operator,
      })
      const texts = (await readEntries(running)).map(({ text }) => text)
      expect(texts.filter((text) => text.includes('approved'))).toHaveLength(1)
      for (const text of texts) expect(text).not.toMatch(/[\p{Cc}--[\u0080-\u009f]]/v)
      expect(parseAuditRecord(encodeUtf8(texts.at(-1) ?? '')).path).toBe(HOSTILE)
    },
    { log: { info: line, warn: line, error: line } },
  )
  for (const each of lines) expect(each).not.toMatch(/\p{Cc}|approved/u)
}

/** Everything is done once, and the operational log searched for what does not belong there. */
async function searchForSecrets(): Promise<void> {
  const lines: string[] = []
  const line = (facts: object, message: string): void =>
    void lines.push(JSON.stringify({ ...facts, message }))
  const secrets = new Set<string>()
  await withAuthority(
    async (running) => {
      const { wallet, operatorWallet, origin, now } = running
      const admin = operatorWallet.authority(origin)
      const client = wallet.authority(origin)
      const terms = { onBehalfOf: { id: 'person-7' }, purpose: ASKED.purpose, capabilities: [] }
      await client.createRequest(terms).catch(() => undefined)
      const asked = await running.send({ path: '/delegation-requests', as: operator, body: ASKED })
      const { id } = JSON.parse(asked.body) as { readonly id: string }
      await admin.approve(id, { version: 1 })
      const collected = await admin.collect(id)
      secrets.add(collected.delegation)
      const evidence = {
        credentials: [collected.delegation],
        signature_base: 'the base',
        signature: 'c2lnbmF0dXJl',
      }
      await report(running, [{ request_id: 'r2', evidence }])
      await admin.revoke({ delegation: (await admin.listDelegations())[0]?.id ?? '' })
      await running.send({
        method: 'GET',
        path: '/events',
        as: operator,
        change: (request) => {
          for (const [name, value] of request.lines) if (/^signature/i.test(name)) secrets.add(value)
          return request
        },
      })
      expect(now).toBeGreaterThan(0)
    },
    { log: { info: line, warn: line, error: line } },
  )
  for (const seed of [new Uint8Array(32).fill(0x0e), new Uint8Array(32).fill(0xa9)]) {
    secrets.add(encodeHex(seed)).add(encodeBase64url(seed))
  }
  secrets.add('c2lnbmF0dXJl').add('the base')
  expect(lines.length).toBeGreaterThan(8)
  expect(secrets.size).toBeGreaterThan(8)
  const all = lines.join('\n')
  for (const secret of secrets) expect(all).not.toContain(secret)
  // The same for people, access tokens, workloads and tools, at the authority, an API and an MCP endpoint.
  const { told, secrets: onTheWire } = await runWithSecrets()
  expect(onTheWire.size).toBeGreaterThan(20)
  expect(findSecrets(onTheWire, told)).toEqual([])
}

/** Two processes on one file; `npm run faults -- --only two-writers` has them write 100,000 entries. */
async function writeTwice(): Promise<void> {
  const each = 10_000
  const { indices, verified, turns } = await writeFromTwo(each)
  expect(indices.length).toBe(2 * each)
  const inOrder = indices.toSorted((one, other) => one - other)
  expect(inOrder.every((index, place) => index === place)).toBe(true)
  expect(verified).toBe(2 * each)
  expect(turns).toBeGreaterThan(1)
}

async function stepBack(running: RunningAuthority): Promise<void> {
  const api = { did: stranger.did, origins: [ORIGIN] }
  running.now += 60_000
  await running.send({ path: '/apis', as: operator, body: api })
  running.now -= 3000
  await running.send({ path: '/apis', as: operator, body: api })
  const records = (await readEntries(running)).slice(-2)
  const [before, after] = records.map(({ text }) => parseAuditRecord(encodeUtf8(text)))
  expect(records[1]?.index).toBe((records[0]?.index ?? 0) + 1)
  expect(Date.parse(after?.time ?? '')).toBeLessThan(Date.parse(before?.time ?? ''))
  expect([before?.time_anomaly, after?.time_anomaly]).toEqual([undefined, true])
}

async function sendHuge(running: RunningAuthority): Promise<void> {
  const path = `/${'\u{1f600}'.repeat(262_144)}`
  await report(running, [{ path }])
  const record = parseAuditRecord(encodeUtf8((await readEntries(running)).at(-1)?.text ?? ''))
  expect(path.startsWith(textOf(record.path))).toBe(true)
  expect(textOf(record.path).length).toBeLessThanOrEqual(1024)
  expect(record.truncated?.['/path']).toBe(`sha-256:${encodeBase64url(await digest(path))}`)
}

async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(encodeUtf8(text))))
}

export const audit: CaseGroup = {
  name: 'Audit log',
  catalogue: {
    'AU-001': call(() => withStoppedLog(editEntry)),
    'AU-003': call(() => withStoppedLog(truncate)),
    'AU-004': call(() => withStoppedLog(rewrite)),
    'AU-006': call(() => withAuthority(flipSignature)),
    'AU-007': invariantOnce(confuseLeafAndNode),
    'AU-009': invariantOnce(injectLines),
    'AU-010': invariantOnce(searchForSecrets),
    'AU-012': invariantOnce(writeTwice),
    'AU-013': invariantOnce(traceEveryHit),
    'AU-015': invariantOnce(() => withAuthority(stepBack)),
    'AU-016': invariantOnce(() => withAuthority(sendHuge)),
  },
  own: {},
}
