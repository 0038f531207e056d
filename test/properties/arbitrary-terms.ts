import { createEd25519Signer } from '@behalf/core'
import { type DelegationTerms, parseCapabilities } from '@behalf/credential'
import { type Did, encodeDidKey } from '@behalf/did'
import fc from 'fast-check'
import { generateCapability } from '../../packages/credential/test/support/capability-generator.ts'
import { createRandom } from '../../packages/credential/test/support/random.ts'
import { digest, wellFormed } from './arbitraries.ts'

const SUBJECTS = [1, 2, 3].map((byte) =>
  encodeDidKey(createEd25519Signer(new Uint8Array(32).fill(byte)).publicKey),
)
const text = wellFormed.filter((value) => value !== '')
const id = fc.uuid().map((uuid) => `urn:uuid:${uuid}`)
/** Whole seconds from 1970 to 9999, in milliseconds. */
const time = fc.nat({ max: 253_402_300_799 }).map((seconds) => seconds * 1000)

const optional = {
  maxUses: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  maxDelegationDepth: fc.nat(),
  purpose: text,
  workflow: fc.record({ id: text, run: text }, { requiredKeys: ['id'] }),
}
const ofRoot = {
  policy: fc.record({ id: text, digest, decision: text }),
  approval: fc.record({
    method: fc.constantFrom('passkey', 'software-passkey', 'login', 'enrolment', 'operator'),
    digest,
  }),
}
const ofChild = { parent: fc.record({ id, digest }) }

/** Any terms that a delegation can have, of a root or of a child. */
export function delegationTerms(issuer: Did): fc.Arbitrary<DelegationTerms> {
  const required = {
    id,
    issuer: fc.constant(issuer),
    subject: fc.constantFrom(...SUBJECTS),
    onBehalfOf: fc.record({ id: text, role: text, tenant: text }, { requiredKeys: ['id'] }),
    capabilities: fc.nat().map((seed) => parseCapabilities([generateCapability(createRandom(seed))])),
    validFrom: time,
    validUntil: time,
    status: statusEntry(),
  }
  const requiredKeys = Object.keys(required).filter((name): name is keyof typeof required => name in required)
  return fc.oneof(
    fc.record({ ...required, ...optional, ...ofRoot }, { requiredKeys }),
    fc.record({ ...required, ...optional, ...ofChild }, { requiredKeys: [...requiredKeys, 'parent'] }),
  )
}

function statusEntry(): fc.Arbitrary<DelegationTerms['status']> {
  return fc.nat({ max: 999_999_999_999_999 }).map((index) => ({
    id: `https://authority.test/status/lists/1#${index}`,
    type: 'BitstringStatusListEntry',
    statusPurpose: 'revocation',
    statusListIndex: String(index),
    statusListCredential: 'https://authority.test/status/lists/1',
  }))
}
