import { canonicalizeJson, encodeBase64 } from '@behalf/core'
import { beforeEach, describe, expect, test } from 'vitest'
import { challenge, last } from './support/fake-api.ts'
import { createTestWallet, type TestWallet } from './support/test-wallet.ts'
import { AGENT, API, issueChild, issueRoot, NOW, SUB_AGENT } from './support/world.ts'

const EVIDENCE = { type: 'behalf-approval-evidence', version: 2, text: 'ünicode' }
const FIELD = `:${encodeBase64(new TextEncoder().encode(canonicalizeJson(EVIDENCE)))}:`
const URL_7 = `${API}/issues/7`

let world: TestWallet
let root: string

beforeEach(async () => {
  world = createTestWallet()
  root = await issueRoot({ maxDelegationDepth: 1 })
  await world.wallet.receive({ chain: [root], evidence: EVIDENCE })
})

/** The refusal of an API that wants the evidence. */
function evidenceRequired(
  code = 'approval_required',
  component = 'approval-evidence',
  status = 403,
): Response {
  return new Response(JSON.stringify({ code }), {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'accept-signature': `sig=("@method" "${component}");created;expires;nonce;keyid;tag="agent-delegation"`,
    },
  })
}

/** The evidence that each request so far showed. */
const shown = (): readonly (string | null)[] =>
  world.api.sent.map(({ headers }) => headers.get('approval-evidence'))

describe('evidence of an approval', () => {
  test('is not shown to an API that does not ask', async () => {
    const response = await world.wallet.fetch(URL_7)
    expect([response.status, shown()]).toEqual([200, [null]])
  })

  test('is shown once to an API that asks, signed, with the whole chain', async () => {
    world.api.answerNext(evidenceRequired())
    const response = await world.wallet.fetch(URL_7, { method: 'POST', body: 'text' })
    expect([response.status, shown()]).toEqual([200, [null, FIELD]])
    expect(world.api.lastProof()).toMatchObject({ chain: [root] })
    expect(world.api.lastProof().signature.components).toContain('approval-evidence')
    await world.wallet.fetch(URL_7)
    expect(shown()).toEqual([null, FIELD, null])
  })

  test('is shown with the whole chain where the chain was only named', async () => {
    const [{ id, digest } = { id: '', digest: '' }] = world.wallet.delegations()
    const offer = `sig="${digest}";jti="${id}";expires=${NOW / 1000 + 600}`
    world.api.answerNext(new Response('{}', { headers: { 'signature-key-cache': offer } }))
    await world.wallet.fetch(URL_7)
    world.api.answerNext(evidenceRequired())
    expect((await world.wallet.fetch(URL_7)).status).toBe(200)
    const schemes = world.api.sent.map(({ headers }) => headers.get('signature-key')?.split(';')[0])
    expect(schemes).toEqual(['sig=jwt', 'sig=cached', 'sig=jwt'])
    expect(shown()).toEqual([null, null, FIELD])
  })

  test('is not shown a second time to an API that asks again', async () => {
    world.api.answerNext(evidenceRequired())
    world.api.answerNext(evidenceRequired())
    const response = await world.wallet.fetch(URL_7)
    expect([response.status, shown()]).toEqual([403, [null, FIELD]])
    await expect(response.json()).resolves.toEqual({ code: 'approval_required' })
  })

  test('follows a challenge about coverage, and covers what that asked for, too', async () => {
    world.api.answerNext(challenge('component_missing', ['@authority']))
    world.api.answerNext(evidenceRequired())
    expect((await world.wallet.fetch(URL_7)).status).toBe(200)
    expect(shown()).toEqual([null, null, FIELD])
    expect(world.api.lastProof().signature.components).toContain('@authority')
  })

  test.each([
    ['another code', evidenceRequired('forbidden')],
    ['a challenge for something else', evidenceRequired('approval_required', 'content-digest')],
    ['another status', evidenceRequired('approval_required', 'approval-evidence', 401)],
    ['no challenge', new Response('{"code":"approval_required"}', { status: 403 })],
  ])('is not shown for %s', async (_, refusal) => {
    world.api.answerNext(refusal)
    const response = await world.wallet.fetch(URL_7)
    expect([response.status, shown()]).toEqual([refusal.status, [null]])
  })

  test('that the wallet does not have is not shown', async () => {
    const bare = createTestWallet()
    await bare.wallet.receive([root])
    bare.api.answerNext(evidenceRequired())
    const response = await bare.wallet.fetch(URL_7)
    expect([response.status, bare.api.sent.length]).toEqual([403, 1])
  })

  test('is never the caller’s to set', async () => {
    const own = world.wallet.fetch(URL_7, { headers: { 'Approval-Evidence': ':e30=:' } })
    await expect(own).rejects.toThrow(TypeError)
    expect(world.api.sent).toEqual([])
  })

  test('goes to the other agent with what is passed on', async () => {
    const bundle = await world.wallet.delegate({ to: SUB_AGENT.did })
    expect(bundle.evidence).toEqual(EVIDENCE)
    const other = createTestWallet({ seed: SUB_AGENT.seed })
    await other.wallet.receive(JSON.parse(JSON.stringify(bundle)))
    other.api.answerNext(evidenceRequired())
    await other.wallet.fetch(URL_7)
    expect(last(other.api.sent).headers.get('approval-evidence')).toBe(FIELD)
    expect(other.api.lastProof().chain).toEqual(bundle.chain)
  })

  test('is an object', async () => {
    const chain = await issueChild([root], AGENT)
    const other = createTestWallet({ seed: SUB_AGENT.seed })
    const bundle = JSON.parse(JSON.stringify({ chain, evidence: 'text' }))
    await expect(other.wallet.receive(bundle)).rejects.toMatchObject({ code: 'credential_malformed' })
  })
})
