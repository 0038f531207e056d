import { decodeUtf8, type JsonObject } from '@behalf/core'
import { parseMessageStatement } from '@behalf/credential'
import type { MessageVerifier, VerifiedRequest } from '@behalf/verifier'
import { CALLER_META, describeCaller, withoutReserved } from './forwarded-message.ts'
import { forgetCaller, rememberCaller } from './live-callers.ts'
import { type McpRequest, readMcpMessage } from './mcp-message.ts'
import { REQUEST_ID_META, readMeta, withMeta } from './message-meta.ts'
import type { StdioCall, StdioCalls } from './stdio-calls.ts'
import { cancelledBy } from './stdio-protocol.ts'
import { tellInMeta, toErrorMember, toRefusal } from './stdio-refusal.ts'
import { isOpening, type StdioSession } from './stdio-session.ts'
import type { StdioWire } from './stdio-wire.ts'
import { toAuthInfo } from './verified-caller.ts'

/** What messages are served with. */
export interface StdioServing {
  readonly verifier: Pick<MessageVerifier<unknown>, 'verify' | 'refuse' | 'requestId'>
  readonly session: StdioSession
  readonly calls: StdioCalls
  readonly wire: StdioWire
  /** The greatest message, in bytes. */
  readonly maxBytes: number
}

/** A line was verified and handed to the server, or refused. Never rejects. */
export async function serveLine(line: Uint8Array, serving: StdioServing): Promise<void> {
  const { verifier, maxBytes } = serving
  const requestId = verifier.requestId()
  try {
    accept(await verifier.verify({ bytes: line, requestId }), serving)
  } catch (error) {
    writeSafely(toRefusal(line, verifier.refuse(error, requestId), maxBytes), serving)
  }
}

/** What the server says was sent to whoever may hear it. Rejects where the stream does. */
export async function sendOut(message: JsonObject, serving: StdioServing): Promise<void> {
  const { calls, session, wire } = serving
  if ('method' in message) {
    // What comes unasked is for whoever holds a session or a call that is alive, and for nobody else.
    if (session.isAlive() || calls.size() > 0) await wire.write(message)
    return
  }
  const call = calls.end(message['id'])
  // Whoever waited for another one was told already.
  if (call === undefined) return
  forgetCaller(call.verified)
  if ('error' in message) session.closeIfOf(call.verified)
  await wire.write(tellInMeta(message, { [REQUEST_ID_META]: call.verified.requestId }))
}

/** Nothing more is read or written. */
export function endServing({ calls, session }: Omit<StdioServing, 'wire'>): void {
  for (const { verified } of calls.clear()) forgetCaller(verified)
  session.close()
}

function accept(verified: VerifiedRequest<unknown>, serving: StdioServing): void {
  const plain = readVerified(verified)
  const message = readMcpMessage({ jsonrpc: '2.0', ...plain })
  if (message.kind === 'request') {
    begin(message, verified, { ...serving, plain })
    return
  }
  const cancelled = serving.calls.end(cancelledBy(plain))
  if (cancelled !== undefined) forgetCaller(cancelled.verified)
  serving.wire.deliver(withCaller(plain, verified))
}

function begin(
  message: McpRequest,
  verified: VerifiedRequest<unknown>,
  serving: StdioServing & { readonly plain: JsonObject },
): void {
  const { session, calls, wire, plain } = serving
  if (isOpening(message)) session.open(verified)
  rememberCaller(verified)
  calls.begin({ id: message.id, verified }, (call, reason) => endCall(call, reason, serving))
  wire.deliver(withCaller(plain, verified), { authInfo: toAuthInfo(verified) })
}

/** A call whose chain died is answered for the server, and the server told to end it. */
function endCall({ id, verified }: StdioCall, reason: unknown, serving: StdioServing): void {
  forgetCaller(verified)
  const problem = serving.verifier.refuse(reason, verified.requestId)
  writeSafely({ id, error: toErrorMember(problem) }, serving)
  const params = { requestId: id, reason: 'what allowed the call has ended' }
  serving.wire.deliver({ method: 'notifications/cancelled', params })
}

/** The message that was verified: made of the text that was signed, and of nothing that came beside it. */
function readVerified({ body }: VerifiedRequest<unknown>): JsonObject {
  const statement = parseMessageStatement(decodeUtf8(body))
  if (statement === undefined) throw new TypeError('what was verified is no message')
  // With the prototypes that the schemas of an SDK look for.
  return structuredClone(statement.message)
}

/** With what was verified of its caller, and nothing that the caller said of itself. */
function withCaller(message: JsonObject, verified: VerifiedRequest<unknown>): JsonObject {
  const meta = withoutReserved(readMeta(message) ?? {})
  // An answer is not asked who gives it.
  if (!('method' in message)) return withMeta(message, meta)
  return withMeta(message, { ...meta, [CALLER_META]: describeCaller(verified) })
}

/** A peer that does not read is the wire's to notice. */
function writeSafely(message: JsonObject | undefined, { wire }: StdioServing): void {
  if (message !== undefined) wire.write(message).catch(() => undefined)
}
