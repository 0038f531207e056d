import { HttpSignatureError } from './error.ts'
import { type ControlData, type FieldIndex, type Fields, toFieldIndex } from './http-message.ts'
import { parseDictionary, type SfDictionary } from './parse-structured-field.ts'
import { formatSignatureBase } from './signature-base.ts'
import { type CoverageOptions, checkCoverage } from './signature-coverage.ts'
import { parseSignatureParameters, type SignatureParameters } from './signature-parameters.ts'
import { isInnerList, type SfBareItem, type SfInnerList } from './structured-field.ts'

/** More labels than this are refused: nobody needs them, and looking at each costs. */
export const MAX_SIGNATURE_LABELS = 8

const SIGNATURE_LENGTH = 64
// Signature-Input and Signature are not among these: several signers may each add a line, and a label that occurs
// twice is then signature_ambiguous.
const SINGLETON_FIELDS: ReadonlySet<string> = new Set([
  'host',
  'authorization',
  'content-type',
  'content-digest',
  'signature-key',
  'agent-context',
  'approval-evidence',
  'delegation-chain',
])

/** Options of {@link readSignature}. */
export interface ReadSignatureOptions {
  /** The `tag` of the application whose signature is wanted; signatures with other tags are ignored. */
  readonly tag: string
  /** True when the message has a body of at least one byte. */
  readonly hasBody: boolean
}

/** A signature that is well formed and covers what it must. It is NOT verified; times are unix seconds. */
export interface ReadSignature extends SignatureParameters {
  readonly label: string
  readonly components: readonly string[]
  /** 64 bytes. */
  readonly signature: Uint8Array
  /** The text that the signature signs. */
  readonly base: string
}

interface Candidate {
  readonly label: string
  readonly input: SfInnerList
  readonly components: readonly string[]
}

interface SignaturePair {
  readonly inputs: ReadonlyMap<string, SfInnerList>
  readonly signatures: ReadonlyMap<string, Uint8Array>
}

/**
 * Reads the one signature of a message that was made for this application. When it returns, the signature covers what
 * the profile requires and its parameters are well formed; neither the window nor the signature itself was checked.
 *
 * @param message with raw field lines, or their index
 * @param options the application's tag, and whether there is a body
 * @returns the signature and the text it signs
 * @throws HttpSignatureError, the first of: `header_ambiguous` for a repeated singleton field, `signature_missing`, `signature_malformed`, `signature_ambiguous`,
 * `parameter_missing` or `tag_mismatch` when none has the tag, `component_unsupported`, `component_missing`,
 * `header_ambiguous`, `parameter_missing`, `parameter_invalid`, `nonce_invalid`, `algorithm_unsupported`
 * @see RFC 9421 section 3.2
 */
export function readSignature(
  message: ControlData & { readonly fields: Fields },
  options: ReadSignatureOptions,
): ReadSignature {
  const fields = toFieldIndex(message.fields)
  refuseRepeatedSingletons(fields)
  const pair = parseSignaturePair(fields)
  const { label, input, components } = chooseSignature(pair.inputs, options.tag, {
    fields,
    hasBody: options.hasBody,
  })
  const parameters = parseSignatureParameters(input.params)
  const signature = pair.signatures.get(label)
  if (signature?.length !== SIGNATURE_LENGTH) throw malformed(`a signature has ${SIGNATURE_LENGTH} bytes`)
  const base = formatSignatureBase(message, fields, { names: components, params: input.params })
  return { ...parameters, label, components, signature, base }
}

function refuseRepeatedSingletons({ repeated }: FieldIndex): void {
  for (const name of repeated) {
    if (SINGLETON_FIELDS.has(name)) {
      throw new HttpSignatureError('header_ambiguous', `${name} occurs on several lines`)
    }
  }
}

function parseSignaturePair(fields: FieldIndex): SignaturePair {
  const inputText = fields.values.get('signature-input')
  const signatureText = fields.values.get('signature')
  if (inputText === undefined && signatureText === undefined) {
    throw new HttpSignatureError('signature_missing', 'the message is not signed')
  }
  if (inputText === undefined || signatureText === undefined) {
    throw malformed('Signature-Input and Signature come together')
  }
  const inputs = parseInputs(parseUnambiguously(inputText))
  const signatures = parseSignatures(parseUnambiguously(signatureText))
  if (inputs.size !== signatures.size || [...inputs.keys()].some((label) => !signatures.has(label))) {
    throw malformed('Signature-Input and Signature have different labels')
  }
  return { inputs, signatures }
}

/** Which of two equal keys wins depends on the parser, so a message with both means two things. */
function parseUnambiguously(text: string): SfDictionary {
  const dictionary = parseDictionary(text)
  if (dictionary.repeatedKeys.length > 0) throw ambiguous('a label or a parameter occurs twice')
  if (dictionary.members.size > MAX_SIGNATURE_LABELS)
    throw ambiguous(`more than ${MAX_SIGNATURE_LABELS} labels`)
  return dictionary
}

function parseInputs({ members }: SfDictionary): ReadonlyMap<string, SfInnerList> {
  const inputs = new Map<string, SfInnerList>()
  for (const [label, member] of members) {
    if (!isInnerList(member)) throw malformed('a member of Signature-Input is not an inner list')
    inputs.set(label, member)
  }
  return inputs
}

function parseSignatures({ members }: SfDictionary): ReadonlyMap<string, Uint8Array> {
  const signatures = new Map<string, Uint8Array>()
  for (const [label, member] of members) {
    if (isInnerList(member) || member.value.type !== 'byte-sequence') {
      throw malformed('a member of Signature is not a byte sequence')
    }
    signatures.set(label, member.value.value)
  }
  return signatures
}

function chooseSignature(
  inputs: ReadonlyMap<string, SfInnerList>,
  tag: string,
  coverage: CoverageOptions,
): Candidate {
  const candidates: Candidate[] = []
  for (const [label, input] of inputs) {
    if (!isText(input.params.get('tag'), tag)) continue
    // Each must cover enough before their number is held against the message: a weak signature beside a good one is
    // refused for being weak, which is the more telling answer.
    candidates.push({ label, input, components: checkCoverage(input.items, coverage) })
  }
  const [only, second] = candidates
  if (only === undefined) throw noCandidate(inputs)
  if (second !== undefined) throw ambiguous('two signatures carry the tag of this application')
  return only
}

function isText(item: SfBareItem | undefined, text: string): boolean {
  return item?.type === 'string' && item.value === text
}

function noCandidate(inputs: ReadonlyMap<string, SfInnerList>): HttpSignatureError {
  const tags = [...inputs.values()].map((input) => input.params.get('tag'))
  if (tags.length === 0) return new HttpSignatureError('signature_missing', 'the message has no signature')
  if (tags.includes(undefined)) {
    return new HttpSignatureError('parameter_missing', 'signature without tag', { missing: ['tag'] })
  }
  if (tags.some((tag) => tag?.type !== 'string')) {
    return new HttpSignatureError('parameter_invalid', 'the tag of a signature is not a string')
  }
  return new HttpSignatureError('tag_mismatch', 'no signature was made for this application')
}

function ambiguous(message: string): HttpSignatureError {
  return new HttpSignatureError('signature_ambiguous', message)
}

function malformed(message: string): HttpSignatureError {
  return new HttpSignatureError('signature_malformed', message)
}
