import { equalBytes, verifyEd25519 } from '@behalf/core'
import { type Did, encodeDidKeyUrl } from '@behalf/did'
import { digestDelegationChain } from './chain-digest.ts'
import { checkAttenuation, checkDistinctStatus } from './chain-link.ts'
import { type Delegation, decodeDelegation, MAX_CHAIN_BYTES, type SignedBytes } from './delegation.ts'
import { CredentialError } from './error.ts'

/** Returns the 32-byte key that a trusted root issuer signs credentials with, or undefined for everybody else. */
export type IssuerKeys = (issuer: Did, kid: string) => Uint8Array | undefined

/** The links of a chain, root first, each in its form; nothing is verified. */
export interface ParsedChain {
  readonly links: readonly Delegation[]
  readonly root: Delegation
  readonly leaf: Delegation
  /** See {@link digestDelegationChain}. */
  readonly digest: string
}

/** A chain that {@link verifyDelegationChain} accepted. */
export interface VerifiedChain extends ParsedChain {
  /** The time, in milliseconds since the epoch, for which its signatures were verified. */
  readonly verifiedAt: number
}

/** What {@link checkChainTime} compares with. */
export interface ChainTimeOptions {
  /** Milliseconds since the epoch. */
  readonly now: number
  /** How far the issuer's clock may be ahead when a link begins; 5 unless said otherwise. The end is exact. */
  readonly clockToleranceSeconds?: number
}

/** What {@link verifyDelegationChain} relies on. */
export interface VerifyDelegationChainOptions extends ChainTimeOptions {
  readonly issuers: IssuerKeys
}

/** The most links of a chain. */
export const MAX_CHAIN_LINKS = 8

const DEFAULT_CLOCK_TOLERANCE_SECONDS = 5
// Only what was parsed here may be verified, so that what is returned is what the signed bytes say.
const signedBytes = new WeakMap<ParsedChain, readonly SignedBytes[]>()
// What a verified chain was verified with: for another key of its issuer it proves nothing.
const rootKeys = new WeakMap<ParsedChain, Uint8Array>()

/**
 * Returns the decoded links of a chain. Nothing in it is verified, see {@link verifyDelegationChain}.
 * @param links compact, root first, at most 8 and 12,000 bytes together
 * @throws CredentialError `credential_missing` for no links, `chain_too_deep`, `credential_too_large`, and whatever
 * {@link parseDelegation} throws, with the position of the link
 */
export function parseDelegationChain(links: readonly string[]): ParsedChain {
  if (links.length > MAX_CHAIN_LINKS) {
    throw new CredentialError('chain_too_deep', `The chain has more than ${MAX_CHAIN_LINKS} links`)
  }
  if (links.reduce((bytes, link) => bytes + link.length, 0) > MAX_CHAIN_BYTES) {
    throw new CredentialError('credential_too_large', `The chain is longer than ${MAX_CHAIN_BYTES} bytes`)
  }
  const decoded = links.map((jws, link) => atLink(link, () => decodeDelegation(jws)))
  const root = decoded[0]?.delegation
  const leaf = decoded.at(-1)?.delegation
  if (root === undefined || leaf === undefined) {
    throw new CredentialError('credential_missing', 'There is no delegation')
  }
  const chain = nameChain({ links: Object.freeze(decoded.map(({ delegation }) => delegation)), root, leaf })
  signedBytes.set(
    chain,
    decoded.map(({ signed }) => signed),
  )
  return chain
}

/**
 * Makes sure that the root names a trusted issuer and one of its keys; its signature is not looked at.
 * @throws CredentialError `issuer_untrusted`
 */
export function checkRootIssuer(chain: ParsedChain, issuers: IssuerKeys): void {
  readRootKey(chain, issuers)
}

/**
 * Makes sure that every link is valid at `now`: not before `validFrom`, give or take the tolerance, and
 * before `validUntil` without any.
 * @throws CredentialError `credential_expired` or `credential_not_yet_valid` with the position of the link
 * @throws TypeError for a time or tolerance that is not a number
 * @see RFC 7519 sections 4.1.4 and 4.1.5
 */
export function checkChainTime(chain: ParsedChain, options: ChainTimeOptions): void {
  const { now, clockToleranceSeconds = DEFAULT_CLOCK_TOLERANCE_SECONDS } = options
  // Comparisons with NaN are false, which would read as "in time".
  if (!Number.isFinite(now) || !(clockToleranceSeconds >= 0 && clockToleranceSeconds < Infinity)) {
    throw new TypeError('now and clockToleranceSeconds must be numbers')
  }
  const tolerance = clockToleranceSeconds * 1000
  for (const [link, { validFrom, validUntil }] of chain.links.entries()) {
    if (now + tolerance < validFrom) {
      throw new CredentialError('credential_not_yet_valid', `Link ${link} is not yet valid`, { link })
    }
    // The end has no tolerance: to a clock that is fast a delegation ends early, and its holder asks again.
    if (now >= validUntil) {
      throw new CredentialError('credential_expired', `Link ${link} has expired`, { link })
    }
  }
}

/**
 * Returns a chain that a trusted issuer began, whose every link is in time, signed by the agent that the link above
 * names, and no wider than that link. Revocation is not looked at, see {@link checkDelegationStatus}.
 *
 * A chain that was verified before is returned as it is when its issuer still has the key it was verified with and
 * every link is in time: its signatures and its attenuation can only come out as they did.
 * @param chain what {@link parseDelegationChain} or this function returned, or the input of the former
 * @throws CredentialError `issuer_untrusted`; `credential_expired`, `credential_not_yet_valid`; `chain_cycle`,
 * `chain_broken`, `credential_signature_invalid`; `status_invalid`, `delegation_not_permitted`,
 * `attenuation_violation`, `policy_unknown`; whatever {@link parseDelegationChain} throws
 * @throws TypeError for a chain from elsewhere, or options that are not of their type
 * @example
 * const { leaf } = verifyDelegationChain(links, { issuers, now: clock() })
 */
export function verifyDelegationChain(
  chain: ParsedChain | readonly string[],
  options: VerifyDelegationChainOptions,
): VerifiedChain {
  const parsed = isParsedChain(chain) ? chain : parseDelegationChain(chain)
  if (!signedBytes.has(parsed) && !rootKeys.has(parsed)) {
    throw new TypeError('The chain does not come from parseDelegationChain')
  }
  const rootKey = readRootKey(parsed, options.issuers)
  checkChainTime(parsed, options)
  if (isVerifiedWith(rootKey, parsed)) return parsed
  checkNoCycle(parsed)
  checkSigners(parsed.links)
  checkSignatures(readSignedBytes(parsed), [rootKey, ...parsed.links.map(({ publicKey }) => publicKey)])
  checkDistinctStatus(parsed.links)
  checkAttenuation(parsed.links)
  const { links, root, leaf } = parsed
  const verified = nameChain({ links, root, leaf, verifiedAt: options.now })
  rootKeys.set(verified, rootKey.slice())
  return verified
}

/** The chain, frozen, with its name, which is computed when it is first asked for. */
function nameChain<Chain extends Omit<ParsedChain, 'digest'>>(chain: Chain): Chain & ParsedChain {
  let digest: string | undefined
  const named = {
    ...chain,
    get digest(): string {
      digest ??= digestDelegationChain(chain.links.map(({ jws }) => jws))
      return digest
    },
  }
  return Object.freeze(named)
}

function isVerifiedWith(rootKey: Uint8Array, chain: ParsedChain): chain is VerifiedChain {
  const known = rootKeys.get(chain)
  return known !== undefined && equalBytes(known, rootKey)
}

/** What was signed. A verified chain does not keep it: it is needed again only for another key of the issuer. */
function readSignedBytes(chain: ParsedChain): readonly SignedBytes[] {
  return signedBytes.get(chain) ?? chain.links.map(({ jws }) => decodeDelegation(jws).signed)
}

function isParsedChain(chain: ParsedChain | readonly string[]): chain is ParsedChain {
  return !Array.isArray(chain)
}

function readRootKey({ root }: ParsedChain, issuers: IssuerKeys): Uint8Array {
  const key = issuers(root.issuer, root.kid)
  if (key === undefined) {
    throw new CredentialError('issuer_untrusted', 'The root does not come from a trusted issuer', { link: 0 })
  }
  return key
}

/** A repeated link or agent: found before signers are compared, since it always looks like a wrong signer too. */
function checkNoCycle({ links, root }: ParsedChain): void {
  const ids = new Set<string>()
  const agents = new Set<Did>([root.issuer])
  for (const [link, { id, subject }] of links.entries()) {
    if (ids.has(id) || agents.has(subject)) {
      throw new CredentialError('chain_cycle', `Link ${link} repeats a link or an agent`, { link })
    }
    ids.add(id)
    agents.add(subject)
  }
}

/** The names on each child: its issuer and key are those of the agent above. */
function checkSigners(links: readonly Delegation[]): void {
  for (const [index, { issuer, kid }] of links.slice(1).entries()) {
    const delegator = links[index]?.subject
    if (delegator === undefined || issuer !== delegator || kid !== encodeDidKeyUrl(delegator)) {
      const link = index + 1
      throw new CredentialError('chain_broken', `Link ${link} is not signed by the agent above it`, { link })
    }
  }
}

/** The root is signed by the issuer's key, every other link by the key of the agent above it. */
function checkSignatures(signed: readonly SignedBytes[], keys: readonly Uint8Array[]): void {
  for (const [link, { signingInput, signature }] of signed.entries()) {
    const key = keys[link]
    if (key === undefined || !verifyEd25519(key, signingInput, signature)) {
      throw new CredentialError('credential_signature_invalid', `The signature of link ${link} is invalid`, {
        link,
      })
    }
  }
}

function atLink<Value>(link: number, read: () => Value): Value {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof CredentialError)) throw cause
    const { code, message, field } = cause
    throw new CredentialError(code, `Link ${link}: ${message}`, {
      link,
      ...(field === undefined ? {} : { field }),
      cause,
    })
  }
}
