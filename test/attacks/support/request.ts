import { createHash } from 'node:crypto'
import { encodeBase64, encodeBase64url, encodeUtf8 } from '@behalf/core'
import { CHAIN, NOW } from './chain.ts'
import { agentC, type Party } from './party.ts'

/** A header line; each character of the value is one byte on the wire. */
export type Line = readonly [name: string, value: string]

/** A parameter of a signature as it is spelled: `['created', '1']` is `;created=1`, and undefined makes a bare one. */
export type Parameter = readonly [name: string, value: string | undefined]

/** A request before it is signed. Everything is text as on the wire, so that it can be anything. */
export interface Draft {
  readonly method: string
  readonly target: string
  /** What stands before the target in `@target-uri`. */
  readonly origin: string
  readonly lines: readonly Line[]
  readonly body: Uint8Array
  readonly label: string
  /** Component identifiers as they are spelled, quotes included. */
  readonly components: readonly string[]
  readonly params: readonly Parameter[]
  readonly signer: Party
  /** Values of components in the signature base, where they are not those of the message. */
  readonly values: Readonly<Record<string, string>>
}

/** A request as it goes on the wire. */
export interface WireRequest {
  readonly method: string
  readonly target: string
  readonly lines: readonly Line[]
  readonly body: Uint8Array
}

/** What may differ in the baseline request before it is made. */
export interface BaselineChanges {
  readonly method?: string
  readonly target?: string
  readonly origin?: string
  readonly host?: string
  readonly body?: string | Uint8Array
  /** Links, root first. */
  readonly chain?: readonly string[]
  readonly label?: string
  readonly signer?: Party
  readonly keyid?: string
  /** Unix seconds. */
  readonly created?: number
  readonly expires?: number
  readonly nonce?: string
}

const NOW_SECONDS = NOW / 1000
let nonces = 0

/** A nonce that nothing else in this process uses. */
export function freshNonce(): string {
  nonces += 1
  const bytes = new Uint8Array(16).fill(0xa5)
  new DataView(bytes.buffer).setUint32(8, nonces)
  new DataView(bytes.buffer).setUint32(12, process.pid)
  return encodeBase64url(bytes)
}

/**
 * The baseline request: POST https://api.test/v1/items?b=2&a=1 with a small JSON body, three delegations, signed by
 * agent C; not signed yet.
 */
export function baseline(changes: BaselineChanges = {}): Draft {
  const {
    chain = CHAIN,
    body = '{"x":1}',
    label = 'sig',
    signer = agentC,
    origin = 'https://api.test',
  } = changes
  const bytes = typeof body === 'string' ? encodeUtf8(body) : body
  const created = changes.created ?? NOW_SECONDS
  return {
    method: changes.method ?? 'POST',
    target: changes.target ?? '/v1/items?b=2&a=1',
    origin,
    lines: [
      ['Host', changes.host ?? origin.slice(origin.indexOf('//') + 2)],
      ...(bytes.length === 0 ? [] : bodyLines(bytes)),
      ...presentation(chain, label),
    ],
    body: bytes,
    label,
    components: [
      '"@method"',
      '"@target-uri"',
      ...(bytes.length === 0 ? [] : ['"content-type"', '"content-digest"']),
      '"signature-key"',
    ],
    params: [
      ['created', String(created)],
      ['expires', String(changes.expires ?? created + 60)],
      ['nonce', `"${changes.nonce ?? freshNonce()}"`],
      ['keyid', `"${changes.keyid ?? signer.kid}"`],
      ['alg', '"ed25519"'],
      ['tag', '"agent-delegation"'],
    ],
    signer,
    values: {},
  }
}

/** The header lines that present a chain. */
export function presentation(chain: readonly string[], label = 'sig'): readonly Line[] {
  const ancestors = chain.slice(0, -1).map((link) => `"${link}"`)
  const key: Line = ['Signature-Key', `${label}=jwt;jwt="${chain.at(-1) ?? ''}"`]
  return ancestors.length === 0 ? [key] : [key, ['Delegation-Chain', ancestors.join(', ')]]
}

const DIGESTS = { 'sha-256': 'sha256', 'sha-512': 'sha512', sha: 'sha1', md5: 'md5' } as const

/** One member of `Content-Digest`. */
export function digestOf(body: Uint8Array | string, algorithm: keyof typeof DIGESTS = 'sha-256'): string {
  return `${algorithm}=:${createHash(DIGESTS[algorithm]).update(body).digest('base64')}:`
}

function bodyLines(body: Uint8Array): readonly Line[] {
  return [
    ['Content-Type', 'application/json'],
    ['Content-Length', String(body.length)],
    ['Content-Digest', digestOf(body)],
  ]
}

/** The text that is signed, built from what the draft spells and nothing else. */
export function signatureBase(draft: Draft): string {
  const lines = draft.components.map((component) => `${component}: ${componentValue(draft, component)}\n`)
  return `${lines.join('')}"@signature-params": ${spellInput(draft)}`
}

/** The draft with its two signature headers, by the key of its signer. */
export async function sign(draft: Draft): Promise<WireRequest> {
  const signature = await draft.signer.signer.sign(Buffer.from(signatureBase(draft), 'latin1'))
  return withSignature(draft, `${draft.label}=:${encodeBase64(signature)}:`)
}

/** The draft with any value of `Signature`. */
export function withSignature(draft: Draft, signature: string): WireRequest {
  const { method, target, lines, body } = draft
  const input: Line = ['Signature-Input', `${draft.label}=${spellInput(draft)}`]
  return { method, target, lines: [...lines, input, ['Signature', signature]], body }
}

/** The bytes of a request. */
export function encodeRequest({ method, target, lines, body }: WireRequest): Uint8Array {
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.concat([Buffer.from(`${method} ${target} HTTP/1.1\r\n${head}\r\n`, 'latin1'), body])
}

function spellInput({ components, params }: Draft): string {
  const spelled = params.map(([name, value]) => (value === undefined ? `;${name}` : `;${name}=${value}`))
  return `(${components.join(' ')})${spelled.join('')}`
}

function componentValue(draft: Draft, component: string): string {
  const known = draft.values[component]
  if (known !== undefined) return known
  const name = component.slice(1, component.indexOf('"', 1))
  const [path = '', query] = draft.target.split(/\?(.*)/s, 2)
  const derived: Readonly<Record<string, string>> = {
    '@method': draft.method,
    '@target-uri': draft.origin + draft.target,
    '@authority': draft.origin.slice(draft.origin.indexOf('//') + 2),
    '@scheme': draft.origin.slice(0, draft.origin.indexOf(':')),
    '@request-target': draft.target,
    '@path': path,
    '@query': `?${query ?? ''}`,
  }
  if (name.startsWith('@')) return derived[name] ?? ''
  return valuesOf(draft.lines, name).join(', ')
}

/** The values of a header, trimmed. */
export function valuesOf(lines: readonly Line[], name: string): readonly string[] {
  return lines
    .filter((line) => isNamed(line, name))
    .map(([, value]) => value.replaceAll(/^[ \t]+|[ \t]+$/g, ''))
}

function isNamed([name]: Line, wanted: string): boolean {
  return name.toLowerCase() === wanted.toLowerCase()
}

/** The same with lines added at the end. */
export function addLines<Message extends { readonly lines: readonly Line[] }>(
  message: Message,
  ...lines: readonly Line[]
): Message {
  return { ...message, lines: [...message.lines, ...lines] }
}

/** The same without the headers of these names. */
export function dropLines<Message extends { readonly lines: readonly Line[] }>(
  message: Message,
  ...names: readonly string[]
): Message {
  return { ...message, lines: message.lines.filter((line) => !names.some((name) => isNamed(line, name))) }
}

/** The same with the value of a header changed. */
export function changeLine<Message extends { readonly lines: readonly Line[] }>(
  message: Message,
  name: string,
  change: (value: string) => string,
): Message {
  if (!message.lines.some((line) => isNamed(line, name))) throw new Error(`there is no ${name} to change`)
  return {
    ...message,
    lines: message.lines.map((line) => (isNamed(line, name) ? [line[0], change(line[1])] : line)),
  }
}

/** The draft without a component. */
export function dropComponent(draft: Draft, ...components: readonly string[]): Draft {
  return { ...draft, components: draft.components.filter((component) => !components.includes(component)) }
}

/** The draft with components added. */
export function addComponent(draft: Draft, ...components: readonly string[]): Draft {
  return { ...draft, components: [...draft.components, ...components] }
}

/** The draft with a parameter spelled differently, in its place, or added. */
export function setParam(draft: Draft, name: string, value: string | undefined): Draft {
  const isThere = draft.params.some(([known]) => known === name)
  if (!isThere) return { ...draft, params: [...draft.params, [name, value]] }
  return { ...draft, params: draft.params.map((param) => (param[0] === name ? [name, value] : param)) }
}

/** The draft without a parameter. */
export function dropParam(draft: Draft, name: string): Draft {
  return { ...draft, params: draft.params.filter(([known]) => known !== name) }
}
