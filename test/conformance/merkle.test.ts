import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  createFrontier,
  EMPTY_ROOT,
  hashLeaf,
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from '@behalf/audit-log'
import { decodeBase64, decodeHex, encodeHex } from '@behalf/core'
import { expect, test } from 'vitest'
import { describeNeeding, vectorsFolder } from '../support/needs.ts'

interface Vector {
  readonly desc: string
  readonly wantErr: boolean
  readonly proof: readonly string[] | null
  readonly root: string
  readonly leafHash: string
  readonly leafIdx: number
  readonly treeSize: number
  readonly start: number
  readonly end: number
  readonly size: number
  readonly size1: number
  readonly size2: number
  readonly root1: string
  readonly root2: string
}

const KINDS = [
  [
    'inclusion',
    98,
    6,
    (vector: Vector) => verifyInclusion({ ...inclusionOf(vector), size: vector.treeSize }),
  ],
  [
    'subtreeinclusion',
    204,
    12,
    (vector: Vector) => verifySubtreeInclusion({ ...inclusionOf(vector), ...vector, ...inclusionOf(vector) }),
  ],
  ['consistency', 98, 6, (vector: Vector) => verifyConsistency({ ...vector, ...rootsOf(vector) })],
  [
    'subtreeconsistency',
    118,
    12,
    (vector: Vector) => verifySubtreeConsistency({ ...vector, ...rootsOf(vector) }),
  ],
] as const

describeNeeding('vectors', 'Merkle proofs', () => {
  test.each(KINDS)('%s: all %i vectors have their published verdict', (folder, total, valid, verify) => {
    const vectors = readVectors(folder)
    expect(vectors.length).toBe(total)
    expect(vectors.filter(({ wantErr }) => !wantErr).length).toBe(valid)
    const wrong = vectors.filter((vector) => verdict(() => verify(vector)) !== vector.wantErr)
    expect(wrong.map(({ desc }) => desc)).toEqual([])
  })

  test('the roots of trees of nought to eight entries are the published ones', () => {
    const { leaf_inputs_hex: inputs, root_by_size_hex: roots } = JSON.parse(
      readFileSync(join(vectorsFolder(), 'merkle', 'rfc6962_roots.json'), 'utf8'),
    )
    expect(roots.length).toBe(9)
    expect(encodeHex(EMPTY_ROOT)).toBe(roots[0])
    const frontier = createFrontier()
    for (const [index, input] of inputs.entries()) {
      frontier.append(hashLeaf(decodeHex(input)))
      expect(encodeHex(frontier.root())).toBe(roots[index + 1])
    }
  })
})

function inclusionOf({ leafIdx, leafHash, proof, root }: Vector) {
  return { index: leafIdx, leafHash: read(leafHash), proof: (proof ?? []).map(read), root: read(root) }
}

function rootsOf({ root1, root2, proof }: Vector) {
  return { root1: read(root1), root2: read(root2), proof: (proof ?? []).map(read) }
}

function read(text: string | null): Uint8Array {
  return decodeBase64(text ?? '')
}

/** Whether it was refused, with the one code there is for it. */
function verdict(verify: () => void): boolean {
  try {
    verify()
    return false
  } catch (error) {
    expect(error).toMatchObject({ name: 'AuditLogError', code: 'audit_proof_invalid' })
    return true
  }
}

function readVectors(kind: string): readonly Vector[] {
  const folder = join(vectorsFolder(), 'merkle', kind)
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
}
