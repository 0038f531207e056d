import type { Clock, JsonObject, RandomBytes, Signer } from '@behalf/core'
import type { Did } from '@behalf/did'
import { type ApproveByLoginOptions, approveByLogin } from './approve-by-login.ts'
import { type ChangeRequestOptions, changeRequest } from './change-request.ts'
import { DEFAULT_VALIDITY } from './check-terms.ts'
import { type CollectedDelegation, collect } from './collect-delegation.ts'
import { type CompleteApprovalOptions, completeApproval } from './complete-approval.ts'
import { type ApproveOptions, approve, type DenyOptions, deny } from './decide-request.ts'
import type { Decider, DecidingPerson } from './decider.ts'
import type { DelegationRequest, RequestStatus } from './delegation-request.ts'
import {
  checkEnrolTerms,
  type EnrolOptions,
  type EnrolTerms,
  enrol,
  withdrawEnrolment,
} from './enrol-agent.ts'
import { type EnrolledWorkload, type EnrolWorkloadOptions, enrolWorkload } from './enrol-workload.ts'
import { IssuerError } from './error.ts'
import type { IssuerContext, IssuerLimits } from './issuer-context.ts'
import { record } from './issuer-event.ts'
import type {
  DelegationRecord,
  Enrolment,
  IssuerEvent,
  IssuerStore,
  ListedDelegation,
  Publication,
  StatusListName,
  StatusListRecord,
} from './issuer-store.ts'
import type { Policy } from './policy.ts'
import { type PrepareApprovalOptions, type PreparedApproval, prepareApproval } from './prepare-approval.ts'
import { previewRequest } from './preview-request.ts'
import { publishHeartbeat } from './publish-status.ts'
import type { DelegationQuestion } from './question.ts'
import { type ChildRegistration, type RegisterChildOptions, registerChild } from './register-child.ts'
import { requestDelegation } from './request-delegation.ts'
import {
  type Caller,
  type RevocationReceipt,
  revokeDelegation,
  revokeIssuerKey,
  revokeKey,
} from './revoke.ts'
import {
  type PrincipalRevocationReceipt,
  type RevokePrincipalOptions,
  revokePrincipal,
} from './revoke-principal.ts'
import { type RevokeScopeOptions, revokeScope, type ScopeRevocationReceipt } from './revoke-scope.ts'
import {
  resumeDelegation,
  type SuspendOptions,
  type SuspensionReceipt,
  suspendDelegation,
} from './suspend.ts'
import type { WorkloadProof } from './workload.ts'

/** What an issuer is made of. */
export interface CreateIssuerOptions {
  /** Signs delegations, status lists and heartbeats; its public key is the issuer's. */
  readonly signer: Signer
  readonly did: Did
  /** DID URL of the signer's key, as `kid` names it. */
  readonly kid: string
  /** Where status lists are served, such as `https://authority.example`: no path, no slash at the end. */
  readonly origin: string
  readonly store: IssuerStore
  readonly policy: Policy
  readonly clock: Clock
  readonly random: RandomBytes
  /** Validity of a delegation whose request names none. Default 600. */
  readonly defaultSeconds?: number
  /** Greatest validity of a delegation. Default 3600. */
  readonly maxSeconds?: number
  /** How long a request waits for a decision. Default 900. */
  readonly requestSeconds?: number
  /** How often an agent may ask whether it was decided. Default 2. */
  readonly pollIntervalSeconds?: number
  readonly limits?: Partial<IssuerLimits>
  /**
   * Whether somebody who is signed in may approve without a passkey. Whoever takes over their login, or this authority,
   * then approves as them, and nothing proves otherwise: see `approveByLogin`. Default false.
   */
  readonly dangerouslyLetLoginApprove?: boolean
}

/** From request through policy and approval to a signed delegation and its revocation. */
export interface Issuer {
  readonly did: Did
  readonly defaultSeconds: number
  readonly maxSeconds: number
  readonly pollIntervalSeconds: number
  /** To be called once before anything else: notes a changed policy and publishes the first heartbeat. */
  start(): Promise<Publication>
  enrol(options: EnrolOptions): Promise<Enrolment>
  /** A key is known to run where a verified proof says, and has what is granted there. */
  enrolWorkload(options: EnrolWorkloadOptions): Promise<EnrolledWorkload>
  /** Where the agent was proven to run last, if that proof has not ended. */
  findWorkload(agent: Did): Promise<WorkloadProof | undefined>
  /** @throws IssuerError `input_invalid`, CredentialError, unless an agent could be enrolled on these terms */
  checkEnrolTerms(terms: Omit<EnrolTerms, 'agent'>): void
  withdrawEnrolment(options: { readonly id: string } & Decider): Promise<Enrolment>
  /** Those in force, newest first. */
  listEnrolments(options?: { readonly agent?: Did; readonly limit?: number }): Promise<readonly Enrolment[]>
  requestDelegation(question: DelegationQuestion): Promise<DelegationRequest>
  /** A pending request of the agent asks for something else, as its next version. */
  changeRequest(options: ChangeRequestOptions): Promise<DelegationRequest>
  /** @throws IssuerError `not_found`, unless the caller is an operator or the key that asked */
  readRequest(options: { readonly id: string; readonly caller: Caller }): Promise<DelegationRequest>
  /** Newest first. */
  listRequests(options?: {
    readonly status?: RequestStatus
    readonly limit?: number
  }): Promise<readonly DelegationRequest[]>
  approve(options: ApproveOptions): Promise<DelegationRequest>
  deny(options: DenyOptions): Promise<DelegationRequest>
  /** What a person is to read, and the challenge that their passkey signs. */
  prepareApproval(options: PrepareApprovalOptions): Promise<PreparedApproval>
  /** The requests as they are after the answer of a passkey: approved, or waiting for a second person. */
  completeApproval(options: CompleteApprovalOptions): Promise<readonly DelegationRequest[]>
  /** The requests as approved without a passkey; only with `dangerouslyLetLoginApprove`. */
  approveByLogin(options: ApproveByLoginOptions): Promise<readonly DelegationRequest[]>
  /**
   * The terms of a request as a payload: what was issued for it, what waits for a second person, or what approving it
   * now as it was asked would issue.
   */
  previewRequest(request: DelegationRequest): Promise<JsonObject>
  collect(options: { readonly id: string; readonly agent: Did }): Promise<CollectedDelegation>
  registerChild(options: RegisterChildOptions): Promise<ChildRegistration>
  revokeDelegation(options: {
    readonly id: string
    readonly caller: Caller | DecidingPerson
    readonly reason?: string
  }): Promise<RevocationReceipt>
  revokeKey(options: { readonly agent: Did; readonly reason?: string } & Decider): Promise<RevocationReceipt>
  /** Stops what acts on behalf of a person: all of it, or what one agent has. */
  revokePrincipal(options: RevokePrincipalOptions): Promise<PrincipalRevocationReceipt>
  /** An operator stops everything of a principal, a workflow or a run. */
  revokeScope(options: RevokeScopeOptions): Promise<ScopeRevocationReceipt>
  /** An operator stops everything that was signed with a key of this issuer. */
  revokeIssuerKey(options: {
    readonly kid: string
    readonly operator: Did
    readonly reason?: string
  }): Promise<RevocationReceipt>
  /** A delegation rests, with everything below it, until it is resumed. */
  suspendDelegation(options: SuspendOptions): Promise<SuspensionReceipt>
  resumeDelegation(options: SuspendOptions): Promise<SuspensionReceipt>
  isKeyRevoked(agent: Did): Promise<boolean>
  /** The document of a policy that applied at some time; undefined when none of that digest ever did. */
  findPolicy(digest: string): Promise<JsonObject | undefined>
  /** A root with what was signed and how it was approved, or a child as it was registered. */
  findDelegation(id: string): Promise<DelegationRecord | undefined>
  /** Newest first. */
  listDelegations(options?: {
    readonly principal?: string
    readonly endsAfter?: number
    readonly limit?: number
  }): Promise<readonly ListedDelegation[]>
  /** The list as last signed; undefined when there is none of that number. */
  statusList(name: StatusListName): Promise<StatusListRecord | undefined>
  /** Signs and stores the next heartbeat. */
  heartbeat(): Promise<Publication>
  /** The heartbeat as last signed. */
  lastHeartbeat(): Promise<Publication | undefined>
  /** The append-only record, in order. */
  listEvents(options?: { readonly after?: number; readonly limit?: number }): Promise<readonly IssuerEvent[]>
}

const DEFAULT_LIMITS: IssuerLimits = {
  questionsPerAgent: 60,
  questionsOfStrangers: 600,
  pendingPerAgent: 10,
  pendingOfStrangers: 20,
  strangersPerHour: 60,
  pendingInTotal: 10_000,
  childrenPerDelegation: 1000,
}
const LIST_LIMIT = 500

/**
 * Returns an issuer over a store. It keeps nothing itself: a second one over the same store continues where the first
 * stopped.
 *
 * @param options - see `CreateIssuerOptions`
 * @throws TypeError for options that contradict each other
 */
export function createIssuer(options: CreateIssuerOptions): Issuer {
  const context = createContext(options)
  const { store } = context
  return {
    did: context.did,
    defaultSeconds: context.defaultSeconds,
    maxSeconds: context.maxSeconds,
    pollIntervalSeconds: context.pollIntervalSeconds,
    start: () => start(context),
    enrol: (input) => enrol(context, input),
    enrolWorkload: (input) => enrolWorkload(context, input),
    findWorkload: (agent) => store.transaction((tx) => tx.findWorkload(agent, context.clock())),
    checkEnrolTerms: (terms) => void checkEnrolTerms(context, terms),
    withdrawEnrolment: (input) => withdrawEnrolment(context, input),
    listEnrolments: ({ limit = LIST_LIMIT, ...filter } = {}) =>
      store.transaction((tx) => tx.listEnrolments({ ...filter, now: context.clock(), limit })),
    requestDelegation: (question) => requestDelegation(context, question),
    changeRequest: (input) => changeRequest(context, input),
    readRequest: (input) => readRequest(context, input),
    listRequests: ({ limit = LIST_LIMIT, ...filter } = {}) =>
      store.transaction((tx) => tx.listRequests({ ...filter, now: context.clock(), limit })),
    approve: (input) => approve(context, input),
    deny: (input) => deny(context, input),
    prepareApproval: (input) => prepareApproval(context, input),
    completeApproval: (input) => completeApproval(context, input),
    approveByLogin: (input) => approveByLogin(context, input),
    previewRequest: (request) => previewRequest(context, request),
    collect: (input) => collect(context, input),
    registerChild: (input) => registerChild(context, input),
    revokeDelegation: (input) => revokeDelegation(context, input),
    revokeKey: (input) => revokeKey(context, input),
    revokePrincipal: (input) => revokePrincipal(context, input),
    revokeScope: (input) => revokeScope(context, input),
    revokeIssuerKey: (input) => revokeIssuerKey(context, input),
    suspendDelegation: (input) => suspendDelegation(context, input),
    resumeDelegation: (input) => resumeDelegation(context, input),
    isKeyRevoked: (agent) => store.transaction(async (tx) => (await tx.findRevokedKey(agent)) !== undefined),
    findPolicy: (digest) => store.transaction((tx) => tx.findPolicy(digest)),
    findDelegation: (id) => store.transaction((tx) => tx.findDelegation(id)),
    listDelegations: ({ limit = LIST_LIMIT, ...filter } = {}) =>
      store.transaction((tx) => tx.listDelegations({ ...filter, limit })),
    statusList: (name) => store.transaction((tx) => tx.findStatusList(name)),
    heartbeat: () => store.transaction((tx) => publishHeartbeat(context, tx)),
    lastHeartbeat: () => store.transaction((tx) => tx.readPublication()),
    listEvents: ({ after = 0, limit = LIST_LIMIT } = {}) =>
      store.transaction((tx) => tx.listEvents({ after, limit })),
  }
}

function createContext(options: CreateIssuerOptions): IssuerContext {
  const { requestSeconds = 900, pollIntervalSeconds = 2, dangerouslyLetLoginApprove = false } = options
  const { defaultSeconds = DEFAULT_VALIDITY.defaultSeconds, maxSeconds = DEFAULT_VALIDITY.maxSeconds } =
    options
  if (!options.kid.startsWith(`${options.did}#`)) throw new TypeError('kid must be a DID URL of did')
  if (!/^https?:\/\/[^/?#@\s]+$/u.test(options.origin)) {
    throw new TypeError('origin must be a scheme, a host and perhaps a port, nothing more')
  }
  if (!(defaultSeconds >= 1 && defaultSeconds <= maxSeconds)) {
    throw new TypeError('defaultSeconds must lie between 1 and maxSeconds')
  }
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const seconds = { defaultSeconds, maxSeconds, requestSeconds, pollIntervalSeconds }
  return { ...options, ...seconds, limits, dangerouslyLetLoginApprove }
}

async function start(context: IssuerContext): Promise<Publication> {
  const { policy } = context
  return context.store.transaction(async (tx) => {
    const last = await tx.findLastEvent('policy_loaded')
    if (last?.data.digest !== policy.digest) {
      const { id, digest, document } = policy
      await record(context, tx, { type: 'policy_loaded', data: { id, digest, document } })
    }
    return publishHeartbeat(context, tx)
  })
}

async function readRequest(
  context: IssuerContext,
  options: { readonly id: string; readonly caller: Caller },
): Promise<DelegationRequest> {
  const request = await context.store.transaction((tx) => tx.findRequest(options.id))
  if (request && (options.caller.operator || request.agent === options.caller.did)) return request
  throw new IssuerError('not_found', 'There is no such request')
}
