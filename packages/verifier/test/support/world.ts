import {
  createBitstring,
  findSuspended,
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
  type RequestObserver,
  type RequestObserverOptions,
  type RequestVerifier,
  type RequestVerifierOptions,
  type StatusSource,
  type VerifiedRequest,
  VerifierError,
  type VerifierErrorCode,
} from '../../src/index.ts'
import { issuer, type Party } from './agents.ts'
import { LIST_URL, NOW } from './chain.ts'

/** A list of an issuer in which the given entries are revoked, or suspended: its address says which. */
export async function makeList(
  revoked: readonly number[] = [],
  url: string = LIST_URL,
  by: Party = issuer,
): Promise<StatusList> {
  const bits = createBitstring()
  for (const index of revoked) writeBit(bits, index, true)
  const purpose = findSuspended(url) === undefined ? 'revocation' : 'suspension'
  const jws = await signStatusList({
    id: url,
    issuer: by.did,
    kid: by.kid,
    purpose,
    bits,
    version: 1,
    now: NOW - 60_000,
    validUntil: NOW + 86_400_000,
    signer: by.signer,
  })
  return verifyStatusList(jws, { id: url, issuer: by.did, issuers: didKeyIssuerKeys, purpose, now: NOW })
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

interface Surroundings {
  readonly options: RequestVerifierOptions<never>
  readonly records: AuditRecord[]
  readonly faults: VerifierError[]
  readonly time: { now: number }
}

/** What a verifier works with that accepts the baseline request, one minute before it is made. */
function makeSurroundings(): Surroundings {
  const records: AuditRecord[] = []
  const faults: VerifierError[] = []
  const time = { now: NOW - 60_000 }
  const clock = (): number => time.now
  const options = {
    origins: ['https://api.test'],
    trustedIssuers: [issuer.did],
    statusSource: makeStatusSource(emptyList),
    replayStore: createMemoryReplayStore({ clock }),
    useCounter: createMemoryUseCounter({ clock }),
    auditSink: {
      record: (entry: AuditRecord) => {
        records.push(entry)
      },
    },
    clock,
    reportFault: (fault: VerifierError) => {
      faults.push(fault)
    },
  }
  return { options, records, faults, time }
}

/** Makes a verifier that accepts the baseline request; its replay store has been running for a while. */
export function makeWorld<Account = undefined>(
  changes: Partial<RequestVerifierOptions<Account>> = {},
): World<Account> {
  const { options, records, faults, time } = makeSurroundings()
  const verifier = createRequestVerifier<Account>({ ...options, ...changes })
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

/** What an observing verifier reported of one request. */
export interface Reported {
  readonly record: AuditRecord
  readonly refusal: VerifierError
}

/** An observing verifier and what it told. */
export interface ObserverWorld<Account = undefined> {
  readonly observer: RequestObserver<Account>
  readonly records: readonly AuditRecord[]
  readonly faults: readonly VerifierError[]
  readonly reported: readonly Reported[]
}

/** The same with a verifier that observes. */
export function makeObserver<Account = undefined>(
  changes: Partial<RequestObserverOptions<Account>> = {},
): ObserverWorld<Account> {
  const { options, records, faults, time } = makeSurroundings()
  const reported: Reported[] = []
  const observer = createRequestVerifier<Account>({
    ...options,
    reportObservation: (record, refusal) => {
      reported.push({ record, refusal })
    },
    ...changes,
    mode: 'observe',
  })
  time.now = NOW
  return { observer, records, faults, reported }
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
