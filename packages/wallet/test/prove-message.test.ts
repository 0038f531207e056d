import { canonicalizeJson, decodeBase64url, encodeUtf8, type JsonObject, verifyEd25519 } from '@behalf/core'
import { encodeDidKeyUrl } from '@behalf/did'
import { beforeEach, describe, expect, test } from 'vitest'
import type { HeldDelegation } from '../src/held-delegation.ts'
import type { ProveMessageOptions } from '../src/prove-message.ts'
import { expectRefusal } from './support/expect-refusal.ts'
import { createTestWallet, type TestWallet } from './support/test-wallet.ts'
import { AGENT, issueRoot, NOW } from './support/world.ts'

const AUDIENCE = 'urn:example:issues'
const MESSAGE = { id: 7, method: 'tools/call', params: { name: 'search', arguments: { b: 1, a: 'é' } } }
const EVIDENCE = { type: 'behalf-approval-evidence', version: 2 }

let world: TestWallet
let root: string
let held: HeldDelegation

beforeEach(async () => {
  world = createTestWallet()
  root = await issueRoot({ workflow: { id: 'triage', run: 'run-1' } })
  held = await world.wallet.receive({ chain: [root], evidence: EVIDENCE })
})

const prove = (
  changes: Partial<ProveMessageOptions> = {},
  message: JsonObject = MESSAGE,
): Promise<JsonObject> =>
  world.wallet.proveMessage(message, { audience: AUDIENCE, delegation: held.id, ...changes })

/** Whether the key made the proof of this message. */
function verifies(
  { signature, chain: _chain, evidence: _evidence, ...claims }: JsonObject,
  message = MESSAGE,
): boolean {
  const text = `behalf-mcp-message-v1\n${canonicalizeJson({ ...claims, ...message, cid: held.digest })}`
  return verifyEd25519(AGENT.signer.publicKey, encodeUtf8(text), toBytes(signature))
}

function toBytes(signature: JsonObject[string] | undefined): Uint8Array {
  if (typeof signature !== 'string') throw new TypeError('there is no signature')
  return decodeBase64url(signature)
}

describe('the proof of a message', () => {
  test('covers the message and everything that it says itself', async () => {
    const proof = await prove({ context: { model: 'm-1' } })
    expect(proof).toEqual({
      audience: AUDIENCE,
      keyid: encodeDidKeyUrl(AGENT.did),
      nonce: expect.stringMatching(/^[\w-]{22}$/u),
      created: NOW / 1000,
      expires: NOW / 1000 + 60,
      context: { run: 'run-1', model: 'm-1' },
      chain: [root],
      signature: expect.any(String),
    })
    expect(verifies(proof)).toBe(true)
    for (const name of ['audience', 'nonce', 'created', 'expires', 'keyid', 'context']) {
      expect([name, verifies({ ...proof, [name]: 'other' })]).toEqual([name, false])
    }
    expect(verifies(proof, { ...MESSAGE, method: 'ping' })).toBe(false)
  })

  test('names the chain where that is enough, and is bound to the same', async () => {
    const { cid, ...proof } = await prove({ show: 'name' })
    expect([cid, proof['chain'], verifies(proof)]).toEqual([held.digest, undefined, true])
  })

  test('shows the evidence of the approval where it is asked for', async () => {
    expect((await prove({ show: 'evidence' }))['evidence']).toEqual(EVIDENCE)
    expect((await prove())['evidence']).toBeUndefined()
  })

  test('is never the same twice', async () => {
    const [first, second] = [await prove(), await prove()]
    expect(first['nonce']).not.toBe(second['nonce'])
    expect(first['signature']).not.toBe(second['signature'])
  })

  test('has no prompt in it, only its digest', async () => {
    const { context } = await prove({ context: { prompt: 'secret words' } })
    expect(context).toMatchObject({ prompt: expect.stringMatching(/^sha-256:[\w-]{43}$/u) })
  })

  test('is made under a delegation that is held', async () => {
    await expectRefusal(prove({ delegation: 'urn:uuid:other' }), 'credential_missing')
  })

  test.each([{ model: 'ü' }, { run: 'a\nb' }, { call: '' }, { prompt: new Uint8Array(31) }])(
    'says nothing like %j',
    async (context) => {
      await expect(prove({ context })).rejects.toThrow(TypeError)
    },
  )

  test('is for a message, and nothing else', async () => {
    await expect(prove({}, { audience: 'urn:example:other' })).rejects.toThrow(TypeError)
  })
})
