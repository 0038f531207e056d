import type { JsonObject, JsonValue } from '@behalf/core'
import type { Capability, Constraints, McpAccess, McpCapability, McpPreparation } from '@behalf/credential'
import type { HeldDelegation, RequestDelegationOptions, Wallet } from '@behalf/wallet'
import { isAllowed, isUnexpired } from './choose-delegation.ts'

/** Of whom a client asks for rights that it lacks, and in what words: everything but the capabilities. */
export type McpQuestion = Omit<RequestDelegationOptions, 'capabilities'>

/** The lists of what there is to use, asked for where nothing is held yet. */
const LISTS = ['tools/list', 'resources/list', 'prompts/list']

/** The limits on named values, by name. */
type ValueLimits = NonNullable<Constraints['arguments']>

/**
 * A delegation that covers what is needed, and what the agent may do at this endpoint already: whoever decides sees
 * both, and a session can go on under it. Where arguments are limited, no more is asked for than this call needs beyond
 * the limits. Waits for the person who decides.
 *
 * @param digest of the definition of the tool, where a tool is needed
 * @throws WalletError as `requestDelegation`
 */
export async function askForMore(
  wallet: Wallet,
  question: McpQuestion,
  { access, digest }: { readonly access: McpAccess | McpPreparation; readonly digest: string | undefined },
): Promise<HeldDelegation> {
  const held = wallet.delegations().find((delegation) => isKept(delegation, question, access))
  const before = held?.leaf.capabilities.filter((capability) => isHere(capability, access.location)) ?? []
  const kept = before.flatMap((capability) => withoutOldPin(capability, access.tool, digest))
  const capabilities = isAllowed(kept, access)
    ? kept
    : [...kept, toCapability({ access, digest }, findLimits(before, access))]
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
function withoutOldPin(
  capability: McpCapability,
  tool: string | undefined,
  digest: string | undefined,
): readonly McpCapability[] {
  if (tool === undefined) return [capability]
  const { [tool]: pin, ...tools } = capability.tools ?? {}
  if (pin === undefined || pin === digest) return [capability]
  const isEmpty =
    Object.keys(tools).length === 0 && capability.actions.every((action) => action === 'tools/call')
  return isEmpty ? [] : [{ ...capability, tools }]
}

/** The limits on the values of what is needed, where all that is held of it has some. */
function findLimits(
  before: readonly McpCapability[],
  { action, tool }: McpAccess | McpPreparation,
): ValueLimits | undefined {
  if (action === undefined) return undefined
  const limited = before.find(
    ({ actions, tools = {} }) =>
      actions.includes(action) && (tool === undefined || Object.hasOwn(tools, tool)),
  )
  return limited?.constraints?.arguments
}

function toCapability(
  { access, digest }: { readonly access: McpAccess | McpPreparation; readonly digest: string | undefined },
  limits: ValueLimits | undefined,
): McpCapability {
  const common = { type: 'mcp', locations: [access.location] } as const
  if (access.action === undefined) return { ...common, actions: access.prepares ?? LISTS }
  const { action, tool } = access
  const needed: McpCapability = {
    ...common,
    actions: [action],
    ...(tool !== undefined && digest !== undefined && { tools: { [tool]: digest } }),
  }
  if (limits === undefined) return needed
  return { ...needed, constraints: { arguments: limitAnew(limits, needed, access) } }
}

/** The limits of the values that this call has: as before where the value is within, else that value alone. */
function limitAnew(limits: ValueLimits, needed: McpCapability, access: McpAccess): ValueLimits {
  const values: JsonObject = access.arguments ?? {}
  const anew = Object.entries(values).map(([name, value]) => {
    const limit = Object.hasOwn(limits, name) ? limits[name] : undefined
    const alone = { ...needed, constraints: { arguments: { [name]: limit ?? {} } } }
    const isWithin = limit !== undefined && isAllowed([alone], { ...access, arguments: { [name]: value } })
    return [name, isWithin ? limit : pinValue(value)] as const
  })
  return Object.fromEntries(anew)
}

function pinValue(value: JsonValue): ValueLimits[string] {
  return typeof value === 'object' && value !== null ? {} : { const: value }
}
