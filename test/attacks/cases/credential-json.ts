import { parseJson } from '@behalf/core'
import { CREDENTIALS_CONTEXT_URL, DELEGATION_CONTEXT_URL, parseDelegation } from '@behalf/credential'
import { type CaseGroup, call, http, own } from '../support/attack-case.ts'
import { createChain, encodeText, ITEMS, inEveryLink, type LinkChanges, NOW } from '../support/chain.ts'
import { codeOf } from '../support/expectation.ts'
import type { Api } from '../support/lab.ts'
import { baseline } from '../support/request.ts'
import type { Answer } from '../support/wire.ts'

/** Each of these changes in the leaf, one request each. */
const inLeaf = (...changes: readonly LinkChanges[]) => http((api) => eachInLeaf(api, changes))

async function eachInLeaf(api: Api, changes: readonly LinkChanges[]): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  for (const change of changes)
    answers.push(await api.sendSigned(baseline({ chain: await createChain([{}, {}, change]) })))
  return answers
}

/** A change of the JSON text of the leaf, before it is signed. */
const inText = (...changes: readonly ((text: string) => string)[]) =>
  inLeaf(...changes.map((json) => ({ json })))

/** A member put in front of the others of `credentialSubject`, in these very characters. */
const inSubject = (...members: readonly string[]) =>
  inText(
    ...members.map(
      (member) => (text: string) => text.replace('"credentialSubject":{', `"credentialSubject":{${member},`),
    ),
  )

/** The JSON text of the leaf, changed after it was signed. */
const afterSigning = (subject: Readonly<Record<string, unknown>>, from: string, to: string) =>
  inLeaf({
    subject,
    jws: (jws) => {
      const [header = '', payload = '', signature = ''] = jws.split('.')
      const text = Buffer.from(payload, 'base64url').toString()
      if (!text.includes(from)) throw new Error('there is nothing to change')
      return `${header}.${encodeText(text.replace(from, to))}.${signature}`
    },
  })

/** Every link limits the body to these names and values. */
const withBodyLimits = (limits: string, body: string) =>
  http(async (api) => {
    const capabilities = [{ ...ITEMS, constraints: { body: 'LIMITS' } }]
    const json = (text: string): string => text.replace('"LIMITS"', limits)
    const chain = await createChain(inEveryLink({ subject: { capabilities }, json }))
    return api.sendSigned(baseline({ chain, body }))
  })

const dated = (...values: readonly string[]) =>
  inLeaf(...values.map((validUntil) => ({ claims: { validUntil } })))

/** Credentials as JSON: what the catalogue says of documents, said of the payload of a vc+jwt. */
export const credentialJson: CaseGroup = {
  name: 'Credential as Data Integrity (eddsa-jcs-2022), JCS and JSON',
  catalogue: {
    'DI-001': afterSigning({}, '"/v1/items"', '"/v1/itemz"'),
    'DI-012': inLeaf({ claims: { '@context': [DELEGATION_CONTEXT_URL, CREDENTIALS_CONTEXT_URL] } }),
    'DI-013': inLeaf({
      claims: { '@context': [CREDENTIALS_CONTEXT_URL, DELEGATION_CONTEXT_URL, 'https://attacker/ctx'] },
    }),
    'DI-015': inText((text) => text.replace('"capabilities":', `"capabilities":[],"capabilities":`)),
    'DI-016': inText((text) => text.replace('"capabilities":', `"Capabilities":[],"capabilities":`)),
    'DI-018': inSubject('"constructor":{"prototype":{"admin":true}}'),
    'DI-019': inSubject('"maxUses":9007199254740993'),
    'DI-020': inSubject('"maxUses":1e2', '"maxUses":100', '"maxUses":100.0'),
    'DI-021': inText((text) => text.replace('"maxDelegationDepth":0', '"maxDelegationDepth":-0')),
    'DI-022': inSubject('"maxUses":1e400'),
    'DI-023': withBodyLimits(
      '{"x":{"minimum":5e-324,"maximum":1e21},"y":{"maximum":1e-7}}',
      '{"x":1,"y":1e-7}',
    ),
    'DI-024': inSubject('"purpose":"\\ud800"'),
    'DI-025': withBodyLimits(
      '{"\\u20ac":{},"\\ud83d\\ude00":{},"\\ufb33":{},"x":{}}',
      '{"x":1,"€":2,"😀":3,"\u{fb33}":4}',
    ),
    'DI-027': inText(
      (text) => text.replace('{', '{/* narrow */'),
      (text) => text.replace(/\}$/, ',}'),
      (text) => text.replace('"credentialSubject":{', '"credentialSubject":{"maxUses":NaN,'),
      (text) => text.replaceAll('"', "'"),
      (text) => `${text}//`,
    ),
    'DI-028': inSubject(`"purpose":${'['.repeat(1500)}${']'.repeat(1500)}`),
    'DI-030': afterSigning({ purpose: 'caf\u00e9' }, 'caf\u00e9', 'cafe\u0301'),
    'DI-031': inLeaf({ terms: { validFrom: NOW + 86_400_000, validUntil: NOW + 90_000_000 } }),
    'DI-033': dated(
      '2026-12-01T24:00:00Z',
      '2026-12-01T12:05:60Z',
      '+002026-12-01T12:05:00Z',
      '2026-12-01',
      '2026-12-01T12:05:00',
      '2026-02-30T12:05:00Z',
    ),
    'DI-034': inLeaf({ claims: { type: ['DelegationCredential'] } }),
  },
  own: {
    'DI-own-1': own(
      'json_ambiguous',
      'A member given twice, deep inside',
      inText(
        (text) => text.replace('"actions":', '"actions":[],"actions":'),
        (text) => text.replace('"kty":', '"kty":"OKP","kty":'),
        (text) => text.replace('"iss":', '"iss":"x","iss":'),
      ),
    ),
    'DI-own-2': own(
      'json_ambiguous',
      'A member given twice, once with an escape',
      inText((text) => text.replace('"capabilities":', `"capabilit\\u0069es":[],"capabilities":`)),
    ),
    'DI-own-3': own(
      'json_ambiguous',
      '__proto__ and prototype',
      inSubject('"__proto__":{"maxUses":1}', '"prototype":{}', '"\\u005f_proto__":{}'),
    ),
    'DI-own-4': own('json_ambiguous', 'An unsafe negative integer', inSubject('"maxUses":-9007199254740993')),
    'DI-own-5': own('json_ambiguous', 'A low surrogate alone', inSubject('"purpose":"\\udc00"')),
    'DI-own-6': own(
      'context_unsupported',
      'A context as text, as object, missing, given twice',
      inLeaf(
        { claims: { '@context': CREDENTIALS_CONTEXT_URL } },
        { claims: { '@context': [CREDENTIALS_CONTEXT_URL, {}] } },
        { claims: { '@context': [CREDENTIALS_CONTEXT_URL] } },
        { claims: { '@context': undefined } },
        {
          claims: { '@context': [CREDENTIALS_CONTEXT_URL, CREDENTIALS_CONTEXT_URL, DELEGATION_CONTEXT_URL] },
        },
      ),
    ),
    'DI-own-7': own(
      'credential_type_mismatch',
      'Another type, one more type, another order',
      inLeaf(
        { claims: { type: ['VerifiableCredential'] } },
        { claims: { type: ['VerifiableCredential', 'DelegationCredential', 'AdminCredential'] } },
        { claims: { type: ['DelegationCredential', 'VerifiableCredential'] } },
        { claims: { type: 'DelegationCredential' } },
      ),
    ),
    'DI-own-8': own(
      'credential_too_large',
      'A million nested lists',
      call(() =>
        codeOf(() =>
          parseDelegation(`${encodeText('{"alg":"EdDSA"}')}.${encodeText('['.repeat(1_000_000))}.AAAA`),
        ),
      ),
    ),
    'DI-own-9': own(
      'json_malformed',
      'A million nested lists, below the size of credentials',
      call(() => codeOf(() => parseJson('['.repeat(1_000_000)))),
    ),
    'DI-own-10': own(
      'credential_malformed',
      'Dates with offsets, fractions, small letters or spaces',
      dated(
        '2026-12-01T12:05:00+00:00',
        '2026-12-01T12:05:00.000Z',
        '2026-12-01t12:05:00z',
        ' 2026-12-01T12:05:00Z',
        '2026-12-01 12:05:00Z',
        '1764590700',
      ),
    ),
    'DI-own-11': own(
      'credential_malformed',
      'Numbers as no JSON writer writes them',
      inSubject(
        '"maxUses":01',
        '"maxUses":+1',
        '"maxUses":.5',
        '"maxUses":1.',
        '"maxUses":0x1',
        '"maxUses":Infinity',
      ),
    ),
    'DI-own-12': own(
      'credential_malformed',
      'A raw control character in a text',
      inSubject('"purpose":"a\u0001b"', '"purpose":"a\nb"'),
    ),
    'DI-own-13': own(
      'credential_malformed',
      'A byte order mark, and text after the end',
      inText(
        (text) => `\ufeff${text}`,
        (text) => `${text}{}`,
        (text) => `${text}\0`,
      ),
    ),
    'DI-own-14': own(
      'credential_malformed',
      'A limit of uses that is none',
      inSubject(
        '"maxUses":0',
        '"maxUses":-1',
        '"maxUses":1.5',
        '"maxUses":"1"',
        '"maxUses":null',
        '"maxUses":true',
      ),
    ),
    'DI-own-15': own(
      'credential_malformed',
      'A proof inside the payload',
      inLeaf({ claims: { proof: { type: 'DataIntegrityProof', cryptosuite: 'eddsa-jcs-2022' } } }),
    ),
    'DI-own-16': own(
      'credential_malformed',
      'A vc claim beside the credential',
      inLeaf({ claims: { vc: { credentialSubject: { capabilities: [] } } } }),
    ),
    'DI-own-17': own(
      'credential_expired',
      'validUntil before validFrom',
      inLeaf({ terms: { validFrom: NOW - 20_000, validUntil: NOW - 30_000 } }),
    ),
  },
}
