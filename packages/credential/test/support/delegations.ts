import {
  digestSha256,
  encodeBase64url,
  encodeUtf8,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '@behalf/core'
import {
  type Capability,
  createDelegationPayload,
  type DelegationTerms,
  type StatusEntry,
  signCompactJws,
} from '../../src/index.ts'
import { type Actor, agent, issuer, MINUTE, NOW } from './actors.ts'

/** The list of every fixture. */
export const LIST_URL = 'https://authority.test/status/lists/1'

/** May read and write below `/v1/`. */
export const CAPABILITY: Capability = {
  type: 'http',
  locations: ['https://api.test'],
  actions: ['GET', 'POST'],
  paths: ['/v1/**'],
}

/** Changes one payload before it is signed. */
export type Edit = (payload: JsonObject) => JsonObject

/** Returns the identifier of a number. */
export function uuid(number: number): string {
  return `urn:uuid:00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
}

export function statusEntry(index: number): StatusEntry {
  return {
    id: `${LIST_URL}#${index}`,
    type: 'BitstringStatusListEntry',
    statusPurpose: 'revocation',
    statusListIndex: String(index),
    statusListCredential: LIST_URL,
  }
}

/** Returns the terms of a root for the first agent. */
export function rootTerms(changes: Partial<DelegationTerms> = {}): DelegationTerms {
  return {
    id: uuid(0),
    issuer: issuer.did,
    subject: agent(0).did,
    onBehalfOf: { id: 'principal-1' },
    capabilities: [CAPABILITY],
    maxDelegationDepth: 7,
    validFrom: NOW - MINUTE,
    validUntil: NOW + 10 * MINUTE,
    status: statusEntry(0),
    ...changes,
  }
}

/** Returns the payload of {@link rootTerms}. */
export function rootPayload(changes: Partial<DelegationTerms> = {}): JsonObject {
  return createDelegationPayload(rootTerms(changes), NOW)
}

/** Resolves to a link that nothing checked before it was signed. */
export async function signUnchecked(
  payload: JsonObject,
  signer: Actor = issuer,
  header: JsonObject = {},
): Promise<string> {
  return await signCompactJws({
    header: { typ: 'vc+jwt', kid: signer.kid, ...header },
    payload,
    signer: signer.signer,
  })
}

/** Resolves to a JWS over texts, which may be anything. */
export async function signText(header: string, payload: string, signer: Actor = issuer): Promise<string> {
  const input = [header, payload].map((part) => encodeBase64url(encodeUtf8(part))).join('.')
  return `${input}.${encodeBase64url(await signer.signer.sign(encodeUtf8(input)))}`
}

/** Returns the header of a delegation as text. */
export function headerText(signer: Actor = issuer): string {
  return JSON.stringify({ alg: 'EdDSA', kid: signer.kid, typ: 'vc+jwt' })
}

/** Returns the object with the member at a dotted path set, or removed when `value` is undefined. */
export function withMember(object: JsonObject, path: string, value: JsonValue | undefined): JsonObject {
  const [name = '', ...rest] = path.split('.')
  const { [name]: before, ...others } = object
  if (rest.length > 0) {
    if (!isJsonObject(before)) throw new TypeError(`There is no object at ${name}`)
    return { ...others, [name]: withMember(before, rest.join('.'), value) }
  }
  return value === undefined ? others : { ...others, [name]: value }
}

/** One link of {@link signChain}. */
export interface LinkPlan {
  readonly terms?: Partial<DelegationTerms>
  readonly edit?: Edit
  /** Signs with this key; the agent above unless said otherwise. */
  readonly signer?: Actor
  /** Names this key in the header; the signer's unless said otherwise. */
  readonly kid?: string
}

/** Resolves to a chain of as many links as there are plans, each for the next agent; nothing checks it. */
export async function signChain(plans: readonly LinkPlan[]): Promise<readonly string[]> {
  const links: string[] = []
  let parent: { id: string; digest: string } | undefined
  for (const [index, plan] of plans.entries()) {
    const delegator = index === 0 ? issuer : agent(index - 1)
    const terms = rootTerms({
      id: uuid(index),
      issuer: delegator.did,
      subject: agent(index).did,
      maxDelegationDepth: 7 - index,
      status: statusEntry(index),
      ...(parent === undefined ? {} : { parent }),
      ...plan.terms,
    })
    const payload = createDelegationPayload(terms, NOW)
    const signer = plan.signer ?? delegator
    const jws = await signUnchecked(plan.edit?.(payload) ?? payload, signer, {
      kid: plan.kid ?? signer.kid,
    })
    links.push(jws)
    parent = { id: terms.id, digest: digestSha256(jws) }
  }
  return links
}

/** Resolves to a valid chain of this many links. */
export async function signValidChain(length: number): Promise<readonly string[]> {
  return await signChain(Array.from({ length }, () => ({})))
}
