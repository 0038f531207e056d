import { hashChildren, hashLeaf, verifyConsistency, verifyInclusion } from '@behalf/audit-log'
import { concatBytes, encodeHex, encodeUtf8 } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { createFrontier, frontierOf } from '../src/frontier.ts'
import { slowPath, slowProof, slowRoot } from './support/slow-tree.ts'
import { createTestLog, entriesUpTo, fill } from './support/test-log.ts'

const SIZES = 35
const spell = (hashes: readonly Uint8Array[]): readonly string[] => hashes.map((hash) => encodeHex(hash))

describe('against the definitions of the RFC', () => {
  test('every tree has the root of its slow twin', () => {
    const frontier = createFrontier()
    for (let size = 1; size <= 130; size += 1) {
      frontier.append(hashLeaf(encodeUtf8(`entry ${size - 1}`)))
      expect([size, encodeHex(frontier.root())]).toEqual([size, encodeHex(slowRoot(entriesUpTo(size)))])
    }
  })

  test('every proof of inclusion is that of the slow twin, and is believed', async () => {
    const world = createTestLog()
    await fill(world, 0, SIZES)
    for (let size = 1; size <= SIZES; size += 1) {
      const root = slowRoot(entriesUpTo(size))
      for (let index = 0; index < size; index += 1) {
        const proof = await world.log.proveInclusion({ index, size })
        expect([index, size, spell(proof)]).toEqual([index, size, spell(slowPath(index, entriesUpTo(size)))])
        verifyInclusion({ index, size, leafHash: hashLeaf(encodeUtf8(`entry ${index}`)), proof, root })
      }
    }
  })

  test('every proof of consistency is that of the slow twin, and is believed', async () => {
    const world = createTestLog()
    await fill(world, 0, SIZES)
    for (let size2 = 1; size2 <= SIZES; size2 += 1) {
      for (let size1 = 1; size1 <= size2; size1 += 1) {
        const proof = await world.log.proveConsistency({ size1, size2 })
        expect([size1, size2, spell(proof)]).toEqual([
          size1,
          size2,
          spell(slowProof(size1, entriesUpTo(size2))),
        ])
        const roots = { root1: slowRoot(entriesUpTo(size1)), root2: slowRoot(entriesUpTo(size2)) }
        verifyConsistency({ size1, size2, proof, ...roots })
      }
    }
  })
})

describe('a claim that is not so', () => {
  const size = 11
  const root = slowRoot(entriesUpTo(size))
  const claim = {
    index: 5,
    size,
    root,
    leafHash: hashLeaf(encodeUtf8('entry 5')),
    proof: slowPath(5, entriesUpTo(size)),
  }
  const refused = expect.objectContaining({ name: 'AuditLogError', code: 'audit_proof_invalid' })

  test.each([
    ['another index', { index: 4 }],
    ['an index outside', { index: 11 }],
    ['an index that is no number', { index: Number.NaN }],
    ['another size', { size: 17 }],
    ['a size beyond what a number holds', { size: 2 ** 53 }],
    ['no tree at all', { size: 0 }],
    ['another entry', { leafHash: hashLeaf(encodeUtf8('entry 6')) }],
    ['another root', { root: slowRoot(entriesUpTo(10)) }],
    ['a hash too few', { proof: claim.proof.slice(1) }],
    ['a hash too many', { proof: [...claim.proof, root] }],
    ['a short hash', { proof: claim.proof.map((hash) => hash.subarray(0, 31)) }],
    ['a short root', { root: root.subarray(0, 31) }],
  ])('inclusion: %s is refused', (_name, change) => {
    verifyInclusion(claim)
    expect(catchError(() => verifyInclusion({ ...claim, ...change }))).toEqual(refused)
  })

  test('the refusal of an inclusion names the entry', () => {
    expect(catchError(() => verifyInclusion({ ...claim, index: 4 }))).toMatchObject({ index: 4 })
  })

  const growth = {
    size1: 6,
    size2: size,
    root1: slowRoot(entriesUpTo(6)),
    root2: root,
    proof: slowProof(6, entriesUpTo(size)),
  }
  test.each([
    ['another older size', { size1: 5 }],
    ['a newer size that is smaller', { size2: 5 }],
    ['a size that is no number', { size2: Number.NaN }],
    ['another older root', { root1: slowRoot(entriesUpTo(5)) }],
    ['another newer root', { root2: slowRoot(entriesUpTo(10)) }],
    ['no proof', { proof: [] }],
    ['a hash too many', { proof: [...growth.proof, root] }],
    ['a short hash', { proof: growth.proof.map((hash) => hash.subarray(0, 31)) }],
    ['nothing seen before', { size1: 0 }],
    ['two different trees without entries', { size1: 0, size2: 0, proof: [] }],
  ])('consistency: %s is refused', (_name, change) => {
    verifyConsistency(growth)
    expect(catchError(() => verifyConsistency({ ...growth, ...change }))).toEqual(refused)
  })

  test('an entry that spells an inner node is not that node', () => {
    const [left, right] = [hashLeaf(encodeUtf8('a')), hashLeaf(encodeUtf8('b'))]
    expect(hashLeaf(concatBytes(left, right))).not.toEqual(hashChildren(left, right))
    expect(hashLeaf(concatBytes(Uint8Array.of(1), left, right))).not.toEqual(hashChildren(left, right))
  })
})

describe('proofs that cannot be made', () => {
  test.each([
    [{ index: 3, size: 3 }],
    [{ index: -1, size: 3 }],
    [{ index: 0.5, size: 3 }],
    [{ index: 0, size: Number.NaN }],
  ])('inclusion %o', async (of) => {
    await expect(createTestLog().log.proveInclusion(of)).rejects.toMatchObject({ code: 'audit_gap' })
  })

  test.each([
    [{ size1: 4, size2: 3 }],
    [{ size1: -1, size2: 3 }],
    [{ size1: 1, size2: Number.POSITIVE_INFINITY }],
  ])('consistency %o', async (of) => {
    await expect(createTestLog().log.proveConsistency(of)).rejects.toMatchObject({ code: 'audit_gap' })
  })

  test('of a tree that is larger than the log', async () => {
    const world = createTestLog()
    await fill(world, 0, 3)
    await expect(world.log.proveInclusion({ index: 1, size: 5 })).rejects.toMatchObject({ code: 'audit_gap' })
  })
})

test('a frontier goes on where another one of its size stopped', () => {
  const whole = createFrontier()
  for (const entry of entriesUpTo(13)) whole.append(hashLeaf(entry))
  const nodes = new Map<string, Uint8Array>()
  const part = createFrontier()
  for (const entry of entriesUpTo(11)) {
    for (const node of part.append(hashLeaf(entry))) nodes.set(`${node.level}/${node.index}`, node.hash)
  }
  const edge = frontierOf(11).map(({ level, index }) => nodes.get(`${level}/${index}`) ?? new Uint8Array())
  const resumed = createFrontier(11, edge)
  for (const entry of entriesUpTo(13).slice(11)) resumed.append(hashLeaf(entry))
  expect([resumed.size, encodeHex(resumed.root())]).toEqual([13, encodeHex(whole.root())])
  expect(() => createFrontier(11, edge.slice(1))).toThrow(TypeError)
})

function catchError(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return error
  }
}
