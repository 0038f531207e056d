import type { JsonObject, JsonValue } from '@behalf/core'
import { type Did, DidError, decodeDidKey } from '@behalf/did'
import { type Capability, parseCapabilities } from './capability.ts'
import { isDigest } from './digest.ts'
import { CredentialError } from './error.ts'
import { checkMembers, malformed, readInteger, readObject, readText } from './members.ts'

/** On whose behalf an agent acts; together with the root's issuer this is the principal. */
export type OnBehalfOf = { readonly id: string; readonly role?: string; readonly tenant?: string }

/** What the delegated work belongs to. */
export type Workflow = { readonly id: string; readonly run?: string }

/** The policy that decided about a root. */
export type PolicyReference = { readonly id: string; readonly digest: string; readonly decision: string }

/** How a root was approved. */
export type ApprovalMethod = 'passkey' | 'software-passkey' | 'login' | 'enrolment' | 'operator'

/** The approval of a root; `digest` is over its evidence. */
export type ApprovalReference = { readonly method: ApprovalMethod; readonly digest: string }

/** The delegation above a child; `digest` is over the bytes of its compact JWS. */
export type ParentReference = { readonly id: string; readonly digest: string }

/** What a delegation says about its subject. */
export interface DelegationSubject {
  /** The agent that may act, a `did:key`. */
  readonly subject: Did
  /** The agent's key, 32 bytes. */
  readonly publicKey: Uint8Array
  readonly onBehalfOf: OnBehalfOf
  readonly capabilities: readonly Capability[]
  /** Accepted requests, counted per counter store; absent means uncounted. */
  readonly maxUses?: number
  /** How many links may follow; 0 when the member is absent. */
  readonly maxDelegationDepth: number
  readonly purpose?: string
  readonly workflow?: Workflow
  /** Roots only. */
  readonly policy?: PolicyReference
  /** Roots only. */
  readonly approval?: ApprovalReference
  /** Children only: this is what makes a link a child. */
  readonly parent?: ParentReference
}

const MEMBERS: ReadonlySet<string> = new Set([
  'id',
  'onBehalfOf',
  'capabilities',
  'maxUses',
  'maxDelegationDepth',
  'purpose',
  'workflow',
  'policy',
  'approval',
  'parent',
])
const PRINCIPAL_MEMBERS: ReadonlySet<string> = new Set(['id', 'role', 'tenant'])
const WORKFLOW_MEMBERS: ReadonlySet<string> = new Set(['id', 'run'])
const POLICY_MEMBERS: ReadonlySet<string> = new Set(['id', 'digest', 'decision'])
const APPROVAL_MEMBERS: ReadonlySet<string> = new Set(['method', 'digest'])
const PARENT_MEMBERS: ReadonlySet<string> = new Set(['id', 'digest'])
/** All of them. */
export const APPROVAL_METHODS: readonly ApprovalMethod[] = [
  'passkey',
  'software-passkey',
  'login',
  'enrolment',
  'operator',
]

/**
 * Returns what `credentialSubject` says, with every member in its form and none that is not defined.
 * @throws CredentialError `key_invalid` or `keyid_unsupported` when the subject is not the `did:key` of an Ed25519 key;
 * `scope_malformed`; `attenuation_violation` for a child without capabilities; `credential_malformed` for the rest
 */
export function parseDelegationSubject(value: JsonObject): DelegationSubject {
  checkMembers(value, MEMBERS, 'credentialSubject')
  const subject = readText(value.id, 'credentialSubject.id')
  const { maxUses, maxDelegationDepth = 0, purpose, workflow } = value
  return {
    subject,
    publicKey: readSubjectKey(subject),
    onBehalfOf: readOnBehalfOf(value.onBehalfOf),
    capabilities: readCapabilities(value),
    ...(maxUses === undefined ? {} : { maxUses: readInteger(maxUses, 'maxUses', 1) }),
    maxDelegationDepth: readInteger(maxDelegationDepth, 'maxDelegationDepth'),
    ...(purpose === undefined ? {} : { purpose: readText(purpose, 'purpose') }),
    ...(workflow === undefined ? {} : { workflow: readWorkflow(workflow) }),
    ...readOrigin(value),
  }
}

function readSubjectKey(subject: string): Uint8Array {
  try {
    return decodeDidKey(subject)
  } catch (cause) {
    if (!(cause instanceof DidError)) throw cause
    const code = cause.code === 'keyid_unsupported' ? 'keyid_unsupported' : 'key_invalid'
    throw new CredentialError(code, 'The subject is not the did:key of an Ed25519 key', {
      field: 'credentialSubject.id',
      cause,
    })
  }
}

function readCapabilities({ capabilities, parent }: JsonObject): readonly Capability[] {
  if (capabilities !== undefined) return parseCapabilities(capabilities)
  if (parent === undefined) throw malformed('capabilities', 'are absent')
  // Absent must never mean "what the parent has".
  throw new CredentialError('attenuation_violation', 'A child must say its capabilities', {
    field: 'capabilities',
  })
}

/** Reads what tells a root from a child: a child has a parent and neither policy nor approval. */
function readOrigin({
  policy,
  approval,
  parent,
}: JsonObject): Pick<DelegationSubject, 'policy' | 'approval' | 'parent'> {
  if (parent === undefined) {
    return {
      ...(policy === undefined ? {} : { policy: readPolicy(policy) }),
      ...(approval === undefined ? {} : { approval: readApproval(approval) }),
    }
  }
  if (policy !== undefined) throw malformed('policy', 'belongs in a root alone')
  if (approval !== undefined) throw malformed('approval', 'belongs in a root alone')
  return { parent: readParent(parent) }
}

/**
 * Returns on whose behalf somebody acts.
 * @throws CredentialError `credential_malformed`
 */
export function readOnBehalfOf(value: JsonValue | undefined): OnBehalfOf {
  const object = readObject(value, 'onBehalfOf')
  checkMembers(object, PRINCIPAL_MEMBERS, 'onBehalfOf')
  const { id, role, tenant } = object
  return {
    id: readText(id, 'onBehalfOf.id'),
    ...(role === undefined ? {} : { role: readText(role, 'onBehalfOf.role') }),
    ...(tenant === undefined ? {} : { tenant: readText(tenant, 'onBehalfOf.tenant') }),
  }
}

/**
 * Returns what work belongs to.
 * @throws CredentialError `credential_malformed`
 */
export function readWorkflow(value: JsonValue): Workflow {
  const object = readObject(value, 'workflow')
  checkMembers(object, WORKFLOW_MEMBERS, 'workflow')
  const { id, run } = object
  return {
    id: readText(id, 'workflow.id'),
    ...(run === undefined ? {} : { run: readText(run, 'workflow.run') }),
  }
}

/**
 * Returns the reference to a policy.
 * @throws CredentialError `credential_malformed`
 */
export function readPolicy(value: JsonValue): PolicyReference {
  const object = readObject(value, 'policy')
  checkMembers(object, POLICY_MEMBERS, 'policy')
  return {
    id: readText(object.id, 'policy.id'),
    digest: readDigest(object.digest, 'policy.digest'),
    decision: readText(object.decision, 'policy.decision'),
  }
}

/**
 * Returns the reference to an approval.
 * @throws CredentialError `credential_malformed`
 */
export function readApproval(value: JsonValue): ApprovalReference {
  const object = readObject(value, 'approval')
  checkMembers(object, APPROVAL_MEMBERS, 'approval')
  const method = APPROVAL_METHODS.find((known) => known === object.method)
  if (method === undefined) throw malformed('approval.method', 'is not defined')
  return { method, digest: readDigest(object.digest, 'approval.digest') }
}

function readParent(value: JsonValue): ParentReference {
  const object = readObject(value, 'parent')
  checkMembers(object, PARENT_MEMBERS, 'parent')
  return {
    id: readText(object.id, 'parent.id'),
    digest: readDigest(object.digest, 'parent.digest'),
  }
}

function readDigest(value: JsonValue | undefined, field: string): string {
  if (!isDigest(value)) throw malformed(field, 'is not a sha-256 digest')
  return value
}
