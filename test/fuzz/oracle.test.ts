import { parseDelegationChain } from '@behalf/credential'
import { isInnerList, parseDictionary, parseSignatureKey, parseStringList } from '@behalf/http-signature'
import {
  type IncomingRequest,
  type RequestGuard,
  VerifierError,
  type VerifierErrorCode,
} from '@behalf/verifier'
import { expect, test } from 'vitest'
import { copyDraft, setLine } from './draft.ts'
import { FuzzRun } from './fuzz-run.ts'
import { runCase } from './run-case.ts'
import { NOW } from './status.ts'
import { createWorlds, type Verified } from './world.ts'

/** What a verifier would return that does not check what the refusal is about. */
function believe(request: IncomingRequest): Verified {
  const readLine = (name: string): string =>
    request.headers.find(([key]) => key.toLowerCase() === name)?.[1].trim() ?? ''
  const [label = ''] = readLine('signature-key').split('=', 1)
  const key = parseSignatureKey(request.headers, label)
  if (key.scheme !== 'jwt') throw new TypeError('only a chain can be believed')
  const chain = parseDelegationChain([...parseStringList(request.headers, 'delegation-chain'), key.jwt])
  const { root, leaf } = chain
  const context: Record<string, string> = {}
  for (const [name, member] of parseDictionary(readLine('agent-context')).members) {
    if (!isInnerList(member) && member.value.type === 'string') context[name] = member.value.value
  }
  const [capability] = leaf.capabilities
  if (capability === undefined || typeof request.body === 'function')
    throw new TypeError('nothing to believe')
  return {
    principal: { issuer: root.issuer, ...root.onBehalfOf },
    agent: leaf.subject,
    chain: { ...chain, verifiedAt: NOW },
    capability,
    approval: root.approval,
    context: readLine('agent-context') === '' ? undefined : context,
    workflow: leaf.workflow,
    requestId: 'id',
    body: request.body,
    account: undefined,
  }
}

// One of these would let an attacker through if it were not checked, and the oracle has to see it by itself.
const CODES: readonly (readonly [VerifierErrorCode, RegExp])[] = [
  ['signature_invalid', /signed|nobody/],
  ['signature_expired', /expired|the one that was signed/],
  ['signature_not_yet_valid', /future|the one that was signed/],
  ['signature_window_too_long', /valid for too long/],
  ['nonce_replayed', /answered a replay with ok/],
  ['component_missing', /covered/],
  ['header_ambiguous', /is not what was signed|another method|not covered/],
  ['target_mismatch', /host is not/],
  ['digest_mismatch', /body is not/],
  ['key_mismatch', /agent|nobody/],
  ['key_revoked', /the key of a link is revoked/],
  ['credential_revoked', /a link is revoked/],
  ['credential_expired', /a link is not in time/],
  ['credential_not_yet_valid', /a link is not in time/],
  ['credential_signature_invalid', /nobody signed|signed by another/],
  ['issuer_untrusted', /not trusted|signed by another|nobody/],
  [
    'chain_broken',
    /another parent|another principal|another workflow|signed by another|is a child|not trusted/,
  ],
  ['attenuation_violation', /depth|outlives|begins before|allow the request/],
  ['delegation_not_permitted', /the depth grows/],
  ['scope_exceeded', /does not allow the request|another method/],
  ['policy_denied', /does not allow the request/],
  ['audience_mismatch', /does not allow the request/],
  ['context_missing', /run is another|required member/],
  ['status_stale', /nothing fresh/],
  ['status_invalid', /names no entry/],
]

const MOST_INPUTS = 10_000

test('the oracle finds by itself what a verifier would let through that skips one check', async () => {
  const codes = new Set(CODES.map(([code]) => code))
  let believed: VerifierErrorCode | undefined
  const skipChecks = (guard: RequestGuard<Verified>): RequestGuard<Verified> => ({
    ...guard,
    verify: async (request) => {
      try {
        return await guard.verify(request)
      } catch (error) {
        if (!(error instanceof VerifierError) || !codes.has(error.code)) throw error
        const verified = readOr(error, () => believe(request))
        believed = error.code
        return verified
      }
    },
  })
  const run = new FuzzRun(3, await createWorlds(skipChecks))
  const missed = new Map(CODES)
  for (let index = 0; index < MOST_INPUTS && missed.size > 0; index += 1) {
    believed = undefined
    const { violation = '' } = await run.run(index)
    if (believed !== undefined && missed.get(believed)?.test(violation) === true) missed.delete(believed)
  }
  expect([...missed.keys()]).toEqual([])
})

/** What cannot be read cannot be believed either. */
function readOr<Value>(error: VerifierError, read: () => Value): Value {
  try {
    return read()
  } catch {
    throw error
  }
}

// HTTP lets white space stand around a field's value and does not count it: once the oracle took it for another host.
test('white space around a host makes no other host', async () => {
  const worlds = await createWorlds()
  const { pool } = await new FuzzRun(3, worlds).create(0)
  const honest = pool.requests.find(({ chain, isByName }) => chain.isLive && !isByName)
  if (honest === undefined) throw new TypeError('no honest request')
  const draft = copyDraft(honest.draft)
  setLine(draft, 'host', `\t${new URL(honest.origin).host} `)
  const fuzzCase = {
    type: 'request',
    world: worlds.plain,
    draft,
    isRepeated: false,
    mustAccept: true,
  } as const
  const { registry } = pool
  expect(await runCase(fuzzCase, { guards: 'warm', registry, publications: worlds.publications })).toBe('ok')
})
