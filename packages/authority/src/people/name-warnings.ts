import { nameWarnings } from '@behalf/issuer'

/**
 * Returns what a person should know about the name that an agent gives itself, one sentence each.
 *
 * @param name - hostile text that hides nothing, see `checkText` of `@behalf/issuer`
 * @param isUsedByAnother - another key uses the same name
 */
export function findNameWarnings(name: string, isUsedByAnother: boolean): readonly string[] {
  const warnings = [
    ...nameWarnings(name),
    ...(isUsedByAnother ? ['Another agent, with another key, uses this name.'] : []),
  ]
  return warnings.map((warning) => `${warning} Compare the fingerprint.`)
}
