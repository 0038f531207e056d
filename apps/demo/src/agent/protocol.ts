import type { DelegateOptions, DelegationBundle, RequestDelegationOptions } from '@behalf/wallet'

/** A request as it leaves for the network: what somebody who listens in could copy. */
export interface CapturedRequest {
  readonly url: string
  readonly method: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string | undefined
}

export interface CallOptions {
  readonly method: string
  readonly url: string
  /** Sent as application/json. */
  readonly body?: unknown
  /** Id of the delegation to act under; by default the wallet chooses. */
  readonly delegation?: string
  /** What the agent says about this call: the tool it is using. */
  readonly tool?: string
  /** Exchange the delegation for an access token and call with that, instead of a signature. */
  readonly withToken?: boolean
}

export interface CallResult {
  readonly status: number
  /** The refusal's code, or undefined when the call was answered. */
  readonly code: string | undefined
  readonly requestId: string
  readonly body: unknown
  readonly sent: CapturedRequest
}

/** A call of a tool, for which its server gets a delegation to call further with. */
export interface ToolCallOptions {
  /** URL of the MCP endpoint. */
  readonly endpoint: string
  readonly tool: string
  readonly args: Readonly<Record<string, unknown>>
  /** Under which of its delegations the agent passes the server what it needs for this call. */
  readonly parent: string
  readonly onward: Pick<DelegateOptions, 'to' | 'capabilities' | 'validForSeconds'>
}

export interface ToolCallResult {
  readonly text: string
  /** Id of the request that the server made to the issue tracker. */
  readonly requestId: string
}

export interface Asked {
  readonly id: string
  readonly approvalUrl: string
}

export interface Held {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly validUntil: number
  /** How its root was approved, as the delegation itself says. */
  readonly approvedBy: string | undefined
}

export type AskOptions = Pick<
  RequestDelegationOptions,
  | 'authority'
  | 'onBehalfOf'
  | 'capabilities'
  | 'validForSeconds'
  | 'maxDelegationDepth'
  | 'purpose'
  | 'workflow'
>

/** What the story may tell an agent process to do, each with its arguments and its result. */
export interface AgentCommands {
  createWallet: { args: { path: string; passphraseFile: string }; result: { did: string } }
  /** Asks, says `asked` at once, and is done when the delegation is in the wallet. */
  request: { args: AskOptions; result: Held }
  /** Tries to collect what another agent asked for; gives the code of the refusal. */
  collectForeign: { args: { authority: string; id: string }; result: { code: string } }
  call: { args: CallOptions; result: CallResult }
  /** Signs a request without sending it. */
  sign: { args: CallOptions; result: CapturedRequest }
  /** Calls a tool of an MCP server, which gets a delegation of its own for that. */
  callTool: { args: ToolCallOptions; result: ToolCallResult }
  delegate: { args: DelegateOptions; result: DelegationBundle }
  receive: { args: { bundle: DelegationBundle }; result: Held }
}

export type CommandName = keyof AgentCommands

export interface Command<Name extends CommandName = CommandName> {
  readonly number: number
  readonly name: Name
  readonly args: AgentCommands[Name]['args']
}

export type Answer =
  | { readonly kind: 'done'; readonly number: number; readonly result: unknown }
  | { readonly kind: 'failed'; readonly number: number; readonly message: string; readonly code?: string }
  | { readonly kind: 'asked'; readonly asked: Asked }
