import { createHash } from 'node:crypto'
import { type Draft, lineValues, setLine } from './draft.ts'
import type { Party } from './parties.ts'
import type { Registry, SignedLink } from './registry.ts'

/** How a request is signed; anything may be wrong with it. */
export interface SigningPlan {
  readonly signer: Party
  readonly origin: string
  readonly components: readonly string[]
  /** The parameters as text, from the first semicolon. */
  readonly params: string
  readonly label?: string
}

/** The parameters of an honest signature. */
export interface HonestParameters {
  readonly created: number
  readonly expires: number
  readonly nonce: string
  readonly keyid: string
  readonly tag: string
}

/** Spells the parameters of an honest signature. */
export function spellParameters({ created, expires, nonce, keyid, tag }: HonestParameters): string {
  return `;created=${created};expires=${expires};nonce="${nonce}";keyid="${keyid}";alg="ed25519";tag="${tag}"`
}

/** The components that a draft needs covered. */
export function requiredComponents(draft: Draft): string[] {
  const sent = ['content-type', 'content-digest', 'agent-context'].filter(
    (name) => lineValues(draft, name).length > 0,
  )
  return ['@method', '@target-uri', 'signature-key', ...sent]
}

/** The Content-Digest of a body, by another hash function than the packages use. */
export function digestOf(body: Uint8Array, algorithm: 'sha256' | 'sha512' = 'sha256'): string {
  const name = algorithm.replace('sha', 'sha-')
  return `${name}=:${createHash(algorithm).update(body).digest('base64')}:`
}

/**
 * Signs a draft the way RFC 9421 says, sharing no code with the package that verifies it, writes both fields and
 * registers what was signed.
 */
export function signDraft(draft: Draft, plan: SigningPlan, registry: Registry): void {
  const { signer, origin, components, params, label = 'sig' } = plan
  const lines = components.map((name) => `"${name}": ${componentValue(draft, origin, name)}\n`).join('')
  const input = `(${components.map((name) => `"${name}"`).join(' ')})${params}`
  const signature = signer.sign(`${lines}"@signature-params": ${input}`).toString('base64')
  setLine(draft, 'Signature-Input', `${label}=${input}`)
  setLine(draft, 'Signature', `${label}=:${signature}:`)
  registry.addRequest(signature, draft, { signer, origin, components, params })
}

function componentValue(draft: Draft, origin: string, name: string): string {
  const [path = '', ...query] = draft.target.split('?')
  switch (name) {
    case '@method':
      return draft.method
    case '@target-uri':
      return origin + draft.target
    case '@authority':
      return origin.replace(/^https?:\/\//, '')
    case '@scheme':
      return origin.replace(/:.*/, '')
    case '@path':
      return path
    case '@query':
      return `?${query.join('?')}`
    default:
      return lineValues(draft, name).join(', ')
  }
}

/** Signs any two texts as a compact JWS and registers it. */
export function signJws(header: string, payload: string, signer: Party, registry: Registry): SignedLink {
  const input = `${Buffer.from(header).toString('base64url')}.${Buffer.from(payload).toString('base64url')}`
  return registry.addLink(`${input}.${signer.sign(input).toString('base64url')}`, signer)
}

/** The header of an honest credential. */
export function headerOf(kid: string, typ = 'vc+jwt'): string {
  return JSON.stringify({ alg: 'EdDSA', kid, typ })
}
