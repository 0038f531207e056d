import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { type CaseGroup, http, invariant, own } from '../support/attack-case.ts'
import { CHAIN, createChain, FIRST_INDEX, linkId, NOW } from '../support/chain.ts'
import { expectAnswer } from '../support/expectation.ts'
import type { Api, Lab } from '../support/lab.ts'
import { agentA, agentB, issuer, stranger } from '../support/party.ts'
import {
  addLines,
  type BaselineChanges,
  baseline,
  changeLine,
  type Draft,
  dropLines,
  sign,
  valuesOf,
} from '../support/request.ts'

/** The name of a chain: SHA-256 over its links, root first, each with its length in front. */
function nameOf(chain: readonly string[]): string {
  const hash = createHash('sha256')
  for (const link of chain) {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(Buffer.byteLength(link))
    hash.update(length).update(link)
  }
  return hash.digest('base64url')
}

/** The baseline, which asks to name its chain from now on. */
const asking = (changes: BaselineChanges = {}): Draft =>
  changeLine(baseline(changes), 'Signature-Key', (value) => `${value};cache`)

/** The baseline, which names a chain. */
const naming = (cid: string, changes: BaselineChanges = {}): Draft =>
  changeLine(
    dropLines(baseline(changes), 'Delegation-Chain'),
    'Signature-Key',
    () => `sig=cached;cid="${cid}"`,
  )

const NAME = nameOf(CHAIN)

/** An API that holds the baseline chain. */
async function holding(api: Lab, options: Parameters<Lab['open']>[0] = {}): Promise<Api> {
  const opened = await api.open(options)
  expectAnswer(await opened.sendSigned(asking()), 'ok')
  return opened
}

/** A chain named after a full presentation, once `change` happened to the world. */
const namedAfter = (
  change: (api: Api) => Promise<void> | void,
  changes: () => BaselineChanges = () => ({}),
) =>
  http(async (lab) => {
    const api = await holding(lab)
    await change(api)
    return api.sendSigned(naming(NAME, changes()))
  })

const DAY = 86_400_000

/** Chains that are named instead of shown. */
export const reference: CaseGroup = {
  name: 'Chains by reference',
  catalogue: {},
  own: {
    'RF-own-1': own(
      'ok',
      'A chain is named once the API said that it holds it',
      invariant(async (lab) => {
        const api = await lab.open({})
        expectAnswer(await api.sendSigned(naming(NAME)), 'cache_miss')
        const offered = await api.sendSigned(asking())
        expectAnswer(offered, 'ok')
        const expires = NOW / 1000 + 600
        expect(offered.header('signature-key-cache')).toBe(
          `sig="${NAME}";jti="${linkId(2)}";expires=${expires}`,
        )
        expectAnswer(await api.sendSigned(naming(NAME)), 'ok')
      }),
    ),
    'RF-own-2': own(
      'ok',
      'Nothing is offered to who does not ask, to who is refused, and by who does not offer',
      invariant(async (lab) => {
        const silent = await lab.open({ chainCache: {} })
        const keepsNothing = await lab.open({ chainCache: 'off' })
        const answers = [
          await lab.sendSigned(baseline()),
          await lab.sendSigned(asking({ target: '/v1/admin' })),
          await lab.sendSigned(asking({ signer: stranger })),
          await silent.sendSigned(asking()),
          await keepsNothing.sendSigned(asking()),
        ]
        expect(answers.map((answer) => answer.header('signature-key-cache'))).toEqual(
          answers.map(() => undefined),
        )
        expectAnswer(await keepsNothing.sendSigned(naming(NAME)), 'cache_miss')
      }),
    ),
    'RF-own-3': own(
      'cache_miss',
      'Names that come close',
      http(async (lab) => {
        const api = await holding(lab)
        const others = [
          NAME.toLowerCase(),
          `${NAME}=`,
          `${NAME.slice(0, -1)}${NAME.endsWith('A') ? 'B' : 'A'}`,
          `sha-256:${NAME}`,
          `0 ${NAME}`,
          ` ${NAME}`,
          nameOf(CHAIN.slice(-1)),
          nameOf(CHAIN.slice(0, -1)),
          nameOf(CHAIN.toReversed()),
          nameOf([CHAIN.join('')]),
          createHash('sha256').update(CHAIN.join('')).digest('base64url'),
          '__proto__',
        ]
        return Promise.all(others.map((cid) => api.sendSigned(naming(cid))))
      }),
    ),
    'RF-own-4': own(
      'key_mismatch',
      'The name of a chain in the hands of an agent above, of the issuer, and of a stranger',
      http(async (lab) => {
        const api = await holding(lab)
        const signers = [agentA, agentB, issuer, stranger]
        return Promise.all(signers.map((signer) => api.sendSigned(naming(NAME, { signer }))))
      }),
    ),
    'RF-own-5': own(
      'signature_invalid',
      'One name exchanged for another of the same agent on the way',
      http(async (lab) => {
        const api = await holding(lab)
        const other = await createChain([{}, { subject: { purpose: 'another' } }, {}])
        expectAnswer(await api.sendSigned(asking({ chain: other })), 'ok')
        const request = await sign(naming(NAME))
        return api.send(changeLine(request, 'Signature-Key', () => `sig=cached;cid="${nameOf(other)}"`))
      }),
    ),
    'RF-own-6': own(
      'signature_invalid',
      'A chain shown on the way in the place of its name, and a name in the place of a chain',
      http(async (lab) => {
        const api = await holding(lab)
        const shown = await sign(asking())
        const named = await sign(naming(NAME))
        const [key = ''] = valuesOf(shown.lines, 'Signature-Key')
        const [ancestors = ''] = valuesOf(shown.lines, 'Delegation-Chain')
        return [
          await api.send(
            addLines(
              changeLine(named, 'Signature-Key', () => key),
              ['Delegation-Chain', ancestors],
            ),
          ),
          await api.send(
            changeLine(
              dropLines(shown, 'Delegation-Chain'),
              'Signature-Key',
              () => `sig=cached;cid="${NAME}"`,
            ),
          ),
        ]
      }),
    ),
    'RF-own-7': own(
      'request_malformed',
      'A name together with the chain it names',
      http(async (lab) => {
        const api = await holding(lab)
        const both = changeLine(baseline(), 'Signature-Key', () => `sig=cached;cid="${NAME}"`)
        const late = addLines(await sign(naming(NAME)), ['Delegation-Chain', '"a.b.c"'])
        return [await api.sendSigned(both), await api.send(late)]
      }),
    ),
    'RF-own-8': own(
      'credential_expired',
      'A chain named after its end',
      namedAfter(
        ({ world }) => {
          world.now = NOW + DAY
        },
        () => ({ created: (NOW + DAY) / 1000 }),
      ),
    ),
    'RF-own-9': own(
      'credential_revoked',
      'A chain named after any of its links was revoked',
      http(async (lab) => {
        const answers = []
        for (const link of CHAIN.keys()) {
          const api = await holding(lab)
          api.world.feed.revoke(FIRST_INDEX + link)
          await api.world.refresh()
          answers.push(await api.sendSigned(naming(NAME)))
        }
        return answers
      }),
    ),
    'RF-own-10': own(
      'key_revoked',
      'A chain named after the key of an ancestor was revoked',
      namedAfter(async ({ world }) => {
        world.feed.revokedKeys.push(agentB.did)
        await world.refresh()
      }),
    ),
    'RF-own-11': own(
      'status_stale',
      'A chain named while its status is unknown',
      namedAfter(
        ({ world }) => {
          world.now = NOW + 60_000
        },
        () => ({ created: NOW / 1000 + 60 }),
      ),
    ),
    'RF-own-12': own(
      'cache_miss',
      'A chain named after its issuer lost the trust',
      namedAfter(({ world }) => world.verifier.distrustIssuer(issuer.did)),
    ),
    'RF-own-13': own(
      'cache_miss',
      'A chain named after it gave way to others',
      http(async (lab) => {
        const api = await holding(lab, { chainCache: { offerReferences: true, maxEntries: 1 } })
        const other = await createChain([{}, { subject: { purpose: 'another' } }, {}])
        expectAnswer(await api.sendSigned(asking({ chain: other })), 'ok')
        return api.sendSigned(naming(NAME))
      }),
    ),
    'RF-own-14': own(
      'cache_miss',
      'The name of a chain that was refused: forged, and revoked before it was ever shown',
      http(async (lab) => {
        const api = await lab.open({})
        const forged = [...CHAIN.slice(0, -1), (CHAIN.at(-1) ?? '').replace(/[^.]+$/, 'A'.repeat(86))]
        expectAnswer(await api.sendSigned(asking({ chain: forged })), 'credential_signature_invalid')
        api.world.feed.revoke(FIRST_INDEX)
        await api.world.refresh()
        expectAnswer(await api.sendSigned(asking()), 'credential_revoked')
        return [await api.sendSigned(naming(nameOf(forged))), await api.sendSigned(naming(NAME))]
      }),
    ),
    'RF-own-15': own(
      'scope_exceeded',
      'A name for more than the chain allows',
      namedAfter(
        () => undefined,
        () => ({ target: '/v1/admin' }),
      ),
    ),
    'RF-own-16': own(
      'nonce_replayed',
      'A request with a name, sent again',
      http(async (lab) => {
        const api = await holding(lab)
        const request = await sign(naming(NAME))
        expectAnswer(await api.send(request), 'ok')
        return api.send(request)
      }),
    ),
    'RF-own-17': own(
      'signature_expired',
      'A name that is not held, in a request that is too late: the earlier refusal wins',
      http(async (lab) =>
        lab.sendSigned(naming('A'.repeat(43), { created: NOW / 1000 - 200, expires: NOW / 1000 - 100 })),
      ),
    ),
  },
}
