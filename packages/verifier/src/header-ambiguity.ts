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
  'approval-evidence',
] as const

/** Read by this package or by the framing below it, so no second spelling may exist. */
const ALIASES: readonly string[] = [...SINGLETONS, 'signature-input', 'transfer-encoding']
  .filter((name) => name.includes('-'))
  .map(toUnderscores)

/** A comma in these can only come from two lines that something joined. */
const COMMALESS = ['host', 'content-type', 'content-length'] as const
const METHOD_OVERRIDES = ['x-http-method-override', 'x-http-method', 'x-method-override'] as const
const JOINED_AUTHORIZATION = /^(?:basic|bearer|dpop)\s[^,]*,/i

/**
 * No header that is read has two readings: none is repeated, joined from two lines, or present under a name that
 * a gateway folds into it.
 *
 * @throws VerifierError header_ambiguous, signature_ambiguous (Signature or Signature-Input on two lines)
 * @see RFC 9110 section 5.3
 */
export function checkHeaderAmbiguity({ fields: { values, repeated } }: FramedHeaders): void {
  if (repeated.size > 0) checkRepeated(repeated)
  for (const name of COMMALESS) {
    if (values.get(name)?.includes(',')) throw ambiguous(`${name} was joined from several lines`)
  }
  const authorization = values.get('authorization')
  if (authorization !== undefined && JOINED_AUTHORIZATION.test(authorization)) {
    throw ambiguous('authorization was joined from several lines')
  }
  for (const name of ALIASES) {
    if (values.has(name)) throw ambiguous(`${name} is an alias of a header that is read`)
  }
}

/**
 * Whether a method-override header asks for another method than the one that was sent, and signed.
 *
 * @param method the method of the request
 */
export function overridesMethod(headers: FramedHeaders, method: string): boolean {
  return METHOD_OVERRIDES.some((name) => (headers.fields.values.get(name) ?? method) !== method)
}

function checkRepeated(repeated: ReadonlySet<string>): void {
  for (const name of SINGLETONS) {
    if (repeated.has(name)) throw ambiguous(`${name} is given more than once`)
  }
  for (const name of ['signature', 'signature-input']) {
    if (repeated.has(name)) {
      throw new VerifierError('signature_ambiguous', `${name} is given on more than one line`)
    }
  }
}

function toUnderscores(name: string): string {
  return name.replaceAll('-', '_')
}

function ambiguous(message: string): VerifierError {
  return new VerifierError('header_ambiguous', message)
}
