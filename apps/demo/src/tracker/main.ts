import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createEd25519Signer, decodeBase64url, systemClock } from '@behalf/core'
import {
  createAuditShipper,
  createEitherVerifier,
  createRequestVerifier,
  createStatusSource,
  createTokenVerifier,
  type Principal,
} from '@behalf/verifier'
import { openVerifierDatabase } from '@behalf/verifier/sqlite'
import { createAdaptorServer } from '@hono/node-server'
import { createTrackerApp } from './tracker-app.ts'
import { openTrackerStore } from './tracker-store.ts'

// The issue tracker as a process: node main.ts <folder> <issuer DID> <heartbeat URL> <port>.
// It answers /ready when it can verify, and ends in an orderly way on SIGTERM or Ctrl-C.
const [folder = '', issuer = '', heartbeat = '', port = ''] = process.argv.slice(2)

const origin = `http://127.0.0.1:${port}`
const store = openTrackerStore(join(folder, 'tracker.sqlite'), issuer)
const database = openVerifierDatabase(join(folder, 'verifier.sqlite'))
const signer = createEd25519Signer(decodeBase64url(readFileSync(join(folder, 'tracker.key'), 'utf8')))
const statusSource = createStatusSource({
  issuers: [{ did: issuer, url: heartbeat }],
  stream: true,
  signer,
  state: database.statusState,
})
const authority = new URL(heartbeat).origin
// Every decision goes into the authority's log; until it is there it waits in the file.
const shipper = createAuditShipper({
  authority,
  signer,
  outbox: database.auditOutbox,
})
const common = {
  origins: [origin],
  statusSource,
  replayStore: database.replayStore,
  useCounter: database.useCounter,
  auditSink: shipper,
  mapPrincipal: (principal: Principal) => store.findAccount(principal),
}
const options = { ...common, trustedIssuers: [issuer] }
const tokens = createTokenVerifier({
  ...common,
  audience: origin,
  authorities: [{ issuer: authority, did: issuer }],
})
const verifiers = {
  verifier: createEitherVerifier({ signatures: createRequestVerifier(options), tokens }),
  personVerifier: createRequestVerifier({ ...options, requireHumanApproval: 'claimed' }),
}
// A verifier whose file is new cannot know which requests were accepted in the seconds before, so it waits them out.
let knowsStatus = false
const isReady = (): boolean => knowsStatus && systemClock() >= database.readyAt
const app = createTrackerApp(verifiers, { store, isReady })

const server = createAdaptorServer(app)
server.listen(Number(port), '127.0.0.1')
await once(server, 'listening')
await statusSource.ready()
knowsStatus = true

const stop = (): void => {
  statusSource.close()
  server.close(() => {
    store.end()
    void shipper.close().then(() => database.close())
  })
}
process.once('SIGTERM', stop).once('SIGINT', stop)
