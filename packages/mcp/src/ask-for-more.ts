import type { Capability, McpAccess, McpCapability, McpPreparation } from '@behalf/credential'
import type { HeldDelegation, RequestDelegationOptions, Wallet } from '@behalf/wallet'
import { isUnexpired } from './choose-delegation.ts'

/** Of whom a client asks for rights that it lacks, and in what words: everything but the capabilities. */
export type McpQuestion = Omit<RequestDelegationOptions, 'capabilities'>

/** The lists of what there is to use, asked for where nothing is held yet. */
const LISTS = ['tools/list', 'resources/list', 'prompts/list']

/**
 * A delegation that covers what is needed, and what the agent may do at this endpoint already: whoever decides sees
 * both, and a session can go on under it. Waits for the person who decides.
 *
 * @param digest of the definition of the tool, where a tool is needed
 * @throws WalletError as `requestDelegation`
 */
export async function askForMore(
  wallet: Wallet,
  question: McpQuestion,
  { access, digest }: { readonly access: McpAccess | McpPreparation; readonly digest: string | undefined },
): Promise<HeldDelegation> {
  const needed = toCapability(access, digest)
  const held = wallet.delegations().find((delegation) => isKept(delegation, question, access))
  const before = held?.leaf.capabilities.filter((capability) => isHere(capability, access.location)) ?? []
  const [tool] = Object.keys(needed.tools ?? {})
  const kept = tool === undefined ? before : before.flatMap((capability) => withoutTool(capability, tool))
  const capabilities = [...kept, needed]
  return await wallet.requestDelegation({ ...question, capabilities })
}

/** Whether it goes on: issued to this agent by that authority, for the same principal, and not ended. */
function isKept(
  delegation: HeldDelegation,
  question: McpQuestion,
  access: McpAccess | McpPreparation,
): boolean {
  return (
    delegation.authority === question.authority &&
    delegation.links.length === 1 &&
    delegation.leaf.onBehalfOf.id === question.onBehalfOf.id &&
    isUnexpired(delegation, access.now)
  )
}

function isHere(capability: Capability, location: string): capability is McpCapability {
  return capability.type === 'mcp' && capability.locations.includes(location)
}

/** What is asked for anew must not stay pinned to what it was before. */
function withoutTool(capability: McpCapability, tool: string): readonly McpCapability[] {
  const { [tool]: pin, ...tools } = capability.tools ?? {}
  if (pin === undefined) return [capability]
  const isEmpty =
    Object.keys(tools).length === 0 && capability.actions.every((action) => action === 'tools/call')
  return isEmpty ? [] : [{ ...capability, tools }]
}

function toCapability(access: McpAccess | McpPreparation, digest: string | undefined): McpCapability {
  const common = { type: 'mcp', locations: [access.location] } as const
  if (access.action === undefined) return { ...common, actions: access.prepares ?? LISTS }
  const { action, tool } = access
  if (tool === undefined || digest === undefined) return { ...common, actions: [action] }
  return { ...common, actions: [action], tools: { [tool]: digest } }
}
