import { byView, type CaseGroup, http, type OwnCode, own } from '../support/attack-case.ts'
import { grant } from '../support/chain.ts'
import type { Api, ApiOptions, Lab } from '../support/lab.ts'
import { addLines, baseline, changeLine, type Draft, sign } from '../support/request.ts'
import { altered, signed } from '../support/send-case.ts'
import type { Answer } from '../support/wire.ts'

/** Rights on whatever path a case needs, so that the target is its only defect. */
const wide = await grant({
  type: 'http',
  locations: ['https://api.test', 'https://other.test'],
  actions: ['GET', 'POST', 'HEAD'],
  paths: ['/**'],
})
const publicOnly = await grant({
  type: 'http',
  locations: ['https://api.test'],
  actions: ['POST'],
  paths: ['/v1/public/*'],
})

/** Signed and sent with this target. */
const aim = (target: string, chain = wide): Draft => baseline({ target, chain })
const aimed = (target: string, chain = wide) => signed(() => aim(target, chain))

/** Signed for one target, sent to another. */
const redirected = (signed: string, sent: string) =>
  http(async (api) => api.send({ ...(await sign(aim(signed))), target: sent }))

/** Signed for api.test, sent with this Host. */
const hosted = (host: string) => altered((request) => changeLine(request, 'Host', () => host))

const bytesOf = (text: string): string => Buffer.from(text).toString('latin1')

async function replayOnOther(api: Lab, options: ApiOptions): Promise<Answer> {
  const other: Api = await api.open(options)
  return other.send(changeLine(await sign(baseline({ chain: wide })), 'Host', () => 'other.test'))
}

/** What only express hands on: the others make a URL of it first, and cannot. */
const expressOnly =
  (code: string): OwnCode =>
  (adapter) =>
    adapter === 'express' ? code : 'request_malformed'

/** Target URI, path and query. */
export const targets: CaseGroup = {
  name: 'Target URI, path and query normalisation',
  catalogue: {
    'TU-001': redirected('/v1/items?b=2&a=1', '/v1/items?b=2&a=1&admin=1'),
    'TU-003': redirected('/v1/items?q=a+b', '/v1/items?q=a%20b'),
    'TU-004': redirected('/p', '/p?'),
    'TU-006': aimed('/v1/public/%2e%2e/admin', publicOnly),
    'TU-007': aimed('/v1/public/../admin', publicOnly),
    'TU-009': aimed('/v1/public\\..\\admin', publicOnly),
    'TU-010': aimed('/v1/public/..;x=y/admin', publicOnly),
    'TU-012': aimed('/v1/%2561dmin', publicOnly),
    'TU-013': redirected('/v1/items', '/v1/%69tems'),
    'TU-015': aimed('/v1/%zz'),
    'TU-016': aimed('/v1/items%00.json'),
    'TU-018': aimed('/v1/%c0%ae%c0%ae/admin'),
    'TU-019': http((api) => replayOnOther(api, {})),
    'TU-021': altered((request) => ({ ...request, target: 'http://evil/x' })),
    'TU-022': altered((request) => changeLine(request, 'Host', () => 'api.test:443')),
    'TU-024': altered((request) => ({ ...request, target: 'https://user:pw@api.test/v1/items' })),
    'TU-025': hosted(bytesOf('ａpi.test')),
    'TU-027': hosted('API.TEST'),
    'TU-028': hosted('[fe80::1%25eth0]'),
    'TU-030': altered((request) => addLines(request, ['X-HTTP-Method-Override', 'DELETE'])),
    'TU-031': http(async (api) =>
      api.send({ ...(await sign(baseline({ method: 'GET', body: '', chain: wide }))), method: 'HEAD' }),
    ),
    'TU-032': http(async (api) => (await api.open({ isMounted: true })).sendSigned(baseline())),
    'TU-033': aimed('//V1/Admin;x', publicOnly),
  },
  own: {
    'TU-own-1': own('target_ambiguous', 'An escaped slash', aimed('/v1/public/a%2fb', publicOnly)),
    'TU-own-2': own('target_ambiguous', 'An escaped backslash', aimed('/v1/public/a%5Cb', publicOnly)),
    'TU-own-3': own(
      byView('target_ambiguous', 'signature_invalid'),
      'A single dot at the end',
      aimed('/v1/items/.'),
    ),
    'TU-own-4': own(
      byView('target_ambiguous', 'signature_invalid'),
      'A fragment in the target',
      aimed('/v1/items#admin'),
    ),
    'TU-own-5': own('scope_exceeded', 'A second slash in front', aimed('//v1/public/a', publicOnly)),
    'TU-own-6': own('scope_exceeded', 'A slash at the end', aimed('/v1/public/a/', publicOnly)),
    'TU-own-7': own('scope_exceeded', 'Nothing where a segment belongs', aimed('/v1/public/', publicOnly)),
    'TU-own-8': own('target_mismatch', 'A dot after the host', hosted('api.test.')),
    'TU-own-9': own('target_mismatch', 'Another port', hosted('api.test:8443')),
    'TU-own-10': own('target_mismatch', 'The default port of another scheme', hosted('api.test:80')),
    'TU-own-11': own(expressOnly('target_ambiguous'), 'Userinfo in Host', hosted('user@api.test')),
    'TU-own-12': own(
      'signature_invalid',
      'Replayed to another origin that the verifier serves, too',
      http((api) => replayOnOther(api, { origins: ['https://api.test', 'https://other.test'] })),
    ),
    'TU-own-13': own(
      (adapter) =>
        ({ hono: 'request_malformed', express: 'target_mismatch', fetch: 'header_ambiguous' })[adapter],
      'The Turkish dotless i that lower-cases to ours',
      hosted(bytesOf('apİ.test')),
    ),
    'TU-own-14': own(
      'ok',
      'X-Forwarded-Host is nobody',
      altered((request) =>
        addLines(request, ['X-Forwarded-Host', 'evil.test'], ['Forwarded', 'host=evil.test;proto=http']),
      ),
    ),
    'TU-own-15': own(
      'ok',
      'A method-override header that repeats the method',
      altered((request) => addLines(request, ['X-HTTP-Method-Override', 'POST'])),
    ),
    'TU-own-16': own(
      'scope_exceeded',
      'X-Method-Override',
      altered((request) => addLines(request, ['X-Method-Override', 'DELETE'])),
    ),
    'TU-own-17': own(
      'signature_invalid',
      'Query parameters in another order',
      redirected('/v1/items?b=2&a=1', '/v1/items?a=1&b=2'),
    ),
    'TU-own-18': own(
      'signature_invalid',
      'Signed for plain http',
      signed(() => ({ ...baseline(), origin: 'http://api.test' })),
    ),
    'TU-own-19': own(
      expressOnly('target_ambiguous'),
      'An asterisk for a target',
      http(async (api) =>
        api.send({ ...(await sign(baseline({ method: 'OPTIONS', body: '' }))), target: '*' }),
      ),
    ),
    'TU-own-20': own(
      byView('target_ambiguous', 'ok'),
      'Our own origin in absolute form',
      altered((request) => ({ ...request, target: 'https://api.test/v1/items?b=2&a=1' })),
    ),
    'TU-own-21': own(
      'request_malformed',
      'A method in lower case',
      signed(() => baseline({ method: 'post' })),
    ),
    'TU-own-22': own('target_ambiguous', 'An escaped NUL in the query', aimed('/v1/items?a=%00')),
  },
}
