import type { DatabaseSync } from 'node:sqlite'
import {
  type Clock,
  createEd25519Signer,
  encodeUtf8,
  type RandomBytes,
  type Signer,
  selectMonotonicClock,
  sha256,
  systemClock,
  systemRandomBytes,
} from '@behalf/core'
import { createDpopNonces } from '@behalf/credential'
import { type Did, encodeDidKey, encodeDidKeyUrl } from '@behalf/did'
import {
  createIssuer,
  createTokenIssuer,
  type Issuer,
  type IssuerStore,
  type TokenIssuer,
} from '@behalf/issuer'
import { openVerifierDatabase, type VerifierDatabase } from '@behalf/verifier/sqlite'
import { closeDatabase, prepareDatabase } from './authority-database.ts'
import { type AuthorityLog, createAuthorityLog, describeFault } from './authority-log.ts'
import type { CreateAuthorityOptions } from './authority-options.ts'
import { createCarefulIssuer, createCarefulTokenIssuer } from './careful-issuer.ts'
import { createCheckWritable } from './check-writable.ts'
import type { AuthorityDatabase } from './database-schema.ts'
import { createDelegationRoutes } from './delegation-routes.ts'
import { type DiskWatch, watchDisk } from './disk-watch.ts'
import { createEnrolmentRoutes } from './enrolment-routes.ts'
import { createHttpApp, type HttpApp } from './http-app.ts'
import { closeServer, createHttpServer, type Listening, type ListenOptions, listen } from './http-server.ts'
import { createApiRoutes } from './ledger/api-routes.ts'
import { findApi, listApis } from './ledger/api-rows.ts'
import { createAuditorRoutes } from './ledger/auditor-routes.ts'
import { findAuditor } from './ledger/auditor-rows.ts'
import { createLedger, type Ledger } from './ledger/create-ledger.ts'
import { createForgetRoute } from './ledger/forget-route.ts'
import { logKeys } from './ledger/log-keys.ts'
import { createLogRoutes } from './ledger/log-routes.ts'
import { createReportRoute } from './ledger/report-route.ts'
import { createNotices, type Notices } from './notices/create-notices.ts'
import { createNoticeKeys } from './notices/notice-keys.ts'
import { createOauthRoutes } from './oauth/oauth-routes.ts'
import { createTokenKeyring, type TokenKeyring } from './oauth/token-keyring.ts'
import { createTokenRoutes } from './oauth/token-routes.ts'
import { openDatabase } from './open-database.ts'
import { addOperators, isOperator } from './operators.ts'
import { loadPage } from './page/load-page.ts'
import { CEREMONY_SECONDS } from './people/ceremony.ts'
import { type ChangeFeed, createChangeFeed } from './people/change-feed.ts'
import { createClaim } from './people/claim.ts'
import { createPeopleRoutes } from './people/create-people-routes.ts'
import { createOidcClient } from './people/oidc-client.ts'
import { checkOidcOptions } from './people/oidc-options.ts'
import type { PeopleContext } from './people/people-context.ts'
import { createTickets } from './people/tickets.ts'
import { createPublicRoutes } from './public-routes.ts'
import { repeatOnTimer } from './repeat.ts'
import { createRequestRoutes } from './request-routes.ts'
import { createSqliteIssuerStore } from './sqlite-issuer-store.ts'
import { type Confirmations, createConfirmations } from './status/confirmations.ts'
import { createStatusFeed, type StatusFeed } from './status/status-feed.ts'
import { createStatusRoutes } from './status/status-routes.ts'
import { createStatusStreams, DEFAULT_STREAM_LIMITS } from './status/status-streams.ts'
import { createStatusRows } from './status-rows.ts'
import { createSteadyClock } from './steady-clock.ts'
import type { AuthorityMetrics } from './telemetry/authority-metrics.ts'
import { measureAuthority } from './telemetry/measure-authority.ts'
import { createMetricsRoute } from './telemetry/metrics-route.ts'
import { createMetricsServer } from './telemetry/metrics-server.ts'
import { createAnswerWatch } from './telemetry/watch-answer.ts'
import { createWorkloadVerifier, type VerifyWorkload } from './workload/verify-workload.ts'

/** A running authority. */
export interface Authority {
  readonly app: HttpApp['app']
  readonly issuerDid: Did
  readonly issuer: Issuer
  /** Clock time in milliseconds from which on signed calls are accepted; in the past but for a new `.nonces` file. */
  readonly readyAt: number
  /** Where the first person makes the authority theirs; absent once somebody has. The code in it is new at each start. */
  readonly claimUrl?: string
  /** Takes requests once it resolves. */
  listen(options: ListenOptions): Promise<Listening>
  /**
   * Says at `/metrics` what is measured, to everybody who reaches this address: one that only operators and their
   * Prometheus reach. Resolves once it does.
   */
  listenForMetrics(options: ListenOptions): Promise<Listening>
  /**
   * Aborted when the disk failed, with an AuthorityError `storage_failed` as its reason: nothing is acknowledged any
   * more, and only a new process can go on.
   */
  readonly failure: AbortSignal
  /** Takes no more requests, answers those under way, and leaves everything in the database file. */
  close(): Promise<void>
}

interface Parts {
  readonly issuer: Issuer
  readonly database: AuthorityDatabase
  readonly nonces: VerifierDatabase
  readonly disk: DiskWatch
  /** Where the database is; null for one in memory. */
  readonly file: string | null
  /** A steady one. */
  readonly clock: Clock
  readonly believed: Clock
  readonly random: RandomBytes
  readonly log: AuthorityLog
  readonly feed: ChangeFeed
  readonly ticketKey: Uint8Array
  /** Of the nonces in DPoP proofs. */
  readonly nonceKey: Uint8Array
  readonly tokens: TokenIssuer
  readonly keyring: TokenKeyring
  readonly statusFeed: StatusFeed
  readonly ledger: Ledger
  readonly notices: Notices
  readonly claimUrl: string | undefined
  readonly confirmations: Confirmations
  readonly metrics: AuthorityMetrics
  readonly verifyWorkload: VerifyWorkload
}

const DEFAULT_HEARTBEAT_SECONDS = 10
const DEFAULT_PING_SECONDS = 15
const DEFAULT_NOTICE_SECONDS = 5

/**
 * Starts an authority: its database is open, checked and up to date, its first heartbeat is published, and the next
 * one follows on time. It takes requests through `app` at once, and from the network after `listen`.
 *
 * @param options - see `CreateAuthorityOptions`
 * @throws AuthorityError `database_in_use`, `database_unsafe`, `database_migration_failed`, `database_foreign`
 * @throws TypeError for options that make no sense
 * @example
 * const keys = await openAuthorityKeys(folder, passphrase)
 * const authority = await createAuthority({
 *   databasePath: join(folder, 'authority.db'),
 *   signer: keys.signer,
 *   noticeKeys: keys.noticeKeys,
 *   origin: 'https://authority.example',
 *   policy: parsePolicy({ id: 'house', files: [{ name: 'house.cedar', text }] }),
 *   operators: [{ did: keys.operatorDid, name: 'first operator' }],
 * })
 * await authority.listen({ host: '127.0.0.1', port: 8787 })
 */
export async function createAuthority(options: CreateAuthorityOptions): Promise<Authority> {
  const raw = options.database ?? openDatabase(options.databasePath)
  try {
    return await startAuthority(options, raw)
  } catch (error) {
    if (raw.isOpen) raw.close()
    throw error
  }
}

async function startAuthority(options: CreateAuthorityOptions, raw: DatabaseSync): Promise<Authority> {
  if (options.dangerouslyLetLoginApprove === true && !options.oidc) {
    throw new TypeError('dangerouslyLetLoginApprove is nothing without oidc')
  }
  const { clock: wallClock = systemClock, random = systemRandomBytes, log = createAuthorityLog() } = options
  const signer = options.signer ?? createEd25519Signer(options.issuerSeed)
  const did = encodeDidKey(signer.publicKey)
  const database = await prepareDatabase(raw, { issuer: did, now: wallClock() })
  const { now: clock, believed } = createSteadyClock({
    clock: wallClock,
    monotonicClock: selectMonotonicClock(options),
    latestTime: (await createStatusRows(database).readPublication())?.time,
    log,
  })
  const ledger = createLedger({ database, raw, issuer: did, signer, clock, random, faults: log })
  const feed = createChangeFeed(ledger.wake)
  const notices = prepareNotices(options, { database, clock, random, log })
  const statusFeed = createStatusFeed()
  const store = createSqliteIssuerStore(database, {
    recording: (db, event) => notices.queue(db, event),
    recorded: (events) => {
      feed.publish(events)
      notices.queued()
    },
    published: statusFeed.publish,
  })
  await logKeys(database, { did, now: clock() })
  const kid = encodeDidKeyUrl(did)
  const issuer = createCarefulIssuer(
    createIssuer({ ...options, signer, did, kid, store, clock, random }),
    believed,
  )
  const verifyWorkload = createWorkloadVerifier(options, { issuer, clock })
  await addOperators(database, options.operators, clock())
  await issuer.start()
  const claimUrl = await createClaim({ database, clock, random, origin: options.origin })
  const kept = { signer, database, store, clock, random, believed }
  const nonces = openVerifierDatabase(noncesPathOf(options), { clock: wallClock })
  try {
    const confirmations = createConfirmations(random)
    const metrics = measureAuthority({ issuer, nonces, clock, ledger, confirmations })
    const told = {
      feed,
      statusFeed,
      notices,
      ledger,
      confirmations,
      metrics,
      verifyWorkload,
      disk: watchDisk(raw),
      file: raw.location(),
      believed,
    }
    const keyed = {
      ticketKey: await deriveKey(signer, 'key of login tickets'),
      ...(await startTokens(options, kept)),
    }
    return assemble(options, { issuer, database, nonces, clock, random, log, claimUrl, ...told, ...keyed })
  } catch (error) {
    nonces.close()
    throw error
  }
}

function prepareNotices(
  options: CreateAuthorityOptions,
  parts: Pick<Parts, 'database' | 'clock' | 'random' | 'log'>,
): Notices {
  const { origin, notices = {} } = options
  const keys = options.signer ? options.noticeKeys : createNoticeKeys(options.issuerSeed)
  return createNotices({ ...parts, origin, keys, options: notices })
}

/** What exchanges chains for tokens, with keys that are there before anybody asks. */
async function startTokens(
  options: CreateAuthorityOptions,
  parts: Pick<Parts, 'database' | 'clock' | 'random'> & {
    readonly signer: Signer
    readonly store: IssuerStore
    readonly believed: Clock
  },
): Promise<Pick<Parts, 'tokens' | 'keyring' | 'nonceKey'>> {
  const { signer, database, clock } = parts
  const did = encodeDidKey(signer.publicKey)
  const secret = await deriveKey(signer, 'secret of token keys')
  const keyring = createTokenKeyring({ database, secret, clock })
  await keyring.start()
  const own = { did, kid: encodeDidKeyUrl(did), tokenSigners: keyring }
  const tokens = createCarefulTokenIssuer(createTokenIssuer({ ...options, ...parts, ...own }), parts.believed)
  return { tokens, keyring, nonceKey: await deriveKey(signer, 'key of DPoP nonces') }
}

/** The signature is told to nobody: only who has the key of the issuer can make it, and it is the same each time. */
async function deriveKey(signer: Signer, use: string): Promise<Uint8Array> {
  return sha256(await signer.sign(encodeUtf8(`behalf: ${use}, version 1`)))
}

function noncesPathOf({ noncesPath, databasePath }: CreateAuthorityOptions): string {
  if (noncesPath !== undefined) return noncesPath
  if (databasePath !== undefined) return `${databasePath}.nonces`
  throw new TypeError('noncesPath is needed with an open database')
}

function assemble(options: CreateAuthorityOptions, parts: Parts): Authority {
  const { issuer, database, nonces, disk, log, feed, statusFeed, notices, ledger, claimUrl } = parts
  const { heartbeatSeconds = DEFAULT_HEARTBEAT_SECONDS, repeat = repeatOnTimer } = options
  const http = createApp(options, parts)
  const server = createHttpServer(http)
  const metricsServer = createMetricsServer(parts.metrics)
  const stopBeating = repeat(async () => {
    ledger.wake()
    await beat(issuer, log)
  }, heartbeatSeconds)
  const stopTelling = repeat(
    () => notices.courier.run(),
    options.notices?.everySeconds ?? DEFAULT_NOTICE_SECONDS,
  )
  const close = async (): Promise<void> => {
    feed.close()
    statusFeed.close()
    await Promise.all([closeServer(server), closeServer(metricsServer)])
    await stopBeating()
    await Promise.all([notices.close(), stopTelling()])
    nonces.close()
    await ledger.close()
    await closeDatabase(database, disk)
  }
  let closed: Promise<void> | undefined
  ledger.start()
  return {
    app: http.app,
    issuerDid: issuer.did,
    issuer,
    readyAt: nonces.readyAt,
    failure: disk.failure,
    ...(claimUrl !== undefined && { claimUrl }),
    listen: (where) => listen(server, where),
    listenForMetrics: (where) => listen(metricsServer, where),
    close: () => {
      closed ??= close()
      return closed
    },
  }
}

function createApp(options: CreateAuthorityOptions, parts: Parts): HttpApp {
  const { origin, heartbeatSeconds = DEFAULT_HEARTBEAT_SECONDS, pingSeconds = DEFAULT_PING_SECONDS } = options
  const { issuer, database, nonces, disk, clock, confirmations, metrics } = parts
  const { clock: wallClock = systemClock } = options
  const signed = { issuer, origin, clock }
  const monotonicClock = selectMonotonicClock(options)
  const page = options.page && loadPage(options.page.folder)
  const people: PeopleContext = {
    ...parts,
    origin,
    rpId: new URL(origin).hostname,
    attestation: options.attestation ?? { kind: 'none' },
    oidc: options.oidc && createOidcClient(checkOidcOptions(options.oidc), { clock, origin }),
    tickets: createTickets({
      clock,
      random: parts.random,
      seconds: CEREMONY_SECONDS,
      key: parts.ticketKey,
    }),
    loginApproves: options.dangerouslyLetLoginApprove ?? false,
    pingSeconds,
  }
  return createHttpApp({
    ...parts,
    origin,
    // Its file lies beside the other, on the same disk.
    replayStore: {
      ...nonces.replayStore,
      claim: (claim) => disk.runAsync(async () => nonces.replayStore.claim(claim)),
    },
    wallClock,
    monotonicClock,
    watchAnswer: createAnswerWatch({ metrics, monotonicClock, tracer: options.tracer }),
    isOperator: (did) => isOperator(database, did),
    findApi: (did) => findApi(database, did),
    isAuditor: async (did) => (await findAuditor(database, did)) !== undefined,
    people,
    page,
    peopleRoutes: createPeopleRoutes(people),
    nonces: createDpopNonces({ secret: parts.nonceKey }),
    oauthRoutes: createOauthRoutes({ ...parts, findApi: (did) => findApi(database, did) }),
    routes: [
      ...createStatusRoutes({
        issuer,
        confirmations,
        listApis: () => listApis(database),
        streams: createStatusStreams({
          feed: parts.statusFeed,
          confirmations,
          limits: { ...DEFAULT_STREAM_LIMITS, ...options.statusStreams },
          pingSeconds,
        }),
      }),
      ...createPublicRoutes({
        ...signed,
        clock: wallClock,
        isWritable: createCheckWritable({
          database,
          monotonicClock,
          files: [parts.file, noncesPathOf(options)],
        }),
        readyAt: nonces.readyAt,
        maxHeartbeatAge: 3 * heartbeatSeconds * 1000,
        hasPage: page !== undefined,
      }),
      ...createRequestRoutes(signed),
      ...createEnrolmentRoutes({ ...signed, verifyWorkload: parts.verifyWorkload }),
      ...createDelegationRoutes(signed),
      ...createTokenRoutes({ ...parts, origin }),
      ...createLogRoutes(parts),
      ...createApiRoutes(parts),
      ...createAuditorRoutes(parts),
      createReportRoute(parts.ledger),
      createForgetRoute(parts),
      createMetricsRoute(metrics),
    ],
  })
}

/** A heartbeat that fails is for the next one to make good; until then `/ready` says no and verifiers grow careful. */
async function beat(issuer: Issuer, log: AuthorityLog): Promise<void> {
  try {
    await issuer.heartbeat()
  } catch (error) {
    log.error(describeFault(error), 'heartbeat failed')
  }
}
