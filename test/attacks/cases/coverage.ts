import { createHmac } from 'node:crypto'
import { encodeBase64 } from '@behalf/core'
import { readSignature } from '@behalf/http-signature'
import { createMemoryWallet } from '@behalf/wallet'
import { expect } from 'vitest'
import { type CaseGroup, call, http, invariantOnce, own } from '../support/attack-case.ts'
import { createChain, NOW } from '../support/chain.ts'
import { codeOf } from '../support/expectation.ts'
import { agentC, stranger } from '../support/party.ts'
import {
  addComponent,
  addLines,
  baseline,
  changeLine,
  type Draft,
  dropComponent,
  dropLines,
  dropParam,
  setParam,
  sign,
  signatureBase,
  type WireRequest,
  withSignature,
} from '../support/request.ts'
import { altered, signed } from '../support/send-case.ts'

const covering = (...components: readonly string[]): Draft => ({ ...baseline(), components })
const withoutParam = (name: string): Draft => dropParam(baseline(), name)
const withAlg = (alg: string): Draft => setParam(baseline(), 'alg', alg)

/** One request with the signatures of two, in the order given. */
function mergeSignatures(first: WireRequest, second: WireRequest): WireRequest {
  const values = (request: WireRequest, name: string): string =>
    request.lines.find(([line]) => line === name)?.[1] ?? ''
  const merge =
    (name: string) =>
    (value: string): string =>
      `${value}, ${values(second, name)}`
  return changeLine(
    changeLine(first, 'Signature-Input', merge('Signature-Input')),
    'Signature',
    merge('Signature'),
  )
}

/** A second signature over the first, as a gateway makes one. */
async function gatewaySignature(agentRequest: WireRequest): Promise<WireRequest> {
  const input = agentRequest.lines.find(([name]) => name === 'Signature')?.[1] ?? ''
  const draft = addComponent(
    {
      ...baseline({ label: 'ttrp', signer: stranger }),
      components: ['"@authority"'],
      values: { '"signature";key="sig"': input.slice('sig='.length) },
    },
    '"signature";key="sig"',
  )
  return sign(setParam(draft, 'tag', '"gateway"'))
}

function hundredLabels(): WireRequest {
  const names = Array.from({ length: 99 }, (_, index) => `l${index}`)
  const prefix = (text: (name: string) => string): string => names.map(text).join(', ')
  return withSignature(
    { ...baseline(), label: `${prefix((name) => `${name}=()`)}, sig` },
    `${prefix((name) => `${name}=:AA==:`)}, sig=:${encodeBase64(new Uint8Array(64))}:`,
  )
}

/** RFC 9421 coverage and parameters. */
export const coverage: CaseGroup = {
  name: 'RFC 9421 coverage and parameters',
  catalogue: {
    'HS-001': altered((request) => dropLines(request, 'Signature', 'Signature-Input')),
    'HS-003': altered((request) => dropLines(request, 'Signature-Input')),
    'HS-004': altered((request) =>
      changeLine(request, 'Signature', (value) => value.replace('sig=', 'sig2=')),
    ),
    'HS-006': signed(() => dropComponent(baseline(), '"@method"')),
    'HS-007': signed(() => covering('"@method"', '"content-digest"')),
    'HS-009': signed(() => dropComponent(baseline(), '"content-digest"')),
    'HS-010': signed(() => dropComponent(baseline(), '"signature-key"')),
    'HS-012': signed(() => withoutParam('created')),
    'HS-013': signed(() => withoutParam('expires')),
    'HS-015': signed(() => withoutParam('keyid')),
    'HS-016': signed(() => withoutParam('tag')),
    'HS-018': signed(() => addLines(withoutParam('nonce'), ['X-Nonce', 'AAECAwQFBgcICQoLDA0ODw'])),
    'HS-019': http((api) => {
      const draft = withAlg('"hmac-sha256"')
      const mac = createHmac('sha256', agentC.publicKey).update(signatureBase(draft)).digest('base64')
      return api.send(withSignature(draft, `sig=:${mac}:`))
    }),
    'HS-021': signed(() => withAlg('"rsa-v1_5-sha256"')),
    'HS-022': signed(() => withAlg('"Ed25519"')),
    'HS-023': signed(() => setParam(baseline(), 'foo', '"x"')),
    'HS-024': altered((request) =>
      changeLine(request, 'Signature-Input', (value) =>
        value.replace(/(;created=\d+)(;expires=\d+)/, '$2$1'),
      ),
    ),
    'HS-025': altered((request) =>
      changeLine(request, 'Signature-Input', (value) =>
        value.replace('"@method" "@target-uri"', '"@target-uri" "@method"'),
      ),
    ),
    'HS-027': http((api) => {
      const [, digest = ''] = baseline().lines.find(([name]) => name === 'Content-Digest') ?? []
      const draft = addComponent(baseline(), '"content-digest";bs')
      const values = { '"content-digest";bs': `:${Buffer.from(digest).toString('base64')}:` }
      return api.sendSigned({ ...draft, values })
    }),
    'HS-028': signed(() => ({
      ...baseline(),
      components: baseline().components.map((name) => (name === '"@method"' ? '"@method";req' : name)),
    })),
    'HS-030': http(async (api) => {
      const draft = addComponent(dropComponent(baseline(), '"@target-uri"'), '"@query-param";name="a"')
      const request = await sign({ ...draft, values: { '"@query-param";name="a"': '1' } })
      return api.send({ ...request, target: `${request.target}&a=2` })
    }),
    'HS-031': signed(() => ({ ...addComponent(baseline(), '"@status"'), values: { '"@status"': '200' } })),
    'HS-033': signed(() => addComponent(dropComponent(baseline(), '"content-digest"'), '"Content-Digest"')),
    'HS-034': signed(() => addComponent(baseline(), '"x-missing"')),
    'HS-036': signed(() => setParam(baseline(), 'keyid', `"${agentC.kid}\n\\"@method\\": DELETE"`)),
    'HS-037': http(async (api) => {
      const weak = await sign({ ...baseline({ label: 'weak' }), components: [] })
      const full = await sign(baseline({ signer: stranger }))
      return api.send(mergeSignatures(full, weak))
    }),
    'HS-039': http((api) => api.send(hundredLabels())),
    'HS-040': signed(() => ({
      ...baseline(),
      components: [
        '"@status"',
        '"@method";req',
        '"@target-uri";req',
        '"content-digest";req',
        '"signature-key";req',
      ],
      values: { '"@status"': '200' },
    })),
    'HS-041': http(async (api) => {
      const request = await sign(baseline())
      return api.send(mergeSignatures(request, await gatewaySignature(request)))
    }),
    'HS-042': invariantOnce(neverSignsLess),
  },
  own: {
    'HS-own-1': own(
      'component_missing',
      'content-type not covered',
      signed(() => dropComponent(baseline(), '"content-type"')),
    ),
    'HS-own-2': own(
      'component_missing',
      'Agent-Context sent and not covered',
      signed(() => addLines(baseline(), ['Agent-Context', 'run="run-42"'])),
    ),
    'HS-own-3': own(
      'tag_mismatch',
      'Signature made for an authority',
      signed(() => setParam(baseline(), 'tag', '"agent-key"')),
    ),
    'HS-own-4': own(
      'parameter_invalid',
      'Tag as token',
      signed(() => setParam(baseline(), 'tag', 'agent-delegation')),
    ),
    'HS-own-5': own(
      'signature_ambiguous',
      'Two full signatures with our tag',
      http(async (api) => {
        const second = await sign(baseline({ label: 'sig2' }))
        return api.send(mergeSignatures(await sign(baseline()), second))
      }),
    ),
    'HS-own-6': own(
      'signature_malformed',
      'Signature-Key under the label of another signature',
      signed(() => changeLine(baseline(), 'Signature-Key', (value) => value.replace('sig=', 'sig2='))),
    ),
    'HS-own-7': own(
      'component_unsupported',
      'The signature covers its own input',
      signed(() => ({
        ...addComponent(baseline(), '"signature-input"'),
        values: { '"signature-input"': 'x' },
      })),
    ),
    'HS-own-8': own(
      'signature_missing',
      'Empty signature headers',
      http(async (api) => {
        const request = await sign(baseline())
        return api.send(
          changeLine(
            changeLine(request, 'Signature', () => ''),
            'Signature-Input',
            () => '',
          ),
        )
      }),
    ),
    'HS-own-9': own(
      'signature_malformed',
      'A component covered twice',
      signed(() => addComponent(baseline(), '"@method"')),
    ),
    'HS-own-10': own(
      'component_unsupported',
      '@query-param beside a full cover',
      signed(() => ({
        ...addComponent(baseline(), '"@query-param";name="a"'),
        values: { '"@query-param";name="a"': '1' },
      })),
    ),
    'HS-own-11': own(
      'signature_missing',
      'A bearer token in the place of the signature',
      altered((request) =>
        addLines(dropLines(request, 'Signature', 'Signature-Input'), ['Authorization', 'Bearer x']),
      ),
    ),
    'HS-own-12': own(
      'component_missing',
      'No Signature-Key',
      signed(() => dropLines(dropComponent(baseline(), '"signature-key"'), 'Signature-Key')),
    ),
    'HS-own-13': own(
      'signature_malformed',
      'A newline in keyid, below the framing',
      call(() => readBrokenKeyid()),
    ),
    'HS-own-14': own(
      'credential_missing',
      'A bare key where a delegation belongs',
      signed(() => changeLine(dropLines(baseline(), 'Delegation-Chain'), 'Signature-Key', () => bareKey())),
    ),
    'HS-own-15': own(
      'cache_miss',
      'A reference to a chain that is not held',
      signed(() =>
        changeLine(
          dropLines(baseline(), 'Delegation-Chain'),
          'Signature-Key',
          () => `sig=cached;cid="${'A'.repeat(43)}"`,
        ),
      ),
    ),
    'HS-own-16': own(
      'request_malformed',
      'A reference together with a chain',
      signed(() => changeLine(baseline(), 'Signature-Key', () => `sig=cached;cid="${'A'.repeat(43)}"`)),
    ),
    'HS-own-17': own(
      'component_unsupported',
      'A derived component nobody has defined',
      signed(() => ({
        ...addComponent(baseline(), '"@client-ip"'),
        values: { '"@client-ip"': '127.0.0.1' },
      })),
    ),
    'HS-own-18': own(
      'ok',
      'More covered than asked for',
      signed(() =>
        addComponent(
          addLines(baseline(), ['X-A', '1']),
          '"@authority"',
          '"@scheme"',
          '"@path"',
          '"@query"',
          '"x-a"',
        ),
      ),
    ),
    'HS-own-19': own(
      'signature_invalid',
      'A covered header changed in transit',
      http(async (api) => {
        const request = await sign(addComponent(addLines(baseline(), ['X-A', '1']), '"x-a"'))
        return api.send(changeLine(request, 'X-A', () => '2'))
      }),
    ),
    'HS-own-20': own(
      'signature_invalid',
      'Another delegation swapped in after signing',
      http(async (api) => {
        const wider = await createChain([{}, {}, { subject: { purpose: 'another' } }])
        const request = await sign(baseline())
        return api.send(changeLine(request, 'Signature-Key', () => `sig=jwt;jwt="${wider[2]}"`))
      }),
    ),
    'HS-own-21': own(
      'signature_invalid',
      'Method changed in transit',
      altered((request) => ({ ...request, method: 'PUT' })),
    ),
  },
}

/** What somebody on the way could write into the challenge of a server. */
const CHALLENGES = [
  'sig=();created;expires;keyid;tag="agent-delegation"',
  'sig=("@method");created;tag="agent-delegation"',
  'sig=();created;expires;nonce="AAAAAAAAAAAAAAAAAAAAAA";keyid="did:key:zz#zz";tag="agent-key"',
  'sig=("@method" "@target-uri");created=1;expires=9999999999;alg="hmac-sha256";tag="agent-delegation"',
  'sig=("@method";req "@status" "x-admin");created;tag="agent-delegation"',
  'sig',
  '',
]

/** Whatever a challenge asks for, the wallet covers its own minimum again, with parameters of its own. */
async function neverSignsLess(): Promise<void> {
  for (const challenge of CHALLENGES) {
    const inputs = await inputsUnder(challenge)
    expect(inputs.length).toBeGreaterThan(0)
    for (const input of inputs) {
      for (const component of ['"@method"', '"@target-uri"', '"content-digest"', '"signature-key"']) {
        expect(input).toContain(component)
      }
      expect(input).toMatch(
        new RegExp(
          `;created=${NOW / 1000};expires=${NOW / 1000 + 60};nonce="[\\w-]{16,}";keyid="${agentC.kid}"`,
        ),
      )
      expect(input).toContain(';tag="agent-delegation"')
      expect(input).not.toMatch(/AAAAAAAAAAAAAAAAAAAAAA|agent-key|hmac|x-admin|;req/)
    }
    expect(new Set(inputs).size).toBe(inputs.length)
  }
}

/** What the wallet of agent C signs at a server that answers everything with this challenge. */
async function inputsUnder(challenge: string): Promise<readonly string[]> {
  const inputs: string[] = []
  const wallet = createMemoryWallet({
    seed: new Uint8Array(32).fill(0xc1),
    clock: () => NOW,
    fetch: (url, init) => {
      inputs.push(new Request(url, init).headers.get('signature-input') ?? '')
      const headers = { 'Content-Type': 'application/problem+json', 'Accept-Signature': challenge }
      return Promise.resolve(new Response('{"code":"component_missing"}', { status: 401, headers }))
    },
  })
  await wallet.receive(await createChain())
  const init = { method: 'POST', body: '{"x":1}' }
  // A challenge that asks for what this request cannot have is refused instead of met.
  await codeOf(() => wallet.fetch('https://api.test/v1/items?b=2&a=1', init))
  return inputs
}

async function readBrokenKeyid(): Promise<string> {
  const { method, target, lines } = await sign(
    setParam(baseline(), 'keyid', `"${agentC.kid}\n\\"@method\\": DELETE"`),
  )
  const message = { kind: 'request', method, origin: 'https://api.test', target, fields: lines } as const
  return codeOf(() => readSignature(message, { tag: 'agent-delegation', hasBody: true }))
}

function bareKey(): string {
  const x = Buffer.from(agentC.publicKey).toString('base64url')
  return `sig=hwk;kty="OKP";crv="Ed25519";alg="Ed25519";x="${x}"`
}
