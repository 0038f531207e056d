import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '@behalf/core'
import type { AskedTerms, Workload } from '@behalf/issuer'
import { CommandError } from './error.ts'

/** What a file asks for, in the types of JSON but not yet checked, and who asks when it says so. */
export interface AskedRequest extends AskedTerms {
  readonly agent?: string
  /** Where the authority said that it runs. */
  readonly workload?: AskedWorkload
}

/** A workload, as long as it was proven for. */
export interface AskedWorkload extends Workload {
  /** Milliseconds since the epoch. */
  readonly validUntil: number
}

const ASKED = [
  'on_behalf_of',
  'capabilities',
  'valid_for_seconds',
  'max_uses',
  'max_delegation_depth',
  'purpose',
  'workflow',
  'agent_name',
]
const ANSWERED = [
  'id',
  'version',
  'status',
  'agent',
  'agent_workload',
  'policy',
  'approval_url',
  'requested_at',
  'expires_at',
  'decided_at',
  'decided_by',
  'reason',
  'delegation_id',
]

/**
 * Reads the body of `POST /delegation-requests`, or the answer of `GET /delegation-requests/{id}`.
 *
 * @throws CommandError `input_invalid`, naming the member; CoreError `json_malformed`, `json_ambiguous`
 */
export function readAskedRequest(text: string): AskedRequest {
  const value = parseJson(text)
  if (!isJsonObject(value)) throw invalid('the file', 'must be an object')
  const unknown = Object.keys(value).find((name) => !ASKED.includes(name) && !ANSWERED.includes(name))
  if (unknown !== undefined) throw invalid(unknown, `is no member of a request; known: ${ASKED.join(', ')}`)
  const numbers = {
    validForSeconds: readNumber(value, 'valid_for_seconds'),
    maxUses: readNumber(value, 'max_uses'),
    maxDelegationDepth: readNumber(value, 'max_delegation_depth'),
  }
  const agent = readText(value, 'agent')
  return {
    onBehalfOf: readNames(value, 'on_behalf_of', ['role', 'tenant']) ?? missing('on_behalf_of'),
    capabilities: value.capabilities ?? missing('capabilities'),
    // No policy sees it, so a file that is only for a test may leave it out.
    purpose: readText(value, 'purpose') ?? 'a test',
    ...withWorkflow(readNames(value, 'workflow', ['run'])),
    ...present(numbers),
    ...(agent !== undefined && { agent }),
    ...readWorkload(value),
  }
}

function readWorkload(request: JsonObject): { readonly workload?: AskedWorkload } {
  const value = request['agent_workload']
  if (value === undefined) return {}
  if (!isJsonObject(value)) throw invalid('agent_workload', 'must be an object')
  const [issuer, subject] = [readText(value, 'issuer'), readText(value, 'subject')]
  const { type, claims } = value
  const validUntil = Date.parse(readText(value, 'valid_until') ?? '')
  if (type !== 'jwt' && type !== 'x509') throw invalid('agent_workload.type', 'must be jwt or x509')
  if (issuer === undefined || subject === undefined || !isJsonObject(claims) || Number.isNaN(validUntil)) {
    throw invalid('agent_workload', 'has issuer, subject, claims and valid_until')
  }
  const names = Object.keys(claims)
  const texts = names.map((name) => [name, readText(claims, name) ?? missing(name)] as const)
  return { workload: { type, issuer, subject, claims: Object.fromEntries(texts), validUntil } }
}

function withWorkflow(workflow: AskedTerms['workflow']): Pick<AskedTerms, 'workflow'> {
  return workflow === undefined ? {} : { workflow }
}

function readNames<Name extends string>(
  object: JsonObject,
  member: string,
  optional: readonly Name[],
): ({ readonly id: string } & { readonly [Key in Name]?: string }) | undefined {
  const value = object[member]
  if (value === undefined) return undefined
  if (!isJsonObject(value)) throw invalid(member, 'must be an object')
  const known: readonly string[] = ['id', ...optional]
  const unknown = Object.keys(value).find((name) => !known.includes(name))
  if (unknown !== undefined) throw invalid(`${member}.${unknown}`, `is not one of ${known.join(', ')}`)
  const names: { [Key in Name]?: string } = {}
  for (const name of optional) {
    const text = readText(value, name)
    if (text !== undefined) names[name] = text
  }
  return { id: readText(value, 'id') ?? missing(`${member}.id`), ...names }
}

function readText(object: JsonObject, member: string): string | undefined {
  const value: JsonValue | undefined = object[member]
  if (value === undefined || typeof value === 'string') return value
  throw invalid(member, 'must be a text')
}

function readNumber(object: JsonObject, member: string): number | undefined {
  const value: JsonValue | undefined = object[member]
  if (value === undefined || typeof value === 'number') return value
  throw invalid(member, 'must be a number')
}

function present<Name extends string>(
  values: Readonly<Record<Name, number | undefined>>,
): { readonly [Key in Name]?: number } {
  const found: { [Key in Name]?: number } = {}
  for (const name of Object.keys(values) as Name[]) {
    const value = values[name]
    if (value !== undefined) found[name] = value
  }
  return found
}

function missing(member: string): never {
  throw invalid(member, 'is missing')
}

function invalid(member: string, rule: string): CommandError {
  return new CommandError('input_invalid', `${member} ${rule}`, {
    next: 'write what POST /delegation-requests takes: docs/policies/request.json is one',
  })
}
