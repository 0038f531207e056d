import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { createEd25519Signer, decodeUtf8 } from '@behalf/core'
import { createAuditShipper, createRequestVerifier, createStatusSource } from '@behalf/verifier'
import { protect } from '@behalf/verifier/hono'
import { openVerifierDatabase } from '@behalf/verifier/sqlite'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { oldVerifierFile } from '../../support/old-verifier-file.ts'
import { takeOrders } from './child.ts'
import { seedOf } from './storage-authority.ts'

/** Where an API is reached, whom it believes, and where it keeps things. */
export interface EffectSettings {
  readonly authority: string
  readonly issuer: string
  readonly port: number
  /** The database of its verifier. */
  readonly databasePath: string
  /** Each effect is a line of it: the path of the request. */
  readonly effectsPath: string
  /** Grows each time that the authority has a record of acceptance, and its answer is on its way. */
  readonly recordedPath: string
  /** Acts without waiting for the record, and keeps none: what the experiment must notice. */
  readonly isUnrecorded: boolean
}

/** An authority is farther away than this machine: so long its answer is on its way, and the record there already. */
const ANSWER_MS = 50

// A protected API that has each decision on record before it acts: node effect-process.ts <settings as JSON>
const settings: EffectSettings = JSON.parse(process.argv[2] ?? '')
const { authority, issuer, port, databasePath, effectsPath, recordedPath, isUnrecorded } = settings
const origin = `http://127.0.0.1:${port}`
const database = openVerifierDatabase(oldVerifierFile(databasePath))
const statusSource = createStatusSource({
  issuers: [{ did: issuer, url: `${authority}/status/heartbeat` }],
  pollSeconds: 1,
  state: database.statusState,
})
const auditSink = createAuditShipper({
  authority,
  signer: createEd25519Signer(seedOf('api')),
  outbox: database.auditOutbox,
  recordBeforeAct: true,
  fetch: async (url, init) => {
    const answer = await fetch(url, init)
    // What was answered earlier is reported, too, and is no moment of interest.
    if (decodeUtf8(init.body).includes('"decision":"accepted"')) appendFileSync(recordedPath, '\n')
    await wait(ANSWER_MS)
    return answer
  },
})
const verifier = createRequestVerifier({
  origins: [origin],
  trustedIssuers: [issuer],
  statusSource,
  ...database,
  ...(!isUnrecorded && { auditSink }),
})
const app = new Hono()
app.use('/issues/*', protect(verifier))
app.all('/issues/*', (c) => {
  appendFileSync(effectsPath, `${c.req.path}\n`)
  return c.text('done')
})
const server = createServer(getRequestListener(app.fetch))
await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
await statusSource.ready()

takeOrders<object, number>(() => process.pid)
