import type { JsonObject, JsonValue } from '@behalf/core'
import {
  type Capability,
  type OnBehalfOf,
  type StatusEntry,
  serializeCapabilities,
  type Workflow,
} from '@behalf/credential'
import type { Did } from '@behalf/did'
import { readObject, readObjects, readTexts, withoutAbsent } from './answer.ts'
import {
  type AuthorityDescription,
  type AuthorityEvent,
  type CollectedDelegation,
  type DelegationRequest,
  type DelegationSummary,
  type Enrolment,
  type IssuedDelegation,
  type RequestReceipt,
  type RevocationReceipt,
  readCollected,
  readDescription,
  readEnrolment,
  readEvent,
  readIssued,
  readReceipt,
  readRequest,
  readRevocation,
  readStatusEntry,
  readSummary,
  readSuspension,
  type SuspensionReceipt,
} from './authority-answer.ts'
import { type AuthorityCaller, createAuthorityCaller, pathSegment } from './authority-caller.ts'
import { type ConfirmationCounts, readConfirmations } from './confirmation-counts.ts'
import { type EnrolledWorkload, readEnrolledWorkload } from './enrolled-workload.ts'
import { WalletError } from './error.ts'
import type { SendKeyRequest } from './key-request.ts'
import { type LedgerClient, ledgerRoutes } from './ledger-client.ts'
import { type LogEntry, readLogEntry } from './log-entry.ts'
import { parseOrigin } from './request-target.ts'
import { type TokenKeyClient, tokenKeyRoutes } from './token-key-client.ts'

/** What an agent asks for. */
export interface AskedTerms {
  readonly onBehalfOf: OnBehalfOf
  readonly capabilities: readonly Capability[]
  /** Default: the authority's. */
  readonly validForSeconds?: number
  readonly maxUses?: number
  /** Default 0: not to be passed on. */
  readonly maxDelegationDepth?: number
  readonly purpose: string
  readonly workflow?: Workflow
  /** Shown to the person who decides, as the agent's own word. */
  readonly agentName?: string
}

/** Less than what was asked for. What is absent stays as asked. */
export interface Narrowing {
  readonly capabilities?: readonly Capability[]
  readonly validForSeconds?: number
  readonly maxUses?: number
  readonly maxDelegationDepth?: number
}

/** What proves where an agent runs: a token of its platform, or what the key of its certificate signed. */
export type WorkloadPresentation =
  | { readonly type: 'jwt'; readonly token: string }
  /** See `createWorkloadProof`. */
  | { readonly type: 'x509'; readonly proof: string }

/** An enrolment before it has an id. */
export type EnrolmentTerms = Omit<Enrolment, 'id'>

/**
 * What to revoke: one delegation and everything below it, an agent's key for good, or everything on behalf of a
 * principal, of a workflow or of a run, or a key of the issuer, by its DID URL.
 */
export type RevocationTarget =
  | { readonly delegation: string }
  | { readonly agent: Did }
  | { readonly principal: { readonly id: string } }
  | { readonly workflow: { readonly id: string; readonly run?: string } }
  | { readonly issuer_key: string }

/**
 * The routes of one authority. Calls that need it prove the wallet's key; whether that key is an operator's decides
 * the authority.
 *
 * Every call throws {@link WalletError}: the authority's own code (with status, detail, requestId) for a refusal,
 * authority_refused for a code unknown here, authority_response_invalid for an answer outside the contract,
 * authority_unreachable for none.
 */
export interface AuthorityClient extends LedgerClient, TokenKeyClient {
  readonly origin: string
  /** Public. Throws authority_response_invalid when the authority says it lives elsewhere. */
  describe(): Promise<AuthorityDescription>
  /** Public. Whether the process answers. */
  isHealthy(): Promise<boolean>
  /** Public. Whether it can do its work. */
  isReady(): Promise<boolean>
  /** Public. */
  openApi(): Promise<JsonObject>
  /** Public. Compact JWS, not verified. */
  heartbeat(): Promise<string>
  /** Public. Compact JWS, not verified. */
  statusList(number: number): Promise<string>

  /** Any key. */
  createRequest(terms: AskedTerms, signal?: AbortSignal): Promise<RequestReceipt>
  /** The asking key, before it is decided. `version` is the one that the terms replace. */
  changeRequest(
    requestId: string,
    options: { readonly version: number; readonly terms: AskedTerms },
  ): Promise<RequestReceipt>
  /** The asking key. */
  collect(requestId: string, signal?: AbortSignal): Promise<CollectedDelegation>
  /** Operator or the asking key. */
  getRequest(requestId: string, signal?: AbortSignal): Promise<DelegationRequest>
  /** Operator. */
  listRequests(filter?: { readonly status?: string }): Promise<readonly DelegationRequest[]>
  /** Operator. `version` is that of the request as it was seen. */
  approve(
    requestId: string,
    options: { readonly version: number; readonly narrow?: Narrowing },
  ): Promise<DelegationRequest>
  /** Operator. */
  deny(
    requestId: string,
    options: { readonly version: number; readonly reason?: string },
  ): Promise<DelegationRequest>

  /** Operator. */
  listEnrolments(): Promise<readonly Enrolment[]>
  /** Operator. */
  enrol(terms: EnrolmentTerms): Promise<Enrolment>
  /** Any key, to prove where it runs: again with each fresh token or certificate, before the last one ends. */
  enrolWorkload(workload: WorkloadPresentation): Promise<EnrolledWorkload>
  /** Operator. */
  removeEnrolment(enrolmentId: string): Promise<void>

  /** The subject of that delegation, the last link of `chain`. `child` is a payload without `credentialStatus`. */
  registerChild(
    delegationId: string,
    registration: { readonly chain: readonly string[]; readonly child: JsonObject },
  ): Promise<StatusEntry>
  /** Operator. */
  listDelegations(): Promise<readonly DelegationSummary[]>
  /** Operator, the delegating agent, or the subject itself; an agent's key: operator. */
  revoke(target: RevocationTarget, reason?: string): Promise<RevocationReceipt>
  /** Operator. The delegation rests, with everything below it, until it is resumed. */
  suspend(delegation: string, reason?: string): Promise<SuspensionReceipt>
  /** Operator. The delegation goes on. */
  resume(delegation: string, reason?: string): Promise<SuspensionReceipt>
  /** Operator. How many verifiers follow the authority's stream now, and how many of them hold that heartbeat. */
  countConfirmations(sequence: number): Promise<ConfirmationCounts>
  /** Operator. Entries after a sequence number, in order. */
  listEvents(options?: { readonly after?: number }): Promise<readonly AuthorityEvent[]>
  /** Operator. Of a child, which its delegator signed, the authority has only the id. */
  readDelegation(id: string): Promise<IssuedDelegation>

  /** Operator; an auditor without `evidence`. Entries of the log; none of them is proven. */
  listLogEntries(filter: LogFilter): Promise<readonly LogEntry[]>
  /** Public. The signed head of the log, not verified. */
  logCheckpoint(): Promise<string>
  /** Public. The hashes that lead from an entry to the root of a tree of that size, base64, not verified. */
  proveInclusion(of: { readonly index: number; readonly size: number }): Promise<readonly string[]>
  /** Operator. The document of a policy, not verified. */
  readPolicy(digest: string): Promise<JsonObject>
}

/** Which entries of the log. */
export interface LogFilter {
  /** A kind such as `request`, `delegation`, `agent`, `run` or `type`, a colon and what it is. */
  readonly about?: string
  /** From this index on, in order; default 0. */
  readonly from?: number
  /** Instead, with `about`: below this index, the latest first. */
  readonly before?: number
  /** Default and at most 1000. */
  readonly limit?: number
  /** Whether what proves requests comes with them. */
  readonly evidence?: boolean
}

/** What createAuthorityClient needs. */
export interface AuthorityClientOptions {
  /** `https://authority.example`, or http on a loopback host. */
  readonly origin: string
  /** Signs and sends; inside a wallet only. */
  readonly send: SendKeyRequest
  readonly allowPlainHttp?: boolean
}

/**
 * The typed routes of one authority.
 *
 * @throws {TypeError} when `origin` is not an origin, or plain http to another machine
 */
export function createAuthorityClient(options: AuthorityClientOptions): AuthorityClient {
  const origin = parseOrigin(options.origin, options.allowPlainHttp)
  const caller = createAuthorityCaller(origin, options.send)
  return Object.freeze({
    origin,
    ...publicRoutes(caller),
    ...requestRoutes(caller),
    ...enrolmentRoutes(caller),
    ...delegationRoutes(caller),
    ...logRoutes(caller),
    ...ledgerRoutes(caller),
    ...tokenKeyRoutes(caller),
  })
}

type PublicRoutes = Pick<
  AuthorityClient,
  'describe' | 'isHealthy' | 'isReady' | 'openApi' | 'heartbeat' | 'statusList'
>

function publicRoutes({ origin, json, text, succeeds }: AuthorityCaller): PublicRoutes {
  return {
    describe: async () => {
      const description = readDescription(
        await json({ path: '/.well-known/behalf-authority', signed: false }),
      )
      if (description.origin === origin) return description
      throw new WalletError('authority_response_invalid', 'the authority says it lives at another origin', {
        field: 'origin',
      })
    },
    isHealthy: () => succeeds('/health'),
    isReady: () => succeeds('/ready'),
    openApi: () => json({ path: '/openapi.json', signed: false }),
    heartbeat: () => text('/status/heartbeat', 'application/jwt'),
    statusList: (number) => text(`/status/lists/${pathSegment(String(number))}`, 'application/vc+jwt'),
  }
}

type RequestRoutes = Pick<
  AuthorityClient,
  'createRequest' | 'changeRequest' | 'collect' | 'getRequest' | 'listRequests' | 'approve' | 'deny'
>

function requestRoutes({ json }: AuthorityCaller): RequestRoutes {
  const at = (id: string): string => `/delegation-requests/${pathSegment(id)}`
  return {
    createRequest: async (terms, signal) =>
      readReceipt(
        await json({ method: 'POST', path: '/delegation-requests', json: askedTerms(terms), signal }),
      ),
    changeRequest: async (id, { version, terms }) =>
      readReceipt(await json({ method: 'PUT', path: at(id), json: { version, ...askedTerms(terms) } })),
    collect: async (id, signal) =>
      readCollected(await json({ method: 'POST', path: `${at(id)}/collect`, json: {}, signal })),
    getRequest: async (id, signal) => readRequest(await json({ path: at(id), signal })),
    listRequests: async ({ status } = {}) => {
      const query = status === undefined ? '' : `?status=${pathSegment(status)}`
      return readObjects(await json({ path: `/delegation-requests${query}` }), 'requests').map(readRequest)
    },
    approve: async (id, { version, narrow }) => {
      const decision = withoutAbsent({ version, narrow: narrow && narrowing(narrow) })
      return readRequest(await json({ method: 'POST', path: `${at(id)}/approve`, json: decision }))
    },
    deny: async (id, { version, reason }) => {
      const decision = withoutAbsent({ version, reason })
      return readRequest(await json({ method: 'POST', path: `${at(id)}/deny`, json: decision }))
    },
  }
}

type EnrolmentRoutes = Pick<AuthorityClient, 'listEnrolments' | 'enrol' | 'enrolWorkload' | 'removeEnrolment'>

function enrolmentRoutes({ json }: AuthorityCaller): EnrolmentRoutes {
  return {
    listEnrolments: async () =>
      readObjects(await json({ path: '/enrolments' }), 'enrolments').map(readEnrolment),
    enrol: async (terms) =>
      readEnrolment(await json({ method: 'POST', path: '/enrolments', json: enrolmentTerms(terms) })),
    enrolWorkload: async (workload) =>
      readEnrolledWorkload(
        await json({ method: 'POST', path: '/enrolments/workload', json: { workload: { ...workload } } }),
      ),
    removeEnrolment: async (id) => {
      await json({ method: 'DELETE', path: `/enrolments/${pathSegment(id)}` })
    },
  }
}

type DelegationRoutes = Pick<
  AuthorityClient,
  | 'registerChild'
  | 'listDelegations'
  | 'readDelegation'
  | 'revoke'
  | 'suspend'
  | 'resume'
  | 'countConfirmations'
  | 'listEvents'
>

function delegationRoutes({ json }: AuthorityCaller): DelegationRoutes {
  return {
    registerChild: async (id, { chain, child }) => {
      const path = `/delegations/${pathSegment(id)}/children`
      return readStatusEntry(await json({ method: 'POST', path, json: { chain, child } }))
    },
    listDelegations: async () =>
      readObjects(await json({ path: '/delegations' }), 'delegations').map(readSummary),
    readDelegation: async (id) => readIssued(await json({ path: `/delegations/${pathSegment(id)}` })),
    revoke: async (target, reason) => {
      const revocation = withoutAbsent({ ...target, reason })
      return readRevocation(await json({ method: 'POST', path: '/revocations', json: revocation }))
    },
    suspend: async (suspend, reason) =>
      readSuspension(
        await json({ method: 'POST', path: '/revocations', json: withoutAbsent({ suspend, reason }) }),
      ),
    resume: async (resume, reason) =>
      readSuspension(
        await json({ method: 'POST', path: '/revocations', json: withoutAbsent({ resume, reason }) }),
      ),
    countConfirmations: async (sequence) =>
      readConfirmations(
        await json({ path: `/status/confirmations?sequence=${pathSegment(String(sequence))}` }),
      ),
    listEvents: async ({ after } = {}) => {
      const query = after === undefined ? '' : `?after=${pathSegment(String(after))}`
      return readObjects(await json({ path: `/events${query}` }), 'events').map(readEvent)
    },
  }
}

type LogRoutes = Pick<AuthorityClient, 'listLogEntries' | 'logCheckpoint' | 'proveInclusion' | 'readPolicy'>

function logRoutes({ json, text }: AuthorityCaller): LogRoutes {
  return {
    listLogEntries: async (filter) =>
      readObjects(await json({ path: `/log/entries${logQuery(filter)}` }), 'entries').map(readLogEntry),
    logCheckpoint: () => text('/log/checkpoint', 'text/plain'),
    proveInclusion: async ({ index, size }) => {
      const of = `index=${pathSegment(String(index))}&size=${pathSegment(String(size))}`
      return readTexts(await json({ path: `/log/proof/inclusion?${of}`, signed: false }), 'proof')
    },
    readPolicy: async (digest) =>
      readObject(await json({ path: `/policies/${pathSegment(digest)}` }), 'document'),
  }
}

function logQuery({ about, from, before, limit, evidence }: LogFilter): string {
  const asked = withoutAbsent({
    about: about && encodeURIComponent(about),
    from: from === undefined ? undefined : pathSegment(String(from)),
    before: before === undefined ? undefined : pathSegment(String(before)),
    limit: limit === undefined ? undefined : pathSegment(String(limit)),
    evidence: evidence ? 'true' : undefined,
  })
  const pairs = Object.entries(asked).map(([name, value]) => `${name}=${value}`)
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

function askedTerms(terms: AskedTerms): JsonObject {
  return withoutAbsent({
    on_behalf_of: withoutAbsent({ ...terms.onBehalfOf }),
    capabilities: capabilitiesJson(terms.capabilities),
    valid_for_seconds: terms.validForSeconds,
    max_uses: terms.maxUses,
    max_delegation_depth: terms.maxDelegationDepth,
    purpose: terms.purpose,
    workflow: terms.workflow && withoutAbsent({ ...terms.workflow }),
    agent_name: terms.agentName,
  })
}

function narrowing(terms: Narrowing): JsonObject {
  return withoutAbsent({
    capabilities: terms.capabilities && capabilitiesJson(terms.capabilities),
    valid_for_seconds: terms.validForSeconds,
    max_uses: terms.maxUses,
    max_delegation_depth: terms.maxDelegationDepth,
  })
}

function enrolmentTerms(terms: EnrolmentTerms): JsonObject {
  return withoutAbsent({
    agent: terms.agent,
    on_behalf_of: withoutAbsent({ ...terms.onBehalfOf }),
    capabilities: capabilitiesJson(terms.capabilities),
    max_seconds: terms.maxSeconds,
    max_delegation_depth: terms.maxDelegationDepth,
    valid_until: terms.validUntil === undefined ? undefined : new Date(terms.validUntil).toISOString(),
  })
}

function capabilitiesJson(capabilities: readonly Capability[]): JsonValue {
  return serializeCapabilities(capabilities)
}
