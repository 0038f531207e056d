import type { JsonObject, JsonValue } from '@behalf/core'
import { type Did, decodeDidKey } from '@behalf/did'
import { type Capability, parseCapabilities, serializeCapabilities } from './capability.ts'
import { MAX_CHAIN_LINKS } from './chain.ts'
import { toSeconds } from './date-time.ts'
import { isUrnUuid } from './delegation.ts'
import {
  type ApprovalReference,
  type OnBehalfOf,
  type PolicyReference,
  readApproval,
  readOnBehalfOf,
  readPolicy,
  readWorkflow,
  type Workflow,
} from './delegation-subject.ts'
import { CredentialError } from './error.ts'
import { checkMembers, malformed, readInteger, readObject, readText } from './members.ts'
import { parseStatusEntry, type StatusEntry } from './status-entry.ts'
import { tokenKeyId } from './token-key-id.ts'

/** On whose behalf the agent of a token acts: the pair (issuer, id) names a principal, an id alone does not. */
export interface TokenPrincipal extends Readonly<OnBehalfOf> {
  /** The issuer of the root delegation. */
  readonly issuer: Did
}

/** Where a token says whether it still holds. @see Token Status List section 6.2 */
export interface TokenStatusReference {
  readonly index: number
  /** The URL of the list. */
  readonly uri: string
}

/** What an access token says. Times are milliseconds since the epoch, whole seconds where they were read. */
export interface AccessTokenClaims {
  /** `iss`: the URL of the authority. */
  readonly issuer: string
  /** `principal`; `sub` is its id. */
  readonly principal: TokenPrincipal
  /** `aud`: one resource. */
  readonly audience: string
  /** `client_id`: who may use the token, the agent of the last delegation, a `did:key`. */
  readonly agent: Did
  readonly issuedAt: number
  readonly expiresAt: number
  /** `jti`, a `urn:uuid:…`. */
  readonly id: string
  /** `cnf.jkt`: the thumbprint of the agent's key, which has to be proven with each use, see {@link tokenKeyId}. */
  readonly jkt: string
  /** `act`: the agents that acted, the current one first, the one the person approved last. */
  readonly actors: readonly Did[]
  /** `authorization_details`. */
  readonly capabilities: readonly Capability[]
  readonly workflow?: Workflow
  readonly policy?: PolicyReference
  /** How the root was approved, in the issuer's words. */
  readonly approval?: ApprovalReference
  /** `root`: the id of the root delegation, the first of `delegations`. */
  readonly root: string
  /** The ids of all delegations, root first. */
  readonly delegations: readonly string[]
  /** `status`: set when the token was revoked, or any of its delegations was revoked or suspended. */
  readonly status: TokenStatusReference
  /** `delegation_status`: the entry of every delegation, root first. */
  readonly delegationStatus: readonly StatusEntry[]
}

const MEMBERS: ReadonlySet<string> = new Set([
  'iss',
  'sub',
  'aud',
  'client_id',
  'iat',
  'exp',
  'jti',
  'cnf',
  'act',
  'authorization_details',
  'principal',
  'workflow',
  'policy',
  'approval',
  'root',
  'delegations',
  'status',
  'delegation_status',
])
const ACTOR_MEMBERS: ReadonlySet<string> = new Set(['sub', 'act'])
const CONFIRMATION_MEMBERS: ReadonlySet<string> = new Set(['jkt'])
const STATUS_MEMBERS: ReadonlySet<string> = new Set(['status_list'])
const REFERENCE_MEMBERS: ReadonlySet<string> = new Set(['idx', 'uri'])
const URL_TEXT = /^https?:\/\/[!-~]{1,2048}$/

/** Returns the payload of an access token, of which {@link readAccessTokenClaims} is the inverse. */
export function serializeAccessTokenClaims(claims: AccessTokenClaims): JsonObject {
  const { principal, capabilities, status, workflow, policy, approval } = claims
  return {
    iss: claims.issuer,
    sub: principal.id,
    aud: claims.audience,
    client_id: claims.agent,
    iat: toSeconds(claims.issuedAt),
    exp: toSeconds(claims.expiresAt),
    jti: claims.id,
    cnf: { jkt: claims.jkt },
    act: nestActors(claims.actors),
    authorization_details: serializeCapabilities(capabilities),
    principal: { ...principal },
    ...(workflow !== undefined && { workflow }),
    ...(policy !== undefined && { policy }),
    ...(approval !== undefined && { approval }),
    root: claims.root,
    delegations: [...claims.delegations],
    status: { status_list: { idx: status.index, uri: status.uri } },
    delegation_status: claims.delegationStatus.map((entry) => ({ ...entry })),
  }
}

/**
 * Returns what the payload of an access token says, with every member in its form, none that is not defined, and all
 * of them in agreement: there are as many delegations as agents and entries, and the current agent is the client, whose
 * key is the one to prove.
 * @throws CredentialError with the code of the rule that was broken
 * @see RFC 9068 section 2.2, RFC 8693 section 4.1, RFC 9396 section 9.1, RFC 9449 section 6.1
 */
export function readAccessTokenClaims(payload: JsonObject): AccessTokenClaims {
  checkMembers(payload, MEMBERS, 'token')
  const claims = {
    issuer: readUrl(payload.iss, 'iss'),
    principal: readPrincipal(payload.principal),
    audience: readText(payload.aud, 'aud'),
    agent: readText(payload.client_id, 'client_id'),
    issuedAt: readInteger(payload.iat, 'iat') * 1000,
    expiresAt: readInteger(payload.exp, 'exp') * 1000,
    id: readUuid(payload.jti, 'jti'),
    jkt: readConfirmation(payload.cnf),
    actors: readActors(payload.act),
    capabilities: readCapabilities(payload.authorization_details),
    ...readReferences(payload),
    root: readText(payload.root, 'root'),
    delegations: readList(payload.delegations, 'delegations').map((id) => readUuid(id, 'delegations')),
    status: readStatus(payload.status),
    delegationStatus: readList(payload.delegation_status, 'delegation_status').map(parseStatusEntry),
  }
  checkAgreement(payload, claims)
  return claims
}

function checkAgreement(payload: JsonObject, claims: AccessTokenClaims): void {
  const { principal, agent, actors, delegations, delegationStatus, root, jkt } = claims
  if (payload.sub !== principal.id) throw mismatch('sub')
  if (actors[0] !== agent) throw mismatch('client_id')
  if (jkt !== tokenKeyId(decodeDidKey(agent))) throw mismatch('cnf')
  if (delegations[0] !== root) throw mismatch('root')
  if (delegations.length !== actors.length) throw mismatch('delegations')
  if (delegationStatus.length !== actors.length) throw mismatch('delegation_status')
  if (new Set(actors).size !== actors.length) throw malformed('act', 'names an agent twice')
  if (new Set(delegations).size !== delegations.length) {
    throw malformed('delegations', 'name a delegation twice')
  }
}

function nestActors(actors: readonly Did[]): JsonObject {
  const [sub, ...before] = actors
  if (sub === undefined) throw new TypeError('A token needs an actor')
  return before.length === 0 ? { sub } : { sub, act: nestActors(before) }
}

function readActors(value: JsonValue | undefined): readonly Did[] {
  const actors: Did[] = []
  for (let act = value; act !== undefined; ) {
    const actor = readObject(act, 'act')
    checkMembers(actor, ACTOR_MEMBERS, 'act')
    actors.push(readAgent(actor.sub))
    if (actors.length > MAX_CHAIN_LINKS) throw malformed('act', 'is too deep')
    act = actor.act
  }
  if (actors.length === 0) throw malformed('act', 'is absent')
  return actors
}

function readAgent(value: JsonValue | undefined): Did {
  const did = readText(value, 'act')
  // Throws for everything but the did:key of an Ed25519 key.
  decodeDidKey(did)
  return did
}

function readPrincipal(value: JsonValue | undefined): TokenPrincipal {
  const { issuer, ...rest } = readObject(value, 'principal')
  return { issuer: readText(issuer, 'principal'), ...readOnBehalfOf(rest) }
}

function readConfirmation(value: JsonValue | undefined): string {
  const confirmation = readObject(value, 'cnf')
  checkMembers(confirmation, CONFIRMATION_MEMBERS, 'cnf')
  return readText(confirmation.jkt, 'cnf')
}

function readCapabilities(value: JsonValue | undefined): readonly Capability[] {
  if (value === undefined) throw malformed('authorization_details', 'are absent')
  return parseCapabilities(value)
}

function readReferences({
  workflow,
  policy,
  approval,
}: JsonObject): Pick<AccessTokenClaims, 'workflow' | 'policy' | 'approval'> {
  return {
    ...(workflow !== undefined && { workflow: readWorkflow(workflow) }),
    ...(policy !== undefined && { policy: readPolicy(policy) }),
    ...(approval !== undefined && { approval: readApproval(approval) }),
  }
}

function readStatus(value: JsonValue | undefined): TokenStatusReference {
  const status = readObject(value, 'status')
  checkMembers(status, STATUS_MEMBERS, 'status')
  const reference = readObject(status.status_list, 'status')
  checkMembers(reference, REFERENCE_MEMBERS, 'status')
  return { index: readInteger(reference.idx, 'status'), uri: readUrl(reference.uri, 'status') }
}

function readList(value: JsonValue | undefined, field: string): readonly JsonValue[] {
  if (!Array.isArray(value)) throw malformed(field, 'are not a list')
  return value
}

function readUuid(value: JsonValue | undefined, field: string): string {
  const id = readText(value, field)
  if (!isUrnUuid(id)) throw malformed(field, 'is not a urn:uuid')
  return id
}

function readUrl(value: JsonValue | undefined, field: string): string {
  const url = readText(value, field)
  if (!URL_TEXT.test(url)) throw malformed(field, 'is not a URL')
  return url
}

function mismatch(field: string): CredentialError {
  return new CredentialError('format_mismatch', `${field} disagrees with the rest of the token`, { field })
}
