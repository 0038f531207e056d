import { encodeBase64url, encodeUtf8, isJsonObject, type JsonObject, parseJson } from '@behalf/core'
import { digestDelegationChain, formatMessageStatement } from '@behalf/credential'
import {
  type AuditRecord,
  createMemoryReplayStore,
  createMemoryUseCounter,
  createMessageVerifier,
  type IncomingMessage,
  type MessageProtocol,
  type MessageVerifier,
  type MessageVerifierOptions,
  VerifierError,
} from '../../src/index.ts'
import { agentC, issuer, type Party } from './agents.ts'
import { NOW } from './chain.ts'
import { makeList, makeStatusSource } from './world.ts'

export const AUDIENCE = 'https://mcp.test/issues'
export const CALL: JsonObject = {
  id: 1,
  method: 'tools/call',
  params: { name: 'search', arguments: { a: 1 } },
}

/** Reads `{ message, proof, traceparent }`, and allows whatever the first capability is. */
const protocol: MessageProtocol = {
  read: (bytes) => {
    const value = parseJson(bytes)
    if (!isJsonObject(value)) throw new VerifierError('request_malformed', 'no object')
    const { message, proof, traceparent } = value
    return {
      message: isJsonObject(message) ? message : {},
      proof,
      ...(typeof traceparent === 'string' && { traceparent }),
    }
  },
  authorize: ({ capabilities: [capability] }) => {
    if (capability === undefined) throw new VerifierError('scope_exceeded', 'no rights')
    return { capability, call: { method: 'tools/call', tool: 'search' } }
  },
}

/** What a test changes in a message and its proof. */
export interface MessageChanges {
  readonly message?: JsonObject
  readonly signer?: Party
  /** What is signed besides, or instead. */
  readonly signed?: JsonObject
  /** Laid over the proof after it was signed; undefined takes a member away. */
  readonly proof?: { readonly [name: string]: JsonObject[string] | undefined }
  /** What is sent in place of what was signed. */
  readonly sent?: JsonObject
  /** Beside the message. */
  readonly beside?: JsonObject
}

let nonces = 0

/** A message with its proof by the leaf of a chain, or by another. */
export async function makeMessage(
  links: readonly string[],
  changes: MessageChanges = {},
): Promise<IncomingMessage> {
  nonces += 1
  const { message = CALL, signer = agentC, beside = {} } = changes
  const created = Math.floor(NOW / 1000)
  const claims = {
    audience: AUDIENCE,
    keyid: signer.kid,
    nonce: `nonce-${String(nonces).padStart(16, '0')}`,
    created,
    expires: created + 60,
    ...changes.signed,
  }
  const text = formatMessageStatement({ ...claims, cid: digestDelegationChain(links), message })
  const signature = encodeBase64url(await signer.signer.sign(encodeUtf8(text)))
  const proof = { ...claims, chain: links, signature, ...changes.proof }
  return { bytes: encodeUtf8(JSON.stringify({ message: changes.sent ?? message, proof, ...beside })) }
}

/** A verifier of messages, and what it recorded. */
export interface MessageWorld {
  readonly verifier: MessageVerifier<unknown>
  readonly records: AuditRecord[]
}

const emptyList = await makeList()

/** Makes a verifier that accepts what `makeMessage` makes; its replay store has been running for a while. */
export function makeMessageWorld(changes: Partial<MessageVerifierOptions<unknown>> = {}): MessageWorld {
  const records: AuditRecord[] = []
  const time = { now: NOW - 60_000 }
  const clock = (): number => time.now
  const verifier = createMessageVerifier<unknown>({
    audience: AUDIENCE,
    protocol,
    trustedIssuers: [issuer.did],
    statusSource: makeStatusSource(emptyList),
    replayStore: createMemoryReplayStore({ clock }),
    useCounter: createMemoryUseCounter({ clock }),
    auditSink: { record: (entry) => void records.push(entry) },
    clock,
    reportFault: () => undefined,
    ...changes,
  })
  time.now = NOW
  return { verifier, records }
}

/** The code with which a message is refused, or `ok`. */
export async function codeOfMessage(
  message: IncomingMessage,
  world: MessageWorld = makeMessageWorld(),
): Promise<string> {
  try {
    await world.verifier.verify(message)
    return 'ok'
  } catch (error) {
    if (error instanceof VerifierError) return error.code
    throw error
  }
}
