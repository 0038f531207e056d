import { describe, expect, test } from 'vitest'
import {
  changeStatusList,
  createBitstring,
  findListChange,
  type ListChange,
  type ListReference,
  type StatusList,
  signHeartbeat,
  signStatusList,
  verifyHeartbeat,
  verifyStatusList,
  writeBit,
} from '../src/index.ts'
import { issuer, issuers, MINUTE, NOW } from './support/actors.ts'
import { LIST_URL, signUnchecked } from './support/delegations.ts'
import { codeOf } from './support/refusal.ts'

const OPTIONS = { id: LIST_URL, issuer: issuer.did, issuers, now: NOW }
const DIGEST = 'sha-256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

function bitsOf(...indices: readonly number[]): Uint8Array {
  const bits = createBitstring()
  for (const index of indices) writeBit(bits, index, true)
  return bits
}

const sign = (bits: Uint8Array, version: number): Promise<string> =>
  signStatusList({
    id: LIST_URL,
    issuer: issuer.did,
    kid: issuer.kid,
    purpose: 'revocation',
    bits,
    version,
    now: NOW,
    validUntil: NOW + 60 * MINUTE,
    signer: issuer.signer,
  })

const held = verifyStatusList(await sign(bitsOf(7, 9), 4), OPTIONS)
const change = (version: number, set: readonly number[], cleared: readonly number[] = []): ListChange => ({
  version,
  set,
  cleared,
})
const referTo = (version: number, ...changes: readonly ListChange[]): ListReference => ({
  id: LIST_URL,
  version,
  digest: DIGEST,
  changes,
})
const setIn = (list: StatusList): readonly number[] =>
  Array.from({ length: list.length }, (_, index) => index).filter((index) => list.isSet(index))

describe('findListChange', () => {
  test('finds every entry that differs, and no other', async () => {
    const before = await sign(bitsOf(0, 7, 9, 131_071), 1)
    expect(findListChange(before, bitsOf(0, 8, 9, 15, 131_070))).toEqual({
      set: [8, 15, 131_070],
      cleared: [7, 131_071],
    })
    expect(findListChange(before, bitsOf(0, 7, 9, 131_071))).toEqual({ set: [], cleared: [] })
  })

  test('finds nothing in what is no list', () => {
    for (const jws of ['', 'a.b.c', 'e30.e30.e30']) {
      expect(() => findListChange(jws, createBitstring())).toThrow(
        expect.objectContaining({ code: expect.any(String) }),
      )
    }
  })
})

describe('changeStatusList', () => {
  test('makes the list that the changes tell of, and leaves the other as it was', () => {
    const changed = changeStatusList(held, referTo(6, change(5, [8], [7]), change(6, [131_071])))
    expect(changed && setIn(changed)).toEqual([8, 9, 131_071])
    expect(changed).toEqual({ ...held, version: 6, digest: DIGEST, isSet: expect.any(Function) })
    expect(Object.isFrozen(changed)).toBe(true)
    expect(setIn(held)).toEqual([7, 9])
  })

  test('goes on from a list that was made the same way', () => {
    const once = changeStatusList(held, referTo(5, change(5, [8])))
    const twice = once && changeStatusList(once, referTo(6, change(5, [99]), change(6, [], [8])))
    expect(twice && setIn(twice)).toEqual([7, 9])
  })

  test.each<[string, ListReference]>([
    ['there is no change', referTo(5)],
    ['a change is missing', referTo(6, change(6, [8]))],
    ['all changes are known', referTo(4, change(4, [8]))],
    ['it is another list', { ...referTo(5, change(5, [8])), id: `${LIST_URL}2` }],
  ])('makes nothing when %s', (_title, reference) => {
    expect(changeStatusList(held, reference)).toBeUndefined()
  })

  test('refuses an entry that is not there, and a list from elsewhere', () => {
    for (const wrong of [change(5, [131_072]), change(5, [], [131_072])]) {
      expect(codeOf(() => changeStatusList(held, referTo(5, wrong)))).toBe('status_invalid')
    }
    expect(() => changeStatusList({ ...held }, referTo(5, change(5, [8])))).toThrow(TypeError)
  })
})

describe('changes in a heartbeat', () => {
  const beat = {
    issuer: issuer.did,
    kid: issuer.kid,
    epoch: 1,
    sequence: 1,
    now: NOW,
    revokedKeys: [],
    signer: issuer.signer,
  } as const

  test('are read as they were signed; none are left out', async () => {
    const lists = [
      referTo(6, change(5, [8, 9], [7]), change(6, [])),
      { id: 'https://a.test/2', version: 1, digest: DIGEST },
    ]
    const jws = await signHeartbeat({ ...beat, lists: [...lists, { ...referTo(1), id: 'https://a.test/3' }] })
    expect(verifyHeartbeat(jws, OPTIONS).lists).toEqual([
      ...lists,
      { id: 'https://a.test/3', version: 1, digest: DIGEST },
    ])
  })

  test.each<[string, unknown]>([
    ['no list', {}],
    ['what is no change', [7]],
    ['a member that is not defined', [{ version: 6, set: [], cleared: [], more: 1 }]],
    ['another last version', [{ version: 5, set: [], cleared: [] }]],
    [
      'a gap',
      [
        { version: 4, set: [], cleared: [] },
        { version: 6, set: [], cleared: [] },
      ],
    ],
    [
      'a first version',
      Array.from({ length: 6 }, (_, index) => ({ version: index + 1, set: [], cleared: [] })),
    ],
    ['no indices', [{ version: 6, set: [] }]],
    ['indices that are none', [{ version: 6, set: ['8'], cleared: [] }]],
    ['a negative index', [{ version: 6, set: [-1], cleared: [] }]],
    ['an index twice', [{ version: 6, set: [8, 8], cleared: [] }]],
    ['indices that go back', [{ version: 6, set: [], cleared: [9, 8] }]],
    ['an index beyond every list', [{ version: 6, set: [8_388_608], cleared: [] }]],
  ])('with %s are refused', async (_title, changes) => {
    const list = { id: LIST_URL, version: 6, digest: DIGEST, changes } as never
    const payload = {
      iss: issuer.did,
      epoch: 1,
      sequence: 1,
      iat: Math.floor(NOW / 1000),
      iat_ms: NOW,
      lists: [list],
      revoked_keys: [],
    }
    const jws = await signUnchecked(payload, issuer, { typ: 'behalf-heartbeat+jwt' })
    expect(codeOf(() => verifyHeartbeat(jws, OPTIONS))).toBe('status_invalid')
  })
})
