import { BehalfError, type JsonObject } from '@behalf/core'
import {
  checkChainTime,
  type Delegation,
  describeCapability,
  type ParsedChain,
  parseApprovalEvidence,
  parseDelegationChain,
  type VerifiedApprovalEvidence,
  verifyApprovalEvidence,
  verifyDelegationChain,
} from '@behalf/credential'
import { decodeDidKeyUrl } from '@behalf/did'
import type { Pasted } from './pasted.ts'

/** One thing that was checked, or could not be. */
export interface Check {
  readonly what: string
  readonly result: 'passed' | 'failed' | 'unchecked'
  /** The stable code of a failure. */
  readonly code?: string
  readonly reason?: string
}

/** What a delegation says, in words. */
export interface LinkWords {
  readonly id: string
  readonly delegation: Delegation
  readonly sentences: readonly string[]
}

/** What was pasted, in words, and what was checked of it. */
export interface Inspection {
  readonly links: readonly LinkWords[]
  readonly checks: readonly Check[]
  /** What the evidence says, once it verified against the first link. */
  readonly approval?: VerifiedApprovalEvidence
  /** The sentences of evidence that came without its delegation; nothing of them is verified. */
  readonly claimed?: readonly string[]
}

/** What an inspection is made with. */
export interface InspectPastedOptions {
  /** Milliseconds since the epoch. */
  readonly now: number
  /** DID of the authority that is trusted; absent when it is not known. */
  readonly trusted?: string
}

/**
 * Says what was pasted and checks all that can be checked without a network.
 *
 * @throws CoreError, CredentialError for what cannot be decoded
 */
export async function inspectPasted(pasted: Pasted, options: InspectPastedOptions): Promise<Inspection> {
  const { links, evidence } = pasted
  if (links.length === 0) return inspectEvidence(evidence ?? {})
  const chain = parseDelegationChain(links)
  const { root } = chain
  const proven = evidence === undefined ? undefined : await proveApproval(evidence, root)
  return {
    links: chain.links.map((delegation) => ({
      id: delegation.id,
      delegation,
      sentences: delegation.capabilities.map(describeCapability),
    })),
    checks: [
      checkProofs(chain),
      attempt('It is valid now', () => checkChainTime(chain, { now: options.now })),
      checkTrust(root, options.trusted),
      proven?.check ?? unchecked('A person approved exactly this', 'the evidence is not in what you pasted'),
      unchecked('It is not revoked', 'the authority publishes that; nothing is fetched here'),
    ],
    ...(proven?.approval && { approval: proven.approval }),
  }
}

function inspectEvidence(evidence: JsonObject): Inspection {
  const { approved } = parseApprovalEvidence(evidence)
  return {
    links: [],
    claimed: approved.sentences.flat(),
    checks: [
      unchecked('A person approved exactly this', 'paste the delegation as well: it names its evidence'),
    ],
  }
}

function checkProofs(chain: ParsedChain): Check {
  const what =
    chain.links.length === 1
      ? 'Its signature is right'
      : 'Every signature is right, and no link is wider than the one above'
  if (chain.root.parent !== undefined) return unchecked(what, 'the links above it are not in what you pasted')
  // Time is a check of its own: the proofs are looked at for a moment at which every link was valid.
  const now = Math.max(...chain.links.map(({ validFrom }) => validFrom))
  return attempt(what, () => verifyDelegationChain(chain, { issuers: keyOfDid, now }))
}

/** The key that a `did:key` is. Whether the issuer is to be trusted is another check. */
function keyOfDid(issuer: string, kid: string): Uint8Array | undefined {
  try {
    const { did, publicKey } = decodeDidKeyUrl(kid)
    return did === issuer ? publicKey : undefined
  } catch {
    return undefined
  }
}

function checkTrust(root: Delegation, trusted: string | undefined): Check {
  const what = 'It comes from the authority of this page'
  if (root.parent !== undefined) return unchecked(what, 'the first link is not in what you pasted')
  if (trusted === undefined) return unchecked(what, 'the authority does not answer')
  if (root.issuer === trusted) return { what, result: 'passed' }
  return { what, result: 'failed', code: 'issuer_untrusted', reason: `it was issued by ${root.issuer}` }
}

interface Proven {
  readonly check: Check
  readonly approval?: VerifiedApprovalEvidence
}

async function proveApproval(evidence: JsonObject, root: Delegation): Promise<Proven> {
  const what = 'The evidence is of exactly this delegation'
  if (root.parent !== undefined) return { check: unchecked(what, 'the first link is not in what you pasted') }
  try {
    return {
      check: { what, result: 'passed' },
      approval: await verifyApprovalEvidence(evidence, { delegation: root }),
    }
  } catch (error) {
    return { check: failed(what, error) }
  }
}

function attempt(what: string, check: () => unknown): Check {
  try {
    check()
    return { what, result: 'passed' }
  } catch (error) {
    return failed(what, error)
  }
}

/** @throws whatever is no refusal */
function failed(what: string, error: unknown): Check {
  if (!(error instanceof BehalfError)) throw error
  return { what, result: 'failed', code: error.code, reason: error.message }
}

function unchecked(what: string, reason: string): Check {
  return { what, result: 'unchecked', reason }
}
