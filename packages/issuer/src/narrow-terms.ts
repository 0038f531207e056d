import type { JsonValue } from '@behalf/core'
import { coversCapabilities } from '@behalf/credential'
import { checkCapabilities, checkDepth, checkInteger, checkSeconds } from './check-terms.ts'
import type { KnownCapability, RequestedTerms } from './delegation-request.ts'
import { IssuerError } from './error.ts'
import type { IssuerContext } from './issuer-context.ts'

/** Less than what was asked for. An absent member stays as it was asked. */
export interface Narrowing {
  /** The wire form, a JSON array. */
  readonly capabilities?: JsonValue
  readonly validForSeconds?: number
  readonly maxUses?: number
  readonly maxDelegationDepth?: number
}

/**
 * Returns the terms, narrowed: what they allow was allowed before.
 *
 * @throws IssuerError `input_invalid` with the field for a narrowing that widens
 */
export function narrowTerms(
  context: IssuerContext,
  asked: RequestedTerms,
  narrow: Narrowing,
): RequestedTerms {
  const { validForSeconds, maxUses, maxDelegationDepth } = narrow
  return {
    ...asked,
    capabilities: narrowCapabilities(asked.capabilities, narrow.capabilities),
    ...(validForSeconds !== undefined && {
      validForSeconds: atMost(checkSeconds(validForSeconds, context, 'narrow.valid_for_seconds'), {
        field: 'narrow.valid_for_seconds',
        limit: asked.validForSeconds,
      }),
    }),
    ...(maxUses !== undefined && {
      maxUses: atMost(checkInteger(maxUses, { field: 'narrow.max_uses', min: 1 }), {
        field: 'narrow.max_uses',
        limit: asked.maxUses ?? Infinity,
      }),
    }),
    ...(maxDelegationDepth !== undefined && {
      maxDelegationDepth: atMost(checkDepth(maxDelegationDepth, 'narrow.max_delegation_depth'), {
        field: 'narrow.max_delegation_depth',
        limit: asked.maxDelegationDepth,
      }),
    }),
  }
}

function narrowCapabilities(
  asked: readonly KnownCapability[],
  value: JsonValue | undefined,
): readonly KnownCapability[] {
  if (value === undefined) return asked
  const field = 'narrow.capabilities'
  const narrowed = checkCapabilities(value, field)
  if (coversCapabilities(asked, narrowed).covered) return narrowed
  throw new IssuerError('input_invalid', 'An approval may narrow the capabilities, not widen them', { field })
}

function atMost(value: number, options: { readonly field: string; readonly limit: number }): number {
  const { field, limit } = options
  if (value <= limit) return value
  throw new IssuerError('input_invalid', `An approval may narrow the request: at most ${limit}`, { field })
}
