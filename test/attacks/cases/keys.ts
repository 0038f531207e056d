import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  createEd25519Signer,
  decodeHex,
  encodeBase64,
  encodeUtf8,
  isJsonObject,
  parseEd25519Jwk,
  verifyEd25519,
} from '@behalf/core'
import { createMemoryWallet } from '@behalf/wallet'
import { expect } from 'vitest'
import { backend as nobleBackend } from '../../../packages/core/src/noble-backend.ts'
import { backend as nodeBackend } from '../../../packages/core/src/node-backend.ts'
import { backend as sodiumBackend } from '../../../packages/core/src/sodium-backend.ts'
import { createStrictEd25519 } from '../../../packages/core/src/strict-ed25519.ts'
import { L as CURVE_ORDER, secretScalar, signWith } from '../../../packages/core/test/support/curve.ts'
import { vectorsFolder } from '../../support/needs.ts'
import { type CaseGroup, call, http, httpOn, invariant, invariantOnce, own } from '../support/attack-case.ts'
import { ASKED, spellKey, walletAgent, withAuthority } from '../support/authority.ts'
import { encodeBase58, spellKeyUrl } from '../support/base58.ts'
import { createChain } from '../support/chain.ts'
import { codeOf, expectAnswer } from '../support/expectation.ts'
import type { Lab } from '../support/lab.ts'
import { agentC, stranger } from '../support/party.ts'
import { baseline, changeLine, signatureBase, withSignature } from '../support/request.ts'
import { altered, signed } from '../support/send-case.ts'

const IDENTITY = `01${'00'.repeat(31)}`
/** R of the neutral element and S = 0: valid for every message under the neutral key, for a lenient verifier. */
const FORGED = `sig=:${encodeBase64(decodeHex(IDENTITY + '00'.repeat(32)))}:`

/** The baseline with a keyid that spells this key, and a signature that a lenient verifier takes for it. */
const keyed = (...keys: readonly string[]) =>
  http(async (api) => {
    const answers = []
    for (const key of keys) {
      answers.push(await api.send(withSignature(baseline({ keyid: spellKeyUrl(decodeHex(key)) }), FORGED)))
    }
    return answers
  })

const withKeyid = (...keyids: readonly string[]) =>
  http(async (api) => {
    const answers = []
    for (const keyid of keyids) answers.push(await api.sendSigned(baseline({ keyid })))
    return answers
  })

const [, MULTIKEY = ''] = agentC.kid.split('#')

const SMALL_ORDER = [
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
] as const
/** The public key of the seed of thirty-two 0xa5, plus a point of order 8. */
const MIXED_ORDER = 'c7f49e9a7c1945bb5d5df5d386087e6dcf242e6b829ab941adf14f29e7796dda'
const ORDER_2 = `ec${'ff'.repeat(30)}7f`

const jwk = (changes: object): object => ({
  kty: 'OKP',
  crv: 'Ed25519',
  alg: 'Ed25519',
  x: Buffer.from(agentC.publicKey).toString('base64url'),
  ...changes,
})

/** Keys and Ed25519. */
export const keys: CaseGroup = {
  name: 'Keys and Ed25519',
  catalogue: {
    'KY-001': altered((request) => changeLine(request, 'Signature', addOrder)),
    'KY-003': keyed(IDENTITY),
    'KY-004': keyed(ORDER_2),
    'KY-006': keyed(...SMALL_ORDER),
    'KY-007': keyed(`ee${'ff'.repeat(30)}7f`),
    'KY-009': keyed(`01${'00'.repeat(30)}80`),
    'KY-010': invariant(useMixedOrderKey),
    'KY-012': call(checkWycheproof),
    'KY-013': keyed(`02${'00'.repeat(31)}`),
    'KY-015': signed(() => baseline({ keyid: spellKeyUrl(agentC.publicKey, [0xed, 0x81, 0x00]) })),
    'KY-016': http(async (api) => [
      await api.sendSigned(baseline({ keyid: spellKeyUrl(agentC.publicKey.subarray(0, 31)) })),
      await api.sendSigned(baseline({ keyid: spellKeyUrl(Uint8Array.of(...agentC.publicKey, 0)) })),
    ]),
    'KY-018': http((api) => {
      const multikey = `u${Buffer.from([0xed, 0x01, ...agentC.publicKey]).toString('base64url')}`
      return api.sendSigned(baseline({ keyid: `did:key:${multikey}#${multikey}` }))
    }),
    'KY-019': withKeyid(
      agentC.kid.replace('did:key', 'DID:KEY'),
      agentC.kid.replace('did:key', 'did:KEY'),
      agentC.kid.replace('#', '%20#'),
      agentC.kid.replaceAll(MULTIKEY, MULTIKEY.replace('z6Mk', 'z6%4Dk')),
    ),
    'KY-021': withKeyid(agentC.did),
    'KY-022': signed(() => baseline({ signer: stranger })),
    'KY-024': http(async (api) =>
      (await api.open({ arrange: (feed) => feed.revokedKeys.push(agentC.did) })).sendSigned(baseline()),
    ),
    'KY-025': invariantOnce(async () => {
      const signer = createEd25519Signer(new Uint8Array(32).fill(0xc1))
      const message = encodeUtf8('message')
      const alone = await signer.sign(message)
      expect(await Reflect.apply(Object(signer).sign, signer, [message, stranger.publicKey])).toEqual(alone)
      expect(verifyEd25519(agentC.publicKey, message, alone)).toBe(true)
      expect(functionNames(createMemoryWallet()).filter((name) => /sign/i.test(name))).toEqual([])
    }),
    'KY-027': http(async (api) => {
      const chain = await createChain([{}, {}, { claims: { cnf: { jwk: jwk({ alg: 'ES256' }) } } }])
      return api.sendSigned(baseline({ chain }))
    }),
    'KY-028': httpOn('express', () =>
      withAuthority((running) =>
        running.send({
          path: '/delegation-requests',
          as: walletAgent,
          body: ASKED,
          change: (request) => changeLine(request, 'Signature-Key', () => spellKey(walletAgent, ';d="AAAA"')),
        }),
      ),
    ),
  },
  own: {
    'KY-own-13': own(
      'key_invalid',
      'A JWK with a private part, wherever one is read',
      call(() => codeOf(() => parseEd25519Jwk(jwk({ d: 'AAAA' })))),
    ),
    'KY-own-1': own(
      'key_invalid',
      'A leaf for a key of small order',
      http(async (api) => {
        const [, , leaf] = await createChain()
        const answers = []
        for (const key of [IDENTITY, ORDER_2, ...SMALL_ORDER]) {
          const did = spellKeyUrl(decodeHex(key)).split('#', 1)[0] ?? ''
          const chain = await createChain([{}, {}, { subject: { id: did }, claims: { sub: did } }])
          expect(chain[2]).not.toBe(leaf)
          answers.push(await api.sendSigned(baseline({ chain })))
        }
        return answers
      }),
    ),
    'KY-own-2': own(
      'key_invalid',
      'y = p, p - 1 with a sign, and the largest y',
      keyed(
        `ed${'ff'.repeat(30)}7f`,
        `ed${'ff'.repeat(31)}`,
        'ff'.repeat(32),
        `ee${'ff'.repeat(31)}`,
        `ec${'ff'.repeat(31)}`,
      ),
    ),
    'KY-own-3': own(
      'key_invalid',
      'A fragment that names another key',
      withKeyid(
        `${agentC.did}#${stranger.did.slice('did:key:'.length)}`,
        `${agentC.did}#`,
        `${agentC.kid}#${MULTIKEY}`,
      ),
    ),
    'KY-own-4': own(
      'key_invalid',
      'A key URL with path or query',
      withKeyid(agentC.kid.replace('#', '/x#'), agentC.kid.replace('#', '?x=1#')),
    ),
    'KY-own-5': own(
      'key_invalid',
      'The key of another curve',
      signed(() => baseline({ keyid: spellKeyUrl(agentC.publicKey, [0xec, 0x01]) })),
    ),
    'KY-own-6': own(
      'key_invalid',
      'A zero in front of base58',
      withKeyid(
        agentC.kid.replaceAll('z6Mk', 'z16Mk'),
        `did:key:z1${encodeBase58(agentC.publicKey)}#z1${encodeBase58(agentC.publicKey)}`,
      ),
    ),
    'KY-own-7': own(
      'key_invalid',
      'A JWK with a private part in a delegation',
      http(async (api) => {
        const chain = await createChain([{}, {}, { claims: { cnf: { jwk: jwk({ d: 'AAAA' }) } } }])
        return api.sendSigned(baseline({ chain }))
      }),
    ),
    'KY-own-8': own(
      'signature_invalid',
      'R of small order under an honest key, with S = 0 and with the S that fits',
      http(async (api) => {
        const draft = baseline()
        const key = { scalar: secretScalar(new Uint8Array(32).fill(0xc1)), publicKey: agentC.publicKey }
        const message = Buffer.from(signatureBase(draft), 'latin1')
        const { signature } = signWith(key, message, { scalar: 0n })
        // Newer builds of OpenSSL refuse it by themselves; the other backend leaves it to us.
        expect(nobleBackend.satisfiesEquation(key.publicKey, message, signature)).toBe(true)
        expect(createStrictEd25519(nobleBackend).verify(key.publicKey, message, signature)).toBe(false)
        return [
          await api.send(withSignature(baseline(), FORGED)),
          await api.send(withSignature(draft, `sig=:${encodeBase64(signature)}:`)),
        ]
      }),
    ),
    'KY-own-9': own(
      'key_revoked',
      'The key of an ancestor revoked',
      http(async (api) => {
        const [root = ''] = await createChain()
        const subject = JSON.parse(Buffer.from(root.split('.')[1] ?? '', 'base64url').toString()).sub
        return (await api.open({ arrange: (feed) => feed.revokedKeys.push(subject) })).sendSigned(baseline())
      }),
    ),
    'KY-own-10': own(
      'keyid_unsupported',
      'A keyid that would have to be fetched',
      withKeyid('did:web:agents.test#key-1', 'did:jwk:e30#0'),
    ),
    'KY-own-11': own(
      'key_invalid',
      'A keyid that is no DID',
      withKeyid('https://agents.test/key', 'key-1', '../../etc/passwd', "' OR 1=1 --"),
    ),
    'KY-own-12': own(
      'format_mismatch',
      'A delegation whose JWK is another key',
      http(async (api) => {
        const x = Buffer.from(stranger.publicKey).toString('base64url')
        return api.sendSigned(
          baseline({ chain: await createChain([{}, {}, { claims: { cnf: { jwk: jwk({ x }) } } }]) }),
        )
      }),
    ),
  },
}

/**
 * A key with a part of small order: what is signed for it counts exactly where the equation without cofactor holds,
 * by either backend, and nobody else can sign for it.
 */
async function useMixedOrderKey(api: Lab): Promise<void> {
  const scalar = secretScalar(new Uint8Array(32).fill(0xa5))
  const publicKey = decodeHex(MIXED_ORDER)
  const kid = spellKeyUrl(publicKey)
  const [did = ''] = kid.split('#')
  const jwkOfKey = jwk({ x: Buffer.from(publicKey).toString('base64url') })
  const chain = await createChain([
    {},
    {},
    { subject: { id: did }, claims: { sub: did, cnf: { jwk: jwkOfKey } } },
  ])
  const backends = [nodeBackend, nobleBackend, sodiumBackend].map(createStrictEd25519)
  const verdicts = new Set<boolean>()
  // One signature in eight counts, whatever the key; both kinds have to be seen.
  for (let nonce = 1n; nonce <= 12n || (verdicts.size < 2 && nonce < 300n); nonce += 1n) {
    const draft = baseline({ chain, keyid: kid })
    const message = Buffer.from(signatureBase(draft), 'latin1')
    const { signature, h } = signWith({ scalar, publicKey }, message, { scalar: nonce })
    const counts = h % 8n === 0n
    const told = backends.map(({ verify }) => verify(publicKey, message, signature))
    expect(told).toEqual([counts, counts, counts])
    const answer = await api.send(withSignature(draft, `sig=:${encodeBase64(signature)}:`))
    expectAnswer(answer, counts ? 'ok' : 'signature_invalid')
    verdicts.add(counts)
  }
  expect(verdicts.size).toBe(2)
  expectAnswer(await api.sendSigned(baseline({ chain, keyid: kid, signer: stranger })), 'signature_invalid')
}

/** The signature with the group order added to S: the same equation, another spelling. */
function addOrder(value: string): string {
  const bytes = Buffer.from(value.slice(value.indexOf(':') + 1, -1), 'base64')
  const s = [...bytes.subarray(32)].reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n) + CURVE_ORDER
  const spelled = Array.from({ length: 32 }, (_, index) => Number((s >> BigInt(8 * index)) & 0xffn))
  return `sig=:${Buffer.from([...bytes.subarray(0, 32), ...spelled]).toString('base64')}:`
}

/** The code of the invalid vectors, when the valid ones verify and the invalid ones do not. */
function checkWycheproof(): string {
  const file = join(vectorsFolder(), 'ed25519', 'wycheproof_ed25519_test.json')
  const { testGroups } = JSON.parse(readFileSync(file, 'utf8'))
  const counts = { valid: 0, invalid: 0 }
  for (const { publicKey, tests } of testGroups) {
    for (const { msg, sig, result, comment } of tests) {
      const verdict = verifyEd25519(decodeHex(publicKey.pk), decodeHex(msg), decodeHex(sig))
        ? 'valid'
        : 'invalid'
      expect(verdict, comment).toBe(result)
      counts[verdict] += 1
    }
  }
  expect(counts).toEqual({ valid: 88, invalid: 63 })
  return 'signature_invalid'
}

/** The names of everything that can be called on an object, and on what its members hold. */
function functionNames(value: object): readonly string[] {
  return Object.entries(value).flatMap(([name, member]) => {
    if (typeof member === 'function') return [name]
    return isJsonObject(member) ? functionNames(member) : []
  })
}
