import { BehalfError, isJsonObject, type JsonObject, parseJson } from '@behalf/core'
import { IssuerError } from '@behalf/issuer'
import type { ProblemResponse } from '@behalf/verifier'
import { AuthorityError } from '../error.ts'
import { readText } from '../json-column.ts'

/** Where a call was refused: proving its key, or later. */
export type RefusedStep = 'proof' | 'request'

const OAUTH_CODES: ReadonlySet<string> = new Set([
  'invalid_client',
  'invalid_dpop_proof',
  'invalid_grant',
  'invalid_request',
  'invalid_scope',
  'invalid_target',
  'use_dpop_nonce',
])
// An OAuth client looks for 400 unless the standard or the transport says otherwise.
const KEPT: ReadonlySet<number> = new Set([408, 413, 429, 431, 503])
// RFC 6749 section 5.2 leaves out the quotation mark and the backslash.
const NOT_IN_DESCRIPTIONS = /[^ !#-[\]-~]/gu
const REPLACED: ReadonlySet<string> = new Set(['content-type', 'www-authenticate'])

/**
 * Returns the answer to a refused call as OAuth spells it: the error that fits, what to do, and our code.
 *
 * @param problem - the same refusal as all other routes tell it
 * @see RFC 6749 section 5.2, RFC 9449 sections 5 and 8
 */
export function toOauthRefusal(error: unknown, step: RefusedStep, problem: ProblemResponse): ProblemResponse {
  const told = parseJson(problem.body)
  const { code: written, ...rest } = isJsonObject(told) ? told : {}
  const code = readText(written)
  const spelled = spellError(code, step, problem.status)
  const status = statusOf(spelled, problem.status)
  const body = {
    error: spelled,
    error_description: describe(error, rest).replaceAll(NOT_IN_DESCRIPTIONS, "'"),
    code,
    ...(rest.link !== undefined && { link: rest.link }),
    ...(error instanceof AuthorityError && error.field !== undefined && { field: error.field }),
    ...(error instanceof IssuerError && error.field !== undefined && { field: error.field }),
  }
  return {
    status,
    body: JSON.stringify(body),
    headers: [
      ...problem.headers.filter(([name]) => !REPLACED.has(name.toLowerCase())),
      ['Content-Type', 'application/json'],
      ...(status === 401 ? [challenge(spelled)] : []),
    ],
  }
}

/** The error of OAuth: whoever knows no other codes learns by it what kind of refusal it is. */
function spellError(code: string, step: RefusedStep, status: number): string {
  if (OAUTH_CODES.has(code)) return code
  if (code === 'internal_error') return 'server_error'
  if (status >= 500 || status === 429) return 'temporarily_unavailable'
  if (code === 'forbidden') return 'access_denied'
  if (KEPT.has(status)) return 'invalid_request'
  if (step === 'proof') return 'invalid_client'
  return status === 400 ? 'invalid_request' : 'invalid_grant'
}

function statusOf(spelled: string, status: number): number {
  if (spelled === 'invalid_client') return 401
  if (spelled === 'access_denied') return 403
  return status >= 500 || KEPT.has(status) ? status : 400
}

function challenge(spelled: string): [name: string, value: string] {
  return ['WWW-Authenticate', `DPoP error="${spelled}", algs="EdDSA Ed25519"`]
}

/** Our own words alone: what others send is in no message of these classes. */
function describe(error: unknown, { title, detail }: JsonObject): string {
  const isOwn = error instanceof AuthorityError || error instanceof IssuerError
  if (isOwn && error instanceof BehalfError && OAUTH_CODES.has(error.code)) return error.message
  return `${readText(title)}. ${readText(detail)}`
}
