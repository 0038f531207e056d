import type { Capability } from '@behalf/credential'
import { plain } from './plain-text.ts'

type KnownCapability = Exclude<Capability, { type: 'unknown' }>

/** One line in plain words for each capability and each of its constraints; every value is made safe to show. */
export function describeCapabilities(capabilities: readonly Capability[]): string[] {
  return capabilities.length === 0 ? ['nothing at all'] : capabilities.flatMap(describeCapability)
}

function describeCapability(capability: Capability): string[] {
  if (capability.type === 'unknown') {
    return [
      `something this version does not understand, which grants nothing: ${plain(JSON.stringify(capability.value))}`,
    ]
  }
  const what = capability.type === 'http' ? words(capability.paths) : describeTools(capability.tools)
  const sentence = `${words(capability.actions)} on ${what} at ${words(capability.locations)}`
  return [sentence, ...describeConstraints(capability)]
}

function describeTools(tools: { readonly [name: string]: string } | undefined): string {
  return tools === undefined ? 'no tool' : `the tools ${words(Object.keys(tools))}`
}

function describeConstraints({ constraints = {} }: KnownCapability): string[] {
  return Object.entries(constraints).map(
    ([part, constraint]) => `  only with ${plain(part)} ${plain(JSON.stringify(constraint))}`,
  )
}

function words(values: readonly string[]): string {
  return values.length === 0 ? 'nothing' : values.map(plain).join(', ')
}
