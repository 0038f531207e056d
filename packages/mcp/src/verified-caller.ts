import type { AnyVerifiedRequest } from '@behalf/verifier'
import { findCaller } from './live-callers.ts'

/** What the official SDKs hand to a tool about who calls; the shape that both generations call AuthInfo. */
export interface McpAuthInfo {
  /** Always empty: what the caller proved itself with is not for the server to pass on. */
  readonly token: ''
  /** DID of the agent. */
  readonly clientId: string
  readonly scopes: string[]
  /** Seconds since the epoch. */
  readonly expiresAt: number
  readonly extra: Record<string, unknown>
}

/** What was verified, so that nothing else can pass for it. */
const VERIFIED = new WeakSet<object>()

/** What the SDKs hand to a tool about a verified request. */
export function toAuthInfo(verified: AnyVerifiedRequest<unknown>): McpAuthInfo {
  VERIFIED.add(verified)
  const expiresAt = verified.token === undefined ? verified.chain.leaf.validUntil : verified.token.expiresAt
  return {
    token: '',
    clientId: verified.agent,
    scopes: [],
    expiresAt: Math.floor(expiresAt / 1000),
    extra: { behalf: verified },
  }
}

/**
 * Who calls a tool, a resource or a prompt, on whose behalf, and with which right, as it was verified.
 *
 * @param context what the SDK hands to the handler as its last argument, in either generation
 * @throws TypeError where the server runs without protection
 * @example
 * server.registerTool('whoami', {}, (context) => {
 *   const { principal } = verifiedCaller(context)
 *   return { content: [{ type: 'text', text: principal.id }] }
 * })
 */
export function verifiedCaller(context: object): AnyVerifiedRequest<unknown> {
  const { authInfo, http, _meta, mcpReq } = context as ToolContext
  const verified = (authInfo ?? http?.authInfo)?.extra?.['behalf'] ?? findCaller(_meta ?? mcpReq?._meta)
  if (isVerified(verified)) return verified
  throw new TypeError(
    'no verified request: this server is not served through createMcpEndpoint or createStdioEndpoint',
  )
}

interface CarriedAuthInfo {
  readonly extra?: Record<string, unknown>
}

interface ToolContext {
  /** SDK 1.x. */
  readonly authInfo?: CarriedAuthInfo
  /** SDK 2.x. */
  readonly http?: { readonly authInfo?: CarriedAuthInfo }
  /** SDK 1.x. */
  readonly _meta?: Readonly<Record<string, unknown>>
  /** SDK 2.x, which hands on nothing else of what comes over stdio. */
  readonly mcpReq?: { readonly _meta?: Readonly<Record<string, unknown>> }
}

function isVerified(value: unknown): value is AnyVerifiedRequest<unknown> {
  return typeof value === 'object' && value !== null && VERIFIED.has(value)
}
