import { createMemoryReplayStore, type ReplayStore } from '@behalf/verifier'
import { expect } from 'vitest'
import { type CaseGroup, http, invariant, own } from '../support/attack-case.ts'
import { createChain, NOW } from '../support/chain.ts'
import { withDatabases } from '../support/databases.ts'
import { expectAnswer, readCode } from '../support/expectation.ts'
import { withApiFolder } from '../support/killed-api.ts'
import type { Api, Lab } from '../support/lab.ts'
import { agentB, agentC } from '../support/party.ts'
import {
  baseline,
  changeLine,
  type Draft,
  encodeRequest,
  freshNonce,
  setParam,
  sign,
} from '../support/request.ts'
import { signed } from '../support/send-case.ts'
import { type Answer, exchange } from '../support/wire.ts'

const SECONDS = NOW / 1000
const SKEW = 30

/** Signed for a window of this form. */
const windowed = (created: number, expires: number) => signed(() => baseline({ created, expires }))

const withNonce = (nonce: string): Draft => setParam(baseline(), 'nonce', nonce)

/** Sends one request to each of the APIs at once and gives back what they answered. */
async function sendToAll(apis: readonly Api[]): Promise<readonly Answer[]> {
  const request = await sign(baseline())
  return Promise.all(apis.map((api) => api.send(request)))
}

/** Of copies sent at once exactly one is accepted; returned are the others. */
function expectOneAccepted(answers: readonly Answer[]): readonly Answer[] {
  const refused = answers.filter((answer) => readCode(answer) !== 'ok')
  expect(refused).toHaveLength(answers.length - 1)
  return refused
}

/** A clock that stepped: what the verifier says afterwards. */
async function stepClock(lab: Lab, steps: readonly number[]): Promise<Answer> {
  const api = await lab.open({})
  expectAnswer(await api.sendSigned(baseline()), 'ok')
  for (const [index, step] of steps.entries()) {
    api.world.step(step)
    if (index < steps.length - 1) await api.sendSigned(baseline())
  }
  return api.sendSigned(baseline())
}

/** Time window and replay. */
export const replay: CaseGroup = {
  name: 'Time window and replay',
  catalogue: {
    'RP-001': http(async (api) => {
      const request = await sign(baseline())
      expectAnswer(await api.send(request), 'ok')
      return api.send(request)
    }),
    'RP-004': http(async (api) => {
      const request = await sign(baseline())
      expectAnswer(await api.send(request), 'ok')
      return api.send(changeLine(request, 'Signature', (value) => value.replace('==:', '=:')))
    }),
    'RP-006': http((api) =>
      withApiFolder(async (folder) => {
        const bytes = encodeRequest(await sign(baseline()))
        const before = await folder.start(api.adapter)
        expectAnswer(await exchange({ port: before.port, bytes }), 'ok')
        await before.kill()
        const after = await folder.start(api.adapter)
        const answer = await exchange({ port: after.port, bytes })
        await after.kill()
        return answer
      }),
    ),
    'RP-007': http((api) =>
      withDatabases(2, async (databases) => {
        const replicas = await Promise.all(databases.map(({ replayStore }) => api.open({ replayStore })))
        return expectOneAccepted(await sendToAll(replicas))
      }),
    ),
    'RP-009': http(async (api) => {
      const request = await sign(baseline())
      const garbage = changeLine(
        request,
        'Signature',
        () => `sig=:${Buffer.alloc(64, 7).toString('base64')}:`,
      )
      expectAnswer(await api.send(garbage), 'signature_invalid')
      return api.send(request)
    }),
    'RP-010': http(async (api) => {
      const nonce = freshNonce()
      const chain = await createChain([{}, { terms: { subject: agentB.did } }])
      return [
        await api.sendSigned(baseline({ nonce })),
        await api.sendSigned(baseline({ nonce, chain, signer: agentB })),
      ]
    }),
    'RP-011': http(async (api) => {
      const late = await api.open({})
      const nonce = freshNonce()
      expectAnswer(await late.sendSigned(baseline({ nonce })), 'ok')
      late.world.now += 300_000
      await late.world.refresh()
      return late.sendSigned(baseline({ nonce, created: SECONDS + 300 }))
    }),
    'RP-012': windowed(SECONDS - 60, SECONDS - SKEW - 1),
    'RP-013': windowed(SECONDS - 60, SECONDS - SKEW),
    'RP-015': windowed(SECONDS, SECONDS),
    'RP-016': windowed(SECONDS, SECONDS + 301),
    'RP-018': signed(() => withNonce('"1"')),
    'RP-019': signed(() => withNonce(`"${'A'.repeat(257)}"`)),
    'RP-021': http((api) => stepClock(api, [86_400_000, -86_400_000])),
    'RP-022': http(async (api) => (await api.open({ replayStore: brokenStore })).sendSigned(baseline())),
  },
  own: {
    'RP-own-1': own('signature_not_yet_valid', 'Created 6 s ahead', windowed(SECONDS + 6, SECONDS + 60)),
    'RP-own-2': own('ok', 'Created 5 s ahead', windowed(SECONDS + 5, SECONDS + 60)),
    'RP-own-3': own('parameter_invalid', 'Expires before created', windowed(SECONDS, SECONDS - 1)),
    'RP-own-4': own('ok', 'A window of exactly 300 s', windowed(SECONDS, SECONDS + 300)),
    'RP-own-5': own(
      'nonce_replayed',
      'Eight copies at once',
      http(async (api) => expectOneAccepted(await sendToAll(Array(8).fill(api)))),
    ),
    'RP-own-6': own(
      'nonce_replayed',
      'Copies at once to four verifiers that share a file',
      http((api) =>
        withDatabases(4, async (databases) => {
          const replicas = await Promise.all(databases.map(({ replayStore }) => api.open({ replayStore })))
          return expectOneAccepted(await sendToAll([...replicas, ...replicas]))
        }),
      ),
    ),
    'RP-own-7': own(
      'nonce_replayed',
      'Signed again with the same nonce',
      http(async (api) => {
        const nonce = freshNonce()
        expectAnswer(await api.sendSigned(baseline({ nonce })), 'ok')
        return api.sendSigned(baseline({ nonce, target: '/v1/items/7' }))
      }),
    ),
    'RP-own-8': own(
      'nonce_replayed',
      'The same nonce under another label and keyid order',
      http(async (api) => {
        const nonce = freshNonce()
        expectAnswer(await api.sendSigned(baseline({ nonce })), 'ok')
        const draft = baseline({ nonce, label: 'other' })
        return api.sendSigned({ ...draft, params: [...draft.params].reverse() })
      }),
    ),
    'RP-own-9': own(
      'nonce_invalid',
      'A nonce of 15 characters',
      signed(() => withNonce(`"${'A'.repeat(15)}"`)),
    ),
    'RP-own-10': own(
      'ok',
      'A nonce of 256 characters',
      signed(() => withNonce(`"${freshNonce()}${'A'.repeat(234)}"`)),
    ),
    'RP-own-11': own(
      'nonce_invalid',
      'A nonce outside base64url',
      signed(() => withNonce(`"${'A'.repeat(15)}/="`)),
    ),
    'RP-own-12': own(
      'parameter_invalid',
      'A nonce as token',
      signed(() => withNonce('A'.repeat(20))),
    ),
    'RP-own-13': own(
      'nonce_replayed',
      'A memory store cannot know what a predecessor accepted',
      http(async (api) => {
        const replayStore = createMemoryReplayStore({ clock: () => NOW })
        return (await api.open({ replayStore })).sendSigned(baseline())
      }),
    ),
    'RP-own-14': own(
      'replay_store_unavailable',
      'A full store',
      http(async (api) => {
        const replayStore = createMemoryReplayStore({ clock: () => NOW - 3_600_000, maxEntries: 1 })
        const full = await api.open({ replayStore })
        expectAnswer(await full.sendSigned(baseline()), 'ok')
        return full.sendSigned(baseline())
      }),
    ),
    'RP-own-15': own(
      'clock_unsynchronized',
      'The clock of the verifier goes back 6 s',
      http((api) => stepClock(api, [-6000])),
    ),
    'RP-own-16': own(
      'ok',
      'The clock of the verifier goes back 4 s',
      http((api) => stepClock(api, [-4000])),
    ),
    'RP-own-19': own(
      'clock_unsynchronized',
      'The clock of the verifier goes forward 6 s while no time passes',
      http((api) => stepClock(api, [6000])),
    ),
    'RP-own-20': own(
      'ok',
      'The clock of the verifier goes forward 5 s',
      http((api) => stepClock(api, [5000])),
    ),
    'RP-own-21': own(
      'ok',
      'The clock of the verifier jumped and came back, and the issuer has said that it is right',
      invariant(async (api) => {
        const lab = await api.open({})
        const first = await sign(baseline())
        expectAnswer(await lab.send(first), 'ok')
        lab.world.step(86_400_000)
        expectAnswer(await lab.sendSigned(baseline()), 'clock_unsynchronized')
        lab.world.step(-86_400_000)
        expectAnswer(await lab.sendSigned(baseline()), 'clock_unsynchronized')
        lab.world.now += 1000
        await lab.world.refresh()
        expectAnswer(await lab.send(first), 'nonce_replayed')
        expectAnswer(await lab.sendSigned(baseline()), 'ok')
      }),
    ),
    'RP-own-17': own(
      'ok',
      'A request refused for another reason keeps its nonce',
      invariant(async (api) => {
        const nonce = freshNonce()
        expectAnswer(await api.sendSigned(baseline({ nonce, target: '/v1/other' })), 'scope_exceeded')
        expectAnswer(await api.sendSigned(baseline({ nonce })), 'ok')
      }),
    ),
    'RP-own-18': own(
      'nonce_replayed',
      'The other case of a nonce is another nonce, its copy is not',
      http(async (api) => {
        const nonce = `${freshNonce()}aA`
        expectAnswer(await api.sendSigned(baseline({ nonce })), 'ok')
        expectAnswer(await api.sendSigned(baseline({ nonce: `${nonce.slice(0, -2)}Aa` })), 'ok')
        return api.sendSigned(baseline({ nonce, signer: agentC }))
      }),
    ),
  },
}

const brokenStore: ReplayStore = {
  claim: () => {
    throw new Error('the store is gone')
  },
}
