import { isJsonObject, type JsonObject } from '@behalf/core'
import type { ListedDelegation } from '@behalf/issuer'

/** Where a delegation may be used: the origins that its capabilities name. */
export function originsOf(delegation: ListedDelegation): readonly string[] {
  const { capabilities } = subjectOf(delegation)
  if (!Array.isArray(capabilities)) return []
  return capabilities.flatMap((capability) => {
    const locations = isJsonObject(capability) ? capability['locations'] : undefined
    if (!Array.isArray(locations)) return []
    return locations.flatMap((location) =>
      typeof location === 'string' && URL.canParse(location) ? [new URL(location).origin] : [],
    )
  })
}

/** What a delegation says of its subject. */
export function subjectOf({ payload }: ListedDelegation): JsonObject {
  const subject = payload['credentialSubject']
  return isJsonObject(subject) ? subject : {}
}
