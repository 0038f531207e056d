import { VerifierError } from './error.ts'
import type { FramedHeaders } from './framing.ts'

/** Headers that mean something only once. */
const SINGLETONS = [
  'host',
  'content-type',
  'content-length',
  'content-digest',
  'authorization',
  'signature-key',
  'delegation-chain',
  'agent-context',
] as const

/** Read by this package or by the framing below it, so no second spelling may exist. */
const ALIASED: ReadonlySet<string> = new Set(
  [...SINGLETONS, 'signature-input', 'transfer-encoding']
    .filter((name) => name.includes('-'))
    .map(toUnderscores),
)

/** A comma in these can only come from two lines that something joined. */
const COMMALESS = ['host', 'content-type', 'content-length'] as const
const JOINED_AUTHORIZATION = /^(?:basic|bearer|dpop)\s[^,]*,/i

/**
 * No header that is read has two readings: none is repeated, joined from two lines, or present under a name that
 * a gateway folds into it.
 *
 * @throws VerifierError header_ambiguous, signature_ambiguous (Signature or Signature-Input on two lines)
 * @see RFC 9110 section 5.3
 */
export function checkHeaderAmbiguity(headers: FramedHeaders): void {
  for (const name of SINGLETONS) {
    if (headers.values(name).length > 1) throw ambiguous(`${name} is given more than once`)
  }
  for (const name of ['signature', 'signature-input']) {
    if (headers.values(name).length > 1) {
      throw new VerifierError('signature_ambiguous', `${name} is given on more than one line`)
    }
  }
  for (const name of COMMALESS) {
    if (headers.values(name)[0]?.includes(',')) throw ambiguous(`${name} was joined from several lines`)
  }
  if (JOINED_AUTHORIZATION.test(headers.values('authorization')[0] ?? '')) {
    throw ambiguous('authorization was joined from several lines')
  }
  const alias = headers.fields.find(([name]) => ALIASED.has(name))
  if (alias !== undefined) throw ambiguous(`${alias[0]} is an alias of a header that is read`)
}

/**
 * Whether a method-override header asks for another method than the one that was sent, and signed.
 *
 * @param method the method of the request
 */
export function overridesMethod(headers: FramedHeaders, method: string): boolean {
  return ['x-http-method-override', 'x-http-method', 'x-method-override']
    .flatMap((name) => headers.values(name))
    .some((value) => value.trim() !== method)
}

function toUnderscores(name: string): string {
  return name.replaceAll('-', '_')
}

function ambiguous(message: string): VerifierError {
  return new VerifierError('header_ambiguous', message)
}
