import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '@behalf/core'
import { assert, asyncProperty, constantFrom, nat, string } from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  type ApprovalEvidence,
  type Delegation,
  digestApprovalEvidence,
  parseDelegation,
  verifyApprovalEvidence,
  verifyDelegationChain,
} from '../src/index.ts'
import { issuers, NOW } from './support/actors.ts'
import { type Approved, approveRoot, assertApproval, passkeyOf } from './support/approvals.ts'
import { rootPayload, signUnchecked, withMember } from './support/delegations.ts'
import { codeOf, codeOfAsync } from './support/refusal.ts'

const SEED = 20_261_128

type Path = readonly (string | number)[]

const POLICY = { id: 'two', digest: `sha-256:${'A'.repeat(43)}`, decision: 'ask-two' }
const ENROLMENT = { valid_until: '2026-12-24T12:00:00Z', max_seconds: 600 }
// Beside the approved terms: what of an assertion is not the authority's word alone.
const PROVEN = [
  'nonce',
  'rp_id',
  'origin',
  'authenticator_data',
  'client_data_json',
  'signature',
  'public_key',
]

let approved: Approved

beforeAll(async () => {
  approved = await approveRoot(
    { policy: POLICY, purpose: 'Sum up “open” issues' },
    async (payload) => [
      await assertApproval({ payloads: [payload], enrolment: ENROLMENT }),
      await assertApproval({ payloads: [payload], by: 'bob', passkey: passkeyOf(2), enrolment: ENROLMENT }),
    ],
    ENROLMENT,
  )
})

/** Every text and number in a JSON value, by its path. */
function leavesOf(value: JsonValue, path: Path = []): readonly Path[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => leavesOf(item, [...path, index]))
  if (!isJsonObject(value)) return [path]
  return Object.entries(value).flatMap(([name, member]) => leavesOf(member, [...path, name]))
}

/** The value with the leaf at a path replaced. */
function replaceLeaf(
  value: JsonValue,
  [step, ...rest]: Path,
  change: (leaf: JsonValue) => JsonValue,
): JsonValue {
  if (step === undefined) return change(value)
  if (Array.isArray(value))
    return value.map((item, index) => (index === step ? replaceLeaf(item, rest, change) : item))
  if (!isJsonObject(value)) return value
  return { ...value, [step]: replaceLeaf(value[step] ?? null, rest, change) }
}

/** The leaf with one character replaced, or counted on. */
function changeLeaf(
  leaf: JsonValue,
  { at, character }: { readonly at: number; readonly character: string },
): JsonValue {
  if (typeof leaf === 'number') return leaf + 1 + at
  if (typeof leaf === 'boolean') return !leaf
  if (typeof leaf !== 'string') throw new TypeError('A leaf is a text, a number or a truth value')
  const index = at % leaf.length
  const other = leaf[index] === character ? `${character}${character}` : character
  return `${leaf.slice(0, index)}${other}${leaf.slice(index + 1)}`
}

const isProven = (path: Path): boolean => path[0] === 'approved' || PROVEN.includes(String(path.at(-1)))
const characters = string({ minLength: 1, maxLength: 1, unit: 'grapheme-ascii' })

/** A root that names the evidence as it is, however it was changed: what an authority that lies would sign. */
async function signFor(evidence: JsonObject): Promise<Delegation> {
  const digest = digestApprovalEvidence(evidence as ApprovalEvidence)
  const payload = rootPayload({ policy: POLICY, purpose: 'Sum up “open” issues' })
  const approval = { method: 'software-passkey', digest }
  return parseDelegation(await signUnchecked(withMember(payload, 'credentialSubject.approval', approval)))
}

describe('one changed byte', () => {
  test('of the evidence is refused', async () => {
    const { delegation } = approved
    const evidence = parseJson(JSON.stringify(approved.evidence))
    await assert(
      asyncProperty(constantFrom(...leavesOf(evidence)), nat(), characters, async (path, at, character) => {
        const changed = replaceLeaf(evidence, path, (leaf) => changeLeaf(leaf, { at, character }))
        const code = await codeOfAsync(() => verifyApprovalEvidence(changed, { delegation }))
        expect([path, code]).toEqual([path, 'evidence_invalid'])
      }),
      { numRuns: 300, seed: SEED },
    )
  })

  test('of terms, sentences or assertions is refused even if the authority signs it', async () => {
    const evidence = parseJson(JSON.stringify(approved.evidence))
    const leaves = leavesOf(evidence).filter(isProven)
    await assert(
      asyncProperty(constantFrom(...leaves), nat(), characters, async (path, at, character) => {
        const changed = replaceLeaf(evidence, path, (leaf) => changeLeaf(leaf, { at, character }))
        if (!isJsonObject(changed)) throw new TypeError('The evidence is no object')
        const delegation = await signFor(changed)
        const code = await codeOfAsync(() => verifyApprovalEvidence(changed, { delegation }))
        expect([path, code]).toEqual([path, 'evidence_invalid'])
      }),
      { numRuns: 300, seed: SEED },
    )
  })

  test('of the credential is refused', async () => {
    const { evidence, delegation } = approved
    await assert(
      asyncProperty(
        nat(delegation.jws.length - 1),
        constantFrom('A', 'b', '0', '-'),
        async (at, character) => {
          const { jws } = delegation
          if (jws[at] === character) return
          const changed = `${jws.slice(0, at)}${character}${jws.slice(at + 1)}`
          expect(codeOf(() => verifyDelegationChain([changed], { issuers, now: NOW }))).not.toBe('ok')
        },
      ),
      { numRuns: 300, seed: SEED },
    )
    expect(codeOf(() => verifyDelegationChain([delegation.jws], { issuers, now: NOW }))).toBe('ok')
    expect(await codeOfAsync(() => verifyApprovalEvidence(evidence, { delegation }))).toBe('ok')
  })
})
