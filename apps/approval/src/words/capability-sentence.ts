import type { JsonObject } from '@behalf/core'
import { describeCapability, parseCapabilities } from '@behalf/credential'
import type { CapabilityView } from '../api/views.ts'
import { safeText } from './safe-text.ts'

/** What one capability allows, in the sentence that is signed when it is approved. */
export function capabilitySentence(capability: CapabilityView): string {
  try {
    const [parsed] = parseCapabilities([capability as JsonObject])
    if (parsed !== undefined) return describeCapability(parsed)
  } catch {
    // An authority never lets such a one through; what cannot be put into words is shown as it is.
  }
  return safeText(JSON.stringify(capability))
}
