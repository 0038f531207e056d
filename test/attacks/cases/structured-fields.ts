import { expect } from 'vitest'
import { type CaseGroup, http, invariantOnce, own } from '../support/attack-case.ts'
import { NOW } from '../support/chain.ts'
import { expectAnswer } from '../support/expectation.ts'
import { withHttp2Api } from '../support/http2.ts'
import { agentC, stranger } from '../support/party.ts'
import { baseline, changeLine, type Draft, setParam, sign, type WireRequest } from '../support/request.ts'
import { altered, signed } from '../support/send-case.ts'

const SECONDS = NOW / 1000
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

const withCreated = (value: string): Draft => setParam(baseline(), 'created', value)

function changeInput(request: WireRequest, change: (value: string) => string): WireRequest {
  return changeLine(request, 'Signature-Input', change)
}

function changeSignature(request: WireRequest, change: (value: string) => string): WireRequest {
  return changeLine(request, 'Signature', change)
}

/** Signs until the signature is spelled with a character that base64 and base64url write differently. */
async function signWithSlash(): Promise<WireRequest> {
  for (;;) {
    const request = await sign(baseline())
    if (/[+/]/.test(request.lines.find(([name]) => name === 'Signature')?.[1] ?? '')) return request
  }
}

function nextSpelling(signature: string): string {
  return signature.replace(
    /(.)(==:)$/,
    (_, last: string, end: string) => `${ALPHABET[ALPHABET.indexOf(last) + 1] ?? ''}${end}`,
  )
}

/** Structured-field parser. */
export const structuredFields: CaseGroup = {
  name: 'Structured-field parser',
  catalogue: {
    'SF-001': http(async (api) => {
      const request = await sign(baseline())
      return api.send(
        changeInput(
          request,
          (value) => `sig=("@method");created=${SECONDS};tag="agent-delegation", ${value}`,
        ),
      )
    }),
    'SF-003': signed(() => ({
      ...baseline(),
      params: [...baseline().params, ['keyid', `"${stranger.kid}"`]],
    })),
    'SF-004': http(async (api) => {
      const request = await sign(baseline())
      const input = request.lines.find(([name]) => name === 'Signature-Input') ?? ['', '']
      return api.send({ ...request, lines: [...request.lines, input] })
    }),
    'SF-006': signed(() => withCreated(`${SECONDS}.0`)),
    'SF-007': signed(() => withCreated(`"${SECONDS}"`)),
    'SF-009': signed(() => withCreated('-1')),
    'SF-010': signed(() => setParam(baseline(), 'expires', undefined)),
    'SF-012': signed(() => setParam(baseline(), 'keyid', `"${agentC.kid.replace('did:', 'did\\:')}"`)),
    'SF-013': signed(() => setParam(baseline(), 'keyid', `"did:key:${Buffer.from('é').toString('latin1')}"`)),
    'SF-015': altered((request) =>
      changeInput(request, (value) => value.replace('"@method" ', '"@method"\t  ')),
    ),
    'SF-016': signed(() => withCreated(`@${SECONDS}`)),
    'SF-018': altered((request) => changeSignature(request, () => 'sig="AAAA"')),
    'SF-019': http(async (api) =>
      api.send(
        changeSignature(await signWithSlash(), (value) => value.replaceAll('+', '-').replaceAll('/', '_')),
      ),
    ),
    'SF-021': altered((request) => changeSignature(request, nextSpelling)),
    'SF-022': signed(() => baseline({ label: 'SIG' })),
    'SF-025': http(async (api) => {
      // The most that Node's HTTP/2 hands on; for more it ends the connection, which SF-own-16 shows.
      const request = changeInput(
        await sign(baseline()),
        (value) => `${value}, x=(${'"a" '.repeat(15_000)}"a")`,
      )
      if (api.adapter !== 'hono') return api.send(request)
      return withHttp2Api(api.world.verifier, (http2) => http2.send(request))
    }),
    'SF-024': signed(() => baseline({ label: 'constructor' })),
  },
  own: {
    'SF-own-1': own(
      'header_too_large',
      '1 MB Signature-Input over HTTP/1.1',
      altered((request) => changeInput(request, (value) => `${value}, x=(${'"a" '.repeat(250_000)}"a")`)),
    ),
    'SF-own-16': own(
      'ok',
      '1 MB Signature-Input over HTTP/2 ends its own connection and no other',
      invariantOnce(async ({ world }) => {
        const request = await sign(baseline())
        const huge = changeInput(request, (value) => `${value}, x=(${'"a" '.repeat(250_000)}"a")`)
        await withHttp2Api(world.verifier, async (http2) => {
          await expect(http2.send(huge)).rejects.toThrow()
          expectAnswer(await http2.send(request), 'ok')
        })
      }),
    ),
    'SF-own-2': own(
      'signature_malformed',
      'A trailing comma',
      altered((request) => changeInput(request, (value) => `${value},`)),
    ),
    'SF-own-3': own(
      'signature_malformed',
      'A list member in the place of the inner list',
      altered((request) => changeInput(request, (value) => value.replace(/\(.*\)/, '"@method"'))),
    ),
    'SF-own-4': own(
      'signature_malformed',
      'An integer of sixteen digits',
      signed(() => withCreated('1000000000000000')),
    ),
    'SF-own-5': own(
      'signature_ambiguous',
      'Nine labels',
      altered((request) =>
        changeInput(
          request,
          (value) =>
            `${'abcdefgh'
              .split('')
              .map((name) => `${name}=()`)
              .join(', ')}, ${value}`,
        ),
      ),
    ),
    'SF-own-6': own(
      'signature_malformed',
      'Token as component',
      signed(() => ({ ...baseline(), components: [...baseline().components, 'x-a'] })),
    ),
    'SF-own-7': own(
      'header_ambiguous',
      'Two members in Signature-Key',
      signed(() => changeLine(baseline(), 'Signature-Key', (value) => `${value}, other=cached;cid="x"`)),
    ),
    'SF-own-8': own(
      'header_ambiguous',
      'Two delegations in one Signature-Key',
      signed(() => changeLine(baseline(), 'Signature-Key', (value) => `${value};jwt="a.b.c"`)),
    ),
    'SF-own-9': own(
      'credential_malformed',
      'Delegation-Chain as tokens',
      signed(() => changeLine(baseline(), 'Delegation-Chain', () => 'a, b')),
    ),
    'SF-own-10': own(
      'credential_malformed',
      'Delegation-Chain with parameters',
      signed(() => changeLine(baseline(), 'Delegation-Chain', (value) => `${value};x=1`)),
    ),
    'SF-own-11': own(
      'ok',
      'Two spaces between components, signed in the one spelling',
      altered((request) => changeInput(request, (value) => value.replace('"@method" ', '"@method"  '))),
    ),
    'SF-own-12': own(
      'signature_invalid',
      'A zero in front of created',
      signed(() => withCreated(`0${SECONDS}`)),
    ),
    'SF-own-13': own(
      'signature_malformed',
      'Signature of 63 bytes',
      altered((request) => changeSignature(request, () => `sig=:${Buffer.alloc(63).toString('base64')}:`)),
    ),
    'SF-own-14': own(
      'signature_malformed',
      'Agent-Context that is no dictionary',
      http((api) => {
        const draft = baseline()
        const lines = [...draft.lines, ['Agent-Context', '"run"'] as const]
        return api.sendSigned({ ...draft, lines, components: [...draft.components, '"agent-context"'] })
      }),
    ),
    'SF-own-15': own(
      'header_ambiguous',
      'A member of Agent-Context given twice',
      http((api) => {
        const draft = baseline()
        const lines = [...draft.lines, ['Agent-Context', 'run="a", run="b"'] as const]
        return api.sendSigned({ ...draft, lines, components: [...draft.components, '"agent-context"'] })
      }),
    ),
  },
}
