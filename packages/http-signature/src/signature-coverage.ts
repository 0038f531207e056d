import { HttpSignatureError } from './error.ts'
import type { FieldIndex } from './http-message.ts'
import type { SfItem } from './structured-field.ts'

const COMPONENT_NAME = /^@?[a-z0-9!#$%&'*+\-.^_`|~]+$/
const DERIVED_COMPONENTS: ReadonlySet<string> = new Set([
  '@method',
  '@target-uri',
  '@authority',
  '@path',
  '@query',
  '@scheme',
])
// A signature can cover neither of these: its own value would have to be in them already.
const UNCOVERABLE_FIELDS: ReadonlySet<string> = new Set(['signature', 'signature-input'])
const REQUIRED: readonly (readonly [name: string, only?: 'sent' | 'sent with body'])[] = [
  ['@method'],
  ['@target-uri'],
  ['signature-key'],
  ['content-digest', 'sent with body'],
  ['content-type', 'sent'],
  ['agent-context', 'sent'],
  ['approval-evidence', 'sent'],
]
const NO_NAMES: ReadonlySet<string> = new Set()

/** The components of a list within the profile. */
interface Components {
  readonly names: readonly string[]
  readonly covered: ReadonlySet<string>
  readonly fieldNames: readonly string[]
}

// The parser returns the same list for the same text, and nobody can change it.
const knownComponents = new WeakMap<readonly SfItem[], Components>()

/** What {@link checkCoverage} holds a signature against. */
export interface CoverageOptions {
  readonly fields: FieldIndex
  /** True when the message has a body of at least one byte. */
  readonly hasBody: boolean
}

/**
 * Checks that a signature covers what this profile requires and nothing outside it.
 *
 * A body without any `Content-Digest` passes here: `verifyContentDigest` has a code of its own for that.
 *
 * @returns the names of the covered components, in order
 * @throws HttpSignatureError `signature_malformed` for a component that is not a name in lower case or is there twice,
 * `component_unsupported` for a component outside the profile, `component_missing` (with
 * `missing`) for a required component that is not covered and for a covered field that is absent or that the
 * `Connection` field lets any proxy drop, `header_ambiguous` for a covered field on several lines
 * @see RFC 9421 sections 1.1, 2 and 3.2.1, RFC 9110 section 7.6.1
 */
export function checkCoverage(components: readonly SfItem[], options: CoverageOptions): readonly string[] {
  const { names, covered, fieldNames } = readComponents(components)
  const { values, repeated } = options.fields
  refuseMissing(missingRequired(covered, options), 'not covered')
  const droppable = hopByHopNames(options.fields)
  refuseMissing(
    fieldNames.filter((name) => !values.has(name) || droppable.has(name)),
    'covered but absent or hop-by-hop',
  )
  if (repeated.size > 0 && fieldNames.some((name) => repeated.has(name))) {
    throw new HttpSignatureError('header_ambiguous', 'a covered field occurs on several lines')
  }
  return names
}

/** What the list says by itself, whatever the message; clients sign the same list again and again. */
function readComponents(components: readonly SfItem[]): Components {
  const known = knownComponents.get(components)
  if (known !== undefined) return known
  const names = readComponentNames(components)
  const unsupported = components.some(({ params }) => params.size > 0) || !names.every(isInProfile)
  if (unsupported) {
    throw new HttpSignatureError('component_unsupported', 'a covered component is outside the profile')
  }
  const fieldNames = names.filter((name) => !name.startsWith('@'))
  const read = { names, covered: new Set(names), fieldNames }
  knownComponents.set(components, read)
  return read
}

/** The names of the components in order, parameters left aside. */
function readComponentNames(components: readonly SfItem[]): readonly string[] {
  const names = components.map(readComponentName)
  const plain = names.filter((_, index) => components[index]?.params.size === 0)
  if (new Set(plain).size !== plain.length) {
    throw new HttpSignatureError('signature_malformed', 'a component is covered twice')
  }
  return names
}

function readComponentName({ value }: SfItem): string {
  if (value.type === 'string' && COMPONENT_NAME.test(value.value)) return value.value
  throw new HttpSignatureError('signature_malformed', 'a component identifier is not a name in lower case')
}

function isInProfile(name: string): boolean {
  return name.startsWith('@') ? DERIVED_COMPONENTS.has(name) : !UNCOVERABLE_FIELDS.has(name)
}

function missingRequired(
  covered: ReadonlySet<string>,
  { fields, hasBody }: CoverageOptions,
): readonly string[] {
  return REQUIRED.filter(([name, only]) => {
    if (only === 'sent' && !fields.values.has(name)) return false
    if (only === 'sent with body' && !(hasBody && fields.values.has(name))) return false
    return !covered.has(name)
  }).map(([name]) => name)
}

function refuseMissing(missing: readonly string[], why: string): void {
  if (missing.length > 0) {
    throw new HttpSignatureError('component_missing', `components ${why}`, { missing })
  }
}

function hopByHopNames(fields: FieldIndex): ReadonlySet<string> {
  const connection = fields.values.get('connection')
  if (connection === undefined) return NO_NAMES
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()))
}
