import { canonicalizeJson, digestSha256, isJsonObject, type JsonObject } from '@behalf/core'
import {
  checkAttenuation,
  type Delegation,
  parseDelegationChain,
  type StatusEntry,
  type VerifiedChain,
  verifyDelegationChain,
} from '@behalf/credential'
import { type Did, encodeDidKeyUrl } from '@behalf/did'
import { IssuerError } from './error.ts'
import { checkIssuerKeyAlive, type IssuerContext, ownKeys } from './issuer-context.ts'
import { principalOf, record } from './issuer-event.ts'
import type { DelegationRecord, IssuerTransaction } from './issuer-store.ts'
import { allocateStatusPosition, createStatusEntry, PLACEHOLDER_POSITION } from './publish-status.ts'
import { formatTime } from './rfc3339.ts'
import type { StatusPosition } from './status-position.ts'
import { checkOptionalText, TEXT_LIMITS } from './text-rule.ts'
import { encodeUnsigned } from './unsigned-jws.ts'

/** A delegation that an agent is about to sign, and the chain it stands on. */
export interface RegisterChildOptions {
  /** The key that asks: the subject of the chain's last link. */
  readonly caller: Did
  /** Id of the chain's last link. */
  readonly delegationId: string
  /** Compact JWS, root first. */
  readonly chain: readonly string[]
  /** The child's whole payload but for `credentialStatus`, which the answer brings. */
  readonly child: JsonObject
}

/** What the agent puts into the child before it signs. */
export interface ChildRegistration {
  readonly credentialStatus: StatusEntry
}

/**
 * A child delegation is known to the issuer and has its own status entry. It is no wider than a verifier would accept
 * below this chain, and every link of the chain is alive.
 *
 * @param options - see `RegisterChildOptions`
 * @returns the entry, from the revocation list, never given out before
 * @throws IssuerError `not_found` (also when the chain's last link is another agent's), `credential_revoked`,
 *   `credential_suspended`, `key_revoked`, `status_invalid`, `input_invalid`, `rate_limited`
 * @throws CredentialError whatever a verifier would refuse the chain with the child for, such as
 *   `attenuation_violation`, `delegation_not_permitted`, `chain_too_deep`, `credential_too_large`
 */
export async function registerChild(
  context: IssuerContext,
  options: RegisterChildOptions,
): Promise<ChildRegistration> {
  const chain = readChain(context, options)
  const child = readChild(context, chain, options)
  return context.store.transaction(async (tx) => {
    await checkChainAlive(context, tx, chain)
    await checkKeysAlive(tx, [...chain.links, child])
    await checkRoom(context, tx, chain.leaf)
    const position = await allocateStatusPosition(context, tx, child.validUntil)
    const credentialStatus = createStatusEntry(context, position)
    const payload = { ...options.child, credentialStatus: { ...credentialStatus } }
    const registered = createRecord(context, { chain, child, position, payload })
    if (!(await tx.insertDelegation(registered))) {
      throw new IssuerError('input_invalid', 'The id of the child is taken', { field: 'child.id' })
    }
    await recordChild(context, tx, registered)
    return { credentialStatus }
  })
}

function readChain(context: IssuerContext, options: RegisterChildOptions): VerifiedChain {
  const parsed = parseDelegationChain(options.chain)
  if (parsed.leaf.id !== options.delegationId || parsed.leaf.subject !== options.caller) {
    throw new IssuerError('not_found', 'There is no such delegation')
  }
  return verifyDelegationChain(parsed, { issuers: ownKeys(context), now: context.clock() })
}

/** The child as a verifier would read it once it is signed, and no wider than the chain allows. */
function readChild(context: IssuerContext, chain: VerifiedChain, options: RegisterChildOptions): Delegation {
  if (Object.hasOwn(options.child, 'credentialStatus')) {
    throw new IssuerError('input_invalid', 'The status entry comes from here', {
      field: 'child.credentialStatus',
    })
  }
  const payload = {
    ...options.child,
    credentialStatus: { ...createStatusEntry(context, PLACEHOLDER_POSITION) },
  }
  const kid = encodeDidKeyUrl(options.caller)
  const links = chain.links.map((link) => link.jws)
  const { leaf: child } = parseDelegationChain([...links, encodeUnsigned(payload, kid)])
  checkAttenuation([...chain.links, child])
  checkNewcomer(chain, child)
  checkOptionalText(child.purpose, { field: 'child.purpose', maxLength: TEXT_LIMITS.purpose })
  if (child.validUntil <= context.clock()) {
    throw new IssuerError('input_invalid', 'The child has ended already', { field: 'child.validUntil' })
  }
  return child
}

/** A verifier refuses a chain that comes back to an agent it has passed. */
function checkNewcomer(chain: VerifiedChain, child: Delegation): void {
  const passed = new Set([chain.root.issuer, ...chain.links.map((link) => link.subject)])
  if (!passed.has(child.subject)) return
  throw new IssuerError('chain_cycle', 'The child returns to an agent of its own chain', {
    link: chain.links.length,
  })
}

/**
 * Every link of the chain was registered here with the status entry that it carries, and neither it nor its key nor the
 * issuer's is revoked, as far as this transaction sees.
 *
 * @throws IssuerError `status_invalid`, `credential_revoked`, `key_revoked`
 */
export async function checkChainAlive(
  context: Pick<IssuerContext, 'kid' | 'origin'>,
  tx: IssuerTransaction,
  chain: VerifiedChain,
): Promise<void> {
  await checkLinksAlive(context, tx, chain)
  await checkKeysAlive(tx, chain.links)
  await checkIssuerKeyAlive(context, tx)
}

async function checkLinksAlive(
  context: Pick<IssuerContext, 'origin'>,
  tx: IssuerTransaction,
  chain: VerifiedChain,
): Promise<void> {
  for (const [link, { id, status }] of chain.links.entries()) {
    const known = await tx.findDelegation(id)
    const expected = known && createStatusEntry(context, known.status)
    // A link with an entry of its own choice, or another's, could never be revoked by what is written here.
    if (
      expected?.statusListCredential !== status.statusListCredential ||
      expected.statusListIndex !== status.statusListIndex
    ) {
      throw new IssuerError('status_invalid', `Link ${link} does not carry the status entry it was given`, {
        link,
      })
    }
    if (known?.revoked) throw new IssuerError('credential_revoked', `Link ${link} was revoked`, { link })
    if (known?.suspended) throw new IssuerError('credential_suspended', `Link ${link} is suspended`, { link })
  }
}

async function checkKeysAlive(tx: IssuerTransaction, links: readonly Delegation[]): Promise<void> {
  for (const [link, { subject }] of links.entries()) {
    if (await tx.findRevokedKey(subject)) {
      throw new IssuerError('key_revoked', `The key of link ${link} was revoked`, { link })
    }
  }
}

async function checkRoom(context: IssuerContext, tx: IssuerTransaction, parent: Delegation): Promise<void> {
  if ((await tx.countChildren(parent.id)) < context.limits.childrenPerDelegation) return
  throw new IssuerError('rate_limited', 'This delegation has too many children', { retryAfterSeconds: 3600 })
}

function createRecord(
  context: IssuerContext,
  facts: {
    readonly chain: VerifiedChain
    readonly child: Delegation
    readonly position: StatusPosition
    readonly payload: JsonObject
  },
): DelegationRecord {
  const { chain, child, position, payload } = facts
  return {
    id: child.id,
    parentId: chain.leaf.id,
    rootId: chain.root.id,
    delegator: child.issuer,
    subject: child.subject,
    onBehalfOf: child.onBehalfOf,
    validFrom: child.validFrom,
    validUntil: child.validUntil,
    status: position,
    payload,
    createdAt: context.clock(),
  }
}

async function recordChild(
  context: IssuerContext,
  tx: IssuerTransaction,
  child: DelegationRecord,
): Promise<void> {
  const { credentialSubject } = child.payload
  await record(context, tx, {
    type: 'sub_delegated',
    data: {
      delegation: child.id,
      parent: child.parentId,
      root: child.rootId,
      issuer: child.delegator,
      subject: child.subject,
      principal: principalOf(context, child.onBehalfOf),
      // What its delegator said it would sign: nothing was signed yet.
      capabilities: (isJsonObject(credentialSubject) && credentialSubject.capabilities) || [],
      payload: digestSha256(canonicalizeJson(child.payload)),
      status: { list: child.status.list, index: child.status.index },
      valid_until: formatTime(child.validUntil),
    },
  })
}
