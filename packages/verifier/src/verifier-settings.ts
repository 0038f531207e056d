import {
  type ChainVerifierOptions,
  type ChainVerifierSettings,
  chooseCache,
  parseChainVerifierOptions,
} from './chain-verifier-settings.ts'
import type { Presentation } from './delegation-steps.ts'
import { type GuardOptions, parseRequestOptions, type RequestSettings } from './guard-settings.ts'
import { httpProtocol, type RequestProtocol } from './request-protocol.ts'
import { createKnownLines, type KnownLines } from './shown-lines.ts'
import type { VerifierMode } from './verifier-mode.ts'

/** What a verifier of delegated requests works with. */
export interface VerifierOptions<Account> extends GuardOptions, ChainVerifierOptions<Account> {
  /** What requests mean, where it is not what their method and path say. Default: HTTP itself. */
  readonly protocol?: RequestProtocol
}

/** The checked options. */
export interface VerifierSettings<Account> extends ChainVerifierSettings<Account>, RequestSettings {
  readonly presentations: KnownLines<Presentation>
  readonly protocol: RequestProtocol
}

/**
 * Checks the options once.
 *
 * @throws TypeError for empty or malformed origins, issuers or context members, a bound that is not a positive number,
 * a mode or a requirement that is none
 */
export function parseVerifierOptions<Account>(
  options: VerifierOptions<Account> & { readonly mode?: VerifierMode },
): VerifierSettings<Account> {
  const requests = parseRequestOptions(options)
  const chains = parseChainVerifierOptions(options)
  return {
    ...requests,
    ...chains,
    presentations: createKnownLines(chooseCache(options.chainCache, chains.mode)),
    protocol: options.protocol ?? httpProtocol,
  }
}
