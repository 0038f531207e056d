import { join } from 'node:path'
import type { Listening, ListenOptions } from '@behalf/authority'
import type { Signer } from '@behalf/core'
import { encodeDidKey } from '@behalf/did'
import { createMcpEndpoint, type McpEndpointOptions, type McpHandler } from '@behalf/mcp'
import { createStdioHandler, createUpstreamHandler } from '@behalf/mcp/front'
import {
  type AuditShipper,
  createAuditShipper,
  createStatusSource,
  type PollingStatusSource,
  type ReportFault,
} from '@behalf/verifier'
import { createVerifierMetrics } from '@behalf/verifier/metrics'
import { openVerifierDatabase, type VerifierDatabase } from '@behalf/verifier/sqlite'
import { makePrivateFolder } from '@behalf/wallet/encrypted-file'
import { trace } from '@opentelemetry/api'
import { Registry } from 'prom-client'
import { explainFolder } from '../explain-folder.ts'
import { explainListening } from '../explain-listening.ts'
import type { BehalfIo } from '../io.ts'
import { openKeyFile } from '../key-file.ts'
import { closeServer, createFrontServer, createMetricsServer, listen } from './front-server.ts'

/** The server behind a front, as it is. */
export type ProtectedServer =
  | { readonly kind: 'program'; readonly command: string; readonly args: readonly string[] }
  | { readonly kind: 'upstream'; readonly url: string }

/** Where a front puts its decisions: into its own folder, or also into the log of the authority. */
export type FrontReports = 'here' | 'log' | 'log_before_act'

/** What a front is started with. */
export interface FrontOptions {
  /** Of the endpoint, as delegations name it. */
  readonly url: string
  readonly listen: ListenOptions
  readonly metrics: ListenOptions | undefined
  readonly server: ProtectedServer
  /** Whose delegations count. */
  readonly issuer: string
  /** Origin of the authority, where status is heard and reports go. */
  readonly authority: string
  readonly folder: string
  readonly allowedOrigins: readonly string[]
  /** Whether access tokens of the authority are taken too. */
  readonly tokens: boolean
  readonly reports: FrontReports
  readonly maxSessions: number
  /** Told what people should know of the server. */
  readonly onNote: (text: string) => void
  readonly reportFault: ReportFault
}

/** A front that takes requests. */
export interface StartedFront {
  readonly listening: Listening
  readonly metrics: Listening | undefined
  /** Whose key signs the reports; undefined where none are made. */
  readonly reporter: string | undefined
  /** Resolves when it knows the status of delegations, which it refuses until then, or is closed. */
  readonly knowsStatus: Promise<void>
  /** Clock time from which on it knows which requests it has seen; until then it refuses. */
  readonly readyAt: number
  /** Resolves when every answer, every program and every report is done with. */
  close(): Promise<void>
}

interface Parts {
  readonly database: VerifierDatabase
  readonly statusSource: PollingStatusSource
  readonly signer: Signer | undefined
  readonly shipper: AuditShipper | undefined
}

/**
 * Starts a front: an endpoint that only verified requests pass, and the server behind it.
 *
 * @throws CommandError `folder_unwritable`, `address_in_use`, `address_unavailable`, `input_invalid` for a key file
 *   that holds none
 */
export async function startFront(io: BehalfIo, options: FrontOptions): Promise<StartedFront> {
  const parts = await openParts(io, options)
  const behind = createBehind(io, options)
  const registry = new Registry()
  const meter = createVerifierMetrics({ registry, ...(parts.shipper && { shipper: parts.shipper }) })
  const endpoint = createMcpEndpoint({
    ...endpointOptions(options, parts),
    meter,
    handler: behind.handler,
  })
  let isKnown = false
  const knowsStatus = parts.statusSource.ready().then(
    () => {
      isKnown = true
    },
    // It was closed before.
    () => undefined,
  )
  const { readyAt } = parts.database
  const state = { knowsStatus: () => isKnown, knowsNonces: () => io.clock() >= readyAt }
  const server = createFrontServer(endpoint, state)
  const metricsServer = createMetricsServer(async () => ({
    type: registry.contentType,
    text: await registry.metrics(),
  }))
  const close = async (): Promise<void> => {
    const closing = [server, metricsServer].filter(({ listening }) => listening).map(closeServer)
    await behind.close()
    await Promise.all(closing)
    parts.statusSource.close()
    await parts.shipper?.close()
    parts.database.close()
  }
  try {
    const { metrics } = options
    return {
      listening: await explainListening(options.listen, (where) => listen(server, where)),
      metrics: metrics && (await explainListening(metrics, (where) => listen(metricsServer, where))),
      reporter: parts.signer && encodeDidKey(parts.signer.publicKey),
      knowsStatus,
      readyAt,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function openParts({ fetch }: BehalfIo, options: FrontOptions): Promise<Parts> {
  const { folder, issuer, authority, reports, reportFault } = options
  const { database, signer } = await explainFolder(folder, async () => {
    await makePrivateFolder(folder)
    const key = reports === 'here' ? undefined : await openKeyFile(join(folder, 'reports.key'), 'a front')
    return { database: openVerifierDatabase(join(folder, 'verifier.db')), signer: key }
  })
  const statusSource = createStatusSource({
    issuers: [{ did: issuer, url: `${authority}/status/heartbeat` }],
    stream: true,
    state: database.statusState,
    ...(signer && { signer }),
    fetch,
    reportFault,
  })
  const outbox = database.auditOutbox
  const tracer = trace.getTracer('behalf')
  const recordBeforeAct = reports === 'log_before_act'
  const shipper =
    signer && createAuditShipper({ authority, signer, outbox, recordBeforeAct, fetch, reportFault, tracer })
  return { database, statusSource, signer, shipper }
}

function endpointOptions(
  options: FrontOptions,
  parts: Parts,
): Omit<McpEndpointOptions<undefined>, 'handler'> {
  const { url, issuer, authority, allowedOrigins, tokens, maxSessions, reportFault } = options
  const { database, statusSource, shipper } = parts
  const { replayStore, useCounter, auditSink } = database
  return {
    url,
    trustedIssuers: [issuer],
    statusSource,
    replayStore,
    useCounter,
    auditSink: shipper ?? auditSink,
    allowedOrigins,
    maxSessions,
    reportFault,
    tracer: trace.getTracer('behalf'),
    ...(tokens && { tokens: { authorities: [{ issuer: authority, did: issuer }] } }),
  }
}

interface Behind {
  readonly handler: McpHandler
  readonly close: () => Promise<void>
}

function createBehind({ env, cwd, fetch, clock }: BehalfIo, options: FrontOptions): Behind {
  const { server, onNote, maxSessions } = options
  if (server.kind === 'upstream') {
    const handler = createUpstreamHandler({ upstream: server.url, onNote, fetch })
    return { handler, close: () => Promise.resolve() }
  }
  const { command, args } = server
  return createStdioHandler({
    command,
    args,
    cwd,
    clock,
    onNote,
    env: toOthers(env),
    maxProcesses: maxSessions,
  })
}

/** What a program of somebody else may see of our environment: not where our keys are, and what opens them. */
function toOthers(env: BehalfIo['env']): BehalfIo['env'] {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('BEHALF_')))
}
