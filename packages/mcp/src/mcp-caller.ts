import { type Clock, systemClock } from '@behalf/core'
import type { McpAccess, McpPreparation } from '@behalf/credential'
import type { AgentContext, HeldDelegation, Wallet } from '@behalf/wallet'
import { askForMore, type McpQuestion } from './ask-for-more.ts'
import { findDelegations } from './choose-delegation.ts'
import { McpError } from './error.ts'
import { toMcpAccess } from './mcp-access.ts'
import type { McpMessage } from './mcp-message.ts'
import { isAsApproved } from './tool-definitions.ts'

/** What an agent calls an endpoint with. */
export interface McpCallerOptions {
  /** What to ask for where a right is lacking, and of whom. Without it nobody is asked. */
  readonly ask?: McpQuestion
  /** What the agent says about its calls; the tool is named by itself. */
  readonly context?: AgentContext
  readonly clock?: Clock
}

/** One agent at one endpoint: which delegation it shows for which message. */
export interface McpCaller {
  readonly wallet: Wallet
  readonly url: URL
  /** What the agent says about a message. */
  contextOf(message: McpMessage | undefined): AgentContext
  /**
   * The delegation to show with a message, which allows it. A tool is defined as it was when it was approved.
   *
   * @param message undefined for a stream or a session that is opened or ended
   * @param digests of the tools as the server tells them now
   * @param preferred id of the one to show where it allows the message, too
   * @throws McpError credential_missing, tool_definition_changed; WalletError as `requestDelegation`
   */
  delegationFor(
    message: McpMessage | undefined,
    digests: ReadonlyMap<string, string>,
    preferred?: string,
  ): Promise<HeldDelegation>
  /**
   * Another delegation to show with a message that was refused, where one can be asked for and may help: the server
   * wants a person's approval, or holds a delegation for ended.
   *
   * @param refusal what the sending threw
   * @returns undefined where nobody is asked
   * @throws WalletError as `requestDelegation`
   */
  delegationAfter(
    refusal: unknown,
    message: McpMessage | undefined,
    digests: ReadonlyMap<string, string>,
  ): Promise<HeldDelegation | undefined>
}

/** Refusals that another delegation for the same may mend. */
const MENDED_BY_ASKING: ReadonlySet<string> = new Set(['approval_required', 'credential_expired'])

/** Makes the caller of an endpoint. */
export function createMcpCaller(wallet: Wallet, url: URL, options: McpCallerOptions): McpCaller {
  const { ask, context = {}, clock = systemClock } = options
  const find = (message: McpMessage | undefined, digests: ReadonlyMap<string, string>): Needed => {
    const access = toMcpAccess(message ?? { kind: 'response' }, { location: url.href, now: clock() })
    return { access, digest: access.tool === undefined ? undefined : digests.get(access.tool) }
  }
  return {
    wallet,
    url,
    contextOf: (message) => {
      const tool = toolOf(message)
      return tool === undefined ? context : { ...context, tool }
    },
    delegationFor: async (message, digests, preferred) => {
      const { access, digest } = find(message, digests)
      const found = findDelegations(wallet.delegations(), access)
      if (found.length === 0) return await obtain(wallet, ask, { access, digest })
      const pinned = found.filter((delegation) => isUnchanged(delegation, access, digest))
      const chosen = pinned.find(({ id }) => id === preferred) ?? pinned[0]
      if (chosen !== undefined) return chosen
      throw new McpError(
        'tool_definition_changed',
        `the definition of ${access.tool} is not the one that was approved: look at it, and ask for it again`,
      )
    },
    delegationAfter: async (refusal, message, digests) => {
      if (ask === undefined) return undefined
      if (!(refusal instanceof McpError && MENDED_BY_ASKING.has(refusal.code))) return undefined
      return await askForMore(wallet, ask, find(message, digests))
    },
  }
}

/** What a message needs: to be allowed this, with a tool as it is now. */
interface Needed {
  readonly access: McpAccess | McpPreparation
  /** Of the definition of the tool, where one is called and known. */
  readonly digest: string | undefined
}

function isUnchanged(
  delegation: HeldDelegation,
  access: McpAccess | McpPreparation,
  digest: string | undefined,
): boolean {
  const { tool } = access
  return tool === undefined || isAsApproved(delegation, { ...access, tool }, digest)
}

/** The tool that a message calls. */
export function toolOf(message: McpMessage | undefined): string | undefined {
  if (message?.kind !== 'request' || message.method !== 'tools/call') return undefined
  const { name } = message.params
  return typeof name === 'string' ? name : undefined
}

async function obtain(
  wallet: Wallet,
  question: McpQuestion | undefined,
  needed: Needed,
): Promise<HeldDelegation> {
  const { access, digest } = needed
  const isUnknownTool = access.action === 'tools/call' && digest === undefined
  if (question !== undefined && !isUnknownTool) return await askForMore(wallet, question, needed)
  const what = access.action === undefined ? 'anything' : [access.action, access.tool].join(' ').trimEnd()
  throw new McpError('credential_missing', `no unexpired delegation allows ${what} at ${access.location}`, {
    requiredScope: [access.action ?? 'any', access.location, access.tool].join(' ').trimEnd(),
  })
}
