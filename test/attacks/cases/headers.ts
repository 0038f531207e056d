import { expect } from 'vitest'
import { byView, type CaseGroup, http, httpOn, invariant, own } from '../support/attack-case.ts'
import { createChain, grant, ITEMS } from '../support/chain.ts'
import { withHttp2Api } from '../support/http2.ts'
import type { Lab } from '../support/lab.ts'
import {
  addComponent,
  addLines,
  baseline,
  changeLine,
  type Draft,
  dropComponent,
  dropLines,
  encodeRequest,
  type Line,
  setParam,
  sign,
  type WireRequest,
} from '../support/request.ts'
import { altered, signed } from '../support/send-case.ts'

const wider = await grant({ ...ITEMS, paths: ['/**'] })
const spelled = (request: WireRequest): string => Buffer.from(encodeRequest(request)).toString('latin1')

/** The signed baseline with lines added on the way. */
const adding = (...lines: readonly Line[]) => altered((request) => addLines(request, ...lines))

/** The signed baseline with its bytes changed on the way. */
const rewriting = (change: (bytes: string) => string) =>
  http(async (api) => api.sendBytes(change(spelled(await sign(baseline())))))

/** A header covered and signed as these values say, and sent as `line`. */
const covering = (line: Line, signed: string): Draft => ({
  ...addComponent(addLines(baseline(), line), `"${line[0].toLowerCase()}"`),
  values: { [`"${line[0].toLowerCase()}"`]: signed },
})

const fillers = (count: number): readonly Line[] =>
  Array.from({ length: count }, (_, index): Line => [`x${index.toString(36)}`, ''])

/** The body in chunks. */
function chunked(request: WireRequest, chunks: string): string {
  return spelled({
    ...addLines(dropLines(request, 'Content-Length'), ['Transfer-Encoding', 'chunked']),
    body: Buffer.from(chunks),
  })
}

/** Duplicate headers and HTTP framing. */
export const headers: CaseGroup = {
  name: 'Duplicate headers and HTTP framing',
  catalogue: {
    'HD-001': adding(['Host', 'evil']),
    'HD-003': adding(['Content-Type', 'text/plain']),
    'HD-004': adding(['Authorization', 'Bearer x'], ['Authorization', 'Bearer y']),
    'HD-006': signed(() =>
      changeLine(baseline(), 'Content-Digest', (value) =>
        `${value}, ${value.replace('=:', '=:A')}`.replace(':A', ':'),
      ),
    ),
    'HD-007': adding(['Signature-Key', `sig=jwt;jwt="${wider[2]}"`]),
    'HD-009': adding(['Connection', 'content-digest']),
    'HD-010': adding(['Transfer-Encoding', 'chunked']),
    'HD-012': rewriting((bytes) => bytes.replace('\r\n\r\n', '\r\n\rX\r\n\r\n')),
    'HD-013': http(async (api) => {
      const request = await sign(baseline())
      const digest = request.lines.filter(([name]) => name === 'Content-Digest')
      return api.send(addLines(dropLines(request, 'Content-Digest'), ...fillers(2100), ...digest))
    }),
    'HD-014': adding(['__proto__', 'x']),
    'HD-015': http(async (api) => {
      const request = await sign(baseline())
      return [
        await api.send(addLines(request, ['signature_key', `sig=jwt;jwt="${wider[2]}"`])),
        await api.send(addLines(request, ['delegation_chain', `"${wider[0]}", "${wider[1]}"`])),
        await api.send(addLines(request, ['Signature_Key', 'x'])),
      ]
    }),
    'HD-016': httpOn('hono', async (api) => {
      const request = await sign(baseline())
      return withHttp2Api(api.world.verifier, (http2) => http2.send(request, { host: 'evil' }))
    }),
    'HD-017': signed(() => covering(['X-A', ' 1  '], '1')),
    'HD-018': http(async (api) => {
      const utf8 = await sign(covering(['X-A', '\u00e9'], Buffer.from('é').toString('latin1')))
      return [await api.sendSigned(covering(['X-A', '\u00e9'], '\u00e9')), await api.send(utf8)]
    }),
  },
  own: {
    'HD-own-1': own(
      'header_ambiguous',
      'Two Content-Digest lines',
      http(async (api) => {
        const digest = baseline().lines.find(([name]) => name === 'Content-Digest') ?? ['', '']
        return api.sendSigned(addLines(baseline(), digest))
      }),
    ),
    'HD-own-28': own(
      'ok',
      'Host and :authority that agree',
      httpOn('hono', async (api) => {
        const request = await sign(baseline())
        return withHttp2Api(api.world.verifier, (http2) => http2.send(request, { host: 'api.test' }))
      }),
    ),
    'HD-own-29': own(
      'target_mismatch',
      'An :authority that is not ours',
      httpOn('hono', async (api) => {
        const request = await sign(baseline())
        return withHttp2Api(api.world.verifier, (http2) => http2.send(request, { ':authority': 'evil' }))
      }),
    ),
    'HD-own-2': own(
      'header_ambiguous',
      'Two Agent-Context lines',
      signed(() => ({
        ...addComponent(
          addLines(baseline(), ['Agent-Context', 'run="a"'], ['Agent-Context', 'run="b"']),
          '"agent-context"',
        ),
      })),
    ),
    'HD-own-3': own(
      byView('header_ambiguous', 'chain_cycle'),
      'Two Delegation-Chain lines',
      signed(() => addLines(baseline(), ['Delegation-Chain', `"${wider[0]}", "${wider[1]}"`])),
    ),
    'HD-own-4': own(
      'header_ambiguous',
      'Every alias of a header that is read',
      http(async (api) => {
        const request = await sign(baseline())
        const aliases = [
          'content_type',
          'content_digest',
          'signature_input',
          'agent_context',
          'transfer_encoding',
          'Content_Length',
        ]
        return Promise.all(aliases.map((name) => api.send(addLines(request, [name, 'x']))))
      }),
    ),
    'HD-own-5': own(
      'request_malformed',
      'A space before the colon',
      rewriting((bytes) => bytes.replace('Content-Digest:', 'Content-Digest :')),
    ),
    'HD-own-6': own(
      'request_malformed',
      'A header folded over two lines',
      rewriting((bytes) => bytes.replace(';created=', '\r\n ;created=')),
    ),
    'HD-own-7': own(
      'request_malformed',
      'Lines that end in LF alone',
      rewriting((bytes) => bytes.replace('\r\nContent-Type', '\nContent-Type')),
    ),
    'HD-own-8': own('request_malformed', 'A NUL in a header', adding(['X-A', 'a\0b'])),
    'HD-own-9': own(
      'request_malformed',
      'Two Content-Length lines that disagree',
      adding(['Content-Length', '8']),
    ),
    'HD-own-10': own(
      'request_malformed',
      'A Content-Length with a sign',
      rewriting((bytes) => bytes.replace('Content-Length: 7', 'Content-Length: +7')),
    ),
    'HD-own-11': own(
      'request_malformed',
      'A hexadecimal Content-Length',
      rewriting((bytes) => bytes.replace('Content-Length: 7', 'Content-Length: 0x7')),
    ),
    'HD-own-12': own(
      'request_malformed',
      'A transfer coding nobody has',
      adding(['Transfer-Encoding', 'xchunked']),
    ),
    'HD-own-13': own(
      'ok',
      'The body in chunks',
      http(async (api) =>
        api.sendBytes(chunked(await sign(baseline()), '3\r\n{"x\r\n4\r\n":1}\r\n0\r\n\r\n')),
      ),
    ),
    'HD-own-14': own(
      'request_malformed',
      'A chunk size with junk',
      http(async (api) => api.sendBytes(chunked(await sign(baseline()), '0x7\r\n{"x":1}\r\n0\r\n\r\n'))),
    ),
    'HD-own-15': own(
      'ok',
      'A trailer that would change the delegation is nobody',
      http(async (api) =>
        api.sendBytes(
          chunked(
            await sign(baseline()),
            `7\r\n{"x":1}\r\n0\r\nSignature-Key: sig=jwt;jwt="${wider[2]}"\r\n\r\n`,
          ),
        ),
      ),
    ),
    'HD-own-16': own(
      'component_missing',
      'A required header that only the trailer has',
      http(async (api) => {
        const request = dropLines(await sign(baseline()), 'Content-Digest')
        const digest = baseline().lines.find(([name]) => name === 'Content-Digest')?.[1] ?? ''
        return api.sendBytes(chunked(request, `7\r\n{"x":1}\r\n0\r\nContent-Digest: ${digest}\r\n\r\n`))
      }),
    ),
    'HD-own-17': own('header_too_large', 'A header of 60 kB', adding(['X-A', 'a'.repeat(60_000)])),
    'HD-own-18': own(
      'header_too_large',
      'A target of 9 kB',
      signed(() => baseline({ target: `/v1/items?a=${'a'.repeat(9000)}` })),
    ),
    'HD-own-19': own(
      'header_too_large',
      'More lines than are read, on a server that takes more',
      http(async (api) => {
        const roomy = await api.open({ server: { maxHeaderSize: 131_072 } })
        return [
          await roomy.send(addLines(await sign(baseline()), ...fillers(150))),
          await roomy.send(addLines(await sign(baseline()), ...fillers(2100))),
        ]
      }),
    ),
    'HD-own-20': own(
      'component_missing',
      'Connection names a covered header among others, in capitals',
      adding(['Connection', 'keep-alive, CONTENT-TYPE']),
    ),
    'HD-own-21': own('ok', 'Connection: close', adding(['Connection', 'close'])),
    'HD-own-22': own(
      'request_malformed',
      'A version from before Host',
      rewriting((bytes) => bytes.replace('HTTP/1.1', 'HTTP/9.9')),
    ),
    'HD-own-23': own(
      (adapter) => (adapter === 'hono' ? 'request_malformed' : 'target_mismatch'),
      'No Host, on a server that lets it pass',
      http(async (api) => {
        const lenient = await api.open({ server: { requireHostHeader: false } })
        return lenient.send(dropLines(await sign(baseline()), 'Host'))
      }),
    ),
    'HD-own-30': own(
      'ok',
      'Expect: 100-continue',
      altered((request) => addLines(request, ['Expect', '100-continue'])),
    ),
    'HD-own-31': own(
      'signature_missing',
      'A Request-Id of the peer is nobody',
      altered((request) =>
        addLines(dropLines(request, 'Signature', 'Signature-Input'), ['Request-Id', 'mine']),
      ),
    ),
    'HD-own-32': own('ok', 'A refusal repeats nothing that the peer made up', invariant(repeatNothing)),
    'HD-own-24': own(
      'signature_invalid',
      'The covered content type changed in transit',
      altered((request) => changeLine(request, 'Content-Type', () => 'text/plain')),
    ),
    'HD-own-25': own(
      'ok',
      'Headers in another order and case',
      http(async (api) => {
        const request = await sign(baseline())
        const lines = request.lines.map(([name, value]): Line => [name.toUpperCase(), value]).reverse()
        return api.send({ ...request, lines })
      }),
    ),
    'HD-own-26': own(
      'issuer_untrusted',
      'The ancestors left out',
      altered((request) => dropLines(request, 'Delegation-Chain')),
    ),
    'HD-own-27': own(
      'chain_broken',
      'Ancestors of another chain swapped in after signing',
      http(async (api) => {
        const other = await createChain([{ subject: { purpose: 'another' } }, {}, {}])
        return api.send(
          changeLine(await sign(baseline()), 'Delegation-Chain', () => `"${other[0]}", "${other[1]}"`),
        )
      }),
    ),
  },
}

const MARK = 'zz7marker7zz'

/** Refusals of requests that hold a mark wherever a text of the peer can stand never show it. */
async function repeatNothing(lab: Lab): Promise<void> {
  const marked = addLines(
    setParam(baseline({ target: `/v1/items?b=${MARK}`, label: MARK }), 'foo', `"${MARK}"`),
    ['X-A', MARK],
    ['User-Agent', MARK],
  )
  const drafts = [
    dropComponent(marked, '"content-digest"'),
    addComponent(marked, `"x-${MARK}"`),
    addComponent(marked, `"@${MARK}"`),
    addComponent(marked, `"content-type";${MARK}`),
    setParam(marked, 'keyid', `"did:key:${MARK}#${MARK}"`),
    setParam(marked, 'nonce', `"${MARK}"`),
    setParam(marked, 'tag', `"${MARK}"`),
    setParam(marked, 'alg', `"${MARK}"`),
    changeLine(marked, 'Signature-Key', () => `${MARK}=${MARK};jwt="${MARK}"`),
    changeLine(marked, 'Delegation-Chain', () => `"${MARK}"`),
    changeLine(marked, 'Content-Digest', () => `${MARK}=:AAAA:`),
    changeLine(marked, 'Host', () => `${MARK}.test`),
  ]
  const subjects = [
    { [MARK]: 1 },
    { purpose: [MARK] },
    { capabilities: [{ type: MARK }] },
    { onBehalfOf: { id: MARK } },
  ]
  for (const subject of subjects) {
    const links = await createChain([{}, {}, { subject }])
    drafts.push(baseline({ chain: links }))
  }
  for (const draft of drafts) {
    const answer = await lab.sendSigned(draft)
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.text).not.toContain(MARK)
  }
}
