import {
  authorize,
  type Capability,
  CredentialError,
  type McpAccess,
  type McpPreparation,
} from '@behalf/credential'
import {
  type AllowedRequest,
  type ProvenRequest,
  type RequestProtocol,
  VerifierError,
} from '@behalf/verifier'
import { admitHost, hostsOf } from './admit-host.ts'
import { toMcpAccess, toProtocolCall } from './mcp-access.ts'
import { type McpMessage, parseMcpMessage } from './mcp-message.ts'
import type { McpSessions } from './mcp-sessions.ts'

/** What an endpoint is. */
export interface McpEndpointFacts {
  /** Absolute, without query and fragment. */
  readonly url: URL
  /** Values of Origin that may call beside the endpoint's own. */
  readonly allowedOrigins: readonly string[]
  readonly sessions: McpSessions
}

/** Header that names a session. @see MCP 2025-11-25, transports */
export const SESSION_FIELD = 'mcp-session-id'

const JSON_TYPE = /^application\/json[ \t]*(?:;[ \t]*charset=(?:utf-8|"utf-8")[ \t]*)?$/i
/** Opens and ends streams and sessions; uses nothing. */
const WITHOUT_MESSAGE: ReadonlySet<string> = new Set(['GET', 'DELETE'])

/**
 * What requests mean to an MCP endpoint over Streamable HTTP. Only capabilities of type `mcp` for exactly its URL count.
 */
export function createMcpProtocol({ url, allowedOrigins, sessions }: McpEndpointFacts): RequestProtocol {
  const admitted = { hosts: hostsOf(url), origins: new Set([url.origin, ...allowedOrigins]) }
  return {
    admit: (fields) => admitHost(fields, admitted),
    authorize: (request) => {
      checkTarget(request, url)
      const message = readMessage(request)
      const allowed = authorizeMessage(message, { location: url.href, ...request })
      checkSession(message, request, sessions)
      return allowed
    },
  }
}

/**
 * The capability that allows a message.
 *
 * @param message undefined where none was sent: a stream or a session is opened or ended
 * @throws VerifierError scope_exceeded with what would be needed; CredentialError as `authorize`
 */
export function authorizeMessage(
  message: McpMessage | undefined,
  facts: { readonly location: string; readonly capabilities: readonly Capability[]; readonly now: number },
): AllowedRequest {
  const { location, capabilities, now } = facts
  const access = toMcpAccess(message ?? { kind: 'response' }, { location, now })
  const call = message && toProtocolCall(message)
  try {
    const { capability } = authorize(capabilities, access)
    return call === undefined ? { capability } : { capability, call }
  } catch (cause) {
    if (!(cause instanceof CredentialError) || cause.code !== 'scope_exceeded') throw cause
    throw new VerifierError('scope_exceeded', cause.message, { cause, requiredScope: nameScope(access) })
  }
}

/** The message of a request; undefined for one that opens or ends a stream. */
export function readMessage({
  method,
  body,
  headers,
}: Pick<ProvenRequest, 'method' | 'body' | 'headers'>): McpMessage | undefined {
  if (WITHOUT_MESSAGE.has(method)) {
    if (body.length === 0) return undefined
    throw new VerifierError('request_malformed', 'a body where none is read')
  }
  if (method !== 'POST')
    throw new VerifierError('request_malformed', 'a method that the transport does not have')
  const { values } = headers.fields
  // Nothing covers Content-Encoding, and under one the server would read other bytes than these.
  if (values.has('content-encoding') || !JSON_TYPE.test(values.get('content-type') ?? '')) {
    throw new VerifierError('request_malformed', 'the body is not plain application/json')
  }
  return parseMcpMessage(body)
}

function checkTarget({ target }: ProvenRequest, url: URL): void {
  if (target.origin + target.path === url.origin + url.pathname && target.query === '') return
  throw new VerifierError('target_mismatch', 'the target is not the endpoint')
}

function checkSession(message: McpMessage | undefined, request: ProvenRequest, sessions: McpSessions): void {
  const id = request.headers.fields.values.get(SESSION_FIELD)
  if (id !== undefined) sessions.check(id, request, request.now)
  else if (message?.kind === 'request' && message.method === 'initialize')
    sessions.checkRoom(request, request.now)
}

/** What a delegation would have to cover: the method, the endpoint and, where one is called, the tool. */
function nameScope(access: McpAccess | McpPreparation): string {
  if (access.action === undefined) return [access.prepares?.at(-1) ?? 'any', access.location].join(' ')
  const { action, location, tool } = access
  return [action, location, ...(tool === undefined ? [] : [tool])].join(' ')
}
