import { gzipSync } from 'node:zlib'
import { encodeBase64url } from '@behalf/core'
import { createBitstring } from '@behalf/credential'
import type { StatusMark, StatusState } from '@behalf/verifier'
import { expect } from 'vitest'
import { type CaseGroup, http, invariant, own } from '../support/attack-case.ts'
import { createChain, FIRST_INDEX, LIST_URL, NOW, signJws } from '../support/chain.ts'
import { expectAnswer } from '../support/expectation.ts'
import type { Api, ApiOptions } from '../support/lab.ts'
import { issuer, otherIssuer, type Party, stranger } from '../support/party.ts'
import { baseline } from '../support/request.ts'
import { HEARTBEAT_URL, type StatusFeed, signHonestList } from '../support/status-feed.ts'
import type { Answer } from '../support/wire.ts'
import { PUSHED_CASES } from './status-push.ts'

const MAX_STALENESS_MS = 30_000

/** The baseline at an API whose issuer publishes differently. */
const publishing = (arrange: (feed: StatusFeed) => void, options: ApiOptions = {}) =>
  http(async (api) => (await api.open({ ...options, arrange })).sendSigned(baseline()))

/** The baseline with a leaf whose status entry differs. */
const withEntry = (...entries: readonly Readonly<Record<string, unknown>>[]) =>
  http(async (api) => {
    const answers = []
    for (const entry of entries) {
      const change = { json: (text: string): string => changeEntry(text, entry) }
      answers.push(await api.sendSigned(baseline({ chain: await createChain([{}, {}, change]) })))
    }
    return answers
  })

function changeEntry(text: string, entry: Readonly<Record<string, unknown>>): string {
  const payload = JSON.parse(text)
  return JSON.stringify({ ...payload, credentialStatus: { ...payload.credentialStatus, ...entry } })
}

/** The honest list with members of its subject, its claims or its header changed before it was signed. */
function listWith(change: {
  readonly subject?: object
  readonly claims?: object
  readonly header?: object
  readonly by?: Party
}): (feed: StatusFeed) => void {
  return (feed) => {
    feed.signList = async (now) => {
      const honest = await signHonestList(issuer, { bits: createBitstring(), now, version: feed.version })
      const [header, payload] = honest
        .split('.')
        .slice(0, 2)
        .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))
      const credentialSubject = { ...payload.credentialSubject, ...change.subject }
      const changed = { ...payload, credentialSubject, ...change.claims }
      return signJws(
        JSON.stringify({ ...header, ...change.header }),
        JSON.stringify(changed),
        change.by ?? issuer,
      )
    }
  }
}

/** The list whose bytes inside are these. */
const encoded = (bytes: Uint8Array) =>
  publishing(listWith({ subject: { encodedList: `u${encodeBase64url(bytes)}` } }))

const gzipped = (bits: Uint8Array): Buffer => gzipSync(bits, { level: 9 })

/** Signs at the time the verifier has now. */
async function sendNow(api: Api): Promise<Answer> {
  return api.sendSigned(baseline({ created: Math.floor(api.world.now / 1000) }))
}

/** Everything was well; then the issuer answers with this, and no longer than allowed passes until it counts. */
async function afterwards(api: Api, answer: (url: string) => Response): Promise<Answer> {
  expectAnswer(await api.sendSigned(baseline()), 'ok')
  api.world.feed.intercept = answer
  api.world.now += MAX_STALENESS_MS
  await api.world.poll()
  expectAnswer(await sendNow(api), 'ok')
  api.world.now += 1000
  await api.world.poll()
  return sendNow(api)
}

/** What was published first, kept to be served again. */
async function keepFirst(api: Api): Promise<(url: string) => Response> {
  const first = new Map<string, string>()
  for (const url of [LIST_URL, HEARTBEAT_URL]) first.set(url, await (await api.world.feed.fetch(url)).text())
  return (url) => new Response(first.get(url) ?? null)
}

/** A verifier that saw a later state is served an earlier one. */
async function rollBack(api: Api): Promise<Answer> {
  const earlier = await keepFirst(api)
  api.world.now += 1000
  await api.world.refresh()
  return afterwards(api, earlier)
}

/** Status list and revocation. */
export const status: CaseGroup = {
  name: 'Status list and revocation',
  catalogue: {
    'ST-001': publishing((feed) => feed.revoke(FIRST_INDEX + 2)),
    'ST-003': withEntry({ statusPurpose: 'suspension' }),
    'ST-004': http(async (api) => {
      const chain = await createChain([
        {},
        {},
        { json: (text) => changeEntry(text, { statusListCredential: 'https://attacker.test/lists/1' }) },
      ])
      const answer = await api.sendSigned(baseline({ chain }))
      await api.world.poll()
      expect(api.world.feed.asked.filter((url) => url !== LIST_URL && url !== HEARTBEAT_URL)).toEqual([])
      return answer
    }),
    'ST-006': publishing(
      (feed) => {
        feed.signList = (now) =>
          signHonestList(otherIssuer, { bits: createBitstring(), now, version: feed.version })
      },
      { alsoTrusted: [otherIssuer] },
    ),
    'ST-007': http(async (api) => rollBack(await api.open({}))),
    'ST-009': publishing((feed) => {
      feed.signList = (now) =>
        signHonestList(issuer, { bits: createBitstring(), now: now + 3_600_000, version: feed.version })
    }),
    'ST-010': withEntry({ statusListIndex: '131072' }),
    'ST-012': withEntry({ statusListIndex: 7 }),
    'ST-013': http(async (api) => {
      const world = await api.open({ arrange: (feed) => feed.revoke(0) })
      const indexed = async (statusListIndex: string): Promise<Answer> => {
        const chain = await createChain([{}, {}, { json: (text) => changeEntry(text, { statusListIndex }) }])
        return world.sendSigned(baseline({ chain }))
      }
      for (const other of ['7', '8', '131071']) expectAnswer(await indexed(other), 'ok')
      return indexed('0')
    }),
    'ST-015': encoded(Buffer.concat([gzipped(new Uint8Array(8192)), gzipped(new Uint8Array(8192))])),
    'ST-016': encoded(Buffer.concat([gzipped(new Uint8Array(16_384)), Buffer.from('garbage')])),
    'ST-018': encoded(gzipped(new Uint8Array(128))),
    'ST-019': http(async (api) => {
      const statusMessage = [{ status: '0x0', message: 'valid' }]
      const list = await api.open({ arrange: listWith({ subject: { statusSize: 2, statusMessage } }) })
      const chain = await createChain([
        {},
        {},
        { json: (text) => changeEntry(text, { statusSize: 2, statusMessage }) },
      ])
      return [await list.sendSigned(baseline()), await api.sendSigned(baseline({ chain }))]
    }),
    ...PUSHED_CASES,
    'ST-031': http(async (api) => afterwards(await api.open({}), () => new Response(null, { status: 304 }))),
    'ST-033': http(async (api) => afterwards(await api.open({}), () => Response.error())),
    'ST-034': http(async (api) => {
      const { world, ...healing } = await api.open({ pollSeconds: 2 })
      const sendThen = (): Promise<Answer> => healing.sendSigned(baseline({ created: world.now / 1000 }))
      expectAnswer(await sendThen(), 'ok')
      world.feed.intercept = () => Response.error()
      await world.pass(MAX_STALENESS_MS + 1000)
      expectAnswer(await sendThen(), 'status_stale')
      world.feed.intercept = () => undefined
      await world.feed.publish(world.now + 2000)
      await world.pass(2000)
      return sendThen()
    }),
    'ST-037': http(async (api) => {
      const replicas = [await api.open({}), await api.open({})]
      const answers = []
      for (const replica of replicas) {
        expectAnswer(await replica.sendSigned(baseline()), 'ok')
        replica.world.verifier.distrustIssuer(issuer.did)
        answers.push(await replica.sendSigned(baseline()))
      }
      return answers
    }),
  },
  own: {
    'ST-own-1': own(
      'status_unavailable',
      'An issuer that never answered',
      publishing((feed) => {
        feed.intercept = () => new Response(null, { status: 503 })
      }),
    ),
    'ST-own-2': own(
      'status_invalid',
      'Entries outside of the profile',
      withEntry(
        { type: 'StatusList2021Entry' },
        { statusPurpose: ['revocation'] },
        { statusListCredential: 'javascript:alert(1)' },
        { statusListCredential: `${LIST_URL}?x=1` },
        { statusListCredential: LIST_URL.toUpperCase() },
        { id: undefined },
        { more: 1 },
      ),
    ),
    'ST-own-3': own(
      'status_invalid',
      'No entry, or several',
      http(async (api) => {
        const answers = []
        for (const credentialStatus of [undefined, null, [], [{ type: 'BitstringStatusListEntry' }], 'x']) {
          answers.push(
            await api.sendSigned(
              baseline({ chain: await createChain([{}, {}, { claims: { credentialStatus } }]) }),
            ),
          )
        }
        return answers
      }),
    ),
    'ST-own-4': own(
      'status_index_invalid',
      'Indices in another spelling',
      withEntry(
        ...['007', '+7', '-1', '7.0', '0x7', ' 7', '7 ', '', '1e2', '9'.repeat(20), '٧'].map(
          (statusListIndex) => ({ statusListIndex }),
        ),
      ),
    ),
    'ST-own-5': own(
      'status_invalid',
      'A list for another purpose, type, address or issuer',
      http(async (api) => {
        const answers = []
        for (const change of [
          { subject: { statusPurpose: 'suspension' } },
          { subject: { type: 'StatusList2021' } },
          { claims: { type: ['VerifiableCredential'] } },
          {
            claims: {
              id: 'https://authority.test/status/lists/2',
              jti: 'https://authority.test/status/lists/2',
            },
          },
          { claims: { iss: stranger.did, issuer: stranger.did } },
          { header: { alg: 'none' } },
          { header: { typ: 'JWT' } },
          { by: stranger },
          {
            by: stranger,
            header: { kid: stranger.kid },
            claims: { iss: stranger.did, issuer: stranger.did },
          },
          { claims: { version: 99 } },
        ]) {
          answers.push(await (await api.open({ arrange: listWith(change) })).sendSigned(baseline()))
        }
        return answers
      }),
    ),
    'ST-own-6': own(
      'status_invalid',
      'A bomb, a stored block, an empty member, no gzip at all',
      http(async (api) => {
        const answers = []
        for (const bytes of [
          gzipSync(new Uint8Array(64 * 1024 * 1024)),
          new Uint8Array(),
          Buffer.from('text'),
          gzipSync(''),
          gzipped(new Uint8Array(16_384)).subarray(0, -1),
        ]) {
          const arrange = listWith({ subject: { encodedList: `u${encodeBase64url(bytes)}` } })
          answers.push(await (await api.open({ arrange })).sendSigned(baseline()))
        }
        return answers
      }),
    ),
    'ST-own-7': own(
      'status_invalid',
      'A list that is not the one the heartbeat names',
      publishing((feed) => {
        feed.intercept = (url) => (url === LIST_URL ? new Response('a.b.c') : undefined)
      }),
    ),
    'ST-own-8': own(
      'status_rollback',
      'An earlier heartbeat after a restart',
      http(async (api) => {
        const marks = new Map<string, StatusMark>()
        const state: StatusState = {
          load: (did) => marks.get(did),
          save: (did, mark) => void marks.set(did, mark),
        }
        const before = await api.open({ state })
        before.world.now += 5000
        await before.world.refresh()
        const after = await api.open({ state })
        return after.sendSigned(baseline())
      }),
    ),
    'ST-own-9': own(
      'status_rollback',
      'A lower epoch',
      http(async (api) => {
        const world = await api.open({
          arrange: (feed) => {
            feed.epoch = 2
          },
        })
        expectAnswer(await world.sendSigned(baseline()), 'ok')
        world.world.feed.epoch = 1
        world.world.now += MAX_STALENESS_MS + 1000
        await world.world.refresh()
        return sendNow(world)
      }),
    ),
    'ST-own-10': own(
      'status_stale',
      'Nobody asks any more',
      http(async (api) => {
        const world = await api.open({})
        world.world.now += MAX_STALENESS_MS + 1
        return sendNow(world)
      }),
    ),
    'ST-own-11': own(
      'ok',
      'At the very end of what is fresh',
      http(async (api) => {
        const world = await api.open({})
        world.world.now += MAX_STALENESS_MS
        return sendNow(world)
      }),
    ),
    'ST-own-12': own(
      'status_invalid',
      'A heartbeat signed ahead of time',
      http(async (api) => {
        // The list is of now, so that its own validity has nothing to say.
        const signList = (): Promise<string> =>
          signHonestList(issuer, { bits: createBitstring(), now: NOW, version: 2 })
        const silent = (): Response => Response.error()
        const { world, ...ahead } = await api.open({
          arrange: (feed) => void Object.assign(feed, { signList, intercept: silent }),
        })
        world.feed.intercept = () => undefined
        await world.feed.publish(NOW + 6000)
        await world.poll()
        return ahead.sendSigned(baseline())
      }),
    ),
    'ST-own-20': own(
      'status_rollback',
      'A list of a lower version under a newer heartbeat',
      http(async (api) => {
        const { world, ...lower } = await api.open({})
        world.now += 1000
        await world.refresh()
        expectAnswer(await lower.sendSigned(baseline()), 'ok')
        world.feed.version = 0
        world.now += MAX_STALENESS_MS + 1000
        await world.refresh()
        return lower.sendSigned(baseline({ created: world.now / 1000 }))
      }),
    ),
    'ST-own-21': own(
      'status_invalid',
      'A heartbeat that sends verifiers elsewhere for its list',
      http(async (api) => {
        const answers = []
        for (const listUrl of [
          'https://elsewhere.test/lists/1',
          'http://authority.test/status/lists/1',
          'file:///etc/passwd',
        ]) {
          const { world, ...sent } = await api.open({
            arrange: (feed) => void Object.assign(feed, { listUrl }),
          })
          answers.push(await sent.sendSigned(baseline()))
          expect(world.feed.asked).not.toContain(listUrl)
        }
        return answers
      }),
    ),
    'ST-own-22': own(
      'credential_suspended',
      'A suspended link, the root or the leaf',
      http(async (api) => {
        const answers = []
        for (const link of [0, 2]) {
          const arrange = (feed: StatusFeed): void => feed.suspend(FIRST_INDEX + link)
          answers.push(await (await api.open({ arrange })).sendSigned(baseline()))
        }
        return answers
      }),
    ),
    'ST-own-23': own(
      'ok',
      'A delegation that was suspended and goes on',
      http(async (api) => {
        const { world, ...resting } = await api.open({ arrange: (feed) => feed.suspend(FIRST_INDEX) })
        expectAnswer(await resting.sendSigned(baseline()), 'credential_suspended')
        world.feed.suspend(FIRST_INDEX, false)
        world.now += 1000
        await world.refresh()
        return resting.sendSigned(baseline())
      }),
    ),
    'ST-own-24': own(
      'credential_revoked',
      'What was revoked does not come back when it is resumed',
      http(async (api) => {
        const { world, ...dead } = await api.open({ arrange: (feed) => feed.suspend(FIRST_INDEX) })
        world.feed.revoke(FIRST_INDEX)
        world.feed.suspend(FIRST_INDEX, false)
        world.now += 1000
        await world.refresh()
        return dead.sendSigned(baseline())
      }),
    ),
    'ST-own-25': own(
      'status_rollback',
      'A newer heartbeat over an older list of suspensions, or none',
      http(async (api) => {
        const answers = []
        for (const suspensionVersion of [1, 0]) {
          const { world, ...sent } = await api.open({ arrange: (feed) => feed.suspend(FIRST_INDEX + 7) })
          world.feed.suspend(FIRST_INDEX)
          world.now += 1000
          await world.refresh()
          expectAnswer(await sent.sendSigned(baseline()), 'credential_suspended')
          Object.assign(world.feed, { suspensionVersion })
          world.now += MAX_STALENESS_MS + 1000
          await world.refresh()
          answers.push(await sent.sendSigned(baseline({ created: world.now / 1000 })))
        }
        return answers
      }),
    ),
    'ST-own-13': own(
      'ok',
      'Revoking somebody else',
      publishing((feed) => {
        for (const index of [0, 1, FIRST_INDEX - 1, FIRST_INDEX + 3, 131_071]) feed.revoke(index)
      }),
    ),
    'ST-own-14': own(
      'credential_revoked',
      'The last index of a list',
      http(async (api) => {
        const world = await api.open({ arrange: (feed) => feed.revoke(131_071) })
        const chain = await createChain([
          {},
          {},
          { json: (text) => changeEntry(text, { statusListIndex: '131071' }) },
        ])
        return world.sendSigned(baseline({ chain }))
      }),
    ),
    'ST-own-15': own(
      'credential_revoked',
      'What was revoked stays revoked while the issuer is silent',
      http(async (api) => {
        const world = await api.open({ arrange: (feed) => feed.revoke(FIRST_INDEX) })
        world.world.feed.intercept = () => Response.error()
        world.world.now += 20_000
        await world.world.poll()
        return sendNow(world)
      }),
    ),
    'ST-own-17': own(
      'status_invalid',
      'A list that has ended, under a fresh heartbeat',
      http(async (api) => {
        const soon = NOW + 20_000
        const claims = { validUntil: new Date(soon).toISOString().replace('.000', ''), exp: soon / 1000 }
        const ending = await api.open({ arrange: listWith({ claims }) })
        expectAnswer(await ending.sendSigned(baseline()), 'ok')
        ending.world.now += MAX_STALENESS_MS + 1000
        await ending.world.refresh()
        return sendNow(ending)
      }),
    ),
    'ST-own-18': own(
      'status_invalid',
      'Something else in the place of the heartbeat',
      http(async (api) => {
        const answers = []
        const list = await signHonestList(issuer, { bits: createBitstring(), now: NOW, version: 1 })
        const [, ...others] = await createChain()
        for (const text of [list, ...others, '', 'a.b.c', '{}', '\ufeff']) {
          const intercept = (url: string): Response | undefined =>
            url === HEARTBEAT_URL ? new Response(text) : undefined
          const arrange = (feed: StatusFeed): void => void Object.assign(feed, { intercept })
          answers.push(await (await api.open({ arrange })).sendSigned(baseline()))
        }
        return answers
      }),
    ),
    'ST-own-19': own(
      'status_invalid',
      'Bytes between the compressed stream and its checksum',
      http(async (api) => {
        const member = gzipped(new Uint8Array(16_384))
        const bytes = Buffer.concat([member.subarray(0, -8), Buffer.from('garbage'), member.subarray(-8)])
        const arrange = listWith({ subject: { encodedList: `u${encodeBase64url(bytes)}` } })
        return (await api.open({ arrange })).sendSigned(baseline())
      }),
    ),
    'ST-own-16': own(
      'ok',
      'The link that is revoked is told',
      invariant(async (api) => {
        for (const link of [0, 1, 2]) {
          const world = await api.open({ arrange: (feed) => feed.revoke(FIRST_INDEX + link) })
          const answer = await world.sendSigned(baseline())
          expectAnswer(answer, 'credential_revoked')
          expect(JSON.parse(answer.body)).toMatchObject({ link })
        }
      }),
    ),
  },
}
