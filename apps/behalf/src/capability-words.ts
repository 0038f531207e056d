import type { Capability } from '@behalf/credential'
import { plain } from './plain-text.ts'

/** One line in plain words for each capability, followed by its constraints; every value is made safe to show. */
export function describeCapabilities(capabilities: readonly Capability[]): string[] {
  return capabilities.length === 0 ? ['nothing at all'] : capabilities.flatMap(describeCapability)
}

function describeCapability(capability: Capability): string[] {
  const where = words(capability.locations)
  const what = capability.type === 'http' ? `${words(capability.paths)} at ${where}` : `${describeTools(capability)} at ${where}`
  return [`${words(capability.actions)} ${what}`, ...describeConstraints(capability)]
}

function describeTools(capability: Extract<Capability, { type: 'mcp' }>): string {
  return capability.tools === undefined ? 'every tool' : `the tools ${words(Object.keys(capability.tools))}`
}

function describeConstraints(capability: Capability): string[] {
  return Object.entries(capability.constraints ?? {}).map(
    ([part, constraint]) => `  only with ${plain(part)} ${plain(JSON.stringify(constraint))}`,
  )
}

function words(values: readonly string[]): string {
  return values.length === 0 ? 'nothing' : values.map(plain).join(', ')
}

/** A length of time in the largest units that fit: `1 h 30 min`, `45 s`. */
export function describeSeconds(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const parts = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor((whole % 86_400) / 3600), 'h'],
    [Math.floor((whole % 3600) / 60), 'min'],
    [whole % 60, 's'],
  ] as const
  const shown = parts.filter(([count]) => count > 0).slice(0, 2)
  return shown.length === 0 ? '0 s' : shown.map(([count, unit]) => `${count} ${unit}`).join(' ')
}

/** A moment as RFC 3339 in UTC, to the second. */
export function describeTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d{3}Z$/, 'Z')
}
