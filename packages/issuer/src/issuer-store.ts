import type { JsonObject } from '@behalf/core'
import type { ListChange, OnBehalfOf, StatusPurpose } from '@behalf/credential'
import type { Did } from '@behalf/did'
import type { ApprovalDraft } from './approval-draft.ts'
import type { DelegationRequest, KnownCapability, RequestStatus } from './delegation-request.ts'
import type { StatusPosition } from './status-position.ts'
import type { TokenTransaction } from './token-record.ts'
import type { Workload, WorkloadProof } from './workload.ts'

/** Terms within which requests of one agent key for one principal are approved without asking. */
export interface Enrolment {
  readonly id: string
  readonly agent: Did
  readonly onBehalfOf: OnBehalfOf
  readonly capabilities: readonly KnownCapability[]
  readonly maxSeconds: number
  readonly maxDelegationDepth: number
  /** Milliseconds since the epoch, like every time here. Absent: until withdrawn. */
  readonly validUntil?: number
  readonly createdAt: number
  /** DID of an operator's key, id of a person, or URN of what is granted to a workload. */
  readonly createdBy: string
  /** Where the key was proven to run, if that is why; `digest` is that of the proof. */
  readonly workload?: Workload & Pick<WorkloadProof, 'digest'>
  readonly withdrawnAt?: number
}

/** When, by whom and why a delegation or a key was revoked, or a delegation suspended. */
export interface Revocation {
  readonly at: number
  /** DID of a key, or id of a person. */
  readonly by: string
  readonly reason?: string
}

/** One delegation: a root that was issued here, or a child that was registered here before it was signed. */
export interface DelegationRecord {
  readonly id: string
  readonly parentId?: string
  readonly rootId: string
  readonly delegator: Did
  readonly subject: Did
  readonly onBehalfOf: OnBehalfOf
  readonly validFrom: number
  readonly validUntil: number
  readonly status: StatusPosition
  /** What is signed; of a child what its delegator proposed. */
  readonly payload: JsonObject
  /** Roots only: the request it answers, the signed bytes and the evidence of its approval. */
  readonly issued?: { readonly requestId: string; readonly jws: string; readonly evidence: JsonObject }
  readonly createdAt: number
  readonly revoked?: Revocation
  /** While it rests. */
  readonly suspended?: Revocation
}

/** A delegation as a list shows it. */
export interface ListedDelegation extends DelegationRecord {
  /** Id of the nearest delegation above it that is revoked, and this one with it; absent when none is. */
  readonly revokedAbove?: string
  /** Id of the nearest delegation above it that rests, and this one with it; absent when none does. */
  readonly suspendedAbove?: string
}

/** A revoked key. */
export interface RevokedKey extends Revocation {
  /** Of an agent its DID, of this issuer the DID URL of the key. */
  readonly agent: string
}

/** Which status list: that of suspensions has the same number and the same places as that of revocations. */
export interface StatusListName {
  /** Its number in the URL, from 1. */
  readonly number: number
  readonly purpose: StatusPurpose
}

/** What a status list is at, without its bytes. */
export interface StatusListState extends StatusListName {
  readonly version: number
  /** `sha-256:…` of the bytes of the signed list. */
  readonly digest: string
  readonly signedAt: number
  readonly validUntil: number
  /** Positions given away; those of both lists of a number are the same. */
  readonly allocated: number
  /** How the latest versions came of those before, oldest first; empty when that is too long to tell. */
  readonly changes: readonly ListChange[]
  /** The latest end of a delegation in it; the list is of no use after that. */
  readonly neededUntil: number
}

/** One signed status list. */
export interface StatusListRecord extends StatusListState {
  /** A compact JWS. */
  readonly jws: string
}

/** What was last published. Neither number ever goes back. */
export interface Publication {
  readonly epoch: number
  readonly sequence: number
  /** The heartbeat's compact JWS. */
  readonly jws: string
  readonly time: number
}

/** What the append-only record knows; in the order of the story. */
export type IssuerEventType =
  | 'key_logged'
  | 'api_registered'
  | 'api_removed'
  | 'auditor_added'
  | 'auditor_removed'
  | 'person_forgotten'
  | 'operator_created'
  | 'policy_loaded'
  | 'enrolled'
  | 'enrolment_withdrawn'
  | 'workload_proven'
  | 'requested'
  | 'policy_decided'
  | 'approved'
  | 'denied'
  | 'issued'
  | 'collected'
  | 'sub_delegated'
  | 'token_exchanged'
  | 'token_revoked'
  | 'token_key_rotated'
  | 'delegation_revoked'
  | 'key_revoked'
  | 'principal_revoked'
  | 'run_revoked'
  | 'issuer_key_revoked'
  | 'suspended'
  | 'resumed'
  | 'operator_removed'
  | 'person_joined'
  | 'person_changed'
  | 'person_invited'
  | 'invitation_withdrawn'
  | 'passkey_added'
  | 'passkey_renamed'
  | 'passkey_removed'
  | 'recovery_codes_made'
  | 'recovery_code_used'
  | 'webhook_added'
  | 'webhook_removed'
  | 'browser_added'
  | 'browser_removed'

/** Something that happened; the store numbers it. */
export interface NewIssuerEvent {
  readonly time: number
  readonly type: IssuerEventType
  readonly data: JsonObject
}

/** An entry of the append-only record. */
export interface IssuerEvent extends NewIssuerEvent {
  /** From 1, without gaps. */
  readonly sequence: number
}

/** Which requests a list shows. */
export interface RequestFilter {
  readonly status?: RequestStatus
  readonly now: number
  readonly limit: number
}

/** Which requests of strangers are counted. */
export interface StrangerFilter {
  /** `onBehalfOf.id`; absent: all. */
  readonly principal?: string
  readonly askedAfter: number
  readonly now: number
}

/** How many requests strangers made. */
export interface StrangerCounts {
  /** Undecided and unexpired ones. */
  readonly pending: number
  /** Those asked after `askedAfter`, whatever became of them. */
  readonly asked: number
}

/** Which enrolments a list shows. */
export interface EnrolmentFilter {
  readonly agent?: Did
  readonly now: number
  readonly limit: number
}

/** Which delegations a list shows. */
export interface DelegationFilter {
  /** The id of the principal, whatever its tenant. */
  readonly principal?: string
  /** Only those that end later than this. */
  readonly endsAfter?: number
  readonly limit: number
}

/** Which delegations can be stopped. */
export interface LiveFilter {
  /** The id of the principal, whatever its tenant. */
  readonly principal?: string
  /** The workflow, and the run if one is named. */
  readonly workflow?: { readonly id: string; readonly run?: string }
  readonly subject?: Did
  readonly now: number
}

/** What an issuer reads and writes inside one transaction: it sees its own writes and nobody else's half. */
export interface IssuerTransaction extends TokenTransaction {
  insertRequest(request: DelegationRequest): Promise<void>
  findRequest(id: string): Promise<DelegationRequest | undefined>
  /** Replaces the request of the same id. */
  saveRequest(request: DelegationRequest): Promise<void>
  /** Newest first. */
  listRequests(filter: RequestFilter): Promise<readonly DelegationRequest[]>
  /** The undecided and unexpired requests of an agent, newest first. */
  listPendingOf(agent: Did, now: number): Promise<readonly DelegationRequest[]>
  /** Of the requests with `stranger`, for one principal or for all. */
  countStrangers(filter: StrangerFilter): Promise<StrangerCounts>
  /** Whether a request of the agent on behalf of that principal was ever approved. */
  wasApproved(agent: Did, principal: string): Promise<boolean>
  /**
   * Counts a question, and forgets those of minutes before.
   *
   * @param minute - since the epoch
   * @returns how many there were with this key in this minute
   */
  countQuestion(key: string, minute: number): Promise<number>
  /** When an agent first asked for something; undefined when it never did. */
  findFirstRequestTime(agent: Did): Promise<number | undefined>

  insertDraft(draft: ApprovalDraft): Promise<void>
  findDraft(id: string): Promise<ApprovalDraft | undefined>
  deleteDraft(id: string): Promise<void>
  /** Of one person, whether expired or not. */
  countDrafts(person: string): Promise<number>
  /** Those whose end is not after `now`. */
  deleteExpiredDrafts(now: number): Promise<void>

  insertEnrolment(enrolment: Enrolment): Promise<void>
  findEnrolment(id: string): Promise<Enrolment | undefined>
  saveEnrolment(enrolment: Enrolment): Promise<void>
  /** Those not withdrawn and not run out, of an agent or of all; newest first. */
  listEnrolments(filter: EnrolmentFilter): Promise<readonly Enrolment[]>

  /** Fails when there is a proof of that digest. */
  insertWorkloadProof(proof: WorkloadProof): Promise<void>
  findWorkloadProof(digest: string): Promise<WorkloadProof | undefined>
  /** What the agent proved last, unless that has ended. */
  findWorkload(agent: Did, now: number): Promise<WorkloadProof | undefined>
  /** Whether an enrolment made by that for the same issuer and subject was ever withdrawn. */
  wasWithdrawn(made: {
    readonly createdBy: string
    readonly workload: Pick<Workload, 'issuer' | 'subject'>
  }): Promise<boolean>

  /** @returns false when the id exists already, and then nothing changed */
  insertDelegation(delegation: DelegationRecord): Promise<boolean>
  findDelegation(id: string): Promise<DelegationRecord | undefined>
  countChildren(id: string): Promise<number>
  /** Unrevoked and not ended, oldest first: all, or those of a principal, a workflow, a subject. */
  listLiveDelegations(filter: LiveFilter): Promise<readonly DelegationRecord[]>
  /** Newest first. */
  listDelegations(filter: DelegationFilter): Promise<readonly ListedDelegation[]>
  /** Never undone, and never overwritten by a second call. */
  markRevoked(id: string, revocation: Revocation): Promise<void>
  /** Until it is resumed; what is revoked stays as it is. */
  markSuspended(id: string, suspension: Revocation): Promise<void>
  markResumed(id: string): Promise<void>

  insertRevokedKey(key: RevokedKey): Promise<void>
  findRevokedKey(agent: string): Promise<RevokedKey | undefined>
  /** In the order of their spelling. */
  listRevokedKeys(): Promise<readonly string[]>

  /** In order of their numbers, those of suspensions among them. */
  listStatusLists(): Promise<readonly StatusListState[]>
  findStatusList(name: StatusListName): Promise<StatusListRecord | undefined>
  /** Inserts the list, or replaces the one of the same name and a lower version. */
  saveStatusList(list: StatusListRecord): Promise<void>
  /**
   * Takes a place for good, and counts it.
   *
   * @returns false when it was ever taken before
   */
  claimStatusPosition(position: StatusPosition, neededUntil: number): Promise<boolean>
  /** The indices of delegations in a list that are revoked, or that are suspended. */
  listSetIndices(name: StatusListName): Promise<readonly number[]>

  readPublication(): Promise<Publication | undefined>
  /** Refuses anything older than what is there. */
  savePublication(publication: Publication): Promise<void>

  appendEvent(event: NewIssuerEvent): Promise<void>
  /** In order, after a sequence number; optionally of one type. */
  listEvents(filter: { readonly after: number; readonly limit: number }): Promise<readonly IssuerEvent[]>
  /** The latest event of a type. */
  findLastEvent(type: IssuerEventType): Promise<IssuerEvent | undefined>
  /** The document of the policy of that digest, as its `policy_loaded` has it. */
  findPolicy(digest: string): Promise<JsonObject | undefined>
}

/**
 * Keeps everything an issuer must not lose. A transaction is alone while it writes; when `work` throws, none of it
 * happened; when `transaction` resolves, all of it survives power loss.
 */
export interface IssuerStore {
  transaction<Result>(work: (tx: IssuerTransaction) => Promise<Result>): Promise<Result>
}
