import {
  digestDelegationChain,
  verifyDelegationChain,
  verifyHeartbeat,
  verifyStatusList,
} from '@behalf/credential'
import { didKeyIssuerKeys, VerifierError } from '@behalf/verifier'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { copyDraft, type Draft, findLine } from '../fuzz/draft.ts'
import { createPool, type PooledRequest } from '../fuzz/pool.ts'
import { Random } from '../fuzz/random.ts'
import { NOW } from '../fuzz/status.ts'
import { createWorlds } from '../fuzz/world.ts'

const SEED = 20_261_201
const { plain, publications } = await createWorlds()
const pool = createPool(new Random(1, 1))
const SIGNED_FIELDS = ['content-type', 'content-digest', 'signature-key', 'delegation-chain', 'agent-context']

/** One honest request that has every part that can be signed, and a chain of two or three. */
const honest = pick(({ draft, chain, isByName }) => {
  const hasAll = SIGNED_FIELDS.every((name) => findLine(draft, name) !== undefined)
  return hasAll && chain.isLive && !isByName && chain.links.length < 4
})
const links = honest.chain.links.map(({ jws }) => jws)

function pick(isWanted: (request: PooledRequest) => boolean): PooledRequest {
  const request = pool.requests.find(isWanted)
  if (request === undefined) throw new RangeError('The pool has no such request')
  return request
}

/** The text with one bit of one character changed; which bit depends on the position. */
function withOtherByte(text: string, at: number, bit = at % 7): string {
  return text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << bit)) + text.slice(at + 1)
}

async function codeOf(draft: Draft, guard = plain.cold): Promise<string> {
  plain.reset()
  try {
    await guard.verify(draft)
    return 'ok'
  } catch (error) {
    if (error instanceof VerifierError) return error.code
    throw error
  }
}

/** Every draft that differs from the honest one in one byte of one part. */
function* changedDrafts(): Generator<{ readonly part: string; readonly at: number; readonly draft: Draft }> {
  const { method, target, body } = honest.draft
  for (const at of Array.from(method).keys())
    yield { part: 'method', at, draft: { ...honest.draft, method: withOtherByte(method, at) } }
  for (const at of Array.from(target).keys())
    yield { part: 'target', at, draft: { ...honest.draft, target: withOtherByte(target, at) } }
  for (const at of body.keys()) {
    const changed = body.slice()
    changed.fill((body[at] ?? 0) ^ (1 << (at % 8)), at, at + 1)
    yield { part: 'body', at, draft: { ...honest.draft, body: changed } }
  }
  for (const part of [...SIGNED_FIELDS, 'signature-input', 'signature']) yield* withOtherField(part)
}

function* withOtherField(
  part: string,
): Generator<{ readonly part: string; readonly at: number; readonly draft: Draft }> {
  const value = findLine(honest.draft, part)?.[1] ?? ''
  for (let at = 0; at < value.length; at += 1) {
    const draft = copyDraft(honest.draft)
    const line = findLine(draft, part)
    if (line !== undefined) line[1] = withOtherByte(value, at)
    yield { part, at, draft }
  }
}

/** The draft with some bits of one byte of one of its signed parts changed. */
function changeByte(
  original: Draft,
  { part, place, mask }: { readonly part: number; readonly place: number; readonly mask: number },
): Draft {
  const draft = copyDraft(original)
  const change = (text: string): string => {
    const at = Math.floor(place * text.length)
    return text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ mask) + text.slice(at + 1)
  }
  const changes: (() => void)[] = [...SIGNED_FIELDS, 'signature-input', 'signature'].flatMap((name) => {
    const line = findLine(draft, name)
    return line === undefined ? [] : [() => (line[1] = change(line[1]))]
  })
  changes.push(
    () => (draft.method = change(draft.method)),
    () => (draft.target = change(draft.target)),
  )
  const changeBody = (): void => {
    draft.body = Uint8Array.from(Buffer.from(change(Buffer.from(draft.body).toString('latin1')), 'latin1'))
  }
  if (draft.body.length > 0) changes.push(changeBody)
  changes[part % changes.length]?.()
  return draft
}

describe('one other byte is never accepted', () => {
  test('anywhere in the signed parts of a request', async () => {
    expect(await codeOf(honest.draft)).toBe('ok')
    const accepted: string[] = []
    const refused = new Map<string, number>()
    for (const { part, at, draft } of changedDrafts()) {
      const code = await codeOf(draft)
      if (code === 'ok') accepted.push(`${part} ${at}`)
      refused.set(part, (refused.get(part) ?? 0) + 1)
    }
    expect(accepted).toEqual([])
    const { method, target, body } = honest.draft
    expect(refused.get('method')).toBe(method.length)
    expect(refused.get('target')).toBe(target.length)
    expect(refused.get('body')).toBe(body.length)
    expect(refused.get('signature-key')).toBeGreaterThan(1000)
    expect(refused.get('delegation-chain')).toBeGreaterThan(1000)
    expect(refused.get('signature')).toBeGreaterThan(90)
  })

  test('anywhere in any request, whichever bits, also when its chain is held', async () => {
    const guards = [plain.guard, plain.cold]
    const accepted: PooledRequest[] = []
    for (const request of pool.requests.filter(({ isByName }) => !isByName)) {
      const codes = [await codeOf(request.draft, plain.guard), await codeOf(request.draft)]
      if (codes.every((code) => code === 'ok')) accepted.push(request)
    }
    expect(accepted.length).toBeGreaterThan(40)
    const change = fc.record({
      request: fc.constantFrom(...accepted),
      guard: fc.constantFrom(...guards),
      part: fc.nat(),
      place: fc.double({ min: 0, max: 0.999_999, noNaN: true }),
      mask: fc.integer({ min: 1, max: 127 }),
    })
    const property = fc.asyncProperty(change, async ({ request, guard, ...how }) => {
      expect(await codeOf(changeByte(request.draft, how), guard)).not.toBe('ok')
    })
    await fc.assert(property, { seed: SEED, numRuns: 3000 })
  })

  test('anywhere in a credential of a chain', () => {
    const verify = (chain: readonly string[]): unknown =>
      verifyDelegationChain(chain, { issuers: didKeyIssuerKeys, now: NOW })
    expect(() => verify(links)).not.toThrow()
    for (const [link, jws] of links.entries()) {
      for (let at = 0; at < jws.length; at += 1) {
        const changed = links.with(link, withOtherByte(jws, at))
        expect(() => verify(changed), `link ${link}, byte ${at}`).toThrow(/./)
      }
    }
  })

  test('in what a chain is named after', () => {
    const names = new Set(
      links.flatMap((jws, link) =>
        Array.from(jws).map((_, at) => digestDelegationChain(links.with(link, withOtherByte(jws, at)))),
      ),
    )
    expect(names.size).toBe(links.join('').length)
    expect(names.has(digestDelegationChain(links))).toBe(false)
  })

  test.each(publications.map((publication) => [publication.heartbeatUrl, publication] as const))(
    'anywhere in what is published at %s',
    (_, { issuer, heartbeat, lists }) => {
      const options = { issuer: issuer.did, issuers: didKeyIssuerKeys, now: NOW }
      const readers: readonly (readonly [string, (jws: string) => unknown])[] = [
        [heartbeat, (jws) => verifyHeartbeat(jws, options)],
        ...[...lists].map(
          ([id, jws]) => [jws, (changed: string) => verifyStatusList(changed, { ...options, id })] as const,
        ),
      ]
      for (const [jws, read] of readers) {
        expect(() => read(jws)).not.toThrow()
        for (let at = 0; at < jws.length; at += 1) {
          expect(() => read(withOtherByte(jws, at)), `byte ${at}`).toThrow(
            expect.objectContaining({ code: 'status_invalid' }),
          )
        }
      }
    },
  )
})
