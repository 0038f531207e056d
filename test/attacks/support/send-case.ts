import { type AttackCase, http } from './attack-case.ts'
import { baseline, type Draft, sign, type WireRequest } from './request.ts'

/** One request, signed as the draft says. */
export function signed(draft: () => Draft | Promise<Draft>): AttackCase {
  return http(async (api) => api.sendSigned(await draft()))
}

/** The signed baseline request, changed on its way. */
export function altered(change: (request: WireRequest) => WireRequest): AttackCase {
  return http(async (api) => api.send(change(await sign(baseline()))))
}
