import { isJsonObject } from '@behalf/core'
import {
  type ApprovalDraft,
  type DelegationRecord,
  type DelegationRequest,
  type Enrolment,
  type IssuerEvent,
  type IssuerStore,
  type IssuerTransaction,
  type Publication,
  type RevokedKey,
  requestStatus,
  type StatusListName,
  type StatusListRecord,
  type TokenRecord,
  type TokenTransaction,
  type WorkloadProof,
} from '../../src/index.ts'

interface State {
  requests: Map<string, DelegationRequest>
  questions: Map<string, { readonly minute: number; readonly count: number }>
  drafts: Map<string, ApprovalDraft>
  enrolments: Map<string, Enrolment>
  proofs: Map<string, WorkloadProof>
  delegations: Map<string, DelegationRecord>
  revokedKeys: Map<string, RevokedKey>
  /** By purpose and number. */
  lists: Map<string, StatusListRecord>
  positions: Set<string>
  tokens: Map<string, TokenRecord>
  events: IssuerEvent[]
  publication: Publication | undefined
}

/** An issuer store in memory: one transaction at a time, undone when it throws. */
export interface MemoryIssuerStore extends IssuerStore {
  /** What is committed. */
  readonly state: () => State
}

export function createMemoryIssuerStore(): MemoryIssuerStore {
  let committed: State = {
    requests: new Map(),
    questions: new Map(),
    drafts: new Map(),
    enrolments: new Map(),
    proofs: new Map(),
    delegations: new Map(),
    revokedKeys: new Map(),
    lists: new Map(),
    positions: new Set(),
    tokens: new Map(),
    events: [],
    publication: undefined,
  }
  let last: Promise<unknown> = Promise.resolve()
  return {
    state: () => committed,
    transaction: (work) => {
      const run = last.then(async () => {
        const draft = copy(committed)
        const result = await work(createTransaction(draft))
        committed = draft
        return result
      })
      last = run.catch(() => undefined)
      return run
    },
  }
}

function copy(state: State): State {
  return {
    requests: new Map(state.requests),
    questions: new Map(state.questions),
    drafts: new Map(state.drafts),
    enrolments: new Map(state.enrolments),
    proofs: new Map(state.proofs),
    delegations: new Map(state.delegations),
    revokedKeys: new Map(state.revokedKeys),
    lists: new Map(state.lists),
    positions: new Set(state.positions),
    tokens: new Map(state.tokens),
    events: [...state.events],
    publication: state.publication,
  }
}

function createTransaction(state: State): IssuerTransaction {
  return {
    ...requestPart(state),
    ...draftPart(state),
    ...workloadPart(state),
    ...delegationPart(state),
    ...statusPart(state),
    ...tokenPart(state),
    ...eventPart(state),
  }
}

function workloadPart(
  state: State,
): Part<'insertWorkloadProof' | 'findWorkloadProof' | 'findWorkload' | 'wasWithdrawn'> {
  return {
    insertWorkloadProof: async (proof) => {
      if (state.proofs.has(proof.digest)) throw new Error('there is such a proof')
      state.proofs.set(proof.digest, proof)
    },
    findWorkloadProof: async (digest) => state.proofs.get(digest),
    findWorkload: async (agent, now) => {
      const last = [...state.proofs.values()].findLast((proof) => proof.agent === agent)
      return last && last.validUntil > now ? last : undefined
    },
    wasWithdrawn: async ({ createdBy, workload: { issuer, subject } }) =>
      [...state.enrolments.values()].some(
        ({ createdBy: by, withdrawnAt, workload }) =>
          by === createdBy &&
          withdrawnAt !== undefined &&
          workload?.issuer === issuer &&
          workload.subject === subject,
      ),
  }
}

type Part<Names extends keyof IssuerTransaction> = Pick<IssuerTransaction, Names>

function requestPart(
  state: State,
): Part<
  | 'insertRequest'
  | 'findRequest'
  | 'saveRequest'
  | 'listRequests'
  | 'listPendingOf'
  | 'countStrangers'
  | 'wasApproved'
  | 'countQuestion'
  | 'findFirstRequestTime'
  | 'insertEnrolment'
  | 'findEnrolment'
  | 'saveEnrolment'
  | 'listEnrolments'
> {
  const pending = (now: number): DelegationRequest[] =>
    [...state.requests.values()].filter((request) => requestStatus(request, now) === 'pending')
  return {
    insertRequest: async (request) => void state.requests.set(request.id, request),
    findRequest: async (id) => state.requests.get(id),
    saveRequest: async (request) => void state.requests.set(request.id, request),
    listRequests: async ({ status, now, limit }) =>
      [...state.requests.values()]
        .filter((request) => status === undefined || requestStatus(request, now) === status)
        .toReversed()
        .slice(0, limit),
    listPendingOf: async (agent, now) =>
      pending(now)
        .filter((request) => request.agent === agent)
        .toReversed(),
    countStrangers: async ({ principal, askedAfter, now }) => {
      const ofStrangers = (request: DelegationRequest): boolean =>
        request.stranger === true && (principal === undefined || request.terms.onBehalfOf.id === principal)
      return {
        pending: pending(now).filter(ofStrangers).length,
        asked: [...state.requests.values()].filter(
          (request) => ofStrangers(request) && request.requestedAt > askedAfter,
        ).length,
      }
    },
    wasApproved: async (agent, principal) =>
      [...state.requests.values()].some(
        (request) =>
          request.agent === agent &&
          request.terms.onBehalfOf.id === principal &&
          request.status === 'approved',
      ),
    countQuestion: async (key, minute) => {
      for (const [name, counted] of state.questions) if (counted.minute < minute) state.questions.delete(name)
      const count = (state.questions.get(key)?.count ?? 0) + 1
      state.questions.set(key, { minute, count })
      return count
    },
    findFirstRequestTime: async (agent) =>
      [...state.requests.values()].find((request) => request.agent === agent)?.requestedAt,
    insertEnrolment: async (enrolment) => void state.enrolments.set(enrolment.id, enrolment),
    findEnrolment: async (id) => state.enrolments.get(id),
    saveEnrolment: async (enrolment) => void state.enrolments.set(enrolment.id, enrolment),
    listEnrolments: async ({ agent, now, limit }) =>
      [...state.enrolments.values()]
        .filter((enrolment) => agent === undefined || enrolment.agent === agent)
        .filter(({ withdrawnAt, validUntil }) => withdrawnAt === undefined && now < (validUntil ?? Infinity))
        .toReversed()
        .slice(0, limit),
  }
}

function draftPart(
  state: State,
): Part<'insertDraft' | 'findDraft' | 'deleteDraft' | 'countDrafts' | 'deleteExpiredDrafts'> {
  const drafts = (): ApprovalDraft[] => [...state.drafts.values()]
  return {
    insertDraft: async (draft) => void state.drafts.set(draft.id, draft),
    findDraft: async (id) => state.drafts.get(id),
    deleteDraft: async (id) => void state.drafts.delete(id),
    countDrafts: async (person) => drafts().filter((draft) => draft.person === person).length,
    deleteExpiredDrafts: async (now) => {
      for (const { id, expiresAt } of drafts()) if (expiresAt <= now) state.drafts.delete(id)
    },
  }
}

function delegationPart(
  state: State,
): Part<
  | 'insertDelegation'
  | 'findDelegation'
  | 'countChildren'
  | 'listLiveDelegations'
  | 'listDelegations'
  | 'markRevoked'
  | 'markSuspended'
  | 'markResumed'
  | 'insertRevokedKey'
  | 'findRevokedKey'
  | 'listRevokedKeys'
> {
  return {
    insertDelegation: async (delegation) => {
      if (state.delegations.has(delegation.id)) return false
      state.delegations.set(delegation.id, delegation)
      return true
    },
    findDelegation: async (id) => state.delegations.get(id),
    countChildren: async (id) =>
      [...state.delegations.values()].filter((delegation) => delegation.parentId === id).length,
    listLiveDelegations: async ({ principal, workflow, subject, now }) =>
      [...state.delegations.values()].filter(
        (delegation) =>
          !delegation.revoked &&
          now < delegation.validUntil &&
          (principal === undefined || delegation.onBehalfOf.id === principal) &&
          (workflow === undefined || isOfWorkflow(delegation, workflow)) &&
          (subject === undefined || delegation.subject === subject),
      ),
    listDelegations: async ({ principal, endsAfter = -Infinity, limit }) =>
      [...state.delegations.values()]
        .filter(({ onBehalfOf }) => principal === undefined || onBehalfOf.id === principal)
        .filter(({ validUntil }) => validUntil > endsAfter)
        .toReversed()
        .slice(0, limit)
        .map((delegation) => ({
          ...delegation,
          ...revokedAbove(state, delegation),
          ...suspendedAbove(state, delegation),
        })),
    markRevoked: async (id, revocation) => {
      const delegation = state.delegations.get(id)
      if (delegation && !delegation.revoked) state.delegations.set(id, { ...delegation, revoked: revocation })
    },
    markSuspended: async (id, suspension) => {
      const delegation = state.delegations.get(id)
      if (!delegation || delegation.revoked || delegation.suspended) return
      state.delegations.set(id, { ...delegation, suspended: suspension })
    },
    markResumed: async (id) => {
      const delegation = state.delegations.get(id)
      if (!delegation || delegation.revoked) return
      const { suspended: _, ...resumed } = delegation
      state.delegations.set(id, resumed)
    },
    insertRevokedKey: async (key) => void state.revokedKeys.set(key.agent, key),
    findRevokedKey: async (agent) => state.revokedKeys.get(agent),
    listRevokedKeys: async () => [...state.revokedKeys.keys()].toSorted((a, b) => (a < b ? -1 : 1)),
  }
}

function revokedAbove(state: State, { parentId = '' }: DelegationRecord): { readonly revokedAbove?: string } {
  const parent = state.delegations.get(parentId)
  if (parent === undefined) return {}
  return parent.revoked ? { revokedAbove: parent.id } : revokedAbove(state, parent)
}

function suspendedAbove(
  state: State,
  { parentId = '' }: DelegationRecord,
): { readonly suspendedAbove?: string } {
  const parent = state.delegations.get(parentId)
  if (parent === undefined) return {}
  return parent.suspended ? { suspendedAbove: parent.id } : suspendedAbove(state, parent)
}

function nameOf({ number, purpose }: StatusListName): string {
  return `${purpose} ${number}`
}

function statusPart(
  state: State,
): Part<
  | 'listStatusLists'
  | 'findStatusList'
  | 'saveStatusList'
  | 'claimStatusPosition'
  | 'listSetIndices'
  | 'readPublication'
  | 'savePublication'
> {
  // The places of both lists of a number are the same.
  const withPlaces = (list: StatusListRecord): StatusListRecord => {
    const { allocated, neededUntil } = state.lists.get(nameOf({ ...list, purpose: 'revocation' })) ?? list
    return { ...list, allocated, neededUntil }
  }
  return {
    listStatusLists: async () =>
      [...state.lists.values()].map(withPlaces).toSorted((one, other) => one.number - other.number),
    findStatusList: async (name) => {
      const list = state.lists.get(nameOf(name))
      return list && withPlaces(list)
    },
    saveStatusList: async (list) => void state.lists.set(nameOf(list), list),
    claimStatusPosition: async ({ list, index }, neededUntil) => {
      const key = `${list}/${index}`
      const name = nameOf({ number: list, purpose: 'revocation' })
      const record = state.lists.get(name)
      if (!record || state.positions.has(key)) return false
      state.positions.add(key)
      const later = Math.max(record.neededUntil, neededUntil)
      state.lists.set(name, { ...record, allocated: record.allocated + 1, neededUntil: later })
      return true
    },
    listSetIndices: async ({ number, purpose }) =>
      [...state.delegations.values()]
        .filter(({ status }) => status.list === number)
        .filter(({ revoked, suspended }) => (purpose === 'suspension' ? suspended : revoked))
        .map(({ status }) => status.index),
    readPublication: async () => state.publication,
    savePublication: async (publication) => {
      state.publication = publication
    },
  }
}

function tokenPart(state: State): TokenTransaction {
  const stopped = (id: string): boolean => {
    const delegation = state.delegations.get(id)
    return delegation?.revoked !== undefined || state.revokedKeys.has(delegation?.subject ?? '')
  }
  return {
    countTokens: async () => state.tokens.size,
    insertToken: async (token) => {
      const { list, index } = token.status
      const taken = [...state.tokens.values()].some(
        ({ status }) => status.list === list && status.index === index,
      )
      if (!taken) state.tokens.set(token.id, token)
      return !taken
    },
    findToken: async (id) => state.tokens.get(id),
    markTokenRevoked: async (id, revoked) => {
      const token = state.tokens.get(id)
      if (token && !token.revoked) state.tokens.set(id, { ...token, revoked })
    },
    listSuspendedTokens: async ({ list, now }) =>
      [...state.tokens.values()]
        .filter(({ status, expiresAt }) => status.list === list && expiresAt > now)
        .filter(({ delegations }) => delegations.some((id) => state.delegations.get(id)?.suspended))
        .map(({ status }) => status.index)
        .toSorted((one, other) => one - other),
    listInvalidTokens: async ({ list, now }) =>
      [...state.tokens.values()]
        .filter(({ status, expiresAt }) => status.list === list && expiresAt > now)
        .filter(({ revoked, delegations }) => revoked !== undefined || delegations.some(stopped))
        .map(({ status }) => status.index)
        .toSorted((one, other) => one - other),
  }
}

function eventPart(state: State): Part<'appendEvent' | 'listEvents' | 'findLastEvent' | 'findPolicy'> {
  return {
    appendEvent: async (event) => void state.events.push({ ...event, sequence: state.events.length + 1 }),
    listEvents: async ({ after, limit }) =>
      state.events.filter((event) => event.sequence > after).slice(0, limit),
    findLastEvent: async (type) => state.events.findLast((event) => event.type === type),
    findPolicy: async (digest) => {
      const loaded = state.events.find(({ type, data }) => type === 'policy_loaded' && data.digest === digest)
      const document = loaded?.data.document
      return document !== undefined && isJsonObject(document) ? document : undefined
    },
  }
}

function isOfWorkflow({ payload }: DelegationRecord, wanted: { id: string; run?: string }): boolean {
  const subject = payload.credentialSubject
  const workflow = isJsonObject(subject) && isJsonObject(subject.workflow) ? subject.workflow : {}
  return workflow.id === wanted.id && (wanted.run === undefined || workflow.run === wanted.run)
}
