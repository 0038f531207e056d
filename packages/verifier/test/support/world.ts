import {
  createBitstring,
  type StatusList,
  signStatusList,
  verifyStatusList,
  writeBit,
} from '@behalf/credential'
import type { Did } from '@behalf/did'
import { expect } from 'vitest'
import {
  type AuditRecord,
  createMemoryReplayStore,
  createMemoryUseCounter,
  createRequestVerifier,
  didKeyIssuerKeys,
  type IncomingRequest,
  type RequestVerifier,
  type RequestVerifierOptions,
  type StatusSource,
  type VerifiedRequest,
  VerifierError,
  type VerifierErrorCode,
} from '../../src/index.ts'
import { issuer } from './agents.ts'
import { LIST_URL, NOW } from './chain.ts'

/** A list of the issuer in which the given entries are revoked. */
export async function makeList(revoked: readonly number[] = [], url: string = LIST_URL): Promise<StatusList> {
  const bits = createBitstring()
  for (const index of revoked) writeBit(bits, index, true)
  const jws = await signStatusList({
    id: url,
    issuer: issuer.did,
    kid: issuer.kid,
    purpose: 'revocation',
    bits,
    version: 1,
    now: NOW - 60_000,
    validUntil: NOW + 86_400_000,
    signer: issuer.signer,
  })
  return verifyStatusList(jws, { id: url, issuer: issuer.did, issuers: didKeyIssuerKeys, now: NOW })
}

/** A source that says what it is told to say. */
export function makeStatusSource(
  list: StatusList | undefined,
  revokedKeys: readonly Did[] = [],
): StatusSource {
  return {
    read: () => ({
      lists: (url) => (url === list?.id ? list : undefined),
      isKeyRevoked: (did) => revokedKeys.includes(did),
      time: NOW,
      epoch: 1,
      sequence: 1,
    }),
    ready: () => Promise.resolve(),
    close: () => undefined,
  }
}

/** A verifier for https://api.test, its clock and what it recorded. */
export interface World<Account = undefined> {
  readonly verifier: RequestVerifier<Account>
  readonly records: AuditRecord[]
  readonly faults: VerifierError[]
  /** Milliseconds; the verifier's clock reads it. */
  now: number
}

const emptyList = await makeList()

/** Makes a verifier that accepts the baseline request; its replay store has been running for a while. */
export function makeWorld<Account = undefined>(
  changes: Partial<RequestVerifierOptions<Account>> = {},
): World<Account> {
  const records: AuditRecord[] = []
  const faults: VerifierError[] = []
  const time = { now: NOW - 60_000 }
  const clock = (): number => time.now
  const verifier = createRequestVerifier<Account>({
    origins: ['https://api.test'],
    trustedIssuers: [issuer.did],
    statusSource: makeStatusSource(emptyList),
    replayStore: createMemoryReplayStore({ clock }),
    useCounter: createMemoryUseCounter({ clock }),
    auditSink: {
      record: (entry) => {
        records.push(entry)
      },
    },
    clock,
    reportFault: (fault) => {
      faults.push(fault)
    },
    ...changes,
  })
  time.now = NOW
  return {
    verifier,
    records,
    faults,
    get now() {
      return time.now
    },
    set now(value) {
      time.now = value
    },
  }
}

/** The error with which a promise is refused; fails when it is not a VerifierError. */
export async function refusalOf(outcome: Promise<unknown>): Promise<VerifierError> {
  const result = await outcome.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(result, 'the request was accepted').toBeInstanceOf(VerifierError)
  if (!(result instanceof VerifierError)) throw result
  return result
}

/** The code with which a fresh verifier refuses a request, or `ok`. */
export async function codeOf(
  request: IncomingRequest,
  world: World<unknown> = makeWorld(),
): Promise<VerifierErrorCode | 'ok'> {
  try {
    const verified: VerifiedRequest<unknown> = await world.verifier.verify(request)
    return verified.requestId === '' ? 'internal_error' : 'ok'
  } catch (error) {
    if (error instanceof VerifierError) return error.code
    throw error
  }
}
