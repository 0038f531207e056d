import { digestSha256, encodeBase64url, encodeUtf8, type JsonObject } from '@behalf/core'
import { type Capability, createDelegationPayload, type DelegationTerms } from '@behalf/credential'
import { agentA, agentB, agentC, createParty, issuer, type Party } from './party.ts'

/** The time at which everything happens unless a case moves the clock: 1 December 2026, noon UTC. */
export const NOW: number = Date.UTC(2026, 11, 1, 12)
/** Where the issuer publishes its one status list. */
export const LIST_URL = 'https://authority.test/status/lists/1'
/** The status index of the root; the links below follow. */
export const FIRST_INDEX = 100

/** The capability of every link of the baseline chain. */
export const ITEMS: Capability = {
  type: 'http',
  locations: ['https://api.test'],
  actions: ['GET', 'POST'],
  paths: ['/v1/items', '/v1/items/*'],
}

/** How one link differs from the honest one; what signed bytes say is changed before the signature. */
export interface LinkChanges {
  readonly terms?: Partial<DelegationTerms>
  /** Members of `credentialSubject`; undefined removes one. */
  readonly subject?: Readonly<Record<string, unknown>>
  /** Members of the payload; undefined removes one. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** Members of the JWS header; undefined removes one. */
  readonly header?: Readonly<Record<string, unknown>>
  /** The JSON text of the payload, for what no JSON writer would write. */
  readonly json?: (text: string) => string
  readonly signer?: Party
  /** The compact text, after it was signed. */
  readonly jws?: (text: string) => string
}

const FOURTH_AGENT = createParty(0xd1)
const SUBJECTS: Readonly<Record<number, readonly Party[]>> = {
  1: [agentC],
  2: [agentA, agentC],
  3: [agentA, agentB, agentC],
  4: [agentA, agentB, FOURTH_AGENT, agentC],
}

/** The compact links of a chain from the issuer to agent C, root first; each child names the bytes of its parent. */
export async function createChain(
  changes: readonly LinkChanges[] = [{}, {}, {}],
): Promise<readonly string[]> {
  const subjects = SUBJECTS[changes.length] ?? longSubjects(changes.length)
  const links: string[] = []
  for (const [index, change] of changes.entries()) {
    const delegator = subjects[index - 1] ?? issuer
    const terms = { ...honestTerms(index, subjects, links.at(-1)), ...change.terms }
    links.push(await createLink(terms, { signer: delegator, ...change }))
  }
  return links
}

/** The same change in every link, so that no link is wider than the one above. */
export function inEveryLink(change: LinkChanges): readonly LinkChanges[] {
  return [change, change, change]
}

/** A chain whose every link grants these capabilities. */
export function grant(...capabilities: readonly JsonObject[]): Promise<readonly string[]> {
  return createChain(inEveryLink({ subject: { capabilities } }))
}

/** One link, whatever it says, signed by `signer`. */
export async function createLink(
  terms: DelegationTerms,
  change: LinkChanges & { readonly signer: Party },
): Promise<string> {
  const honest = createDelegationPayload(terms, NOW)
  const credentialSubject = { ...Object(honest.credentialSubject), ...change.subject }
  const payload = { ...honest, credentialSubject, ...change.claims }
  const header = { alg: 'EdDSA', kid: change.signer.kid, typ: 'vc+jwt', ...change.header }
  const text = JSON.stringify(payload)
  const jws = await signJws(JSON.stringify(header), change.json?.(text) ?? text, change.signer)
  return change.jws?.(jws) ?? jws
}

/** A compact JWS over any two texts. */
export async function signJws(header: string, payload: string, signer: Party): Promise<string> {
  const input = `${encodeText(header)}.${encodeText(payload)}`
  return `${input}.${encodeBase64url(await signer.signer.sign(encodeUtf8(input)))}`
}

/** A text as a part of a compact JWS. */
export function encodeText(text: string): string {
  return encodeBase64url(encodeUtf8(text))
}

/** What an honest delegator would put into the link at `index`. */
export function honestTerms(
  index: number,
  subjects: readonly Party[],
  parent: string | undefined,
): DelegationTerms {
  const statusListIndex = String(FIRST_INDEX + index)
  return {
    id: linkId(index),
    issuer: (subjects[index - 1] ?? issuer).did,
    subject: (subjects[index] ?? agentC).did,
    onBehalfOf: { id: 'person-7', tenant: 'acme' },
    capabilities: [ITEMS],
    maxDelegationDepth: subjects.length - 1 - index,
    validFrom: NOW - 60_000,
    validUntil: NOW + 600_000,
    status: {
      id: `${LIST_URL}#${statusListIndex}`,
      type: 'BitstringStatusListEntry',
      statusPurpose: 'revocation',
      statusListIndex,
      statusListCredential: LIST_URL,
    },
    ...(index === 0 ? { approval: { method: 'operator', digest: digestSha256('evidence') } } : {}),
    ...(parent === undefined ? {} : { parent: { id: linkId(index - 1), digest: digestSha256(parent) } }),
  }
}

/** The id of the link at `index` of an honest chain. */
export function linkId(index: number): string {
  return `urn:uuid:00000000-0000-4000-8000-${String(index).padStart(12, '0')}`
}

function longSubjects(length: number): readonly Party[] {
  return [...Array.from({ length: length - 1 }, (_, index) => createParty(index + 1)), agentC]
}

/** The chain of the baseline request. */
export const CHAIN: readonly string[] = await createChain()
